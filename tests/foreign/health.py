"""The standard health service: health.py ADDRESS SERVICE"""

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from reflected import SECONDS, arguments, same

address, service = arguments()
stub = health_pb2_grpc.HealthStub(grpc.insecure_channel(address))
SERVING = health_pb2.HealthCheckResponse.SERVING

for name in ["", "liveness", "readiness", service]:
    same(stub.Check(health_pb2.HealthCheckRequest(service=name), timeout=SECONDS).status, SERVING)

try:
    stub.Check(health_pb2.HealthCheckRequest(service="nobody"), timeout=SECONDS)
    raise AssertionError("an unknown service has a status")
except grpc.RpcError as error:
    same(error.code(), grpc.StatusCode.NOT_FOUND)

watch = stub.Watch(health_pb2.HealthCheckRequest(service=service), timeout=SECONDS)
same(next(watch).status, SERVING)
watch.cancel()

print("ok")
