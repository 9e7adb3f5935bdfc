/* What the page says: its words, times in Sweden, and what went wrong. */

import { Answered } from "../door/session.js";
import { element } from "./elements.js";

const ZONE = { timeZone: "Europe/Stockholm" };
const FIELDS = {
  kind: "kind",
  captured_at: "phone_clock",
  caregiver_id: "caregiver",
  customer_id: "customer",
  planned_visit_id: "plan",
  visit_id: "visit",
  service: "service",
  place: "place",
};
const language = document.documentElement.lang === "sv" ? "sv-SE" : "en-GB";

export const words = JSON.parse(element("phones").dataset.words);
/** Why a registration was made by hand, in words by code. */
export const reasons = JSON.parse(element("phones").dataset.reasons);

/** The words of a key, with values in their places. */
export function say(key, values = {}) {
  return Object.entries(values).reduce((told, [name, value]) => told.replace(`{${name}}`, () => value), words[key]);
}

/** The day and the time in Sweden, its seconds where they are asked for. Source: T5. */
export function when(instant, seconds = false) {
  const day = { weekday: "short", day: "numeric", month: "short", year: "numeric" };
  const hour = { hour: "2-digit", minute: "2-digit", ...(seconds && { second: "2-digit" }) };
  return new Date(instant).toLocaleString(language, { ...day, ...hour, ...ZONE });
}

/** The field that a pointer names, in words where we have some. */
export function fieldNamed(pointer) {
  const path = pointer.replace(/^\/registration(?=\/)/, "");
  return words[FIELDS[path.split("/")[1]]] ?? path;
}

/** What kind of problem it is, in the page's language. */
export function titleOf(problem) {
  const slug = String(problem?.type ?? "").split("/").pop();
  return words[`problem_${slug}`] ?? problem?.title ?? words.sign_in_server;
}

/** True for what may pass by itself: no network, a busy server, one that fails. */
export function isPassing(fault) {
  return !(fault instanceof Answered) || fault.status === 429 || fault.status >= 500;
}

/** What is told of a fault that is nobody's on this page. */
export function passing(fault) {
  if (!(fault instanceof Answered)) return words.offline;
  if (fault.status !== 429) return words.sign_in_server;
  return say("sign_in_wait", { n: Math.max(1, Math.ceil(fault.wait / 60)) });
}
