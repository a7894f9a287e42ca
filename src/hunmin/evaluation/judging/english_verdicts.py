"""English sentences that prefer one of two answers: "Overall, Ⓑ is better than Ⓐ", "I'd go with Ⓐ", "It's a tie".

The two answers are Ⓐ and Ⓑ here, apostrophes are blanks. A verdict is written out form by form and must fill its
clause: "in grammar", "may be", "if", "he says that" leave a sentence without one.
"""

from __future__ import annotations

import re

MAY_TIE = re.compile(r"\b(?:tie|draw|toss-?up|both|two|neither|equal(?:ly)?)\b", re.I)

_OVERALL = (
    r"overall|therefore|thus|hence|ultimately|finally|consequently|accordingly|in conclusion|in summary|in short"
    r"|in the end|on balance|on the whole"
    r"|to (?:sum up|conclude|summari[sz]e)|all in all|all things considered|as a result|taken together"
    r"|for (?:these|this|those|that) reasons?"
    r"|considering (?:everything|all (?:of )?(?:this|these|the above))[^,.;]{0,30}|based on (?:the above|this"
    r"|these|that|my|the (?:above|evaluation|comparison|analysis|criteria|instructions?))\b[^,.;]{0,40}"
    r"|given (?:this|these|the above|all)\b[^,.;]{0,30}"
    r"|(?:my |the )?(?:final |overall )?(?:verdict|conclusion|judg(?:e)?ment|decision|winner|result)\s*(?::"
    r"|is that)"
)
_OPENING = (
    rf"(?:(?:{_OVERALL})|so|and|but|however|still|yet|while close|in my (?:opinion|view|judg(?:e)?ment|assessment)"
    r"|after (?:a )?(?:careful(?:ly)? )?(?:comparing|comparison|considering|consideration|reviewing|review"
    r"|evaluating|evaluation|reading|weighing|analy[sz]ing)\b[^,.;]{0,70}"
    r"|(?:when )?(?:comparing|weighing|evaluating) (?:the two|both|them|these|the outputs|the answers"
    r"|the responses)\b[^,.;]{0,40}"
    r"|(?:between|of) (?:the two|them|these(?: two)?)(?: (?:answers|responses|outputs|assistants|models))?"
    r"|of both)[\s,:]+"
    r"|(?:i|we) (?:(?:would|can|must|have to|have|ve|d|now|also|personally|strongly|firmly) ){0,3}"
    r"(?:say|think|believe|find|found|feel|conclude[d]?|judge|consider|determined?|argue|decided?|rule|maintain"
    r"|(?:have )?(?:come|came) to the (?:following )?conclusion)(?: that)?\s+"
    r"(?![ⒶⒷ] (?:to be |as )?(?:the )?(?:(?:clearly|much|far|slightly) )?(?:better|superior|stronger|preferable)\b)"
    r"|it (?:is|s|can be|has been|becomes) (?:clear|evident|obvious|apparent|concluded|determined"
    r"|said)(?: that)?\s+|(?:clearly|personally|honestly)[,\s]+"
)
_OPENINGS = re.compile(rf"(?:{_OPENING})*", re.I)
_IS_OVERALL = re.compile(rf"\b(?:{_OVERALL}|conclu|determined?|decide)", re.I)
_SPLIT = re.compile(
    r"(?:,|;|\s-)\s+(?=(?:so|and|but|therefore|thus|hence|making|which|overall|ultimately|i|in my)\b)|\bso (?=[ⒶⒷ]"
    r"|i\b)|,\s+(?=[ⒶⒷ])|;\s+",
    re.I,
)
_CONDITION = re.compile(
    r"\b(?:if|unless|when(?! comparing)|whether|suppose|assuming|had|in terms of|regarding|with (?:respect"
    r"|regard) to|as for|for (?!(?:these|this|that|those) reason)\w+(?=,)"
    r"|on (?!balance|the whole)\w+(?=,)|says?|said|claims?|claimed|thinks|argues?|argued|user|students?|instead of"
    r"|not|n t|never)\b",
    re.I,
)
_PART = re.compile(
    r"(?:for|on|at|in|from|as|with)\b(?! (?:this case|this (?:question|task|prompt|instruction|comparison"
    r"|instance)|the given))",
    re.I,
)
_ADVERB = (
    r"(?:(?:clearly|much|far|slightly|significantly|overall|definitely|still|also|marginally|somewhat|considerably"
    r"|notably|substantially|a (?:bit|little|lot)"
    r"|by far|therefore|thus|simply|decidedly|moderately|ultimately|just|certainly|undoubtedly|the|an?|strictly"
    r"|vastly|narrowly|easily|more|strongly|much more) )"
)
_BETTER = r"(?:better|superior|stronger|preferable|preferred|best|winner|more preferable|stronger one)"
_NOUN = (
    r"(?: (?:answers?|response|output|one|choice|option|reply|of the two|translation|overall|model|assistant"
    r"|of the two (?:answers|responses|outputs)))*"
)
_THAN = r"(?: (?:than|to|over|compared to|of) (?P<than{n}>[ⒶⒷ]))?"
_WORTH = (
    r"(?:helpful|accurate|useful|complete|correct|detailed|precise|natural|informative|thorough|coherent|faithful"
    r"|comprehensive|relevant|clear|fluent)"
)
_TAIL = (
    r"(?=$|[.!;,:)(]| (?:because|since|as|due to|overall|here|by (?:a|far)|and|so|in (?:my|every|all|both)"
    r"|with (?:more|its|a)|thanks to|given|for (?:(?:this|the given) (?:question|instruction|task|prompt"
    r"|instruction)|the (?:task|question|reasons?|following)|these|its))\b| -)"
)
_FORMS = (
    rf"(?P<x>[ⒶⒷ]) (?:is|was|s|remains) {_ADVERB}{{0,4}}{_BETTER}{_NOUN}{_THAN.format(n=1)}{_TAIL}"
    rf"|(?P<does>[ⒶⒷ]) {_ADVERB}{{0,2}}(?:does|did) (?:a"
    rf"|the) {_ADVERB}{{0,2}}better job(?: than (?P<than4>[ⒶⒷ]))?(?=$|[.!;,)]| (?:overall|here|because)\b)"
    rf"|(?P<many>[ⒶⒷ]) is {_ADVERB}{{0,3}}(?:more )?{_WORTH}(?:,? (?:and )?(?:more )?{_WORTH})+"
    rf"{_NOUN}{_THAN.format(n=2)}(?=$|[.!;,)])"
    rf"|(?P<wins>[ⒶⒷ]) {_ADVERB}{{0,2}}(?:wins|won|is the winner|comes out (?:ahead|on top)|takes it"
    rf"|has the (?:edge|upper hand)|prevails)(?: over (?P<over>[ⒶⒷ]))?{_TAIL}"
    rf"|(?P<beats>[ⒶⒷ]) {_ADVERB}{{0,2}}(?:beats|outperforms|surpasses|outdoes|edges out|outshines"
    rf"|tops) (?P<beaten>[ⒶⒷ]){_TAIL}"
    rf"|(?P<least>[ⒶⒷ]) is {_ADVERB}{{0,3}}(?:worse|inferior|weaker)(?: (?:answer|response|output))? (?:than"
    rf"|to) (?P<most>[ⒶⒷ]){_TAIL}"
    rf"|(?:i|we) (?:(?:would|will|d|ll|strongly|slightly|personally|ultimately|clearly|therefore|have to|must|much"
    rf"|definitely|also) ){{0,4}}"
    rf"(?:prefer|choose|chose|pick|picked|select|selected|favou?r|go with|vote for|recommend|opt for|side with"
    rf"|rank)(?: for)? (?P<taken>[ⒶⒷ])(?: (?:over|to|as|above)(?: the (?:better|best|winner)\w*(?: (?:answer"
    rf"|response))?| (?P<than3>[ⒶⒷ])))?{_TAIL}"
    rf"|(?:i|we) (?:(?:would|clearly|therefore) )?(?:find|consider|judge|deem|rate|declare) (?P<found>[ⒶⒷ])"
    rf" (?:to be |as )?{_ADVERB}{{0,3}}{_BETTER}{_NOUN}{_THAN.format(n=5)}{_TAIL}"
    rf"|(?:the )?(?:{_ADVERB}{{0,2}}(?:better|best|stronger|superior|preferred|preferable|winning|top)(?: (?:answer"
    rf"|response|output|one|choice|option|assistant|model|of the two|overall)){{0,2}}|winner|(?:my|the) (?:final "
    rf"|overall )?(?:choice|pick|vote|preference|verdict|decision|winner|judg(?:e)?ment|answer)|verdict)"
    rf" (?:is|was|goes to|would be|must be) (?:for )?(?P<named>[ⒶⒷ]){_TAIL}"
)
_VERDICT = re.compile(_FORMS, re.I)
_BOTH = (
    r"(?:both(?: of them)?|the two|these two|[ⒶⒷ] and [ⒶⒷ])(?: (?:answers|responses|outputs|assistants|models"
    r"|replies|candidates))?"
)
_TIE = re.compile(
    rf"(?:(?:it|this|that|the (?:result|verdict|outcome|comparison)|overall)(?: (?:is|s)"
    rf"| would be)? (?:an? )?(?:tie|draw|toss-?up|dead heat)"
    rf"|(?:i|we) (?:(?:would|will|d|have to|must) )*(?:call|declare|rate|judge|consider) (?:it|this"
    rf"|them) (?:as )?(?:an? )?(?:tie|draw|equal|tied)"
    rf"|(?:an? )?(?:tie|draw)(?= between|$)(?: between {_BOTH})?"
    rf"|{_BOTH} (?:are|is|were) (?:(?:about|roughly|basically|essentially|overall|therefore|more or less"
    rf"|pretty much) )*"
    r"(?:equal|equally (?:good|strong|bad|poor|weak|matched|well done|helpful and \w+|valid)|of (?:(?:about"
    r"|roughly) )?(?:the )?(?:same|equal) quality|(?:about )?the same quality|tied|on (?:a )?par|evenly matched"
    r"|equal in quality)"
    rf"|{_BOTH} tie"
    r"|neither (?:is|[a-z]+ is|one is|of them is) (?:clearly |really |actually )?better(?: than the other)?)(?=$"
    r"|[.!;,:)(]| (?:because|since|as|overall|in quality)\b)",
    re.I,
)


