// One request to an engine.
//
// Rules:
// * `node:http` with an agent of our own, not `fetch`: frameworks patch and cache that one, and `NODE_USE_ENV_PROXY` would
//   send what is for this machine through a proxy.
// * No redirect is followed, so nothing reaches another host than the one that was named.
import { Agent, request as overHttp } from "node:http";
import { Agent as TlsAgent, request as overTls } from "node:https";
import { EngineError } from "./errors.js";
const HTTP = new Agent({ keepAlive: true });
const TLS = new TlsAgent({ keepAlive: true });
const LARGEST = 512 * 2 ** 20; // bytes of an answer: more cannot be a string, and is no answer of ours
/** The engine did not answer in time. What it decides later is never sent. */
export class TimeoutError extends EngineError {
}
/** Nothing came back: nobody listens, or whoever did has gone. */
export class UnreachableError extends EngineError {
}
/** The answer to a request. Rejects with `TimeoutError`, `UnreachableError`, or what the signal was aborted with. */
export async function ask(url, asking) {
    const timeout = AbortSignal.timeout(Math.max(1, asking.timeoutMs));
    const signal = asking.signal ? AbortSignal.any([asking.signal, timeout]) : timeout;
    try {
        return await once(url, asking, signal);
    }
    catch (error) {
        asking.signal?.throwIfAborted();
        if (timeout.aborted)
            throw new TimeoutError(`the engine at ${url.host} did not answer within ${asking.timeoutMs} ms`);
        if (!(error instanceof StaleError))
            throw error;
    }
    return await ask(url, asking); // the engine had closed a connection that was kept for later: nothing was lost
}
class StaleError extends Error {
}
function once(url, { method = "GET", body, token }, signal) {
    const headers = { accept: "application/json" };
    if (body !== undefined) {
        headers["content-type"] = "application/json";
        headers["content-length"] = Buffer.byteLength(body);
    }
    if (token)
        headers["x-headroom-token"] = token;
    const secure = url.protocol === "https:";
    const options = { method, headers, signal, agent: secure ? TLS : HTTP };
    return new Promise((resolve, reject) => {
        const unreachable = (error) => {
            const stale = sent.reusedSocket && (error.code === "ECONNRESET" || error.code === "EPIPE");
            reject(stale ? new StaleError() : new UnreachableError(`no engine answers at ${url.host} (${error.code ?? error.name})`));
        };
        const sent = (secure ? overTls : overHttp)(url, options, (response) => {
            const chunks = [];
            let size = 0;
            response.on("data", (chunk) => {
                chunks.push(chunk);
                size += chunk.length;
                if (size > LARGEST)
                    response.destroy(new Error("too large"));
            });
            response.on("end", () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString("utf8") }));
            response.on("error", unreachable);
        });
        sent.on("error", unreachable);
        sent.end(body);
    });
}
