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
# a number doubled while another is misplaced
Room 12 seats 40.\\nRoom 15 seats 60.
= 12호실은 40명이 앉습니다.\\n15호실은 60명이 앉습니다.
? 12호실은 40명, 15명이 앉습니다.\\n40호실은 60명이 앉습니다.
# further ones of the same kinds
The temperature is 72°F.
= 기온은 화씨 72도입니다.
= 기온은 72°F입니다.
! 기온은 27°F입니다.
It dropped to minus 10 degrees Celsius.
= 섭씨 영하 10도까지 떨어졌다.
= 영하 10도까지 떨어졌다.
= -10°C까지 떨어졌다.
? 섭씨 10도까지 떨어졌다.
He was born in 1987.
= 그는 1987년생이다.
= 그는 1987년에 태어났다.
! 그는 1978년에 태어났다.
The meeting is from 9:30 to 11:00.
= 회의는 9시 30분부터 11시까지입니다.
= 회의는 9:30~11:00입니다.
= 회의는 오전 9시 반부터 11시까지입니다.
! 회의는 9시 50분부터 11시까지입니다.
A 30-minute walk
= 30분 걷기
= 반 시간 걷기
! 30초 걷기
It weighs 1,200 grams.
= 1.2kg입니다.
= 1,200그램입니다.
= 1kg 200g입니다.
! 1,200kg입니다.
The population is 51.7 million.
= 인구는 5,170만 명이다.
= 인구는 5천170만 명이다.
! 인구는 517만 명이다.
It costs 15,000 won.
= 1만 5천 원입니다.
= 만 5천 원입니다.
= 15,000원입니다.
= 1만5000원입니다.
! 1만 5백 원입니다.
She paid $19.99.
= 그녀는 19.99달러를 냈다.
= 그녀는 19달러 99센트를 냈다.
! 그녀는 1,999달러를 냈다.
50 cents
= 50센트
= 0.5달러
! 50달러
It takes 2 to 3 hours.
= 2~3시간 걸립니다.
= 2시간에서 3시간 걸립니다.
= 두세 시간 걸립니다.
! 2~4시간 걸립니다.
There were about 100 people.
= 약 100명이 있었다.
= 백 명쯤 있었다.
! 약 10명이 있었다.
Chapter IV
= 제4장
= 4장
King Henry VIII had six wives.
= 헨리 8세는 아내가 여섯 명이었다.
= 헨리 8세에게는 6명의 아내가 있었다.
Read pages 10-15.
= 10~15쪽을 읽으세요.
= 10쪽에서 15쪽까지 읽으세요.
! 10~16쪽을 읽으세요.
a 5-year-old girl
= 5살 소녀
= 다섯 살 소녀
= 5세 여아
! 15살 소녀
Three quarters of the class passed.
= 반의 4분의 3이 합격했다.
= 반의 75%가 합격했다.
? 반의 4분의 1이 합격했다.
The price doubled to $40.
= 가격이 두 배인 40달러가 되었다.
= 가격이 40달러로 2배가 되었다.
! 가격이 두 배인 400달러가 되었다.
He ran 5k in 25 minutes.
= 그는 5km를 25분에 달렸다.
! 그는 5km를 52분에 달렸다.
It has a 4.5-star rating out of 5.
= 5점 만점에 4.5점입니다.
= 별점 5점 만점에 4.5점입니다.
! 5점 만점에 4.0점입니다.
about 3 million to 5 million users
= 약 300만~500만 명의 사용자
= 3백만에서 5백만 명의 사용자
! 약 300만~50만 명의 사용자
The ratio is 3:2:1.
= 비율은 3:2:1이다.
= 비율은 3 대 2 대 1이다.
? 비율은 3:1:2이다.
Call 1-800-555-0199.
= 1-800-555-0199로 전화하세요.
! 1-800-555-0919로 전화하세요.
Add 3/4 cup of sugar and 1/2 cup of milk.
= 설탕 3/4컵과 우유 1/2컵을 넣으세요.
= 설탕 4분의 3컵과 우유 반 컵을 넣으세요.
Take 2 tablets every 8 hours.
= 8시간마다 2알을 드세요.
= 8시간마다 두 알씩 드세요.
! 6시간마다 2알을 드세요.
On December 25, 1991, it ended.
= 1991년 12월 25일에 끝났다.
! 1991년 12월 15일에 끝났다.
from March to May 2020
= 2020년 3월부터 5월까지
! 2020년 3월부터 6월까지
in the 20th century
= 20세기에
! 19세기에
a decade ago
= 10년 전
three decades
= 30년
= 삼십 년
1 in 5 people
= 5명 중 1명
= 다섯 명 중 한 명
! 6명 중 1명
It is 0.001 mm thick.
= 두께는 0.001mm이다.
! 두께는 0.01mm이다.
He scored 95.5 points.
= 그는 95.5점을 받았다.
! 그는 95.0점을 받았다.
12 dozen
= 144개
= 12다스
The bus leaves at 7:05 a.m.
= 버스는 오전 7시 5분에 떠난다.
= 버스는 아침 7시 5분에 떠난다.
! 버스는 오후 7시 5분에 떠난다.
! 버스는 오전 7시 50분에 떠난다.
He works 9 to 5.
= 그는 9시부터 5시까지 일한다.
= 그는 9시에서 5시까지 일한다.
45 minutes past 3
= 3시 45분
half the price
= 절반 가격
= 반값
I paid 20 euros and 50 cents.
= 20유로 50센트를 냈다.
! 20유로 5센트를 냈다.
A kilometer is 1000 meters.
= 1킬로미터는 1000미터이다.
= 1km는 1,000m이다.
¥3,000
= 3,000엔
= 3천 엔
! 3만 엔
£5 million
= 500만 파운드
! 50만 파운드
₹500
= 500루피
HK$200
= 200홍콩달러
= 200 홍콩 달러
CHF 50
= 50스위스프랑
= 50프랑
The 100m sprint
= 100m 달리기
= 100미터 달리기
It is 6 feet tall.
= 6피트이다.
? 183cm이다.
200 pounds
= 200파운드
? 약 90kg
Version 2.0.1 is out.
= 버전 2.0.1이 나왔다.
! 버전 2.1.0이 나왔다.
Section 3.2 covers it.
= 3.2절에서 다룬다.
! 3.3절에서 다룬다.
He finished 2nd of 30.
= 그는 30명 중 2등을 했다.
= 그는 30명 중 두 번째로 들어왔다.
He is one of the 3 founders.
= 그는 세 명의 창립자 중 한 사람이다.
= 그는 창립자 3명 중 하나이다.
! 그는 창립자 4명 중 하나이다.
two weeks' notice
= 2주 전 통보
= 이 주 전 통보
= 14일 전 통보
The train is 15 minutes late.
= 기차가 15분 늦었다.
= 기차가 십오 분 늦었다.
! 기차가 50분 늦었다.
200,000,000
= 2억
= 200,000,000
! 2천만
ten thousand steps
= 만 보
= 10,000보
= 1만 보
a hundred and twenty days
= 120일
= 백이십 일
Only 1/3 of 90 is 30.
= 90의 1/3만이 30이다.
= 90의 3분의 1은 30이다.
9/11 attacks
= 9·11 테러
= 9/11 테러
24 hours a day
= 하루 24시간
He ate 1.5 pizzas.
= 그는 피자 한 판 반을 먹었다.
= 그는 피자 1.5판을 먹었다.
= 그는 피자 1판 반을 먹었다.
a 20% discount
= 20% 할인
= 2할 할인
= 20퍼센트 할인
! 20원 할인
the year 300 BCE
= 기원전 300년
! 300년
AD 79
= 서기 79년
= 기원후 79년
3 teaspoons
= 3작은술
= 세 작은술
= 3티스푼
About 1.4 billion people
= 약 14억 명
! 약 1억 4천만 명
5 + (-3) = 2
= 5 + (-3) = 2
! 5 + (3) = 2
The loss was -$3,000.
= 손실은 -3,000달러였다.
= 3,000달러의 손실이 났다.
Between 10 and 20 students, 5 left.
= 10명에서 20명 사이의 학생 중 5명이 떠났다.
In 3 months and 2 weeks
= 3개월 2주 뒤에
= 석 달 2주 뒤에
? 2개월 3주 뒤에
Multiply 12 by 5.
= 12에 5를 곱하세요.
= 12 곱하기 5
40,000 km²
= 4만 km²
= 40,000km²
zero
= 영
= 0
The score was 21-15.
= 점수는 21 대 15였다.
= 점수는 21-15였다.
= 점수는 21:15였다.
? 점수는 15 대 21이었다.
Two hours and fifteen minutes
= 2시간 15분
= 두 시간 십오 분
= 135분
one and a half hours
= 1시간 30분
= 한 시간 반
= 90분
half an hour
= 30분
= 반 시간
a quarter of an hour
= 15분
I have 3 quarters.
= 25센트 동전 3개가 있다.
= 쿼터 동전이 3개 있다.
He is in his mid-30s.
= 그는 30대 중반이다.
$1,234.56
= 1,234.56달러
= 1,234달러 56센트
100 °C
= 100°C
= 섭씨 100도
! 화씨 100도
Mix 250 mL of water with 30 g of salt.
= 물 250mL에 소금 30g을 섞으세요.
= 물 250밀리리터에 소금 30그램을 섞으세요.
! 물 250L에 소금 30g을 섞으세요.
? 물 30mL에 소금 250g을 섞으세요.
He owes me €1,500.75.
= 그는 나에게 1,500.75유로를 빚졌다.
= 그는 나에게 1,500유로 75센트를 빚졌다.
! 그는 나에게 1,500.57유로를 빚졌다.
The recipe serves 4-6 people.
= 이 요리는 4~6인분입니다.
= 이 요리는 4명에서 6명이 먹을 수 있습니다.
! 이 요리는 4~8인분입니다.
Sales rose 12.5% in Q3 2022.
= 2022년 3분기에 매출이 12.5% 늘었다.
! 2022년 3분기에 매출이 1.25% 늘었다.
He was the 44th president.
= 그는 제44대 대통령이었다.
= 그는 44번째 대통령이었다.
! 그는 제45대 대통령이었다.
It opens at 10 a.m. and closes at 6 p.m.
= 오전 10시에 열고 오후 6시에 닫는다.
= 10시에 열고 18시에 닫는다.
! 오후 10시에 열고 오전 6시에 닫는다.
The flight takes 11 hours and 45 minutes.
= 비행은 11시간 45분 걸린다.
! 비행은 11시간 54분 걸린다.
One dozen roses cost $36.
= 장미 열두 송이는 36달러이다.
= 장미 한 다스는 36달러이다.
= 장미 12송이는 36달러다.
World War II ended in 1945.
= 제2차 세계 대전은 1945년에 끝났다.
! 제2차 세계 대전은 1954년에 끝났다.
She walked 2 1/2 miles.
= 그녀는 2.5마일을 걸었다.
= 그녀는 2마일 반을 걸었다.
! 그녀는 2.2마일을 걸었다.
The answer is -3.
= 답은 -3이다.
= 답은 −3이다.
! 답은 3이다.
Solve 2x + 5 = 15.
= 2x + 5 = 15를 푸세요.
! 2x + 5 = 51을 푸세요.
Roughly 70 percent of Earth is water.
= 지구의 약 70퍼센트가 물이다.
= 지구의 약 7할이 물이다.
! 지구의 약 17퍼센트가 물이다.
a 10:1 ratio
= 10:1의 비율
= 10 대 1 비율
? 1:10의 비율
Add .75 cups of milk.
= 우유 0.75컵을 넣으세요.
= 우유 3/4컵을 넣으세요.
! 우유 75컵을 넣으세요.
The bill was $1.2M.
= 청구액은 120만 달러였다.
! 청구액은 12만 달러였다.
I have four hundred dollars.
= 나는 400달러가 있다.
= 나는 사백 달러가 있다.
? 나는 40달러가 있다.
It holds 64 GB of data.
= 64GB의 데이터를 담는다.
= 64기가바이트의 데이터를 담는다.
! 64MB의 데이터를 담는다.
He lived from 1809 to 1865.
= 그는 1809년부터 1865년까지 살았다.
= 그는 1809~1865년에 살았다.
! 그는 1890년부터 1865년까지 살았다.
Turn left after 500 feet.
= 500피트를 지나 왼쪽으로 도세요.
? 약 150m를 지나 왼쪽으로 도세요.
! 500미터를 지나 왼쪽으로 도세요.
Dial 911.
= 911에 전화하세요.
! 119에 전화하세요.
There are 7 days in a week.
= 일주일은 7일이다.
= 일주일에는 일곱 날이 있다.
He works 40 hours per week.
= 그는 일주일에 40시간 일한다.
= 그는 주당 40시간 일한다.
! 그는 주당 48시간 일한다.
Each of the 3 boys ate 2 apples.
= 세 소년은 각각 사과 두 개를 먹었다.
= 소년 3명이 각각 사과 2개씩 먹었다.
! 소년 3명이 각각 사과 4개씩 먹었다.
The 1st and 2nd chapters
= 1장과 2장
= 첫째 장과 둘째 장
= 제1장과 제2장
Twenty percent of 80
= 80의 20퍼센트
= 80의 20%
? 80의 12%
Subtract 9 from 15.
= 15에서 9를 빼세요.
Divide 100 by 4.
= 100을 4로 나누세요.
! 100을 5로 나누세요.
a temperature of 98.6 degrees Fahrenheit
= 화씨 98.6도의 체온
? 섭씨 37도의 체온
! 섭씨 98.6도의 체온
The store is open 24/7.
= 가게는 연중무휴 24시간 영업한다.
= 가게는 하루 24시간 주 7일 영업한다.
Room 305 is on the third floor.
= 305호는 3층에 있다.
= 305호는 삼 층에 있다.
! 350호는 3층에 있다.
It sold 1.5 million copies in 6 weeks.
= 6주 만에 150만 부가 팔렸다.
! 6주 만에 15만 부가 팔렸다.
Pay 30% up front and 70% later.
= 30%를 먼저 내고 70%를 나중에 내세요.
? 70%를 먼저 내고 30%를 나중에 내세요.
Count: 1, 2, 3, 5, 8
= 세기: 1, 2, 3, 5, 8
! 세기: 1, 2, 3, 6, 8
Half of the 60 seats were empty.
= 60석 가운데 절반이 비었다.
= 좌석 60개의 반이 비어 있었다.
The speed limit is 65 mph.
= 제한 속도는 시속 65마일이다.
= 제한 속도는 65mph이다.
! 제한 속도는 시속 65킬로미터이다.
Between 1,000 and 1,500 calories
= 1,000에서 1,500칼로리
= 1000~1500칼로리
It is 3/4 full.
= 4분의 3이 찼다.
= 75% 찼다.
! 3분의 1이 찼다.
At least 8 characters
= 8자 이상
= 최소 여덟 글자
! 6자 이상
two-thirds majority
= 3분의 2 다수결
= 삼분의 이 다수결
Take the 5:45 train.
= 5시 45분 기차를 타세요.
! 5시 15분 기차를 타세요.
He is 1.8 m tall.
= 그는 키가 1.8m다.
= 그는 키가 180cm다.
= 그는 키가 1m 80cm다.
! 그는 키가 1.6m다.
The lottery prize is 10 million won.
= 복권 당첨금은 1,000만 원이다.
= 복권 당첨금은 천만 원이다.
! 복권 당첨금은 100만 원이다.
20/20 vision
= 20/20 시력
from 18 to 24 months
= 18개월에서 24개월까지
= 18~24개월
! 18~36개월
On Monday, 5 May 2025 at 17:00
= 2025년 5월 5일 월요일 17시에
= 2025년 5월 5일 월요일 오후 5시에
! 2025년 5월 5일 월요일 오후 7시에
The first 10 users get 15% off.
= 처음 10명의 사용자는 15% 할인을 받는다.
= 선착순 10명은 15퍼센트 할인을 받는다.
! 처음 100명의 사용자는 15% 할인을 받는다.
It took 3 hours and 5 minutes.
= 3시간 5분 걸렸다.
? 5시간 3분 걸렸다.
Add 2 1/4 cups of flour.
= 밀가루 2와 1/4컵을 넣는다.
= 밀가루 2와 4분의 1컵을 넣는다.
! 밀가루 2와 3/4컵을 넣는다.
It was a 50-50 chance.
= 확률은 반반이었다.
! 확률은 30%였다.
Article 21 of the law
= 그 법의 제21조
= 그 법 21조
! 그 법의 제12조
It cost 21 trillion won.
= 21조 원이 들었다.
! 제21조에 따라 원화로 냈다.
The tower is 330 m tall.
= 탑은 높이가 330m이다.
! 탑은 높이가 330km이다.
Here E = mc^2 holds.
= E = mc²이 성립한다.
! E = mc³이 성립한다.
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
