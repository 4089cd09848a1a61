/* What makes the booking page smoother. Everything works without it. */
import { rove } from "./month.js";
import { offerToRemember, remember } from "./remember.js";
import { offerToShare } from "./share.js";

const main = () => document.querySelector("main");
const inFrame = window.parent !== window;
const steps = new Map(); // pages fetched ahead, by address

/** An address with the visitor's time zone in it, so that times can be shown there too. */
function withZone(address) {
  const url = new URL(address, location.href);
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && !url.searchParams.has("tz")) url.searchParams.set("tz", zone);
  return url;
}

/** A page; `cache` "force-cache": as it was, if the browser was allowed to keep it. */
async function load(url, cache = "default") {
  const response = await fetch(url, { headers: { Accept: "text/html" }, cache });
  return [response, await response.text()];
}

/** Have a screen reader say something, without moving the focus; `seen`: show it to all. */
function hear(text, seen = false) {
  const box = document.querySelector(".heard");
  box.textContent = text;
  box.toggleAttribute("data-seen", seen);
}

/** Says so when an answer takes its time; the result ends that. */
function wait() {
  const slow = setTimeout(() => hear(document.body.dataset.wait, true), 700);
  return () => {
    clearTimeout(slow);
    if (document.querySelector(".heard[data-seen]")) hear("");
  };
}

const typed = new Map(); // by field: what comes back with the form when another time was chosen
const fields = () =>
  main().querySelectorAll("input[name]:not([type=hidden], [type=radio], [type=search]), textarea, select");
const isAnswer = ({ name, type }) => type === "checkbox" && name.startsWith("answer-");

const DEAF_MS = 1000;
const FINGER_PX = 96;
let tap; // where and when somebody tapped last, and on what

/** Whether two controls do the same, so that a second tap on the one means the other: leafing. */
const isSame = (one, other) => one?.rel && one.rel === other?.rel;

addEventListener(
  "click",
  ({ clientX: x, clientY: y, target, detail }) => {
    // A keyboard taps nowhere.
    tap = detail ? { x, y, control: target.closest("a, button") } : undefined;
  },
  true,
);

/** What appears where somebody has just tapped hears nothing for a moment, since the second tap of
 * two meant what was there before. In a frame, and for what appears by itself, that is everywhere.
 */
function deafen(everywhere) {
  if (!tap && !everywhere) return;
  const shield = document.createElement("div");
  shield.className = "deaf";
  if (!everywhere && !inFrame) {
    const under = document.elementFromPoint(tap.x, tap.y)?.closest("a, button");
    if (isSame(tap.control, under)) return;
    shield.style.cssText = `width:${FINGER_PX}px;height:${FINGER_PX}px;inset:${tap.y - FINGER_PX / 2}px auto auto ${tap.x - FINGER_PX / 2}px`;
  }
  document.body.append(shield);
  setTimeout(() => shield.remove(), DEAF_MS);
}

/** Whether a page has a policy of its own, as the payment step has: it is neither shown in another
 * one's place nor followed by one, but loaded. */
const isApart = (page) => "pays" in page.documentElement.dataset;
const isBorder = (text) => isApart(document) || isApart(parsed(text));

/** Put another step in place of this one. */
function show(text, { focus = true, hash = "", isDone = false, isAsked = true } = {}) {
  const next = parsed(text);
  if (!next.querySelector("main")) throw new TypeError("not a page");
  for (const field of fields()) typed.set(field.name, isAnswer(field) ? field.checked : field.value);
  document.title = next.title;
  document.documentElement.lang = next.documentElement.lang;
  document.documentElement.dir = next.documentElement.dir;
  Object.assign(document.body.dataset, next.body.dataset);
  main().replaceWith(document.adoptNode(next.querySelector("main")));
  const languages = next.querySelector(".bottom");
  if (languages) document.querySelector(".bottom")?.replaceWith(document.adoptNode(languages));
  const done = main().querySelector("[role=status]");
  if (done) typed.clear();
  for (const field of fields()) {
    if (isAnswer(field)) field.checked ||= typed.get(field.name) ?? false;
    else field.value ||= typed.get(field.name) ?? "";
  }
  const when = isDone ? main().querySelector(".summary dd")?.textContent : "";
  hear(done?.textContent ?? main().dataset.told ?? (when || basketChange()));
  if (focus) begin(hash);
  deafen(!isAsked);
  document.dispatchEvent(new Event("bookonce:shown"));
  ready();
}

