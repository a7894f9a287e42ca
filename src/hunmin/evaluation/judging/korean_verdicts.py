"""Korean sentences that prefer one of two answers: "A보다 B가 더 낫습니다", "저는 B를 선택하겠습니다".

The two answers are Ⓐ and Ⓑ here. A verdict is written out form by form and must fill its clause: what the forms do not
know (못, 않, 라면, 줄 알았다, 문법은) leaves a sentence without one.
"""

from __future__ import annotations

import re

MAY_TIE = re.compile(r"무승부|동점|비[겼김]|두\s*(?:답|응답|모델|글)|둘|양쪽|우열")

_OVERALL = (
    r"따라서|그러므로|그래서|결국|결론적으로(?:는)?|결론은|최종적으로(?:는)?|종합적으로(?:는|\s*보면|\s*볼\s*때)?"
    r"|종합하면|종합해\s*(?:보면|볼\s*때)"
    r"|종합하여\s*볼\s*때|전체적으로(?:는|\s*보면)?|전반적으로(?:는|\s*보면)?|모든\s*면에서|모든\s*(?:점|것|면"
    r"|기준)을\s*(?:고려하면|고려할\s*때)"
    r"|(?:이|그)에\s*따라|이(?:런|러한)\s*(?:이유|점|까닭)(?:로|들로|으로|에서)|이를\s*(?:바탕으로|근거로)|그래도"
    r"|그럼에도(?:\s*불구하고)?"
    r"|(?:최종\s*)?(?:결론|판정|판단|평가|선택|결과|의견|총평|종합|최종)\s*:|이상으로|이상을\s*종합하면|총평하자면"
    r"|verdict\s*:|final\s*:"
)
_OPENING = (
    rf"(?:(?:{_OVERALL})[\s,]*)"
    r"|(?:저는|제가|나는|저라면|나라면|제\s*(?:생각|판단|의견)(?:에는|으로는|에)|개인적으로(?:는)?|하지만|그러나"
    r"|그런데|반면|다만|물론|그리고|또한|즉"
    r"|(?:두|이)\s*(?:답변|응답|모델|글)(?:을|를)?\s*(?:서로\s*)?(?:비교하면|비교해\s*보면|비교했을\s*때"
    r"|비교할\s*때|견주면|견주어\s*보면)"
    r"|(?:(?:두|이)\s*(?:답변|응답|모델|글)[을를]\s*)?(?:서로\s*)?(?:비교한|비교해\s*본|검토한|평가한|분석한"
    r"|살펴본|견준|견주어\s*본)\s*(?:결과|바)(?:로는)?"
    r"|(?:두\s*(?:답변|응답|모델|글)|둘)\s*(?:중|가운데)(?:에서)?(?:는|에)?|[ⒶⒷ][와과]\s*[ⒶⒷ]\s*(?:중"
    r"|가운데)(?:에서)?(?:는)?"
    r"|(?:굳이\s*)?(?:하나[를만]?\s*)?(?:고르자면|고른다면|꼽자면|뽑자면|선택하자면|선택한다면|택하자면))[\s,:]*"
)
# What may stand before a verdict in its sentence: another clause that ends here, or one that describes the answer.
_CLAUSE_END = (
    r"(?:므로|니까|[아어으]니|때문에|[해아어여와춰려워져혀켜]서|(?<![보라다])고|[으하리이]며|지만|으나|하나"
    r"|[는은인한]데|반면에?|하여)[\s,]+"
)
_CONDITION = re.compile(
    r"면[\s,]|[을ㄹ]\s*때|경우|기준으로|관점|측면|(?:에서|으로|로|만|(?<!처음)(?<!애초)에)(?:는|만)\s|만약|만일"
    r"|혹시|줄\s*알|아니라|사용자|질문자|학생|작성자"
)

