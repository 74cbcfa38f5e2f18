// A program that uses the package: `node asks.mjs NAME COUNT [stay]` compresses COUNT conversations at once and prints the
// engines that answered, as JSON. With `stay` it goes on until it is killed.

import { compress } from "headroom-ai";
import { log, SHAPES } from "./payloads.mjs";

const [name, count, stay] = process.argv.slice(2);
const asked = Array.from({ length: Number(count) }, (_, n) => compress([{ role: "user", content: `${name} ${n}` }, ...SHAPES.chat("c", log(n))], { timeoutMs: 100_000 }));
const found = await Promise.all(asked);
console.log(JSON.stringify(found.map(({ engine, edits, failures }) => ({ url: engine?.url, edits: edits.length, failures }))));
if (stay) setInterval(() => undefined, 1000);
