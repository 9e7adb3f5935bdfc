/* Who is signed in on this page. It is kept in memory alone: whoever reloads the page signs in again. */

import { Answered, SignedOut } from "../door/session.js";

const API = "/api/v1";
const ROLE = "coordinator";
const PATIENCE_MS = 15_000;
const EARLY_MS = 30_000;
const REFUSED = [400, 401, 422];

let held = null;
let renewing = null;
let tellEnded = () => {};

/** `told` is called when the sign-in has ended by itself. */
export function onEnded(told) {
  tellEnded = told;
}

/** True while somebody is signed in. */
export function isSignedIn() {
  return held !== null;
}

/** The coordinator is signed in. Throws Answered: 401 for a wrong password, 403 for somebody with another role. */
export async function signIn(username, password) {
  const given = await exchange("POST", "/tokens", { grant_type: "password", username, password });
  if (given.role !== ROLE) throw new Answered(403, null, 0);
  keep(given);
}

/** Nobody is signed in on this page. */
export function signOut() {
  held = null;
}

function keep(given) {
  const { access_token, refresh_token, expires_in } = given;
  held = { access_token, refresh_token, stale_at: performance.now() + expires_in * 1000 - EARLY_MS };
}

/** What the API answers to the coordinator. Throws SignedOut, Answered, or what fetch throws without a network. */
export async function ask(method, path, content) {
  if (held === null) throw new SignedOut();
  if (performance.now() >= held.stale_at) await renewed(held);
  const shown = held;
  try {
    return await exchange(method, path, content, shown.access_token);
  } catch (fault) {
    if (fault.status !== 401) throw fault;
  }
  await renewed(shown);
  return exchange(method, path, content, held.access_token);
}

/** The whole list of the path, page after page. */
export async function all(path) {
  const found = [];
  const joint = path.includes("?") ? "&" : "?";
  let after = "";
  do {
    const page = await ask("GET", `${path}${joint}limit=200${after}`);
    found.push(...page.items);
    after = page.next ? `&after=${encodeURIComponent(page.next)}` : "";
  } while (after);
  return found;
}

/* A refresh token is good once: whoever needs another at the same time waits for the same answer. */
async function renewed(spent) {
  if (held === spent) {
    renewing ??= renew(spent).finally(() => {
      renewing = null;
    });
    await renewing;
  }
  if (held === null) throw new SignedOut();
}

async function renew(spent) {
  const asked = { grant_type: "refresh_token", refresh_token: spent.refresh_token };
  try {
    const given = await exchange("POST", "/tokens", asked);
    if (held === spent) keep(given);
  } catch (fault) {
    if (!REFUSED.includes(fault.status)) throw fault;
    if (held !== spent) return;
    held = null;
    tellEnded();
  }
}

async function exchange(method, path, content, token) {
  const headers = { Accept: "application/json" };
  if (token) headers.Authorization = `Bearer ${token}`;
  if (content) headers["Content-Type"] = "application/json";
  const body = content && JSON.stringify(content);
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const answer = await fetch(API + path, { method, headers, body, signal, cache: "no-store", credentials: "omit" });
  if (answer.ok) return answer.json();
  const problem = await answer.json().catch(() => null);
  throw new Answered(answer.status, problem, Number(answer.headers.get("Retry-After")) || 0);
}