_ADVERB = (
    r"(?:(?:더|더욱|훨씬|조금|약간|다소|좀|살짝|확실히|분명히|명백히|명확히|전반적으로|전체적으로|종합적으로"
    r"|최종적으로|여러모로|월등히|월등하게"
    r"|압도적으로|현저히|상대적으로|비교적|근소하게|근소한\s*차이로|미세하게|단연|모든\s*면에서|여러\s*면에서"
    r"|한\s*수|최종)\s+)"
)
_THINK = (
    r"(?:\s*(?:생각|판단|평가|결론|판정|결정)(?:합니다|한다|해요|됩니다|된다|했습니다|하였습니다|되었습니다|됨|함"
    r"|하겠습니다|내렸습니다|내립니다|지었습니다)"
    r"|\s*(?:봅니다|본다|봐요|보았습니다|봤습니다|보입니다|느꼈습니다|느낍니다|여겨집니다)|\s*(?:할"
    r"|볼)\s*수\s*있(?:습니다|다|겠습니다|음)|\s*하겠습니다)"
)
_NOUN = r"(?:답변|응답|쪽|모델|글|답안?|것|선택|결과물?)"
_BE = rf"(?:입니다|이다|이에요|예요|이네요|임|이라고{_THINK}|라고{_THINK}|으로{_THINK}|로{_THINK}|이며|이고|이므로)"
_GOOD = r"(?:우수|훌륭|탁월|월등|우월|우세|적절|적합|바람직)"


def _ends(stem: str, past: str, adnominal: str, joined: str) -> str:
    """Give the ways a predicate ends a statement: 낫다, 낫습니다, 나았습니다, 낫다고 봅니다, 나은 답변입니다, 낫고."""
    return (
        rf"(?:{stem}(?:다|네요|군요|지요|죠|음|고|기\s*때문에)|{past}(?:습니다|다)|{stem}다고{_THINK}|{joined}"
        rf"|{adnominal}\s*(?:것으로|쪽으로)(?:는)?{_THINK}|{adnominal}\s*{_NOUN}{_BE})"
    )


_FIT = _ends("낫", "나았", "나은", r"낫습니다|나아요|나으며|나으므로|나아서|나음")
_AHEAD = _ends("앞서", "앞섰", "앞선", r"앞섭니다|앞선다|앞서며|앞서\s*있습니다|앞선다고" + _THINK)
_STRONGER = _ends("우세하", "우세했", "우세한", "우세합니다|우세하며")
_DONE = (
    rf"(?:{_AHEAD}|{_STRONGER}|이깁니다|이겼(?:습니다|다)|이긴다|승리(?:입니다|했습니다|합니다|한다|하였습니다)"
    rf"|우위(?:입니다|에\s*있습니다|에\s*있다|를\s*보입니다)|승자{_BE}|(?:최선|최고)(?:의\s*{_NOUN})?{_BE})"
)
_BETTER = _ends(f"{_GOOD}하", f"{_GOOD}했", f"{_GOOD}한", rf"{_GOOD}(?:합니다|해요|하며|하므로|해서|함)")
_OUTSTANDING = _ends("뛰어나", "뛰어났", "뛰어난", "뛰어납니다|뛰어나며|뛰어나므로|뛰어남")
_NICER = _ends("좋", "좋았", "좋은", "좋습니다|좋아요|좋으며|좋으므로|좋아서")
_COMPARED = rf"(?:{_BETTER}|{_OUTSTANDING}|{_NICER}|(?:나은|좋은|우수한|뛰어난|훌륭한|적절한)\s*{_NOUN}{_BE})"
_QUALITY = (
    r"(?:정확|자연스럽|구체적|유용|충실|완전|상세|자세|명확|친절|유익|논리적|체계적|풍부|완성도\s*높"
    r"|정확하고\s*자연스럽)"
)
_TWO = (
    rf"{_QUALITY}(?:하고|이고|고|하며|이며)\s*(?:더\s*)?{_QUALITY}"
    rf"(?:합니다|하다|습니다|다|입니다|이다|한\s*{_NOUN}{_BE}|운\s*{_NOUN}{_BE}|인\s*{_NOUN}{_BE}|하다고{_THINK}"
    rf"|다고{_THINK})"
)
_TWO = _TWO.replace("자연스럽", "자연스(?:럽|러)")
_WORSE = (
    r"(?:못하다|못합니다|못함|못하다고"
    + _THINK
    + r"|뒤떨어집니다|뒤떨어진다|뒤처집니다|뒤처진다|열등합니다|떨어집니다)"
)

