// Before and after, side by side: which lines stayed, which went, and what stands in their place.
// Lines that occur once on each side pair up (patience diff), the rest joins on from there: n log n, so that a log of 50,000
// lines opens at once. Long runs are folded; their rows are made when someone opens them.

import { count, make } from "./draw.js";

const CONTEXT = 3;
const SHORT = 6;
const AT_ONCE = 400;
const NOTE = /\[[^[\]]*(?:Full text: h:[0-9a-f]{12}|omitted: [^[\]]*|left out[^[\]]*|(?:un|not )changed[^[\]]*|same as[^[\]]*)\]/g;

/** Pairs [left, right] of equal lines, both rising. */
export function pairs(left, right) {
  const places = new Map();
  const see = (lines, side) =>
    lines.forEach((line, index) => {
      const known = places.get(line) ?? [0, 0, 0, 0];
      known[side] += 1;
      known[side + 2] = index;
      places.set(line, known);
    });
  see(left, 0);
  see(right, 1);
  const once = [...places.values()].filter((known) => known[0] === 1 && known[1] === 1).map((known) => [known[2], known[3]]);
  const anchors = [[-1, -1], ...rising(once.sort((one, other) => one[0] - other[0])), [left.length, right.length]];
  const found = [];
  for (let index = 1; index < anchors.length; index += 1) {
    let [a, b] = [anchors[index - 1][0] + 1, anchors[index - 1][1] + 1];
    let [c, d] = anchors[index];
    while (a < c && b < d && left[a] === right[b]) found.push([a++, b++]);
    const tail = [];
    while (a < c && b < d && left[c - 1] === right[d - 1]) tail.push([--c, --d]);
    // Between the ends, each line on the right takes the next equal one on the left, as selection leaves them.
    const waiting = new Map();
    for (let at = c - 1; at >= a; at -= 1) {
      if (waiting.has(left[at])) waiting.get(left[at]).push(at);
      else waiting.set(left[at], [at]);
    }
    for (let at = a; b < d; b += 1) {
      const places = (right[b].trim() && waiting.get(right[b])) || [];
      while (places.length && places.at(-1) < at) places.pop();
      if (places.length) found.push([(at = places.pop() + 1) - 1, b]);
    }
    found.push(...tail.reverse());
    if (index < anchors.length - 1) found.push(anchors[index]);
  }
  return found;
}

/** The longest run of pairs that rises on the right as well. */
function rising(sorted) {
  const ends = [];
  const before = sorted.map(() => -1);
  sorted.forEach(([, right], index) => {
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sorted[ends[middle]][1] < right) low = middle + 1;
      else high = middle;
    }
    before[index] = low ? ends[low - 1] : -1;
    ends[low] = index;
  });
  const found = [];
  for (let at = ends.at(-1) ?? -1; at >= 0; at = before[at]) found.push(sorted[at]);
  return found.reverse();
}

/**
 * Rows for the table: {kind: "same" | "changed", left, right}, with line indices or null.
 * A line that stands on the right with the number it has on the left (`401: ...`) is that line.
 */
export function rows(left, right) {
  const keys = [...left];
  const quoted = right.map((text) => {
    const number = /^(\d+): /.exec(text);
    if (!number || text !== number[0] + left[number[1] - 1]) return text;
    return (keys[number[1] - 1] = `\0${number[1]}`);
  });
  const made = [];
  let [a, b] = [0, 0];
  for (const [c, d] of [...pairs(keys, quoted), [left.length, right.length]]) {
    while (a < c || b < d) made.push({ kind: "changed", left: a < c ? a++ : null, right: b < d ? b++ : null });
    if (c < left.length && d < right.length) made.push({ kind: "same", left: a++, right: b++ });
  }
  return made;
}

/** The table of one edit; in one that is `lossless` what is gone from its place is not lost, only written another way. */
export function table(before, after, lossless) {
  const [left, right] = [before.split("\n"), after.split("\n")];
  const body = make("tbody");
  const all = rows(left, right);
  const kind = (row) => row && (row.kind === "same" ? "same" : row.right === null ? "gone" : "new");
  for (let from = 0; from < all.length; ) {
    let to = from;
    while (to < all.length && kind(all[to]) === kind(all[from])) to += 1;
    const run = all.slice(from, to).map((row) => line(row, left, right));
    const [head, tail] = kind(all[from]) === "new" ? [AT_ONCE, 0] : [CONTEXT, CONTEXT];
    const hidden = run.length > head + tail + SHORT ? run.splice(head, run.length - head - tail) : [];
    const shown = run.map((row) => row());
    if (hidden.length) shown.splice(head, 0, fold(hidden, kind(all[from]), lossless));
    body.append(...shown);
    from = to;
  }
  return make(
    "table",
    { class: lossless ? "diff lossless" : "diff" },
    make("colgroup", {}, ...["at", "text", "at", "text"].map((name) => make("col", { class: name }))),
    make("thead", {}, make("tr", {}, heading(`What the tool printed: ${lines(left)}`), heading(`What the model reads: ${lines(right)}`))),
    body,
  );
}

function heading(text) {
  return make("th", { colspan: 2, scope: "colgroup" }, text);
}

function lines(list) {
  return `${count(list.length)} line${list.length === 1 ? "" : "s"}`;
}

/** A row that is made when it is needed. */
function line(row, left, right) {
  return () => {
    const gone = row.left === null ? "void" : row.kind === "same" ? "" : "gone";
    const fresh = row.right === null ? "void" : row.kind === "same" ? "" : "new";
    return make(
      "tr",
      { class: row.kind },
      make("td", { class: `at left ${gone}` }, row.left === null ? "" : String(row.left + 1)),
      make("td", { class: `left ${gone}` }, row.left === null ? "" : left[row.left]),
      make("td", { class: `at right ${fresh}` }, row.right === null ? "" : String(row.right + 1)),
      make("td", { class: `right ${fresh}` }, ...(row.right === null ? [] : fresh ? noted(right[row.right]) : [right[row.right]])),
    );
  };
}

/** A line of ours: its notes stand out. */
function noted(text) {
  const bare = text.trim();
  if (/^\[[^{["].*\]$/.test(bare)) return [make("mark", {}, text)];
  const made = [];
  let from = 0;
  for (const match of text.matchAll(NOTE)) {
    made.push(text.slice(from, match.index), make("mark", {}, match[0]));
    from = match.index + match[0].length;
  }
  return [...made, text.slice(from)];
}

function fold(hidden, kind, lossless) {
  const words = { same: "unchanged", gone: lossless ? "written another way" : "not shown to the model", new: "more" }[kind];
  const button = make("button", { type: "button" }, `${count(hidden.length)} lines ${words}: show`);
  const row = make("tr", { class: "fold" }, make("td", { colspan: 4 }, button));
  button.addEventListener("click", () => {
    const next = hidden.splice(0, AT_ONCE).map((each) => each());
    row.before(...next);
    if (hidden.length) button.textContent = `${count(hidden.length)} lines ${words}: show more`;
    else row.remove();
    next[0].tabIndex = -1;
    next[0].focus();
  });
  return row;
}
