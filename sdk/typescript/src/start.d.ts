import type { Engine } from "./types.js";
export declare const INSTALL = "pip install \"headroom-ai[proxy]\"";
/** Whether a process of this user lives. */
export declare function lives(pid: unknown): boolean;
/** Take a lease, once in a process; it goes when the process ends. */
export declare function hold(): Promise<void>;
/** Start an engine, or wait for one that somebody else starts. */
export declare function start(present: () => Promise<Engine | undefined>): Promise<Engine>;
