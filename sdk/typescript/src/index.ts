// Headroom for TypeScript: fewer tokens, same meaning.
//
//     import { compress } from "headroom-ai";
//     const compressed = await compress(messages, { model: "claude-sonnet-4-6" }); // a drop-in replacement for `messages`

export { compress } from "./compress.js";
export { EngineError, HeadroomError } from "./errors.js";
export { retrieve } from "./retrieve.js";
export { retrieveTool } from "./tool.js";
export type {
  AdapterOptions,
  Compressed,
  CompressOptions,
  Edit,
  Engine,
  EngineOptions,
  Failure,
  Level,
  Path,
  Report,
  Settings,
  Slice,
  Treatment,
} from "./types.js";
