/* The language that was chosen once holds at every door. */

const LANGUAGE = "hemtid.door.language";
const link = document.getElementById("other-language");

function inLanguage(chosen) {
  const address = new URL(location.href);
  address.searchParams.set("lang", chosen);
  return address.href;
}

/** The link leads to this same page in the other language, whatever its address is now. */
export function linkOther() {
  link.href = inLanguage(link.lang);
}

/** The page is in the language that was chosen, or is on its way there. */
export function chooseLanguage() {
  const stated = new URL(location.href).searchParams.has("lang");
  const chosen = localStorage.getItem(LANGUAGE);
  linkOther();
  link.addEventListener("click", () => localStorage.setItem(LANGUAGE, link.lang));
  if (!stated && chosen !== null && chosen !== document.documentElement.lang) location.replace(inLanguage(chosen));
}
