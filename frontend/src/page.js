/* What makes the booking page smoother. Everything works without it. */

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

async function load(url) {
  const response = await fetch(url, { headers: { Accept: "text/html" } });
  return [response, await response.text()];
}

/** Put another step in place of this one. */
function show(text, { focus = true, hash = "" } = {}) {
  const next = parsed(text);
  document.title = next.title;
  document.documentElement.lang = next.documentElement.lang;
  document.documentElement.dir = next.documentElement.dir;
  main().replaceWith(document.adoptNode(next.querySelector("main")));
  const languages = next.querySelector(".bottom");
  if (languages) document.querySelector(".bottom")?.replaceWith(document.adoptNode(languages));
  const target = hash ? document.querySelector(hash) : main().querySelector("[role=alert], h1");
  if (focus && target) {
    target.tabIndex = -1;
    target.focus({ preventScroll: !hash });
    if (!hash) scrollTo(0, 0);
    if (!hash) tell({ type: "step" });
  }
  ready();
}

const parsed = (text) => new DOMParser().parseFromString(text, "text/html");
const lead = (text) => parsed(text).querySelector("main p").textContent;

function say(text) {
  let box = main().querySelector(".offline");
  if (!box) {
    box = document.createElement("p");
    box.className = "notice offline";
    box.setAttribute("role", "alert");
    main().querySelector("form, h1").before(box);
  }
  box.textContent = text;
}

const isStep = (link) =>
  link.origin === location.origin && !link.target && !link.pathname.startsWith("/api/");

let turn = 0; // a step that was asked for counts until another one is

async function go(url, push) {
  const key = url.href.split("#")[0];
  const mine = ++turn;
  try {
    const [response, text] = (await steps.get(key)) ?? (await load(url));
    if (mine !== turn) return;
    if (!response.ok && response.status !== 404) throw new TypeError();
    if (push) history.pushState(null, "", url);
    steps.clear();
    show(text, { hash: url.hash });
  } catch {
    if (mine === turn) say(document.body.dataset.offline);
  }
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("main a[href], .bottom a[href]");
  const plain = !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || event.button);
  if (!link || !plain || !isStep(link)) return;
  event.preventDefault();
  go(withZone(link.href), true);
});

addEventListener("popstate", () => go(new URL(location.href), false));

const proofs = new WeakMap(); // being found, by form

/** The proof of work that a form asks for; empty if it asks for none, or this browser can't. */
function proofFor(form) {
  const { challenge, solver } = form.dataset;
  if (!challenge || !globalThis.crypto?.subtle) return "";
  if (!proofs.has(form)) proofs.set(form, findProof(challenge, solver));
  return proofs.get(form);
}

async function findProof(challenge, solver) {
  const worker = new Worker(solver);
  try {
    const asked = await (await fetch(challenge)).json();
    return await new Promise((resolve, reject) => {
      worker.addEventListener("message", ({ data }) => resolve(data));
      worker.addEventListener("error", reject);
      worker.postMessage(asked);
    });
  } catch {
    return ""; // the server says what else can be done
  } finally {
    worker.terminate();
  }
}

// While somebody types there is time to find it.
document.addEventListener("focusin", ({ target }) => target.form && proofFor(target.form));

document.addEventListener("submit", async (event) => {
  const form = event.target;
  event.preventDefault();
  if (form.ariaBusy === "true") return; // a double click; the key would see to it anyway
  form.ariaBusy = "true";
  turn += 1;
  const body = new URLSearchParams(new FormData(form, event.submitter));
  try {
    body.set("proof", await proofFor(form));
    const headers = { Accept: "text/html" };
    const response = await fetch(form.action, { method: "POST", body, headers });
    const text = await response.text();
    if (response.status === 429) return say(lead(text)); // what was typed stays
    if (response.redirected) history.pushState(null, "", response.url);
    show(text);
    if (!("sendAgain" in form.dataset)) await sendAgain();
  } catch {
    say(document.body.dataset.offline);
  } finally {
    form.ariaBusy = "false";
  }
});

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
    for (const link of main().querySelectorAll("a.time")) {
      const gone = !free.has(link.getAttribute("href"));
      link.classList.toggle("gone", gone);
      if (gone) link.ariaDisabled = "true";
      else link.removeAttribute("aria-disabled");
    }
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
    tellBooked();
  });
  new ResizeObserver(tellSize).observe(document.body);
  addEventListener("keydown", (event) => {
    if (event.key === "Escape") tell({ type: "close" });
  });
}

/** After each step: fetch the next month ahead, and tell whoever frames us. */
function ready() {
  tellSize();
  tellBooked();
  const next = main().querySelector("a[rel=next]");
  if (next) {
    const url = withZone(next.href);
    const loading = load(url);
    loading.catch(() => steps.delete(url.href));
    steps.set(url.href, loading);
  }
}

const here = withZone(location.href);
if (here.href !== location.href && main().querySelector(".zone")) {
  load(here)
    .then(([response, text]) => {
      if (!response.ok || turn) return;
      history.replaceState(null, "", here);
      show(text, { focus: false });
    })
    .catch(() => {});
}
ready();
