/* The page at the door: one caregiver, one tag, one button. Whatever is tapped is kept in the phone before it is sent. */

import { captured, newId } from "./clock.js";
import { deliver, isInReview, isOurs, obstacle, seenReviews, tryAgain } from "./delivery.js";
import { enrol, readOffer } from "./enrolment.js";
import { closeForm, learnCare, listenForAsking, registered, renderExtension } from "./extension.js";
import { chooseLanguage, linkOther } from "./language.js";
import { todaysVisits } from "./manual.js";
import { offered } from "./phone.js";
import { Answered, endedSession, session, signIn, signOut } from "./session.js";
import { keep, waiting } from "./store.js";
import { element, hour, say, show, words, write } from "./told.js";
import { askServer, openVisit, tagOf, tagText } from "./visit.js";

const REST_MS = 2000;
const OUTCOME_MS = 60_000;
const AGAIN_MS = 20_000;
const text = tagText();

let shown = { open: null };
let outcome = null;
let alarm = null;
let resting = false;
let [phoneTold, enrolsAgain] = [null, null];
let renders = 0;

function count(number) {
  return say(number === 1 ? "one_registration" : "many_registrations", { n: number });
}

async function render() {
  const turn = (renders += 1);
  const who = session();
  const rows = await waiting().catch(() => []);
  const open = who && (await openVisit(who.caregiver_id).catch(() => null));
  const offer = who === null && (await offered());
  if (turn !== renders) return;
  shown = { open };
  show("sign-in", who === null);
  show("at-door", who !== null);
  show("more", who !== null);
  write("phone-told", phoneTold === null ? "" : words[phoneTold]);
  show("enrol-lead", Boolean(offer));
  if (who === null) renderSignIn();
  else renderDoor(who, open);
  renderOutcome(rows);
  renderQueue(rows, who);
  await renderExtension(who, rows, open);
}

function renderSignIn() {
  const ended = endedSession();
  show("ended", ended !== null);
  if (ended !== null && element("username").value === "") element("username").value = ended;
}

function renderDoor(who, open) {
  const elsewhere = text !== null && open?.tag != null && open.tag !== tagOf(text);
  const kind = open === null || elsewhere ? "check_in" : "check_out";
  write("name", who.name);
  write("state", open === null ? words.ready : say("checked_in_since", { time: hour(open.starts_at) }));
  element("state").classList.toggle("unseen", outcome !== null);
  show("revoked", who.revoked === true);
  show("without-key", who.refused === "revoked");
  show("unknown-phone", who.refused === "unknown");
  show("unknown-tag", element("door").dataset.known === "false");
  show("no-tag", text === null && outcome === null);
  show("elsewhere", elsewhere && outcome === null);
  label("act", kind, words[kind], text !== null && outcome === null);
  if (elsewhere && outcome === null) label("other", "check_out", words.check_out_there, true);
  else label("other", kind, words[kind], text !== null && outcome !== null);
  show("by-hand", element("manual").hidden && (outcome === null || text === null));
}

function label(id, kind, told, visible) {
  const button = element(id);
  button.dataset.kind = kind;
  button.disabled = resting;
  write(`${id}-label`, told);
  show(id, visible);
}

function renderOutcome(rows) {
  const row = rows.find((one) => one.id === outcome?.id);
  const state = row === undefined ? "sent" : stateOf(row);
  const told = { sent: words.sent, review: words.review_lead, refused: words.refused };
  told.kept = words[`kept_${obstacle ?? "sending"}`];
  element("outcome").dataset.state = alarm ? "alarm" : outcome ? state : "";
  write("outcome-what", alarm ? words.attention : outcome ? whatCame(state) : "");
  write("outcome-time", outcome && !alarm ? hour(outcome.at, true) : "");
  write("outcome-state", alarm ?? (outcome ? told[state] : ""));
}

function stateOf(row) {
  return row.problem === null ? "kept" : isInReview(row) ? "review" : "refused";
}

function whatCame(state) {
  return { review: words.in_review, refused: words.needs_help }[state] ?? words[`done_${outcome.kind}`];
}

function renderQueue(rows, who) {
  const [left, review, held] = ["kept", "review", "refused"].map((one) => rows.filter((row) => stateOf(row) === one));
  show("queue", left.length > 0);
  show("review", review.length > 0);
  show("held", held.length > 0);
  const own = left.filter((row) => isOurs(row, who));
  const why = own.length > 0 ? (obstacle ?? "sending") : "sign_in";
  write("queue-title", `${words[`waits_${why}`]}\u00a0– ${count(left.length)}`);
  write("held-title", `${words.needs_help}\u00a0– ${count(held.length)}`);
  write("review-title", `${words.in_review}\u00a0– ${count(review.length)}`);
  list("queue-list", left, () => "");
  list("review-list", review, (row) => row.problem.review);
  list("held-list", held, (row) => `${row.problem.status} · ${row.problem.detail} · ${row.id}`);
}

function list(id, rows, more) {
  const lines = rows.map((row) => {
    const line = document.createElement("li");
    const name = row.owner.name;
    line.textContent = `${words[`done_${row.content.kind}`]} ${hour(row.content.captured_at)} · ${name}`;
    const told = more(row);
    if (told) line.append(Object.assign(document.createElement("small"), { textContent: told }));
    return line;
  });
  element(id).replaceChildren(...lines);
}

