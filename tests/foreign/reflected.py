"""A gRPC client that knows nothing but an address: every type comes from the server's reflection service."""

import sys

import grpc
from google.protobuf import descriptor_pool, json_format, message_factory
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

SECONDS = 10


class Client:
    def __init__(self, address):
        self.channel = grpc.insecure_channel(address)
        self.database = ProtoReflectionDescriptorDatabase(self.channel)
        self.pool = descriptor_pool.DescriptorPool(self.database)

    def services(self):
        return sorted(self.database.get_services())

    def call(self, service, method, **request):
        """Sends a request given as JSON values and returns the answer as JSON values."""
        descriptor = self.pool.FindServiceByName(service).FindMethodByName(method)
        message = message_factory.GetMessageClass(descriptor.input_type)()
        json_format.ParseDict(request, message, descriptor_pool=self.pool)
        invoke = self.channel.unary_unary(
            f"/{service}/{method}",
            request_serializer=lambda value: value.SerializeToString(),
            response_deserializer=message_factory.GetMessageClass(descriptor.output_type).FromString,
        )
        return json_format.MessageToDict(
            invoke(message, timeout=SECONDS), descriptor_pool=self.pool
        )

    def fails(self, code, service, method, **request):
        """The public message of a call that has to fail with a code."""
        try:
            answer = self.call(service, method, **request)
        except grpc.RpcError as error:
            assert error.code() == code, f"{error.code()} instead of {code}: {error.details()}"
            return error.details()
        raise AssertionError(f"{method} gave {answer} instead of {code}")


def same(found, wanted):
    assert found == wanted, f"found {found!r}, wanted {wanted!r}"


def arguments():
    return sys.argv[1:]
