/* Between the wall clock in Sweden and instants with an offset. Source: T1, T5. */

const DAY = { year: "numeric", month: "2-digit", day: "2-digit" };
const HOUR = { hour: "2-digit", minute: "2-digit", second: "2-digit" };
const clock = new Intl.DateTimeFormat("sv-SE", { ...DAY, ...HOUR, timeZone: "Europe/Stockholm" });

/** What a wall clock in Sweden shows at the milliseconds, as a form's field has it: 2014-02-03T09:10:00. */
export function wallClock(milliseconds) {
  return clock.format(milliseconds).replace(" ", "T");
}

function offset(milliseconds) {
  return Date.parse(`${wallClock(milliseconds)}Z`) - milliseconds;
}

/** The instant at which the wall clock shows the text, with its offset; of the hour that comes twice the first. */
export function instantOf(text) {
  const shown = Date.parse(`${text}Z`);
  const before = offset(shown - 86_400_000);
  const after = offset(shown + 86_400_000);
  const away = offset(shown - before) === before ? before : after;
  const minutes = Math.abs(away) / 60_000;
  const two = (number) => String(number).padStart(2, "0");
  const whole = new Date(shown).toISOString().slice(0, 19);
  return `${whole}${away < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
