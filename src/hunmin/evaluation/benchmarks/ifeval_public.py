"""Reads IFEval-shaped rows ({key, prompt, instruction_id_list, kwargs}) into our constraints.

Source: google-research/instruction_following_eval and its Korean copies. Names that only English has (change_case:*)
and those our table does not verify are an error that names them, not a silent pass.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ...errors import UserError
from ...tables import did_you_mean

Row = Mapping[str, Any]
_WORDS = {"at least": "at_least", "less than": "less_than", "at most": "at_most", "exactly": "exactly"}
_WORDS |= {"이상": "at_least", "미만": "less_than", "이하": "at_most"}


def _n(given: Row, key: str) -> dict[str, Any]:
    relation = given.get("relation") or given.get("let_relation") or given.get("capital_relation") or "at least"
    return {"n": int(given[key]), "relation": _WORDS.get(str(relation).strip(), str(relation))}


def _counted(name: str, key: str, **more: Any) -> Callable[[Row], dict[str, Any]]:
    return lambda g: {"id": name, **_n(g, key), **more}


READ: dict[str, Callable[[Row], dict[str, Any]]] = {
    "keywords:existence": lambda g: {"id": "required", "words": list(g["keywords"])},
    "keywords:forbidden_words": lambda g: {"id": "forbidden", "words": list(g["forbidden_words"])},
    "keywords:frequency": lambda g: {"id": "keyword", "word": g["keyword"], **_n(g, "frequency")},
    "keywords:letter_frequency": lambda g: {"id": "letter", "letter": g["letter"], **_n(g, "let_frequency")},
    "length_constraints:number_sentences": _counted("sentences", "num_sentences"),
    "length_constraints:number_words": _counted("words", "num_words"),
    "length_constraints:number_paragraphs": lambda g: {
        "id": "paragraphs", "n": int(g["num_paragraphs"]), "relation": "exactly", "divider": "***"
    },
    "length_constraints:nth_paragraph_first_word": lambda g: {
        "id": "nth_paragraph_begins", "n": int(g["num_paragraphs"]), "nth": int(g["nth_paragraph"]),
        "word": g["first_word"],
    },
    "detectable_content:number_placeholders": lambda g: {"id": "placeholders", "n": int(g["num_placeholders"])},
    "detectable_content:postscript": lambda g: {"id": "postscript", "marker": g.get("postscript_marker") or "추신"},
    "detectable_format:number_bullet_lists": lambda g: {
        "id": "list_items", "n": int(g["num_bullets"]), "relation": "exactly"
    },
    "detectable_format:number_highlighted_sections": lambda g: {"id": "highlights", "n": int(g["num_highlights"])},
    "detectable_format:multiple_sections": lambda g: {
        "id": "sections", "splitter": g.get("section_spliter") or g["section_splitter"], "n": int(g["num_sections"])
    },
    "detectable_format:json_format": lambda g: {"id": "json"},
    "detectable_format:title": lambda g: {"id": "title"},
    "detectable_format:constrained_response": lambda g: {
        "id": "one_of", "options": ["제 대답은 예입니다.", "제 대답은 아니오입니다.", "제 대답은 아마도입니다."]
    },
    "combination:two_responses": lambda g: {"id": "two_answers"},
    "combination:repeat_prompt": lambda g: {"id": "repeats_prompt", "prompt": g["prompt_to_repeat"]},
    "startend:end_checker": lambda g: {"id": "ends_with", "text": g["end_phrase"]},
    "startend:quotation": lambda g: {"id": "quoted"},
    "punctuation:no_comma": lambda g: {"id": "no_comma"},
    "language:response_language": lambda g: {"id": "only_korean"},
}  # fmt: skip


def constraints_of(row: Row, where: str) -> list[dict[str, Any]]:
    """Give a row's constraints. Raises UserError for one that we do not verify, or whose arguments are missing."""
    names, given = row.get("instruction_id_list"), row.get("kwargs")
    if not isinstance(names, list) or not isinstance(given, list) or len(names) != len(given):
        raise UserError("neither constraints nor instruction_id_list with kwargs", where, "Mend the row.")
    found = []
    for name, arguments in zip(names, given, strict=True):
        if name not in READ:
            raise UserError(f"constraint '{name}' is not verified here{did_you_mean(name, READ)}", where)
        kept = {k: v for k, v in (arguments or {}).items() if v is not None}
        try:
            found.append(READ[name](kept))
        except (KeyError, TypeError, ValueError) as error:
            raise UserError(f"constraint '{name}' lacks {error}", where, "Mend the row's kwargs.") from error
    return found
