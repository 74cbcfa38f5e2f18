// Building elements, and writing numbers the way a person reads them.
// Everything that came in from outside is inserted as text, never parsed as HTML: `make` has no other way.

const SVG = "http://www.w3.org/2000/svg";

/** An element. `attributes` are set as they are (a function becomes a listener); children are elements or text. */
export function make(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/** The same for a part of a drawing. */
export function draw(name, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

function fill(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === "function") element.addEventListener(key, value);
    else element.setAttribute(key, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

/** A bar of a share of the width; set as a property, since the page allows no inline style. */
export function bar(share, className = "") {
  const made = make("i", { class: className });
  made.style.width = `${Math.max(0, Math.min(1, share)) * 100}%`;
  return made;
}

/** Dollars: two digits from ten cents on, more below, so that a first saving does not read as nothing.
 *  `like` sets the digits where several amounts stand together. */
export function money(value, like = value) {
  const size = Math.abs(like);
  const digits = size >= 0.1 || size === 0 ? 2 : size >= 0.01 ? 3 : 4;
  if (value !== 0 && Math.abs(value) < 0.0001) return value < 0 ? "−<$0.0001" : "<$0.0001";
  const text = Math.abs(value).toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return `${value < 0 ? "−" : ""}$${text}`;
}

/** A count: whole up to 9,999, then shortened. */
export function count(value) {
  const size = Math.abs(value);
  const text =
    size < 10000
      ? Math.round(size).toLocaleString("en-US")
      : size.toLocaleString("en-US", { notation: "compact", maximumSignificantDigits: 3 });
  return `${value < 0 ? "−" : ""}${text}`;
}

/** A share of the whole; only what is all of it reads 100 %. */
export function percent(share) {
  const size = Math.abs(share) * 100;
  const exact = size !== 0 && (size < 10 || (size > 99 && size < 100));
  const text = exact ? Math.min(size, 99.9).toFixed(1) : size.toFixed(0);
  return `${share < 0 ? "−" : ""}${text} %`;
}

export function plural(number, noun) {
  return `${count(number)} ${noun}${number === 1 ? "" : "s"}`;
}

export function milliseconds(value) {
  return value >= 1000 ? `${(value / 1000).toFixed(1)} s` : `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}

/** How long ago `at` (Unix seconds) was. */
export function ago(at, now) {
  const seconds = Math.max(0, now - at);
  if (seconds < 60) return "just now";
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
  return plural(Math.floor(seconds / 86400), "day") + " ago";
}

/** A moment in the reader's own time zone; `step` is the width of what it stands for, in seconds. */
export function moment(at, step = 0) {
  const date = new Date(at * 1000);
  const day = date.toLocaleDateString("en-GB", { day: "numeric", month: "short" });
  if (step >= 86400) return day;
  return `${day}, ${date.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" })}`;
}
