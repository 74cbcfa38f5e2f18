// The tool by which a model asks for what was left out, to be declared as each provider wants it.

import { isObject } from "./encoding.js";
import { HeadroomError } from "./errors.js";
import { retrieve } from "./retrieve.js";
import type { EngineOptions } from "./types.js";

const text = (description: string) => ({ type: "string", description }) as const;

/** Name, description and JSON schema of the tool, and what runs a call of it. */
export const retrieveTool = {
  name: "headroom_retrieve",
  description:
    "Gives back text that was left out of a tool result. Use it when a note such as [41-388 omitted: 348 lines. Full text: h:3fa9c1d2e4b7]" +
    " stands where you need the text; ask for the lines, rows or matches you need rather than for all.",
  parameters: {
    type: "object",
    properties: {
      handle: text("The 12 hex digits after h: in the note"),
      lines: text("Which lines: 41-388, 41-, -20 (the last 20) or 1-5,9"),
      rows: text("Which records of JSON, NDJSON or CSV: 3-10, or a condition such as status!=completed"),
      grep: text("A regular expression: matching lines, with their numbers"),
    },
    required: ["handle"],
  },
  /** The text asked for, or one sentence that says what to do: a model reads either. */
  async run(input: unknown, options: EngineOptions = {}): Promise<string> {
    const { handle, ...slice } = isObject(input) ? input : {};
    if (typeof handle !== "string" || !handle) return "No handle was given: it is the 12 hex digits after h: in the note.";
    const asked = Object.fromEntries(Object.entries(slice).filter(([name, value]) => name in this.parameters.properties && ["string", "number"].includes(typeof value)));
    try {
      return await retrieve(handle.replace(/^\[|\]$/g, ""), asked, options);
    } catch (error) {
      if (error instanceof HeadroomError) return error.message;
      throw error;
    }
  },
};
