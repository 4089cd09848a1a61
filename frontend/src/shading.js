// Where a dragged appointment may be put: free, against a rule, or taken. The office is asked when a
// drag begins, and answers by the engine that the public page asks.
const KINDS = { free: "is-free", against_rules: "is-against" };

export class Shading {
  #grid;
  #slug;
  #shown = [];
  #turn = 0;

  constructor(grid, slug) {
    this.#grid = grid;
    this.#slug = slug;
  }

  // `columns` are the keys of those who have one; of a week there is one person alone.
  async show(id, { from, to, location, columns }) {
    const turn = ++this.#turn;
    const query = new URLSearchParams({ from, to, location });
    const found = await this.#ask(`/office/${this.#slug}/appointments/${id}/places?${query}`);
    if (!found || turn !== this.#turn) return; // it was dropped meanwhile
    for (const [kind, className] of Object.entries(KINDS)) {
      for (const staff of columns) {
        for (const [start, end] of found[kind][staff] ?? []) this.#add(staff, start, end, className);
      }
    }
    document.body.classList.add("is-placing");
  }

  hide() {
    this.#turn++;
    document.body.classList.remove("is-placing");
    for (const id of this.#shown.splice(0)) this.#grid.removeEventById(id);
  }

  #add(staff, start, end, className) {
    const id = `place ${className} ${staff} ${start}`;
    this.#shown.push(id);
    this.#grid.addEvent({
      id, start, end, resourceIds: [staff], display: "background", classNames: [className],
    });
  }

  async #ask(address) {
    try {
      const answer = await fetch(address, { headers: { Accept: "application/json" } });
      return answer.ok ? await answer.json() : undefined;
    } catch {
      return undefined; // nothing is shaded; the drop itself tells what is wrong
    }
  }
}
