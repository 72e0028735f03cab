// One photograph, large: its caption and where it comes from, editing, likeness, deleting.
import * as address from "./address.js";
import { call } from "./api.js";
import { atOnce, foreseen, UNDO_SECONDS } from "./changes.js";
import { clock } from "./dates.js";
import { byId, icon, make } from "./dom.js";
import { addToAlbum, favourite, filedIn } from "./filing.js";
import { edit, onEdited, startEditing } from "./editing.js";
import * as grid from "./grid.js";
import { told, wantedBy } from "./kinds.js";
import { alternative, chips, filed, guess } from "./labels.js";
import { go, hasMore, more, unlikeOf } from "./search.js";
import { written } from "./source.js";
import { fill, say, showDialog } from "./toast.js";
import { press, viewer } from "./viewer.js";

const CLOSE = "M6 6l12 12M18 6L6 18";
const dialog = () => byId("detail");

/** Open a photograph, at an address of its own. @param {string} id */
export async function open(id) {
  await address.open(id);
  await fromAddress();
}

/** Show the photograph that is in the address, or none. */
export async function fromAddress() {
  const id = address.photo();
  if (!id) {
    dialog().close();
    return address.entitle();
  }
  if (dialog().open && dialog().dataset.id === id) return;
  const known = foreseen(id) ?? grid.known(id);
  if (known) display(known);
  if (foreseen(id)) return;
  try {
    const fresh = await call("GET", `images/${encodeURIComponent(id)}`); // links age, and others edit
    if (address.photo() !== id) return;
    if (known) renew(known, fresh);
    else display(fresh);
  } catch (problem) {
    if (address.photo() !== id) return;
    if (problem.status === 404) gone(id);
    else if (known) say(problem.message);
    else excuse("That did not work", problem.message, "Try again", fromAddress);
  }
}

function display(image) {
  render(image);
  showDialog(dialog());
}

/** Let the address follow where the dialog is closed, by whatever means. */
export function listenToClosing() {
  dialog().addEventListener("close", () => {
    grid.focus(dialog().dataset.id); // it may have been drawn anew, or leafed to
    address.close();
    address.entitle(); // where no history is gone back in
  });
}

/** Show a record anew where it is the one that is open. @param {any} image */
function shown(image) {
  if (dialog().open && dialog().dataset.id === image.id && !dialog().querySelector("form")) render(image);
}
onEdited({ shown, opened: (image) => (display(image), address.open(image.id)) });

/** Show what has changed, but never under somebody's hands: an editor, a chosen part, a question stay. */
function renew(shown, fresh) {
  const isEditing = dialog().querySelector("form");
  if (!dialog().open || dialog().dataset.id !== fresh.id || isEditing || foreseen(fresh.id)) return;
  const img = dialog().querySelector(".stage img");
  const isBroken = img?.complete && !img.naturalWidth;
  if (fresh.rev !== shown.rev || isBroken) render(fresh);
  else dialog().querySelector("#detail-actions a")?.setAttribute("href", fresh.links.original);
}

function gone(id) {
  grid.remove([id]);
  excuse("This photograph is not here", "It has been deleted, or it is somebody else's.", "All photographs", () => (dialog().close(), go({}, { fresh: true })));
}

function excuse(title, text, way, act) {
  address.entitle(title);
  delete dialog().dataset.id;
  dialog().image = null;
  fill(dialog().querySelector(".opened"), closing(), make("div", { class: "excuse" },
    make("h2", { id: "detail-title", textContent: title }), make("p", { class: "soft", textContent: text }),
    make("button", { type: "button", class: "primary", textContent: way, onclick: act })));
  showDialog(dialog());
}

const closing = () => make("button", { type: "button", class: "close", "aria-label": "Close", onclick: () => dialog().close() }, icon(CLOSE));

/** @param {any} image */
function render(image) {
  dialog().dataset.id = image.id;
  dialog().image = image;
  address.entitle(alternative(image));
  const focused = dialog().contains(document.activeElement) ? (document.activeElement?.getAttribute("data-control") ?? "") : null;
  const similar = make("button", { type: "button", textContent: "Find similar", disabled: !image.width, onclick: () => alike(image, "") });
  const close = closing();
  fill(dialog().querySelector(".opened"),
    close, // first, so that the focus begins where nothing is changed
    ...(image.links.display ? pictured(image, similar) : [make("div", { class: "stage" }, make("p", { class: "soft", textContent: image.reason ?? "The photograph is on its way." })), facing(image, similar)]),
  );
  if (dialog().open && !dialog().contains(document.activeElement)) {
    /** @type {HTMLElement} */ (dialog().querySelector(`[data-control="${focused}"]:not(:disabled)`) ?? close).focus();
  }
}

const facing = (image, ...ways) =>
  make("div", { class: "facts" }, ...caption(image), attributes(image), keywords(image), seen(image), filedIn(image, (album) => (dialog().close(), go({ album: [album], sort: "taken" }, { fresh: true })), shown), actions(image, ways), facts(image));

function pictured(image, similar) {
  const chosen = (crop) => {
    similar.textContent = crop ? "Find what looks like this part" : "Find similar";
    similar.onclick = () => alike(image, written(crop));
  };
  const can = (step) => Boolean(grid.beside(image.id, step)) || grid.isMissing(image.id, step) || (step > 0 && hasMore());
  const { stage, choosePart } = viewer(image, alternative(image), { chosen, leaf: leafBy, can });
  const part = make("button", { type: "button", textContent: "Choose a part", title: "Drag over the photograph, and search by that part", "aria-pressed": "false", onclick: () => {
    const isOn = part.getAttribute("aria-pressed") === "false";
    part.setAttribute("aria-pressed", String(isOn));
    part.textContent = isOn ? "Drag over the photograph" : "Choose a part";
    choosePart(isOn);
  } });
  return [stage, facing(image, similar, part)];
}

