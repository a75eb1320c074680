//! `grpc.reflection.v1` and `v1alpha` from the schema's own descriptor set.

use std::fmt;

use protoloop_schema::Schema;
use tonic_reflection::server::Builder;

use crate::foreign::ForeignServices;

/// The services that every server has beside the schema's.
const BUILT_IN: [&str; 3] = [
    "grpc.health.v1.Health",
    "grpc.reflection.v1.ServerReflection",
    "grpc.reflection.v1alpha.ServerReflection",
];

/// Their descriptors.
pub(crate) const BUILT_IN_SETS: [&[u8]; 3] = [
    tonic_health::pb::FILE_DESCRIPTOR_SET,
    tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET,
    tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET,
];

/// Adds both versions. Older grpcurl and Postman speak only v1alpha.
pub(crate) fn add(services: &mut ForeignServices, schema: &Schema) -> Result<(), ReflectionError> {
    let builder = || {
        let sets = std::iter::once(schema.descriptor_set()).chain(BUILT_IN_SETS);
        let builder = sets.fold(
            Builder::configure().include_reflection_service(false),
            Builder::register_encoded_file_descriptor_set,
        );
        let own = schema.services().iter().map(|service| &*service.full_name);
        // Named one by one, because an imported file may hold services that this server does not answer.
        own.chain(BUILT_IN)
            .fold(builder, Builder::with_service_name)
    };
    services.add(builder().build_v1().map_err(ReflectionError)?);
    services.add(builder().build_v1alpha().map_err(ReflectionError)?);
    Ok(())
}

/// The descriptor set cannot be served by reflection.
#[derive(Debug)]
pub(crate) struct ReflectionError(tonic_reflection::server::Error);

impl fmt::Display for ReflectionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the descriptor set cannot be served by reflection")
    }
}

impl std::error::Error for ReflectionError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}
