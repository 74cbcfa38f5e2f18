import type { Edit } from "./types.js";
/** What an edit says about its message: its path begins below the message's index. */
export type Inner = Edit;
/** A message with a text replaced; `undefined` where the path leads to another text than the engine read. */
export declare function replaced<M>(message: M, edit: Inner): M | undefined;
