// The folder that the engine keeps its things in: as `src/headroom/config.py` finds it.
import { homedir } from "node:os";
import { join } from "node:path";
export function home(env = process.env) {
    const chosen = env["HEADROOM_HOME"];
    if (chosen)
        return chosen.replace(/^~(?=$|[\\/])/, homedir());
    if (process.platform === "win32")
        return join(env["LOCALAPPDATA"] || join(homedir(), "AppData", "Local"), "headroom");
    if (process.platform === "darwin")
        return join(homedir(), "Library", "Application Support", "headroom");
    return join(env["XDG_DATA_HOME"] || join(homedir(), ".local", "share"), "headroom");
}
/** Where running engines say that they are there, and who needs them. */
export function runFolder() {
    return join(home(), "run");
}
