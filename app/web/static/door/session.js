/* Who is signed in on this phone, and how the API is asked in that name. */

import { sawServer } from "./clock.js";
import { enrolledKey, nowEnrolled, nowRevoked, offered, proofOf } from "./phone.js";

const KEY = "hemtid.door.session";
const API = "/api/v1";
const PATIENCE_MS = 15_000;
const EARLY_MS = 30_000;

/** Nobody is signed in any more: the refresh token was refused. */
export class SignedOut extends Error {}

/** The API answered, and not with what was asked for. */
export class Answered extends Error {
  constructor(status, problem, wait, unproven = false) {
    super(`${status}`);
    this.status = status;
    this.problem = problem;
    this.wait = wait;
    this.unproven = unproven;
  }
}

/** The session of this phone, null where nobody is signed in. Its `key` is the enrolled phone's that it is bound to. */
export function session() {
  const kept = read();
  return kept?.refresh_token ? kept : null;
}

/** The name that was signed in last, for the form; null where nobody was or where they signed out themselves. */
export function endedSession() {
  const kept = read();
  return kept && !kept.refresh_token ? kept.username : null;
}

function read() {
  try {
    return JSON.parse(localStorage.getItem(KEY));
  } catch {
    return null;
  }
}

function write(kept) {
  localStorage.setItem(KEY, JSON.stringify(kept));
}

/** Nobody is signed in on this phone. */
export function signOut() {
  localStorage.removeItem(KEY);
}

/** The caregiver is signed in. Throws Answered: 401 for a wrong password, 403 for somebody who is no caregiver. */
export async function signIn(username, password) {
  const asked = { grant_type: "password", username, password };
  const { given, ...bound } = await letIn(asked);
  const caregiver = /(?:^| )caregiver:(\S+)/.exec(given.scope);
  if (caregiver === null) throw new Answered(403, null, 0);
  write({ ...tokens(given), ...bound, username, name: username, caregiver_id: caregiver[1] });
  const told = await ask("GET", `/caregivers/${caregiver[1]}`).catch(() => null);
  const now = session();
  if (told?.name && now?.caregiver_id === caregiver[1]) write({ ...now, name: told.name });
}

/* By the key that an offer has shown and whose answer was lost; by the enrolled phone's; else without, as anywhere. A
   key that is no phone's of the caregiver's provider keeps nobody from signing in: only from being known by it. */
async function letIn(asked) {
  const offer = await offered();
  const enrolled = await enrolledKey().catch(() => null);
  const keys = [offer?.jwk && offer, enrolled && !enrolled.revoked && enrolled].filter(Boolean);
  let refused = enrolled?.revoked ? "revoked" : null;
  for (const key of keys) {
    try {
      const given = await exchange("POST", "/tokens", asked, { key });
      if (key === offer) await nowEnrolled(key);
      return { given, key: key.thumbprint };
    } catch (fault) {
      const phone = fault.problem?.facts?.phone;
      if (phone === undefined) throw fault;
      if (phone === "revoked") await nowRevoked(key.thumbprint);
      if (key === enrolled) refused = phone;
    }
  }
  return { given: await exchange("POST", "/tokens", asked), ...(refused && { refused }) };
}

/** The session of `who` is bound to the key from now on, by the tokens that were given for it; unless they signed out,
    or somebody else in, meanwhile. */
export function boundTo(key, given, { username, name, caregiver_id }) {
  if (read()?.username === username) write({ ...tokens(given), key: key.thumbprint, username, name, caregiver_id });
}

/** The phone may have been revoked: whether it was is asked. */
export async function askWhetherRevoked() {
  const now = session();
  if (now?.key && !now.revoked) await renewed(now.access_token);
}

function tokens(given) {
  return {
    access_token: given.access_token,
    refresh_token: given.refresh_token,
    stale_at: Date.now() + given.expires_in * 1000 - EARLY_MS,
  };
}

