/* A registration as its coordinator corrects it. What the phone said of time and place, where that can be read, goes
   back untouched; what proved the place and cannot be read becomes manual. Source: V1, V3, FAULTS 8. */

import { newId } from "../door/clock.js";
import { Answered } from "../door/session.js";
import { made, show, write } from "./elements.js";
import { onSend } from "./forms.js";
import { caregivers, customers, visitsAround } from "./people.js";
import { faulted, isId, objectOf, readable } from "./reading.js";
import { instantOf, wallClock } from "./stockholm.js";
import { passing, reasons, say, when, words } from "./words.js";

const CHOSEN = ["kind", "caregiver_id", "customer_id", "planned_visit_id", "visit_id", "service"];
const REST = ["activities", "household", "extra_service", "stated_at", "external_id", "sent"];
const CAPTURED = ["captured_at", "clock", "place"];

/** The form in which the quarantined text is corrected. `accept` is given {registration, reason}, null for none. */
export function openCorrection(one, label, accept) {
  const { root: form, part } = made("correction");
  const told = objectOf(one.raw);
  const bad = one.problem.rule ? new Set() : faulted(one.problem);
  const at = { form, part, told, bad, row: one, kept: readable(told, one.problem, reasons) };
  at.id = isId(told.id) && !faulted(one.problem).has("id") ? told.id : newId();
  form.setAttribute("aria-label", label);
  showCaptured(at);
  offerRest(at);
  prefill(at);
  form.addEventListener("change", (event) => onChange(at, event.target.name));
  onSend(
    form,
    () => accept({ registration: registrationOf(at), reason: valueOf(at, "reason") || null }),
    (fault) => readAnew(at, fault),
  );
  return form;
}

function valueOf({ form }, name) {
  return form.elements.namedItem(name).value.trim();
}

/* What stands is shown as it is, and what cannot be read is asked for. A hidden field is asked for nothing. */
function showCaptured({ form, part, kept }) {
  const { captured_at, place } = kept;
  stand(part("at"), part("at-fixed"), captured_at && when(captured_at, true));
  stand(part("place"), part("place-fixed"), place && placeOf(place));
  for (const name of ["captured_at", "place_reason", "place_note"]) {
    const field = form.elements.namedItem(name);
    field.disabled = (name === "captured_at" ? captured_at : place) !== undefined;
  }
}

function stand(asked, fixed, told) {
  show(asked, told === undefined);
  show(fixed, told !== undefined);
  write(fixed.querySelector("strong"), told ?? "");
}

function placeOf({ method, reason }) {
  return say(`place_${method}`, { reason: reasons[reason] });
}

function offerRest({ part, told, bad }) {
  const rest = REST.filter((name) => told[name] != null);
  for (const name of rest) {
    const box = Object.assign(document.createElement("input"), { type: "checkbox", name: `rest_${name}` });
    box.checked = !bad.has(name);
    const line = document.createElement("label");
    line.className = "tick";
    const shown = document.createElement("code");
    write(shown, `${name}: ${JSON.stringify(told[name])}`);
    line.append(box, shown);
    part("rest").append(line);
  }
  show(part("rest"), rest.length > 0);
}

/* What stands in the lists comes from the server; until it has come, and where it does not, what the phone stated can
   be chosen all the same. */
async function prefill(at) {
  const { form, told, bad, row } = at;
  const stated = { ...told, caregiver_id: isId(told.caregiver_id) ? told.caregiver_id : row.caregiver_id };
  for (const name of CHOSEN) {
    if (bad.has(name) || stated[name] == null) continue;
    const field = form.elements.namedItem(name);
    if (name.endsWith("_id")) {
      if (!isId(stated[name])) continue;
      field.add(new Option(say("as_sent", { id: stated[name].slice(-8) }), stated[name]));
    }
    if ([...field.options].some((one) => one.value === stated[name])) field.value = stated[name];
  }
  showKind(at);
  await fill(at, async () => {
    const [workers, people] = await Promise.all([caregivers(), customers()]);
    choose(form, "caregiver_id", workers.map(named));
    choose(form, "customer_id", people.map(named));
  });
  await showVisits(at);
}

function named({ id, name }) {
  return { id, label: name ?? id };
}

async function showVisits(at) {
  const caregiver = valueOf(at, "caregiver_id");
  const captured = Date.parse(at.kept.captured_at ?? (valueOf(at, "captured_at") || at.row.received_at));
  if (!caregiver) return;
  await fill(at, async () => {
    const { plans, visits } = await visitsAround(caregiver, captured);
    if (valueOf(at, "caregiver_id") !== caregiver) return;
    choose(at.form, "planned_visit_id", plans);
    choose(at.form, "visit_id", visits);
  });
}

/* Where a list does not come the form says why, and can be sent without it. */
async function fill({ form }, work) {
  try {
    await work();
  } catch (fault) {
    write(form.querySelector("[data-fault]"), `${words.not_read} ${passing(fault)}`);
  }
}

/* The choice stays what it was, also where the list does not have it. */
function choose(form, name, offered) {
  const field = form.elements.namedItem(name);
  const { value } = field;
  const stated = offered.some(({ id }) => id === value) ? "" : value;
  const before = [...field.options].filter((one) => one.value === "" || one.value === stated);
  field.replaceChildren(...before, ...offered.map(({ id, label }) => new Option(label, id)));
  field.value = value;
}

/* A check-in begins its visit; all else belongs to one. */
function showKind(at) {
  show(at.part("visit"), valueOf(at, "kind") !== "check_in");
}

function onChange(at, name) {
  if (name === "kind") showKind(at);
  if (name === "caregiver_id" || name === "captured_at") showVisits(at);
  if (name === "place_reason") at.form.elements.namedItem("place_note").required = valueOf(at, name) === "other";
}

function registrationOf(at) {
  const { form, told, kept, id } = at;
  const ticked = REST.filter((name) => form.elements.namedItem(`rest_${name}`)?.checked);
  const rest = ticked.map((name) => [name, told[name]]);
  const asked = CHOSEN.filter((name) => form.elements.namedItem(name).checkVisibility());
  const chosen = asked.map((name) => [name, valueOf(at, name)]).filter(([, value]) => value !== "");
  const whole = { id, ...Object.fromEntries(rest), ...Object.fromEntries(chosen), ...kept };
  whole.captured_at ??= instantOf(valueOf(at, "captured_at"));
  whole.place ??= byHand(at);
  return whole;
}

function byHand(at) {
  const note = valueOf(at, "place_note");
  return { method: "manual", reason: valueOf(at, "place_reason"), ...(note && { note }) };
}

/* The server has the last word on what can be read: by a rule it says that this can, by the form of a field that it
   cannot. Then the form asks for that, or shows it, and tells the server's words as of any other field. */
function readAnew(at, fault) {
  if (!(fault instanceof Answered)) return null;
  for (const { pointer } of fault.problem?.errors ?? []) {
    const [, whole, name] = pointer.split("/");
    if (whole !== "registration" || !CAPTURED.includes(name) || at.told[name] == null) continue;
    if (fault.problem.rule) at.kept[name] = at.told[name];
    else delete at.kept[name];
  }
  const field = at.form.elements.namedItem("captured_at");
  if (!at.kept.captured_at && !field.value) field.value = wallClock(Date.parse(at.row.received_at));
  showCaptured(at);
  return null;
}
