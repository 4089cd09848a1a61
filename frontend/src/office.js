// What every page of the office does with the keyboard: a letter presses what carries it.

const TYPING = "input, select, textarea, [contenteditable]";

function target(key) {
  const found = document.querySelectorAll("[data-key]");
  return [...found].find((one) => one.dataset.key.toLowerCase() === key.toLowerCase());
}

function press(element) {
  if (element.matches(TYPING)) {
    element.focus();
    element.select?.();
  } else {
    element.click();
  }
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target instanceof Element && event.target.matches(TYPING);
  if (typing) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (event.key.toLowerCase() === "p") {
    event.preventDefault();
    window.print();
    return;
  }
  const element = target(mirrored(event.key));
  if (element) {
    event.preventDefault();
    press(element);
  }
});

// Where one reads from right to left, the left arrow leads on.
function mirrored(key) {
  if (document.dir !== "rtl") return key;
  return { ArrowLeft: "ArrowRight", ArrowRight: "ArrowLeft" }[key] ?? key;
}

// A choice shows at once what it leads to; without scripts there is a button.
for (const form of document.querySelectorAll("form.filters")) {
  for (const select of form.querySelectorAll("select")) {
    select.addEventListener("change", () => form.requestSubmit());
  }
}

// What is under way is looked at again until it is over; without scripts there is a link.
const AGAIN_MS = 1500;

async function lookAgain() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
  if (answer?.ok) {
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    document.querySelector("main").replaceChildren(...page.querySelector("main").childNodes);
  }
  if (document.querySelector("[data-again]")) setTimeout(lookAgain, AGAIN_MS);
}
if (document.querySelector("[data-again]")) setTimeout(lookAgain, AGAIN_MS);