_SUBJECT = r"(?P<x>[ⒶⒷ])(?:이|가|은|는|\s*쪽이)\s+"
_THAN = r"(?P<than{n}>[ⒶⒷ])(?:에\s*비해|보다)(?:는)?\s+"
_PREFER = (
    r"(?:선택|선호|추천|지지)(?:합니다|한다|하겠습니다|해요|했습니다|하였습니다|함)|고르겠습니다|고릅니다"
    r"|골랐습니다|고른다|택합니다|택하겠습니다|택했습니다"
    r"|꼽겠습니다|꼽습니다|뽑겠습니다|뽑습니다"
)
_TO = r"(?:선택|결정|판정|판단)(?:합니다|한다|하겠습니다|했습니다|됩니다|하였습니다)|하겠습니다|정하겠습니다|정합니다"
_FORMS = (
    rf"(?:{_THAN.format(n=1)}{_ADVERB}{{0,3}})?{_SUBJECT}{_ADVERB}{{0,3}}(?:{_THAN.format(n=2)})?(?P<more>{_ADVERB}{{0,3}})"
    rf"(?:(?P<fit>{_FIT}|{_DONE})|(?P<good>{_COMPARED}|{_TWO}))"
    rf"|(?P<ahead>[ⒶⒷ])(?:이|가|은|는)\s+{_ADVERB}{{0,2}}(?P<behind>[ⒶⒷ])[을를]\s+{_ADVERB}{{0,2}}(?:{_AHEAD}"
    rf"|이깁니다|이겼(?:습니다|다)|이긴다|능가(?:합니다|한다)|압도(?:합니다|한다))"
    rf"|(?P<least>[ⒶⒷ])(?:이|가|은|는)\s+(?P<most>[ⒶⒷ])보다\s+{_ADVERB}{{0,2}}{_WORSE}"
    rf"|(?:{_THAN.format(n=3)})?(?P<taken>[ⒶⒷ])[을를]\s+{_ADVERB}{{0,2}}(?:{_PREFER})"
    rf"|(?P<to>[ⒶⒷ])(?:로|으로)\s+(?:{_TO})"
    rf"|(?P<hand>[ⒶⒷ])(?:의)?\s*(?:손을\s*들어\s*(?:주겠습니다|줍니다|주었습니다|드립니다|준다)|(?:승리|완승|압승"
    rf"|판정승|우세|우위){_BE}|(?:승|승리|완승|압승|판정승|우세|우위)(?![가-힣]))"
    rf"|(?P<vote>[ⒶⒷ])(?:에|에게)\s*한\s*표(?:를)?(?:\s*(?:주겠습니다|드립니다|줍니다|던집니다))?"
    rf"|(?:(?:더\s*)?(?:나은|좋은|우수한|뛰어난|훌륭한|적절한)\s*{_NOUN}|승자|우승자?|(?:제|최종|저의)\s*(?:선택"
    rf"|판정|결론|판단|승자)"
    rf"|(?:제가\s*)?(?:고른|선택한|선호하는)\s*{_NOUN})(?:은|는)\s+(?P<named>[ⒶⒷ])\s*(?:{_BE}|다|가?\s*되겠습니다"
    rf"|(?=$|,))"
)
_VERDICT = re.compile(rf"(?:{_FORMS})(?=$|[,;:)(]|\s*[-→]|(?<=[고며로서에])\s)")
_SAME = (
    r"무승부(?:입니다|이다|예요|네요|임|로\s*(?:하겠습니다|합니다|판정합니다|판단합니다|봅니다|처리합니다"
    r"|결정합니다|판정하겠습니다|평가합니다|판단됩니다)"
    rf"|라고{_THINK}|(?=$|,))|동점(?:입니다|이다|(?=$))|비겼(?:습니다|다)|비겼다고{_THINK}|비김"
)
_BOTH = (
    r"(?:두\s*(?:답변|응답|모델|글)|둘\s*다|둘|양쪽|[ⒶⒷ](?:와|과|하고|,|\s*및)\s*[ⒶⒷ])(?:의\s*(?:전체적인\s*"
    r"|전반적인\s*)?(?:수준|품질|질|완성도))?"
    r"(?:은|는|이|가|에|의)?\s*(?:(?:모두|다|거의|사실상|완전히|서로|전반적으로|전체적으로|종합적으로|품질이"
    r"|수준이)\s*)*"
)
_EVEN = _ends("(?:동등|대등)하", "(?:동등|대등)했", "(?:동등|대등)한", "(?:동등|대등)(?:합니다|하며|함)")
_EQUAL = (
    rf"(?:{_EVEN}|(?:동등|대등)한\s*(?:수준|품질){_BE}|막상막하(?:입니다|이다|다)|(?:같은|동일한)\s*(?:수준|품질){_BE}"
    r"|(?:똑같이|동등하게)\s*(?:좋|훌륭|우수|뛰어)\S{1,4}|같습니다|같다)"
)
_NO_BETTER = (
    rf"우열을\s*(?:가리기|정하기|논하기|매기기)(?:가)?\s*(?:어렵습니다|힘듭니다|어렵다|힘들다|어렵다고{_THINK})"
    rf"|우열을\s*가릴\s*수\s*없(?:습니다|다)|우열이\s*없(?:습니다|다)"
)
_TIE = re.compile(
    rf"(?:(?:{_BOTH})?(?:{_SAME}|{_NO_BETTER})|(?P<both>{_BOTH}){_EQUAL})(?=$|[,;:)(])",
)
_OPENINGS = re.compile(rf"(?:{_OPENING})*")
_IS_OVERALL = re.compile(_OVERALL)
_LAST_CLAUSE = re.compile(rf"^.*{_CLAUSE_END}")
_DESCRIBED = re.compile(r"(?:^|\s)\S*[한은는든된인준던운진]\s+$")
_TOPIC = re.compile(r"\S(?:은|는|에서|면에서|로는|만)\s")


