"""Generated answers: thoughts taken off, public IFEval rows read, scores over questions, behaviour, an endpoint."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hunmin.artifacts.artifact import Inputs, Spend
from hunmin.errors import UserError
from hunmin.evaluation.benchmarks import GENERATED, behaviour, generated, grid, harness, letters
from hunmin.evaluation.benchmarks.answering import Answered, Question
from hunmin.evaluation.benchmarks.ifeval_public import READ, constraints_of
from hunmin.measures.constraints import CONSTRAINTS, holds
from hunmin.report import score_tables
from hunmin.stages import evaluate
from hunmin.statistics import ratio_interval
from hunmin.tables import resolve
from hunmin.text.thinking import answer_of

from ..fakes.http_server import Response
from ..fakes.openai_server import OpenAIServer, completion


def write(path: Path, rows: list[dict]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "opened", "answer", "unfinished"),
    [
        ("답입니다.", False, "답입니다.", False),
        ("<think>생각</think>\n답", False, "답", False),
        ("생각이 길다</think>답", True, "답", False),
        ("생각만 하다가", True, "", True),
        ("<think>끝나지 않는 생각", False, "", True),
        ("", False, "", False),
        ("<thought>\n생각</thought>\n\n답", False, "답", False),
        ("생각</thought>답", True, "답", False),
        ("<seed:think>끝나지 않는", False, "", True),
        ("[THINK]생각[/THINK]답", False, "답", False),
        ("<think>하나</think>\n\n<think>둘", False, "", True),
        ("<think>생각</think>", False, "", False),  # ended, and said nothing: an empty answer, not an unfinished one
        ("정답은 `<thought>`라는 표시입니다.", False, "정답은 `<thought>`라는 표시입니다.", False),
    ],
)
def test_thoughts_are_taken_off_and_an_unfinished_one_is_no_answer(text, opened, answer, unfinished):
    assert answer_of(text, opened) == (answer, unfinished)


def test_our_own_prompts_are_at_least_forty_and_every_constraint_is_known():
    questions, data = generated.read(generated.IFEVAL_KO, None)
    assert len(questions) >= 40 and data.startswith("ifeval_ko@")
    used = {c["id"] for q in questions for c in q.gold}
    assert used <= set(CONSTRAINTS) and len(used) >= 24
    for q in questions:
        for constraint in q.gold:
            holds("아무 말이나 합니다.", constraint)  # every argument fits


PUBLIC = {
    "key": 7,
    "prompt": "쉼표 없이 세 문장 미만으로 쓰고 끝에 추신을 다세요.",
    "instruction_id_list": ["punctuation:no_comma", "length_constraints:number_sentences", "startend:end_checker"],
    "kwargs": [{}, {"num_sentences": 3, "relation": "less than", "keyword": None}, {"end_phrase": "끝."}],
}


def test_public_rows_are_read(tmp_path):
    assert constraints_of(PUBLIC, "x") == [
        {"id": "no_comma"},
        {"id": "sentences", "n": 3, "relation": "less_than"},
        {"id": "ends_with", "text": "끝."},
    ]
    (tmp_path / "ifeval_ko_public.jsonl").write_text(json.dumps(PUBLIC, ensure_ascii=False), encoding="utf-8")
    [question], data = generated.read(generated.IFEVAL_PUBLIC, str(tmp_path))
    assert question.id == "7" and data.startswith(f"{tmp_path.name}@")
    assert generated.IFEVAL_PUBLIC.score("하나. 끝.", question)["prompt_strict"] == [True]
    with pytest.raises(UserError, match="'change_case:english_capital' is not verified here"):
        constraints_of({**PUBLIC, "instruction_id_list": ["change_case:english_capital"], "kwargs": [{}]}, "x")
    with pytest.raises(UserError, match="lacks 'num_sentences'"):
        constraints_of({**PUBLIC, "kwargs": [{}, {}, {}]}, "x")
    arguments = {
        "keywords": ["가"], "forbidden_words": ["가"], "keyword": "가", "frequency": 1, "letter": "가", "n": 1,
        "let_frequency": 1, "num_sentences": 1, "num_words": 1, "num_paragraphs": 2, "nth_paragraph": 1,
        "first_word": "가", "num_placeholders": 1, "num_bullets": 1, "num_highlights": 1, "section_spliter": "장",
        "num_sections": 1, "prompt_to_repeat": "가", "end_phrase": "가",
    }  # fmt: skip
    for name in READ:
        [one] = constraints_of({"instruction_id_list": [name], "kwargs": [arguments]}, "x")
        holds("가나다", one)


def question(key: str, gold=None) -> Question:
    return Question(key, [{"role": "user", "content": "봄을 설명하세요."}], gold)


def test_scores_count_prompts_and_instructions_apart():
    asked = [question("a", [{"id": "no_comma"}, {"id": "no_latin"}]), question("b", [{"id": "no_comma"}])]
    said = [Answered("a", 0, "봄, 꽃", 3, 0, "stop"), Answered("b", 0, "봄", 2, 0, "length")]
    rows = generated.score_rows(generated.IFEVAL_KO, "m", "d@1", asked, said)
    found = {r["metric"]: (r["value"], r["n"]) for r in rows if r["task"] == "ifeval_ko"}
    assert found["prompt_strict"] == (0.5, 2) and found["instruction_strict"] == (0.666667, 3)
    assert all(r["ci_low"] <= r["value"] <= r["ci_high"] and r["n_truncated"] == 1 for r in rows)
    assert ratio_interval([1, 1], [1, 1]) == (1.0, 1.0)


def test_word_problems_are_right_by_their_final_answer():
    task = generated.MATHS_KO
    one = task.question({"question": "3+4는?", "answer": "7"}, "1")
    assert task.score("따라서 정답은 7입니다.", one) == {"acc": [True]}
    assert task.score("정답은 8입니다.", one) == {"acc": [False]}
    with pytest.raises(UserError, match="no question and answer"):
        task.question({"question": "3+4는?"}, "1")


def test_worked_examples_stand_before_every_question_as_plain_text(tmp_path):
    def write(name, *rows):
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (tmp_path / f"{name}.jsonl").write_text(text, encoding="utf-8")

    write("maths_ko", {"question": "3+4는?", "answer": "7"})
    task, data = generated.MATHS_KO, str(tmp_path)
    questions, _ = generated.read(task, data)
    assert generated.shots_of(task, data, [0, 2]) == [0]  # without examples it is asked as before
    assert generated.shots_of(generated.IFEVAL_KO, data, [0, 2]) == [0]
    with pytest.raises(UserError, match="no worked examples"):
        generated.with_shots(task, questions, data, 1)
    write(
        "maths_ko-shots",
        {"question": "1+1은?", "reason": "하나에 하나를 더하면 2입니다.", "answer": "2"},
        {"question": "2+2는?", "answer": "4"},
    )
    assert generated.shots_of(task, data, [0, 2]) == [0, 2]
    [asked] = generated.with_shots(task, questions, data, 2)
    assert asked.plain == "질문: 1+1은?\n답: 하나에 하나를 더하면 2입니다.\n\n질문: 2+2는?\n답: 4\n\n질문: 3+4는?\n답:"
    assert asked.stop == ("\n질문:",) and asked.gold == "7"
    with pytest.raises(UserError, match="2 worked examples, 3 asked for"):
        generated.with_shots(task, questions, data, 3)
    answers = [Answered(asked.id, 0, "3에 4를 더하면 7입니다.", 9, 0, "stop")]
    rows = generated.score_rows(task, "base", "d@1", [asked], answers, 2)
    assert {(r["protocol"], r["num_fewshot"]) for r in rows} == {("plain", 2)} and rows[0]["value"] == 1.0
    [document] = generated.documents(task, "base", "d@1", [asked], answers, 2)
    [other] = generated.documents(task, "base", "d@1", questions, answers)
    assert document["protocol"] == "plain" and document["prompt"] != other["prompt"]
    write("maths_ko-shots", {"question": "3+4는?", "answer": "7"})
    with pytest.raises(UserError, match="is one of the questions"):
        generated.with_shots(task, questions, data, 1)


def test_behaviour_rows():
    asked = [question("a"), question("b"), question("c")]
    said = [
        Answered("a", 0, "봄은 따뜻하고 꽃이 피는 계절입니다.", 9, 0, "stop"),
        Answered("b", 0, "봄입니다. 春天很暖和。" + "꽃이 아주 많이 핍니다. " * 9, 90, 0, "length"),
        Answered("c", 0, "", 50, 50, "length", "unfinished"),
    ]
    rows = {r["metric"]: r for r in behaviour.rows("m", "ifeval_ko", "chat", "d@1", asked, said)}
    assert {name: round(r["value"], 3) for name, r in rows.items() if name.endswith("rate")} == {
        "stop_rate": 0.333,
        "loop_rate": 0.5,
        "foreign_script_rate": 0.5,
    }
    assert rows["thinking_tokens"]["n"] == 3 and rows["length_chars"]["n"] == 2
    assert all(r["n_unfinished"] == 1 and r["task"] == "ifeval_ko.behaviour" for r in rows.values())
    assert 0.8 < rows["hangul_share"]["value"] < 1


def test_a_suite_mixes_protocols_and_its_members_run_alone_as_in_it():
    plan = harness.planned(["korean-ability", "boolq"], "harness")
    assert plan == [
        ("chat", "ifeval_ko"),
        ("upstream", "hrm8k"),
        ("upstream", "arc_easy"),
        ("harness", "kobest_boolq"),
    ]
    assert ("upstream", "kobest_copa") in harness.planned(["korean"], "upstream")
    assert ("harness", "kobest_copa") in harness.planned(["korean"], "harness-bos")
    with pytest.raises(UserError, match="did you mean 'ifeval_ko'"):
        harness.planned(["ifeval_k"], "harness")
    assert harness.planned(["click", "boolq"], "harness") == [("upstream", "click"), ("harness", "kobest_boolq")]


def test_options_that_make_no_sense_are_told():
    told = evaluate.check(evaluate.Config(remote=["m"], repeats=2, tasks=["copa"]))
    assert len(told) == 2 and "remote" in told[0] and "repeats" in told[1]
    assert evaluate.check(evaluate.Config(base_url="http://x/v1", tasks=["ifeval_ko"])) != []


def test_an_endpoint_answers_through_the_ledger_and_nothing_is_asked_twice(tmp_path: Path):
    def script(n, body):
        return "<think>음</think>안녕하십니까. 예약을 바꾸고 싶습니다."

    with OpenAIServer(script) as server:
        config = evaluate.Config(
            tasks=["ifeval_ko"], models=[], remote=["m"], base_url=server.url, limit=5, enable_thinking=False
        )
        spend = Spend(ledger=tmp_path / "ledger.sqlite")
        evaluate.run(config, Inputs(label="evaluate", spend=spend), tmp_path / "one")
        assert len(server.chats) == 5
        assert server.chats[0]["chat_template_kwargs"] == {"enable_thinking": False}
        evaluate.run(config, Inputs(label="evaluate", spend=spend), tmp_path / "two")
        assert len(server.chats) == 5
    rows = json.loads((tmp_path / "two" / "scores.json").read_text("utf-8"))
    assert {r["protocol"] for r in rows} == {"chat"} and all(r["fingerprint"] and r["data"] for r in rows)
    documents = [json.loads(line) for line in (tmp_path / "two" / "documents.jsonl").read_text("utf-8").splitlines()]
    assert documents[0]["answer"] == "안녕하십니까. 예약을 바꾸고 싶습니다."


def by_endpoint(tmp_path: Path, script, **options):
    """Evaluate five questions at a scripted endpoint; give (server, rows by metric, documents)."""
    with OpenAIServer(script) as server:
        given = {"tasks": ["ifeval_ko"], "limit": 5, **options}
        config = evaluate.Config(models=[], remote=["m"], base_url=server.url, **given)
        spend = Spend(ledger=tmp_path / "ledger.sqlite")
        (tmp_path / "out").mkdir(exist_ok=True, parents=True)
        counts = evaluate.run(config, Inputs(label="evaluate", spend=spend), tmp_path / "out")
    rows = json.loads((tmp_path / "out" / "scores.json").read_text("utf-8"))
    lines = (tmp_path / "out" / "documents.jsonl").read_text("utf-8").splitlines()
    return server, {r["metric"]: r for r in rows}, [json.loads(line) for line in lines], counts


def test_a_question_that_the_endpoint_never_answered_is_no_wrong_answer(tmp_path: Path):
    """Its row would say 0 of a server that sent HTML; the answers that came are kept."""
    broken = Response(200, b"<html>busy</html>", {"content-type": "text/html"})
    lost = generated.read(generated.IFEVAL_KO, None)[0][2].messages
    with pytest.raises(UserError, match="1 of 5 questions got no answer .garbage.*asks for the others") as raised:
        by_endpoint(tmp_path, lambda n, body: broken if body["messages"] == lost else "네.")
    assert raised.value.exit_code == 4
    server, rows, documents, _ = by_endpoint(tmp_path, lambda n, body: "네.")
    assert len(documents) == 5 and rows["prompt_strict"]["n"] == 5


def test_what_an_endpoint_cut_or_left_empty_is_counted_as_that(tmp_path: Path):
    answers = [
        completion("", "length", reasoning_content="음, 생각해 보면"),
        completion("끝까지", "length"),
        completion(""),
    ]

    def script(n, body):
        return Response(200, answers[n]) if n < 3 else "네."

    _, rows, documents, _ = by_endpoint(tmp_path, script)
    assert sorted(d["status"] for d in documents) == ["empty", "ok", "ok", "ok", "unfinished"]
    row = rows["prompt_strict"]
    assert (row["n"], row["n_unfinished"], row["n_unread"], row["n_truncated"]) == (5, 1, 1, 2)
    assert "(2 cut) (1 unread) (1 unfinished)" in score_tables.cell_text(row)


def test_an_endpoint_is_told_the_options_that_were_set_and_no_others(tmp_path: Path):
    server, _, _, counts = by_endpoint(tmp_path / "a", lambda n, body: "네.")
    assert not {"temperature", "top_p", "max_tokens", "repetition_penalty"} & set(server.chats[0])
    assert "temperature" not in counts.notes["scoring"][0]["asked_with"]
    told = {"temperature": 0.7, "max_new_tokens": 64, "request": {"max_tokens": 32}}
    server, _, _, counts = by_endpoint(tmp_path / "b", lambda n, body: "네.", **told)
    assert server.chats[0]["temperature"] == 0.7 and server.chats[0]["max_tokens"] == 32
    assert counts.notes["scoring"][0]["asked_with"]["temperature"] == 0.7


def test_worked_examples_are_not_asked_of_a_chat_under_plains_name(tmp_path: Path):
    """It was asked without them, and the row said 2 shots."""
    row = {"question": "1+1은?", "answer": "2"}
    write(tmp_path / "maths_ko.jsonl", [row])
    write(tmp_path / "maths_ko-shots.jsonl", [{**row, "question": f"{i}+0은?", "answer": str(i)} for i in (3, 4)])
    given = {"tasks": ["maths_ko"], "data": str(tmp_path), "num_fewshot": [0, 2], "limit": None, "tokenizer": "t"}
    by = grid._asked_there
    assert by("chat", evaluate.Config()) and not by("plain", evaluate.Config(**given))
    given.pop("tokenizer")
    _, rows, documents, counts = by_endpoint(tmp_path, lambda n, body: "정답은 2입니다.", **given)
    assert [(r["num_fewshot"], r["protocol"]) for r in rows.values() if r["metric"] == "acc"] == [(0, "chat")]
    assert "with worked examples" in counts.notes["left_out"][0]


def test_every_task_of_the_suites_has_a_file_that_says_what_it_is():
    from hunmin.evaluation.benchmarks import GENERATED, SUITES, catalogue

    keys = set(
        "name source revision licence licence_source questions protocol metric shots prompt verified needs".split()
    )
    for task in {*(t for suite in SUITES.values() for t in suite), *GENERATED}:
        assert keys <= set(catalogue.about(task)), task
    docs = (Path(__file__).parents[2] / "docs" / "evaluation.md").read_text("utf-8")
    for path in catalogue.FOLDER.glob("*.yaml"):
        assert f"| `{path.stem}` |" in docs, path.stem
    told = evaluate.estimate(evaluate.Config(tasks=["korean-ability"], models=["newest"]), Inputs())
    assert told["answers_per_model"] == 48 and "hrm8k" in told["lm_eval_tasks"] and "HRM8K: MIT" in told["licences"]
    assert "HRM8K: 8,011 x 2 numbers of shots" in told["questions_per_model"]
    korean = evaluate.estimate(evaluate.Config(tasks=["korean"], models=["newest"], limit=50, num_fewshot=5), Inputs())
    assert "KMMLU: 35,030, at most 50 of each task" in korean["questions_per_model"]


@pytest.mark.parametrize(
    ("answer", "letter"),
    [
        ("정답: B", "B"),
        ("A는 틀렸고 C도 아니다.\n정답: **D**", "D"),
        ("정답은 C입니다.", "C"),
        ("The answer is (A).", "A"),
        ("처음에는 정답: A라고 생각했지만, 다시 보면\n정답: B", "B"),
        ("\\boxed{C}", "C"),
        ("B", "B"),
        ("(D) 제주", "D"),
        ("C. 대전입니다", "C"),
        ("정답: E", None),  # there are four options
        ("서울이 맞다.", None),
        ("Because it is in the south.", None),
        ("ABC", None),
        ("", None),
    ],
)
def test_the_letter_of_an_answer_is_read_and_none_is_made_up(answer, letter):
    assert letters.letter_of(answer, "ABCD") == letter


def test_kmmlu_redux_pro_and_kobalt_rows_are_read(tmp_path: Path):
    rows = [{"question": f"{i}번 답은?", "options": ["가", "나", "다", "라", "마"], "solution": i} for i in (1, 5)]
    write(tmp_path / "kmmlu_pro.jsonl", rows)
    questions, data = generated.read(generated.KMMLU_PRO, str(tmp_path))
    assert [q.gold["letter"] for q in questions] == ["A", "E"] and data.startswith(tmp_path.name)
    assert "E) 마" in questions[0].messages[0]["content"] and "(A~E)" in questions[0].messages[0]["content"]
    assert generated.KMMLU_PRO.score("정답: E", questions[1]) == {"acc": [True], "answered": [True]}
    assert generated.KMMLU_PRO.score("모르겠다", questions[1]) == {"acc": [False], "answered": [False]}
    write(
        tmp_path / "kobalt.jsonl", [{"Question": "알맞은 것은?\nA: 하나\nB: 둘\nC: 셋", "Answer": "C", "Class": "통사"}]
    )
    [question], _ = generated.read(generated.KOBALT, str(tmp_path))
    assert question.gold == {"letter": "C", "among": "ABC"} and question.category == "통사"
    for name, row in (("kmmlu_redux", {**rows[0], "solution": 6}), ("kobalt", {"Question": "A: 가", "Answer": "B"})):
        write(tmp_path / f"{name}.jsonl", [row])
        with pytest.raises(UserError, match="names none of 5|hold the Answer"):
            generated.read(resolve(GENERATED, name, "task"), str(tmp_path))
