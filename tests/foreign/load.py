"""Unary calls of examples/todo without a pause, on a few channels: load.py ADDRESS CHANNELS [CALLS]

Runs until standard input is closed, or until each channel has made so many calls; then says how many calls were answered,
and what the others met. No retries but those that gRPC does by itself for calls that no server has seen."""

import itertools
import sys
import threading

import grpc

SECONDS = 20
# Todo.title is field 2, CreateTodoRequest.todo field 1.
TITLE = b"load"
CREATE = bytes([10, len(TITLE) + 2, 18, len(TITLE)]) + TITLE

address, channels = sys.argv[1], int(sys.argv[2])
most = int(sys.argv[3]) if len(sys.argv) > 3 else sys.maxsize
over = threading.Event()
answered, failed = [0] * channels, []


def work(number):
    options = [("grpc.use_local_subchannel_pool", 1)]
    with grpc.insecure_channel(address, options=options) as channel:
        create = channel.unary_unary("/todo.v1.TodoService/CreateTodo")
        count = channel.unary_unary("/todo.v1.TodoService/CountTodos")
        calls = itertools.islice(itertools.cycle([(create, CREATE), (count, b"")]), most)
        for call, message in itertools.takewhile(lambda _: not over.is_set(), calls):
            try:
                call(message, timeout=SECONDS)
                answered[number] += 1
            except grpc.RpcError as error:
                failed.append(f"{error.code()}: {error.details()}")


threads = [threading.Thread(target=work, args=[number]) for number in range(channels)]
for thread in threads:
    thread.start()
if most == sys.maxsize:
    sys.stdin.read()
    over.set()
for thread in threads:
    thread.join()
print(sum(answered), len(failed), "; ".join(sorted(set(failed))))
