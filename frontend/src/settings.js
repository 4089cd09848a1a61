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
