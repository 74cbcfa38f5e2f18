import type { Inner } from "./paths.js";
/** What a message became. */
export interface Became {
    readonly edits: readonly Inner[];
    /** Whether the engine knows: `false` where it never answered, so that it has to be told. */
    readonly told: boolean;
}
export declare class Recent {
    #private;
    get(key: string): Became | undefined;
    /** Keep what a message became, unless that is known already; what counts comes back. */
    settle(key: string, became: Became): Became;
}
/**
 * A key for each message.
 *
 * `chained`: over everything before it as well. Otherwise each stands for itself, where the provider holds what came before.
 * A message that cannot be written down has no key, and nothing after it has one.
 */
export declare function keysOf(messages: readonly unknown[], chained: boolean): (string | undefined)[];
