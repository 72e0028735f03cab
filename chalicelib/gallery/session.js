// Who is asking, in every tab of this browser: somebody who signed in, or whoever holds a token.
import { BASE } from "./base.js";
import * as oauth from "./oauth.js";

const TOKEN = `image-repo-token:${BASE.pathname}`;
const SESSION = `image-repo-session:${BASE.pathname}`;
const NEW_MS = 30_000; // what is refused sooner would be refused again
const KEPT_MS = 14 * 24 * 60 * 60 * 1000; // without a visit

/** What is kept, for as long as it is: {until} and who is asking. */
function kept(key) {
  const entry = JSON.parse(localStorage.getItem(key) ?? "null");
  return entry && Date.now() < entry.until ? entry : null;
}

const write = (key, entry) => localStorage.setItem(key, JSON.stringify({ ...entry, until: Date.now() + KEPT_MS }));

/** @returns {oauth.Session | null} */
export const current = () => kept(SESSION);
export const token = () => (current() ?? kept(TOKEN))?.bearer ?? "";

/** @param {string} value a token of the repository's, or the address that carries it */
export function setToken(value) {
  forget();
  write(TOKEN, { bearer: /[#&]token=([^&\s]+)/.exec(value)?.[1] ?? value.trim() });
  note();
}

/** @param {oauth.Session} session */
export function keep(session) {
  forget();
  write(SESSION, session);
  note();
}

export function forget() {
  localStorage.removeItem(TOKEN);
  localStorage.removeItem(SESSION);
}

/** Count the time without a visit anew, or end what has not been visited for as long. */
export function visited() {
  for (const key of [TOKEN, SESSION]) {
    const entry = kept(key);
    if (entry) write(key, entry);
    else localStorage.removeItem(key);
  }
}

/** Who it is, whatever token says so now. */
const person = () => current()?.name ?? token();
let [known, seen] = ["", ""]; // who this tab is for, and by which token
const note = () => ([known, seen] = [person(), token()]);

/** @param {(isAnother: boolean) => void} heard called when another tab signs in, perhaps as somebody else */
export function onOtherTabs(heard) {
  note();
  window.addEventListener("storage", () => {
    if (!token() || token() === seen) return; // whoever signed out is asked with the next request
    const isAnother = known !== "" && person() !== known;
    note();
    heard(isAnother);
  });
}

/**
 * Take the token out of the address, so that it is neither seen nor bookmarked.
 * @param {string} hash the address's where one was, which it goes back to if it held nothing but a token
 * @returns {boolean} whether it is another than was at hand
 */
export function takeToken(hash) {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const given = fragment.get("token");
  if (!given) return false;
  fragment.delete("token");
  history.replaceState(history.state, "", `${location.pathname}${location.search}${String(fragment) ? `#${fragment}` : hash}`);
  const had = token();
  // Whoever sends a link could otherwise have photographs uploaded as their own.
  const question = current() ? "Use this address's token, and sign out?" : "Use this address's token instead of the one at hand?";
  if (given === had || (had && !isOver() && !confirm(question))) return false;
  setToken(given);
  return true;
}

let ask = () => Promise.reject(new Error("Your sign-in has run out."));
/** @param {() => Promise<void>} handler called where only the person can sign in again */
export const onRunOut = (handler) => (ask = handler);

/** A token that is good now. */
export async function bearer() {
  const session = current();
  if (session && Date.now() > session.renewAt) await renew(session.bearer);
  return token();
}

let renewing = /** @type {Promise<void> | null} */ (null);
let refused = /** @type {string | null} */ (null); // the token that is not accepted, or runs out, and nobody replaced

/** Whether only a person's own doing may ask for another sign-in: not what the page does by itself. */
export const isOver = () => refused !== null && token() === refused;

/** @param {string} stale */
export const over = (stale) => (refused = stale);

/** Get another session for one that has run out, once for all who wait. @param {string} stale */
export async function renew(stale) {
  if (token() !== stale) return; // it has been renewed meanwhile
  renewing ??= anew().catch((problem) => refuse(stale, problem)).finally(() => (renewing = null));
  await renewing;
}

/** Get another session for one that was refused; false where that could not help. @param {string} stale */
export async function replaced(stale) {
  const now = current();
  if (token() === stale && (!now || Date.now() - now.since < NEW_MS)) return false;
  await renew(stale);
  return true;
}

function refuse(stale, problem) {
  if (!problem.isPassing) over(stale);
  throw problem;
}

const alone = (work) => (navigator.locks ? navigator.locks.request(SESSION, work) : work());

async function anew() {
  const old = current();
  const at = await oauth.provider();
  if (!at) {
    forget();
    throw new Error("Nobody signs in here any more: the repository wants a token.");
  }
  if (!old?.refresh) return ask();
  try {
    // A refresh token may be good once only, and other tabs have it, too.
    await alone(async () => token() === old.bearer && keep(await oauth.renewed(at, old)));
  } catch (problem) {
    if (problem.isPassing) throw problem;
    await ask(); // the refresh token has run out, too
  }
}
