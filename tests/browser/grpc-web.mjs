// grpc-web, Google's client, binary and text. Its generated code would hold no more than the functions below.

import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { GrpcWebClientBase, MethodDescriptor, StatusCode } from "grpc-web";
import { noticed } from "./connect.mjs";

/** The parts of the report, by name. */
export function grpcWeb(server, registry) {
  const clients = { "grpc-web binary": "binary", "grpc-web text": "text" };
  const parts = {};
  for (const [name, format] of Object.entries(clients)) {
    const client = new GrpcWebClientBase({ format });
    parts[name] = () => calls(new Caller(client, server, registry), format);
  }
  return parts;
}

class Caller {
  constructor(client, server, registry) {
    Object.assign(this, { client, server, registry });
  }

  /** A call, unary or server-streaming as its method is. */
  start(path, request, metadata, answered) {
    const [service, name] = path.split("/");
    const method = this.registry.getService(service).methods.find((method) => method.name === name);
    const type = method.methodKind === "unary" ? "unary" : "server_streaming";
    const descriptor = new MethodDescriptor(
      `/${path}`,
      type,
      Object,
      Object,
      (message) => toBinary(method.input, message),
      (bytes) => fromBinary(method.output, bytes),
    );
    const message = create(method.input, request);
    const url = `${this.server}/${path}`;
    return type === "unary"
      ? this.client.rpcCall(url, message, metadata, descriptor, answered)
      : this.client.serverStreaming(url, message, metadata, descriptor);
  }

  /** The outcome of a unary call. */
  unary(path, request, metadata = {}) {
    return new Promise((resolve) => {
      const seen = {};
      // The message and the status of a success come in either order.
      const finish = () => {
        if (seen.error || (seen.message && seen.tail)) resolve(seen);
      };
      const call = this.start(path, request, metadata, (error, message) => {
        Object.assign(seen, { error, message });
        finish();
      });
      call.on("metadata", (head) => (seen.head = head));
      call.on("status", (status) => {
        seen.tail = status.metadata;
        finish();
      });
    });
  }

  /** The names of a stream, and the code it ended with. */
  stream(request) {
    return new Promise((resolve) => {
      const names = [];
      const call = this.start("library.v1.Library/ListBooks", request, {});
      const finish = (code) => resolve([names.join(), code]);
      call.on("data", (book) => names.push(book.name));
      call.on("error", (error) => finish(name(error.code)));
      call.on("end", () => finish("ok"));
    });
  }
}

async function calls(caller, format) {
  const got = await caller.unary("library.v1.Library/GetBook", { name: "books/dune" }, { "x-ask": "spice" });
  const missing = await caller.unary("library.v1.Library/GetBook", { name: "books/missing" });
  const late = { deadline: String(Date.now() + 300) };
  return {
    unary: {
      name: got.message?.name,
      title: got.message?.title,
      head: got.head?.["x-head"],
      tail: got.tail?.["x-tail"],
    },
    error: {
      code: name(missing.error?.code),
      message: missing.error?.message,
      details: Boolean(missing.error?.metadata["grpc-status-details-bin"]),
      tail: missing.error?.metadata["x-tail"],
    },
    deadline: name((await caller.unary("library.v1.Library/GetBook", { name: "books/slow" }, late)).error?.code),
    stream: await caller.stream({ count: 3 }),
    broken: await caller.stream({ count: 2, fail: true }),
    // As bytes this client reads a stream when it is over.
    cancelled: format === "text" ? await cancelled(caller) : "not as bytes",
  };
}

function name(code) {
  return Object.keys(StatusCode).find((name) => StatusCode[name] === code) ?? String(code);
}

async function cancelled(caller) {
  const over = async () => (await caller.unary("library.v1.Probe/Report", {})).message.counts["ListBooks over"] ?? 0;
  const before = await over();
  const taken = await new Promise((resolve) => {
    let taken = 0;
    const call = caller.start("library.v1.Library/ListBooks", { endless: true }, {});
    call.on("data", () => {
      if (++taken === 3) {
        call.cancel();
        resolve(taken);
      }
    });
    call.on("error", (error) => resolve(name(error.code)));
  });
  return [taken, await noticed(over, before)];
}
