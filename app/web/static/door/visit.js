/* Whether the caregiver has an open visit: what the server last said, and what the queue has added to it since. */

import { ask, session } from "./session.js";
import { waiting } from "./store.js";

const key = (caregiver) => `hemtid.door.open.${caregiver}`;

/** The text of the tag whose address was opened; null where none was read. */
export function tagText() {
  const address = new URL(location.href);
  if (address.pathname === "/t/") return null;
  if (address.searchParams.has("lang")) address.searchParams.delete("lang");
  address.hash = "";
  return address.href;
}

/** The tag that a text as read names, whatever key signed it; null for none. */
export function tagOf(text) {
  return text ? (text.split("?")[0].split("/").pop().split(".")[0] || null) : null;
}

/** The caregiver's open visit as {id, starts_at, tag}, or null. Source: V4, V6. */
export async function openVisit(caregiver) {
  const rows = await waiting();
  return rows.filter((row) => row.content.caregiver_id === caregiver).reduce(after, known(caregiver));
}

/* What is refused by the server has opened and closed nothing. But of a revoked phone all waits for the coordinator:
   there a check-out follows its check-in all the same. */
function after(open, { content, problem }) {
  if (problem !== null && !(problem.review && session()?.revoked)) return open;
  if (content.kind === "check_out") return null;
  return { id: content.id, starts_at: content.captured_at, tag: tagOf(content.place.text) };
}

function known(caregiver) {
  try {
    return JSON.parse(localStorage.getItem(key(caregiver)));
  } catch {
    return null;
  }
}

/** The server has taken this registration: what it opened or closed is known, also once it has left the queue. */
export function delivered(content) {
  localStorage.setItem(key(content.caregiver_id), JSON.stringify(after(known(content.caregiver_id), { content, problem: null })));
}

/** What the server says is known, unless something of the caregiver's is on its way there. */
export async function askServer(caregiver) {
  const before = await mine(caregiver);
  const listed = await ask("GET", "/visits?state=open&limit=1");
  const [visit] = listed.items.filter((one) => one.caregiver_id === caregiver);
  if (before > 0 || (await mine(caregiver)) > 0) return;
  const had = known(caregiver);
  const tag = had?.id === visit?.id ? had?.tag : null;
  const open = visit ? { id: visit.id, starts_at: visit.starts_at, tag: tag ?? (await tagAtStart(visit.id)) } : null;
  if ((await mine(caregiver)) === 0) localStorage.setItem(key(caregiver), JSON.stringify(open));
}

async function mine(caregiver) {
  const rows = await waiting();
  return rows.filter((row) => row.content.caregiver_id === caregiver && row.problem === null).length;
}

/* A visit's id is its check-in's (V4), which tells at which door it began when another phone was used. */
async function tagAtStart(id) {
  const registration = await ask("GET", `/registrations/${id}`).catch(() => null);
  return tagOf(registration?.place?.text);
}
