// The review page: one record at a time, decided by keyboard. The server holds all state; a decision is shown as made
// only after the server has it on disk.
import { $, begin, doing, post, request, say, speak, view, word } from "/shared.js";
import { element, marked, placeIn, plain, rendered } from "/text.js";
import { WORDS } from "/words.js";

begin(WORDS, { rendered: false, offset: 0, position: -1, record: null, drafts: new Map(), taken: new Map(), since: 0, idle: 0, state: null, note: "", only: 0 });
// What a kind of issue is called: the server has it from the check; a check without a title goes by its code.
const codeName = (code, language) => view.state?.titles[code]?.[language] ?? code;
const by = () => $("by").value.trim();
const ask = async (name, given = {}) => (await request(`/api/${name}?${new URLSearchParams(given)}`)).json();
const tell = async (name, given) => (await post(name, { ...given, by: by() })).json();

// --- the list ---

const filters = () => ({ status: $("status").value, code: $("code").value, search: $("search").value });

async function showList(offset = view.offset) {
  const page = await ask("list", { ...filters(), offset });
  view.offset = page.offset;
  $("list").replaceChildren(...page.lines.map(line));
  const first = page.n ? page.offset + 1 : 0;
  $("pages").textContent = `${first}–${Math.min(page.offset + page.size, page.n)} / ${page.n.toLocaleString()}`;
  $("earlier").disabled = page.offset === 0;
  $("later").disabled = page.offset + page.size >= page.n;
  view.only = view.state?.finished ? 0 : page.only;
  showAll(false);
  return page;
}

// Accepting all of a rule takes two clicks: the first says how many.
function showAll(sure) {
  $("all").hidden = !view.only;
  $("all").classList.toggle("danger", sure);
  $("all").textContent = word(sure ? "acceptAllSure" : "acceptAll").replace("{n}", view.only.toLocaleString());
  $("all").onclick = sure ? acceptAll : () => showAll(true);
}

const acceptAll = () => doing(async () => {
  const { code, search } = filters();
  const done = await tell("accept_rule", { code, search });
  showState(done.state);
  const page = await showList(0);
  await open(page.lines[0]?.position ?? -1);
  say(word("acceptedAll").replace("{n}", done.n.toLocaleString()));
});

function line(row) {
  const kind = row.certain ? "certain" : "review";
  const codes = row.codes.map((code) => element("span", { class: `badge ${kind}` }, codeName(code, view.language)));
  const status = row.status === "waiting" ? [] : [element("span", { class: `badge ${row.status}` }, word(row.status))];
  return element("li", { "data-position": row.position, "aria-current": row.position === view.position ? "true" : null,
    onclick: () => doing(() => open(row.position)) },
    ...status, ...codes, element("span", { class: "id" }, row.id), element("span", { class: "snippet", dir: "auto" }, ...plain(row.snippet)));
}

function showState(state) {
  view.state = state;
  $("title").textContent = `${word("title")} · ${state.run}`;
  document.title = `${state.waiting} · ${word("title")}`;
  $("progress").max = state.n || 1;
  $("progress").value = state.n - state.waiting;
  $("count").textContent = `${(state.n - state.waiting).toLocaleString()} / ${state.n.toLocaleString()} ${word("done")}`;
  $("finished").hidden = !state.finished;
  const left = state.seconds_left;
  const time = left === null ? "" : left >= 3600 ? `${(left / 3600).toFixed(1)} ${word("hours")}` : `${Math.ceil(left / 60)} ${word("minutes")}`;
  $("pace").textContent = state.records_per_hour ? `${state.records_per_hour.toLocaleString()} ${word("perHour")} · ${time} ${word("left")}` : "";
}

// --- the record ---

