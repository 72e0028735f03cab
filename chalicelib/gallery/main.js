// Starts the page: listens to the mouse, the keyboard, drops and pastes, and shows the first search.
import * as account from "./account.js";
import * as address from "./address.js";
import * as api from "./api.js";
import { sendBeforeLeaving } from "./changes.js";
import { listenToDates } from "./dates.js";
import { byId } from "./dom.js";
import * as detail from "./detail.js";
import * as grid from "./grid.js";
import { showKeys } from "./help.js";
import { offer } from "./likeness.js";
import { nothingToExplain } from "./messages.js";
import * as search from "./search.js";
import * as session from "./session.js";
import * as selection from "./selection.js";
import { listenToTimeline } from "./scrubber.js";
import { completeTyping } from "./suggest.js";
import { watchPlaces } from "./places.js";
import { say, undoLast } from "./toast.js";
import { onAdded, upload } from "./upload.js";
import * as views from "./views.js";
import "./albums.js";
import "./copies.js";
import "./review.js";
import "./trash.js";

const INDEX_LAG_MS = 2500; // what is captioned can be counted a moment later
let recounting = 0;

session.visited();
session.takeToken("");
session.onRunOut(account.signInAgain);
session.onOtherTabs(account.elsewhere);
api.onUnauthenticated(account.askWho);
grid.onOpen(detail.open);
search.keepPlaces();
grid.listenToArrows();
selection.listenToSelecting();
listenToTimeline();
detail.listenToKeys();
detail.listenToClosing();
sendBeforeLeaving();
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
  if (matchMedia("(max-width: 720px)").matches) byId("query").blur(); // where it lies over the rest, and the keyboard does
  search.go({ q: byId("query").value.trim(), similar: "", crop: "" });
});
completeTyping();
listenToDates((changes) => search.go(changes, { keepPicture: true }));
byId("query").addEventListener("search", () => {
  if (!byId("query").value && location.hash.includes("q=")) search.go({ q: "" });
});
byId("home").addEventListener("click", (event) => {
  event.preventDefault();
  search.go({}, { fresh: true });
});
byId("more").addEventListener("click", search.more);
byId("add").addEventListener("click", () => choose(""));
byId("help").addEventListener("click", showKeys);
byId("all-filters").addEventListener("click", ({ currentTarget: button }) => {
  const isAll = document.body.classList.toggle("filters");
  button.setAttribute("aria-expanded", String(isAll));
  button.textContent = isAll ? "Fewer filters" : "All filters";
});
byId("by-image").addEventListener("click", () => byId("query-file").click());
let instead = ""; // which unfinished upload the files are for
byId("files").addEventListener("change", (event) => taken(event.target, (files) => upload(files, instead)));
grid.onUnfinished({ again: ({ id }) => choose(id), remove: detail.erase });
byId("query-file").addEventListener("change", (event) => taken(event.target, ([file]) => offer(file)));
byId("skip").addEventListener("click", (event) => {
  event.preventDefault(); // it is no search
  (byId("view-heading") ?? byId("grid")).focus();
});
window.addEventListener("popstate", follow);

/** Show what the address says, as after back, forward, a link, or an address typed or pasted. */
async function follow() {
  const isTaken = session.takeToken(address.before());
  address.follow();
  if (!address.photo()) selection.clear();
  if (isTaken && !account.answered()) return location.reload();
  await Promise.all([views.fromAddress() ? search.leave() : search.fromAddress(), detail.fromAddress()]);
}

function choose(id) {
  instead = id;
  byId("files").click();
}

/** Use a file input's files, and make it ready for the same ones again. */
function taken(input, use) {
  const files = [...input.files];
  input.value = "";
  if (files.length) use(files);
}

new IntersectionObserver(([entry]) => entry.isIntersecting && !byId("more").hidden && !byId("more").disabled && search.more(), {
  rootMargin: "1200px",
}).observe(byId("more"));

// ---- Keyboard ----------------------------------------------------------------------------------

document.addEventListener("keydown", (event) => {
  const isUndo = (event.ctrlKey || event.metaKey) && event.key === "z" && !event.target.closest?.("input, textarea");
  if (isUndo && undoLast()) event.preventDefault();
  if (event.key === "?" && !event.target.closest?.("input, textarea")) return showKeys();
  const isTyping = event.target.closest?.("input, textarea, dialog[open]");
  if (!isTyping && !document.body.classList.contains("elsewhere") && selection.press(event)) return event.preventDefault();
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key !== "/" && views.press(event)) return;
  if (event.key === "/") {
    event.preventDefault();
    byId("query").focus();
    byId("query").select();
  }
  const tile = event.target.closest?.(".tile[data-id]");
  if (event.key === "Delete" && !event.repeat && tile) detail.erase(grid.known(tile.dataset.id));
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

// ---- Who is asking -----------------------------------------------------------------------------

async function begin() {
  if (!(await account.finish())) return;
  account.showAccount();
  watchPlaces();
  await follow();
  byId("grid").dataset.ready = "yes";
}

window.addEventListener("unhandledrejection", ({ reason }) => say(reason?.message ?? "Something went wrong.", { seconds: 8 }));
begin();
