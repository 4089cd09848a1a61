// Builds what browsers load into src/bookonce/web/assets/built/, which the server reads at start.
//
// What our own pages load carries a fingerprint of its content in its name, so that a browser may
// keep it for ever. embed.js keeps its name, since other people's pages hold its address. Beside
// each file stand a gzip and a brotli version. manifest.json comes last: it marks a whole build.
import { createHash } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, "../src/bookonce/web/assets/built");
const FINGERPRINTED = ["calendar.js", "office.css", "office.js", "page.css", "passkeys.js", "page.js", "pay.js", "proof.js", "settings.js"];
const PLAIN = ["embed.js"];
const BROWSERS = ["chrome111", "firefox113", "safari16.4"];

const { outputFiles } = await build({
  absWorkingDir: here,
  entryPoints: [...FINGERPRINTED, ...PLAIN].map((name) => `src/${name}`),
  outdir: target,
  bundle: true,
  minify: true,
  format: "iife",
  target: BROWSERS,
  legalComments: "none",
  logLevel: "warning",
  write: false,
}).catch(() => process.exit(1)); // esbuild has said what is wrong

await rm(target, { recursive: true, force: true });
await mkdir(target, { recursive: true });
const manifest = {};
for (const { path, contents } of outputFiles) {
  const name = basename(path);
  const file = FINGERPRINTED.includes(name) ? fingerprinted(name, contents) : name;
  await writeFile(join(target, file), contents);
  await writeFile(join(target, `${file}.gz`), gzipSync(contents, { level: 9 }));
  await writeFile(join(target, `${file}.br`), brotli(contents));
  manifest[name] = file;
}
await writeFile(join(target, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);

function fingerprinted(name, contents) {
  const hash = createHash("sha256").update(contents).digest("hex").slice(0, 12);
  return `${basename(name, extname(name))}-${hash}${extname(name)}`;
}

function brotli(contents) {
  return brotliCompressSync(contents, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_SIZE_HINT]: contents.length,
    },
  });
}