async function open(position) {
  view.drafts.clear();
  view.taken.clear();
  view.note = "";
  if (position < 0) {
    view.position = -1;
    view.record = null;
    const done = view.state && view.state.waiting === 0 && view.state.n > 0;
    $("record").replaceChildren(element("p", { class: "empty" }, done ? word("allDone") : word("empty")));
    showActions();
    return;
  }
  view.record = await ask("record", { position, by: by() });
  view.position = position;
  view.since = performance.now();
  for (const item of $("list").children) {
    const here = Number(item.dataset.position) === position;
    if (here) item.scrollIntoView({ block: "nearest" });
    here ? item.setAttribute("aria-current", "true") : item.removeAttribute("aria-current");
  }
  showRecord();
  $("record").scrollTop = 0;
}

function showRecord() {
  const record = view.record;
  if (!record) return;
  const decision = record.decision;
  const head = element("div", { class: "head" }, element("span", { class: "id" }, record.id));
  if (decision) {
    head.append(element("span", { class: `badge ${decision.action}` }, word(decision.action), decision.by ? ` · ${decision.by}` : ""));
    if (decision.english) head.append(element("span", { class: "badge status" }, word("kept_english")));
    if (decision.note) head.append(element("span", {}, ...plain(decision.note)));
  }
  if (record.open_by) head.append(element("span", { class: "badge review" }, `${word("openBy")} ${record.open_by}`));
  const issues = record.issues.map((issue) => element("li", {},
    element("span", { class: `badge ${issue.severity}` }, `${codeName(issue.code, view.language)} · ${word(issue.severity)}`),
    element("span", { class: "where" }, issue.field, " "), ...plain(detailOf(issue)), ...mendOf(issue)));
  const parts = [head, element("ul", { class: "issues" }, ...issues), ...record.fields.map(showField)];
  if (record.mended.length) parts.push(more(word("mended"), record.mended.map((i) => [codeName(i.code, view.language), `${i.field} ${detailOf(i)}`])));
  const other = Object.entries(record.other).map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value, null, 1)]);
  if (other.length) parts.push(more(word("other"), other));
  $("record").replaceChildren(...parts);
  showActions();
}

// A proposed mend: what stands there now and what would stand there; a click puts it into the text to edit.
const SHOWN = 160;
const short = (text) => (text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text);

function mendOf(issue) {
  const mend = issue.proposal;
  const field = view.record.fields.find((f) => f.path === issue.field);
  if (!mend || !field) return [];
  const now = Array.from(field.text).slice(mend.start, mend.end).join("");
  return [" ", element("button", { type: "button", class: "mend", title: word("takeOne"), onclick: () => takeOne(issue) },
    element("del", {}, ...plain(short(now))), " → ", element("ins", {}, ...plain(short(mend.text))))];
}

// Proposals of one field never overlap; several issues may carry the same one.
function mended(text, mends) {
  const points = Array.from(text);
  const once = [...new Map(mends.map((m) => [JSON.stringify([m.start, m.end, m.text]), m])).values()];
  for (const m of once.sort((a, b) => b.start - a.start || b.end - a.end)) points.splice(m.start, m.end - m.start, m.text);
  return points.join("");
}

function more(title, rows) {
  const list = rows.flatMap(([name, value]) => [element("dt", {}, name), element("dd", { dir: "auto" }, ...plain(value))]);
  return element("details", {}, element("summary", {}, title), element("dl", {}, ...list));
}

// Checks say what they found in Korean and English, "... / ..."; one half is enough for a reader.
function detailOf(issue) {
  const halves = String(issue.detail ?? "").split(" / ");
  if (halves.length !== 2 || !/[가-힣]/.test(halves[0])) return halves.join(" / ");
  return halves[view.language === "ko" ? 0 : 1];
}

function spansOf(path, side) {
  const field = view.record.fields.find((f) => f.path === path);
  return view.record.issues.filter((issue) => issue.field === path && Array.isArray(issue[side])).map((issue) => {
    const span = { start: issue[side][0], end: issue[side][1], severity: issue.severity,
      title: `${codeName(issue.code, view.language)}: ${detailOf(issue)}` };
    return side === "target_span" && field.source ? missingFrom(field, issue, span) : span;
  });
}

