/** Makes what has a page catch up with changes: `look` shows how things are now. One look at a time, and
 * one more if a change came meanwhile, since what is under way may have been answered before it.
 */
export function catchUp(look, lost) {
  let underWay;
  let isBehind = false;

  async function run() {
    try {
      while (isBehind) {
        isBehind = false;
        await look();
      }
    } catch {
      lost();
    } finally {
      underWay = undefined;
    }
  }

  return () => {
    isBehind = true;
    underWay ??= run();
    return underWay;
  };
}
