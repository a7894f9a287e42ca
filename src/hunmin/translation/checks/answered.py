"""Whether an instruction was carried out instead of translated: an answer stands where the question should."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...text.hangul import has_hangul
from ...text.normal import letters
from .reading import prose_of

# What an English order becomes in Korean: the stems that a translation of it has, whatever its ending.
ORDERS = {
    "write": "쓰 써 쓸 쓴 작성 적 짓 지어 만들 창작 기술",
    "describe": "설명 묘사 서술 기술 말 알려 적 쓰",
    "explain": "설명 알려 말 해설 밝히",
    "list": "나열 목록 열거 적 들 쓰 제시 꼽 알려 말 작성",
    "give": "주 줘 드 들 제시 제공 알려 말 내 대 적",
    "generate": "생성 만들 만드 만듭 작성 지어 짓 내 써 쓰",
    "create": "만들 만드 만듭 생성 작성 짓 지어 창작 구성 제작 꾸",
    "rewrite": "다시 고쳐 고치 바꿔 바꾸 재작성 수정 써 쓰 변경 변환",
    "rephrase": "다시 바꿔 바꾸 고쳐 표현 수정 써 쓰 변경",
    "paraphrase": "다시 바꿔 바꾸 고쳐 표현 의역 써 쓰 풀어",
    "summarize": "요약 간추 정리 줄",
    "translate": "번역 옮기 옮겨 바꾸 바꿔",
    "find": "찾 구하 구해 알아",
    "identify": "식별 찾 파악 확인 밝히 알아 구별 가려 고르 골라 지적 말 규명",
    "classify": "분류 나누 구분",
    "categorize": "분류 나누 구분",
    "suggest": "제안 추천 제시 알려",
    "name": "이름 말 대 들 꼽 적 쓰 지어",
    "compare": "비교 견주 대조",
    "calculate": "계산 구하 구해 산출",
    "compute": "계산 구하 구해",
    "solve": "풀 해결 구하",
    "design": "디자인 설계 만들 구상",
    "edit": "편집 수정 고치 고쳐 다듬 교정 바꾸 바꿔",
    "convert": "변환 바꾸 바꿔 전환 환산 고치 나타",
    "provide": "제공 제시 주 알려 들 적 드",
    "tell": "말 알려 이야기 들려 얘기",
    "determine": "결정 판단 알아 정하 파악 확인 구하 판별 밝히",
    "construct": "구성 만들 만듭 작성 짓 구축 세우",
    "compose": "작성 작곡 쓰 써 구성 짓 지어",
    "add": "추가 더하 더해 덧붙 넣 붙",
    "remove": "제거 없애 지우 빼 삭제",
    "replace": "바꾸 바꿔 교체 대체 대신",
    "arrange": "배열 정리 배치 나열 정렬",
    "analyze": "분석 살펴",
    "evaluate": "평가 따져 계산 구하",
    "discuss": "논의 토론 이야기 설명 말 논하",
    "outline": "개요 윤곽 설명 정리 제시 간략",
    "predict": "예측 예상 맞",
    "choose": "고르 골라 선택 택",
    "select": "고르 골라 선택 택",
    "imagine": "상상 생각 가정",
    "pretend": "척 체 가정 상상",
    "answer": "답 대답",
    "propose": "제안 제시",
    "develop": "개발 만들 세우 전개 작성",
    "brainstorm": "브레인스토밍 생각 아이디어 떠올",
    "recommend": "추천 권",
    "define": "정의 뜻 설명",
    "complete": "완성 채우 채워 마저 마무리 끝 이어 완료",
    "fill": "채우 넣",
    "extract": "추출 뽑 찾 꺼내",
    "simplify": "간단 단순 쉽 정리",
    "correct": "고치 고쳐 수정 바로잡 교정",
    "sort": "정렬 분류 나열 배열",
    "count": "세 수 계산",
    "match": "짝 연결 맞추 맞춰 일치 매치",
    "read": "읽",
    "change": "바꾸 바꿔 변경 고치 고쳐 수정",
    "draw": "그리 그려 도출",
    "plan": "계획 짜",
    "detect": "찾 감지 탐지 알아 판별",
    "decide": "결정 정하 판단",
    "organize": "정리 구성 조직",
    "formulate": "만들 세우 작성 공식 표현",
    "reformat": "서식 형식 바꾸 다시",
    "format": "형식 서식 포맷 맞추",
    "respond": "답 대답 응답 반응",
    "prove": "증명 보이",
    "estimate": "추정 어림 예상 구하 계산",
    "pick": "고르 골라 선택 뽑",
    "transform": "변환 바꾸 바꿔 변형",
    "parse": "파싱 분석 구문",
    "assign": "할당 매기 부여 배정",
    "group": "묶 나누 그룹 분류",
    "interpret": "해석 풀이 설명",
    "infer": "추론 유추 추측",
    "guess": "추측 맞히 맞춰 짐작",
    "sketch": "스케치 그리",
    "implement": "구현 실행",
    "verify": "확인 검증",
    "check": "확인 검사 점검",
    "highlight": "강조 표시",
    "label": "표시 라벨 이름 붙",
    "rank": "순위 매기 순서",
    "rate": "평가 매기 점수",
    "review": "검토 평가 리뷰 살펴",
    "expand": "늘 확장 펼 자세",
    "shorten": "줄 짧",
    "specify": "명시 지정 밝히 구체",
    "mention": "언급 말 들",
    "illustrate": "설명 보여 예",
    "contrast": "대조 비교 대비",
    "elaborate": "자세 설명 상세",
    "cite": "인용 들 출처",
    "reverse": "뒤집 거꾸로 역순 반대",
    "combine": "합치 결합 합쳐 묶",
    "separate": "나누 분리 구분",
    "eliminate": "제거 없애 빼",
}  # fmt: skip
FIRST_WORD = re.compile(
    r"^\W*(?:(?:please|kindly|now|then|next|first|can you|could you|would you)[, ]+)*(?P<verb>[A-Za-z]+)", re.I
)
_REQUESTS = (
    "세요 십시오 시오 하라 해라 거라 아라 어라 여라 으라 달라 바랍니다 줘 주라 합시다 "
    "까 나요 가요 는가 은가 인가 느냐 니까 는지 은지 을지 래요 죠 지요"
)
ASKS = re.compile(rf"[?？]|(?:할 것|{'|'.join(_REQUESTS.split())})[\s.!~\"'”’)]*$", re.M)
YES = re.compile(r"^\W{0,3}(?:[네예][,.!]|(?:아니요|아니오|아뇨|맞습니다|그렇습니다|아닙니다)[,.! ])")
WONDERS = re.compile(
    r"몇|얼마|무엇|무슨|뭐|어떻|어떤|어느|왜|누구|언제|어디|방법|이유|알고 싶|궁금|지 (?:말|알|설명|구|판단)"
)
TELLS = re.compile(r"(?:[니한이는된었았했였있없같]다|[어아예에해세네나]요|죠)[.!]?[\s\"'”’)]*$", re.M)
YES_EN = re.compile(r"\b(?:yes|no|yeah|right|correct|sure)\b", re.I)
LIST_LINE = re.compile(r"^\s*(?:\d{1,2}[.)]|[-*•])\s+\S", re.M)
HEAD = 40  # characters, in which texts that are equal begin alike
SAME_CHARS = 12  # a shorter text may well equal its answer


def answered(original: str, text: str, context: Mapping[str, Any]) -> tuple[str, bool] | None:
    """Give why an instruction looks carried out instead of translated, and whether that is certain; None when not."""
    if context.get("field") not in ("instruction", "input") or not original or not has_hangul(text):
        return None
    if _equals_answer(original, text, context):
        return "답과 같은 글", True
    if context["field"] != "instruction":
        return None
    english = prose_of(original)
    if original.lstrip().startswith("#"):
        return None  # a heading of a document
    if "?" in english and not ASKS.search(text):
        if YES.match(text) and not YES_EN.search(english[:20]):
            return "물음 대신 대답", True
        if not WONDERS.search(text):
            return "물음이 물음이 아니게 됨", False
        return None
    if YES.match(text) and not YES_EN.search(english[:40]):
        return "물음 대신 대답", False
    if len(LIST_LINE.findall(text)) >= 3 and not LIST_LINE.search(original) and original.count("\n") < 2:
        return "시킨 것을 목록으로 답함", False
    order = FIRST_WORD.match(original)
    stems = ORDERS.get(order["verb"].lower()) if order else None
    carried_out = stems and TELLS.search(text) and not ASKS.search(text)  # it states something, as an answer does
    if carried_out and len(english.split()) >= 4 and not any(stem in text for stem in (stems or "").split()):
        return "시킨 것을 함", False
    return None


def _equals_answer(original: str, text: str, context: Mapping[str, Any]) -> bool:
    """Tell whether a question's Korean is its answer's Korean, though the English of both differs."""
    record = context.get("record") or {}
    source = record.get("original") or {}
    begins = letters(text[:HEAD])[:1]
    for name in ("output", "chosen"):
        answer, english = record.get(name), source.get(name) if isinstance(source, Mapping) else None
        if (
            answer
            and english
            and (not begins or letters(answer[:HEAD])[:1] in (begins, ""))
            and len(own := letters(text)) >= SAME_CHARS
            and letters(answer) == own
            and letters(english) != letters(original)
        ):
            return True
    return False