def verdict(sentence: str) -> tuple[str, bool] | None:
    """Give (answer or "tie", whether it concludes) when a clause of the sentence is a verdict."""
    found = []
    for place in [0, *[m.end() for m in _SPLIT.finditer(sentence)][:20]]:
        before = sentence[:place]
        opened = _OPENINGS.match(sentence, place)
        assert opened
        led = before[_end_of_opening(before) :]
        if _CONDITION.search(led) or (_PART.match(led) and not re.search("[ⒶⒷ]", led)):
            break
        said = _VERDICT.match(sentence, opened.end())
        rest = sentence[said.end() :] if said else ""
        overall = bool(_IS_OVERALL.search(opened[0])) or bool(
            said and re.search(r"\boverall\b", said[0] + rest[:9], re.I)
        )
        if said and (choice := _choice(said)) and not _taken_back(rest, choice):
            found.append((choice, overall))
        if _TIE.match(sentence, opened.end()):
            found.append(("tie", overall))
    if not found or len({choice for choice, _ in found}) > 1:
        return None
    return found[-1][0], any(overall for _, overall in found)


def _end_of_opening(text: str) -> int:
    opened = _OPENINGS.match(text)
    return opened.end() if opened else 0


def _choice(said: re.Match[str]) -> str | None:
    chosen = next(
        said[name]
        for name in ("x", "does", "many", "wins", "beats", "most", "taken", "found", "named")
        if said[name] or name == "named"
    )
    others = [
        said[name] for name in ("than1", "than2", "than3", "than4", "than5", "over", "beaten", "least") if said[name]
    ]
    return None if chosen in others else chosen