/** What the API answers to the signed-in caregiver. Throws SignedOut, Answered, or what fetch throws without coverage.
    `key` is one that is to be proven and that the session is not bound to; what is asked `once` under an id adds nothing
    when it is asked again. */
export async function ask(method, path, content, { key = null, once = null } = {}) {
  let now = session();
  if (now === null) throw new SignedOut();
  if (Date.now() >= now.stale_at && !now.revoked) now = await renewed(now.access_token);
  try {
    return await exchange(method, path, content, { ...(await by(now, key)), once });
  } catch (fault) {
    if (fault.status !== 401 || fault.unproven || now.revoked) throw fault;
  }
  now = await renewed(now.access_token);
  return exchange(method, path, content, { ...(await by(now, key)), once });
}

/* What goes with a request in the session's name. Where the browser has lost the key, nobody is signed in any more. */
async function by(now, key) {
  if (!now.key) return { token: now.access_token, key };
  const own = await enrolledKey();
  if (own?.thumbprint === now.key) return { token: now.access_token, bound: true, key: key ?? own };
  ended(now);
  throw new SignedOut();
}

function ended(now) {
  if (session()?.access_token === now.access_token) write({ username: now.username });
}

/* A refresh token is good once: two pages of one phone take turns, and the second uses what the first was given. One
   whose answer was lost is shown again. A revoked phone stays signed in by what it has: that still hands over. */
function renewed(spent) {
  return inTurn("hemtid.door.session", async () => {
    const now = session();
    if (now === null) throw new SignedOut();
    if (now.access_token !== spent) return now;
    const asked = { grant_type: "refresh_token", refresh_token: now.refresh_token };
    try {
      const { key } = await by(now, null);
      return replaced(now, tokens(await exchange("POST", "/tokens", asked, { key })));
    } catch (fault) {
      if (![400, 401, 422].includes(fault.status) || (now.key && fault.unproven)) throw fault;
      if (fault.problem?.facts?.phone === "revoked") {
        await nowRevoked(now.key);
        return replaced(now, { revoked: true });
      }
      ended(now);
      throw new SignedOut();
    }
  });
}

/* Unless somebody has signed in or out, or enrolled the phone, meanwhile. */
function replaced(before, changed) {
  const now = session();
  if (now === null) throw new SignedOut();
  if (now.access_token !== before.access_token) return now;
  const next = { ...before, ...changed };
  write(next);
  return next;
}

/** `work` is done while no other page of this phone does the same. */
export function inTurn(name, work) {
  return navigator.locks ? navigator.locks.request(name, work) : work();
}

/* A proof whose time was wrong by the phone's clock is made anew by the server's, which its answer has told. */
async function exchange(method, path, content, shown = {}) {
  try {
    return await exchangeOnce(method, path, content, shown);
  } catch (fault) {
    if (!shown.key || !fault.unproven) throw fault;
  }
  return exchangeOnce(method, path, content, shown);
}

async function exchangeOnce(method, path, content, { token, bound, key, once }) {
  const headers = { Accept: "application/json" };
  if (token) headers.Authorization = `${bound ? "DPoP" : "Bearer"} ${token}`;
  if (content) headers["Content-Type"] = "application/json";
  if (once) headers["Idempotency-Key"] = once;
  const address = new URL(API + path, location.origin);
  if (key) headers.DPoP = await proofOf(key, method, address.origin + address.pathname, token);
  const asked = performance.now();
  const body = content && JSON.stringify(content);
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const answer = await fetch(address, { method, headers, body, signal, cache: "no-store", credentials: "omit" });
  sawServer(answer.headers.get("Date"), asked);
  if (answer.ok) return answer.json();
  const problem = await answer.json().catch(() => null);
  const unproven = /invalid_dpop_proof/.test(answer.headers.get("WWW-Authenticate"));
  throw new Answered(answer.status, problem, Number(answer.headers.get("Retry-After")) || 0, unproven);
}
