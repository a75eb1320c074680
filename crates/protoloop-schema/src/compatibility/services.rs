//! Services and methods.

use super::{
    Rule,
    Surface::{Json, Source, Wire},
    comparison::{Comparison, Finding, by, is_bundled},
};
use crate::{Method, Service};

impl<'a> Comparison<'a> {
    pub(super) fn services(&mut self) {
        let (old, new) = (self.old, self.new);
        let now = by(new.services(), |service| &service.full_name);
        for before in old.services() {
            let name = &*before.full_name;
            let file = self.before.services.get(name).cloned().unwrap_or_default();
            if is_bundled(&file) {
                continue;
            }
            match now.get(name) {
                Some(service) => {
                    let elsewhere = self.now.services.get(name).cloned();
                    self.moved(
                        name,
                        &service.location,
                        &file,
                        &elsewhere.unwrap_or_default(),
                    );
                    self.methods(before, service);
                }
                None => {
                    let text = format!("service {name} is gone");
                    let help = "keep the service; it may be marked as deprecated";
                    let place = self.file(&before.location.file);
                    let finding = Finding::new(Rule::ServiceRemoved, name, &place, text, help);
                    self.report(finding.breaks(&[Wire, Json, Source]));
                }
            }
        }
    }

    fn methods(&mut self, old: &Service, new: &'a Service) {
        for before in &old.methods {
            let before = self.old.method(*before);
            match self.new.method_by_path(&before.info.path) {
                Some(now) => self.method(before, now),
                None => {
                    let name = full_name(old, before);
                    let text = format!("method {name} is gone");
                    let help = "keep the method; it may be marked as deprecated";
                    let finding =
                        Finding::new(Rule::MethodRemoved, &name, &new.location, text, help);
                    self.report(finding.breaks(&[Wire, Json, Source]));
                }
            }
        }
    }

    fn method(&mut self, old: &Method, new: &Method) {
        let name = full_name(self.new.service(new.service), new);
        let schemas = (self.old, self.new);
        let levels = [&self.before, &self.now].map(|declared| {
            let level = declared.idempotency.get(&*new.info.path);
            level.copied().unwrap_or(0)
        });
        let mut changed = |rule, text: String, help| {
            let finding = Finding::new(rule, &name, &new.location, text, help);
            self.report(finding.breaks(&[Wire, Json, Source]));
        };
        let (input, output) = (schemas.0.message(old.input), schemas.0.message(old.output));
        let (takes, answers) = (schemas.1.message(new.input), schemas.1.message(new.output));
        if input.full_name != takes.full_name {
            let text = format!(
                "{name} takes {} instead of {}",
                takes.full_name, input.full_name
            );
            let help = "keep the request message, or add another method";
            changed(Rule::MethodRequestChanged, text, help);
        }
        if output.full_name != answers.full_name {
            let text = format!(
                "{name} answers {} instead of {}",
                answers.full_name, output.full_name
            );
            let help = "keep the response message, or add another method";
            changed(Rule::MethodResponseChanged, text, help);
        }
        let sides = [
            (
                "requests",
                old.info.client_streaming,
                new.info.client_streaming,
            ),
            (
                "responses",
                old.info.server_streaming,
                new.info.server_streaming,
            ),
        ];
        for (side, before, now) in sides {
            if before != now {
                let text = format!(
                    "{name} {} its {side} now",
                    if now { "streams" } else { "does not stream" }
                );
                let help = "add another method";
                changed(Rule::MethodStreamingChanged, text, help);
            }
        }
        if levels[0] != levels[1] {
            let text = format!("{name} has another idempotency_level");
            let help = "keep it: clients send it as GET, or again, because of it";
            changed(Rule::MethodIdempotencyChanged, text, help);
        }
    }
}

/// `shop.v1.BookService.GetBook`.
fn full_name(service: &Service, method: &Method) -> String {
    format!("{}.{}", service.full_name, method.info.name)
}
