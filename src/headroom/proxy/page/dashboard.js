// The page: asks this proxy for its figures every few seconds while someone looks, and draws what has changed.
// `/dashboard/data` is described in stats.py. What is unknown is said to be unknown; nothing is counted as zero for it.

import { chart } from "./chart.js";
import { table as diff } from "./diff.js";
import { ago, count, make, moment, money, percent, plural } from "./draw.js";
import { bill, conversations, edits, failures, hero, kinds, tiles } from "./sections.js";

const EVERY = 4000;
const PERIODS = { day: 86400, week: 7 * 86400, month: 30 * 86400, all: 0 };
/** Hours by which this browser's clock is ahead of UTC, so that days begin at midnight here. */
const OFFSET = -Math.round(new Date().getTimezoneOffset() / 60);
const $ = (id) => document.getElementById(id);
const SHOWN = 10;
const drawn = new Map();
const whole = new Set();
const chosen = { range: "week", conversation: "", unit: "money" };
let latest = null;
let opened = "";

/** Draws a part only when its data has changed, so that focus and selection stay; a lost focus is put back. */
function part(id, data, make_) {
  const text = JSON.stringify(data);
  if (drawn.get(id) === text) return;
  drawn.set(id, text);
  const focus = $(id).contains(document.activeElement) ? document.activeElement.dataset.key : null;
  $(id).replaceChildren(...[make_(data)].flat());
  if (focus) $(id).querySelector(`[data-key="${CSS.escape(focus)}"]`)?.focus();
}

/** The first rows of a list, and a button for the others. */
function listed(id, list, make_) {
  const rows = whole.has(id) ? list : list.slice(0, SHOWN);
  part(id, { rows, more: list.length - rows.length }, ({ more }) => {
    const all = () => (whole.add(id), show(latest), $(id).querySelectorAll(".opener")[SHOWN]?.focus());
    return [make_(rows), more ? make("button", { type: "button", class: "quiet more", click: all }, `Show ${more} more`) : ""];
  });
}

async function refresh() {
  const query = new URLSearchParams({ seconds: PERIODS[chosen.range], conversation: chosen.conversation, offset: OFFSET });
  try {
    const answer = await fetch(`dashboard/data?${query}`, { cache: "no-store" });
    if (!answer.ok) throw new Error(await said(answer));
    latest = await answer.json();
    live(true, "Live");
    $("problem").hidden = true;
    show(latest);
  } catch (error) {
    live(false, "Not connected");
    $("problem").textContent = error instanceof TypeError ? "The proxy does not answer. Is it running? This page tries again by itself." : error.message;
    $("problem").hidden = false;
  }
}

async function said(answer) {
  try {
    return (await answer.json()).error;
  } catch {
    return `The proxy answered ${answer.status}. This page tries again by itself.`;
  }
}

function live(on, text) {
  $("live").className = `live ${on ? "on" : "off"}`;
  if ($("live-text").textContent !== text) $("live-text").textContent = text;
}

function show(data) {
  const any = data.ever;
  $("empty").hidden = any;
  $("figures").hidden = !any;
  $("filter").hidden = !chosen.conversation;
  $("filter-text").textContent = `Only conversation ${chosen.conversation}.`;
  if (!any) return;
  hero(data, { saved: $("saved"), share: $("saved-share"), notes: $("saved-notes") });
  showChart(data);
  part("tiles", data.totals, tiles);
  part("kinds", data.totals.kinds, kinds);
  part("bill", { billed: data.totals.billed, money: data.totals.money }, bill);
  // Ages are words, so they change a few times an hour, not at every look.
  listed("edits", data.edits.map((edit) => ({ ...edit, ago: ago(edit.at, data.now) })), (list) => edits(list, open));
  const named = data.conversations.map((each) => ({ ...each, ago: ago(each.last, data.now) }));
  listed("conversations", named, (list) => conversations(list, only));
  listed("failures", data.totals.failed.map((each) => ({ ...each, ago: ago(each.last, data.now) })), failures);
  $("method").textContent =
    "Net: the bill these requests would have had, minus the bill they had, with everything this proxy added counted against it. " +
    `Tokens taken out are estimates; in money they are scaled by what the provider billed. Prices of ${data.totals.money.prices}.`;
}

function showChart(data) {
  const priced = data.series.some((point) => point.saved !== null);
  const unit = priced ? chosen.unit : "tokens";
  for (const button of $("unit").children) button.setAttribute("aria-pressed", String(button.dataset.unit === unit));
  $("unit").hidden = !priced;
  const equivalent = data.totals.money.paid.saved === null;
  const title = unit === "tokens" ? "Tokens taken out, as a running sum" : `Saved, net, as a running sum${equivalent ? " (API-equivalent)" : ""}`;
  $("chart-title").textContent = title;
  const points = data.series.map((point) => ({
    at: point.at,
    value: (unit === "tokens" ? point.tokens_saved : point.saved) ?? 0,
    detail: plural(point.requests, "request"),
  }));
  const state = JSON.stringify([points, unit, $("chart").clientWidth]);
  if (drawn.get("chart") === state) return;
  if ($("chart").matches(":hover, :focus-within") && $("chart-title").textContent === drawn.get("title")) return; // being read
  drawn.set("title", title);
  drawn.set("chart", state);
  if (points.some((point) => point.value)) chart($("chart"), points, data.step, unit === "tokens" ? count : money, title);
  else $("chart").replaceChildren(make("p", { class: "chart-empty" }, "Nothing saved in this period yet."));
}

