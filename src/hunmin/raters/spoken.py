"""Numbers that a reply speaks of without giving them: on a condition, quoted, another's, taken off or unreached."""

from __future__ import annotations

import re

# What follows a number that is talked about but not given: a condition, what is missing for it, a deduction.
_TALKED_OF = re.compile(
    r"[ \t]*(?:점[ \t]*)?(?:"
    r"(?:[을를이은]\s*)?(?:받|얻|주|드리|되|맞|매기|부여하|달성하)(?:으려|려[면고다]|기(?:는|엔|에|가|\s*위)"
    r"|지\s*(?:않|못))"
    r"|[을를]?\s*(?:주었|줬|드렸|받았|부여했|매겼)(?:겠|을|다면|으면)|[을를]?\s*(?:줄|드릴|받을|부여할)\s*수(?:는"
    r"|도)?\s*(?:없|있)"
    r"|[을를]?\s*주고\s*싶(?:지만|으나|었)|(?:이?[었였]겠|이?[었였]을|이[면려]|이라(?!고\s*(?:봅|생각합|판단합"
    r"|평가합))|까지|짜리(?!\s*(?:답변|응답)(?:입니다|이다)))"
    r"|[을를은]?\s*(?:감점|차감|깎|빼|뺐|뺀|낮|높|올|더\b|추가|가산|차이|무리|과하|과합|어렵|힘들|아깝)"
    r"|보다|\s+of\s+(?:the|all|its|these|those|them)\b|의\s+(?!점수|평점|평가)|(?:\s*정도)?(?:의\s*)?(?:확률|비율"
    r"|가능성)|\s+(?:students?|pupils?|readers?)\b"
    r"|(?:points?\s*)?(?:would|could|might|should)\s+(?!be\s+(?:appropriate|fair|right|reasonable))"
    r"|(?:points?\s*)?(?:requires?|needs?|means|if|unless|when|only|off|less|lower|higher|more)\b)",
    re.I,
)
_UNREAL = re.compile(
    r"[었았였했났]다면|더라면|[었았였했]으면|\bhad\s+(?:it|the|this|they)\b|\bunless\b"
    r"|\bif\b(?!\s+(?:i|we)\s+(?:had|have|must)\b|\s+asked)",
    re.I,
)
_TOP = re.compile(r"(?:만점인?|배점|기준|합격선|최고점|최고\s*점수|최대\s*점수)[은는이]?\s*$")
_ANOTHERS = re.compile(  # whose score it is: the judge's own words about another answer, judge, time or measure
    r"(?:모범\s*답[안변]|(?:다른|이전|앞선|기존|동료|첫\s*번째|두\s*번째)\s*(?:평가자|심사\S{0,2}?|채점자|검토자)"
    r"|다른\s*(?:답변|응답|모델|사람)"
    r"|지난번|모두가|사람들[은이]|선생님?[은이]|교사[는가]|그[는가]|이전\s*(?:답변|평가|버전)|난이도|확신도)(?:들)?"
    r"(?:은|는|이|가|에는|에게|에서는|에|:)?\s(?![^.!?\n]*(?:이\s*답변|이\s*응답|이번|본\s*답변))[^.!?\n]*$"
    r"|\b(?:reference|sample|ideal|other|gold)\s+(?:answer|response|solution)s?\b(?![^.!?\n]*\bthis\b)[^.!?\n]*$"
    r"|\b(?:previous|earlier|another|other|first|second|former)\s+(?:judge|reviewer|rater|grader"
    r"|evaluator)s?\b[^.!?\n]*$"
    r"|\b(?:chapter|step|page|part|section|episode)\s+$"
    r"|\b(?:not\s+(?:even\s+|quite\s+)?an?|no|hardly\s+an?|far\s+from(?:\s+an?)?|short\s+of(?:\s+an?)?)\s+$"
    r"|(?:difficulty|confidence|certainty|난이도|확신도)\s*(?::|=|\bis\b)?\s*$",
    re.I,
)
_WERE_IT_RATED = re.compile(
    r"(?:저|나)라면\s|(?:만약\s*)?(?:점수|평점)[를을로]?\s*(?:주|준|매기|매긴|부여한|말하)\S*면"
)
_PERHAPS = re.compile(r"(?:[가-힣]면[\s,])")
_WOULD = re.compile(r"\A[^.!?\n]{0,30}?(?:겠|을\s*것|수\s*있)")
_CLAUSE = re.compile(r"[.!?;]\s|\n|지만|으나|는데|[고며],|하지만|그러나|\bbut\b|\bhowever\b|,\s*so\b", re.I)
_NOT_OURS = re.compile(
    r"(?:정답|해답|모범\s*답안|출력|반환값|결과값|변수|코드|예시|예를\s*들어|난이도|확신도|커트라인|합격|목표|상대"
    r"|학생|경기"
    r"|답[변안]이\s*(?:계산|제시|주장)한)\S{0,2}\s*:?\s*$"
    r"|(?:answer|output|prints?|returns?|variable|code|example|prompt|difficulty|confidence|certainty|expected"
    r"|target|passing|reference)\s*(?:is|was|:)?\s*$"
    r"|\b(?:would|could|should|might|to|cannot|perfect|highest)\s*$",
    re.I,
)


