// The parts of the page, each made from its part of the data.

import { bar, count, make, milliseconds, money, percent, plural } from "./draw.js";

/** The bill that the page is about: what was paid, or else what a subscription's requests would have cost. */
function main({ paid, equivalent }) {
  return paid.saved !== null ? paid : equivalent.saved !== null ? equivalent : null;
}

/** The large figure, and what has to be said beside it. */
export function hero({ totals: { money: bills } }, place) {
  const { paid, equivalent } = bills;
  const shown = main(bills);
  place.saved.textContent = shown ? money(shown.saved) : "Not known yet";
  place.saved.className = `huge ${!shown ? "words neutral" : shown.saved < 0 ? "bad" : shown.saved > 0 ? "" : "neutral"}`;
  const before = shown ? shown.spent + shown.saved : 0;
  place.share.textContent = shown
    ? `${percent(Math.abs(shown.saved) / (before || 1))} ${shown.saved < 0 ? "more than" : "of"} ${money(before)}${shown === paid ? "" : ", API-equivalent"}`
    : "No request so far had both a price and a bill.";
  const notes = [];
  if (shown === equivalent) notes.push(["API-equivalent: ", "on a subscription nothing is paid per token. This is what the same requests would cost with an API key."]);
  if (shown === paid && equivalent.saved !== null) notes.push([`${money(equivalent.saved)} API-equivalent`, " on subscriptions, where nothing is paid per token; not counted above."]);
  if (shown && shown.saved < 0) notes.push(["", "What this proxy added costs more than it saved so far. Conversations below show where."]);
  if (shown?.hidden) notes.push([money(shown.hidden), " for giving originals back is charged against it."]);
  if (shown?.marks_saved) notes.push([money(shown.marks_saved), ` ${shown.marks_saved < 0 ? "lost" : "saved"} by the cache marks it set; a figure of its own, not counted above.`]);
  const unknown = paid.unknown + equivalent.unknown;
  if (unknown) notes.push([plural(unknown, "request"), " without a known price or bill: unknown, not counted as zero."]);
  place.notes.replaceChildren(...notes.map(([strong, text]) => make("li", {}, make("b", {}, strong), text)));
}

export function tiles(totals) {
  const { tokens, billed, added_ms: added, cache_hit_share: hits } = totals;
  const before = tokens.sent + tokens.saved;
  const input = billed.fresh + billed.cache_read + billed.cache_write + billed.cache_write_1h;
  return [
    tile("Tokens saved", count(tokens.saved), before ? `${percent(tokens.saved / before)} of what clients sent, estimated` : "of what clients sent"),
    tile("Cache hits", hits === null ? "unknown" : percent(hits), hits === null ? "no bill has been seen yet" : `of ${count(input)} input tokens billed`, hits),
    tile("Requests", count(totals.requests), totals.errors ? `${count(totals.errors)} answered with an error, or not at all` : "each answered without an error"),
    tile("Time added", added ? milliseconds(added.p50) : "unknown", added ? `half of the time; 99 times in 100 below ${milliseconds(added.p99)}` : "no request yet"),
    tile("Given back", count(totals.retrievals), `originals asked for; ${plural(totals.edits, "text")} made shorter`),
    tile("Failures", count(totals.failures), totals.failures ? "each left its text as it came; see below" : "nothing went wrong"),
  ];
}

function tile(name, figure, detail, share = null) {
  const meter = share === null ? null : make("div", { class: "meter", "aria-hidden": "true" }, bar(share));
  return make("div", { class: "tile" }, make("dt", {}, name), make("dd", { class: "figure" }, figure), make("dd", { class: "detail" }, meter, detail));
}

/** `name` is "rows" where a narrow screen shows each row as a paragraph. */
function table(heads, body, name = "") {
  return make("table", { class: `table ${name}` }, make("thead", {}, make("tr", {}, ...heads.map(([text, name]) => make("th", { scope: "col", class: name }, text)))), make("tbody", {}, ...body));
}

/** A bar for before, and one for after. */
function sizes(before, after, largest) {
  return make("div", { class: "sizes", "aria-hidden": "true" }, bar(before / largest), bar(after / largest, "after"));
}

export function kinds(list) {
  if (!list.length) return make("p", { class: "soft" }, "Nothing compressed in this period.");
  const largest = Math.max(1, ...list.map((each) => each.removed));
  return table(
    [["Kind"], ["", "wide"], ["Requests", "number wide"], ["Tokens saved", "number"], ["Saved, net", "number"]],
    list.map((each) =>
      make(
        "tr",
        {},
        make("td", {}, each.kind || "other"),
        make("td", { class: "wide" }, make("div", { class: "sizes", "aria-hidden": "true" }, bar(each.removed / largest, "after"))),
        make("td", { class: "number wide" }, count(each.requests)),
        make("td", { class: "number" }, count(each.removed)),
        worth(each),
      ),
    ),
  );
}

/** A cell of money: unknown where it is, and labelled where nothing was paid. */
function worth({ saved, equivalent }) {
  const known = saved ?? equivalent;
  const label = saved === null && equivalent !== null ? make("small", {}, "API-equivalent") : null;
  return make("td", { class: `number ${known === null ? "calm" : known < 0 ? "bad" : ""}`, "data-label": "Saved" }, known === null ? "unknown" : money(known), label);
}