// A number that nothing stands for is pointed at where it belongs; the check names the line it is lost from.
function missingFrom(field, issue, span) {
  const there = Array.from(field.text).slice(span.start, span.end).join("").trim();
  if (issue.code !== "number_lost" || !Array.isArray(issue.source_span) || !/\s/.test(there)) return span;
  const [from, to] = issue.source_span;
  const lost = Array.from(field.source).slice(from, to).join("");
  const start = issue.proposal?.start ?? placeIn(field.text, [span.start, span.end], field.source, from);
  return { ...span, start, end: start, place: `${lost}?` };
}

function textNode(text, spans, language) {
  const content = view.rendered ? rendered(text) : marked(text, spans);
  return element("div", { class: view.rendered ? "text as-rendered" : "text", dir: "auto", lang: language }, ...content);
}

function showField(field) {
  const edited = view.record.decision?.texts?.[field.path];
  const current = edited ?? field.text;
  const role = field.role ? ` · ${word(`role${field.role}`)}` : "";
  const right = element("div", { class: "side" }, element("h3", {}, word("translation")));
  if (view.drafts.has(field.path)) {
    const area = element("textarea", { "data-path": field.path, lang: "ko", spellcheck: "false", dir: "auto", "aria-label": field.path });
    area.value = view.drafts.get(field.path);
    area.addEventListener("input", () => view.drafts.set(field.path, area.value));
    right.append(area);
  } else {
    const text = textNode(current, edited === undefined ? spansOf(field.path, "target_span") : [], "ko");
    text.classList.add("editable");
    text.tabIndex = 0;
    text.dataset.path = field.path;
    text.addEventListener("dblclick", () => edit(field.path));
    right.append(text);
    if (edited !== undefined) right.append(element("details", { class: "before" }, element("summary", {}, word("before")), textNode(field.text, [], "ko")));
  }
  const sides = [right];
  if (field.source) sides.unshift(element("div", { class: "side" }, element("h3", {}, word("source")), textNode(field.source, spansOf(field.path, "source_span"), "en")));
  return element("section", { class: "field" }, element("h2", {}, field.path + role), element("div", { class: field.source ? "pair" : "pair alone" }, ...sides));
}

// --- deciding ---

const ready = () => view.record && !view.state.finished;

function edit(path) {
  if (!ready()) return;
  const focused = document.activeElement?.dataset?.path;
  const flagged = view.record.issues.map((issue) => issue.field).find((p) => view.record.fields.some((f) => f.path === p));
  const chosen = path || focused || flagged || view.record.fields[0]?.path;
  const field = view.record.fields.find((f) => f.path === chosen);
  if (!field) return;
  if (!view.drafts.has(chosen)) view.drafts.set(chosen, view.record.decision?.texts?.[chosen] ?? field.text);
  showRecord();
  const area = document.querySelector(`textarea[data-path="${CSS.escape(chosen)}"]`);
  area.focus();
}

function takeOne(issue) {
  if (!ready()) return;
  const path = issue.field;
  const field = view.record.fields.find((f) => f.path === path);
  const taken = view.taken.get(path) ?? [];
  if (view.drafts.has(path) && view.drafts.get(path) !== mended(field.text, taken)) return say(word("byHand"), true);
  view.taken.set(path, [...taken, issue.proposal]);
  view.drafts.set(path, mended(field.text, view.taken.get(path)));
  showRecord();
}

function takeMends() {
  if (!ready()) return;
  const texts = Object.fromEntries(view.drafts);
  for (const field of view.record.fields) {
    const mends = view.record.issues.filter((issue) => issue.field === field.path && issue.proposal).map((issue) => issue.proposal);
    if (mends.length && !view.drafts.has(field.path)) texts[field.path] = mended(field.text, mends);
  }
  if (!Object.keys(texts).length) return say(word("noMend"), true);
  decide("edited", { texts });
}

