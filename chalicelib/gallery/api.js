// The HTTP API.
import { BASE } from "./base.js";
import * as session from "./session.js";

const MOST_SECONDS = 15; // that anybody waits for another try
export const FORM_MS = 15 * 60 * 1000; // that an upload's form is good for: chalicelib/storage.py

/** A problem document as an exception. */
export class ApiProblem extends Error {
  constructor(status, detail, field, isTokenRefused = false, retryAfter = NaN) {
    super(detail);
    this.status = status;
    this.field = field;
    this.isTokenRefused = isTokenRefused;
    this.retryAfter = retryAfter; // seconds; NaN where nobody said that another try may help
  }
}

let unauthenticated = async () => false;
/** @param {() => Promise<boolean>} handler called when no token, or one that is not accepted, is at hand; says whether there is one now */
export const onUnauthenticated = (handler) => (unauthenticated = handler);

/**
 * @param {string} method
 * @param {string} path relative to the API's base
 * @param {{body?: any, headers?: Record<string, string>, signal?: AbortSignal, keepalive?: boolean}} [options]
 * @returns {Promise<any>} the answer, parsed; null for an empty one
 */
export async function call(method, path, options = {}) {
  const wasOver = session.isOver();
  const bearer = await session.bearer().catch(runOut);
  try {
    if (!bearer) throw new ApiProblem(401, "The repository shows photographs only to those who say who they are.", undefined, true);
    return await patiently(bearer, method, path, options);
  } catch (problem) {
    const isDeclined = !wasOver && session.isOver(); // while this was on its way
    if (!problem.isTokenRefused || isDeclined) throw problem;
    const isNew = (await session.replaced(bearer).catch(runOut)) || (await unauthenticated());
    if (!isNew) throw problem;
    return patiently(session.token(), method, path, options);
  }
}

/** Send a request, and what only asks once more where the API says when. */
async function patiently(bearer, method, path, options) {
  const isQuestion = method === "GET" || path.startsWith("search");
  try {
    return await send(bearer, method, path, options);
  } catch (problem) {
    if (!isQuestion || !(problem.retryAfter <= MOST_SECONDS)) throw problem;
    await new Promise((resolve) => setTimeout(resolve, problem.retryAfter * 1000));
    options.signal?.throwIfAborted();
    return send(bearer, method, path, options);
  }
}

/** @param {Response} response */
const retryAfter = ({ status, headers }) => (status === 503 && headers.has("Retry-After") ? Number(headers.get("Retry-After")) : NaN);

function runOut({ message }) {
  throw new ApiProblem(401, message);
}

async function send(bearer, method, path, { body, headers = {}, signal, keepalive = false } = {}) {
  const response = await fetch(new URL(path, BASE), {
    method,
    signal,
    keepalive, // it outlives the page
    redirect: "error", // the token is for this origin alone
    headers: {
      Authorization: `Bearer ${bearer}`,
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      ...headers,
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  }).catch((error) => {
    if (error.name === "AbortError") throw error;
    throw new ApiProblem(0, "The repository cannot be reached. Is it running?");
  });
  const text = await response.text();
  const answer = parsed(text);
  if (response.ok) return answer;
  const detail = answer?.detail ?? answer?.message ?? answer?.Message ?? `The API answered ${response.status}.`;
  const isElsewhere = response.status === 403 && !answer?.type; // the stack was renewed
  throw new ApiProblem(response.status, detail, answer?.field, response.status === 401 || isElsewhere, retryAfter(response));
}

function parsed(text) {
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}

/** @param {Record<string, any>} values empty ones are left out */
export function queryString(values) {
  const kept = Object.entries(values).filter(([, value]) => value !== "" && value !== null && value?.length !== 0);
  return new URLSearchParams(kept.map(([key, value]) => [key, String(value)])).toString();
}

/**
 * Send a file by its presigned form.
 * @param {{url: string, fields: Record<string, string>}} upload
 * @param {File} file
 * @param {(share: number) => void} progress
 */
export function sendFile(upload, file, progress) {
  const form = new FormData();
  for (const [name, value] of Object.entries(upload.fields)) form.append(name, value);
  form.append("file", file);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
    request.onload = () =>
      request.status < 300 ? resolve(undefined) : reject(new ApiProblem(request.status, "The bucket refused the file."));
    request.timeout = FORM_MS;
    request.ontimeout = () => reject(new ApiProblem(0, "The upload took longer than the 15 minutes that it may."));
    request.onerror = () => reject(new ApiProblem(0, "The upload was interrupted."));
    request.open("POST", upload.url);
    request.send(form);
  });
}