def verdict(sentence: str) -> tuple[str, bool] | None:
    """Give (answer or "tie", whether it concludes) when a clause of the sentence is a verdict."""
    found = []
    for begins, overall in _begins(sentence):
        said = _VERDICT.match(sentence, begins)
        if said and (choice := _choice(said)) and not _conceded(sentence, said.end()):
            found.append((choice, overall))
        tie = _TIE.match(sentence, begins)
        if tie and not (tie["both"] and re.fullmatch(r".*(?:같습니다|같다)", tie[0]) and not _whole(tie["both"])):
            found.append(("tie", overall))
    if not found or len({choice for choice, _ in found}) > 1:
        return None
    return found[-1][0], any(overall for _, overall in found)


def _whole(subject: str) -> bool:
    """Tell whether what is the same is the answers' level: "두 답변의 수준이 같습니다", not "두 답변은 같습니다"."""
    return bool(re.search("수준|품질|질|완성도", subject))


def _begins(sentence: str) -> list[tuple[int, bool]]:
    """Give where a verdict may stand in the sentence, and whether its opening concludes."""
    found = []
    places = {0, *(m.end() for m in re.finditer(_CLAUSE_END, sentence))}
    for place in sorted(places)[:20]:
        if _CONDITION.search(_without_openings(sentence[:place])):
            break
        opened = _OPENINGS.match(sentence, place)
        assert opened
        overall = bool(_IS_OVERALL.search(opened[0]))
        found.append((opened.end(), overall))
        name = re.compile("[^ⒶⒷ]*?(?=[ⒶⒷ])").match(sentence, opened.end())
        described = name[0] if name else ""
        if described and len(described) < 80 and _DESCRIBED.search(described):
            if not _TOPIC.search(described.rsplit(None, 1)[0] + " ") and not _CONDITION.search(described):
                found.append((opened.end() + len(described), overall))
    return found


def _without_openings(text: str) -> str:
    opened = _OPENINGS.match(text)
    return text[opened.end() :] if opened else text