function caption(image) {
  const title = make("h2", { id: "detail-title", class: guess(image) ? "guess" : "", textContent: image.caption?.text ?? (guess(image) || image.name) });
  const others = image.caption?.alternatives ?? [];
  const adopt = (text) => make("li", {}, make("button", { type: "button", textContent: text, title: "Use this caption", onclick: () => edit(image, { caption: text }) }));
  const alternatives = others.length
    ? [make("p", { class: "soft", textContent: "Or, at a click:" }), make("ul", { class: "alternatives" }, ...others.map(adopt))]
    : [];
  return [title, make("p", { class: "soft sentence", textContent: provenance(image) }), ...alternatives];
}

function provenance(image) {
  const { caption } = image;
  if (!caption) return image.reason ?? "No caption yet";
  if (image.state === "needs_review") return `Needs a look${image.reason ? `: ${image.reason}` : ""}`;
  return { user: "Written by a person", import: "Imported", file: "Written in the file", model: "Written by the model" }[caption.source];
}

function attributes(image) {
  const words = ({ garments = [], ...one }) => {
    const own = one.colours.filter((colour) => !garments.some((worn) => worn.colours.includes(colour)));
    return told({ ...one, colours: own }, garments.map(({ garment, colours }) => `(${[...colours, garment].join(" ")})`));
  };
  const ask = (one) => go(wantedBy(one), { fresh: true });
  const chip = (one) => make("button", { class: "chip", type: "button", textContent: words(one), title: "Search for this", onclick: () => (dialog().close(), ask(one)) });
  return make("div", { class: "row" }, ...image.attributes.map(chip));
}

const askFor = (word) => {
  dialog().close();
  go({ label: [word] }, { fresh: true });
};
const seen = (image) => chips(image.labels, askFor);
const keywords = (image) => filed(image, askFor);

function actions(image, ways) {
  const change = make("button", { type: "button", textContent: "Edit", onclick: () => startEditing(image) });
  const remove = make("button", { type: "button", class: "danger", textContent: "Delete", title: "Move to the trash", onclick: () => erase(image) });
  const isThere = image.state !== "expired";
  const original = isThere ? make("a", { href: image.links.original, textContent: "Download the original", class: "soft", download: "" }) : "";
  const leaveOut = unlikeOf(image.id);
  const unlike = leaveOut && image.width
    ? [make("button", { type: "button", textContent: "Not like this", title: "Leave out of this search what looks like it", onclick: () => (dialog().close(), leaveOut()) })]
    : [];
  const album = make("button", { type: "button", textContent: "Add to an album", onclick: () => addToAlbum([image], ([fresh]) => fresh && shown(fresh)) });
  return make("div", { class: "row", id: "detail-actions" }, favourite(image, shown), ...ways, ...unlike, change, album, remove, original);
}

const sureness = ({ confidence }) => (confidence === null ? "" : `${Math.round(confidence * 100)} % sure`);

function facts(image) {
  const size = image.size ? `${(image.size / 1e6).toFixed(2)} MB` : "";
  const pairs = {
    File: image.name,
    Size: [image.width ? `${image.width} × ${image.height}` : "", size].filter(Boolean).join(", "),
    Taken: clock(image.taken_at),
    Camera: image.camera,
    Position: image.position && `${image.position.latitude}, ${image.position.longitude}`,
    Model: image.caption?.model && [image.caption.model, sureness(image.caption)].filter(Boolean).join(", "),
    Added: new Date(image.created_at).toLocaleString(),
    Owner: image.owner,
  };
  const rows = Object.entries(pairs).flatMap(([name, value]) => (value ? [make("dt", { textContent: name }), make("dd", { textContent: value })] : []));
  return make("dl", {}, ...rows);
}

function alike(image, crop) {
  dialog().close();
  go({ similar: image.id, crop }, { fresh: true });
}

/** Let keys leaf, zoom and delete, for as long as the page is open. */
export const listenToKeys = () =>
  document.addEventListener("keydown", (event) => {
    if (!dialog().open) return;
    const isTyping = event.target.closest?.("textarea, input");
    const { image } = dialog();
    if (event.key === "Delete" && image && !event.repeat && !isTyping) erase(image);
    else press(event);
  });

/** Go to a neighbour in the grid without leaving the dialog. @param {1 | -1} step */
async function leafBy(step) {
  const { id } = dialog().dataset;
  await grid.loadBeside(id, step);
  if (step > 0 && !grid.beside(id, step) && hasMore()) await more();
  const other = grid.beside(id, step);
  if (other) await open(other);
}

/** Move a photograph to the trash; its message takes it out again. @param {any} image */
export async function erase(image) {
  dialog().close(); // gives the focus back to the tile, which hands it on
  const putBack = grid.remove([image.id]);
  const sent = atOnce(image.id, () => call("DELETE", `images/${image.id}`, { keepalive: true }));
  const restored = () => atOnce(image.id, () => call("POST", `images/${image.id}/restore`));
  const undo = () => restored().then((back) => putBack([back]), failed(`${image.name} was not restored`));
  const end = say(`${image.name} moved to the trash.`, { seconds: UNDO_SECONDS, way: "Undo", act: undo });
  await sent.catch((problem) => {
    end();
    if (problem.status === 404) return; // somebody else was quicker
    putBack([image]);
    failed(`${image.name} was not deleted`)(problem);
  });
}

const failed = (what) => (problem) => say(`${what}: ${problem.message}`, { seconds: 8 });
