// The months at the edge of the window: each as long as its share of all photographs; a click or a drag goes there.
import { byId, make } from "./dom.js";
import * as pane from "./pane.js";

const [YEAR_PX, DOT_PX] = [22, 7]; // between one and the next
const MARGINS_PX = 106; // above and below the bar, as in style.css
const bar = () => byId("timeline");
const label = make("span", { class: "at" });
let drawn = "";

/** Where months begin, and how high all is. */
function months() {
  const { heads, height, top } = pane.extent();
  return { heads: heads.filter(({ section }) => /^\d/.test(section.key)), height, top };
}

const indexAt = (heads, top) => Math.max(0, heads.findLastIndex((head) => head.top <= top + 2));

/** Follow what is shown, and take clicks, drags and keys. */
export function listenToTimeline() {
  pane.onMoved(show);
  const at = ({ clientY }) => {
    const { top, height } = bar().getBoundingClientRect();
    return Math.min(1, Math.max(0, (clientY - top) / height));
  };
  let isDragging = false;
  bar().addEventListener("pointerdown", (event) => {
    isDragging = true;
    bar().setPointerCapture(event.pointerId);
    goTo(at(event));
  });
  bar().addEventListener("pointermove", (event) => (isDragging ? goTo(at(event)) : tell(at(event))));
  for (const end of ["pointerup", "pointercancel"]) bar().addEventListener(end, () => (isDragging = false));
  bar().addEventListener("pointerleave", show);
  bar().addEventListener("keydown", (event) => {
    const { heads, top } = months();
    const now = indexAt(heads, top);
    const year = (index) => heads[index].section.key.slice(0, 4);
    const to = {
      ArrowDown: now + 1, ArrowRight: now + 1, ArrowUp: now - 1, ArrowLeft: now - 1, Home: 0, End: heads.length - 1,
      PageDown: heads.findIndex((_, index) => index > now && year(index) !== year(now)), PageUp: heads.findLastIndex((_, index) => index < now && year(index) !== year(now)),
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    if (heads[to]) pane.scrollToHeight(heads[to].top);
  });
}

const goTo = (share) => pane.scrollToHeight(share * pane.extent().height);

/** Tell which month is somewhere on the bar. @param {number} share */
function tell(share) {
  const { heads, height } = months();
  label.textContent = heads[indexAt(heads, share * height)]?.section.title ?? "";
  label.style.top = `${share * 100}%`;
}

function show() {
  const { heads, height, top } = months();
  if (bar().hidden !== heads.length < 2) bar().hidden = heads.length < 2;
  if (heads.length < 2) return;
  const now = indexAt(heads, top);
  const share = Math.min(1, Math.max(0, top / height));
  const said = { valuenow: now, valuemax: heads.length - 1, valuetext: heads[now].section.title };
  if (bar().getAttribute("aria-valuetext") !== said.valuetext || bar().getAttribute("aria-valuemax") !== String(said.valuemax)) {
    for (const [name, value] of Object.entries(said)) bar().setAttribute(`aria-${name}`, String(value));
  }
  draw(heads, height);
  tell(share);
  bar().style.setProperty("--now", String(share));
}

/** Draw years and months where they begin, as far as there is room. */
function draw(heads, height) {
  const tall = innerHeight - MARGINS_PX;
  const marks = heads.map(({ top, section }) => ({ at: Math.round((top / height) * tall), year: section.key.slice(0, 4) }));
  const key = JSON.stringify([tall, marks]);
  if (key === drawn) return;
  drawn = key;
  let [lastYear, lastAt, lastDot] = ["", -YEAR_PX, -DOT_PX];
  const children = [];
  for (const { at, year } of marks) {
    const isYear = year !== lastYear && at - lastAt >= YEAR_PX;
    if (!isYear && at - lastDot < DOT_PX) continue;
    const mark = make("span", { class: isYear ? "year" : "dot", textContent: isYear ? year : "" });
    mark.style.top = `${(at / tall) * 100}%`;
    children.push(mark);
    if (isYear) [lastYear, lastAt] = [year, at];
    lastDot = isYear ? at + DOT_PX : at;
  }
  bar().replaceChildren(...children, make("span", { class: "here" }), label);
}
