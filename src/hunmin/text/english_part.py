"""Where an instruction about the form of English carries the English itself: quoted, behind a colon, or named."""

from __future__ import annotations

import re

from .tasks import TEXT, FormTask

_QUOTED = re.compile(r"\"[^\"\n]+\"|“[^”\n]+”|‘[^’\n]{2,}’|(?<![A-Za-z])'[^'\n]{1,80}'(?![A-Za-z])")
# What names the English that follows without quotation marks: "the sentence He go to school", "plural of mouse".
_NOUN = r"(?:sentences?|phrases?|texts?|statements?|expressions?|lines?|questions?|titles?|clauses?|paragraphs?)"
_SENTENCE = re.compile(rf"\b{_NOUN},?\s+(?=[A-Z])(?!I\s(?:am|have|wrote|made)\b)(?P<piece>\S.*)", re.S)
_ENDS = re.compile(
    r"\s(?:in|into|to|using|with|from|for|so that|by)\s(?:the |an? |its |it |correct |proper |make |be )*"
    r"(?:past|present|future|passive|active|plural|singular|third|first|second|reported|indirect|direct|upper|lower"
    r"|title|correct|proper|make|more|grammar|spelling|punctuation|question|negative|comparative|superlative|perfect|gerund|capital|Spanish|French|German"
    r"|Italian|Japanese|Chinese|Korean|English|Latin)\b"
)
_WORDS = re.compile(
    r"(?i:\b(?:plural|singular|past tense|past participle|comparative|superlative|gerund|abbreviation|acronym|anagram"
    r"|spelling|pronunciation|etymology|rhymes?)(?: form)?s? (?:of|for|with)|\brhym\w+ with|\bspell|\bpronounce"
    r"|\b(?:vowels|consonants|letters|syllables) (?:in|of|are in|does)"
    r"|\bthe (?:words?|verb|noun|adjective|adverb|idiom))"
    r"\s+(?i:the (?:word|verb|noun|adjective|phrase|idiom)s?\s+)?"
    r"(?P<piece>(?!(?i:the|a|an|this|these|that|those|each|every|following|given|below|it|its|out|which|with|in|of|to|is|are"
    r"|has|have|does|as|for|and|or|correctly|all|any|your)\b)[A-Za-z][A-Za-z'-]*)"
    r"(?=\s*(?:[?.,!]|$|\s(?:in|to|have|has|into|as|using|mean|and|is)\b))"
)
_NEXT = re.compile(r"[.?!]\s+(?=[A-Z\"“])")
_THIS = re.compile(rf"(?i)\b(?:this|these|following|below|given)\b[^.?!\n]{{0,30}}\b{TEXT}\b")
# What goes on telling how to do it: "Correct this sentence. Output yes or no."
_MORE = re.compile(
    r"\s*(?:Output|Explain|Give|If|Please|Make|Use|Write|Provide|Then|Also|Do|Return|Answer|List|State|Include|Add|Keep"
    r"|Be|You|Your|The (?:output|answer|result|new|sentence|text)|It|There|Each|Only|Just|Choose|Select|Identify"
    r"|Rewrite|Correct)\b"
)


def english_part(instruction: str, task: FormTask) -> list[tuple[int, int]]:
    """Give where the instruction itself carries the English that its task is about, as [start, end) stretches.

    Quoted words; else what follows the task behind a colon or on later lines; else the sentence or word that its noun
    names ("the sentence He go to school", "the plural of mouse") or that stands behind the instruction. Empty when it
    carries none.
    """
    found = [match.span() for match in _QUOTED.finditer(instruction)]
    end = len(instruction.rstrip())
    rest = re.compile(r"[ \t]*\n\s*|:\s+").search(instruction, task.start)
    below = rest.end() if rest and rest.end() < end else end
    if found and (below == end or found[0][0] <= below):
        return found
    if below < end:  # quotations in a text to be corrected are a part of it
        return [(below, end)]
    named = _SENTENCE.search(instruction)
    if named:
        start = named.start("piece")
        stop = _ENDS.search(instruction, start)
        if stop is None and len(instruction[start:end].split()) < 2:
            return []
        return [(start, stop.start() if stop else end)]
    after = _NEXT.search(instruction, max(task.start, task.end - 1))
    if after and _THIS.search(instruction[: after.start()]) and not _MORE.match(instruction, after.end()):
        return [(after.end(), end)]
    return [match.span("piece") for match in _WORDS.finditer(instruction)]
