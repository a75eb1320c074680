//! Services and methods.

use std::{sync::Arc, time::Duration};

use protoloop_core::MethodInfo;

use super::{
    Input, Reader,
    names::{Declared, join},
};
use crate::{
    Location, MessageId, Method, MethodId, Service, ServiceId,
    descriptor::{self, NO_SIDE_EFFECTS, path},
    options::protoloop_v1::{AuthRule, MethodOptions, ServiceOptions},
};

impl Reader<'_> {
    /// All services and all their methods, in the order of their ids.
    pub(super) fn services(&mut self) -> (Vec<Service>, Vec<Method>) {
        let mut services = Vec::new();
        let mut methods = Vec::new();
        for (at, input) in self.inputs.iter().enumerate() {
            for (index, raw) in (0..).zip(&input.file.service) {
                let id = ServiceId(u32::try_from(services.len()).unwrap_or(u32::MAX));
                let element = [path::FILE_SERVICE, index];
                let mut service = service(id, input, &element, raw);
                if !self.options.reads(&service.full_name) {
                    continue;
                }
                service.synthesised = self.made.contains(&*service.full_name);
                let options = raw
                    .options
                    .as_ref()
                    .and_then(|options| options.service.clone());
                let options = options.unwrap_or_default();
                self.check_service(&service, &options);
                for (index, raw) in (0..).zip(&raw.method) {
                    let declared = Declared {
                        full_name: join(&service.full_name, &raw.name),
                        input: at,
                        path: [&element[..], &[path::SERVICE_METHOD, index]].concat(),
                    };
                    let method = self.method(&service, &options, methods.len(), &declared, raw);
                    if let Some(method) = method {
                        service.methods.push(method.id);
                        methods.push(method);
                        self.methods.push(declared);
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
        defaults: &ServiceOptions,
        index: usize,
        declared: &Declared,
        raw: &descriptor::Method,
    ) -> Option<Method> {
        let source = &self.inputs[declared.input].source;
        let location = source.location(&declared.path);
        let comment = source.comment(&declared.path);
        let options = raw.options.clone().unwrap_or_default();
        let written = options.method.unwrap_or_default();
        self.check_method(declared, &written, &location);
        let timeout = written.timeout.or(defaults.timeout);
        let timeout = timeout.and_then(|timeout| self.timeout(timeout, declared, &location));
        let request = self.method_type(declared, &raw.input_type, &location);
        let response = self.method_type(declared, &raw.output_type, &location);
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
            timeout,
            comment,
            location,
        })
    }

    pub(super) fn raw_method(&self, declared: &Declared) -> &descriptor::Method {
        let at = |step: usize| {
            usize::try_from(declared.path[step]).expect("paths are built from indices")
        };
        &self.inputs[declared.input].file.service[at(1)].method[at(3)]
    }

    pub(super) fn raw_service_options(&self, declared: &Declared) -> Option<&ServiceOptions> {
        let at = usize::try_from(declared.path[1]).expect("paths are built from indices");
        let service = &self.inputs[declared.input].file.service[at];
        service.options.as_ref()?.service.as_ref()
    }

    fn method_type(
        &mut self,
        method: &Declared,
        type_name: &str,
        location: &Location,
    ) -> Option<MessageId> {
        let found = self.names.message(type_name);
        if found.is_none() {
            let text = format!(
                "{} uses `{type_name}`, which is no message",
                method.full_name
            );
            let help = "check the spelling, and that the file which declares it is imported";
            self.report.error(location.clone(), text, help);
        }
        found
    }

    fn timeout(
        &mut self,
        written: prost_types::Duration,
        method: &Declared,
        location: &Location,
    ) -> Option<Duration> {
        let timeout = Duration::try_from(written)
            .ok()
            .filter(|timeout| !timeout.is_zero());
        if timeout.is_none() {
            let text = format!("{} has a timeout that is not above zero", method.full_name);
            let help = "write one such as `timeout: { seconds: 5 }`";
            self.report.error(location.clone(), text, help);
        }
        timeout
    }

    fn check_service(&mut self, service: &Service, options: &ServiceOptions) {
        self.check_auth(options.auth.as_ref(), &service.full_name, &service.location);
        if options.rate_limit.is_some() {
            self.unserved("rate_limit", &service.full_name, &service.location);
        }
    }

    fn check_method(&mut self, method: &Declared, options: &MethodOptions, location: &Location) {
        self.check_auth(options.auth.as_ref(), &method.full_name, location);
        let unserved = [
            ("rate_limit", options.rate_limit.is_some()),
            ("cache", options.cache.is_some()),
            ("idempotency", options.idempotency.is_some()),
        ];
        for (name, _) in unserved.into_iter().filter(|(_, written)| *written) {
            self.unserved(name, &method.full_name, location);
        }
    }

    /// A rule that lets everybody in is kept by doing nothing.
    fn check_auth(&mut self, auth: Option<&AuthRule>, element: &str, location: &Location) {
        if auth.is_some_and(|auth| !auth.public) {
            self.refuse_guard("auth", element, location);
        }
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
