// Text to DOM nodes. Records are strangers' data: everything becomes a text node, nothing is parsed as HTML.
import { mathsNode } from "/maths.js";

export function element(tag, options = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "class") node.className = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

// Characters that turn text around or hide in it are shown by name, so that a reader sees what is there.
const HIDDEN = {
  "\u200b": "ZWSP", "\u200c": "ZWNJ", "\u200d": "ZWJ", "\u200e": "LRM", "\u200f": "RLM", "\u202a": "LRE", "\u202b": "RLE",
  "\u202c": "PDF", "\u202d": "LRO", "\u202e": "RLO", "\u2066": "LRI", "\u2067": "RLI", "\u2068": "FSI", "\u2069": "PDI",
  "\ufeff": "BOM", "\u00ad": "SHY", "\u00a0": "NBSP", "\u0000": "NUL",
};
const HIDDEN_PATTERN = new RegExp(`[${Object.keys(HIDDEN).join("")}]`, "u");

export function plain(text) {
  const nodes = [];
  let rest = text;
  for (;;) {
    const at = rest.search(HIDDEN_PATTERN);
    if (at < 0) break;
    if (at) nodes.push(rest.slice(0, at));
    nodes.push(element("span", { class: "hidden-character" }, HIDDEN[rest[at]]));
    rest = rest.slice(at + 1);
  }
  if (rest) nodes.push(rest);
  return nodes;
}

// Where a lost number belongs in a target span that is a whole line: at the share of its sentence that it had in the
// source, between two words. Only a hint, which is why it stands there as a mark and not as text.
export function placeIn(text, [start, end], source, at) {
  const points = Array.from(text);
  const before = Array.from(source);
  const stop = (point) => /[.!?\n]/.test(point ?? "\n");
  let from = at;
  let to = at;
  while (from > 0 && !(stop(before[from - 1]) && /\s|undefined/.test(String(before[from])))) from--;
  while (to < before.length && !(stop(before[to]) && /\s|undefined/.test(String(before[to + 1])))) to++;
  let place = start + Math.round(((at - from) / Math.max(1, to - from)) * (end - start));
  while (place > start && !/\s/.test(points[place - 1] ?? " ")) place--;
  return place;
}

// `spans` = [{start, end, severity, title}] in code points; where they overlap, a piece carries all of their classes.
// One with a `place` is a point: what is missing there.
export function marked(text, spans) {
  const points = Array.from(text);
  const inside = spans.filter((s) => s.place === undefined && s.end > s.start && s.start < points.length);
  const places = spans.filter((s) => s.place !== undefined).map((s) => ({ ...s, start: Math.min(s.start, points.length) }));
  const ends = [...inside.flatMap((s) => [s.start, Math.min(s.end, points.length)]), ...places.map((s) => s.start)];
  const cuts = [...new Set([0, points.length, ...ends])];
  cuts.sort((a, b) => a - b);
  const nodes = [];
  const missing = (at) => places.filter((s) => s.start === at)
    .map((s) => element("mark", { class: `${s.severity} place`, title: s.title }, ...plain(s.place)));
  for (let i = 0; i + 1 < cuts.length; i++) {
    nodes.push(...missing(cuts[i]));
    const piece = plain(points.slice(cuts[i], cuts[i + 1]).join(""));
    const over = inside.filter((s) => s.start <= cuts[i] && s.end >= cuts[i + 1]);
    if (!over.length) nodes.push(...piece);
    else {
      const severity = over.some((s) => s.severity === "certain") ? "certain" : "review";
      nodes.push(element("mark", { class: severity, title: over.map((s) => s.title).join("\n") }, ...piece));
    }
  }
  if (points.length) nodes.push(...missing(points.length));
  return nodes;
}

// --- rendered: markdown's common parts, code, tables, maths ---