let basket = main().dataset.basket;

/** What the basket holds, if that is another than when it was last seen; else nothing. */
function basketChange() {
  const before = basket;
  basket = main().dataset.basket ?? before;
  return before && before !== basket ? basket : "";
}

const parsed = (text) => new DOMParser().parseFromString(text, "text/html");
const lead = (text) => parsed(text).querySelector("main p").textContent;

/** Reading goes on where the step begins: at what is wrong, if anything is. */
function begin(hash) {
  const wrong = main().querySelector("[aria-invalid]");
  if (wrong) return wrong.focus();
  const first = main().querySelector("[role=alert]:not(:empty)") ?? main().querySelector("h1");
  const target = hash ? document.querySelector(hash) : first;
  if (!target) return;
  target.tabIndex = -1;
  target.focus({ preventScroll: true });
  open(target);
  if (hash === "#zone") return target.scrollIntoView({ block: "nearest" });
  if (IN_PLACE.has(hash)) return; // the next month is where the last one was
  if (hash) return bring(target);
  scrollTo(0, 0);
  tell({ type: "step" });
}

const IN_PLACE = new Set(["#month", "#weeks"]);

/** The whole month is hidden on a phone until somebody asks for it. */
const open = (target) => target.closest(".whole-month")?.toggleAttribute("data-asked", true);

/** Go to a part of this step. */
function leap(hash) {
  const target = document.querySelector(hash);
  open(target);
  deafen();
  target.tabIndex = -1;
  target.focus({ preventScroll: true });
  bring(target);
}

/** Have something at the top of the window. */
function bring(target) {
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  target.scrollIntoView({ block: "start", behavior: isCalm ? "auto" : "smooth" });
  tell({ type: "look", top: Math.floor(target.getBoundingClientRect().top + scrollY) });
}

/** Says what went wrong where somebody looks: by what was pressed, else above the form or heading. */
function say(text) {
  let box = main().querySelector(".offline");
  if (!box) {
    box = document.createElement("p");
    box.className = "notice offline";
    box.setAttribute("role", "alert");
  }
  const pressed = main().contains(tap?.control) ? tap.control : undefined;
  const place = pressed?.closest(".bar, table, ul, p, button") ?? main().querySelector("form, h1");
  if (place.nextElementSibling !== box) place[pressed ? "after" : "before"](box);
  box.textContent = text;
  box.scrollIntoView({ block: "nearest" });
}

/** What keeps a page from being shown: away from the network, or the server is in trouble. */
function sayLost() {
  const { offline, failed } = document.body.dataset;
  say(navigator.onLine ? failed : offline);
}

const isStep = (link) =>
  link.origin === location.origin && !link.target && !link.pathname.startsWith("/api/");

let turn = 0; // a step that was asked for counts until another one is

/** Show the step at an address; without `push` on the way back, which leads to the same form as
 * before, with the same key: what it has booked is recognised. */
async function go(url, push) {
  const key = url.href.split("#")[0];
  const mine = ++turn;
  const arrived = wait();
  try {
    const [response, text] = (await steps.get(key)) ?? (await load(url, push ? "default" : "force-cache"));
    if (mine !== turn) return;
    if (!response.ok && response.status !== 404) throw new TypeError();
    if (isBorder(text)) return push ? location.assign(url) : location.reload();
    if (push) history.pushState(null, "", url);
    steps.clear();
    show(text, { hash: url.hash });
  } catch {
    if (mine !== turn) return;
    sayLost();
    if (!push) addEventListener("online", () => mine === turn && go(url, push), { once: true });
  } finally {
    arrived();
  }
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("main a[href], .bottom a[href]");
  const plain = !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || event.button);
  if (!link || !plain || !isStep(link) || isApart(document)) return;
  event.preventDefault();
  if (link.getAttribute("href").startsWith("#")) return leap(link.hash);
  if (link.ariaDisabled === "true") return hear(document.body.dataset.taken);
  go(withZone(link.href), true);
});

