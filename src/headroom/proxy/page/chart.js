// One chart: the running sum of what was saved as a line, and below it, on a scale of their own, what each stretch of time
// added. SVG, drawn here: the chart needs two marks, follows the theme through CSS, and is read by keyboard and screen
// reader, which a canvas library (uPlot, 50 KB) would leave to us as well.

import { draw, make, moment } from "./draw.js";

const WIDTH = 760;
const HEIGHT = 236;
const LEFT = 6;
const RIGHT = 54;
const TOP = 10;
const BOTTOM = 24;
const STRIP = 40;

/** Round steps for an axis from `low` to `high`, both included. */
export function ticks(low, high, wanted = 4) {
  const rough = (high - low) / wanted || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough) * power;
  const found = [];
  for (let index = Math.floor(low / step); index * step < high + step * 0.999; index += 1) found.push(index * step);
  return found;
}

/**
 * Draws into `place`.
 * @param points [{at, value, detail}], in order of time; `step` is the seconds that one stands for.
 * @param write turns a value into text.
 */
export function chart(place, points, step, write, label) {
  let sum = 0;
  const sums = points.map((point) => (sum += point.value));
  const [least, greatest] = [Math.min(0, ...sums), Math.max(0, ...sums)];
  // A dip of a hair's breadth below zero needs no line of its own.
  const scale = ticks(-least < greatest / 25 ? 0 : least, greatest);
  const [low, high] = [scale[0], scale[scale.length - 1]];
  const width = Math.max(280, place.clientWidth || WIDTH);
  const height = Math.max(HEIGHT, place.clientHeight);
  const floor = height - BOTTOM - STRIP - 12;
  const each = (width - LEFT - RIGHT) / points.length;
  const x = (index) => LEFT + (index + 0.5) * each;
  const y = (value) => TOP + ((high - value) / (high - low)) * (floor - TOP);
  const values = points.map((point) => point.value);
  const most = Math.max(0, ...values);
  const span = most - Math.min(0, ...values);
  const stripY = (value) => height - BOTTOM - STRIP + ((most - value) / span) * STRIP;

  const svg = draw("svg", {
    viewBox: `0 0 ${width} ${height}`,
    class: sum < 0 ? "under" : "",
    role: "img",
    tabindex: "0",
    "aria-label": `${label}: ${write(sum)} in all. Arrow keys read one stretch at a time.`,
  });
  for (const value of scale) {
    svg.append(
      draw("line", { class: value === 0 ? "zero" : "grid", x1: LEFT, x2: width - RIGHT, y1: y(value), y2: y(value) }),
      draw("text", { x: width - RIGHT + 8, y: y(value) + 4 }, write(value, scale[1] - scale[0])),
    );
  }
  const shown = Math.max(1, Math.min(5, Math.floor(width / 150), points.length));
  for (let mark = 0; mark < shown; mark += 1) {
    const index = shown === 1 ? points.length - 1 : Math.round((mark * (points.length - 1)) / (shown - 1));
    const anchor = points.length === 1 ? "middle" : mark === 0 ? "start" : mark === shown - 1 ? "end" : "middle";
    svg.append(draw("text", { x: x(index), y: height - 4, "text-anchor": anchor }, moment(points[index].at, step)));
  }
  svg.append(draw("line", { class: "zero", x1: LEFT, x2: width - RIGHT, y1: stripY(0), y2: stripY(0) }));
  svg.append(draw("text", { x: width - RIGHT + 8, y: stripY(0) + 4 }, "each"));
  values.forEach((value, index) => {
    if (!value) return;
    const shape = { x: x(index) - each * 0.36, width: each * 0.72, rx: Math.min(1.5, each / 4) };
    const size = Math.max(1, Math.abs(stripY(value) - stripY(0)));
    const top = value < 0 ? stripY(0) : stripY(0) - size;
    svg.append(draw("rect", { class: value < 0 ? "bar under" : "bar", y: top, height: size, ...shape }));
  });
  const path = sums.map((value, index) => `${index ? "L" : "M"}${x(index).toFixed(1)} ${y(value).toFixed(1)}`).join("");
  svg.append(
    draw("path", { class: "area", d: `${path}L${x(points.length - 1)} ${y(0)}L${x(0)} ${y(0)}Z` }),
    draw("path", { class: "line", d: path }),
  );
  const cross = draw("line", { class: "cross", y1: TOP, y2: height - BOTTOM, visibility: "hidden" });
  const dot = draw("circle", { class: "point", r: 4.5, cx: x(points.length - 1), cy: y(sum) });
  svg.append(cross, dot);
  const tip = make("div", { class: "tip", role: "status", hidden: "" });
  place.replaceChildren(svg, tip);

  let at = points.length - 1;
  const show = (index) => {
    at = Math.max(0, Math.min(points.length - 1, index));
    const point = points[at];
    tip.replaceChildren(
      make("strong", {}, write(sums[at])), " so far", make("br"),
      `${write(point.value)} · ${moment(point.at, step)}`, make("br"), point.detail,
    );
    tip.hidden = false;
    const side = (x(at) / width) * place.clientWidth;
    tip.style.left = side > place.clientWidth / 2 ? "" : `${side + 12}px`;
    tip.style.right = side > place.clientWidth / 2 ? `${place.clientWidth - side + 12}px` : "";
    for (const end of ["x1", "x2"]) cross.setAttribute(end, x(at));
    cross.setAttribute("visibility", "visible");
    dot.setAttribute("cx", x(at));
    dot.setAttribute("cy", y(sums[at]));
  };
  const hide = () => {
    tip.hidden = true;
    cross.setAttribute("visibility", "hidden");
    dot.setAttribute("cx", x(points.length - 1));
    dot.setAttribute("cy", y(sum));
  };
  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect();
    show(Math.floor((((event.clientX - box.left) / box.width) * width - LEFT) / each));
  });
  svg.addEventListener("pointerleave", hide);
  svg.addEventListener("blur", hide);
  svg.addEventListener("focus", () => svg.matches(":focus-visible") && show(at));
  svg.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: -1, ArrowRight: 1, Home: -points.length, End: points.length };
    if (!(event.key in steps)) return;
    event.preventDefault();
    show(at + steps[event.key]);
  });
}
