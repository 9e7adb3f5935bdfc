/* What the phones sent and could not be registered: read, dismissed, or registered as corrected. FAULTS 8, 22. */

import { openCorrection } from "./correction.js";
import { arrange, element, made, show, unfold, write } from "./elements.js";
import { nameOf } from "./fleet.js";
import { onSend } from "./forms.js";
import { caregivers, labelOf } from "./people.js";
import { objectOf, readable } from "./reading.js";
import { all, ask } from "./session.js";
import { fieldNamed, reasons, say, titleOf, when, words } from "./words.js";

let waiting = [];
let turns = 0;
const rows = new Map();

/** What waits stands in the list, the oldest first. Throws what `ask` does. */
export async function showWaiting() {
  const turn = (turns += 1);
  const found = await all("/quarantine?state=waiting");
  const people = found.length > 0 ? await caregivers() : [];
  if (turn !== turns) return;
  waiting = found;
  for (const one of found) if (!rows.has(one.id)) rows.set(one.id, newRow(one, people));
  render();
}

/** The phones have their names where they stand. */
export function namePhones() {
  for (const one of waiting) write(rows.get(one.id).part("phone"), nameOf(one.device_id));
}

/** Nothing that waits is shown. */
export function forgetWaiting() {
  turns += 1;
  waiting = [];
  rows.clear();
  write(element("waiting-said"), "");
  element("waiting-list").replaceChildren();
  for (const id of ["waiting-lead", "waiting-empty"]) show(element(id), false);
  show(element("waiting-loading"), true);
}

function render() {
  const focused = element("waiting-list").contains(document.activeElement) && document.activeElement;
  arrange(element("waiting-list"), waiting.map((one) => rows.get(one.id).root));
  if (focused && !focused.isConnected) judged(words.judged);
  show(element("waiting-loading"), false);
  show(element("waiting-lead"), waiting.length > 0);
  show(element("waiting-empty"), waiting.length === 0);
  namePhones();
}

function judged(told) {
  write(element("waiting-said"), told);
  element("waiting-said").focus();
}

function newRow(one, people) {
  const row = made("waiting-row");
  const told = objectOf(one.raw);
  const { captured_at } = readable(told, one.problem, reasons);
  const kind = words[`kind_${told.kind}`];
  const time = captured_at === undefined ? words.unknown_time : when(captured_at, true);
  write(row.part("what"), kind ?? words.unreadable);
  write(row.part("captured"), time);
  write(row.part("caregiver"), labelOf(people, one.caregiver_id) ?? words.somebody);
  write(row.part("received"), when(one.received_at, true));
  write(row.part("raw"), one.raw);
  tellProblem(row, one.problem);
  const what = [kind ?? words.unreadable, captured_at && time].filter(Boolean).join(", ");
  listenToDismissal(row, one, what);
  listenToCorrection(row, one, what);
  return row;
}

function tellProblem(row, problem) {
  write(row.part("title"), titleOf(problem));
  write(row.part("detail"), problem.detail ?? "");
  const lines = (problem.errors ?? []).map(({ pointer, message }) => lineOf(pointer, message));
  row.part("errors").replaceChildren(...lines);
}

function lineOf(pointer, message) {
  const line = document.createElement("li");
  const told = Object.assign(document.createElement("span"), { lang: "en", textContent: message });
  if (pointer) line.append(`${fieldNamed(pointer)}: `);
  line.append(told);
  return line;
}

function listenToDismissal(row, one, what) {
  const form = row.part("dismissal");
  row.part("dismiss").setAttribute("aria-label", say("dismiss_named", { what }));
  form.setAttribute("aria-label", say("dismiss_named", { what }));
  unfold(row.part("dismiss"), form, () => form.elements.namedItem("reason"));
  onSend(form, async () => {
    const reason = form.elements.namedItem("reason").value.trim();
    await judge(one, { outcome: "dismissed", reason }, words.dismissed);
  });
}

function listenToCorrection(row, one, what) {
  const folded = row.part("correction");
  row.part("correct").setAttribute("aria-label", say("correct_named", { what }));
  unfold(row.part("correct"), folded, () => {
    if (folded.childElementCount === 0) {
      const accept = (corrected) => judge(one, { outcome: "accepted", ...corrected }, words.corrected);
      folded.append(openCorrection(one, say("correct_named", { what }), accept));
    }
    return folded.querySelector("select");
  });
}

/* One that somebody else has judged meanwhile leaves the list too. */
async function judge(one, verdict, told) {
  let said = told;
  try {
    await ask("POST", `/quarantine/${one.id}/verdict`, verdict);
  } catch (fault) {
    if (fault.status !== 409 || fault.problem?.errors?.[0]?.pointer !== "/outcome") throw fault;
    said = words.judged;
  }
  turns += 1;
  waiting = waiting.filter((other) => other.id !== one.id);
  rows.delete(one.id);
  render();
  judged(said);
}
