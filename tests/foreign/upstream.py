"""A gRPC server for the gateway to stand in front of: upstream.py DESCRIPTORS PORT [CA KEY CERT]

It serves the services of library.v1 in the descriptor set, with reflection and health, and prints its port when it
listens. What a book's name makes it do:

  books/missing     NOT_FOUND with details and trailers
  books/flaky-ID-N  UNAVAILABLE for the first N calls of this ID
  books/pushback-N  UNAVAILABLE once, with `grpc-retry-pushback-ms: N`
  books/slow        waits until the deadline or the end of the call
  books/same        when it is created, the book as it was sent
  anything else     the book, its title the metadata `x-ask`, its label `deadline` the milliseconds that are left
"""

import sys
import threading
import time
from collections import Counter
from concurrent import futures

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

descriptors, port, *tls = sys.argv[1:]
pool = descriptor_pool.DescriptorPool()
with open(descriptors, "rb") as file:
    for proto in descriptor_pb2.FileDescriptorSet.FromString(file.read()).file:
        pool.Add(proto)


def message(name):
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"library.v1.{name}"))


Book, Summary = message("Book"), message("Summary")
counts, lock = Counter(), threading.Lock()


def count(what):
    with lock:
        counts[what] += 1
        return counts[what]


def field(number, payload):
    assert len(payload) < 128
    return bytes([number << 3 | 2, len(payload)]) + payload


def missing(context, name):
    """NOT_FOUND whose details hold a type that nobody else knows."""
    text = f"there is no {name}"
    unknown = field(1, b"type.googleapis.com/library.v1.Nowhere") + field(2, field(1, name.encode()))
    info = field(1, b"type.googleapis.com/google.rpc.ErrorInfo") + field(2, field(1, b"NO_BOOK") + field(2, b"library.v1"))
    status = b"\x08\x05" + field(2, text.encode()) + field(3, info) + field(3, unknown)
    context.set_trailing_metadata((("grpc-status-details-bin", status), ("x-tail", "shelf 7")))
    context.abort(grpc.StatusCode.NOT_FOUND, text)


def get(method, name, context):
    count(method)
    metadata = dict(context.invocation_metadata())
    last = name.removeprefix("books/")
    if last == "missing":
        missing(context, name)
    if last.startswith("flaky-"):
        _, key, failures = last.split("-")
        if count(f"flaky {key}") <= int(failures):
            context.abort(grpc.StatusCode.UNAVAILABLE, "not now")
    if last.startswith("pushback-") and count(last) == 1:
        context.set_trailing_metadata((("grpc-retry-pushback-ms", last.removeprefix("pushback-")),))
        context.abort(grpc.StatusCode.UNAVAILABLE, "not now")
    if last == "slow":
        over = threading.Event()
        if not context.add_callback(over.set):
            over.set()
        count("slow begun")
        over.wait(20)
        count("slow over")
        context.abort(grpc.StatusCode.CANCELLED, "over")
    context.send_initial_metadata((("x-head", "head"), ("x-bytes-bin", b"\x00\xff")))
    context.set_trailing_metadata((("x-tail", "tail"),))
    book = Book(name=name, title=metadata.get("x-ask", ""))
    if "traceparent" in metadata:
        book.labels["traceparent"] = metadata["traceparent"]
    left = context.time_remaining()
    if left is not None and left < 1e6:
        book.labels["deadline"] = str(int(left * 1000))
    return book


def list_books(request, context):
    count("ListBooks")
    context.add_callback(lambda: count("ListBooks over"))
    for index in range(request.count):
        yield Book(name=f"books/{index}")
    while request.flood and context.is_active():
        count("flood")
        yield Book(title="x" * 16384)
    while request.endless and context.is_active():
        yield Book(name="books/again")
        time.sleep(0.01)
    if request.fail:
        context.abort(grpc.StatusCode.DATA_LOSS, "the shelf fell over")


def import_books(requests, context):
    count("ImportBooks")
    return Summary(names=[book.name for book in requests])


def chat(requests, context):
    count("Chat")
    context.add_callback(lambda: count("Chat over"))
    for book in requests:
        if book.name == "books/missing":
            missing(context, book.name)
        yield Book(name=book.name, title=f"about {book.name}")


def create(request, context):
    if request.book.name == "books/same":
        return request.book
    return get("CreateBook", request.book.name, context)


def report(request, context):
    with lock:
        return Summary(counts=counts)


HANDLERS = {
    "library.v1.Library": {
        "GetBook": lambda request, context: get("GetBook", request.name, context),
        "Peek": lambda request, context: get("Peek", request.name, context),
        "CreateBook": create,
        "ListBooks": list_books,
        "ImportBooks": import_books,
        "Chat": chat,
    },
    "library.v1.Probe": {"Report": report},
}


def handler(method, answer):
    shape = [("unary", "stream")[many] for many in (method.client_streaming, method.server_streaming)]
    make = getattr(grpc, f"{shape[0]}_{shape[1]}_rpc_method_handler")
    request = message_factory.GetMessageClass(method.input_type)
    return make(answer, request.FromString, lambda reply: reply.SerializeToString())


server = grpc.server(futures.ThreadPoolExecutor(32), options=[("grpc.so_reuseport", 0)])
served = []
for name, answers in HANDLERS.items():
    try:
        service = pool.FindServiceByName(name)
    except KeyError:
        continue
    methods = {method.name: handler(method, answers[method.name]) for method in service.methods if method.name in answers}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(name, methods),))
    served.append(name)

status = health.HealthServicer()
status.set("", health_pb2.HealthCheckResponse.SERVING)
health_pb2_grpc.add_HealthServicer_to_server(status, server)
reflection.enable_server_reflection([*served, reflection.SERVICE_NAME], server, pool=pool)

if tls:
    ca, key, certificate = [open(path, "rb").read() for path in tls]
    credentials = grpc.ssl_server_credentials([(key, certificate)], ca, require_client_auth=True)
    port = server.add_secure_port(f"127.0.0.1:{port}", credentials)
else:
    port = server.add_insecure_port(f"127.0.0.1:{port}")
server.start()
print(f"listening {port}", flush=True)
server.wait_for_termination()
