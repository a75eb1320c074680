// What browsers bring by themselves.

/** The parts of the report, by name. */
export function rest(server) {
  return {
    fetch: () => fetched(server),
    health: () => health(server),
    events: () => events(server),
    socket: () => socket(server),
  };
}

async function fetched(server) {
  const got = await fetch(`${server}/v1/books/dune`, { headers: { "x-ask": "spice" } });
  const missing = await fetch(`${server}/v1/books/missing`);
  return {
    title: (await got.json()).title,
    head: got.headers.get("x-head"),
    missing: [missing.status, (await missing.json()).error.status],
  };
}

/** Over Connect, which health speaks too. */
async function health(server) {
  const answer = await fetch(`${server}/grpc.health.v1.Health/Check`, {
    method: "POST",
    headers: { "content-type": "application/json", "connect-protocol-version": "1" },
    body: "{}",
  });
  return (await answer.json()).status;
}

function events(server) {
  return new Promise((resolve) => {
    const names = [];
    const source = new EventSource(`${server}/v1/books?count=3`);
    const finish = (how) => {
      source.close();
      resolve([names.join(), how]);
    };
    source.addEventListener("message", (event) => names.push(JSON.parse(event.data).name));
    source.addEventListener("end", () => finish("end"));
    source.addEventListener("error", () => finish("error"));
  });
}

function socket(server) {
  return new Promise((resolve) => {
    const names = [];
    const socket = new WebSocket(`${server.replace("http", "ws")}/v1/books?count=3`, "json");
    socket.addEventListener("message", (event) => names.push(JSON.parse(event.data).name));
    socket.addEventListener("close", (event) => resolve([names.join(), event.code]));
  });
}
