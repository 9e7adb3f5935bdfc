/* What the phone's clocks say of a registration, and the ids it is given. Source: V2, V8. */

const STOPPED_MS = 1500;
const SLOW_ANSWER_MS = 4000;

const AHEAD = "hemtid.door.server_ahead_ms";

let boot = begun();
let anchor = null;
let ahead = Number(localStorage.getItem(AHEAD)) || 0;

/** A UUIDv7: the time in milliseconds, then chance. Source: RFC 9562 section 5.7. */
export function newId(now = Date.now()) {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  for (let place = 0; place < 6; place += 1) bytes[place] = Math.floor(now / 256 ** (5 - place)) % 256;
  bytes[6] = 0x70 | (bytes[6] & 0x0f);
  bytes[8] = 0x80 | (bytes[8] & 0x3f);
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function begun() {
  return { id: newId(), ahead: Date.now() - performance.now() };
}

/* A page's clock begins with the page, and in some browsers stands still while the phone sleeps. Where it has lost step
   with the wall clock nobody can tell which of them moved: a new boot begins, so that no time is reckoned across it. */
function elapsed() {
  if (Math.abs(Date.now() - performance.now() - boot.ahead) > STOPPED_MS) {
    boot = begun();
    anchor = null;
  }
  return { elapsed_ms: Math.round(performance.now()), boot_id: boot.id };
}

/** What goes beside a registration when it is sent. */
export function sentNow() {
  return elapsed();
}

/** The moment of a tap: when the phone says it is, and what its running clock shows. */
export function captured() {
  const moment = new Date();
  const clock = elapsed();
  return { captured_at: withOffset(moment), clock: anchor === null ? clock : { ...clock, anchor } };
}

/** A server's answer was seen: `asked` is `performance.now()` when it was asked for. Slow answers tell too little. */
export function sawServer(date, asked) {
  const spent = performance.now() - asked;
  const at = Date.parse(date ?? "");
  const now = elapsed();
  if (!Number.isNaN(at)) learnAhead(at);
  if (Number.isNaN(at) || spent > SLOW_ANSWER_MS) return;
  const elapsedThen = Math.max(0, Math.round(now.elapsed_ms - spent / 2));
  anchor = { server_at: new Date(at).toISOString(), elapsed_ms: elapsedThen, boot_id: now.boot_id };
}

/* The header tells whole seconds. */
function learnAhead(at) {
  ahead = at + 500 - Date.now();
  localStorage.setItem(AHEAD, String(ahead));
}

/** The server's time in whole seconds since 1970, as near as its last answer tells, however wrong the phone's is. */
export function serverSeconds() {
  return Math.floor((Date.now() + ahead) / 1000);
}

function withOffset(moment) {
  const minutes = -moment.getTimezoneOffset();
  const local = new Date(moment.getTime() + minutes * 60_000).toISOString().slice(0, -1);
  const away = Math.abs(minutes);
  const two = (number) => String(number).padStart(2, "0");
  return `${local}${minutes < 0 ? "-" : "+"}${two(Math.floor(away / 60))}:${two(away % 60)}`;
}