addEventListener("popstate", () => go(new URL(location.href), false));

const proofs = new WeakMap(); // being found, by form

/** The proof of work that a form asks for; empty if it asks for none, or this browser can't. */
function proofFor(form) {
  const { challenge, solver } = form.dataset;
  if (!challenge || !globalThis.crypto?.subtle) return "";
  if (!proofs.has(form)) {
    const failed = () => proofs.delete(form) && ""; // the server says what else can be done
    proofs.set(form, findProof(challenge, solver).catch(failed));
  }
  return proofs.get(form);
}

async function findProof(challenge, solver) {
  const worker = new Worker(solver);
  try {
    const asked = await (await fetch(challenge)).json();
    return await new Promise((resolve, reject) => {
      worker.addEventListener("message", ({ data }) => resolve(data));
      worker.addEventListener("error", reject);
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker has none
      worker.postMessage(asked);
    });
  } finally {
    worker.terminate();
  }
}

// While somebody types there is time to find it.
document.addEventListener("focusin", ({ target }) => target.form && proofFor(target.form));

/** A text without case and accents, as menu.py does it. */
const folded = (text) => text.normalize("NFD").replaceAll(/\p{M}/gu, "").toLowerCase();

/** Only services with every word that is searched for stay. */
document.addEventListener("input", ({ target }) => {
  if (target.type !== "search") return;
  const words = folded(target.value).split(/\s+/).filter(Boolean);
  const list = main().querySelectorAll(".choices");
  for (const row of main().querySelectorAll(".choices > li")) {
    const heading = row.closest(".category")?.querySelector("h2").textContent ?? "";
    const text = folded(`${row.textContent} ${heading}`);
    row.hidden = !words.every((word) => text.includes(word));
  }
  for (const each of list) {
    (each.closest(".category") ?? each).hidden = !each.querySelector("li:not([hidden])");
  }
  main().querySelector("[data-none]").hidden = Boolean(main().querySelector(".choices > li:not([hidden])"));
  tellSize();
});

// The browser brings the first field that is wrong into view, and something else under the finger.
document.addEventListener("invalid", () => document.querySelector(".deaf") ?? deafen(), true);

document.addEventListener("submit", async (event) => {
  const form = event.target;
  event.preventDefault();
  if (form.method === "get") {
    const { hash } = new URL(form.action);
    const asked = new URLSearchParams(new FormData(form));
    return go(new URL(`?${asked}${hash}`, form.action), true);
  }
  if (form.ariaBusy === "true") return; // a double click; the key would see to it anyway
  form.ariaBusy = "true";
  turn += 1;
  const body = new URLSearchParams(new FormData(form, event.submitter));
  const arrived = wait();
  try {
    body.set("proof", await proofFor(form));
    const headers = { Accept: "text/html" };
    const response = await fetch(form.action, { method: "POST", body, headers });
    if (response.redirected) remember(form);
    answered(response, await response.text());
    if (!("sendAgain" in form.dataset)) await sendAgain();
  } catch {
    sayLost();
  } finally {
    arrived();
    form.ariaBusy = "false";
  }
});

/** What a form was answered. */
function answered(response, text, isAsked = true) {
  if (response.status === 429) return say(lead(text)); // what was typed stays
  if (response.redirected && isBorder(text)) return location.assign(response.url);
  if (response.redirected) history.pushState(null, "", response.url);
  show(text, { isDone: response.redirected, isAsked });
}

/** pay.js, too, sends forms. */
document.addEventListener("bookonce:answered", ({ detail }) =>
  answered(detail.response, detail.text, false),
);

/** A form that the server is unsure of is sent again with a proof of work, once. */
async function sendAgain() {
  const form = main().querySelector("form[data-send-again]");
  if (!form) return;
  const notice = main().querySelector("[role=alert]");
  const said = notice?.textContent;
  if (notice) notice.textContent = form.dataset.solving;
  if (await proofFor(form)) form.requestSubmit();
  else if (notice) notice.textContent = said;
}

