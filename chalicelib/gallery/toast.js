// What is told in passing, above whatever is open, with a way to take back what was done.
import { byId, make } from "./dom.js";

const SECONDS = 5;
const box = byId("status");

/**
 * Tell something, aloud for screen readers too; it stays while it is pointed at or has the focus.
 * @param {string} text
 * @param {{seconds?: number, way?: string, act?: () => void, ended?: () => void}} [more] a button, and what follows where nobody takes it
 * @returns {() => void} ends it at once
 */
export function say(text, { seconds = SECONDS, way = "", act, ended } = {}) {
  let timer = 0;
  const wait = () => (hold(), (timer = setTimeout(end, seconds * 1000)));
  const hold = () => clearTimeout(timer);
  const end = () => {
    hold();
    if (!toast.parentElement) return;
    const hadFocus = toast.contains(document.activeElement);
    toast.remove();
    raise();
    if (hadFocus) byId("detail").querySelector(".close")?.focus();
    ended?.();
  };
  const take = () => {
    ended = act;
    end();
  };
  const toast = make("div", { class: "toast", onpointerenter: hold, onpointerleave: wait, onfocusin: hold, onfocusout: wait },
    make("span", { textContent: text }), act ? make("button", { type: "button", textContent: way, onclick: take }) : null);
  for (const old of box.querySelectorAll(".toast:not(:has(button))")) old.remove();
  raise();
  box.append(toast);
  wait();
  return end;
}

/** Fill a dialog anew, but for what is being told in it. @param {Element} dialog or what it holds @param {...any} children */
export function fill(dialog, ...children) {
  const isWithin = dialog.contains(box);
  dialog.replaceChildren(...children);
  if (isWithin) raise();
}

/** Show a dialog, and within it what is being told: what lies outside of it cannot be reached. @param {HTMLDialogElement} dialog */
export function showDialog(dialog) {
  if (!dialog.open) dialog.showModal();
  raise();
}

function raise() {
  const place = document.fullscreenElement ?? [...document.querySelectorAll("dialog[open]")].at(-1) ?? document.body;
  if (box.parentElement !== place) place.append(box); // which closes it
  if (!box.matches(":popover-open")) box.showPopover();
}

raise(); // what is told later is told aloud only where its place was there before
document.addEventListener("close", raise, true);
document.addEventListener("fullscreenchange", raise);

/** Take back the last change that can be, as its button does. @returns {boolean} whether there was one */
export function undoLast() {
  const button = [...box.querySelectorAll("button")].at(-1);
  button?.click();
  return Boolean(button);
}
