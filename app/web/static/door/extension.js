/* Asking for more time right at check-out, in two fields. What is asked is kept in the phone before it is sent, and stays
   there until the server has it or the caregiver has seen why it has not. Source: E1, E2. */

import { newId } from "./clock.js";
import { deliver, obstacle } from "./delivery.js";
import { ask, session } from "./session.js";
import { forget, keepAsk, tellProblem, waiting, waitingAsks } from "./store.js";
import { element, hour, say, show, words, write } from "./told.js";

const OFFERED_MS = 3_600_000;
const LEAST = 20;
const key = (caregiver) => `hemtid.door.last.${caregiver}`;

let [opened, untold, told] = [false, null, null];

function last(caregiver) {
  try {
    return JSON.parse(localStorage.getItem(key(caregiver)));
  } catch {
    return null;
  }
}

function keepLast(caregiver, visit) {
  localStorage.setItem(key(caregiver), JSON.stringify(visit));
}

/** A check-out of a known visit is what more time may be asked for; whatever begins afterwards ends that. */
export function registered(content, open) {
  [opened, untold, told] = [false, null, null];
  const { id, visit_id, captured_at } = content;
  const left = content.kind === "check_out" && open && visit_id;
  if (left) keepLast(content.caregiver_id, { visit_id, check_out: id, starts_at: open.starts_at, at: captured_at });
  else localStorage.removeItem(key(content.caregiver_id));
}

/** Nobody is asking any more. */
export function closeForm() {
  [opened, told] = [false, null];
  element("longer-form").reset();
}

/** Whether the visit may be personal care: what the server says of it once it has the check-out. */
export async function learnCare() {
  const who = session();
  const visit = who && last(who.caregiver_id);
  if (!visit || visit.care !== undefined) return;
  if ((await waiting()).some((row) => row.id === visit.check_out)) return;
  try {
    const { parts } = await ask("GET", `/visits/${visit.visit_id}`);
    const care = parts.some((part) => part.service === "personal_care" && part.customer_id);
    if (last(who.caregiver_id)?.visit_id === visit.visit_id) keepLast(who.caregiver_id, { ...visit, care });
  } catch {
    untold = visit.visit_id;
  }
}

/* Without coverage nobody knows what the visit is: it may be personal care. */
function mayBeAsked(visit, rows, asks) {
  if (!visit || Date.now() - Date.parse(visit.at) > OFFERED_MS) return false;
  if (asks.some((one) => one.ask.visit_id === visit.visit_id) || visit.asked) return false;
  if (visit.care !== undefined) return visit.care;
  const row = rows.find((one) => one.id === visit.check_out);
  return row === undefined ? untold === visit.visit_id : row.problem === null && obstacle !== null;
}

/** The offer, the form and what waits or was refused are shown as they stand. */
export async function renderExtension(who, rows, open) {
  const asks = await waitingAsks().catch(() => []);
  const visit = who && open === null && !who.revoked ? last(who.caregiver_id) : null;
  const offered = mayBeAsked(visit, rows, asks);
  show("longer", offered);
  show("longer-open", offered && !opened);
  show("longer-form", offered && opened);
  if (offered) write("longer-which", say("longer_which", { from: hour(visit.starts_at), to: hour(visit.at) }));
  write("longer-told", told === null ? "" : toldOf(asks));
  renderAsks(asks, rows, who);
}

/* What became of what was just asked. */
function toldOf(asks) {
  const row = asks.find((one) => one.id === told);
  return row === undefined ? words.ask_sent : row.problem === null ? words.ask_kept : "";
}

