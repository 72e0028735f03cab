// Starts the page: listens to the mouse, the keyboard, drops and pastes, and shows the first search.
import * as api from "./api.js";
import { byId, make, say } from "./dom.js";
import * as detail from "./detail.js";
import * as grid from "./grid.js";
import { offer } from "./likeness.js";
import { nothingToExplain } from "./messages.js";
import * as search from "./search.js";
import { completeTyping } from "./suggest.js";
import { onAdded, upload } from "./upload.js";

const INDEX_LAG_MS = 2500; // what is captioned can be counted a moment later
let recounting = 0;

api.takeToken();
api.onUnauthenticated(askForToken);
grid.onOpen(detail.open);
grid.listenToArrows();
detail.listenToLeafing();
grid.watchWaiting();
onAdded((image) => {
  if (!search.isEverything()) return;
  nothingToExplain();
  grid.prepend(grid.tile(image));
  clearTimeout(recounting);
  recounting = setTimeout(search.recount, INDEX_LAG_MS);
});

byId("search").addEventListener("submit", (event) => {
  event.preventDefault();
  search.go({ q: byId("query").value.trim(), plain: "", similar: "", crop: "" });
});
completeTyping();
byId("query").addEventListener("search", () => {
  if (!byId("query").value && location.hash.includes("q=")) search.go({ q: "" });
});
byId("home").addEventListener("click", (event) => {
  event.preventDefault();
  search.go({}, { fresh: true });
});
byId("more").addEventListener("click", search.more);
byId("add").addEventListener("click", () => byId("files").click());
byId("by-image").addEventListener("click", () => byId("query-file").click());
byId("files").addEventListener("change", (event) => taken(event.target, upload));
byId("query-file").addEventListener("change", (event) => taken(event.target, ([file]) => offer(file)));
window.addEventListener("popstate", search.fromAddress);

/** Use a file input's files, and make it ready for the same ones again. */
function taken(input, use) {
  const files = [...input.files];
  input.value = "";
  if (files.length) use(files);
}

new IntersectionObserver(([entry]) => entry.isIntersecting && !byId("more").hidden && !byId("more").disabled && search.more(), {
  rootMargin: "600px",
}).observe(byId("more"));

// ---- Keyboard ----------------------------------------------------------------------------------

document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest?.("input, textarea, dialog[open]");
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/") {
    event.preventDefault();
    byId("query").focus();
    byId("query").select();
  }
  const tile = event.target.closest?.(".tile[data-id]");
  if (event.key === "Delete" && tile) detail.askToDelete(tile.dataset.id);
});

// ---- Drop and paste ----------------------------------------------------------------------------

const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
const onSearch = (event) => Boolean(event.target.closest?.("#search"));

document.addEventListener("dragover", (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  byId("drop").hidden = onSearch(event);
  byId("search").classList.toggle("target", onSearch(event));
});
document.addEventListener("dragleave", (event) => event.relatedTarget === null && endDrag());
document.addEventListener("drop", (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  endDrag();
  const files = [...event.dataTransfer.files];
  if (onSearch(event)) offer(files[0]);
  else upload(files);
});
document.addEventListener("paste", (event) => {
  const file = [...(event.clipboardData?.files ?? [])].find(({ type }) => type.startsWith("image/"));
  if (file) offer(file);
});

function endDrag() {
  byId("drop").hidden = true;
  byId("search").classList.remove("target");
}

// ---- The token ---------------------------------------------------------------------------------

function askForToken() {
  const dialog = byId("token");
  if (dialog.open) return;
  const why = api.token() ? "The token at hand was not accepted. " : "";
  const input = make("input", { type: "password", autocomplete: "off", required: true, "aria-label": "Token", placeholder: "imr_…" });
  const form = make("form", { method: "dialog" },
    make("h2", { id: "token-title", textContent: "Your token, please" }),
    make("p", { class: "soft", textContent: why + "The repository answers only those who hold a token. ‘make demo’ and ‘image-repo open’ print an address that carries one; ‘image-repo token add’ makes another." }),
    input,
    make("button", { class: "primary", textContent: "Open the gallery" }));
  form.addEventListener("submit", () => {
    api.setToken(input.value);
    search.fromAddress();
  });
  dialog.replaceChildren(form);
  dialog.showModal();
}

if (api.token()) search.fromAddress().then(() => byId("grid").dataset.ready = "yes");
else askForToken();
window.addEventListener("unhandledrejection", ({ reason }) => say(reason?.message ?? "Something went wrong.", 8));
