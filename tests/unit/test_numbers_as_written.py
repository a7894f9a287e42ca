"""Numbers as people write them in both languages: right pairs are silent, wrong ones are found."""

from __future__ import annotations

import pytest

from hunmin.translation.checks import number_lost

# An English line, then "=" a right translation, "!" a wrong one that is certain, "?" a wrong one that is for review.
TABLE = """
# decimal without its zero
Each dog takes .5 hours.
= 각 개는 0.5시간이 걸립니다.
= 각 개는 .5시간이 걸립니다.
= 각 개는 30분이 걸립니다.
= 각 개는 반 시간이 걸립니다.
! 각 개는 5시간이 걸립니다.
! 각 개는 0.05시간이 걸립니다.
# decimal in an equation
He goes 30*.5=15 miles.
= 그는 30*0.5=15마일을 갑니다.
= 그는 30*.5=15마일을 갑니다.
! 그는 30*5=15마일을 갑니다.
# cents without a dollar
It costs $.25.
= $0.25입니다.
= 0.25달러입니다.
= 25센트입니다.
= $.25입니다.
! $25입니다.
! 2.5달러입니다.
# 만 behind a fraction
He sold 1/4 as many.
= 그는 1/4만 팔았다.
= 4분의 1만큼 팔았다.
! 그는 1/3만 팔았다.
# 만큼 is no 10,000
It fell by 10.
= 10만큼 줄었다.
= 10 줄었다.
! 100만큼 줄었다.
# 만 as only
Only 7 are left.
= 7만 남았다.
= 7개만 남았다.
! 70만 남았다.
! 7만 명이 남았다.
# 120,000만큼
It rose by 120,000.
= 120,000만큼 올랐다.
= 12만만큼 올랐다.
! 12,000만큼 올랐다.
# minutes as hours
The film lasts 90 minutes.
= 영화는 1시간 30분입니다.
= 영화는 90분입니다.
= 영화는 1시간 반입니다.
= 영화는 한 시간 반입니다.
= 영화는 1.5시간입니다.
! 영화는 1시간 20분입니다.
! 영화는 9분입니다.
# hours with a half
It took 1.5 hours.
= 1시간 30분 걸렸다.
= 1시간 반 걸렸다.
= 90분 걸렸다.
= 한 시간 반 걸렸다.
= 1.5시간 걸렸다.
! 1시간 50분 걸렸다.
! 15시간 걸렸다.
# 24-hour clock
It starts at 14:30.
= 오후 2시 30분에 시작합니다.
= 14시 30분에 시작합니다.
= 오후 2시 반에 시작합니다.
= 14:30에 시작합니다.
! 오전 2시 30분에 시작합니다.
! 오후 2시 50분에 시작합니다.
# noon
We met at 12 PM.
= 정오에 만났다.
= 오후 12시에 만났다.
= 낮 12시에 만났다.
! 자정에 만났다.
# midnight
We met at 12:00 AM.
= 자정에 만났다.
= 오전 12시에 만났다.
= 밤 12시에 만났다.
! 정오에 만났다.
# PM
Come at 3 PM.
= 오후 3시에 오세요.
= 15시에 오세요.
= 오후 세 시에 오세요.
! 오전 3시에 오세요.
! 오후 5시에 오세요.
# am with dots
Come at 9:15 a.m.
= 오전 9시 15분에 오세요.
= 아침 9시 15분에 오세요.
! 오후 9시 15분에 오세요.
# days as weeks
Pay in 14 days.
= 2주 안에 내세요.
= 14일 안에 내세요.
= 2주일 안에 내세요.
! 4주 안에 내세요.
# weeks as days
Pay in 2 weeks.
= 14일 안에 내세요.
= 2주 안에 내세요.
= 두 주 안에 내세요.
! 2일 안에 내세요.
# months as years
A child of 24 months.
= 24개월 아이.
= 두 살 아이.
= 2년 된 아이.
! 4년 된 아이.
# dollars and cents
A pen costs $1.30.
= 펜은 1달러 30센트입니다.
= 펜은 1.3달러입니다.
= 펜은 $1.30입니다.
= 펜은 130센트입니다.
! 펜은 1달러 3센트입니다.
! 펜은 13달러입니다.
# pounds and pence
It is £3.50.
= 3파운드 50펜스입니다.
= 3.5파운드입니다.
! 3파운드 5펜스입니다.
! 3.5달러입니다.
# euros
It is €20.
= 20유로입니다.
= €20입니다.
! 20달러입니다.
! 20입니다.
# yen
It is ¥500.
= 500엔입니다.
! 5,000엔입니다.
! 500원입니다.
# currency code
It is USD 500.
= 500달러입니다.
= 미화 500달러입니다.
! 50달러입니다.
# rupees
He paid Rs. 250.
= 그는 250루피를 냈다.
! 그는 25루피를 냈다.
# dozens
Buy 2 dozen eggs.
= 달걀 24개를 사세요.
= 달걀 2다스를 사세요.
= 달걀 두 다스를 사세요.
! 달걀 12개를 사세요.
# half a dozen
Buy half a dozen eggs.
= 달걀 6개를 사세요.
= 달걀 여섯 개를 사세요.
= 달걀 반 다스를 사세요.
# percent as half
50 % of them left.
= 그중 절반이 떠났다.
= 그중 50%가 떠났다.
= 그중 반이 떠났다.
= 그중 5할이 떠났다.
= 그중 50퍼센트가 떠났다.
! 그중 15%가 떠났다.
! 그중 50명이 떠났다.
# quarter
25% of them left.
= 4분의 1이 떠났다.
= 1/4이 떠났다.
= 25퍼센트가 떠났다.
! 5분의 2가 떠났다.
# thousands with a space
He sold it for $400 000.
= 그는 40만 달러에 팔았다.
= 그는 400,000달러에 팔았다.
= 그는 $400 000에 팔았다.
! 그는 4만 달러에 팔았다.
! 그는 400달러에 팔았다.
# thousands with a narrow space
12\\u202f500 people came.
= 1만 2,500명이 왔다.
= 12,500명이 왔다.
! 1,250명이 왔다.
# million
3 million people
= 300만 명
= 3백만 명
= 삼백만 명
! 30만 명
! 3만 명
# billion
$5 billion
= 50억 달러
= 5,000,000,000달러
! 5억 달러
! 50억 원
# trillion
$1.2 trillion
= 1조 2천억 달러
= 1조 2,000억 달러
! 12억 달러
# hundred thousand
350 thousand won
= 35만 원
= 350,000원
! 3만 5천 원
# letters for thousands
It has 25k users and $1.5M.
= 사용자 2만 5천 명과 150만 달러가 있다.
! 사용자 2만 5천 명과 15만 달러가 있다.
# full-width digits
There are 25 rooms.
= 방이 ２５개 있다.
= 방이 25개 있다.
! 방이 ２６개 있다.
# ordinals
the 3rd day
= 셋째 날
= 세 번째 날
= 3일째
= 제3일
= 3번째 날
! 4번째 날
# ordinal words
the twenty-first century
= 21세기
= 이십일 세기
? 20세기
# first
the 1st prize
= 1등상
= 첫 번째 상
= 첫째 상
= 일등상
! 2등상
# range
It takes 5-10 days.
= 5~10일 걸립니다.
= 5일에서 10일 걸립니다.
= 5-10일 걸립니다.
= 5 내지 10일 걸립니다.
! 5~15일 걸립니다.
? 10~5일 걸립니다.
# range of years
from 1990-95
= 1990년부터 1995년까지
= 1990~95년
! 1990년부터 1996년까지
# decade
in the 1990s
= 1990년대에
= 90년대에
! 1980년대에
# date
Meet on March 4.
= 3월 4일에 만나요.
= 3월 4일(화)에 만나요.
! 4월 3일에 만나요.
! 3월 14일에 만나요.
# date with a year
on July 4th, 2021
= 2021년 7월 4일에
= 2021. 7. 4.에
! 2021년 4월 7일에
! 2012년 7월 4일에
# day before month
on 19 May
= 5월 19일에
! 5월 9일에
# date in digits
due 2024-03-05
= 2024년 3월 5일 마감
= 2024-03-05 마감
= 2024.03.05 마감
! 2024년 5월 3일 마감
# slashed date
due 12/25/2023
= 2023년 12월 25일 마감
= 12/25/2023 마감
! 2023년 12월 15일 마감
# negative
It is -5 degrees.
= -5도입니다.
= 영하 5도입니다.
= 마이너스 5도입니다.
= −5도입니다.
! 5도입니다.
! 영하 15도입니다.
# negative result
3 - 8 = -5
= 3 - 8 = -5
! 3 - 8 = 5
# subtraction is no sign
10 -5 = 5
= 10 - 5 = 5
= 10-5=5
# below zero
It was 12 degrees below zero.
= 영하 12도였다.
! 영하 21도였다.
# years before Christ
in 44 BC
= 기원전 44년에
= BC 44년에
! 44년에
! 기원전 54년에
# ratio
Mix them 2:1.
= 2:1로 섞으세요.
= 2 대 1로 섞으세요.
= 2대1로 섞으세요.
? 1:2로 섞으세요.
! 3:1로 섞으세요.
# score
They won 3-1.
= 3-1로 이겼다.
= 3 대 1로 이겼다.
= 3:1로 이겼다.
! 3-2로 이겼다.
# odds
The odds are 5 to 1.
= 확률은 5 대 1이다.
= 확률은 5:1이다.
! 확률은 6 대 1이다.
# version
Install version 3.10.
= 버전 3.10을 설치하세요.
= 3.10 버전을 설치하세요.
! 버전 3.1을 설치하세요.
! 버전 3.11을 설치하세요.
# named version
It needs Python 3.10 and Ubuntu 22.04.
= Python 3.10과 Ubuntu 22.04가 필요합니다.
! Python 3.1과 Ubuntu 22.04가 필요합니다.
# three-part version
Upgrade to 1.2.10.
= 1.2.10으로 올리세요.
! 1.2.1로 올리세요.
# plain decimals
It weighs 2.50 kg.
= 2.5kg입니다.
= 2.50 kg입니다.
= 2,500g입니다.
= 2kg 500g입니다.
! 25kg입니다.
# fahrenheit
Heat to 350°F.
= 350°F로 가열하세요.
= 화씨 350도로 가열하세요.
! 섭씨 350도로 가열하세요.
! 350°C로 가열하세요.
? 섭씨 177도로 가열하세요.
# celsius
Heat to 20 degrees Celsius.
= 섭씨 20도로 가열하세요.
= 20°C로 가열하세요.
= 20℃로 가열하세요.
! 화씨 20도로 가열하세요.
# feet and inches
He is 5 feet 10 inches tall.
= 그는 키가 5피트 10인치다.
! 그는 키가 5피트 11인치다.
# metric turned
Run 5 miles.
= 5마일을 달리세요.
? 8km를 달리세요.
! 5km를 달리세요.
! 6마일을 달리세요.
# kilometres as metres
Run 1.5 km.
= 1,500m를 달리세요.
= 1.5km를 달리세요.
= 1km 500m를 달리세요.
! 15km를 달리세요.
# fraction
Add 1/4 cup.
= 1/4컵을 넣으세요.
= 4분의 1컵을 넣으세요.
= ¼컵을 넣으세요.
= 0.25컵을 넣으세요.
! 1/3컵을 넣으세요.
! 4컵을 넣으세요.
# mixed number
Add 1 1/2 cups.
= 1 1/2컵을 넣으세요.
= 1.5컵을 넣으세요.
= 1컵 반을 넣으세요.
= 한 컵 반을 넣으세요.
= 1½컵을 넣으세요.
! 2 1/2컵을 넣으세요.
# vulgar fraction
Add 2½ cups.
= 2.5컵을 넣으세요.
= 2½컵을 넣으세요.
= 두 컵 반을 넣으세요.
! 3½컵을 넣으세요.
# fraction in words
Two thirds of them left.
= 3분의 2가 떠났다.
= 2/3가 떠났다.
= 삼분의 이가 떠났다.
? 3분의 1이 떠났다.
# half in digits
1/2 of them left.
= 절반이 떠났다.
= 반이 떠났다.
= 50%가 떠났다.
! 1/3이 떠났다.
# words and a half
It took three and a half years.
= 3년 반이 걸렸다.
= 3.5년이 걸렸다.
= 3년 6개월이 걸렸다.
? 2년 반이 걸렸다.
# numeral words
Two hundred and fifty people came.
= 250명이 왔다.
= 이백오십 명이 왔다.
? 200명이 왔다.
# native numerals
She has 20 dogs and 4 cats.
= 개 스무 마리와 고양이 네 마리
= 개 20마리와 고양이 4마리
= 개 이십 마리와 고양이 네 마리
! 개 스물한 마리와 고양이 네 마리
# words swapped for others
two cups of milk
= 우유 두 컵
= 우유 2컵
? 우유 세 컵
? 우유 3컵
# age
He is 25 years old.
= 그는 25살이다.
= 그는 스물다섯 살이다.
= 그는 25세이다.
! 그는 52살이다.
# roman
World War II
= 제2차 세계 대전
= 2차 세계대전
# scientific
about 1.5e-3 and 3e8
= 약 1.5e-3과 3e8
= 약 0.0015와 3억
! 약 1.5e-4와 3e8
# powers
It is 3 × 10^8 m/s.
= 3 × 10^8 m/s입니다.
= 3×10⁸ m/s입니다.
! 3 × 10^9 m/s입니다.
! 3 × 10 m/s입니다.
# phone
Call 555-0123.
= 555-0123으로 전화하세요.
! 555-0132로 전화하세요.
# times
It is 3 times as long.
= 3배 길다.
= 세 배 길다.
! 4배 길다.
# percent of two
It is 200% bigger.
= 200% 더 크다.
= 2배 더 크다.
! 20% 더 크다.
# decades
two decades ago
= 20년 전
= 이십 년 전
? 30년 전
# fortnight
in a fortnight
= 2주 뒤에
= 14일 뒤에
# quarter past
It is quarter past nine.
= 9시 15분이다.
= 아홉 시 15분이다.
! 9시 45분이다.
# half past
It is half past two.
= 2시 30분이다.
= 두 시 반이다.
! 3시 반이다.
# two numbers swapped
3 apples and 5 pears
= 사과 3개와 배 5개
= 사과 세 개와 배 다섯 개
? 사과 5개와 배 3개
# word order is no swap
5 of the 20 students
= 20명의 학생 중 5명
# swapped between lines
Alice: 31\\nBob: 57
= 앨리스: 31\\n밥: 57
? 앨리스: 57\\n밥: 31
# verbatim
He has 7, not 1007.
= 그는 1007이 아니라 7을 가졌다.
! 그는 1007을 가졌다.
# one for another
There are 412 rooms.
= 방이 412개 있다.
! 방이 있다.
! 방이 421개 있다.
"""


def cases(*signs: str) -> list[tuple[str, str, str]]:
    """Give (English, Korean, sign) of the table's lines with one of these signs."""
    found, english = [], ""
    for line in TABLE.strip().splitlines():
        if line[:2] in ("= ", "! ", "? "):
            if line[0] in signs:
                found.append((english, line[2:].replace("\\n", "\n"), line[0]))
        elif not line.startswith("#"):
            english = line.replace("\\n", "\n").replace("\\u202f", "\u202f")
    return found


@pytest.mark.parametrize(("english", "korean", "sign"), cases("="))
def test_right_pairs_are_silent(english, korean, sign):
    assert number_lost.find(english, korean, {}) == []


@pytest.mark.parametrize(("english", "korean", "sign"), cases("!", "?"))
def test_wrong_pairs_are_found(english, korean, sign):
    found = number_lost.find(english, korean, {})
    assert found and any(i["severity"] == "certain" for i in found) == (sign == "!"), found
