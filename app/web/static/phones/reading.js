/* What can be read of a text that could not be registered. Source: FAULTS 8, V1, V3. */

const INSTANT = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:[0-5]\d)$/;
const ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const LONGEST_UPTIME_MS = 1_000_000_000_000;

/** True for an id of ours. */
export function isId(value) {
  return typeof value === "string" && ID.test(value);
}

/** The object that the text tells, an empty one where it tells none. */
export function objectOf(raw) {
  try {
    const told = JSON.parse(raw);
    return typeof told === "object" && told !== null && !Array.isArray(told) ? told : {};
  } catch {
    return {};
  }
}

/** The fields with which the problem finds fault, by their first name: what they say does not hold. */
export function faulted(problem) {
  return new Set((problem.errors ?? []).map((one) => one.pointer.split("/")[1]));
}

/** What only the phone can say, as far as it can be read: {captured_at, clock, place}. Whoever corrects it leaves that
    as it is. The server has the last word on each. */
export function readable(told, problem, reasons) {
  const bad = problem.rule ? new Set() : faulted(problem);
  const tests = { captured_at: isInstant, clock: isClock, place: (value) => isPlace(value, reasons) };
  const good = Object.entries(tests).filter(([name, test]) => told[name] != null && !bad.has(name) && test(told[name]));
  return Object.fromEntries(good.map(([name]) => [name, told[name]]));
}

function isInstant(value) {
  return typeof value === "string" && INSTANT.test(value) && !Number.isNaN(Date.parse(value.replace(" ", "T")));
}

function isUptime(value) {
  return Number.isInteger(value) && value >= 0 && value <= LONGEST_UPTIME_MS;
}

function isText(value) {
  return typeof value === "string" && value.trim() !== "";
}

function isClock({ elapsed_ms, boot_id, sequence, anchor }) {
  return isUptime(elapsed_ms) && isText(boot_id) && Number.isInteger(sequence) && sequence >= 0 && isAnchor(anchor);
}

function isAnchor(anchor) {
  return anchor == null || (isInstant(anchor.server_at) && isUptime(anchor.elapsed_ms) && isText(anchor.boot_id));
}

function isPlace({ method, text, uid, reason, note }, reasons) {
  if (method === "manual") return reason in reasons && (reason !== "other" || isText(note));
  return (method === "qr" || method === "nfc") && (isText(text) || isText(uid));
}
