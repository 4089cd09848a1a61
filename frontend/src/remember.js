/* What visitors want remembered on this device: nothing before they say so, and gone when they do. */

const NAMES = ["name", "email", "phone"];
const key = (box) => `bookonce:${box.dataset.remember}`;

/** What this device remembers; undefined where it may remember nothing, as in private windows. */
function recalled(box) {
  try {
    return JSON.parse(localStorage.getItem(key(box)) ?? "null");
  } catch {
    return undefined;
  }
}

/** Offer to remember, and fill in what was; `forgotten` is told when that is over. */
export function offerToRemember(main, forgotten) {
  const box = main.querySelector("[data-remember]");
  const known = box && recalled(box);
  if (!box || known === undefined) return;
  box.hidden = false;
  if (!known) return;
  const { form } = box.querySelector("input");
  const filled = NAMES.filter((name) => known[name] && !form.elements[name].value);
  for (const name of filled) form.elements[name].value = known[name];
  box.querySelector("input").checked = true;
  box.querySelector("p").hidden = false;
  box.querySelector("button").addEventListener("click", ({ target }) => {
    localStorage.removeItem(key(box));
    for (const name of filled) {
      if (form.elements[name].value === known[name]) form.elements[name].value = "";
    }
    box.querySelector("input").checked = false;
    target.disabled = true;
    forgotten(box.dataset.forgotten);
  });
}

/** After a booking: remember what was typed, if it was ticked; else forget it. */
export function remember(form) {
  const box = form.querySelector("[data-remember]");
  if (!box || box.hidden) return;
  if (!box.querySelector("input").checked) return localStorage.removeItem(key(box));
  const typed = Object.fromEntries(NAMES.map((name) => [name, form.elements[name].value]));
  try {
    localStorage.setItem(key(box), JSON.stringify(typed));
  } catch {
    // There is no room; nothing is lost but a little typing next time.
  }
}
