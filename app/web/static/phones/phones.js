/* The coordinator's page: signing in, and what is shown whenever somebody is. */

import { chooseLanguage } from "../door/language.js";
import { Answered, SignedOut } from "../door/session.js";
import { element, show, write } from "./elements.js";
import { forgetFleet, showFleet } from "./fleet.js";
import { emptied, onSend } from "./forms.js";
import { forgetOffer, listenToOffers, resumeOffer } from "./offer.js";
import { forgetPeople } from "./people.js";
import { isSignedIn, onEnded, signIn, signOut } from "./session.js";
import { forgetWaiting, namePhones, showWaiting } from "./waiting.js";
import { isPassing, passing, titleOf, words } from "./words.js";

const form = element("sign-in-form");
let who = null;
let left = null;

async function load() {
  if (!isSignedIn()) return;
  try {
    await Promise.all([showFleet(), showWaiting()]);
    namePhones();
    show(element("trouble"), false);
    write(element("trouble-told"), "");
  } catch (fault) {
    tellTrouble(fault);
  }
}

function tellTrouble(fault) {
  if (fault instanceof SignedOut) return;
  const why = isPassing(fault) ? passing(fault) : titleOf(fault.problem);
  show(element("trouble"), true);
  write(element("trouble-told"), `${words.not_read} ${why}`);
}

function forget() {
  for (const one of [forgetOffer, forgetFleet, forgetWaiting, forgetPeople]) one();
  show(element("trouble"), false);
}

/* Another than who wrote on the page before finds nothing of it. */
async function enter() {
  const [username, password] = ["username", "password"].map((name) => form.elements.namedItem(name));
  const name = username.value.trim();
  await signIn(name, password.value);
  if (who !== name) {
    forget();
    left = null;
  }
  who = name;
  password.value = "";
  write(element("name"), name);
  show(element("ended"), false);
  turn(true);
  (left?.isConnected && left.checkVisibility() ? left : element("title")).focus();
  left = null;
  resumeOffer();
  await load();
}

function turn(signedIn) {
  show(element("sign-in"), !signedIn);
  show(element("desk"), signedIn);
}

function wordsOf(fault) {
  if (!(fault instanceof Answered)) return words.offline;
  return { 401: words.sign_in_wrong, 403: words.sign_in_role, 422: words.sign_in_wrong }[fault.status] ?? null;
}

/* What stands on the page stays, out of sight, until the same coordinator is back. */
function onSignInEnded() {
  left = document.activeElement;
  show(element("ended"), true);
  turn(false);
  form.elements.namedItem("username").value = who;
  form.elements.namedItem("password").focus();
}

function leave() {
  signOut();
  forget();
  who = null;
  emptied(form);
  show(element("ended"), false);
  turn(false);
  form.elements.namedItem("username").focus();
}

function listen() {
  onSend(form, enter, wordsOf);
  onEnded(onSignInEnded);
  listenToOffers(load);
  element("sign-out").addEventListener("click", leave);
  element("try-again").addEventListener("click", async () => {
    await load();
    if (element("trouble").hidden) element("title").focus();
  });
  addEventListener("online", load);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && load());
}

chooseLanguage();
listen();
turn(false);
