/* A worker that finds the proof of work which a form asks for. */

import { solveChallenge } from "altcha-lib";
import { deriveKey } from "altcha-lib/algorithms/web/pbkdf2";

addEventListener("message", async ({ data: challenge }) => {
  const solution = await solveChallenge({ challenge, deriveKey });
  postMessage(btoa(JSON.stringify({ challenge, solution })));
});
