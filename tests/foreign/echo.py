"""A gRPC server that answers with what it was asked, and tells what arrived: echo.py DESCRIPTORS

It serves every method of shapes.v1. What arrived stands as JSON under http://127.0.0.1:REPORT/CASE for the calls with the
metadata `x-case: CASE`: the method and its messages. Prints "listening PORT REPORT" when it listens.
"""

import json
import sys
import threading
from concurrent import futures
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

pool = descriptor_pool.DescriptorPool()
with open(sys.argv[1], "rb") as file:
    for proto in descriptor_pb2.FileDescriptorSet.FromString(file.read()).file:
        pool.Add(proto)

service = pool.FindServiceByName("shapes.v1.Shapes")
HttpBody = message_factory.GetMessageClass(pool.FindMessageTypeByName("google.api.HttpBody"))
arrived, lock = {}, threading.Lock()


def seen(method, context):
    """Where the messages of a call are kept."""
    case = dict(context.invocation_metadata()).get("x-case", "")
    entry = {"method": method.name, "messages": []}
    with lock:
        arrived[case] = entry
    return entry["messages"]


def keep(messages, message):
    text = json_format.MessageToDict(message, descriptor_pool=pool)
    with lock:
        messages.append(text)


def fail(request, context):
    code = getattr(request, "fail", 0)
    if code:
        status = next(status for status in grpc.StatusCode if status.value[0] == code)
        context.abort(status, f"failed with {code}")


def answer_to(method, request, context):
    context.send_initial_metadata((("x-answer", "yes"),))
    fail(request, context)
    name = method.output_type.full_name
    if name == method.input_type.full_name:
        return request
    if name == "google.api.HttpBody":
        return HttpBody(content_type="text/x-test", data=request.id.encode())
    return message_factory.GetMessageClass(method.output_type)()


def answers_to(method, request, context):
    kind = message_factory.GetMessageClass(method.output_type)
    for index in range(request.i32):
        if method.output_type.full_name == "google.api.HttpBody":
            yield kind(content_type="text/x-test", data=f"piece {index};".encode())
        else:
            yield kind(id=str(index))
    fail(request, context)


def unary(method):
    def answer(request, context):
        keep(seen(method, context), request)
        return answer_to(method, request, context)

    return answer


def server_stream(method):
    def answer(request, context):
        keep(seen(method, context), request)
        yield from answers_to(method, request, context)

    return answer


def client_stream(method):
    def answer(requests, context):
        messages = seen(method, context)
        count = 0
        for request in requests:
            keep(messages, request)
            count += 1
        return message_factory.GetMessageClass(method.output_type)(i32=count)

    return answer


def handler(method):
    shape = [("unary", "stream")[many] for many in (method.client_streaming, method.server_streaming)]
    make = getattr(grpc, f"{shape[0]}_{shape[1]}_rpc_method_handler")
    answer = client_stream if method.client_streaming else server_stream if method.server_streaming else unary
    request = message_factory.GetMessageClass(method.input_type)
    return make(answer(method), request.FromString, lambda reply: reply.SerializeToString())


class Report(BaseHTTPRequestHandler):
    def do_GET(self):
        with lock:
            text = json.dumps(arrived.pop(self.path[1:], None)).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *arguments):
        pass


server = grpc.server(futures.ThreadPoolExecutor(8), options=[("grpc.so_reuseport", 0)])
methods = {method.name: handler(method) for method in service.methods}
server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service.full_name, methods),))
port = server.add_insecure_port("127.0.0.1:0")
server.start()
report = ThreadingHTTPServer(("127.0.0.1", 0), Report)
threading.Thread(target=report.serve_forever, daemon=True).start()
print(f"listening {port} {report.server_port}", flush=True)
server.wait_for_termination()