const CLASSES = [
  ["cache_read", "read", "Read from the cache"],
  ["cache_write", "write", "Written to the cache"],
  ["cache_write_1h", "long", "Written for longer"],
  ["fresh", "fresh", "Fresh input"],
  ["output", "output", "Output"],
];

export function bill({ billed, money: { paid, equivalent } }) {
  const total = CLASSES.reduce((sum, [key]) => sum + billed[key], 0);
  if (!total) return make("p", { class: "soft" }, "No provider has reported a bill yet. Streams of some clients carry none.");
  const present = CLASSES.filter(([key]) => billed[key]);
  return [
    make("div", { class: "split", "aria-hidden": "true" }, ...present.map(([key, name]) => bar(billed[key] / total, `fill-${name}`))),
    table(
      [["Counted by the provider"], ["Tokens", "number"], ["Share", "number"]],
      present.map(([key, name, text]) =>
        make("tr", {}, make("td", {}, make("span", { class: `swatch fill-${name}`, "aria-hidden": "true" }), text), make("td", { class: "number" }, count(billed[key])), make("td", { class: "number" }, percent(billed[key] / total))),
      ),
    ),
    ...[["", paid], [", API-equivalent", equivalent]].filter(([, each]) => each.saved !== null).map(([label, each]) => sums(label, each)),
  ];
}

/** The two bills that are compared. */
function sums(label, { spent, saved }) {
  return make(
    "dl",
    { class: "sums" },
    ...[["Would have cost", spent + saved], ["Did cost", spent]].flatMap(([text, value]) => [make("dt", {}, text + label), make("dd", { class: "strong" }, money(value))]),
  );
}

export function edits(list, open) {
  if (!list.length) return make("p", { class: "soft" }, "Nothing compressed in this period. Short texts, errors and files that an agent may edit stay as they are.");
  const largest = Math.max(...list.map((each) => each.tokens_before));
  return table(
    [["Tool"], ["How"], ["Before and after", "wide"], ["Tokens", "number"], ["Less", "number"], ["When", "number wide"]],
    list.map((each) =>
      make(
        "tr",
        {},
        make("td", {}, make("button", { type: "button", class: "opener", "data-key": each.key, click: () => open(each) }, each.tool || "a document")),
        make("td", {}, each.compressor, " ", make("span", { class: `badge ${each.lossless ? "held" : ""}` }, each.lossless ? "nothing left out" : "with a handle")),
        make("td", { class: "wide" }, sizes(each.tokens_before, each.tokens_after, largest)),
        make("td", { class: "number", "data-label": "Tokens" }, `${count(each.tokens_before)} → ${count(each.tokens_after)}`),
        make("td", { class: "number", "data-label": "Less" }, percent(1 - each.tokens_after / each.tokens_before)),
        make("td", { class: "number wide calm" }, each.ago),
      ),
    ),
    "rows",
  );
}

export function conversations(list, only) {
  if (!list.length) return make("p", { class: "soft" }, "No conversation in this period.");
  return table(
    [["Conversation"], ["Cache"], ["Requests", "number wide"], ["Given back", "number wide"], ["Tokens saved", "number"], ["Saved, net", "number"]],
    list.map((each) =>
      make(
        "tr",
        {},
        make(
          "td",
          {},
          make("button", { type: "button", class: "opener", "data-key": each.conversation, click: () => only(each.conversation) }, each.tag || each.agent || each.conversation.slice(0, 8) || "unnamed"),
          make("small", {}, [each.tag || each.agent ? each.conversation.slice(0, 8) : "", each.model, each.ago].filter(Boolean).join(" · ")),
        ),
        make("td", {}, each.last_break ? make("span", { class: "badge broke" }, each.breaks > 1 ? `${each.last_break} (broken ${count(each.breaks)} times)` : each.last_break) : make("span", { class: "badge held" }, "prefix held"), make("small", {}, each.cache_hit_share === null ? "hits unknown" : `${percent(each.cache_hit_share)} read from the cache`)),
        make("td", { class: "number wide", "data-label": "Requests" }, count(each.requests)),
        make("td", { class: "number wide", "data-label": "Given back" }, count(each.retrievals)),
        make("td", { class: "number", "data-label": "Tokens saved" }, count(each.tokens_saved)),
        worth(each),
      ),
    ),
    "rows",
  );
}

export function failures(list) {
  if (!list.length) return make("p", { class: "soft" }, "None. When something goes wrong, the text it concerns goes out as it came in, and it is listed here.");
  return table(
    [["What failed"], ["What to do"], ["Times", "number"], ["Last", "number wide"]],
    list.map((each) =>
      make("tr", {}, make("td", {}, make("span", { class: "badge failed" }, each.where), make("small", {}, each.reason)), make("td", {}, each.advice), make("td", { class: "number", "data-label": "Times" }, count(each.count)), make("td", { class: "number wide calm", "data-label": "Last" }, each.ago)),
    ),
    "rows",
  );
}
