/* A phone is offered its enrolment: a QR code that is good once, and only while it is shown here. What it says is kept
   nowhere else, and is gone from the page as soon as it is over. */

import { Answered, SignedOut } from "../door/session.js";
import { element, show, write } from "./elements.js";
import { emptied, onSend } from "./forms.js";
import { ask } from "./session.js";
import { passing, say, words } from "./words.js";

const EVERY_MS = 2000;
const TICK_MS = 250;

const form = element("add-form");
const field = form.elements.namedItem("name");
let offer = null;
let [looks, ticks] = [null, null];
let changed = async () => {};

/** The form offers phones; `told` is called whenever one has come or changed. */
export function listenToOffers(told) {
  changed = told;
  onSend(form, makeOffer);
  element("take-back").addEventListener("click", takeBack);
}

/** An offer that stood while nobody was signed in is looked after again. */
export function resumeOffer() {
  if (offer !== null) look();
}

/** Nothing is offered, and nothing tells that anything was. */
export function forgetOffer() {
  close();
  emptied(form);
  write(element("add-said"), "");
  write(form.querySelector("button"), words.show_code);
}

async function makeOffer() {
  const asked = performance.now();
  const { id, name, created_at, expires_at, qr_svg } = await ask("POST", "/devices", { name: field.value.trim() });
  offer = { id, name, over_at: asked + Date.parse(expires_at) - Date.parse(created_at) };
  element("code").src = `data:image/svg+xml,${encodeURIComponent(qr_svg)}`;
  element("code").alt = say("code_for", { name });
  write(element("offer-title"), say("code_for", { name }));
  write(element("add-said"), "");
  write(element("offer-fault"), "");
  show(form, false);
  show(element("offer"), true);
  element("offer-title").focus();
  tick();
  looks = setTimeout(look, EVERY_MS);
  await changed();
}

/* By a clock that nobody sets: the desk's may be wrong, and the server's answer told how long it is. */
function tick() {
  const seconds = Math.max(0, Math.ceil((offer.over_at - performance.now()) / 1000));
  const two = (number) => String(number).padStart(2, "0");
  write(element("left"), `${two(Math.floor(seconds / 60))}:${two(seconds % 60)}`);
  if (seconds === 0) hideCode();
  else ticks = setTimeout(tick, TICK_MS);
}

function hideCode() {
  element("code").removeAttribute("src");
  element("code").alt = "";
  show(element("code"), false);
}

/* Whether the phone is enrolled, the code too old or taken back, is the server's to say. */
async function look() {
  clearTimeout(looks);
  const watched = offer;
  let state = null;
  try {
    ({ state } = await ask("GET", `/devices/${watched.id}`));
  } catch (fault) {
    if (fault instanceof SignedOut) return;
  }
  if (offer !== watched) return;
  write(element("offer-fault"), state === null ? words.code_unwatched : "");
  if (state === null || state === "offered") looks = setTimeout(look, EVERY_MS);
  else await end(state);
}

async function end(state) {
  const { name } = offer;
  const attended = element("offer").contains(document.activeElement);
  close();
  write(element("add-said"), say(`code_${state}`, { name }));
  element("add-said").dataset.state = state;
  write(form.querySelector("button"), state === "enrolled" ? words.show_code : words.show_another);
  emptied(form);
  if (state !== "enrolled") field.value = name;
  if (attended) element("add-said").focus();
  await changed();
}

function close() {
  clearTimeout(looks);
  clearTimeout(ticks);
  offer = null;
  hideCode();
  show(element("code"), true);
  write(element("offer-title"), "");
  show(element("offer"), false);
  show(form, true);
}

async function takeBack() {
  try {
    await ask("POST", `/devices/${offer.id}/revocation`, {});
    await end("revoked");
  } catch (fault) {
    if (fault instanceof Answered && fault.status === 409) await look();
    else if (!(fault instanceof SignedOut)) write(element("offer-fault"), passing(fault));
  }
}
