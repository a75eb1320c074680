//! Which methods the standard engine serves.

use super::{Reader, names::find_model};
use crate::{
    Entity, Kind, Message, Method, RelationKind, StandardKind,
    options::protoloop_v1::{MethodOptions, method_options::StandardMethod as Declared},
    standard::{Guess, fit, fit_related, guess, kind_of},
};

impl Reader<'_> {
    /// Finds the standard methods among all.
    pub(super) fn standards(
        &mut self,
        methods: &mut [Method],
        entities: &[Entity],
        messages: &[Message],
    ) {
        for method in methods {
            let declared = self.methods[method.id.index()].clone();
            let options = self
                .raw_method(&declared)
                .options
                .clone()
                .unwrap_or_default();
            let options = options.method.unwrap_or_default();
            let service = self.raw_service_options(&declared);
            let service_model = service.map_or("", |service| &*service.model).to_owned();
            let package = self.inputs[declared.input].file.package.as_str();
            let named = match &*options.model {
                "" => service_model,
                named => named.to_owned(),
            };
            let model = self.named_model(method, &named, package, entities, messages);
            match kind_of(options.standard) {
                Ok(kind) if !options.relation.is_empty() => {
                    self.related(method, kind, &options.relation, package, entities, messages);
                }
                Ok(Some(kind)) => self.said(method, kind, model, package, entities, messages),
                Ok(None) => self.guessed(method, model, package, entities, messages),
                Err(Declared::None) => {}
                Err(other) => {
                    let option = format!("standard: {}", other.as_str_name());
                    self.unserved(&option, &declared.full_name, &method.location);
                }
            }
            let read = method
                .standard
                .as_ref()
                .is_some_and(|standard| standard.kind.is_read());
            method.safe |= read;
            self.refuse_model_alone(method, &options);
        }
    }

    /// The model that an option names. An unknown one is reported.
    fn named_model<'e>(
        &mut self,
        method: &Method,
        named: &str,
        package: &str,
        entities: &'e [Entity],
        messages: &[Message],
    ) -> Option<&'e Entity> {
        if named.is_empty() {
            return None;
        }
        let found = find_model(&self.names, messages, package, named);
        if found.is_none() {
            let names = entities
                .iter()
                .map(|entity| &*messages[entity.message.index()].full_name);
            let names: Vec<_> = names.collect();
            self.report.error(
                method.location.clone(),
                format!(
                    "{} names the model `{named}`, which does not exist",
                    full_name(method)
                ),
                format!("models are: {}", names.join(", ")),
            );
        }
        found.map(|id| &entities[id.index()])
    }

    /// `standard` says what it is, so a misfit is an error.
    fn said(
        &mut self,
        method: &mut Method,
        kind: StandardKind,
        model: Option<&Entity>,
        package: &str,
        entities: &[Entity],
        messages: &[Message],
    ) {
        let by_name = guess(&method.info.name, package, entities, messages);
        let entity = model
            .or(by_name.map(|guess| guess.entity))
            .or_else(|| by_types(method, entities, messages));
        let Some(entity) = entity else {
            self.report.error(
                method.location.clone(),
                format!(
                    "{} is standard, and its model cannot be found",
                    full_name(method)
                ),
                "name it: `option (protoloop.v1.method) = { standard: GET model: \"Book\" };`",
            );
            return;
        };
        match fit(Guess { kind, entity }, method, messages) {
            Ok(standard) => method.standard = Some(standard),
            Err(faults) => self.report.error(
                method.location.clone(),
                format!(
                    "{} is no standard {kind:?}: {}",
                    full_name(method),
                    faults.join("; ")
                ),
                "give it the shape, or take `standard` away and serve it yourself",
            ),
        }
    }

    /// A method on the rows of a relation, `Author.books`.
    fn related(
        &mut self,
        method: &mut Method,
        kind: Option<StandardKind>,
        named: &str,
        package: &str,
        entities: &[Entity],
        messages: &[Message],
    ) {
        let found = named.rsplit_once('.').and_then(|(model, field)| {
            let id = find_model(&self.names, messages, package, model)?;
            let parent = &entities[id.index()];
            let mut relations = parent.relations.iter();
            Some((parent, relations.find(|relation| &*relation.name == field)?))
        });
        let Some((parent, relation)) = found else {
            self.report.error(
                method.location.clone(),
                format!(
                    "{} names the relation `{named}`, which does not exist",
                    full_name(method)
                ),
                "name a model and its navigation field: `relation: \"Author.books\"`",
            );
            return;
        };
        let to_many = relation.is_to_many();
        let through = matches!(relation.kind, RelationKind::HasManyThrough { .. });
        let afar = matches!(
            relation.kind,
            RelationKind::HasOne { .. } | RelationKind::HasMany { .. }
        );
        let fits = |kind: &StandardKind| match kind {
            StandardKind::List => to_many && (afar || through),
            StandardKind::Get => !to_many && afar,
            StandardKind::Create => afar || through,
            StandardKind::Link | StandardKind::Unlink => through,
            _ => false,
        };
        let Some(kind) = kind.filter(fits) else {
            self.report.error(
                method.location.clone(),
                format!("{} cannot be said of the relation `{named}`", full_name(method)),
                "a has_one takes `standard: GET` and CREATE, a has_many LIST and CREATE, one `through` another model \
                 LINK and UNLINK as well",
            );
            return;
        };
        let guess = Guess {
            kind,
            entity: &entities[relation.target.index()],
        };
        match fit_related(guess, parent, relation.field, method, messages) {
            Ok(standard) => method.standard = Some(standard),
            Err(faults) => self.report.error(
                method.location.clone(),
                format!(
                    "{} is no standard {kind:?} of `{named}`: {}",
                    full_name(method),
                    faults.join("; ")
                ),
                "give it the shape, or take `standard` away and serve it yourself",
            ),
        }
    }

    fn guessed(
        &mut self,
        method: &mut Method,
        model: Option<&Entity>,
        package: &str,
        entities: &[Entity],
        messages: &[Message],
    ) {
        let Some(guess) = guess(&method.info.name, package, entities, messages) else {
            return;
        };
        if model.is_some_and(|model| model.id != guess.entity.id) {
            return;
        }
        match fit(guess, method, messages) {
            Ok(standard) => method.standard = Some(standard),
            Err(faults) => self.report.warning(
                method.location.clone(),
                format!(
                    "{} looks like the standard {:?} of {} and is served as a custom method: {}",
                    full_name(method),
                    guess.kind,
                    messages[guess.entity.message.index()].full_name,
                    faults.join("; ")
                ),
                "give it the shape, or write `option (protoloop.v1.method) = { standard: NONE };` in it",
            ),
        }
    }

    fn refuse_model_alone(&mut self, method: &Method, options: &MethodOptions) {
        if !options.model.is_empty() && method.standard.is_none() && options.standard == 0 {
            self.report.warning(
                method.location.clone(),
                format!(
                    "{} names a model and is no standard method",
                    full_name(method)
                ),
                "say which with `standard`, or take `model` away",
            );
        }
    }
}

/// The only model among the types that a method takes and gives.
fn by_types<'e>(
    method: &Method,
    entities: &'e [Entity],
    messages: &[Message],
) -> Option<&'e Entity> {
    let ends = [method.input, method.output].map(|id| &messages[id.index()]);
    let inner = ends.into_iter().flat_map(|message| &message.fields);
    let inner = inner.filter_map(|field| match field.kind {
        Kind::Message(id) => Some(&messages[id.index()]),
        _ => None,
    });
    let mut models: Vec<_> = ends
        .into_iter()
        .chain(inner)
        .filter_map(|message| message.entity)
        .collect();
    models.sort();
    models.dedup();
    match *models {
        [model] => Some(&entities[model.index()]),
        _ => None,
    }
}

fn full_name(method: &Method) -> String {
    format!("{}.{}", method.info.service, method.info.name)
}
