/* The page's elements, by id and by the part of a template that they are. */

export const element = (id) => document.getElementById(id);

/** The element is there to be seen, or is not. */
export function show(one, visible) {
  one.hidden = !visible;
}

/** The element says the text; one that says it already is left alone, so that nobody hears it twice. */
export function write(one, told) {
  if (one.textContent !== told) one.textContent = told;
}

/** What the template makes: its one element, and a finder of its parts by their `data-` names. */
export function made(template) {
  const root = element(template).content.firstElementChild.cloneNode(true);
  return { root, part: (name) => root.querySelector(`[data-${name}]`) };
}

/** The list has the row elements in this order; those that stay are not taken out, so that no focus is lost. */
export function arrange(list, rows) {
  const kept = new Set(rows);
  for (const one of [...list.children]) if (!kept.has(one)) one.remove();
  rows.forEach((one, place) => {
    if (list.children[place] !== one) list.insertBefore(one, list.children[place] ?? null);
  });
}

/** The button opens and closes what it is for. `opened` gets the focus as it opens, the button as it closes. */
export function unfold(button, folded, opened) {
  const turn = (open) => {
    show(folded, open);
    button.setAttribute("aria-expanded", String(open));
    (open ? opened() : button).focus();
  };
  button.addEventListener("click", () => turn(folded.hidden));
  folded.addEventListener("keydown", (event) => event.key === "Escape" && turn(false));
  folded.addEventListener("click", (event) => "cancel" in event.target.dataset && turn(false));
}