def talked_of(text: str, at: int, end: int) -> bool:
    """Tell whether the number at `at` is only talked about: on a condition, unreached, or taken off."""
    rest = text[end:].partition("\n")[0]
    if _TALKED_OF.match(rest):
        return True
    before = text[max(0, at - 120) : at]
    if _TOP.search(before):
        return True
    clause = before[max((m.end() for m in _CLAUSE.finditer(before)), default=0) :]
    if _ANOTHERS.search(clause):
        return True
    clause = _WERE_IT_RATED.sub("", clause)
    return bool(_UNREAL.search(clause) or (_PERHAPS.search(clause) and _WOULD.match(rest)))


def quoted_spans(text: str) -> list[tuple[int, int]]:
    """Give the [start, end) of words in quotation marks inside a line that says more than them."""
    found = []
    for m in re.finditer(
        r"“([^”\n]+)”|「([^」\n]+)」|『([^』\n]+)』|\"([^\"\n]+)\"|`([^`\n]+)`"
        r"|(?<![A-Za-z0-9])'([^'\n]+)'(?![A-Za-z0-9])",
        text,
    ):
        words = re.sub(r"[\d\s./*]|점|points?|out of|만점", "", m[m.lastindex or 0])
        line = text[text.rfind("\n", 0, m.start()) + 1 : m.start()] + text[m.end() :].partition("\n")[0]
        if words and re.search(r"\w", line):
            found.append(m.span())
    return found


def not_ours(before: str) -> bool:
    """Tell whether what stands before a label says that its number is another's: "정답은 score = 7"."""
    return bool(_NOT_OURS.search(before[-30:]))


def not_given(plain: str, verb: re.Match[str]) -> bool:
    """Tell of "could have given", "cannot give", "to deserve"."""
    before = plain[max(0, verb.start() - 24) : verb.start()]
    reached = re.match(r"deserve|merit|earn|receive", verb[0], re.I)
    unreal = (
        r"(?:\b(?:tempted|inclined|hesitant|reluctant|wanted|hard|difficult|impossible)\s+to"
        r"|\b(?:would|could|might|should)\s+(?:not\s+)?have|\bcannot|n[' ]t|\bnot|\bnever|\balmost|\bnearly"
        r"|\b(?:reviewers?|judges?|raters?|users?|teachers?|he|she|they|others|people)(?:\s+would)?)\s+$"
    )
    return bool(re.search(unreal, before, re.I) or (reached and re.search(r"\bto\s+$", before, re.I)))


def bounded(text: str, at: int) -> bool:
    """Tell whether the number at `at` is the end of a range or a bound: "7점 또는 8점", "at least 8"."""
    before = text[max(0, at - 24) : at]
    span = r"[0-9]\s*점?\s*,?\s*(?:~|-|에서|부터|또는|혹은|이나|내지|\bor|\bto)\s*$"
    bound = (
        r"(?:at\s+least|at\s+most|up\s+to|(?:more|less|fewer|higher|lower)\s+than|최소|최대|적어도|많아야)"
        r"\s+(?:an?\s+)?$"
    )
    return bool(re.search(span, before, re.I) or re.search(bound, before, re.I))
