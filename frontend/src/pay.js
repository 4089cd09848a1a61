/* The payment step: a field for the card by Stripe's script, how long the time is held, and looking
 * whether a payment has come through. What is sent goes as a form, which page.js sends. */

const FIRST_LOOK_MS = 1_500;
const LOOK_MS_MAX = 30_000;
const TELL_S = [300, 120, 60, 30]; // how much time is left when it is said

const main = () => document.querySelector("main");
const step = () => main().querySelector("[data-step]");
const isBusy = () => main().querySelector("form[aria-busy=true]") !== null;

let loading; // of Stripe's script
let stripe;
let card; // the field that is shown now
let timers = [];
let isBankAsked = false;

/** Stripe's script, from Stripe, once it is needed. */
function load({ script, key, account }) {
  loading ??= new Promise((resolve, reject) => {
    const element = document.createElement("script");
    element.src = script;
    element.addEventListener("load", resolve);
    element.addEventListener("error", reject);
    document.head.append(element);
  });
  return loading.then(() => {
    const options = { locale: document.documentElement.lang.slice(0, 2) };
    if (account) options.stripeAccount = account;
    return (stripe ??= globalThis.Stripe(key, options));
  });
}

/** Whatever step is shown. */
function begin() {
  timers.forEach(clearTimeout);
  timers = [];
  const shown = step();
  if (!shown) return;
  const left = shown.querySelector("[data-left-s]");
  if (left) countDown(left, Date.now() + left.dataset.leftS * 1000);
  if (shown.dataset.step === "due") showCard(shown);
  if (shown.dataset.step === "processing") lookLater(FIRST_LOOK_MS);
  const asking = shown.querySelector("form[data-secret]");
  if (asking && !isBankAsked) asking.requestSubmit();
}

const later = (act, ms) => timers.push(setTimeout(act, ms));

async function showCard(shown) {
  const form = shown.querySelector("form[data-pay]");
  shown.querySelector(".without-script").hidden = true; // for browsers whose styles can't tell
  try {
    await load(shown.dataset);
  } catch {
    const instead = shown.querySelector(".no-card");
    const notice = instead.querySelector("[role=alert]");
    instead.hidden = false;
    notice.textContent = notice.dataset.text;
    return;
  }
  if (step() !== shown) return;
  form.hidden = false;
  const box = form.querySelector(".card");
  const { color, fontFamily, fontSize } = getComputedStyle(box);
  const placeholder = getComputedStyle(form.querySelector(".label")).color;
  const style = { base: { color, fontFamily, fontSize, "::placeholder": { color: placeholder } } };
  card?.destroy();
  card = stripe.elements().create("card", { style, hidePostalCode: true });
  card.on("change", (change) => {
    form.elements.means.value = ""; // another card may be in it now
    if (change?.error) sayWrong(form, change.error);
    else if (change?.complete) sayRight(form);
  });
  card.mount(box);
}

/** Next to the field, in our words, what is wrong with the card. */
function sayWrong(form, error) {
  const box = form.querySelector(".error");
  box.textContent = wordsFor(error, box.dataset);
  const field = form.querySelector(".card");
  field.classList.add("wrong");
  field.setAttribute("aria-describedby", box.id);
}

function wordsFor({ code = "", type = "" }, { number, expiry, cvc, other }) {
  if (type.startsWith("api_")) return step().dataset.unreachable;
  if (/number/.test(code)) return number;
  if (/expir|exp_|year|month/.test(code)) return expiry;
  return /cvc/.test(code) ? cvc : other;
}

function sayRight(form) {
  form.querySelector(".error").textContent = "";
  const field = form.querySelector(".card");
  field.classList.remove("wrong");
  field.removeAttribute("aria-describedby");
}

/** What Stripe makes of the card; nothing but this reaches our server. */
async function tokenOf(field) {
  try {
    return await stripe.createToken(field);
  } catch {
    return { error: {} };
  }
}

async function pay(form) {
  form.ariaBusy = "true"; // a second click has nothing to do
  sayRight(form);
  const { token, error } = await tokenOf(card);
  form.ariaBusy = "false";
  if (!form.isConnected) return;
  if (!token) {
    sayWrong(form, error ?? {});
    if (card.focus) card.focus();
    else form.querySelector(".card input")?.focus();
    return;
  }
  form.elements.means.value = token.id;
  form.requestSubmit();
}

/** Have the bank ask whether it is the payer; what came of it, the server sees for itself. */
async function askBank(form) {
  isBankAsked = true;
  form.ariaBusy = "true";
  try {
    await load(step().dataset);
    await stripe.confirmCardPayment(form.dataset.secret);
  } catch {
    // Then nothing has changed, and the button is there still.
  }
  form.ariaBusy = "false";
  delete form.dataset.secret;
  if (form.isConnected) form.requestSubmit();
}

// Before page.js hears of it.
document.addEventListener(
  "submit",
  (event) => {
    const form = event.target;
    const needsCard = "pay" in form.dataset && !form.elements.means.value;
    const needsBank = "secret" in form.dataset;
    if (!needsCard && !needsBank) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (form.ariaBusy === "true") return;
    if (needsCard) pay(form);
    else askBank(form);
  },
  true,
);

/** Look whether the payment has come through, gently, and show it if anything has changed. */
function lookLater(ms) {
  later(async () => {
    const form = main().querySelector("form[data-follow]");
    if (!form || isBusy()) return;
    if (document.hidden) return lookLater(ms);
    try {
      const body = new URLSearchParams(new FormData(form));
      const headers = { Accept: "text/html" };
      const response = await fetch(form.action, { method: "POST", body, headers });
      const text = await response.text();
      if (!form.isConnected) return;
      if (response.status === 429) return lookLater(LOOK_MS_MAX);
      const next = new DOMParser().parseFromString(text, "text/html").querySelector("main");
      if (next?.querySelector("[data-step]")?.dataset.step === "processing") {
        form.elements.looks.value = next.querySelector("[name=looks]").value;
      } else if (next) {
        const detail = { response, text };
        document.dispatchEvent(new CustomEvent("bookonce:answered", { detail }));
        return;
      }
    } catch {
      // Away for a moment.
    }
    lookLater(Math.min(ms * 1.5, LOOK_MS_MAX));
  }, ms);
}

/** How long the time is held; it is said when little is left, and over when it is. */
function countDown(box, end) {
  const left = Math.ceil((end - Date.now()) / 1000);
  const clock = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  box.hidden = false;
  box.textContent = box.dataset.text.replace("{time}", clock);
  if (TELL_S.includes(left) && box.dataset.told !== clock) {
    box.dataset.told = clock;
    document.querySelector(".heard").textContent = box.dataset.heard.replace("{time}", clock);
  }
  if (left > 0) later(() => countDown(box, end), (end - Date.now()) % 1000 || 1000);
  else whenOver(box);
}

/** What the server says now that the time isn't held any more, unless a payment is under way. */
async function whenOver(box) {
  box.textContent = "";
  const { step: name } = step().dataset;
  if (name === "due" || name === "again") {
    if (!isBusy()) {
      try {
        const response = await fetch(location.href);
        if (response.ok && step()?.contains(box) && !isBusy()) return location.replace(location.href);
      } catch {
        // Away for a moment.
      }
    }
    later(() => whenOver(box), 1000);
  }
}

document.addEventListener("bookonce:shown", begin);
begin();
