/* What the desk's pages do beside being pages: everything works without it, too. */

/* What is wrong is what one should read first. */
document.querySelector("#faults")?.focus();

/* A form is sent once, however often its button is pressed; coming back to the page frees it again. */
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.ariaBusy === "true") event.preventDefault();
    form.ariaBusy = "true";
  });
}
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[aria-busy=true]")) form.ariaBusy = "false";
});

/* A part of the page that tells of what is going on is fetched again every so many seconds, while somebody looks. */
for (const part of document.querySelectorAll("[data-fresh-every]")) {
  const seconds = Number(part.dataset.freshEvery);
  const again = async () => {
    if (document.hidden || part.contains(document.activeElement)) return;
    try {
      const answer = await fetch(location.href, { headers: { "X-Part": part.id, "X-Seen": part.dataset.seen ?? "" } });
      if (answer.redirected || !answer.ok) throw new Error(String(answer.status));
      part.classList.remove("stale");
      if (answer.status === 204) {
        /* Nothing differs from what is shown here: nobody's data was read, only the time is new. */
        part.querySelector("[data-updated]").textContent = answer.headers.get("X-Updated");
        return;
      }
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(part.id);
      if (fresh === null) return;
      part.replaceChildren(...fresh.childNodes);
      part.dataset.seen = fresh.dataset.seen ?? "";
    } catch {
      part.classList.add("stale");
    }
  };
  setInterval(again, seconds * 1000);
  addEventListener("visibilitychange", again);
}

/* One tick takes all of its group. */
for (const all of document.querySelectorAll("[data-all]")) {
  const ticks = () => [...document.querySelectorAll(`input[name="${all.dataset.all}"][data-group="${all.dataset.group}"]`)];
  all.addEventListener("change", () => {
    for (const one of ticks()) one.checked = all.checked;
  });
}

/* Ready phrases are written into their field, to go on from. */
for (const phrases of document.querySelectorAll("[data-phrases-for]")) {
  const field = document.getElementById(phrases.dataset.phrasesFor);
  phrases.hidden = false;
  for (const one of phrases.querySelectorAll("button")) {
    one.addEventListener("click", () => {
      field.value = [field.value.trim(), one.textContent].filter(Boolean).join(" ");
      field.focus();
    });
  }
}
