// The grid over the calendar that the server has rendered. What it shows it reads off the page, and
// what is moved in it goes to the page's own form; the page itself stays for whoever prints it, hears
// it, or has a narrow screen.
import { createCalendar, Interaction, ResourceTimeGrid, TimeGrid } from "@event-calendar/core";
import { catchUp } from "./catch_up.js";
import { clockOf, dayOf } from "./moments.js";
import { Shading } from "./shading.js";

const UNDO_MS = 15_000;
const NARROW = window.matchMedia("(max-width: 46rem)");
const root = document.getElementById("calendar");
const heard = document.getElementById("heard");
const { slug, view, step, firstHour, lastHour } = {
  slug: root.dataset.slug,
  view: root.dataset.view,
  step: Number(root.dataset.stepMin),
  firstHour: root.dataset.first,
  lastHour: root.dataset.last,
};

// ---- what the page says

function columns() {
  return [...root.querySelectorAll("ol.pieces")];
}

function resources() {
  return columns().map((list) => ({ id: list.dataset.staff, title: list.dataset.title }));
}

function events() {
  return columns().flatMap((list) => [...list.children].map((piece) => eventOf(piece, list)))
    .concat(columns().flatMap(closed));
}

function eventOf(piece, list) {
  const link = piece.querySelector("a");
  const may = piece.dataset.mayMove === "1";
  return {
    id: `${piece.dataset.id} ${piece.dataset.start}`,
    resourceIds: [list.dataset.staff],
    start: piece.dataset.start.replace("T", " "),
    end: piece.dataset.end.replace("T", " "),
    title: link.textContent.trim(),
    editable: may,
    startEditable: may,
    durationEditable: false,
    classNames: classesOf(piece),
    extendedProps: { of: piece.dataset.id, url: link.href, inside: [...link.childNodes], may },
  };
}

function classesOf(piece) {
  return [
    `is-${piece.dataset.kind}`,
    `is-${piece.dataset.state}`,
    ...(piece.dataset.overbooked ? ["is-overbooked"] : []),
    ...(piece.dataset.over ? ["is-over"] : []),
  ];
}

// What is not open is shaded.
function closed(list) {
  const day = list.dataset.date;
  const spans = list.dataset.opened.split(" ").filter(Boolean).map((span) => span.split("-"));
  const edges = ["00:00", ...spans.flat(), "24:00"];
  const found = [];
  for (let n = 0; n < edges.length; n += 2) {
    if (edges[n] < edges[n + 1]) {
      found.push({
        id: `closed ${list.dataset.staff} ${day} ${n}`,
        resourceIds: [list.dataset.staff],
        start: `${day} ${edges[n]}`,
        end: `${day} ${edges[n + 1]}`,
        display: "background",
        classNames: ["is-closed"],
      });
    }
  }
  return found;
}

// ---- the grid

const place = document.createElement("div");
place.className = "grid";
let grid;
let shading;

function show() {
  if (NARROW.matches || view === "list" || !columns().length) {
    root.classList.remove("has-grid");
    return;
  }
  root.classList.add("has-grid");
  if (grid) {
    grid.setOption("resources", view === "day" ? resources() : []);
    const held = place.contains(document.activeElement) && document.activeElement.dataset.of;
    grid.setOption("events", events());
    requestAnimationFrame(() => {
      plain();
      if (held) hold(held);
    });
    return;
  }
  root.after(place);
  place.setAttribute("role", "group");
  place.setAttribute("aria-label", document.querySelector("h1").textContent);
  grid = createCalendar(place, [ResourceTimeGrid, TimeGrid, Interaction], options());
  shading = new Shading(grid, slug);
  plain();
}

// Whoever moves an appointment by keys goes on where it is now: what had the focus was drawn anew.
function hold(id) {
  if (document.activeElement === document.body) place.querySelector(`a[data-of="${id}"]`)?.focus();
}

// The grid calls itself a table, and isn't one: what can be opened in it are links.
function plain() {
  const table = ["role", "aria-colindex", "aria-rowindex", "aria-colcount", "aria-rowcount", "aria-colspan"];
  for (const element of place.querySelectorAll("*")) {
    for (const name of table) element.removeAttribute(name);
  }
}

function inside({ event }) {
  if (event.display === "background") return undefined;
  const link = document.createElement("a");
  link.href = event.extendedProps.url;
  link.draggable = false;
  link.dataset.of = event.extendedProps.of;
  link.append(...event.extendedProps.inside.map((node) => node.cloneNode(true)));
  return { domNodes: [link] };
}

