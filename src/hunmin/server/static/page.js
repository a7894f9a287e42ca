// Two answers side by side, a vote, and on with the better one. Answers are shown as text, never as HTML.
import { $, begin as start, doing, post, request, say, speak, view, word } from "/shared.js";

const WORDS = {
  ko: { title: "훈민 대화", anew: "새 대화", language: "English", left: "왼쪽이 낫다 (1)", right: "오른쪽이 낫다 (2)", tie: "비슷하다 (3)", bad: "둘 다 나쁘다 (4)",
    send: "보내기", ask: "무엇이든 물어보세요. Enter로 보내고 Shift+Enter로 줄을 바꿉니다.", vote: "어느 답이 낫습니까?", votes: "개의 선호 기록",
    silent: "모델이 아무 말도 하지 않았습니다.", written: "선호 기록으로 저장했습니다.", unwritten: "선호로 남기지 않았습니다.", offline: "서버에 닿지 않습니다:", reused: "이 링크는 이미 쓰였습니다. 터미널에 나온 새 링크로 여세요." },
  en: { title: "hunmin chat", anew: "New conversation", language: "한국어", left: "Left is better (1)", right: "Right is better (2)", tie: "About equal (3)", bad: "Both are bad (4)",
    send: "Send", ask: "Ask anything. Enter sends, Shift+Enter starts a line.", vote: "Which answer is better?", votes: "preference records",
    silent: "The model said nothing.", written: "Saved as a preference record.", unwritten: "Not kept as a preference.", offline: "The server does not answer:", reused: "This link has been used. Open the new one that the terminal shows." },
};
start(WORDS, { talk: null, open: null, state: null });

function add(tag, kind, parent, text = "") {
  const node = document.createElement(tag);
  node.className = kind;
  node.textContent = text;
  parent.append(node);
  return node;
}

function showState() {
  if (!view.state) return;
  $("talk").classList.toggle("alone", view.state.alone);
  const names = view.state.models.join(" · ");
  $("state").textContent = view.state.alone ? names : `${names} — ${view.state.n_votes} ${word("votes")}`;
  $("state").title = $("state").textContent;
}

async function answer(side, node) {
  const response = await post("answer", { talk: view.talk, side });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let ended = false;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      const piece = JSON.parse(line);
      ended ||= piece.end === true;
      node.textContent += piece.text ?? "";
    }
    $("talk").scrollTop = $("talk").scrollHeight;
  }
  if (!ended) throw new TypeError("…");
}

const ask = () => doing(async () => {
  const text = $("text").value.trim();
  if (!text || view.open) return;
  await post("ask", { talk: view.talk, text });
  $("text").value = "";
  add("div", "question", $("talk"), text).dir = "auto";
  const alone = view.state.alone;
  const pair = add("div", alone ? "pair alone" : "pair", $("talk"));
  const boxes = (alone ? [0] : [0, 1]).map((side) => {
    const box = add("section", "answer", pair);
    if (!alone) add("h2", "", box, side ? "B" : "A");
    const body = add("div", "text", box);
    body.dir = "auto";
    return { box, body };
  });
  say("");
  $("talk").setAttribute("aria-busy", "true");
  try {
    await Promise.all(boxes.map(({ body }, side) => answer(side, body)));
  } finally {
    $("talk").setAttribute("aria-busy", "false");
  }
  if (alone) {
    if (!boxes[0].body.textContent.trim()) say(word("silent"));
    return;
  }
  view.open = boxes;
  $("votes").hidden = false;
  say(word("vote"));
});

const vote = (choice) => doing(async () => {
  if (!view.open) return;
  const done = await (await post("vote", { talk: view.talk, choice })).json();
  view.open.forEach(({ box }, side) => {
    box.querySelector("h2").textContent = `${side ? "B" : "A"} · ${done.names[side]}`;
    if (choice === (side ? "right" : "left")) box.classList.add("better");
  });
  view.open = null;
  $("votes").hidden = true;
  view.state.n_votes = done.n_votes;
  showState();
  say(word(done.written ? "written" : "unwritten"));
  $("text").focus();
});

const begin = () => doing(async () => {
  view.talk = (await (await post("begin")).json()).talk;
  view.open = null;
  $("talk").replaceChildren();
  $("votes").hidden = true;
  say("");
  $("text").focus();
});

function setLanguage(language, kept = true) {
  speak(language, kept);
  $("text").placeholder = word("ask");
  showState();
}

$("form").addEventListener("submit", (event) => {
  event.preventDefault();
  ask();
});
$("text").addEventListener("keydown", (event) => {
  if (event.code !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  ask();
});
document.addEventListener("keydown", (event) => {
  const choice = { Digit1: "left", Digit2: "right", Digit3: "tie", Digit4: "bad" }[event.code];
  if (!choice || !view.open || event.isComposing || (event.target.matches("textarea") && event.target.value)) return;
  event.preventDefault();
  vote(choice);
});
for (const button of document.querySelectorAll("[data-choice]")) button.addEventListener("click", () => vote(button.dataset.choice));
$("new").addEventListener("click", begin);
$("language").addEventListener("click", () => setLanguage(view.language === "ko" ? "en" : "ko"));

setLanguage(view.language, false);
await doing(async () => {
  view.state = await (await request("/api/state")).json();
  setLanguage((!localStorage.getItem("language") && view.state.language) || view.language, false);
});
await begin();
