//! Ids of models.

use super::{Reader, entities::Marked};
use crate::{
    Cardinality, Field, IdStrategy, Kind, Message,
    options::protoloop_v1::{ModelOptions, field_options},
};

impl Reader<'_> {
    pub(super) fn key(
        &mut self,
        message: &Message,
        options: &ModelOptions,
        marked: &[Marked<'_>],
    ) -> (Vec<u32>, IdStrategy) {
        let ids: Vec<_> = marked
            .iter()
            .filter(|marked| marked.options.id != 0)
            .collect();
        let [first, others @ ..] = ids.as_slice() else {
            let exposed = if options.expose.is_empty() {
                ""
            } else {
                "n exposed"
            };
            self.report.error(
                message.location.clone(),
                format!("{} is a{exposed} model without an id", message.full_name),
                "mark the field that is its id: `string id = 1 [(protoloop.v1.field) = { id: UUID_V7 }];`",
            );
            return (Vec::new(), IdStrategy::Client);
        };
        let strategy = self.id_strategy(first);
        for other in others {
            let same = self.id_strategy(other) == IdStrategy::Client;
            if !same || strategy != IdStrategy::Client {
                self.report.error(
                    other.field.location.clone(),
                    format!(
                        "{} has two ids: `{}` and `{}`",
                        message.full_name, first.field.name, other.field.name
                    ),
                    "an id of several fields is given by the caller: write `id: CLIENT` at each of them; else leave `id` \
                     at one, and give the other `unique: true` if it needs it",
                );
            }
        }
        let key = ids.iter().map(|id| id.field.number).collect();
        (key, strategy)
    }

    fn id_strategy(&mut self, id: &Marked<'_>) -> IdStrategy {
        use field_options::IdStrategy as Declared;
        let (strategy, fits, wanted) = match Declared::try_from(id.options.id) {
            Ok(Declared::UuidV4) => (IdStrategy::UuidV4, is_string(id.field), "string"),
            Ok(Declared::UuidV7) => (IdStrategy::UuidV7, is_string(id.field), "string"),
            Ok(Declared::Ulid) => (IdStrategy::Ulid, is_string(id.field), "string"),
            Ok(Declared::Sequence) => (IdStrategy::Sequence, is_integer(id.field), "int64"),
            Ok(Declared::Client) => {
                let fits = is_string(id.field) || is_integer(id.field);
                (IdStrategy::Client, fits, "string")
            }
            Ok(Declared::Unspecified) | Err(_) => {
                let text = format!("{} has an unknown id strategy", id.field.full_name);
                let help = "take UUID_V7, UUID_V4, ULID, SEQUENCE or CLIENT";
                self.report.error(id.field.location.clone(), text, help);
                return IdStrategy::Client;
            }
        };
        let plain = id.field.cardinality == Cardinality::Singular
            && id.field.oneof.is_none()
            && id.relation.is_none();
        if !fits || !plain || id.field.hidden {
            let name =
                Declared::try_from(id.options.id).map_or("", |declared| declared.as_str_name());
            self.report.error(
                id.field.location.clone(),
                format!("{} cannot be an id of the kind {name}", id.field.full_name),
                format!(
                    "declare it as `{wanted} {} = {}`, neither repeated, in a oneof nor hidden",
                    id.field.name, id.field.number
                ),
            );
        }
        strategy
    }
}

pub(super) fn is_string(field: &Field) -> bool {
    field.kind == Kind::String
}

pub(super) fn is_integer(field: &Field) -> bool {
    matches!(
        field.kind,
        Kind::Int32
            | Kind::Int64
            | Kind::Uint32
            | Kind::Uint64
            | Kind::Sint32
            | Kind::Sint64
            | Kind::Fixed32
            | Kind::Fixed64
            | Kind::Sfixed32
            | Kind::Sfixed64
    )
}
