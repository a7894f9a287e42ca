"""The fixed words of the report's page in Korean; the page holds both languages and shows one."""

from __future__ import annotations

KOREAN = {
    "hunmin run": "hunmin 실행",
    "At a glance": "한눈에 보기",
    "records kept": "남은 레코드",
    "translations mended": "고친 번역 문제",
    "spent": "쓴 돈",
    "score against the base": "베이스 모델 대비 점수",
    "sample answers": "표본 대답",
    "look at next": "다음에 볼 것",
    "Mended translations, before and after": "고친 번역, 전과 후",
    "English": "영어 원문",
    "before": "고치기 전",
    "after": "고친 뒤",
    "The base model is tiny: a few million parameters, pretrained for under a minute.": (
        "베이스 모델이 아주 작습니다. 파라미터 몇백만 개에, 사전 학습은 1분도 하지 않았습니다."
    ),
    "This run proves the path, not the model; scores at chance are expected.": (
        "모델 성능이 아니라 전체 과정이 끝까지 돌아감을 보여 줍니다. 점수는 찍은 것과 다름없습니다."
    ),
    "Records by stage": "단계별 레코드",
    "stage": "단계",
    "in": "입력",
    "kept": "남음",
    "dropped, by reason": "버린 이유",
    "seconds": "초",
    "Scores": "점수",
    "task": "과제",
    "metric": "지표",
    "shots": "예시 수",
    "protocol": "방식",
    "chance": "찍을 때",
    "In brackets: 95 % interval. Different protocols are different benchmarks and do not compare.": (
        "괄호 안은 95 % 구간입니다. 방식이 다르면 다른 시험이므로 견줄 수 없습니다."
    ),
    "Sample answers, before and after": "표본 대답, 학습 전과 후",
    "Training": "학습",
    "What each stage noted": "단계별 기록",
    "Lengths": "길이",
    "Versions and seconds": "버전과 시간",
    "Recipe, every default written out": "레시피 전체(기본값 포함)",
    "show": "보기",
}
