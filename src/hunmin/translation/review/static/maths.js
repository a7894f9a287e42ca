// A small LaTeX reader to MathML, enough to see whether a formula survived; what it does not know is shown as it stands.
const NS = "http://www.w3.org/1998/Math/MathML";
const SYMBOLS = {
  alpha: "α", beta: "β", gamma: "γ", delta: "δ", epsilon: "ε", varepsilon: "ε", zeta: "ζ", eta: "η", theta: "θ", iota: "ι", kappa: "κ",
  lambda: "λ", mu: "μ", nu: "ν", xi: "ξ", pi: "π", rho: "ρ", sigma: "σ", tau: "τ", phi: "φ", varphi: "φ", chi: "χ", psi: "ψ", omega: "ω",
  Gamma: "Γ", Delta: "Δ", Theta: "Θ", Lambda: "Λ", Xi: "Ξ", Pi: "Π", Sigma: "Σ", Phi: "Φ", Psi: "Ψ", Omega: "Ω", infty: "∞", partial: "∂",
  nabla: "∇", ell: "ℓ", hbar: "ℏ", emptyset: "∅",
};
const OPERATORS = {
  cdot: "·", times: "×", div: "÷", pm: "±", mp: "∓", le: "≤", leq: "≤", ge: "≥", geq: "≥", ne: "≠", neq: "≠", approx: "≈", equiv: "≡",
  sim: "∼", to: "→", rightarrow: "→", Rightarrow: "⇒", implies: "⇒", leftarrow: "←", iff: "⇔", forall: "∀", exists: "∃", in: "∈",
  notin: "∉", subset: "⊂", subseteq: "⊆", cup: "∪", cap: "∩", land: "∧", lor: "∨", neg: "¬", sum: "∑", prod: "∏", int: "∫", ldots: "…", nonumber: "", notag: "",
  cdots: "⋯", dots: "…", mid: "∣", angle: "∠", triangle: "△", circ: "∘", perp: "⊥", parallel: "∥", quad: "\u2003", ",": "\u2009", " ": "\u2009",
  ";": "\u2005", "!": "", "{": "{", "}": "}", "%": "%", "$": "$", "&": "&", "#": "#", _: "_", "|": "‖", langle: "⟨", rangle: "⟩",
  lfloor: "⌊", rfloor: "⌋", lceil: "⌈", rceil: "⌉",
};
const FUNCTIONS = new Set("sin cos tan cot sec csc log ln exp lim max min gcd lcm det dim arcsin arccos arctan sinh cosh tanh mod".split(" "));
const WORDY = new Set(["text", "mathrm", "mathbf", "mathit", "operatorname", "textbf", "mbox"]);

const node = (tag, ...children) => {
  const made = document.createElementNS(NS, tag);
  made.append(...children);
  return made;
};

export function mathsNode(source, display) {
  const math = node("math");
  if (display) math.setAttribute("display", "block");
  math.setAttribute("aria-label", source);
  math.append(row(tokens(source), ""));
  return math;
}

function tokens(source) {
  return { list: source.match(/\\(?:[a-zA-Z]+|[\s\S])|\s+|\d+(?:\.\d+)?|[\s\S]/gu) || [], at: 0 };
}

function row(input, end) {
  const parts = [];
  while (input.at < input.list.length) {
    const token = input.list[input.at];
    if (token === end) {
      input.at++;
      break;
    }
    if (token === "^" || token === "_") {
      input.at++;
      const below = parts.pop() || node("mrow");
      const script = one(input);
      const pair = { "^": "msup", _: "msub" };
      const other = input.list[input.at];
      if ((other === "^" || other === "_") && other !== token) {
        input.at++;
        const second = one(input);
        parts.push(node("msubsup", below, ...(token === "_" ? [script, second] : [second, script])));
      } else parts.push(node(pair[token], below, script));
      continue;
    }
    parts.push(one(input));
  }
  return node("mrow", ...parts);
}

function one(input) {
  while (/^\s+$/.test(input.list[input.at] || "")) input.at++;
  const token = input.list[input.at++];
  if (token === undefined) return node("mrow");
  if (token === "{") return row(input, "}");
  if (/^\d/.test(token)) return node("mn", token);
  if (!token.startsWith("\\")) return node(/\p{L}/u.test(token) ? "mi" : "mo", token);
  const name = token.slice(1);
  if (name === "frac" || name === "dfrac" || name === "tfrac") return node("mfrac", one(input), one(input));
  if (name === "binom") return node("mrow", node("mo", "("), node("mfrac", one(input), one(input)), node("mo", ")"));
  if (name === "sqrt") {
    if (input.list[input.at] !== "[") return node("msqrt", one(input));
    input.at++;
    const index = row(input, "]");
    return node("mroot", one(input), index);
  }
  if (name === "left" || name === "right") {
    const bracket = input.list[input.at++] || "";
    const known = bracket.startsWith("\\") ? OPERATORS[bracket.slice(1)] || bracket : bracket;
    return node("mo", known === "." ? "" : known);
  }
  if (name === "begin") return grid(input);
  if (name === "overline" || name === "bar" || name === "hat" || name === "vec") {
    return node("mover", one(input), node("mo", { vec: "→", hat: "^" }[name] || "‾"));
  }
  if (WORDY.has(name)) return node("mtext", word(input));
  if (FUNCTIONS.has(name)) return node("mi", name);
  if (name in SYMBOLS) return node("mi", SYMBOLS[name]);
  if (name in OPERATORS) return node("mo", OPERATORS[name]);
  return node("mtext", token);
}

function word(input) {
  if (input.list[input.at] !== "{") return input.list[input.at++] || "";
  let text = "";
  for (input.at++; input.at < input.list.length && input.list[input.at] !== "}"; input.at++) text += input.list[input.at];
  input.at++;
  return text;
}

function grid(input) {
  const name = word(input).replace("*", "");
  if (name === "array" || name === "alignat") word(input); // its columns
  const rows = [[[]]];
  let depth = 0; // of environments within this one, whose & and \\\\ are theirs
  while (input.at < input.list.length) {
    const token = input.list[input.at];
    if (token === "\\end" && depth === 0) {
      input.at++;
      word(input);
      break;
    }
    input.at++;
    if (token === "\\begin") depth++;
    if (token === "\\end") depth--;
    if (token === "&" && depth === 0) rows.at(-1).push([]);
    else if (token === "\\\\" && depth === 0) rows.push([[]]);
    else rows.at(-1).at(-1).push(token);
  }
  if (name === "equation") return node("mrow", ...rows.map((r) => row({ list: r.flat(), at: 0 }, "")));
  const aligned = /^(align|alignat|aligned|split|eqnarray)$/.test(name); // around the relation sign
  const cells = rows.filter((r) => r.some((c) => c.join("").trim()));
  const made = cells.map((r) => node("mtr", ...r.map((c, i) => {
    const cell = node("mtd", row({ list: c, at: 0 }, ""));
    if (aligned) cell.setAttribute("class", i % 2 ? "left" : "right");
    return cell;
  })));
  const sides = { pmatrix: ["(", ")"], bmatrix: ["[", "]"], vmatrix: ["|", "|"], cases: ["{", ""] }[name] || ["", ""];
  return node("mrow", node("mo", sides[0]), node("mtable", ...made), node("mo", sides[1]));
}