function only(conversation) {
  chosen.conversation = conversation;
  address();
  refresh();
  scrollTo({ top: 0 });
}

async function open(edit) {
  opened = edit.key;
  $("edit-title").textContent = `${edit.tool || "Text"}, ${edit.compressor}`;
  const saved = 1 - edit.tokens_after / edit.tokens_before;
  const kept = edit.lossless ? "nothing left out" : "what is left out comes back by its handle";
  $("edit-sub").textContent =
    `${count(edit.tokens_before)} → ${count(edit.tokens_after)} tokens, ${percent(saved)} less; ${kept}` +
    `${edit.handle ? `: h:${edit.handle}` : ""}. ${moment(edit.at)}.`;
  $("edit-legend").replaceChildren(
    ...[["same", "stays"], [edit.lossless ? "moved" : "gone", edit.lossless ? "written another way" : "not shown as it stood"], ["new", "put in its place"]].map(([name, text]) =>
      make("li", {}, make("span", { class: `swatch ${name}`, "aria-hidden": "true" }), text),
    ),
  );
  $("edit-body").replaceChildren(make("p", { class: "soft" }, "Loading"));
  if (!$("edit").open) $("edit").showModal();
  let content;
  try {
    const answer = await fetch(`dashboard/edit/${encodeURIComponent(edit.key)}`, { cache: "no-store" });
    if (!answer.ok) throw new Error(await said(answer));
    const { before, after, cut } = await answer.json();
    const note = cut ? [make("p", { class: "soft" }, `Long: the first part is shown. All of it: headroom retrieve ${edit.handle}`)] : [];
    content = [...note, diff(before, after, edit.lossless)];
  } catch (error) {
    content = [make("p", {}, error instanceof TypeError ? "The proxy does not answer." : error.message)];
  }
  if (opened !== edit.key) return;
  $("edit-body").replaceChildren(...content);
  $("edit-body").scrollTop = 0;
}

/** The choices live in the address, so that a page can be kept and sent. */
function address() {
  const parts = new URLSearchParams({ range: chosen.range });
  if (chosen.conversation) parts.set("conversation", chosen.conversation);
  history.replaceState(null, "", `#${parts}`);
  for (const button of $("range").children) button.setAttribute("aria-pressed", String(button.dataset.range === chosen.range));
}

function readAddress() {
  const parts = new URLSearchParams(location.hash.slice(1));
  if (parts.get("range") in PERIODS) chosen.range = parts.get("range");
  chosen.conversation = parts.get("conversation") ?? "";
}

function theme(name) {
  if (name === "light" || name === "dark") document.documentElement.dataset.theme = name;
  else delete document.documentElement.dataset.theme;
  $("theme").textContent = `◐ ${name || "system"}`;
  $("theme").setAttribute("aria-label", `Theme: ${name || "system"}`);
}

function stored(value) {
  try {
    if (value === undefined) return localStorage.getItem("headroom-theme") ?? "";
    localStorage.setItem("headroom-theme", value);
  } catch {
    // A browser that keeps nothing: the choice holds for this page.
  }
  return value ?? "";
}

function commands() {
  const base = location.href.replace(/\/dashboard.*/, "");
  const lines = [
    ["Claude Code, and everything on the Anthropic SDK", `export ANTHROPIC_BASE_URL=${base}`],
    ["Everything on the OpenAI SDK", `export OPENAI_BASE_URL=${base}/v1`],
    ["Codex", `codex -c openai_base_url=${base}/v1`],
    ["Gemini CLI", `export GOOGLE_GEMINI_BASE_URL=${base}`],
  ];
  for (const [name, command] of lines) {
    const copy = make("button", { type: "button", class: "quiet", "aria-label": `Copy: ${command}`, click: () => copied(copy, command) }, "Copy");
    $("commands").append(make("div", {}, make("dt", {}, name), make("dd", {}, make("code", { tabindex: 0 }, command), copy)));
  }
}

async function copied(button, text) {
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(button.previousElementSibling);
  }
}

function start() {
  const themes = ["", "light", "dark"];
  theme(stored());
  $("theme").addEventListener("click", () => theme(stored(themes[(themes.indexOf(stored()) + 1) % 3])));
  readAddress();
  address();
  commands();
  $("range").addEventListener("click", (event) => {
    if (!(event.target.dataset.range in PERIODS)) return;
    chosen.range = event.target.dataset.range;
    address();
    refresh();
  });
  $("unit").addEventListener("click", (event) => {
    if (!event.target.dataset.unit || !latest) return;
    chosen.unit = event.target.dataset.unit;
    showChart(latest);
  });
  $("filter-off").addEventListener("click", () => only(""));
  $("edit-close").addEventListener("click", () => $("edit").close());
  $("edit").addEventListener("click", (event) => event.target === $("edit") && $("edit").close());
  // The row that was opened may have been drawn anew since.
  $("edit").addEventListener("close", () => document.querySelector(`[data-key="${CSS.escape(opened)}"]`)?.focus());
  addEventListener("hashchange", () => (readAddress(), address(), refresh()));
  addEventListener("resize", () => latest && !$("figures").hidden && showChart(latest));
  document.addEventListener("visibilitychange", () => document.hidden || refresh());
  const again = async () => {
    if (!document.hidden) await refresh();
    setTimeout(again, EVERY);
  };
  again();
}

start();
