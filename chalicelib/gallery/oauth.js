// Signing in with an OpenID provider: OAuth 2.0's authorization code with PKCE (RFC 7636), as a public client.
import { BASE } from "./base.js";

/**
 * @typedef {{issuer: string, client_id: string, scope: string, audience: string | null, sends: "id_token" | "access_token",
 *   authorization_endpoint: string, token_endpoint: string, end_session_endpoint: string | null, revocation_endpoint: string | null}} Provider
 * @typedef {{state: string, nonce: string, verifier: string, hash: string, isPopup: boolean}} Pending what an answer must fit
 * @typedef {{bearer: string, since: number, renewAt: number, refresh: string | null, idToken: string | null, name: string}} Session
 */

const WORDS = {
  __proto__: null, // an error may be called "constructor"
  access_denied: "The sign-in was declined.",
  temporarily_unavailable: "The identity provider is busy; try again in a moment.",
  server_error: "The identity provider failed; try again in a moment.",
  invalid_grant: "The sign-in took too long, or was used already. Begin it again.",
};
const SECONDS = 300; // of a token that does not say how long it is good
const EARLY = 0.9; // of its life a token is used

let asked = /** @type {Promise<Provider | null> | null} */ (null);

/** Where people sign in; null where there are only tokens. @returns {Promise<Provider | null>} */
export function provider() {
  asked ??= read().catch((problem) => {
    asked = null;
    throw problem;
  });
  return asked;
}

async function read() {
  const response = await fetch(new URL("auth", BASE)).catch(() => null);
  const answer = await response?.json().catch(() => null);
  if (!response?.ok) throw new Error(answer?.detail ?? "The repository cannot be reached. Is it running?");
  return answer.provider;
}

/** @returns {Pending} */
export const pending = (isPopup) => ({ state: random(), nonce: random(), verifier: random(), hash: location.hash, isPopup });

/** The provider's page that asks who somebody is. @param {Provider} at @param {Pending} kept */
export async function address(at, kept) {
  const url = new URL(at.authorization_endpoint);
  const challenge = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(kept.verifier));
  const asked = {
    response_type: "code", client_id: at.client_id, redirect_uri: BASE.href, scope: at.scope, state: kept.state, nonce: kept.nonce,
    code_challenge: encoded(new Uint8Array(challenge)), code_challenge_method: "S256",
    ...(at.audience && { audience: at.audience }), ...resource(at),
    ...(at.scope.split(" ").includes("offline_access") && { prompt: "consent" }), // OpenID Connect Core, 11
  };
  for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value);
  return url.href;
}

/**
 * Exchange the provider's answer for a session.
 * @param {Provider} at @param {URLSearchParams} answer @param {Pending} kept @returns {Promise<Session>}
 */
export async function session(at, answer, kept) {
  if (answer.get("state") !== kept.state) throw new Error("This answer belongs to another sign-in. Begin it again.");
  if ((answer.get("iss") ?? at.issuer) !== at.issuer) throw new Error("Another identity provider answered. Begin the sign-in again.");
  const code = answer.get("code");
  if (!code) throw new Error(told(Object.fromEntries(answer)));
  const tokens = await post(at.token_endpoint, {
    grant_type: "authorization_code", client_id: at.client_id, redirect_uri: BASE.href, code, code_verifier: kept.verifier, ...resource(at),
  });
  const claims = claimsOf(tokens.id_token);
  if (claims.nonce !== kept.nonce) throw new Error("This answer belongs to another sign-in. Begin it again.");
  return sessionOf(at, tokens, claims);
}

/** Renew a session without asking anybody. @param {Provider} at @param {Session} old @returns {Promise<Session>} */
export async function renewed(at, old) {
  const tokens = await post(at.token_endpoint, { grant_type: "refresh_token", client_id: at.client_id, refresh_token: old.refresh, ...resource(at) });
  const kept = { id_token: old.idToken, refresh_token: old.refresh };
  const isLate = at.sends === "id_token" && !tokens.id_token; // OpenID Connect Core, 12.2: there may be none
  if (isLate) throw new Error("The identity provider renewed no ID token.");
  const claims = claimsOf(tokens.id_token ?? old.idToken);
  if (claims.sub !== claimsOf(old.idToken).sub) throw new Error("The identity provider renewed somebody else's sign-in."); // OpenID Connect Core, 12.2
  return sessionOf(at, { ...kept, ...tokens }, claims);
}

/** Where the provider ends its own session, if it does. @param {Provider} at @param {Session} old */
export function farewell(at, old) {
  if (!at.end_session_endpoint) return BASE.href;
  const url = new URL(at.end_session_endpoint);
  url.searchParams.set("client_id", at.client_id);
  url.searchParams.set("post_logout_redirect_uri", BASE.href);
  url.searchParams.set("logout_uri", BASE.href); // Amazon Cognito's name of it
  if (old.idToken) url.searchParams.set("id_token_hint", old.idToken);
  return url.href;
}

/** Let nobody use the rest of a session. @param {Provider} at @param {Session} old */
export async function revoke(at, old) {
  if (!at.revocation_endpoint || !old.refresh) return;
  await fetch(at.revocation_endpoint, { method: "POST", credentials: "omit", body: new URLSearchParams({ token: old.refresh, client_id: at.client_id }) }).catch(() => null);
}

/** @returns {Session} */
function sessionOf(at, tokens, claims) {
  // The token came from the provider itself over TLS, which stands for its signature (OpenID Connect Core, 3.1.3.7).
  const isOurs = claims.iss === at.issuer && [claims.aud].flat().includes(at.client_id);
  if (!isOurs || !tokens[at.sends]) throw new Error("The identity provider sent no token for this gallery.");
  const seconds = at.sends === "id_token" ? claims.exp - claims.iat : tokens.expires_in ?? SECONDS;
  return {
    bearer: tokens[at.sends],
    since: Date.now(),
    renewAt: Date.now() + seconds * EARLY * 1000, // by this clock alone, whatever it says
    refresh: tokens.refresh_token ?? null,
    idToken: tokens.id_token ?? null,
    name: claims.email ?? claims.name ?? claims.preferred_username ?? claims.sub,
  };
}

/** What the access token is for (RFC 8707, which wants a URI). @param {Provider} at */
const resource = (at) => (at.audience && URL.canParse(at.audience) ? { resource: at.audience } : {});

async function post(url, fields) {
  const response = await fetch(url, { method: "POST", credentials: "omit", redirect: "error", body: new URLSearchParams(fields) }).catch(() => null);
  if (!response) throw passing("The identity provider cannot be reached from this page.");
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw response.status < 500 ? new Error(told(answer)) : passing(told(answer));
  return answer;
}

/** An error after which the same may work in a moment. */
const passing = (text) => Object.assign(new Error(text), { isPassing: true });

const told = ({ error, error_description: description }) =>
  WORDS[error] ?? `The identity provider does not let this gallery sign anybody in: ${description ?? error ?? "it said nothing else"}.`;

const encoded = (bytes) => btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const random = () => encoded(crypto.getRandomValues(new Uint8Array(32)));

function claimsOf(token) {
  try {
    const text = atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/"));
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(text, (letter) => letter.charCodeAt(0))));
  } catch {
    throw new Error("The identity provider sent no token for this gallery.");
  }
}
