// What the pages do alike: ask the server, say what came of it, one thing at a time, in Korean or English.
export const $ = (id) => document.getElementById(id);
export const view = { language: localStorage.getItem("language") || ((navigator.language || "").startsWith("ko") ? "ko" : "en"), busy: false };

let words = {};
export const word = (name) => words[view.language]?.[name] ?? name;

// Gives the page its words, {language: {name: text}}, and its own part of the view.
export function begin(its, more) {
  words = its;
  Object.assign(view, more);
}

export async function request(path, options) {
  const response = await fetch(path, options);
  if (response.status === 403) throw new Error(word("reused"));
  if (!response.ok) throw Object.assign(new Error((await response.json()).error), { status: response.status });
  return response;
}

export const post = (name, given = {}) =>
  request(`/api/${name}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(given) });

export function say(text, wrong = false) {
  $("said").textContent = text;
  $("said").className = wrong ? "wrong" : "";
}

// One thing at a time: a key pressed twice does not decide twice.
export async function doing(action) {
  if (view.busy) return;
  view.busy = true;
  try {
    await action();
  } catch (error) {
    say(error instanceof TypeError ? `${word("offline")} ${error.message}` : error.message, true);
  } finally {
    view.busy = false;
  }
}

// Kept only when the reader chose it: until then the page opens in the language of --lang, else of the browser.
export function speak(language, kept = true) {
  view.language = language;
  if (kept) localStorage.setItem("language", language);
  document.documentElement.lang = language;
  for (const node of document.querySelectorAll("[data-word]")) node.textContent = word(node.dataset.word);
}
