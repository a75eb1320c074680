//! Keys that refer to rows of other models, put together from what the relations at both ends say.

use super::{Reader, indexes::index};
use crate::{
    Discriminator, Entity, EntityId, Index, Location, Message, OnDelete, Presence, Reference,
    Relation, RelationKind,
    options::protoloop_v1::{RelationOptions, relation_options as declared},
};

/// What one relation says about one key.
#[derive(Debug)]
pub(super) struct Declaration {
    from: EntityId,
    key: u32,
    many: bool,
    to: EntityId,
    /// `None` when it leaves the word to others.
    on_delete: Option<OnDelete>,
    /// Whether it only says what holds when nobody else speaks.
    implied: bool,
    /// Whether a row has at most one row that refers to it.
    one: bool,
    discriminator: Option<Discriminator>,
    location: Location,
}

impl Declaration {
    /// The keys along which a relation of `own` is read.
    pub(super) fn all(
        own: EntityId,
        relation: &Relation,
        written: &RelationOptions,
        location: &Location,
    ) -> Vec<Self> {
        let said = match &written.kind {
            Some(declared::Kind::BelongsTo(one)) => one.on_delete,
            Some(declared::Kind::HasOne(one)) => one.on_delete,
            Some(declared::Kind::HasMany(many)) => many.on_delete,
            Some(declared::Kind::ReferencesMany(many)) => many.on_delete,
            _ => 0,
        };
        let one = |from, key, to| Self {
            from,
            key,
            many: false,
            to,
            on_delete: on_delete(said),
            implied: false,
            one: false,
            discriminator: relation.discriminator.clone(),
            location: location.clone(),
        };
        let owned = |mut declaration: Self| {
            // Parts go with their whole.
            if relation.owned && declaration.on_delete.is_none() {
                declaration.on_delete = Some(OnDelete::Cascade);
                declaration.implied = true;
            }
            declaration
        };
        match relation.kind {
            RelationKind::BelongsTo { key, .. } => vec![one(own, key, relation.target)],
            RelationKind::HasOne { key } => {
                let declaration = one(relation.target, key, own);
                vec![owned(Self {
                    one: true,
                    ..declaration
                })]
            }
            RelationKind::HasMany { key } => vec![owned(one(relation.target, key, own))],
            RelationKind::HasManyThrough {
                through,
                key,
                through_key,
            } => [(key, own), (through_key, relation.target)]
                .into_iter()
                .map(|(key, to)| Self {
                    // Links go with either end.
                    on_delete: Some(OnDelete::Cascade),
                    implied: true,
                    ..one(through, key, to)
                })
                .collect(),
            RelationKind::ReferencesMany { key } => vec![Self {
                many: true,
                ..one(own, key, relation.target)
            }],
        }
    }

    fn is_along(&self, other: &Self) -> bool {
        (self.from, self.key, self.to) == (other.from, other.key, other.to)
    }
}

