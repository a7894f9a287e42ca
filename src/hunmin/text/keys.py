"""Korean for the labels of `Key: value` lines, which translators render as bare particles (From -> 에서) when alone."""

from __future__ import annotations

_KEYS = {
    "abstract": "초록", "address": "주소", "age": "나이", "amount": "금액", "analysis": "분석", "answer": "답",
    "artist": "아티스트", "audience": "대상", "author": "저자", "background": "배경", "body": "본문", "book": "책",
    "brand": "브랜드", "budget": "예산", "category": "분류", "characters": "등장인물", "choices": "선택지",
    "city": "도시", "color": "색상", "comment": "의견", "company": "회사", "conclusion": "결론", "content": "내용",
    "context": "맥락", "cost": "비용", "country": "나라", "customer": "고객", "data": "자료", "date": "날짜",
    "definition": "정의", "description": "설명", "director": "감독", "document": "문서", "duration": "기간",
    "education": "학력", "email": "이메일", "example": "예", "examples": "예", "experience": "경력", "explain": "설명",
    "explanation": "설명", "facts": "사실", "final answer": "최종 답", "format": "형식", "genre": "장르",
    "goal": "목표", "headline": "제목", "hint": "힌트", "hypothesis": "가설", "ingredients": "재료", "input": "입력",
    "instruction": "지시", "instructions": "지시", "introduction": "서론", "job": "직무", "job title": "직함",
    "keywords": "핵심어", "label": "레이블", "language": "언어", "location": "위치", "movie": "영화", "name": "이름",
    "note": "참고", "notes": "참고", "number": "번호", "occupation": "직업", "options": "선택지", "output": "출력",
    "paper": "논문", "paragraph": "문단", "passage": "지문", "phone": "전화", "place": "장소", "position": "직책",
    "premise": "전제", "price": "가격", "problem": "문제", "product": "제품", "purpose": "목적", "question": "질문",
    "reason": "이유", "reasoning": "추론", "requirements": "요건", "response": "응답", "result": "결과",
    "results": "결과", "review": "후기", "role": "역할", "score": "점수", "season": "계절", "sentence": "문장",
    "servings": "분량", "setting": "배경", "skills": "기술", "solution": "풀이", "song": "노래", "source": "출처",
    "speaker": "화자", "statement": "명제", "status": "상태", "step": "단계", "steps": "단계", "story": "이야기",
    "subject": "제목", "summary": "요약", "task": "과제", "text": "글", "time": "시간", "title": "제목", "tone": "어조",
    "topic": "주제", "total": "합계", "type": "종류", "url": "주소", "value": "값", "version": "판", "weather": "날씨",
    "word": "낱말", "words": "낱말", "year": "연도",
}  # fmt: skip


def korean_key(key: str, value: str) -> str | None:
    """Give the Korean of a label, None when it is not a usual one; From and To depend on what follows them."""
    name = " ".join(key.lower().split())
    if name in ("from", "to"):
        is_mail = "@" in value or value.istitle() and len(value.split()) <= 3
        return {"from": "보낸 사람", "to": "받는 사람"}[name] if is_mail else {"from": "출발지", "to": "도착지"}[name]
    return _KEYS.get(name)
