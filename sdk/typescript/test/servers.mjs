// What may listen where an engine is looked for.

import { createServer } from "node:http";
import { createServer as createSocket } from "node:net";

/** Serve on loopback while `use` runs with its URL. */
export async function serving(answer, use) {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  try {
    return await use(`http://127.0.0.1:${server.address().port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** A port where nobody listens. */
export async function closedPort() {
  const server = createSocket().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** An answer of a status and a body. */
export const says = (status, body, headers = {}) => (request, response) => {
  request.resume();
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(typeof body === "string" ? body : JSON.stringify(body));
};

/** The body of a request. */
export async function bodyOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}