export function rendered(text) {
  const nodes = [];
  const lines = text.split("\n");
  for (let i = 0; i < lines.length; ) {
    const fence = lines[i].match(/^\s*(```+|~~~+)\s*(\S*)/);
    if (fence) {
      let end = i + 1;
      while (end < lines.length && !lines[end].trim().startsWith(fence[1])) end++;
      const code = lines.slice(i + 1, end).join("\n");
      nodes.push(element("pre", { class: "code" }, element("code", {}, ...plain(code))));
      i = end + 1;
      continue;
    }
    const display = lines[i].match(/^\s*(\$\$|\\\[|\\begin\{(?:align|equation|gather|multline|eqnarray|split|alignat)\*?\})/);
    if (display) {
      const bare = display[1].startsWith("\\begin"); // an environment of its own, which is its own delimiter
      const close = bare ? display[1].replace("\\begin", "\\end") : display[1] === "$$" ? "$$" : "\\]";
      const rest = lines.slice(i).join("\n");
      const start = rest.indexOf(display[1]) + (bare ? 0 : 2);
      const found = rest.indexOf(close, start + (bare ? 1 : 0));
      const end = found >= 0 && bare ? found + close.length - 2 : found;
      if (end >= 0) {
        nodes.push(mathsNode(rest.slice(start, bare ? end + 2 : end), true));
        i += rest.slice(0, end + 2).split("\n").length;
        const tail = rest.slice(end + 2).split("\n")[0];
        if (tail.trim()) nodes.push(element("p", {}, ...inline(tail)));
        continue;
      }
    }
    if (/^\s*\|.*\|\s*$/.test(lines[i]) && /^\s*\|[\s:|-]+\|\s*$/.test(lines[i + 1] || "")) {
      let end = i + 2;
      while (end < lines.length && /^\s*\|.*\|\s*$/.test(lines[end])) end++;
      nodes.push(table([lines[i], ...lines.slice(i + 2, end)]));
      i = end;
      continue;
    }
    const heading = lines[i].match(/^(#{1,6})\s+(.*)$/);
    const item = lines[i].match(/^(\s*)([-*+]|\d+[.)])\s+(.*)$/);
    if (heading) nodes.push(element("p", { class: `heading h${heading[1].length}` }, ...inline(heading[2])));
    else if (item) nodes.push(element("p", { class: "item" }, `${item[1]}${/\d/.test(item[2]) ? item[2] : "•"} `, ...inline(item[3])));
    else if (lines[i].trim()) nodes.push(element("p", {}, ...inline(lines[i])));
    else nodes.push(element("p", { class: "blank" }));
    i++;
  }
  return nodes;
}

function table(rows) {
  const cells = (row) => row.trim().slice(1, -1).split(/(?<!\\)\|/);
  const made = rows.map((row, r) =>
    element("tr", {}, ...cells(row).map((cell) => element(r ? "td" : "th", {}, ...inline(cell.trim())))));
  return element("table", {}, ...made);
}

const INLINE = /(`+)([^`]|[^`].*?[^`])\1(?!`)|\\\((.+?)\\\)|\$(?!\s)([^$\n]+?)(?<!\s)\$(?!\d)|\*\*(.+?)\*\*|(?<![\w*])\*([^*\s][^*]*?)\*(?![\w*])/u;

function inline(text) {
  const nodes = [];
  let rest = text;
  for (let found; (found = rest.match(INLINE)); rest = rest.slice(found.index + found[0].length)) {
    nodes.push(...plain(rest.slice(0, found.index)));
    const [, ticks, code, round, dollar, bold, italic] = found;
    if (ticks) nodes.push(element("code", {}, ...plain(code)));
    else if (round || dollar) nodes.push(mathsNode(round || dollar, false));
    else if (bold) nodes.push(element("strong", {}, ...inline(bold)));
    else nodes.push(element("em", {}, ...inline(italic)));
  }
  nodes.push(...plain(rest));
  return nodes;
}
