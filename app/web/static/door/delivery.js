/* Delivers the queue. A registration leaves it only when the server has answered that it has it. */

import { sentNow } from "./clock.js";
import { Answered, ask, askWhetherRevoked, inTurn, session, SignedOut } from "./session.js";
import { forget, tellProblem, waiting, waitingAsks } from "./store.js";
import { delivered } from "./visit.js";

const EVERY_MS = 20_000;
const LONGEST_MS = 300_000;
const LATER = [401, 408, 425, 429];

let timer = null;
let failures = 0;

/** Why the queue waits: null, "coverage", "server" or "sign_in". */
export let obstacle = null;

/** The queue has been tried once, from its beginning; `changed` is called whenever something left it or was refused. */
export async function deliver(changed) {
  clearTimeout(timer);
  let wait = 0;
  try {
    await inTurn("hemtid.door.delivery", () => deliverAll(changed));
    obstacle = null;
    failures = 0;
  } catch (fault) {
    obstacle = obstacleOf(fault);
    wait = fault.wait ?? 0;
    failures += 1;
  }
  await changed();
  const pause = Math.min(EVERY_MS * 2 ** Math.max(0, failures - 1), LONGEST_MS);
  clearTimeout(timer);
  timer = setTimeout(() => deliver(changed), Math.max(pause, wait * 1000));
}

function obstacleOf(fault) {
  if (fault instanceof SignedOut) return "sign_in";
  return fault instanceof Answered ? "server" : "coverage";
}

/* Only in the name of who registered it: another who has signed in meanwhile speaks for nobody else. But an enrolled
   phone knows who was signed in on it, and delivers what it captured whoever is now (V17). */
export function isOurs(row, who) {
  return row.content.caregiver_id === who?.caregiver_id || (who?.key !== undefined && row.owner.phone === who.key);
}

async function deliverAll(changed) {
  const rows = await waiting();
  let choked = null;
  for (const row of rows.filter((one) => one.problem === null)) {
    if (!isOurs(row, session())) continue;
    try {
      await deliverOne(row);
    } catch (fault) {
      // A server that chokes on one registration may well take the next; any other fault is everybody's.
      if (fault.status !== 500) throw fault;
      choked = fault;
    }
    await changed();
  }
  choked = (await deliverAsks(changed)) ?? choked;
  if (choked !== null) throw choked;
}

/* In the name of who asked, and of nobody else; and not before the server has the check-out that it belongs to. */
async function deliverAsks(changed) {
  let choked = null;
  for (const row of (await waitingAsks()).filter((one) => one.problem === null)) {
    if (row.owner.caregiver_id !== session()?.caregiver_id) continue;
    if ((await waiting()).some((one) => one.id === row.ask.check_out)) continue;
    try {
      await deliverAsk(row);
    } catch (fault) {
      if (fault.status !== 500) throw fault;
      choked = fault;
    }
    await changed();
  }
  return choked;
}

async function deliverAsk(row) {
  const { visit_id, cause, justification } = row.ask;
  try {
    await ask("POST", `/visits/${visit_id}/extension`, { cause, justification }, { once: row.id });
  } catch (fault) {
    if (!isFinal(fault)) throw fault;
    const { status, problem } = fault;
    await tellProblem(row, { status, rule: problem?.rule ?? null, detail: detailOf(problem) });
    return;
  }
  await forget(row.id);
}

function isFinal(fault) {
  return fault instanceof Answered && fault.status < 500 && !LATER.includes(fault.status);
}

async function deliverOne(row) {
  try {
    await ask("POST", "/registrations", { ...row.content, sent: sentNow() });
  } catch (fault) {
    if (!isFinal(fault)) throw fault;
    const review = fault.problem?.facts?.quarantine_id;
    await tellProblem(row, { status: fault.status, detail: detailOf(fault.problem), ...(review && { review }) });
    if (review && fault.status === 403) await askWhetherRevoked();
    return;
  }
  delivered(row.content);
  await forget(row.id);
}

function detailOf(problem) {
  const errors = (problem?.errors ?? []).map((one) => `${one.pointer} ${one.message}`);
  return [problem?.title, problem?.detail, ...errors, problem?.request_id].filter(Boolean).join(" · ");
}

/** True for what the server has kept for the coordinator, who judges it: it need not be sent again. */
export function isInReview(row) {
  return row.problem?.review !== undefined;
}

/** What the server refused is tried again. */
export async function tryAgain(changed) {
  for (const row of await waiting()) {
    if (row.problem !== null && !isInReview(row)) await tellProblem(row, null);
  }
  await deliver(changed);
}

/** What the server has kept for the coordinator has been seen here, and leaves the phone. */
export async function seenReviews(changed) {
  for (const row of await waiting()) {
    if (isInReview(row)) await forget(row.id);
  }
  await changed();
}
