// Build the package: `dist/esm` and `dist/cjs`, each by one run of tsc over the same sources.

import { execFileSync } from "node:child_process";
import { cpSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const tsc = (...options) => execFileSync(process.execPath, [here("node_modules/typescript/bin/tsc"), ...options], { cwd: here("."), stdio: "inherit" });
const write = (path, value) => writeFileSync(here(path), `${JSON.stringify(value)}\n`);

rmSync(here("build"), { recursive: true, force: true });
rmSync(here("dist"), { recursive: true, force: true });
tsc("-p", "tsconfig.json");
// A package.json decides what a .ts file becomes: the sources are built a second time from a place that says CommonJS.
cpSync(here("src"), here("build/cjs/src"), { recursive: true });
write("build/cjs/package.json", { type: "commonjs" });
write("build/cjs/tsconfig.json", { extends: "../../tsconfig.json", compilerOptions: { rootDir: "src", outDir: "../../dist/cjs" }, include: ["src"] });
tsc("-p", "build/cjs/tsconfig.json");
write("dist/cjs/package.json", { type: "commonjs" });