function cancel() {
  view.drafts.clear();
  view.taken.clear();
  showRecord();
  $("record").focus();
}

function decide(action, given = {}) {
  if (!ready()) return Promise.resolve();
  return doing(async () => {
    const { position, content, id, turn } = view.record;
    const seconds = (performance.now() - view.since) / 1000;
    let answer;
    try {
      answer = await tell("decide", { position, content, action, seconds, turn, note: view.note, ...given });
    } catch (error) {
      if (error.status !== 409) throw error;
      const drafts = [...view.drafts];
      showState(await ask("state"));
      await showList();
      await open(position); // shows what the other reader decided; deciding again is then meant
      for (const [path, text] of drafts) view.drafts.set(path, text);
      showRecord();
      return say(error.message, true);
    }
    view.drafts.clear();
    showState(answer.state);
    say(`${word("saved")}: ${id} · ${word(answer.decision.action)}`);
    const next = await ask("next", { position, step: 1, ...filters(), by: by() });
    await showList();
    await open(next.position);
    $("record").focus();
  });
}

const accept = () => (view.drafts.size ? save() : decide("accepted"));
const save = () => decide("edited", { texts: Object.fromEntries(view.drafts) });
const reject = () => decide("rejected");

function keepEnglish() {
  if (!ready()) return;
  const flagged = new Set(view.record.issues.map((issue) => issue.field));
  const focused = document.activeElement?.dataset?.path;
  const fields = view.record.fields.filter((f) => f.source && (focused ? f.path === focused : flagged.has(f.path)));
  if (!fields.length) return say(word("noEnglish"), true);
  const texts = Object.fromEntries([...view.drafts, ...fields.map((f) => [f.path, f.source])]);
  decide("edited", { texts, english: fields.map((f) => f.path) });
}

const undo = () => doing(async () => {
  if (view.state.finished) return;
  const answer = await tell("undo", {});
  showState(answer.state);
  if (answer.position < 0) return say(word("nothing"), true);
  await showList();
  await open(answer.position);
  say(word("undone"));
});

const move = (step) => doing(async () => {
  if (view.position < 0) return;
  const next = await ask("next", { position: view.position, step, ...filters(), by: by() });
  if (next.position >= 0) await open(next.position);
});

function toggle() {
  view.rendered = !view.rendered;
  showRecord();
}

function showActions() {
  const editing = view.drafts.size > 0;
  const off = !ready();
  const button = (name, key, action, kind, disabled = off) =>
    element("button", { type: "button", id: `do-${name}`, class: kind, disabled, onclick: action }, `${word(name)} `, element("kbd", {}, key));
  const buttons = editing
    ? [button("save", "Ctrl+↵", save, "main"), button("cancel", "Esc", cancel)]
    : [button("accept", "A", accept, "main"), button("edit", "E", () => edit())];
  const mends = view.record?.issues.some((issue) => issue.proposal);
  if (mends) buttons.splice(1, 0, button("mend", "M", takeMends));
  buttons.push(button("english", "O", keepEnglish), button("reject", "X", reject, "danger"),
    button("undo", "U", undo, "", !view.state || view.state.finished), button("previous", "K", () => move(-1), "", !view.record), button("next", "J", () => move(1), "", !view.record),
    button(view.rendered ? "raw" : "rendered", "T", toggle, "", !view.record));
  $("actions").replaceChildren(...buttons);
}

// --- keys: by place on the keyboard, so that they work while the Korean layout is on ---

const KEYS = { KeyA: accept, KeyE: () => edit(), KeyX: reject, KeyO: keepEnglish, KeyM: takeMends, KeyU: undo, KeyJ: () => move(1), KeyK: () => move(-1),
  ArrowDown: () => move(1), ArrowUp: () => move(-1), KeyT: toggle, KeyL: () => setLanguage(view.language === "ko" ? "en" : "ko"), Enter: () => edit() };