/* Two taps of one cold finger are one: the buttons rest after each. */
function rest() {
  resting = true;
  setTimeout(() => {
    resting = false;
    render();
  }, REST_MS);
}

async function register(kind, place, more = {}) {
  if (resting) return;
  const moment = captured();
  const seen = shown.open?.id;
  rest();
  const who = session();
  alarm = null;
  try {
    const open = who && (await openVisit(who.caregiver_id));
    if (who === null || open?.id !== seen) {
      // Another page of this phone has registered meanwhile: show how things stand, and let the caregiver decide.
      outcome = null;
      await render();
      return;
    }
    const content = { id: newId(), kind, caregiver_id: who.caregiver_id, ...moment, place, ...more };
    if (kind === "check_out" && open) content.visit_id = open.id;
    await keep(content, { username: who.username, name: who.name, ...(who.key && { phone: who.key }) });
    outcome = { id: content.id, kind, at: content.captured_at };
    registered(content, open);
  } catch {
    alarm = words.not_kept;
  }
  show("manual", false);
  await render();
  element("outcome").focus();
  await deliver(render);
  await learnCare();
  await render();
}

async function refresh() {
  if (outcome !== null && Date.now() - Date.parse(outcome.at) > OUTCOME_MS) outcome = null;
  await render();
  await enrolOffered();
  await deliver(render);
  const who = session();
  if (who !== null) await askServer(who.caregiver_id).catch(() => null);
  await learnCare();
  await render();
}

/* What the QR code offers is done as soon as somebody is signed in and the server answers. */
async function enrolOffered() {
  clearTimeout(enrolsAgain);
  phoneTold = (await enrol()) ?? phoneTold;
  if (["enrol_coverage", "enrol_server"].includes(phoneTold)) enrolsAgain = setTimeout(refresh, AGAIN_MS);
  await render();
}

async function onOffer() {
  phoneTold = await readOffer();
  linkOther();
  await refresh();
}

async function onSignIn(event) {
  event.preventDefault();
  const button = element("sign-in-button");
  button.disabled = true;
  write("sign-in-fault", "");
  try {
    await signIn(element("username").value.trim(), element("password").value);
    element("password").value = "";
    await render();
    /* Before the server is asked: an answer that comes late must not move the focus of one who has gone on. */
    element("content").focus();
    await refresh();
  } catch (fault) {
    write("sign-in-fault", faultOfSignIn(fault));
  } finally {
    button.disabled = false;
  }
}

function faultOfSignIn(fault) {
  if (!(fault instanceof Answered)) return words.sign_in_coverage;
  const told = { 401: words.sign_in_wrong, 403: words.sign_in_role, 422: words.sign_in_wrong };
  if (fault.status === 429) return say("sign_in_wait", { n: Math.max(1, Math.ceil(fault.wait / 60)) });
  return told[fault.status] ?? words.sign_in_server;
}

async function onByHand() {
  alarm = null;
  const choice = element("manual-visit");
  try {
    const visits = shown.open === null ? await todaysVisits() : [];
    if (shown.open === null && visits.length === 0) throw new Error("nothing is planned");
    choice.replaceChildren(...visits.map((visit) => option(visit)));
    show("manual-which", shown.open === null);
    write("manual-label", words[shown.open === null ? "manual_in" : "manual_out"]);
    show("manual", true);
    show("by-hand", false);
    element("manual-title").focus();
  } catch {
    alarm = words.manual_unread;
    await render();
  }
}

function option(visit) {
  const made = new Option(`${hour(visit.starts_at)} ${visit.name}`, visit.id);
  made.dataset.customer = visit.customer_id;
  return made;
}

async function onManual(event) {
  event.preventDefault();
  const reason = element("manual-reason").value;
  const note = element("manual-note").value.trim();
  const chosen = element("manual-visit").selectedOptions[0];
  const place = { method: "manual", reason, ...(note && { note }) };
  if (shown.open !== null) await register("check_out", place);
  else await register("check_in", place, { planned_visit_id: chosen.value, customer_id: chosen.dataset.customer });
}

function listen() {
  const tap = (event) => register(event.currentTarget.dataset.kind, { method: "qr", text });
  element("act").addEventListener("click", tap);
  element("other").addEventListener("click", tap);
  element("sign-in-form").addEventListener("submit", onSignIn);
  element("sign-out").addEventListener("click", () => {
    signOut();
    outcome = null;
    alarm = null;
    show("manual", false);
    closeForm();
    render();
  });
  element("by-hand").addEventListener("click", onByHand);
  element("manual-form").addEventListener("submit", onManual);
  element("manual-reason").addEventListener("change", (event) => {
    element("manual-note").required = event.target.value === "other";
  });
  element("try-again").addEventListener("click", () => tryAgain(render));
  element("seen").addEventListener("click", () => seenReviews(render));
  listenForAsking(render);
  addEventListener("hashchange", onOffer);
  addEventListener("online", () => refresh());
  addEventListener("storage", () => render());
  addEventListener("pageshow", (event) => event.persisted && refresh());
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && refresh());
}

chooseLanguage();
listen();
navigator.serviceWorker?.register("/sw.js");
navigator.storage?.persist?.();
onOffer();
