"""library.v1 behind a gateway, called over WebSocket: sockets.py ADDRESS"""

import json
import sys
import time
import urllib.request
from socket import SHUT_RDWR

from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

address = sys.argv[1]
CHAT = f"ws://{address}/library.v1.Library/Chat"


def same(found, wanted):
    assert found == wanted, f"{found!r}, not {wanted!r}"


def counts(name):
    with urllib.request.urlopen(f"http://{address}/v1/report") as report:
        return json.load(report).get("counts", {}).get(name, 0)


def within(condition):
    for _ in range(100):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("it did not come")


def closed(socket):
    """Code and reason."""
    try:
        found = socket.recv(timeout=10)
    except ConnectionClosed as end:
        return end.rcvd.code, end.rcvd.reason
    raise AssertionError(f"a message: {found!r}")


# both ways at once, as JSON; an empty frame ends our side
with connect(CHAT, subprotocols=["json"]) as socket:
    same(socket.subprotocol, "json")
    for number in range(20):
        socket.send(json.dumps({"name": f"books/{number}"}))
        same(json.loads(socket.recv(timeout=10))["title"], f"about books/{number}")
    socket.send("")
    same(closed(socket), (1000, ""))

# as protobuf: field 1 is the name, field 2 the title
with connect(CHAT, subprotocols=["proto"]) as socket:
    socket.send(b"\n\x01a")
    same(socket.recv(timeout=10), b"\n\x01a\x12\x07about a")
    socket.send("")
    same(closed(socket), (1000, ""))

# a large message in fragments, both ways
with connect(CHAT, max_size=None) as socket:
    name = "n" * 1_000_000
    socket.send(json.dumps({"name": name})[at : at + 50_000] for at in range(0, 1_000_020, 50_000))
    same(json.loads(socket.recv(timeout=10))["name"], name)

# the upstream's error: as a whole in a frame, its code in the closing one
with connect(CHAT) as socket:
    socket.send('{"name": "books/missing"}')
    error = json.loads(socket.recv(timeout=10))["error"]
    same((error["code"], error["status"], error["message"]), (404, "NOT_FOUND", "there is no books/missing"))
    same(error["details"][0]["reason"], "NO_BOOK")
    same(closed(socket), (4005, "there is no books/missing"))

# what is no message
with connect(CHAT) as socket:
    socket.send('{"pages": "many"}')
    assert "pages" in json.loads(socket.recv(timeout=10))["error"]["message"]
    same(closed(socket)[0], 1007)

# a server stream, and a client stream
with connect(f"ws://{address}/v1/books?count=3") as socket:
    same([json.loads(socket.recv(timeout=10))["name"] for _ in range(3)], ["books/0", "books/1", "books/2"])
    same(closed(socket), (1000, ""))
with connect(f"ws://{address}/library.v1.Library/ImportBooks") as socket:
    for number in range(50):
        socket.send(json.dumps({"name": f"n{number}"}))
    socket.send("")
    same(len(json.loads(socket.recv(timeout=10))["names"]), 50)
    same(closed(socket), (1000, ""))

# whoever leaves takes the call along, by a close frame or without


def all_over(method):
    return lambda: counts(f"{method} over") == counts(method)


with connect(f"ws://{address}/v1/books?endless=true") as socket:
    socket.recv(timeout=10)
    assert not all_over("ListBooks")()
within(all_over("ListBooks"))
within(all_over("Chat"))
socket = connect(CHAT)
socket.send('{"name": "books/x"}')
socket.recv(timeout=10)
assert not all_over("Chat")()
socket.socket.shutdown(SHUT_RDWR)
within(all_over("Chat"))

# a ping is answered
with connect(CHAT) as socket:
    assert socket.ping().wait(10)

# what is not there
for path, status in [("/v1/nothing", 404), ("/v1/books/dune", 400)]:
    try:
        connect(f"ws://{address}{path}")
        raise AssertionError("it was opened")
    except InvalidStatus as refused:
        same((refused.response.status_code, json.loads(refused.response.body)["error"]["code"]), (status, status))

print("ok")
