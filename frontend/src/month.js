/* Arrow keys in a month: one day of it is reached with Tab, the others from there. */

const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };
const PAGES = { PageUp: "prev", PageDown: "next" };
let landing; // which of the days that come is to have the focus: the first (0) or the last (-1)

const daysOf = (table) => [...table.querySelectorAll("a.day")];

/** Have Tab lead to the chosen day, else the first, of each month that is shown. */
export function rove() {
  for (const table of document.querySelectorAll("table.month")) {
    const days = daysOf(table);
    const own = days.find((day) => day.ariaCurrent) ?? days[0];
    for (const day of days) day.tabIndex = day === own ? 0 : -1;
    if (landing !== undefined && table.offsetParent) reach(days.at(landing));
  }
  landing = undefined;
}

function reach(day) {
  if (!day) return;
  for (const other of daysOf(day.closest("table"))) other.tabIndex = -1;
  day.tabIndex = 0;
  day.focus();
}

/** Go to the days before or after those that are shown. */
function leaf(table, rel) {
  const link = table.closest("section").querySelector(`a[rel=${rel}]`);
  if (!link) return;
  landing = rel === "next" ? 0 : -1;
  link.click();
}

document.addEventListener("keydown", (event) => {
  const day = event.target.closest?.("table.month a.day");
  if (!day || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const table = day.closest("table");
  const row = [...day.closest("tr").querySelectorAll("a.day")];
  if (event.key === "Home") reach(row[0]);
  else if (event.key === "End") reach(row.at(-1));
  else if (event.key in PAGES) leaf(table, PAGES[event.key]);
  else if (event.key in STEPS) {
    const isMirrored = document.documentElement.dir === "rtl" && /Left|Right/.test(event.key);
    const step = isMirrored ? -STEPS[event.key] : STEPS[event.key];
    const cells = [...table.querySelectorAll("tbody td")];
    let at = cells.indexOf(day.parentElement) + step;
    while (cells[at] && !cells[at].querySelector("a.day")) at += step;
    if (cells[at]) reach(cells[at].querySelector("a.day"));
    else leaf(table, step > 0 ? "next" : "prev");
  } else return;
  event.preventDefault();
});