document.addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  const typing = event.target.matches("input, textarea, select");
  if (event.code === "Enter" && (event.ctrlKey || event.metaKey) && view.drafts.size) {
    event.preventDefault();
    save();
    return;
  }
  if (event.code === "Escape") {
    if (view.drafts.size) cancel();
    else event.target.blur();
    return;
  }
  if (typing || event.ctrlKey || event.metaKey || event.altKey || $("help").open) return;
  if (event.key === "?") return void (event.preventDefault(), showHelp());
  if (event.code === "Slash") return void (event.preventDefault(), $("search").focus());
  if (event.code === "Enter" && event.target.matches("button, summary")) return;
  const action = KEYS[event.code];
  if (!action || event.repeat) return;
  event.preventDefault();
  action();
});

function showHelp() {
  const rows = [["A", "accept"], ["E", "edit"], ["Ctrl+↵", "saveKey"], ["Esc", "cancel"], ["M", "mend"], ["O", "english"], ["X", "reject"], ["U", "undo"], ["J / K", "move"],
    ["T", "rendered"], ["/", "search"], ["L", "language"]];
  $("help").replaceChildren(element("h2", {}, word("keys")), element("dl", {}, ...rows.flatMap(([key, name]) => [element("dt", {}, element("kbd", {}, key)), element("dd", {}, word(name))])),
    element("form", { method: "dialog" }, element("button", { autofocus: true }, "OK")));
  $("help").showModal();
}

// --- starting ---

function setLanguage(language) {
  speak(language);
  fillFilters();
  if (view.state) showState(view.state);
  if (view.record) showRecord();
  doing(showList);
}

function fillFilters() {
  const status = $("status").value ?? "waiting";
  const code = $("code").value;
  $("status").replaceChildren(...["waiting", "accepted", "edited", "rejected"].map((name) => element("option", { value: name }, word(name))), element("option", { value: "" }, word("all")));
  if (status !== "" || view.record) $("status").value = status;
  const codes = Object.entries(view.state?.codes ?? {});
  $("code").replaceChildren(element("option", { value: "" }, word("anyCode")), ...codes.map(([name, n]) => element("option", { value: name }, `${codeName(name, view.language)} (${n})`)));
  $("code").value = code;
  $("search").placeholder = word("search");
}

// Unlike a key, a filter chosen while something is under way still counts: it is looked up right afterwards.
function refilter() {
  clearTimeout(typed);
  if (view.busy) return void (typed = setTimeout(refilter, 50));
  doing(async () => {
    const page = await showList(0);
    await open(page.lines[0]?.position ?? -1);
  });
}

let typed;
$("search").addEventListener("input", () => {
  clearTimeout(typed);
  typed = setTimeout(refilter, 200);
});
$("filters").addEventListener("submit", (event) => event.preventDefault());
$("status").addEventListener("change", refilter);
$("code").addEventListener("change", refilter);
$("earlier").addEventListener("click", () => doing(() => showList(view.offset - 200)));
$("later").addEventListener("click", () => doing(() => showList(view.offset + 200)));
$("language").addEventListener("click", () => setLanguage(view.language === "ko" ? "en" : "ko"));
$("help-button").addEventListener("click", showHelp);
$("by").value = localStorage.getItem("by") || "";
$("by").addEventListener("change", () => localStorage.setItem("by", by()));
window.addEventListener("beforeunload", (event) => {
  if (view.drafts.size) event.preventDefault();
});

await doing(async () => {
  showState(await ask("state"));
  if (view.state.finished) document.body.classList.add("finished");
});
speak((!localStorage.getItem("language") && view.state?.language) || view.language, false);
fillFilters();
if (view.state) showState(view.state);
if (view.state?.finished) $("status").value = "";
await doing(async () => {
  const page = await showList(0);
  await open(page.lines[0]?.position ?? -1);
});
