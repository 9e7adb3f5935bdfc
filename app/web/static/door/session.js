/* Who is signed in on this phone, and how the API is asked in that name. */

import { sawServer } from "./clock.js";

const KEY = "hemtid.door.session";
const API = "/api/v1";
const PATIENCE_MS = 15_000;
const EARLY_MS = 30_000;

/** Nobody is signed in any more: the refresh token was refused. */
export class SignedOut extends Error {}

/** The API answered, and not with what was asked for. */
export class Answered extends Error {
  constructor(status, problem, wait) {
    super(`${status}`);
    this.status = status;
    this.problem = problem;
    this.wait = wait;
  }
}

/** The session of this phone, null where nobody is signed in. */
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
  const given = await exchange("POST", "/tokens", { grant_type: "password", username, password });
  const caregiver = /(?:^| )caregiver:(\S+)/.exec(given.scope);
  if (caregiver === null) throw new Answered(403, null, 0);
  write({ ...tokens(given), username, name: username, caregiver_id: caregiver[1] });
  const told = await ask("GET", `/caregivers/${caregiver[1]}`).catch(() => null);
  const now = session();
  if (told?.name && now?.caregiver_id === caregiver[1]) write({ ...now, name: told.name });
}

function tokens(given) {
  return {
    access_token: given.access_token,
    refresh_token: given.refresh_token,
    stale_at: Date.now() + given.expires_in * 1000 - EARLY_MS,
  };
}

/** What the API answers to the signed-in caregiver. Throws SignedOut, Answered, or what fetch throws without coverage. */
export async function ask(method, path, content) {
  let now = session();
  if (now === null) throw new SignedOut();
  if (Date.now() >= now.stale_at) now = await renewed(now.access_token);
  try {
    return await exchange(method, path, content, now.access_token);
  } catch (fault) {
    if (fault.status !== 401) throw fault;
  }
  now = await renewed(now.access_token);
  return exchange(method, path, content, now.access_token);
}

/* A refresh token is good once: two pages of one phone take turns, and the second uses what the first was given. */
function renewed(spent) {
  return inTurn("hemtid.door.session", async () => {
    const now = session();
    if (now === null) throw new SignedOut();
    if (now.access_token !== spent) return now;
    const asked = { grant_type: "refresh_token", refresh_token: now.refresh_token };
    try {
      const next = { ...now, ...tokens(await exchange("POST", "/tokens", asked)) };
      write(next);
      return next;
    } catch (fault) {
      if (![400, 401, 422].includes(fault.status)) throw fault;
      write({ username: now.username });
      throw new SignedOut();
    }
  });
}

/** `work` is done while no other page of this phone does the same. */
export function inTurn(name, work) {
  return navigator.locks ? navigator.locks.request(name, work) : work();
}

async function exchange(method, path, content, token) {
  const headers = { Accept: "application/json" };
  if (token) headers.Authorization = `Bearer ${token}`;
  if (content) headers["Content-Type"] = "application/json";
  const asked = performance.now();
  const body = content && JSON.stringify(content);
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const answer = await fetch(API + path, { method, headers, body, signal, cache: "no-store", credentials: "omit" });
  sawServer(answer.headers.get("Date"), asked);
  if (answer.ok) return answer.json();
  const problem = await answer.json().catch(() => null);
  throw new Answered(answer.status, problem, Number(answer.headers.get("Retry-After")) || 0);
}
