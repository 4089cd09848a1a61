// Forms of the settings: a box that says "all" takes the place of the others.

for (const all of document.querySelectorAll("label.all input")) {
  const others = all.closest("fieldset").querySelectorAll(".switches-of input");
  all.addEventListener("change", () => {
    if (all.checked) for (const other of others) other.checked = false;
  });
  for (const other of others) {
    other.addEventListener("change", () => {
      if (other.checked) all.checked = false;
    });
  }
}

// A colour that was chosen is meant.
for (const colour of document.querySelectorAll('input[type="color"]')) {
  const none = colour.parentElement.querySelector('[type="checkbox"]');
  colour.addEventListener("input", () => {
    none.checked = false;
  });
}

// A new business is where its owner is, as far as the browser knows.
const zone = document.querySelector('[data-guess="zone"]');
if (zone) {
  const currency = document.getElementById("currency");
  let isChosen = Boolean(document.querySelector("[aria-invalid]"));
  const pay = () => {
    const pays = zone.selectedOptions[0]?.dataset.pays;
    if (pays && !isChosen) currency.value = pays;
  };
  currency.addEventListener("change", () => {
    isChosen = true;
  });
  zone.addEventListener("change", pay);
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!isChosen && [...zone.options].some((one) => one.value === here)) {
    zone.value = here;
    pay();
  }
}
