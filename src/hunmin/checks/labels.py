"""Labels that stand before a colon (`To:`, `Answer:`) with their usual Korean, for finding and for mending untranslated ones."""

from __future__ import annotations

import re

GLOSSARY: dict[str, str] = {
    "abstract": "초록", "address": "주소", "advice": "조언", "age": "나이", "amount": "금액", "answer": "답", "article": "기사", "artist": "아티스트",
    "author": "저자", "book": "책", "body": "본문", "category": "분류", "characters": "등장인물", "choices": "선택지", "city": "도시", "claim": "주장",
    "class": "학급", "color": "색", "comment": "댓글", "company": "회사", "conclusion": "결론", "context": "문맥", "cost": "비용", "country": "나라",
    "customer": "고객", "data": "자료", "date": "날짜", "definition": "정의", "description": "설명", "details": "세부 내용", "dialogue": "대화",
    "directions": "방법", "duration": "기간", "email": "이메일", "event": "행사", "evidence": "근거", "example": "예", "examples": "예시",
    "experience": "경력", "explain": "설명", "explanation": "설명", "facts": "사실", "fact": "사실", "food": "음식", "from": "보내는 곳",
    "genre": "장르", "goal": "목표", "guide": "안내", "hint": "힌트", "hypothesis": "가설", "ingredients": "재료", "input": "입력",
    "instructions": "지시 사항", "introduction": "소개", "items": "품목", "item": "품목", "job": "직무", "keywords": "핵심어", "language": "언어",
    "list": "목록", "location": "위치", "message": "메시지", "method": "방법", "model": "모델", "movie": "영화", "name": "이름", "note": "참고",
    "notes": "참고", "number": "번호", "objective": "목적", "opinion": "의견", "option": "선택지", "options": "선택지", "order": "주문",
    "output": "출력", "paper": "논문", "paragraph": "문단", "passage": "지문", "phone": "전화", "place": "장소", "plot": "줄거리",
    "position": "직무", "premise": "전제", "price": "가격", "problem": "문제", "product": "제품", "proof": "증명", "purpose": "목적",
    "quantity": "수량", "question": "질문", "questions": "질문", "rating": "평점", "reason": "이유", "recipe": "조리법", "result": "결과",
    "review": "후기", "section": "단원", "sentence": "문장", "sentiment": "감정", "setting": "배경", "skills": "기술", "solution": "풀이",
    "source": "출처", "speaker": "화자", "statement": "명제", "status": "상태", "step": "단계", "steps": "단계", "story": "이야기",
    "style": "문체", "subject": "제목", "summary": "요약", "table": "표", "task": "과제", "temperature": "온도", "text": "글", "theme": "주제",
    "time": "시간", "tip": "요령", "tips": "요령", "title": "제목", "to": "받는 곳", "tone": "어조", "topic": "주제", "total": "합계",
    "type": "종류", "user": "사용자", "vibe": "분위기", "warning": "경고", "weather": "날씨", "word": "낱말", "words": "낱말", "year": "연도",
}  # fmt: skip

LABEL = re.compile(
    r"^(?P<lead>[ \t]*(?:[-*+•][ \t]+|\d{1,3}[.)][ \t]+)?\**)(?P<label>[A-Z][A-Za-z]{1,14})(?P<number>[ \t]\d{1,2})?\**[ \t]?:(?=\**(?:\s|$))",
    re.M,
)
