// Who is asking, for as long as the tab is open: somebody who signed in, or whoever holds a token.
import { BASE } from "./base.js";
import * as oauth from "./oauth.js";

const TOKEN = `image-repo-token:${BASE.pathname}`;
const SESSION = `image-repo-session:${BASE.pathname}`;
const NEW_MS = 30_000; // what is refused sooner would be refused again

/** @returns {oauth.Session | null} */
export const current = () => JSON.parse(sessionStorage.getItem(SESSION) ?? "null");
export const token = () => current()?.bearer ?? sessionStorage.getItem(TOKEN) ?? "";

/** @param {string} value a token of the repository's */
export function setToken(value) {
  forget();
  sessionStorage.setItem(TOKEN, value.trim());
}

/** @param {oauth.Session} session */
export function keep(session) {
  forget();
  sessionStorage.setItem(SESSION, JSON.stringify(session));
}

export function forget() {
  sessionStorage.removeItem(TOKEN);
  sessionStorage.removeItem(SESSION);
}

/** Take the token out of the address, so that it is neither seen nor bookmarked. */
export function takeToken() {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const given = fragment.get("token");
  if (!given) return;
  // Whoever sends a link could otherwise have photographs uploaded as their own.
  if (!current() || confirm("Use this address's token, and sign out?")) setToken(given);
  fragment.delete("token");
  history.replaceState(null, "", `${location.pathname}${location.search}#${fragment}`);
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
let declined = ""; // the token that nobody would sign in again for

/** Whether only a person's own doing may ask for another sign-in: not what the page does by itself. */
export const isOver = () => declined !== "" && token() === declined;

/** Get another session for one that has run out, once for all who wait. @param {string} stale */
export async function renew(stale) {
  if (token() !== stale) return; // it has been renewed meanwhile
  renewing ??= anew().catch((problem) => refuse(stale, problem)).finally(() => (renewing = null));
  await renewing;
}

/** Get another session for one that was refused; false where that could not help. @param {string} refused */
export async function replaced(refused) {
  const now = current();
  if (token() === refused && (!now || Date.now() - now.since < NEW_MS)) return false;
  await renew(refused);
  return true;
}

function refuse(stale, problem) {
  if (!problem.isPassing) declined = stale;
  throw problem;
}

async function anew() {
  const old = current();
  const at = await oauth.provider();
  if (!at) {
    forget();
    throw new Error("Nobody signs in here any more: the repository wants a token.");
  }
  if (!old?.refresh) return ask();
  try {
    keep(await oauth.renewed(at, old));
  } catch (problem) {
    if (problem.isPassing) throw problem;
    await ask(); // the refresh token has run out, too
  }
}
