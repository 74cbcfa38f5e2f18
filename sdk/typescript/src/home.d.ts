export declare function home(env?: NodeJS.ProcessEnv): string;
/** Where running engines say that they are there, and who needs them. */
export declare function runFolder(): string;
