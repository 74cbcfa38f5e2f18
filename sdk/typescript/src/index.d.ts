export { compress } from "./compress.js";
export { EngineError, HeadroomError } from "./errors.js";
export { retrieve } from "./retrieve.js";
export type { AdapterOptions, Compressed, CompressOptions, Edit, Engine, EngineOptions, Failure, Level, Path, Report, Settings, Slice, Treatment, } from "./types.js";