impl Reader<'_> {
    /// One reference for each key, with what the relations along it agree on; and whether a row has at most one row that
    /// refers to it so.
    pub(super) fn references(
        &mut self,
        entities: &[Entity],
        messages: &[Message],
        mut declared: Vec<Declaration>,
    ) -> Vec<(Reference, bool)> {
        // What is said aloud first.
        declared.sort_by_key(|one| {
            (
                one.from,
                one.key,
                one.to,
                one.on_delete.is_none(),
                one.implied,
            )
        });
        let mut references = Vec::new();
        for group in declared.chunk_by(Declaration::is_along) {
            let [first, others @ ..] = group else {
                continue;
            };
            let on_delete = first.on_delete.unwrap_or_default();
            for other in others {
                self.check_agreement(entities, messages, first, other);
            }
            let reference = Reference {
                from: first.from,
                key: first.key,
                many: first.many,
                to: first.to,
                on_delete,
                discriminator: first.discriminator.clone(),
                same_datasource: entities[first.from.index()].datasource
                    == entities[first.to.index()].datasource,
            };
            self.check_reference(entities, messages, &reference, &first.location);
            references.push((reference, group.iter().any(|declaration| declaration.one)));
        }
        self.check_targets(entities, messages, &references);
        references
    }

    fn check_agreement(
        &mut self,
        entities: &[Entity],
        messages: &[Message],
        first: &Declaration,
        other: &Declaration,
    ) {
        let key = key_name(entities, messages, first.from, first.key);
        let loud = |one: &Declaration| one.on_delete.filter(|_| !one.implied);
        if loud(other).is_some() && loud(first) != loud(other) {
            let text = format!(
                "{key} is said to do {:?} on delete here, and {:?} at {}",
                other.on_delete.unwrap_or_default(),
                first.on_delete.unwrap_or_default(),
                first.location
            );
            self.report.error(
                other.location.clone(),
                text,
                "say `on_delete` at one end, or the same at both",
            );
        }
        if first.discriminator != other.discriminator {
            let text = format!("{key} has a discriminator at one end only, or another one");
            self.report.error(
                other.location.clone(),
                text,
                format!("say the same as at {}", first.location),
            );
        }
    }

    fn check_reference(
        &mut self,
        entities: &[Entity],
        messages: &[Message],
        reference: &Reference,
        location: &Location,
    ) {
        let key = key_name(entities, messages, reference.from, reference.key);
        let message = &messages[entities[reference.from.index()].message.index()];
        let Some((_, field)) = message.field_by_number(reference.key) else {
            return;
        };
        let absent =
            reference.many || field.presence != Presence::Implicit || field.oneof.is_some();
        if reference.on_delete == OnDelete::SetNull && !absent {
            self.report.error(
                field.location.clone(),
                format!("{key} is cleared on delete, and cannot be absent"),
                format!("write `optional` before `{}`", field.name),
            );
        }
        let in_key = entities[reference.from.index()]
            .key
            .contains(&reference.key);
        if reference.on_delete == OnDelete::SetNull && in_key {
            self.report.error(
                field.location.clone(),
                format!("{key} is cleared on delete, and is a part of the id"),
                "write `on_delete: CASCADE` or `RESTRICT`, or take it out of the id",
            );
        }
        if reference.on_delete != OnDelete::Restrict && !reference.same_datasource {
            self.report.warning(
                location.clone(),
                format!("{key} refers to another datasource, so nothing is done on delete"),
                "take `on_delete` out, or store both models in one datasource",
            );
        }
    }

    /// A key that refers to several models needs something that tells which.
    fn check_targets(
        &mut self,
        entities: &[Entity],
        messages: &[Message],
        references: &[(Reference, bool)],
    ) {
        for pair in references.windows(2) {
            let [(first, _), (second, _)] = pair else {
                continue;
            };
            let same = (first.from, first.key) == (second.from, second.key);
            let told = |reference: &Reference| reference.discriminator.is_some();
            if same && !(told(first) && told(second)) {
                let key = key_name(entities, messages, first.from, first.key);
                let name = |id: EntityId| &messages[entities[id.index()].message.index()].full_name;
                let message = &messages[entities[first.from.index()].message.index()];
                let location = message.field_by_number(first.key).map_or_else(
                    || message.location.clone(),
                    |(_, field)| field.location.clone(),
                );
                self.report.error(
                    location,
                    format!(
                        "{key} refers to {} and to {}, and nothing tells which",
                        name(first.to),
                        name(second.to)
                    ),
                    "name a string field that does in each of the relations: `discriminator: \"subject_type\"`",
                );
            }
        }
    }

    /// Gives each key the index by which its rows are found, where it has none; a unique one where a row has at most
    /// one row that refers to it.
    pub(super) fn index_keys(
        &mut self,
        entities: &mut [Entity],
        messages: &[Message],
        references: &[(Reference, bool)],
    ) {
        for (reference, _) in references.iter().filter(|(_, one)| *one) {
            let told = reference.discriminator.as_ref().map(|told| told.field);
            let fields: Vec<u32> = told.into_iter().chain([reference.key]).collect();
            let entity = &mut entities[reference.from.index()];
            let within = |found: &[u32]| {
                let mut found = found
                    .iter()
                    .filter(|field| Some(**field) != entity.tenant_key);
                found.all(|field| fields.contains(field))
            };
            let unique = |index: &Index| index.unique && within(&index.fields);
            if !entity.indexes.iter().any(unique) && !within(&entity.key) {
                let fields = fields.iter().map(|field| (*field, false)).collect();
                let made = index(entity, "", fields, true);
                self.add_index(entity, messages, made);
            }
        }
        for (reference, _) in references.iter().filter(|(reference, _)| !reference.many) {
            let entity = &mut entities[reference.from.index()];
            let told = reference.discriminator.as_ref().map(|told| told.field);
            let begins = |fields: &[u32]| {
                let mut fields = fields
                    .iter()
                    .filter(|field| Some(**field) != entity.tenant_key && Some(**field) != told);
                fields.next() == Some(&reference.key)
            };
            if entity.indexes.iter().any(|index| begins(&index.fields)) || begins(&entity.key) {
                continue;
            }
            let made = index(entity, "", vec![(reference.key, false)], false);
            self.add_index(entity, messages, made);
        }
    }

    fn add_index(&mut self, entity: &mut Entity, messages: &[Message], made: Index) {
        if entity.indexes.iter().any(|index| index.name == made.name) {
            let message = &messages[entity.message.index()];
            self.report.error(
                message.location.clone(),
                format!(
                    "{} needs an index called `{}`, and has another of that name",
                    message.full_name, made.name
                ),
                "give yours another name with `name`",
            );
            return;
        }
        entity.indexes.push(made);
    }
}

fn key_name(entities: &[Entity], messages: &[Message], from: EntityId, key: u32) -> String {
    let message = &messages[entities[from.index()].message.index()];
    message.field_by_number(key).map_or_else(
        || format!("{}#{key}", message.full_name),
        |(_, field)| field.full_name.to_string(),
    )
}

/// What is written; `None` for nothing.
pub(super) fn on_delete(written: i32) -> Option<OnDelete> {
    match declared::OnDelete::try_from(written) {
        Ok(declared::OnDelete::Restrict) => Some(OnDelete::Restrict),
        Ok(declared::OnDelete::Cascade) => Some(OnDelete::Cascade),
        Ok(declared::OnDelete::SetNull) => Some(OnDelete::SetNull),
        Ok(declared::OnDelete::NoAction) => Some(OnDelete::NoAction),
        Ok(declared::OnDelete::Unspecified) | Err(_) => None,
    }
}
