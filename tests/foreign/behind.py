"""library.v1 behind a gateway, called over gRPC with every shape of method: behind.py ADDRESS"""

import time

import grpc
from google.protobuf import message_factory
from reflected import SECONDS, Client, arguments, same

client = Client(*arguments())
LIBRARY = "library.v1.Library"
assert LIBRARY in client.services(), client.services()


def message(name):
    return message_factory.GetMessageClass(client.pool.FindMessageTypeByName(f"library.v1.{name}"))


Book, GetBookRequest, ListBooksRequest = map(message, ["Book", "GetBookRequest", "ListBooksRequest"])


def method(name):
    descriptor = client.pool.FindServiceByName(LIBRARY).FindMethodByName(name)
    shape = [("unary", "stream")[many] for many in (descriptor.client_streaming, descriptor.server_streaming)]
    return getattr(client.channel, "_".join(shape))(
        f"/{LIBRARY}/{name}",
        request_serializer=lambda value: value.SerializeToString(),
        response_deserializer=message_factory.GetMessageClass(descriptor.output_type).FromString,
    )


def counts():
    found = client.call("library.v1.Probe", "Report").get("counts", {})
    return lambda name: found.get(name, 0)


def within(condition):
    """The upstream hears of an end a moment later."""
    for _ in range(100):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("it did not come")


# unary: metadata both ways, trailers, deadline
get, chat, list_books = method("GetBook"), method("Chat"), method("ListBooks")
book, call = get.with_call(GetBookRequest(name="books/dune"), timeout=5, metadata=[("x-ask", "spice")])
same((book.name, book.title), ("books/dune", "spice"))
assert 1000 < int(book.labels["deadline"]) < 5500, book
head, tail = dict(call.initial_metadata()), dict(call.trailing_metadata())
same((head["x-head"], head["x-bytes-bin"], tail["x-tail"]), ("head", b"\x00\xff", "tail"))

# an error with its details, byte for byte, and its trailers
try:
    get(GetBookRequest(name="books/missing"), timeout=SECONDS)
    raise AssertionError("found")
except grpc.RpcError as error:
    same((error.code(), error.details()), (grpc.StatusCode.NOT_FOUND, "there is no books/missing"))
    tail = dict(error.trailing_metadata())
    same(tail["x-tail"], "shelf 7")
    details = tail["grpc-status-details-bin"]
    assert b"NO_BOOK" in details and b"library.v1.Nowhere" in details, details

# streams of every shape
same([book.name for book in list_books(ListBooksRequest(count=3), timeout=SECONDS)], [f"books/{n}" for n in range(3)])
same(list(list_books(ListBooksRequest(), timeout=SECONDS)), [])
seen = []
try:
    for book in list_books(ListBooksRequest(count=2, fail=True), timeout=SECONDS):
        seen.append(book.name)
    raise AssertionError("a clean end")
except grpc.RpcError as error:
    same((error.code(), error.details()), (grpc.StatusCode.DATA_LOSS, "the shelf fell over"))
same(seen, ["books/0", "books/1"])
summary = method("ImportBooks")(iter([Book(name=f"n{n}") for n in range(50)]), timeout=SECONDS)
same(list(summary.names), [f"n{n}" for n in range(50)])


def one_by_one(answers):
    """Each question waits for the answer to the one before: nothing may be held back on the way."""
    for number in range(5):
        yield Book(name=f"q{number}")
        while len(answers) <= number:
            time.sleep(0.001)


answers = []
for answer in chat(one_by_one(answers), timeout=SECONDS):
    answers.append(answer.title)
same(answers, [f"about q{n}" for n in range(5)])

# a deadline ends the call here and there
begun = counts()("slow over")
try:
    get(GetBookRequest(name="books/slow"), timeout=0.3)
    raise AssertionError("in time")
except grpc.RpcError as error:
    same(error.code(), grpc.StatusCode.DEADLINE_EXCEEDED)
within(lambda: counts()("slow over") == begun + 1)

# a cancelled call, and a stream that nobody reads any more, are cancelled there
future = get.future(GetBookRequest(name="books/slow"), timeout=SECONDS)
within(lambda: counts()("slow begun") == begun + 2)
future.cancel()
within(lambda: counts()("slow over") == begun + 2)
endless = list_books(ListBooksRequest(count=1, endless=True), timeout=SECONDS)
next(endless)
before = counts()("ListBooks over")
endless.cancel()
within(lambda: counts()("ListBooks over") == before + 1)

# what nobody has
try:
    client.channel.unary_unary("/library.v1.Library/Burn")(b"", timeout=SECONDS)
    raise AssertionError("burnt")
except grpc.RpcError as error:
    same(error.code(), grpc.StatusCode.UNIMPLEMENTED)

print("ok")
