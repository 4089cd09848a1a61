// A moment as forms and addresses say it, by the clock that the grid shows.
function two(number) {
  return String(number).padStart(2, "0");
}

export function dayOf(moment) {
  return `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`;
}

export function clockOf(moment) {
  return moment.toTimeString().slice(0, 5);
}
