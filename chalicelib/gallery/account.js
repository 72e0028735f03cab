// The dialogs about who is asking: signing in, again where that has run out, out, or a token instead.
import { BASE } from "./base.js";
import { byId, make } from "./dom.js";
import * as oauth from "./oauth.js";
import * as session from "./session.js";
import { fill, showDialog } from "./toast.js";

const PENDING = `image-repo-sign-in:${BASE.pathname}`;
const WINDOW = "popup,width=520,height=720";
const answers = new BroadcastChannel(PENDING);
const dialog = () => byId("token");

/**
 * Take what the provider answered out of the address.
 * @returns {Promise<boolean>} whether this page is for more than that: a second window is not
 */
export async function finish() {
  const answer = new URLSearchParams(location.search);
  const kept = /** @type {oauth.Pending | null} */ (JSON.parse(sessionStorage.getItem(PENDING) ?? "null"));
  if (!answer.has("state")) return true;
  sessionStorage.removeItem(PENDING);
  history.replaceState(null, "", `${BASE.pathname}${kept?.hash ?? ""}`);
  if (kept?.isPopup) {
    answers.postMessage(answer.toString());
    window.close();
    return false;
  }
  if (!kept && session.token()) return true; // an answer to nothing: whoever is here stays
  try {
    if (!kept) throw new Error("This answer belongs to another sign-in. Begin it again.");
    session.keep(await oauth.session(await oauth.provider(), answer, kept));
  } catch (problem) {
    session.forget();
    refused = problem.message;
  }
  return true;
}

let refused = ""; // why the last sign-in came to nothing

let asking = /** @type {{answer: Promise<boolean>, end: (isGiven: boolean) => void} | null} */ (null);

/** Ask for a sign-in or a token, once for all who wait. @returns {Promise<boolean>} whether there is a token now */
export function askWho() {
  if (!asking) {
    let end = (/** @type {boolean} */ _isGiven) => {};
    asking = { answer: new Promise((resolve) => (end = resolve)), end };
    dialog().addEventListener("close", () => answered(false), { once: true });
    ask();
  }
  return asking.answer;
}

/** Go on with what waits for a sign-in. @returns {boolean} whether anything does */
export function answered(isGiven = true) {
  if (!asking) return false;
  if (!isGiven) session.over(session.token());
  const { end } = asking;
  asking = null;
  dialog().close();
  showAccount();
  end(isGiven);
  return true;
}

let resume = () => {}; // where a sign-in that ran out is asked for

/** Go on with a sign-in of another tab. @param {boolean} isAnother whether it is somebody else's */
export function elsewhere(isAnother) {
  if (isAnother) return location.reload(); // this page shows another's photographs
  answered();
  resume();
}

async function ask() {
  const why = refused ? `${refused} ` : whyAgain();
  refused = "";
  fill(dialog(), make("h2", { id: "token-title", textContent: "One moment, please" }));
  showDialog(dialog());
  const at = await oauth.provider().catch((problem) => problem);
  if (!asking) return; // answered meanwhile
  if (at instanceof Error) return show("That did not work", at.message, make("button", { type: "button", class: "primary", textContent: "Try again", onclick: ask }));
  if (!at) return show("Your token, please", `${why}The repository answers only those who hold a token. ‘make demo’ and ‘image-repo open’ print an address that carries one; ‘image-repo token add’ makes another.`, tokenForm());
  show("Sign in", `${why}The repository shows everybody their own photographs.`,
    make("button", { type: "button", class: "primary", textContent: "Sign in", onclick: () => leave(at) }),
    make("details", {}, make("summary", { class: "soft", textContent: "With a token instead" }), tokenForm()));
}

function whyAgain() {
  if (session.current()) return "The repository does not accept this sign-in: it is meant for another API, or a clock is wrong. The API's log says which. ";
  return session.token() ? "The token at hand was not accepted. " : "";
}

function show(title, text, ...rest) {
  fill(dialog(),
    make("h2", { id: "token-title", textContent: title }), make("p", { class: "soft", textContent: text }), ...rest);
}

function tokenForm() {
  const input = make("input", { type: "password", autocomplete: "off", required: true, "aria-label": "Token", placeholder: "imr_…" });
  const form = make("form", { method: "dialog" }, input, make("button", { class: "primary", textContent: "Open the gallery" }));
  form.addEventListener("submit", () => {
    session.setToken(input.value);
    answered();
  });
  return form;
}

/** Go to the provider's page; the address, which holds the search, is kept. @param {oauth.Provider} at */
async function leave(at) {
  const kept = oauth.pending(false);
  sessionStorage.setItem(PENDING, JSON.stringify(kept));
  location.assign(await oauth.address(at, kept));
}

/** Let somebody sign in again in a second window, so that this one keeps what it shows. @returns {Promise<void>} */
export function signInAgain() {
  return new Promise((resolve, reject) => {
    const button = make("button", { type: "button", class: "primary", textContent: "Sign in again", onclick: () => open().catch(failed) });
    const ask = (text) => show("Your sign-in has run out", text, button);
    const failed = (problem) => ask(problem.message);
    const open = async () => {
      const kept = oauth.pending(true);
      sessionStorage.setItem(PENDING, JSON.stringify(kept)); // which the second window begins with
      const second = window.open("", "_blank", WINDOW);
      sessionStorage.removeItem(PENDING);
      const at = await oauth.provider();
      if (!second) return leave(at);
      answers.onmessage = ({ data }) => take(at, new URLSearchParams(data), kept).catch(failed);
      second.location.href = await oauth.address(at, kept);
    };
    const take = async (at, answer, kept) => {
      if (answer.get("state") !== kept.state) return; // another tab's
      const before = session.current();
      session.keep(await oauth.session(at, answer, kept));
      if (before && before.name !== session.current().name) return location.reload(); // this page shows another's photographs
      resume();
    };
    resume = () => {
      resume = () => {};
      dialog().oncancel = null;
      dialog().close();
      resolve();
    };
    dialog().oncancel = () => {
      resume = () => {};
      reject(new Error("Your sign-in has run out."));
    };
    ask("Sign in again, and go on where you are: nothing on this page is lost.");
    showDialog(dialog());
  });
}

/** Show who is signed in, and let them sign out. */
export function showAccount() {
  const now = session.current();
  byId("account").hidden = !session.token();
  const [who, what, way] = now
    ? [`Signed in as ${now.name}`, "Signing out ends the session at the identity provider, too.", "Sign out"]
    : ["A token lets you in", "It is kept in this browser until it is forgotten, or nobody comes here for two weeks.", "Forget it here"];
  byId("account").title = who;
  byId("account").onclick = () => {
    show(who, what,
      make("div", { class: "row" },
        make("button", { type: "button", class: "primary", textContent: way, onclick: signOut }),
        make("button", { type: "button", textContent: "Close", onclick: () => dialog().close() })));
    showDialog(dialog());
  };
}

async function signOut() {
  const old = session.current();
  session.forget();
  const at = await oauth.provider().catch(() => null);
  if (at && old) await oauth.revoke(at, old);
  location.replace(at && old ? oauth.farewell(at, old) : BASE.href);
}
