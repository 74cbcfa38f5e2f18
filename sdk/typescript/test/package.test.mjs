// What is in the package, and that it can be used as its README says. HEADROOM_URL names an engine.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("..", import.meta.url));
const PACKAGE = JSON.parse(readFileSync(join(FOLDER, "package.json"), "utf8"));
const TSC = join(FOLDER, "node_modules/typescript/bin/tsc");
const README = readFileSync(join(FOLDER, "README.md"), "utf8");
const EXAMPLES = [...README.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code);
const MOST = 60_000; // bytes of the archive

const node = (cwd, ...parameters) => execFileSync(process.execPath, parameters, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

/** A folder with the package installed in it as npm would, from its archive. */
function installed() {
  const folder = mkdtempSync(join(tmpdir(), "headroom-package-"));
  const [packed] = JSON.parse(execFileSync("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], { cwd: FOLDER, encoding: "utf8" }));
  const target = join(folder, "node_modules/headroom-ai");
  mkdirSync(target, { recursive: true });
  execFileSync("tar", ["xzf", join(folder, packed.filename), "--strip-components=1", "-C", target]);
  return { folder, packed };
}

const { folder, packed } = installed();

test("it is small, and holds what it needs and nothing else", () => {
  assert.ok(packed.size <= MOST, `${packed.size} bytes`);
  const names = packed.files.map(({ path }) => path);
  for (const { import: esm, require: cjs } of Object.values(PACKAGE.exports).filter((each) => typeof each === "object"))
    for (const path of [esm.types, esm.default, cjs.types, cjs.default]) assert.ok(names.includes(path.slice(2)), path);
  assert.deepEqual(names.filter((name) => !/^dist\/|^(README\.md|LICENSE|package\.json)$/.test(name)), []);
  assert.equal(PACKAGE.dependencies, undefined);
  assert.equal(PACKAGE.sideEffects, false);
});

test("it is of one version with the engine", () => {
  const source = readFileSync(join(FOLDER, "../../src/headroom/__init__.py"), "utf8");
  assert.equal(PACKAGE.version, /__version__ = "(.*)"/.exec(source)[1]);
});

const PATHS = Object.keys(PACKAGE.exports).filter((path) => !path.endsWith(".json")).map((path) => path.replace(".", "headroom-ai"));

test("every entry can be imported and required, and both are one", () => {
  const code = `
    import { createRequire } from "node:module";
    const require = createRequire(import.meta.url);
    for (const path of ${JSON.stringify(PATHS)}) {
      const [module, common] = [await import(path), require(path)];
      if (Object.keys(module).filter((name) => name !== "default" && name !== "module.exports").sort().join() !== Object.keys(common).sort().join()) throw new Error(path);
    }
    let warned = 0;
    console.warn = () => warned++;
    const options = { baseUrl: "http://127.0.0.1:9" };
    for (const { compress } of [await import("headroom-ai"), require("headroom-ai")]) await compress([{ role: "user", content: "x" }], options);
    console.log(warned);`;
  writeFileSync(join(folder, "both.mjs"), code);
  assert.equal(node(folder, "both.mjs").trim(), "1");
});

test("importing it does nothing: no file, no process, no timer", () => {
  writeFileSync(join(folder, "still.mjs"), `await import("headroom-ai"); console.log(process.getActiveResourcesInfo().length, Object.getOwnPropertySymbols(globalThis).includes(Symbol.for("headroom-ai")));`);
  const [resources, touched] = node(folder, "still.mjs").trim().split(" ");
  writeFileSync(join(folder, "empty.mjs"), "console.log(process.getActiveResourcesInfo().length);");
  assert.deepEqual([resources, touched], [node(folder, "empty.mjs").trim(), "false"]);
});

/** The examples as a user's files, beside the package and the SDKs. */
function checked(options, endings) {
  const place = mkdtempSync(join(tmpdir(), "headroom-examples-"));
  mkdirSync(join(place, "node_modules"));
  cpSync(join(folder, "node_modules/headroom-ai"), join(place, "node_modules/headroom-ai"), { recursive: true });
  for (const name of ["@types", "@ai-sdk", "@anthropic-ai", "@google", "ai", "openai", "undici-types", "@standard-schema", "@opentelemetry", "json-schema-to-ts", "ts-algebra", "google-auth-library", "zod"])
    symlinkSync(join(FOLDER, "node_modules", name), join(place, "node_modules", name));
  writeFileSync(join(place, "package.json"), '{"type":"module"}');
  EXAMPLES.forEach((code, n) => writeFileSync(join(place, `example${n}.${endings}`), endings === "ts" ? code : `import { compress } from "headroom-ai"; export const made: Promise<number[]> = compress([1]);`));
  const compilerOptions = { strict: true, exactOptionalPropertyTypes: true, target: "es2022", lib: ["es2024", "dom"], types: ["node"], skipLibCheck: true, ...options };
  writeFileSync(join(place, "tsconfig.json"), JSON.stringify({ compilerOptions }));
  try {
    node(place, TSC, "-p", ".");
  } catch (error) {
    assert.fail(error.stdout);
  }
  return place;
}

test("the first example of the README runs as it is written, and all of them fit the types", () => {
  assert.ok(EXAMPLES.length >= 6);
  const place = checked({ module: "nodenext" }, "ts");
  const [figures, ...lines] = node(place, "example0.js").trim().split("\n");
  const [, before, after, saved] = /^(\d+) -> (\d+) saved (\d+)$/.exec(figures);
  assert.equal(before - after, Number(saved));
  assert.ok(saved > before / 10, figures);
  assert.match(lines[0], /^total /);
});

test("the types are found from CommonJS and by bundlers", () => {
  checked({ module: "nodenext", noEmit: true }, "cts");
  checked({ module: "esnext", moduleResolution: "bundler", noEmit: true }, "ts");
});

test("what a user's compiler accepts and refuses", () => {
  try {
    node(FOLDER, TSC, "-p", "test/tsconfig.json");
  } catch (error) {
    assert.fail(error.stdout);
  }
});
