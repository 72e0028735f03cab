// What people say of photographs beside their captions, for one or many at once: keywords and attributes.
import { call } from "./api.js";
import { byId, make } from "./dom.js";
import * as grid from "./grid.js";
import { each, photographs } from "./removing.js";
import { fill, say, showDialog } from "./toast.js";

const SECONDS = 8;
const FIELDS = { colours: "Colours: brown, white", actions: "What it does: run", places: "Where: beach" };

const listed = (text) => text.split(",").map((word) => word.trim()).filter(Boolean);
const input = (name, value, placeholder) => make("input", { type: "text", name, value, placeholder, "aria-label": placeholder });

/** An editor of attributes: a row for each subject. @param {any[]} attributes @returns {{element: HTMLElement, read: () => any[]}} */
export function attributeEditor(attributes) {
  const rows = make("div", { class: "attributes" });
  const add = (one, focus = false) => {
    const subject = input("subject", one.subject, "Who or what: dog");
    const fields = Object.entries(FIELDS).map(([name, placeholder]) => input(name, (one[name] ?? []).join(", "), placeholder));
    const row = make("fieldset", {}, make("legend", { class: "hidden", textContent: "A subject" }), subject, ...fields, make("button", { type: "button", class: "quiet", "aria-label": `Remove ${one.subject || "this subject"}`, onclick: () => row.remove() }, "×"));
    row.garments = one.garments ?? [];
    rows.append(row);
    if (focus) subject.focus();
  };
  attributes.forEach((one) => add(one));
  const element = make("div", {}, rows, make("button", { type: "button", class: "chip", textContent: "Add a subject", onclick: () => add({ subject: "" }, true) }));
  return { element, read: () => [...rows.children].map(read).filter((one) => one.subject) };
}

/** What a row says; what a subject wears stays while its colours do. */
function read(row) {
  const value = (name) => row.querySelector(`[name="${name}"]`).value.trim();
  const one = { subject: value("subject"), ...Object.fromEntries(Object.keys(FIELDS).map((name) => [name, listed(value(name))])) };
  return { ...one, garments: row.garments.filter(({ colours }) => colours.every((colour) => one.colours.includes(colour))) };
}

/** Ask for keywords and attributes that are added to those that photographs have. @param {any[]} images */
export function describe(images) {
  const dialog = byId("describe");
  const keywords = input("keywords", "", "Keywords, with commas");
  const attributes = attributeEditor([{ subject: "" }]);
  const save = async (event) => {
    event.preventDefault();
    const [words, said] = [listed(keywords.value), attributes.read()];
    if (!words.length && !said.length) return keywords.focus();
    dialog.close();
    const before = new Map(images.map((image) => [image.id, image]));
    const { done, failed } = await each(images, (image) => patch(image, added(image, words, said)));
    if (failed.length) say(`${photographs(failed.length)} not changed: ${failed[0].problem.message}`, { seconds: SECONDS });
    const act = () => each(done, ({ id }) => patch(grid.known(id) ?? before.get(id), former(before.get(id), words, said)));
    if (done.length) say(`${photographs(done.length)} described.`, { seconds: SECONDS, way: "Undo", act });
  };
  fill(dialog,
    make("h2", { id: "describe-title", textContent: `Describe ${photographs(images.length)}` }),
    make("form", { onsubmit: save },
      make("p", { class: "soft", textContent: "What you write is added to what they have." }), keywords, attributes.element,
      make("div", { class: "row" }, make("button", { type: "submit", class: "primary", textContent: "Add" }), make("button", { type: "button", textContent: "Cancel", onclick: () => dialog.close() }))));
  showDialog(dialog);
  keywords.focus();
}

const added = (image, words, said) => ({
  ...(words.length && { keywords: [...image.keywords, ...words.filter((word) => !image.keywords.includes(word))] }),
  ...(said.length && { attributes: [...image.attributes, ...said] }),
});

const former = (image, words, said) => ({ ...(words.length && { keywords: image.keywords }), ...(said.length && { attributes: image.attributes }) });

async function patch(image, body) {
  grid.refresh(await call("PATCH", `images/${image.id}`, { body }));
}
