import { original } from "./service.js";
import type { EngineOptions, Slice } from "./types.js";

/**
 * Give back an original, or the part asked for, exactly.
 *
 * @param handle from a marker, with or without its `h:`.
 * @param slice lines, rows or matches; all of it without one.
 * Rejects with an `EngineError` where no engine answers, no original has this handle, or the slice cannot be read.
 */
export async function retrieve(handle: string, slice: Slice = {}, options: EngineOptions = {}): Promise<string> {
  const asked = Object.entries(slice).filter(([, value]) => value !== undefined && value !== "");
  return await original(handle.replace(/^h:/, ""), Object.fromEntries(asked.map(([name, value]) => [name, String(value)])), options);
}
