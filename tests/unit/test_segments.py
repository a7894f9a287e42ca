"""What find_spans protects and what it leaves to the translator."""

from __future__ import annotations

import pytest

from hunmin.text.segments import find_spans, is_code, prose


def spans(text: str) -> list[tuple[str, str]]:
    return [(span.kind, span.of(text)) for span in find_spans(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("`pip install hunmin`을 실행하세요.", [("inline_code", "`pip install hunmin`")]),
        ("Open https://a.example/b?c=d. Then stop.", [("url", "https://a.example/b?c=d")]),
        ("누리집은 https://a.example/x(1)입니다.", [("url", "https://a.example/x(1)")]),
        ("담당자는 kim@a.example입니다.", [("email", "kim@a.example")]),
        (
            "Dear [Your name], it is {time} at <your office>.",
            [("placeholder", "[Your name]"), ("placeholder", "{time}"), ("placeholder", "<your office>")],
        ),
        ("빈칸 ____ 을 채우세요.", [("placeholder", "____")]),
        ("Solve $x^2 = 4$ for \\(x > 0\\).", [("latex", "$x^2 = 4$"), ("latex", "\\(x > 0\\)")]),
        ("정리: \\[ a = b \\]와 \\frac{1}{2}", [("latex", "\\[ a = b \\]"), ("latex", "\\frac{1}{2}")]),
        ("∃x∀y(p(x)→q(x,y))", [("formula", "∃x∀y(p(x)→q(x,y))")]),
        ("부등식 2x + 3 ≤ 11을 푸세요.", [("formula", "2x + 3 ≤ 11")]),
        ("8 × 1,500 = 12,000 won", [("formula", "8 × 1,500 = 12,000")]),
        (
            "Rename lastName and user_id in data/a.csv.",
            [("identifier", "lastName"), ("identifier", "user_id"), ("identifier", "data/a.csv")],
        ),
        (
            "Call getUser() or np.mean with --fast.",
            [("identifier", "getUser()"), ("identifier", "np.mean"), ("identifier", "--fast")],
        ),
        ("Make a branch called fix-typo.", [("identifier", "fix-typo")]),
        ("Let p and q be primes.", [("variable", "p"), ("variable", "q")]),
        ("밑줄 친 말: 나는 _어제_ 왔다", [("marker", "_어제_")]),
        ("**Note** this", [("marker", "**"), ("marker", "**")]),
        ("# Title\n- one\n2. two", [("structure", "#"), ("structure", "-"), ("structure", "2.")]),
        ("Love it #travel", [("hashtag", "#travel")]),
        ('{"name": "Mina", "age": 3}', [("json", '{"name": "'), ("json", '", "age": 3}')]),
        ("<b>Hi</b> there", [("tag", "<b>"), ("tag", "</b>")]),
        ("See this:\n```\nx = 1\n```\nOk", [("fence", "```\nx = 1\n```")]),
        ("Explain this:\nx = 5\nprint(x)", [("code", "x = 5\nprint(x)")]),
    ],
)
def test_protected(text, expected):
    assert spans(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "It costs $10 and $20, or $5-$10.",
        "Speed = distance / time",
        "Select the best answer from the list.",
        "for example in this case:",
        "I bought an iPhone on eBay and saw it on YouTube.",
        "The item(s) on the CI/CD list, 24/7, and/or 3/4.",
        "u r so nice",
        "Buy 200 g of rice; 3 m of rope; apples;",
        "e.g. a cat, i.e. a pet. Ph.D. in the U.S.A.",
        "값은 3,000원이고 5월 3일에 옵니다.",
    ],
)
def test_language_is_left_alone(text):
    assert spans(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "def f(x):\n    # 두 배를 준다\n    return x * 2",
        "select id, name\nfrom users\nwhere id = 3",
        "#include <stdio.h>\nint main() {\n  return 0;\n}",
        "\\documentclass{article}\n\\begin{document}\nHello\n\\end{document}",
        "<code>Use `x`.</code>",
        "```python\nprint(1)\n```",
        'for f in *.txt; do\n  echo "$f"\ndone',
    ],
)
def test_whole_field_code(text):
    assert is_code(text)
    (only,) = find_spans(text)
    assert only.of(text) == text


LISTING = "\n".join(f"total_{i} = add(total, {i})" for i in range(30))


@pytest.mark.parametrize(
    "text",
    [
        LISTING,
        f'"""\nAdds every number of the list that is handed over.\n"""\n{LISTING}',
        f"# Here is a running total in Python\n{LISTING}",
        "for (i = 0; i < 3; i++)\n{\n  show(i);\n}",
        "def f(root):\nif root.left is not None and root.left.value > root.value:\n    return False\nreturn True",
    ],
)
def test_code_without_a_sentence_is_code(text):
    assert is_code(text)


@pytest.mark.parametrize(
    "text",
    [
        f"Here is a running total in Python:\n\n{LISTING}",
        f"{LISTING}\n\nThe last line prints the sum.",
        f"이 코드는 합계를 냅니다.\n\n{LISTING}",
        f"Running total:\n\n```python\n{LISTING}\n```",
        f"You should call this once.\n\n```python\n{LISTING}\n```",
        "x = add(1, 2)\nprint(x)\n\nExpected output: 3",
        f"**Bad:**\n```python\n{LISTING}\n```\n**Good:**\n```python\n{LISTING}\n```\n**[back to top](#contents)**",
        "Prefer one running total. lint: [`no-sums`](https://example.com/r)\n\n    ```python\n"
        + "\n".join("    " + line for line in LISTING.split("\n"))
        + "\n    ```",
    ],
)
def test_a_sentence_outside_a_long_listing_is_no_code(text):
    assert not is_code(text)
    assert any(not line.strip() == "" for line in prose(text).splitlines())


@pytest.mark.parametrize("text", ["Write a function.\nreturn it", "x^2 = 4", "", "- one\n- two", "이름: 미나\n나이: 3"])
def test_not_code(text):
    assert not is_code(text)


def test_sorted_without_overlap():
    text = "`a` then $x_1$ in a_b.py at https://x.example/a_b and _me_"
    found = find_spans(text)
    assert all(a.end <= b.start for a, b in zip(found, found[1:], strict=False))
    assert len(prose(text)) == len(text) and "x_1" not in prose(text)
