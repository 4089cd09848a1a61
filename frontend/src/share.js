/* What can be done with an appointment's page: tell somebody of it, keep its address, print it. */

const DOES = {
  share: ({ share, url }) => navigator.share({ text: share, url: new URL(url, location.href).href }),
  copy: ({ copy }) => navigator.clipboard.writeText(new URL(copy, location.href).href),
  print: () => print(),
};
const CAN = {
  share: () => "share" in navigator,
  copy: () => "clipboard" in navigator,
  print: () => true,
};
const kindOf = (button) => Object.keys(DOES).find((kind) => kind in button.dataset);

/** Show what this browser can do; `told` says what was done. */
export function offerToShare(main, told) {
  const box = main.querySelector(".share");
  if (!box) return;
  box.hidden = false;
  for (const button of box.querySelectorAll("button")) {
    const kind = kindOf(button);
    button.hidden = !CAN[kind]();
    button.addEventListener("click", async () => {
      try {
        await DOES[kind](button.dataset);
        if (button.dataset.done) told(button.dataset.done, true);
      } catch {
        // Somebody closed the list of programs again, or the browser keeps its clipboard closed.
      }
    });
  }
}
