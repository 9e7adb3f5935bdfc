/* What the page says and shows: its words in the chosen language, the hour in Sweden, and the places where they stand. */

export const words = JSON.parse(document.getElementById("door").dataset.words);
const language = document.documentElement.lang;

export const element = (id) => document.getElementById(id);

export function say(key, values = {}) {
  return Object.entries(values).reduce((told, [name, value]) => told.replace(`{${name}}`, value), words[key]);
}

/* The hour in Sweden; with its day where that is not today. Source: T5. */
export function hour(instant, seconds = false) {
  const zone = { timeZone: "Europe/Stockholm" };
  const at = new Date(instant);
  const day = (one) => one.toLocaleDateString("sv-SE", zone);
  const shape = { hour: "2-digit", minute: "2-digit", ...(seconds && { second: "2-digit" }), ...zone };
  const far = day(at) !== day(new Date()) && { weekday: "short", day: "numeric", month: "short" };
  return at.toLocaleString(language === "sv" ? "sv-SE" : "en-GB", { ...far, ...shape });
}

export function show(id, visible) {
  element(id).hidden = !visible;
}

export function write(id, told) {
  if (element(id).textContent !== told) element(id).textContent = told;
}