/** Times that somebody takes while one looks fade out. */
async function refresh() {
  if (document.hidden || !main().querySelector("a.time")) return;
  try {
    const [response, text] = await load(location.href);
    if (!response.ok) return;
    const next = parsed(text);
    const free = new Set([...next.querySelectorAll("a.time")].map((link) => link.getAttribute("href")));
    const before = main().querySelectorAll(".gone").length;
    for (const link of main().querySelectorAll("a.time")) {
      const gone = !free.has(link.getAttribute("href"));
      link.classList.toggle("gone", gone);
      if (gone) link.ariaDisabled = "true";
      else link.removeAttribute("aria-disabled");
    }
    if (main().querySelectorAll(".gone").length > before) hear(document.body.dataset.taken);
  } catch {
    // Away for a moment; the next look will tell.
  }
}
setInterval(refresh, 15_000);

/** The page that frames this one, once it has said hello. */
let host;
const tell = (message) => {
  if (host) window.parent.postMessage({ source: "bookonce", ...message }, host);
};
const tellSize = () => tell({ type: "size", height: Math.ceil(document.body.scrollHeight) });
const tellBooked = () => {
  const facts = main().querySelector("[data-booked]");
  if (facts && host) {
    tell({ type: "booked", appointment: JSON.parse(facts.dataset.booked) });
    facts.removeAttribute("data-booked"); // once
  }
};

if (inFrame) {
  addEventListener("message", (event) => {
    if (event.source !== window.parent || event.data?.source !== "bookonce-host") return;
    if (event.data.type !== "hello") return;
    host = event.origin;
    tellSize();
    if ("begins" in main().dataset) tell({ type: "step" });
    tellBooked();
  });
  new ResizeObserver(tellSize).observe(document.body);
  addEventListener("keydown", (event) => {
    if (event.key === "Escape") tell({ type: "close" });
  });
}

/** Whether clocks show another time there than at the visitor's, now or in any month of a year. */
function isElsewhere(zone) {
  const day = new Date();
  return Array.from({ length: 13 }).some(() => {
    day.setDate(day.getDate() + 30);
    return day.toLocaleString("en", { timeZone: zone }) !== day.toLocaleString("en");
  });
}

/** Offer this device's zone to whoever has come with somebody else's. */
function offerOwnZone(yours) {
  const link = main().querySelector("[data-own-zone]");
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!link || !yours || !own || yours === own || !isElsewhere(yours)) return;
  const url = new URL(location.href);
  url.searchParams.set("tz", own);
  url.hash = "#zone";
  link.href = url;
  link.hidden = false;
}

/** After each step: tell whoever frames us, have times in the visitor's zone, and fetch the next
 * month ahead. */
async function ready() {
  tellSize();
  tellBooked();
  rove();
  offerToRemember(main(), hear);
  offerToShare(main(), hear);
  const { zone, yours } = main().querySelector("[data-zone]")?.dataset ?? {};
  const asked = new URL(location.href);
  if (yours === "") asked.searchParams.delete("tz"); // there is no such zone
  const here = withZone(asked);
  offerOwnZone(yours);
  if (zone && here.href !== location.href && isElsewhere(zone)) {
    const mine = turn;
    const [response, text] = await load(here).catch(() => [{ ok: false }]);
    if (mine !== turn) return;
    if (response.ok && !isBorder(text)) {
      history.replaceState(null, "", here);
      show(text, { focus: false, isAsked: false });
      return;
    }
  }
  const next = [...main().querySelectorAll("a[rel=next]")].find((link) => link.offsetParent);
  if (next) {
    const url = withZone(next.href);
    const loading = load(url);
    const [key] = url.href.split("#");
    loading.catch(() => steps.delete(key));
    steps.set(key, loading);
  }
}

// A step that had to be loaded begins as those do that are shown.
if ("begins" in main().dataset) {
  hear(main().querySelector("[role=status]")?.textContent ?? "");
  begin("");
}
ready();
