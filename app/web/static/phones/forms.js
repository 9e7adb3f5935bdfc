/* A form is sent once at a time. What the API refuses is told at the form, and nothing that was typed is lost. */

import { SignedOut } from "../door/session.js";
import { fieldNamed, isPassing, passing, titleOf } from "./words.js";

/** `work` is done whenever the form is sent. `tell` may say what a fault is in words of its own. */
export function onSend(form, work, tell = () => null) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (form.ariaBusy === "true") return;
    form.ariaBusy = "true";
    clearFaults(form);
    try {
      await work();
    } catch (fault) {
      tellFault(form, fault, tell(fault));
    } finally {
      form.ariaBusy = "false";
    }
  });
}

/** The form is empty, and says nothing. */
export function emptied(form) {
  form.reset();
  clearFaults(form);
}

function clearFaults(form) {
  form.querySelector("[data-fault]").replaceChildren();
  for (const one of form.querySelectorAll("label > .fault")) one.remove();
  for (const one of form.querySelectorAll("[aria-invalid]")) one.removeAttribute("aria-invalid");
}

function tellFault(form, fault, own) {
  if (fault instanceof SignedOut) return;
  const place = form.querySelector("[data-fault]");
  if (own !== null || isPassing(fault)) {
    place.textContent = own ?? passing(fault);
    return;
  }
  const { detail, errors = [] } = fault.problem ?? {};
  const fields = errors.map((one) => [fieldOf(form, one.pointer), one]);
  for (const [field, { message }] of fields) if (field) tellField(field, message);
  const others = fields.filter(([field]) => !field).map(([, one]) => lineOf(one));
  place.replaceChildren(titleOf(fault.problem), ...[detail, ...new Set(others)].filter(Boolean).map(inEnglish));
  (fields.find(([field]) => field)?.[0] ?? form.querySelector("button:not([type])")).focus();
}

function lineOf({ pointer, message }) {
  return pointer ? `${fieldNamed(pointer)}: ${message}` : message;
}

/* The API says what is wrong in English. */
function inEnglish(told) {
  return Object.assign(document.createElement("span"), { lang: "en", textContent: told });
}

function tellField(field, message) {
  field.ariaInvalid = "true";
  const told = inEnglish(message);
  told.className = "fault";
  field.closest("label").append(told);
}

/* A pointer names the field itself, one of its parts, or what may be left out with it. */
function fieldOf(form, pointer) {
  const steps = pointer.replace(/^\/registration(?=\/)/, "").split("/").slice(1);
  const names = [steps.join("_"), steps[0], `rest_${steps[0]}`];
  return names.map((name) => name && form.elements.namedItem(name)).find((one) => one?.checkVisibility()) ?? null;
}
