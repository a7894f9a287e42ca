// The page's words in Korean and English; issue kinds by their code.
export const WORDS = {
  ko: {
    title: "훈민 검토", reviewer: "검토자", language: "English", help: "도움말 (?)", earlier: "앞 쪽", later: "뒤 쪽",
    all: "전체", waiting: "대기", accepted: "승인", edited: "수정", rejected: "제외", anyCode: "모든 오류 종류",
    search: "검색 ( / )", accept: "승인", edit: "수정", save: "저장", cancel: "취소", reject: "제외", english: "영어 유지", mend: "제안대로 고침",
    takeOne: "이 제안을 글에 넣기", byHand: "직접 고친 글에는 제안을 넣을 수 없습니다.", noMend: "제안된 수정이 없습니다.",
    undo: "되돌리기", next: "다음", previous: "이전", rendered: "렌더링 보기", raw: "원문 보기", source: "영어 원문",
    translation: "한국어 번역", other: "레코드의 다른 항목", mended: "자동으로 고친 것", certain: "확실", review: "확인 필요",
    before: "수정 전", perHour: "건/시간", left: "남음", hours: "시간", minutes: "분", done: "완료", empty: "조건에 맞는 레코드가 없습니다.",
    finished: "이 실행은 검토를 이미 지나갔습니다. 목록을 볼 수만 있고, 결정은 반영되지 않습니다.",
    saved: "저장됨", undone: "되돌렸습니다", nothing: "되돌릴 결정이 없습니다.", offline: "서버에 닿지 않습니다. 저장되지 않았습니다:",
    openBy: "다른 검토자가 보고 있습니다:", noEnglish: "이 레코드에는 영어 원문이 없습니다.", note: "메모 (선택)", allDone: "모두 검토했습니다. 같은 hunmin run 명령으로 계속하세요.",
    reused: "이 링크는 이미 쓰였습니다. 터미널에 나온 새 링크로 여세요.", kept_english: "영어 유지", keys: "단축키", move: "다음 / 이전 레코드",
    saveKey: "수정한 것 저장", roleuser: "사용자", roleassistant: "답변", rolesystem: "시스템",
  },
  en: {
    title: "hunmin review", reviewer: "Reviewer", language: "한국어", help: "Help (?)", earlier: "Earlier", later: "Later",
    all: "All", waiting: "Waiting", accepted: "Accepted", edited: "Edited", rejected: "Rejected", anyCode: "Any kind of error",
    search: "Search ( / )", accept: "Accept", edit: "Edit", save: "Save", cancel: "Cancel", reject: "Reject", english: "Keep English", mend: "Take mends",
    takeOne: "Put this mend into the text", byHand: "The text was edited by hand; the mend no longer fits.", noMend: "No mend is proposed.",
    undo: "Undo", next: "Next", previous: "Previous", rendered: "Rendered", raw: "Raw", source: "English source",
    translation: "Korean translation", other: "Other fields of the record", mended: "Mended automatically", certain: "certain", review: "to check",
    before: "before", perHour: "records/hour", left: "left", hours: "h", minutes: "min", done: "done", empty: "No record matches.",
    finished: "The run has gone past this review: the queue can be read, but decisions would not reach it.",
    saved: "Saved", undone: "Taken back", nothing: "There is no decision of yours to take back.", offline: "The server does not answer. Not saved:",
    openBy: "Open in front of another reviewer:", noEnglish: "This record has no English source.", note: "Note (optional)", allDone: "Everything is reviewed. Continue with the same hunmin run command.",
    reused: "This link has been used. Open the new one that the terminal shows.", kept_english: "English kept", keys: "Keys", move: "Next / previous record",
    saveKey: "Save the edit", roleuser: "user", roleassistant: "assistant", rolesystem: "system",
  },
};

export const CODES = {
  code_only: ["코드가 번역됨", "code translated"],
  code_mixed: ["글 속 코드가 바뀜", "code in prose changed"],
  number_lost: ["숫자가 다름", "number lost"],
  math_symbol: ["수식이 바뀜", "formula changed"],
  untranslated: ["번역되지 않음", "not translated"],
  cut_off: ["내용이 잘림", "cut off"],
  markup: ["서식이 깨짐", "markup damaged"],
  task_broken: ["과제가 성립하지 않음", "task broken"],
  foreign_script: ["다른 나라 글자", "foreign script"],
  no_korean: ["한국어가 없음", "no Korean"],
  loop: ["되풀이", "loop"],
  not_a_translation: ["번역이 아님", "not a translation"],
  register_mixed: ["문체가 섞임", "register mixed"],
  sense: ["뜻이 다름", "sense differs"],
};

export const codeName = (code, language) => (CODES[code] ? CODES[code][language === "ko" ? 0 : 1] : code);
