// A photograph as large as its place: zoomed and moved, and left for its neighbours, by mouse, touch, buttons and keys.
import { croppable } from "./crop.js";
import { icon, make } from "./dom.js";

const LARGE = 2048; // pixels of the large copy
const STEP = 1.5;
const MOST = 8;
const SWIPE = 60; // pixels from which a movement is one to a neighbour
const ICONS = {
  previous: "M15 5l-7 7 7 7", next: "M9 5l7 7-7 7", out: "M5 12h14", in: "M12 5v14M5 12h14",
  full: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5", details: "M12 11v6M12 7.2v.1M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18",
};

/**
 * @param {any} image its record
 * @param {string} alt what it shows
 * @param {{chosen: (part: any) => void, leaf: (step: 1 | -1) => void, can: (step: 1 | -1) => boolean}} handlers a part, and a neighbour
 * @returns {{stage: HTMLElement, choosePart: (isOn: boolean) => void}}
 */
export function viewer(image, alt, { chosen, leaf, can }) {
  let zoom = 1;
  let [x, y] = [0, 0];
  let isChoosing = false;
  const img = whole(image, alt);
  const clip = croppable(img, chosen, () => isChoosing);
  clip.style.setProperty("--wide", `${Math.min(image.width, (LARGE * image.width) / Math.max(image.width, image.height))}px`);
  clip.style.setProperty("--ratio", String(image.width / image.height));
  const [out, closer] = [control("out", "Zoom out", () => zoomTo(zoom / STEP)), control("in", "Zoom in", () => zoomTo(zoom * STEP))];
  const bar = make("div", { class: "controls", role: "toolbar", "aria-label": "The photograph" }, out, closer,
    document.fullscreenEnabled ? control("full", "Full screen", fullScreen) : null, control("details", "Details", details));
  const stage = make("div", { class: "stage" }, clip, neighbour("previous", "Previous photograph", -1), neighbour("next", "Next photograph", 1), bar);

  function neighbour(name, label, step) {
    const button = control(name, label, () => leaf(step));
    button.disabled = !can(step);
    return button;
  }

  /** Zoom, leaving what is at a place of the stage where it is. */
  function zoomTo(wanted, at = null) {
    const box = stage.getBoundingClientRect();
    const [fromX, fromY] = at ? [at.clientX - box.left - box.width / 2, at.clientY - box.top - box.height / 2] : [0, 0];
    const next = Math.min(MOST, Math.max(1, wanted));
    x = fromX - ((fromX - x) * next) / zoom;
    y = fromY - ((fromY - y) * next) / zoom;
    zoom = next;
    show();
  }

  function show() {
    const reach = (shown, place) => Math.max(0, (shown * zoom - place) / 2);
    const [right, down] = [reach(clip.offsetWidth, stage.clientWidth), reach(clip.offsetHeight, stage.clientHeight)];
    x = Math.min(right, Math.max(-right, x));
    y = Math.min(down, Math.max(-down, y));
    clip.style.transform = zoom > 1 ? `translate(${x}px, ${y}px) scale(${zoom})` : "";
    stage.classList.toggle("zoomed", zoom > 1);
    out.disabled = zoom === 1;
    closer.disabled = zoom === MOST;
  }

  const fingers = new Map();
  let begun = null;
  const spread = () => {
    const [one, other] = [...fingers.values()];
    return Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
  };
  stage.addEventListener("pointerdown", (event) => {
    if (isChoosing || event.button || event.target.closest("button")) return;
    fingers.set(event.pointerId, event);
    stage.setPointerCapture(event.pointerId);
    begun = fingers.size === 1 ? event : null; // two fingers are no swipe
  });
  stage.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const was = fingers.size === 2 ? spread() : 0;
    fingers.set(event.pointerId, event);
    if (fingers.size === 2) zoomTo((zoom * spread()) / was, event);
    else if (zoom > 1) {
      x += event.clientX - before.clientX;
      y += event.clientY - before.clientY;
      show();
    }
  });
  stage.addEventListener("pointerup", (event) => {
    fingers.delete(event.pointerId);
    if (!begun || zoom > 1) return;
    const [aside, along] = [event.clientX - begun.clientX, event.clientY - begun.clientY];
    begun = null;
    const step = aside < 0 ? 1 : -1;
    if (Math.abs(aside) > SWIPE && Math.abs(aside) > 2 * Math.abs(along) && can(step)) leaf(step);
  });
  stage.addEventListener("pointercancel", (event) => fingers.delete(event.pointerId));
  stage.addEventListener("dblclick", (event) => !isChoosing && !event.target.closest("button") && zoomTo(zoom > 1 ? 1 : Math.max(2, img.naturalWidth / clip.offsetWidth), event));
  stage.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoomTo(zoom * Math.exp(-event.deltaY / 400), event);
  });
  out.disabled = true;
  const choosePart = (isOn) => {
    isChoosing = isOn;
    stage.classList.toggle("choosing", isOn);
  };
  return { stage, choosePart };
}

/** The large copy in its place; until it is there the small one, which the browser has, fills it. */
function whole(image, alt) {
  const { display, large } = image.links;
  const img = make("img", { src: display, alt });
  if (large !== display) {
    const copy = make("img", { src: large });
    copy.decode().then(() => (img.src = large), () => {}); // the small one stays
  }
  return img;
}

const control = (name, label, onclick) =>
  make("button", { type: "button", class: "control", "data-control": name, "aria-label": label, title: label, onclick }, icon(ICONS[name]));
const opened = () => document.querySelector("#detail .opened"); // a dialog itself cannot fill the screen

function fullScreen() {
  if (document.fullscreenElement) document.exitFullscreen();
  else opened().requestFullscreen();
}

const details = () => opened().classList.toggle("bare");

const KEYS = { "+": "in", "=": "in", "-": "out", f: "full", i: "details", ArrowRight: "next", ArrowLeft: "previous" };

/** Press a control by its key. @param {KeyboardEvent} event */
export function press(event) {
  const isMeant = KEYS[event.key] && !event.ctrlKey && !event.metaKey && !event.altKey && !event.target.closest?.("textarea, input");
  if (isMeant) opened().querySelector(`[data-control="${KEYS[event.key]}"]`)?.click();
}
