// Calls the server that the page's address names, by every client, and sends what came back to the page's own server.

import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { connectWeb } from "./connect.mjs";
import { grpcWeb } from "./grpc-web.mjs";
import { rest } from "./rest.mjs";

const server = new URLSearchParams(location.search).get("server");

/** What each part came to; one that throws does not keep the others from their turn. */
async function report() {
  const descriptors = await (await fetch("/library.binpb")).arrayBuffer();
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, new Uint8Array(descriptors)));
  const parts = { ...connectWeb(server, registry), ...grpcWeb(server, registry), ...rest(server) };
  const found = {};
  for (const [name, part] of Object.entries(parts)) {
    try {
      found[name] = await Promise.race([part(), tooLate()]);
    } catch (error) {
      found[name] = `threw ${error}`;
    }
  }
  return found;
}

function tooLate() {
  return new Promise((_, reject) => setTimeout(() => reject("too late"), 10000));
}

report()
  .catch((error) => ({ page: `threw ${error}` }))
  .then((found) => fetch("/report", { method: "POST", body: JSON.stringify(found) }));
