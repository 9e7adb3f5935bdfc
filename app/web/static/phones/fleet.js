/* The provider's phones: which are enrolled, which are out of use, and how a lost one is revoked. */

import { arrange, element, made, show, unfold, write } from "./elements.js";
import { emptied, onSend } from "./forms.js";
import { all, ask } from "./session.js";
import { say, when, words } from "./words.js";

const SINCE = { offered: "expires_at", enrolled: "enrolled_at", expired: "expires_at", revoked: "revoked_at" };
const USED = ["offered", "enrolled"];
const names = new Intl.Collator(document.documentElement.lang, { numeric: true });

let devices = [];
let turns = 0;
const rows = new Map();

/** What the phone is called. */
export function nameOf(deviceId) {
  return devices.find((one) => one.id === deviceId)?.name ?? words.unknown_phone;
}

/** The phones stand in the list as they are now. Throws what `ask` does. */
export async function showFleet() {
  const turn = (turns += 1);
  const found = await all("/devices");
  if (turn !== turns) return;
  devices = found;
  render();
}

/** No phone is shown, and nothing tells of one. */
export function forgetFleet() {
  turns += 1;
  devices = [];
  rows.clear();
  write(element("fleet-said"), "");
  for (const id of ["fleet-list", "past-list"]) element(id).replaceChildren();
  for (const id of ["fleet-empty", "past"]) show(element(id), false);
  show(element("fleet-loading"), true);
}

function render() {
  const used = devices.filter((one) => USED.includes(one.state));
  const past = devices.filter((one) => !USED.includes(one.state));
  used.sort((one, other) => names.compare(one.name, other.name));
  past.sort((one, other) => sinceOf(other).localeCompare(sinceOf(one)));
  arrange(element("fleet-list"), used.map(rowOf));
  arrange(element("past-list"), past.map(rowOf));
  show(element("fleet-loading"), false);
  show(element("fleet-empty"), used.length === 0);
  show(element("past"), past.length > 0);
  write(element("past-title"), say("out_of_use", { n: past.length }));
}

function sinceOf(device) {
  return device[SINCE[device.state]];
}

function rowOf(device) {
  const row = rows.get(device.id) ?? newRow(device);
  const { name, state } = device;
  write(row.part("name"), name);
  write(row.part("state"), words[`state_${state}`]);
  row.part("state").dataset.state = state;
  write(row.part("when"), say(`when_${state}`, { time: when(sinceOf(device)) }));
  write(row.part("why"), device.revoked_reason ?? "");
  tellRevocation(row, name, state === "offered" ? "take_back" : "revoke");
  show(row.part("open"), USED.includes(state));
  if (!USED.includes(state)) show(row.part("form"), false);
  return row.root;
}

/* A phone is revoked; a code that no phone has used yet is taken back. */
function tellRevocation(row, name, how) {
  write(row.part("open"), words[how]);
  row.part("open").setAttribute("aria-label", say(`${how}_named`, { name }));
  row.part("form").setAttribute("aria-label", say(`${how}_sure`, { name }));
  write(row.part("sure"), say(`${how}_sure`, { name }));
  write(row.part("means"), words[`${how}_means`]);
  write(row.part("yes"), how === "revoke" ? words.revoke_yes : words.take_back);
}

function newRow({ id, name }) {
  const row = made("phone-row");
  const form = row.part("form");
  unfold(row.part("open"), form, () => form.elements.namedItem("reason"));
  onSend(form, () => revoke(id, name, form));
  rows.set(id, row);
  return row;
}

async function revoke(id, name, form) {
  const reason = form.elements.namedItem("reason").value.trim();
  const revoked = await ask("POST", `/devices/${id}/revocation`, reason ? { reason } : {});
  emptied(form);
  show(form, false);
  devices = devices.map((one) => (one.id === id ? revoked : one));
  turns += 1;
  render();
  const said = revoked.enrolled_at === null ? say("code_revoked", { name }) : say("revoked", { name });
  write(element("fleet-said"), said);
  element("fleet-said").focus();
}
