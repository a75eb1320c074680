"""Unary calls of examples/todo at a steady rate: steady.py ADDRESS CHANNELS CALLS_PER_SECOND [retry]

Says `begun` behind the first answer, runs until standard input ends, and prints how many calls were answered, how many failed
and with what. With `retry`, calls that met UNAVAILABLE are tried again by gRPC itself, as its service config says."""

import json
import sys
import threading
import time

import grpc

RETRY = {
    "methodConfig": [
        {
            "name": [{}],
            "retryPolicy": {
                "maxAttempts": 5,
                "initialBackoff": "0.1s",
                "maxBackoff": "1s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE"],
            },
        }
    ]
}

address, channels, rate = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
options = [("grpc.use_local_subchannel_pool", 1)]
if "retry" in sys.argv[4:]:
    options.append(("grpc.service_config", json.dumps(RETRY)))
over, lock = threading.Event(), threading.Lock()
answered, failed = 0, {}


def work():
    global answered
    pause = channels / rate
    with grpc.insecure_channel(address, options=options) as channel:
        call = channel.unary_unary("/todo.v1.TodoService/CountTodos")
        while not over.is_set():
            began = time.monotonic()
            try:
                call(b"", timeout=20)
                with lock:
                    answered += 1
            except grpc.RpcError as error:
                said = f"{error.code().name}: {error.details()}"
                with lock:
                    failed[said] = failed.get(said, 0) + 1
            over.wait(max(0, pause - (time.monotonic() - began)))


threads = [threading.Thread(target=work) for _ in range(channels)]
for thread in threads:
    thread.start()
while not answered and not failed:
    time.sleep(0.01)
print("begun", flush=True)
sys.stdin.read()
over.set()
for thread in threads:
    thread.join()
print(answered, sum(failed.values()), "; ".join(f"{count} x {said}" for said, count in failed.items()))
