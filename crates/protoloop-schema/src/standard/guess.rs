//! What a method seems to be by its name.

use crate::{
    Entity, Message, StandardKind,
    inflect::{plural, upper_camel},
    options::protoloop_v1::method_options::StandardMethod as Declared,
};

/// A standard method by name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Guess<'a> {
    pub(crate) kind: StandardKind,
    pub(crate) entity: &'a Entity,
}

/// Prefixes of method names; the longer ones first.
const PREFIXES: [(&str, StandardKind); 13] = [
    ("BatchCreate", StandardKind::BatchCreate),
    ("BatchDelete", StandardKind::BatchDelete),
    ("BatchUpdate", StandardKind::BatchUpdate),
    ("BatchGet", StandardKind::BatchGet),
    ("BulkUpdate", StandardKind::BulkUpdate),
    ("Undelete", StandardKind::Undelete),
    ("Create", StandardKind::Create),
    ("Delete", StandardKind::Delete),
    ("Update", StandardKind::Update),
    ("Count", StandardKind::Count),
    ("Purge", StandardKind::Purge),
    ("List", StandardKind::List),
    ("Get", StandardKind::Get),
];

/// The standard method whose name this is. A model of the same package wins over one elsewhere.
pub(crate) fn guess<'a>(
    name: &str,
    package: &str,
    entities: &'a [Entity],
    messages: &[Message],
) -> Option<Guess<'a>> {
    let (prefix, kind) = *PREFIXES
        .iter()
        .find(|(prefix, _)| name.starts_with(prefix))?;
    let noun = &name[prefix.len()..];
    let mut found: Vec<_> = entities
        .iter()
        .filter(|entity| is_named(kind, noun, entity, &messages[entity.message.index()]))
        .collect();
    if found.len() > 1 {
        found.retain(|entity| &*messages[entity.message.index()].package == package);
    }
    match *found {
        [entity] => Some(Guess { kind, entity }),
        _ => None,
    }
}

fn is_named(kind: StandardKind, noun: &str, entity: &Entity, message: &Message) -> bool {
    match kind {
        StandardKind::Create
        | StandardKind::Get
        | StandardKind::Update
        | StandardKind::Delete
        | StandardKind::Undelete => noun == &*message.name || noun == upper_camel(&entity.singular),
        _ => noun == upper_camel(&entity.plural) || noun == plural(&message.name),
    }
}

/// What `(protoloop.v1.method).standard` says: `Ok(None)` to find out by name and shape.
pub(crate) fn kind_of(declared: i32) -> Result<Option<StandardKind>, Declared> {
    Ok(Some(match Declared::try_from(declared) {
        Ok(Declared::Create) => StandardKind::Create,
        Ok(Declared::Get) => StandardKind::Get,
        Ok(Declared::List) => StandardKind::List,
        Ok(Declared::Update) => StandardKind::Update,
        Ok(Declared::Delete) => StandardKind::Delete,
        Ok(Declared::Count) => StandardKind::Count,
        Ok(Declared::BatchGet) => StandardKind::BatchGet,
        Ok(Declared::BatchCreate) => StandardKind::BatchCreate,
        Ok(Declared::BatchUpdate) => StandardKind::BatchUpdate,
        Ok(Declared::BatchDelete) => StandardKind::BatchDelete,
        Ok(Declared::Undelete) => StandardKind::Undelete,
        Ok(Declared::Purge) => StandardKind::Purge,
        Ok(Declared::BulkUpdate) => StandardKind::BulkUpdate,
        Ok(Declared::Link) => StandardKind::Link,
        Ok(Declared::Unlink) => StandardKind::Unlink,
        Ok(Declared::Unspecified) | Err(_) => return Ok(None),
        Ok(other) => return Err(other),
    }))
}
