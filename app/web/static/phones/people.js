/* Caregivers, customers, and what was planned and done around a time: what a correction may name. */

import { wallClock } from "./stockholm.js";
import { all } from "./session.js";

const AROUND_MS = 43_200_000;

let known = {};

/** Nobody is known any more. */
export function forgetPeople() {
  known = {};
}

function once(path) {
  known[path] ??= all(path).catch((fault) => {
    delete known[path];
    throw fault;
  });
  return known[path];
}

/** The provider's caregivers. Asked once. */
export function caregivers() {
  return once("/caregivers");
}

/** The provider's customers. Asked once. */
export function customers() {
  return once("/customers");
}

/** What the person of this id is called; undefined where it is nobody of these, or has no name to be told. */
export function labelOf(people, id) {
  return people.find((one) => one.id === id)?.name ?? undefined;
}

/** The planned visits and the visits of the caregiver within half a day of the instant, as {id, label}. */
export async function visitsAround(caregiverId, milliseconds) {
  const [from, before] = [-AROUND_MS, AROUND_MS].map((away) => new Date(milliseconds + away).toISOString());
  const query = `caregiver_id=${caregiverId}&from=${from}&before=${before}`;
  const [plans, visits, people] = await Promise.all([
    all(`/planned-visits?${query}`),
    all(`/visits?${query}`),
    customers(),
  ]);
  const label = (at, customerId) => [at && hour(at), labelOf(people, customerId)].filter(Boolean).join(" ");
  return {
    plans: plans
      .filter((one) => !one.cancelled)
      .map((one) => ({ id: one.id, label: `${label(one.starts_at, one.customer_id)}–${hour(one.ends_at)}` })),
    visits: visits.map((one) => ({ id: one.id, label: label(one.starts_at, one.parts[0]?.customer_id) || one.id })),
  };
}

function hour(instant) {
  return wallClock(Date.parse(instant)).slice(11, 16);
}
