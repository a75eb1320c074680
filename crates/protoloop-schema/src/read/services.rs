//! Services and methods.

use std::sync::Arc;

use protoloop_core::MethodInfo;

use super::{Input, Reader, names::join};
use crate::{
    Location, MessageId, Method, MethodId, Service, ServiceId,
    descriptor::{self, path},
};

/// `idempotency_level = NO_SIDE_EFFECTS`.
const NO_SIDE_EFFECTS: i32 = 1;

impl Reader<'_> {
    /// All services and all their methods, in the order of their ids.
    pub(super) fn services(&mut self) -> (Vec<Service>, Vec<Method>) {
        let mut services = Vec::new();
        let mut methods = Vec::new();
        for input in self.inputs {
            for (index, raw) in (0..).zip(&input.file.service) {
                let id = ServiceId(u32::try_from(services.len()).unwrap_or(u32::MAX));
                let element = [path::FILE_SERVICE, index];
                let mut service = service(id, input, &element, raw);
                for (index, raw) in (0..).zip(&raw.method) {
                    let element = [&element[..], &[path::SERVICE_METHOD, index]].concat();
                    let method = self.method(&service, methods.len(), input, &element, raw);
                    if let Some(method) = method {
                        service.methods.push(method.id);
                        methods.push(method);
                    }
                }
                services.push(service);
            }
        }
        (services, methods)
    }

    fn method(
        &mut self,
        service: &Service,
        index: usize,
        input: &Input<'_>,
        element: &[i32],
        raw: &descriptor::Method,
    ) -> Option<Method> {
        let location = input.source.location(element);
        let options = raw.options.clone().unwrap_or_default();
        let request = self.method_type(service, raw, &raw.input_type, &location);
        let response = self.method_type(service, raw, &raw.output_type, &location);
        Some(Method {
            id: MethodId(u32::try_from(index).unwrap_or(u32::MAX)),
            info: Arc::new(MethodInfo {
                service: service.full_name.clone(),
                name: raw.name.as_str().into(),
                path: format!("/{}/{}", service.full_name, raw.name).into(),
                index,
                client_streaming: raw.client_streaming,
                server_streaming: raw.server_streaming,
            }),
            service: service.id,
            input: request?,
            output: response?,
            http: Vec::new(),
            standard: None,
            safe: options.idempotency_level == NO_SIDE_EFFECTS,
            timeout: None,
            comment: input.source.comment(element),
            location,
        })
    }

    fn method_type(
        &mut self,
        service: &Service,
        method: &descriptor::Method,
        type_name: &str,
        location: &Location,
    ) -> Option<MessageId> {
        let found = self.names.message(type_name);
        if found.is_none() {
            let text = format!(
                "{}.{} uses `{type_name}`, which is no message",
                service.full_name, method.name
            );
            let help = "check the spelling, and that the file which declares it is imported";
            self.report.error(location.clone(), text, help);
        }
        found
    }
}

fn service(
    id: ServiceId,
    input: &Input<'_>,
    element: &[i32],
    raw: &descriptor::Service,
) -> Service {
    Service {
        id,
        full_name: join(&input.file.package, &raw.name),
        name: raw.name.as_str().into(),
        package: input.file.package.as_str().into(),
        methods: Vec::with_capacity(raw.method.len()),
        synthesised: false,
        comment: input.source.comment(element),
        location: input.source.location(element),
    }
}