def _choice(said: re.Match[str]) -> str | None:
    than = said["than1"] or said["than2"] or said["than3"]
    chosen = (
        said["x"]
        or said["ahead"]
        or said["most"]
        or said["taken"]
        or said["to"]
        or said["hand"]
        or said["vote"]
        or said["named"]
    )
    if chosen in (than, said["least"], said["behind"]) or (said["than1"] and said["than2"]):
        return None
    if said["good"] and not than and not re.search(r"더|훨씬|월등|압도|단연|조금|약간|다소|상대적", said[0]):
        return None  # "A가 좋습니다": so may be the other
    return chosen


def _conceded(sentence: str, end: int) -> bool:
    rest = sentence[end:]
    return bool(
        re.match(r"\s*(?:지만|으나|는데)", rest) or re.search(r"다고\s*(?:할|볼)\s*수\s*없|아닙니다|아니다", rest)
    )


_PRAISED = re.compile(
    r"낫|나은|나았|나아|우수|뛰어|앞서|앞선|앞섭|이겼|이긴|이깁|승리|우세|우위|선호|선택|고르|고릅|훌륭|좋|승자"
)
_ASPECT = re.compile(rf"더\s+{_QUALITY}|훨씬\s+{_QUALITY}|보다\s+{_QUALITY}")
_DENIED = re.compile(r"않|아니|아닙|못\s?[하합한]|수\s*없|어렵|힘들|무리|없(?:다|습니다)|부족")
_UNREAL = re.compile(r"면[\s,]|면$|겠지|었을|았을|했을|줄\s*알|을\s*뻔|려면|의견|주장")
_CONCEDED = re.compile(r"(?:지만|으나|하나|는데|은데|은\s*사실이나)[\s,]*$")
_PARTS = re.compile(
    r".*?(?:지만|으나|[은는한인]데|므로|[아어해여]서|(?<![보라다])고|[으하이]며|때문에)(?:[\s,]+|$)|.+$"
)
_PRAISED_NAME = re.compile(r"([ⒶⒷ])(?!보다|에\s*비해|와|과|\s*및)")


def mentions(sentence: str) -> tuple[set[str], set[str], set[str]]:
    """Give the answers that the sentence praises, praises in one aspect, and denies to be better, told loosely."""
    praised: set[str] = set()
    aspect: set[str] = set()
    denied: set[str] = set()
    for part in _PARTS.findall(sentence):
        name = _PRAISED_NAME.search(part)
        if not name or not re.search("[ⒶⒷ]", part):
            continue
        good, quality = _PRAISED.search(part, name.end()), _ASPECT.search(part)
        if not good and not quality:
            continue
        if (
            _UNREAL.search(part)
            or _CONCEDED.search(part)
            or not re.search(r"더|보다|낫|나은|나았|앞서|이겼|승|선호|선택|우세|훨씬", part)
        ):
            continue
        if _DENIED.search(part, good.start() if good else name.end()):
            denied.add(name[1])
        elif not good or _TOPIC.search(part[: name.start()]) or _TOPIC.search(part[name.end() + 1 : good.start()]):
            aspect.add(name[1])
        else:
            praised.add(name[1])
    return praised, aspect, denied


_LONE = re.compile(
    rf"(?:{_OPENING})*(?:{_THAN.format(n=1)})?{_SUBJECT}(?:{_THAN.format(n=2)})?"
    rf"(?P<more>{_ADVERB}{{0,2}})(?:정확|자연스럽|자연스러운|구체적|유용|충실|완전|상세|명확|유익)(?:합니다|하다"
    rf"|습니다|다|입니다|이다|한\s*{_NOUN}{_BE}|\s*{_NOUN}{_BE}|인\s*{_NOUN}{_BE})$"
)


def lone(sentence: str) -> str | None:
    """Give the answer that the whole sentence says to be better in one thing: "A가 더 정확합니다"."""
    said = _LONE.match(sentence)
    than = (said["than1"] or said["than2"]) if said else None
    return (
        said["x"] if said and said["x"] != than and (than or "더" in said["more"] or "훨씬" in said["more"]) else None
    )