_LIMITED = re.compile(
    r"\b(?:if|unless|only|except|in terms of|with (?:respect|regard) to|regarding|in (?:grammar|style|accuracy"
    r"|fluency|length)|depending)\b|\?",
    re.I,
)


def _taken_back(rest: str, choice: str) -> bool:
    """Tell of what follows a verdict and limits it: "…, but only in grammar", "…, but Ⓑ is more accurate"."""
    reason = re.match(r"\s*\(?(?:because|since|as|due to)\b", rest)
    other = "Ⓑ" if choice == "Ⓐ" else "Ⓐ"
    turned = re.search(r"\b(?:but|although|though|however|while|yet)\b", rest, re.I)
    if (
        turned
        and other in rest[turned.end() :]
        and re.search(r"\b(?:better|more|best|stronger|wins|superior)\b", rest[turned.end() :], re.I)
    ):
        return True
    return not reason and bool(_LIMITED.search(rest))


_GENERAL = r"(?:better|superior|stronger|preferable|preferred|best|winner|wins|won|beats|outperforms|surpasses)"
_LOOSE = re.compile(
    rf"(?P<x>[ⒶⒷ])(?P<between>[^ⒶⒷ,;]{{0,60}}?)\b(?P<said>{_GENERAL}|more \w+)\b(?P<rest>[^,;]{{0,40}})"
    r"|\b(?:prefer|choose|pick|favou?r|go with|vote for|better (?:answer|response|output|one) is)\s+(?P<taken>[ⒶⒷ])",
    re.I,
)
_DENIED = re.compile(r"\b(?:not|n t|never|no|hardly|neither|nor|cannot|doubt\w*|isn t)\b", re.I)
_UNREAL = re.compile(r"\b(?:if|unless|whether|would have|could have|should|were)\b", re.I)
_CONCESSION = re.compile(r"^(?:(?:even )?though|although|while|despite|whereas)\b[^,]*,|[^,;]*,(?= but\b)", re.I)
_LIMIT = re.compile(r"^\s*(?:in|at|on|for|with|when|than [ⒶⒷ] (?:in|at|on|for|when))\b(?! (?:every|all|my)\b)", re.I)


