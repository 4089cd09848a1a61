/* Shows the booking page on other people's pages. docs/embed.md says how, and what is said between
 * the two pages. Styles go through the CSSOM, so that a strict policy of the host page allows them;
 * nothing is kept on the visitor's machine. */

const ELEMENT = "bookonce-booking";
const ATTRIBUTES = ["business", "service", "location", "staff", "lang", "mode", "label"];
const HEIGHT_PX_MAX = 20_000;
const DEAF_MS = 1000;
const WORDS = {
  en: { label: "Book now", title: "Book an appointment", close: "Close" },
  de: { label: "Termin buchen", title: "Termin buchen", close: "Schließen" },
  fr: { label: "Réserver", title: "Prendre rendez-vous", close: "Fermer" },
  es: { label: "Reservar", title: "Reservar cita", close: "Cerrar" },
  ar: { label: "احجز الآن", title: "حجز موعد", close: "إغلاق" },
};
const STYLES = `
:host { display: block }
:host([hidden]) { display: none }
:host([mode=button]) { display: inline-block }
iframe { display: block; box-sizing: border-box; inline-size: 100%; block-size: 32rem; border: 0 }
button { font: inherit; cursor: pointer; min-block-size: 2.75rem; min-inline-size: 2.75rem }
.open {
  padding: .5em 1.25em; border: 0; border-radius: .5em; font-weight: 600;
  background: var(--bookonce-colour, #1c2430); color: var(--bookonce-text, #fff)
}
:host([mode=popup]) .open {
  position: fixed; inset-block-end: 1rem; inset-inline-end: 1rem; z-index: 2147483000;
  box-shadow: 0 .25rem 1rem #0005
}
dialog {
  box-sizing: border-box; inline-size: min(40rem, 100vw - 2rem); block-size: min(48rem, 100dvh - 2rem);
  max-inline-size: none; max-block-size: none; padding: 0; border: 0; border-radius: .75rem;
  overflow: hidden; color-scheme: light dark; background: Canvas; color: CanvasText
}
dialog[open] { display: flex; flex-direction: column }
dialog::backdrop { background: #0008 }
dialog iframe { flex: 1; min-block-size: 0 }
.close {
  align-self: end; border: 0; background: none; color: inherit; font-size: 1.5rem; line-height: 1;
  outline-offset: -.375rem
}
@media (max-width: 40rem) { dialog { inline-size: 100vw; block-size: 100dvh; border-radius: 0 } }
`;

// A module has no current script; then it is the tag that names this file.
const script = document.currentScript ?? document.querySelector('script[src$="/embed.js"]');
const HOST = new URL(script.src).origin;

class BookonceBooking extends HTMLElement {
  static observedAttributes = ATTRIBUTES;
  #root = this.attachShadow({ mode: "open" });
  #frame; // that shows the page now
  #dialog; // that the frame opens in, unless it stands inline
  #isDrawn = false;
  #isBooked = false;