function renderAsks(asks, rows, who) {
  const ours = (row) => row.owner.caregiver_id === who?.caregiver_id;
  const [left, held] = [asks.filter((row) => row.problem === null), asks.filter((row) => row.problem !== null)];
  show("asks", left.length > 0);
  show("asks-held", held.length > 0);
  show("asks-acts", held.some(ours));
  const why = left.some(ours) ? (obstacle ?? "sending") : "sign_in";
  write("asks-title", `${words[`waits_${why}`]}\u00a0– ${count(left.length)}`);
  write("asks-held-title", `${words.needs_help}\u00a0– ${count(held.length)}`);
  const stuck = (row) => rows.some((one) => one.id === row.ask.check_out && one.problem !== null);
  list("asks-list", left, (row) => (ours(row) ? [stuck(row) ? words.ask_after : "", row.ask.justification] : []));
  list("asks-held-list", held, (row) => (ours(row) ? [refusal(row.problem), row.ask.justification, row.problem.detail] : []));
}

function count(number) {
  return say(number === 1 ? "one_ask" : "many_asks", { n: number });
}

/* A colleague at the same phone sees that something waits, and not what is told of a customer. */
function list(id, rows, more) {
  const lines = rows.map((row) => {
    const line = document.createElement("li");
    const told = more(row);
    const cause = told.length > 0 ? `${words[`cause_${row.ask.cause}`]} · ` : "";
    line.textContent = `${cause}${hour(row.ask.at)} · ${row.owner.name}`;
    line.append(...told.filter(Boolean).map((one) => Object.assign(document.createElement("small"), { textContent: one })));
    return line;
  });
  element(id).replaceChildren(...lines);
}

function refusal(problem) {
  const known = { E1: words.ask_refused_e1, E2: words.ask_refused_e2, E3: words.ask_refused_e2 };
  return known[problem.rule] ?? (problem.status === 404 ? words.ask_refused_visit : words.ask_refused);
}

function countLetters() {
  write("longer-count", say("longer_count", { n: [...element("longer-why").value.trim()].length }));
}

/* What is still lacking, where it is. */
function faultOf(cause, why) {
  if (cause === "") return ["longer-cause", words.longer_no_cause];
  return [...why].length < LEAST ? ["longer-why", words.longer_too_short] : null;
}

async function onAsk(event, changed) {
  event.preventDefault();
  const who = session();
  const visit = who && last(who.caregiver_id);
  const [cause, justification] = [element("longer-cause").value, element("longer-why").value.trim()];
  const fault = faultOf(cause, justification);
  for (const id of ["longer-cause", "longer-why"]) element(id).setAttribute("aria-invalid", String(fault?.[0] === id));
  write("longer-fault", fault === null ? "" : fault[1]);
  if (fault !== null) element(fault[0]).focus();
  if (fault !== null || !visit) return;
  const { visit_id, check_out, at } = visit;
  const id = newId();
  try {
    await keepAsk(id, { visit_id, check_out, at, cause, justification }, owner(who));
  } catch {
    write("longer-fault", words.not_kept);
    return;
  }
  keepLast(who.caregiver_id, { ...visit, asked: true });
  closeForm();
  told = id;
  countLetters();
  await changed();
  element("longer-told").focus();
  await deliver(changed);
}

function owner({ username, name, caregiver_id }) {
  return { username, name, caregiver_id };
}

async function ownHeld() {
  const asks = await waitingAsks();
  return asks.filter((row) => row.problem !== null && row.owner.caregiver_id === session()?.caregiver_id);
}

/** The form and the buttons do what they say; `changed` shows it. */
export function listenForAsking(changed) {
  countLetters();
  element("longer-open").addEventListener("click", async () => {
    opened = true;
    await changed();
    element("longer-title").focus();
  });
  element("longer-why").addEventListener("input", countLetters);
  element("longer-form").addEventListener("submit", (event) => onAsk(event, changed));
  element("asks-again").addEventListener("click", async () => {
    for (const row of await ownHeld()) await tellProblem(row, null);
    await deliver(changed);
  });
  element("asks-remove").addEventListener("click", async () => {
    for (const row of await ownHeld()) await forget(row.id);
    await changed();
  });
}