def mentions(sentence: str) -> tuple[set[str], set[str], set[str]]:
    """Give the answers that the sentence praises, praises in one aspect, and denies to be better, told loosely."""
    praised: set[str] = set()
    aspect: set[str] = set()
    denied: set[str] = set()
    if _UNREAL.search(sentence):
        return praised, aspect, denied
    conceded = _CONCESSION.match(sentence)
    for said in _LOOSE.finditer(sentence, conceded.end() if conceded else 0):
        name = said["x"] or said["taken"]
        if _DENIED.search(sentence[max(0, said.start() - 30) : said.start()] if said["taken"] else said["between"]):
            denied.add(name)
        elif said["taken"]:
            praised.add(name)
        elif (
            said["said"].lower().startswith("more ")
            or _LIMIT.match(said["rest"])
            or not re.match(
                r"\s+(?:is|was|s|wins|won|beats|out|surp|seems|appears|may|might|could|would|[a-z]+ly)\b",
                said["between"] + said["said"],
            )
        ):
            aspect.add(name)
        else:
            praised.add(name)
    return praised, aspect, denied


_LONE = re.compile(rf"(?:{_OPENING})*(?P<x>[ⒶⒷ]) is {_ADVERB}{{0,2}}more {_WORTH}(?: than (?P<than>[ⒶⒷ]))?$", re.I)


def lone(sentence: str) -> str | None:
    """Give the answer that the whole sentence says to be better in one thing: "Ⓐ is more accurate"."""
    said = _LONE.match(sentence)
    return said["x"] if said and said["x"] != said["than"] else None
