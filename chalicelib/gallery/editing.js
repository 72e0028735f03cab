// Writing a photograph's caption and keywords; what somebody else wrote meanwhile is shown, and nothing is lost.
import { call } from "./api.js";
import { attributeEditor } from "./describing.js";
import { change, settled } from "./changes.js";
import { byId, make } from "./dom.js";
import * as grid from "./grid.js";
import { say } from "./toast.js";

const MOST_ALTERNATIVES = 5;
/** @typedef {{caption?: string, keywords?: string[], attributes?: any[]}} Written */
let show = (/** @type {any} */ _image) => {};
let open = (/** @type {any} */ _image) => {};

/** @param {{shown: typeof show, opened: typeof open}} handlers show a record where it is open, and open one */
export const onEdited = ({ shown, opened }) => ([show, open] = [shown, opened]);

/** @param {any} image @param {Written} [written] what was written before, if anything */
export function startEditing(image, written = {}) {
  const text = make("textarea", { rows: 3, maxLength: 2000, required: Boolean(image.caption), value: written.caption ?? image.caption?.text ?? "", "aria-label": "Caption" });
  const under = make("input", { type: "text", value: listed(written.keywords ?? image.keywords), placeholder: "Keywords, with commas", "aria-label": "Keywords" });
  const attributes = attributeEditor(written.attributes ?? image.attributes);
  const were = JSON.stringify(attributes.read());
  const said = () => (JSON.stringify(attributes.read()) === were && !written.attributes ? {} : { attributes: attributes.read() });
  const form = make("form", { class: "facts-edit", onsubmit: (event) => (event.preventDefault(), form.remove(), edit(image, { ...changed(image, text.value, under.value, Boolean(said().attributes)), ...said() })) },
    text,
    under,
    make("details", {}, make("summary", { textContent: "Subjects, colours, actions, places" }), attributes.element),
    make("div", { class: "row" },
      make("button", { class: "primary", type: "submit", textContent: "Save" }),
      make("button", { type: "button", textContent: "Cancel", onclick: () => leave(form, image) })));
  form.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      event.preventDefault(); // leaves the editing, not the dialog
      event.stopPropagation();
      leave(form, image);
    }
  });
  byId("detail-actions").replaceWith(form);
  text.focus();
}

function leave(form, image) {
  form.remove();
  show(image);
}

const listed = (keywords) => keywords.join(", ");

/** What was changed; a caption that is saved as it is, and alone, becomes a person's. @returns {Written} */
function changed(image, caption, list, isDescribed) {
  const under = list.split(",").map((word) => word.trim()).filter(Boolean);
  const isRefiled = listed(under) !== listed(image.keywords); // one may hold a comma
  const isRewritten = caption.trim() && (caption !== image.caption?.text || !(isRefiled || isDescribed));
  return { ...(isRewritten && { caption: caption.trim() }), ...(isRefiled && { keywords: under }) };
}

/** Show a record with what was written, and send that in a moment. @param {any} image @param {Written} written */
export async function edit(image, written) {
  if (!Object.keys(written).length) return show(image);
  const before = (await settled(image.id)) ?? image;
  const shown = { ...before, ...rewritten(before, written.caption), ...(written.keywords && { keywords: written.keywords, keywords_source: "user" }), ...(written.attributes && { attributes: written.attributes, attributes_source: "user" }) };
  const told = written.caption !== undefined ? "Caption changed." : written.keywords ? "Keywords changed." : "Attributes changed.";
  put(shown);
  change(image.id, { told, shown, send: () => save(before, written), undo: () => put(before) });
}

/** What the API makes of a person's caption; its attributes are known with its answer. */
function rewritten(image, text) {
  if (text === undefined) return {};
  const others = image.caption ? [image.caption.text, ...image.caption.alternatives].filter((other) => other !== text) : [];
  return {
    caption: { text, source: "user", model: null, confidence: null, alternatives: others.slice(0, MOST_ALTERNATIVES) },
    ...(image.state === "needs_review" && { state: "captioned", reason: null }),
    ...(["user", "import", "file"].includes(image.attributes_source) ? {} : { attributes: [] }),
  };
}

function put(image) {
  grid.refresh(image);
  show(image);
}

async function save(image, written) {
  try {
    const saved = await call("PATCH", `images/${image.id}`, { body: written, headers: { "If-Match": `"${image.rev}"` }, keepalive: true });
    put(saved);
    return saved;
  } catch (problem) {
    if (problem.status === 412) return reconcile(image, written);
    put(image);
    const again = problem.status === 404 ? {} : { way: "Edit again", act: () => (open(image), startEditing(image, written)) };
    say(`${image.name} was not changed: ${problem.message}`, { seconds: 12, ...again });
  }
}

/** Show what somebody else wrote, and keep what was about to be saved. */
async function reconcile(image, written) {
  const theirs = await call("GET", `images/${image.id}`);
  const begin = () => (open(theirs), startEditing(theirs, written));
  put(theirs);
  if (byId("detail").querySelector("form")) return say(`Somebody changed ${image.name} meanwhile; your words were not saved.`, { seconds: 30, way: "Compare", act: begin });
  begin();
  say("Somebody changed this photograph meanwhile. Theirs is shown; yours is still in the box.", { seconds: 8 });
}