function options() {
  return {
    view: view === "day" ? "resourceTimeGridDay" : "timeGridWeek",
    date: root.dataset.date,
    firstDay: 1,
    resources: view === "day" ? resources() : [],
    events: events(),
    headerToolbar: { start: "", center: "", end: "" },
    locale: root.dataset.lang,
    allDaySlot: false,
    nowIndicator: true,
    customScrollbars: false,
    slotMinTime: firstHour,
    slotMaxTime: lastHour,
    slotDuration: { minutes: Math.min(Math.max(step, 10), 30) },
    snapDuration: { minutes: step },
    slotHeight: 26,
    slotEventOverlap: false,
    editable: true,
    selectable: root.dataset.mayBook === "1",
    selectLongPressDelay: 400,
    eventLongPressDelay: 400,
    longPressDelay: 400,
    dayHeaderFormat: { weekday: "short", day: "numeric", month: "short" },
    eventDrop: dropped,
    eventDragStart: ({ event }) => shade(event),
    eventDragStop: () => shading.hide(),
    eventContent: inside,
    eventClick: ({ event, jsEvent }) => {
      if (event.display !== "background" && !jsEvent.target.closest("a")) open(event);
    },
    eventDidMount: ({ el, event }) => readied(el, event),
    select: ({ start, resource }) => begin(start, resource),
  };
}

function open(event) {
  location.assign(event.extendedProps.url);
}

function begin(start, resource) {
  const staff = resource?.id ?? columns()[0].dataset.staff;
  const query = new URLSearchParams({ date: dayOf(start), time: clockOf(start), staff });
  location.assign(`/office/${slug}/appointments/new?${query}`);
}

function readied(el, event) {
  if (event.display === "background" || !event.extendedProps.may) return;
  el.addEventListener("keydown", (pressed) => {
    if (pressed.altKey) nudge(pressed, event);
  });
}

// ---- moving

function shade(event) {
  const days = columns().map((list) => list.dataset.date);
  const location = new URLSearchParams(window.location.search).get("location") ?? "";
  const keys = [...new Set(columns().map((list) => list.dataset.staff))];
  shading.show(event.extendedProps.of, { from: days[0], to: days.at(-1), location, columns: keys });
}

async function dropped({ event, oldEvent, newResource, revert }) {
  const staff = newResource?.id ?? "";
  if (!(await move(event.extendedProps.of, event.start, staff, oldEvent))) revert();
}

function nudge(pressed, event) {
  const by = { ArrowUp: -step, ArrowDown: step }[pressed.key];
  const aside = { ArrowLeft: -1, ArrowRight: 1 }[pressed.key];
  if (by === undefined && aside === undefined) return;
  pressed.preventDefault();
  const start = new Date(event.start.getTime() + (by ?? 0) * 60_000);
  let staff = "";
  if (aside !== undefined) {
    if (view !== "day") return;
    const keys = resources().map((one) => one.id);
    staff = keys[keys.indexOf(event.resourceIds[0]) + (document.dir === "rtl" ? -aside : aside)];
    if (!staff) return;
  }
  move(event.extendedProps.of, start, staff, event);
}

async function move(id, start, staff) {
  const form = { date: dayOf(start), time: clockOf(start), staff, notify: "1" };
  const problem = await send(`/office/${slug}/appointments/${id}/move`, form);
  if (problem) {
    say(problem);
    return false;
  }
  say(root.dataset.moved, () => undo(id));
  await refresh();
  return true;
}

async function undo(id) {
  const problem = await send(`/office/${slug}/appointments/${id}/undo`, {});
  say(problem || root.dataset.undone);
  await refresh();
}

// What is wrong, or nothing. The form's answer leads on to another page when all went well.
async function send(address, fields) {
  const body = new URLSearchParams({ ...fields, form_token: root.dataset.formToken });
  try {
    const answer = await fetch(address, { method: "POST", body, redirect: "manual" });
    if (answer.type === "opaqueredirect") return "";
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const notice = page.querySelector(".notice.wrong p, p.notice.wrong");
    return notice?.textContent.trim() || root.dataset.failed;
  } catch {
    return root.dataset.offline;
  }
}

let quiet;
function say(text, act) {
  clearTimeout(quiet);
  heard.replaceChildren(text);
  heard.classList.add("is-said");
  if (act) {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.key = "u";
    button.append(root.dataset.undo);
    button.addEventListener("click", act, { once: true });
    heard.append(" ", button);
  }
  quiet = setTimeout(() => {
    heard.replaceChildren();
    heard.classList.remove("is-said");
  }, UNDO_MS);
}

// ---- live

const refresh = catchUp(look, () => say(root.dataset.offline));

async function look() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById("calendar");
  if (!fresh) return;
  root.dataset.formToken = fresh.dataset.formToken;
  root.replaceChildren(...fresh.childNodes);
  show();
}

function listen() {
  const stream = new EventSource(`/office/${slug}/changes`);
  let lost = false;
  stream.addEventListener("changed", refresh);
  stream.addEventListener("open", () => {
    if (lost) refresh();
    lost = false;
  });
  stream.addEventListener("error", () => {
    lost = true;
  });
}

show();
NARROW.addEventListener("change", show);
listen();
