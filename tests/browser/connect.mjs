// connect-web: its Connect and its gRPC-Web transport.

import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web";

/** The parts of the report, by name. */
export function connectWeb(server, registry) {
  const transports = {
    "connect json": (options) => createConnectTransport(options),
    "connect proto": (options) => createConnectTransport({ ...options, useBinaryFormat: true }),
    "connect get": (options) => createConnectTransport({ ...options, useHttpGet: true }),
    "connect get proto": (options) => createConnectTransport({ ...options, useHttpGet: true, useBinaryFormat: true }),
    "connect-web grpc-web": (options) => createGrpcWebTransport(options),
  };
  const parts = {};
  for (const [name, make] of Object.entries(transports)) {
    const methods = [];
    const watched = (url, init) => {
      methods.push(init?.method ?? "GET");
      return fetch(url, init);
    };
    const transport = make({ baseUrl: server, fetch: watched });
    const library = createClient(registry.getService("library.v1.Library"), transport);
    const probe = createClient(registry.getService("library.v1.Probe"), transport);
    parts[name] = () => calls(library, probe, methods);
  }
  return parts;
}

async function calls(library, probe, methods) {
  return {
    unary: await unary(library),
    safe: await safe(library, methods),
    error: await failure(() => library.getBook({ name: "books/missing" })),
    deadline: (await failure(() => library.getBook({ name: "books/slow" }, { timeoutMs: 200 }))).code,
    stream: await gathered(library.listBooks({ count: 3 })),
    broken: await gathered(library.listBooks({ count: 2, fail: true })),
    cancelled: await cancelled(library, probe),
  };
}

async function unary(library) {
  let head, tail;
  const book = await library.getBook(
    { name: "books/dune" },
    {
      headers: { "x-ask": "spice" },
      timeoutMs: 5000,
      onHeader: (headers) => (head = headers),
      onTrailer: (trailers) => (tail = trailers),
    },
  );
  const left = Number(book.labels.deadline);
  return {
    name: book.name,
    title: book.title,
    deadline: left > 0 && left <= 5000,
    head: head.get("x-head"),
    bytes: head.get("x-bytes-bin"),
    tail: tail.get("x-tail"),
  };
}

/** A method without side effects, and by which HTTP method it was called. */
async function safe(library, methods) {
  const book = await library.peek({ name: "books/é ?&" });
  return [book.name, methods.at(-1)];
}

async function failure(call) {
  try {
    await call();
    return "no error";
  } catch (thrown) {
    const error = ConnectError.from(thrown);
    return {
      code: Code[error.code],
      message: error.rawMessage,
      details: error.details.map((detail) => detail.type),
      tail: error.metadata.get("x-tail"),
    };
  }
}

/** The names of a stream, and the code it ended with. */
async function gathered(stream) {
  const names = [];
  const { code } = await failure(async () => {
    for await (const book of stream) names.push(book.name);
  });
  return [names.join(), code ?? "ok"];
}

/** Leaves an endless stream, and waits until the upstream noticed. */
async function cancelled(library, probe) {
  const over = async () => (await probe.report({})).counts["ListBooks over"] ?? 0;
  const before = await over();
  const controller = new AbortController();
  const stream = library.listBooks({ endless: true }, { signal: controller.signal });
  let taken = 0;
  const { code } = await failure(async () => {
    for await (const _ of stream) if (++taken === 3) controller.abort();
  });
  return [code, await noticed(over, before)];
}

/** Whether a count grows within some seconds. */
export async function noticed(count, before) {
  for (let tries = 0; tries < 100; tries++) {
    if ((await count()) > before) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}