  constructor() {
    super();
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLES);
    this.#root.adoptedStyleSheets = [sheet];
  }

  connectedCallback() {
    window.addEventListener("message", this);
    this.#isDrawn = true;
    this.#draw();
  }

  disconnectedCallback() {
    window.removeEventListener("message", this);
    this.#isDrawn = false;
    this.#clear();
  }

  attributeChangedCallback() {
    if (this.#isDrawn) this.#draw();
  }

  /** Opens the dialog, as the button does. */
  open() {
    if (!this.#dialog || this.#dialog.open) return;
    if (!this.#frame) this.#dialog.append(this.#newFrame());
    this.#dialog.showModal();
    // The second tap of two meant the button, not what has come in front of it.
    this.#dialog.style.pointerEvents = "none";
    setTimeout(() => this.#dialog?.style.removeProperty("pointer-events"), DEAF_MS);
  }

  /** Closes the dialog; focus goes back to where it was. */
  close() {
    this.#dialog?.close();
  }

  /** A message to the window: believed only from our own frame while it shows a page of HOST. */
  handleEvent(event) {
    if (event.origin !== HOST || !this.#frame || event.source !== this.#frame.contentWindow) return;
    const { source, type, height, top, appointment } = event.data ?? {};
    if (source !== "bookonce") return;
    if (type === "size") this.#grow(height);
    else if (type === "step") this.#showTop();
    else if (type === "look") this.#show(top);
    else if (type === "close") this.close();
    else if (type === "booked") {
      this.#isBooked = true;
      this.dispatchEvent(
        new CustomEvent("bookonce:booked", { bubbles: true, composed: true, detail: appointment }),
      );
    }
  }

  #draw() {
    this.#clear();
    if (!this.getAttribute("business")) return;
    if (/^(button|popup)$/.test(this.getAttribute("mode"))) this.#drawButton();
    else this.#root.append(this.#newFrame());
  }

  #clear() {
    this.#root.replaceChildren();
    this.#frame = this.#dialog = undefined;
    this.#isBooked = false;
  }

  #drawButton() {
    const { label, title, close } = this.#words();
    const opener = button("open", this.getAttribute("label") || label, () => this.open());
    opener.ariaHasPopup = "dialog";
    const closer = button("close", "×", () => this.close());
    closer.setAttribute("aria-label", close);
    const dialog = (this.#dialog = document.createElement("dialog"));
    dialog.setAttribute("aria-label", title);
    dialog.append(closer);
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    dialog.addEventListener("close", () => {
      if (!this.#isBooked) return; // what was chosen so far is there when it is opened again
      this.#frame?.remove();
      this.#frame = undefined;
      this.#isBooked = false;
    });
    this.#root.append(opener, dialog);
  }

  #newFrame() {
    const frame = (this.#frame = document.createElement("iframe"));
    const url = new URL(`/${encodeURIComponent(this.getAttribute("business"))}?embed=1`, HOST);
    for (const name of ["service", "location", "staff", "lang"]) {
      const value = this.getAttribute(name);
      if (value) url.searchParams.set(name, value);
    }
    frame.src = url;
    frame.title = this.#words().title;
    // Each page that is loaded learns from this whom to answer.
    frame.addEventListener("load", () =>
      frame.contentWindow?.postMessage({ source: "bookonce-host", type: "hello" }, HOST),
    );
    return frame;
  }

  /** As high as the page, once it has told; a dialog stays as it is, and the page scrolls in it. */
  #grow(height) {
    if (this.#dialog || !(height > 0)) return;
    this.#frame.style.blockSize = `${Math.ceil(Math.min(height, HEIGHT_PX_MAX))}px`;
    this.#frame.scrolling = "no"; // or a scrollbar flashes up before each growth
  }

  /** A new step begins at its top, which may lie above the window after a long one. */
  #showTop() {
    if (!this.#dialog && this.getBoundingClientRect().top < 0) this.scrollIntoView();
  }

  /** Something within the page, so far below its top, at the top of the window. */
  #show(top) {
    if (this.#dialog || !(top >= 0)) return; // a dialog's page scrolls by itself
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const y = this.#frame.getBoundingClientRect().top + window.scrollY + top;
    window.scrollTo({ top: y, behavior: calm ? "auto" : "smooth" });
  }

  #words() {
    const language = this.closest("[lang]")?.lang.slice(0, 2).toLowerCase();
    return WORDS[language] ?? WORDS.en;
  }
}

function button(part, text, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = made.part = part;
  made.textContent = text;
  made.addEventListener("click", act);
  return made;
}

if (!customElements.get(ELEMENT)) customElements.define(ELEMENT, BookonceBooking);

if (script.dataset.bookonce) {
  const element = document.createElement(ELEMENT);
  element.setAttribute("business", script.dataset.bookonce);
  for (const name of ATTRIBUTES) {
    if (name in script.dataset) element.setAttribute(name, script.dataset[name]);
  }
  script.after(element);
}
