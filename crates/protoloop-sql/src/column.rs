//! The columns of a table.

use std::sync::Arc;

use protoloop_core::{Error, Result};
use protoloop_repository::Model;
use protoloop_schema::{IdStrategy, Index, Kind, Presence};
use sea_query::Expr;

use crate::{Declared, Dialect, Scalar, SqlValue, Storage};

/// One column.
#[derive(Clone, Debug)]
pub struct Column {
    /// Number of the field that it stores.
    pub number: u32,
    /// Name in the database.
    pub name: Arc<str>,
    /// What it holds.
    pub storage: Storage,
    /// Whether NULL stands for absence. Otherwise the field has no presence and its default is stored.
    pub nullable: bool,
    /// Whether NULL stands for the default of a field without presence. So it is in a key that refers to another table,
    /// where the default refers to nothing.
    pub unset_is_null: bool,
    /// Whether the key or an index has it.
    pub indexed: bool,
    /// Whether the field is a wrapper such as `StringValue`, of which only the inner value is stored.
    pub wrapped: bool,
    /// The type that others declared it with, where the model names one and the dialect heeds it.
    pub declared: Option<Arc<Declared>>,
    /// Whether the database computes it, so that no statement writes it.
    pub computed: bool,
}

impl Column {
    /// The column in an answer.
    pub(crate) fn read(&self, column: Expr) -> Expr {
        match &self.declared {
            Some(declared) => declared.read(column),
            None => column,
        }
    }

    /// A bound value where it is stored, and where the column is compared with it as a key.
    pub(crate) fn bind(&self, value: Expr) -> Expr {
        match &self.declared {
            Some(declared) => declared.bind(value),
            None => value,
        }
    }

    /// The stored form of a value; NULL where there is none.
    pub(crate) fn encode<'a>(&self, dialect: &dyn Dialect, scalar: Scalar<'a>) -> SqlValue<'a> {
        match &self.declared {
            Some(declared) => declared
                .encode(dialect, self.storage, scalar)
                .unwrap_or(SqlValue::Null),
            None => dialect.encode(self.storage, scalar),
        }
    }

    /// The stored form of a value of a key.
    pub(crate) fn encode_key<'a>(&self, dialect: &dyn Dialect, scalar: Scalar<'a>) -> SqlValue<'a> {
        match &self.declared {
            Some(declared) => declared.encode_key(dialect, self.storage, scalar),
            // NULL, which no row has.
            None if dialect.refusal(self, &scalar).is_some() => SqlValue::Null,
            None => dialect.encode(self.storage, scalar),
        }
    }

    /// The value of a stored form; `None` when the column holds what is no value of its field.
    pub(crate) fn decode<'a>(
        &self,
        dialect: &dyn Dialect,
        value: &'a SqlValue<'_>,
    ) -> Option<Scalar<'a>> {
        match &self.declared {
            Some(declared) => declared.decode(dialect, self.storage, value),
            None => dialect.decode(self.storage, value),
        }
    }
}

/// The columns of a model, in order of their field numbers.
///
/// # Errors
/// FAILED_PRECONDITION for those that cannot be stored, all of them in one message.
pub(crate) fn columns(model: &Model, dialect: &'static dyn Dialect) -> Result<Box<[Column]>> {
    let entity = model.entity();
    let mut problems = Vec::new();
    let most = dialect.max_name();
    let names = entity.columns.iter().map(|(_, name)| name);
    for name in names
        .chain([&entity.table])
        .filter(|name| name.len() > most)
    {
        problems.push(format!(
            "{}: the name {name} is longer than the {most} bytes that {} takes; give it another `table` or `column`",
            model.full_name(),
            dialect.name(),
        ));
    }
    let mut columns = Vec::with_capacity(entity.columns.len());
    for (number, name) in &entity.columns {
        match column(model, *number, name, dialect) {
            Ok(column) => columns.push(column),
            Err(problem) => problems.push(problem),
        }
    }
    if !problems.is_empty() {
        return Err(Error::failed_precondition(problems.join("\n")));
    }
    columns.sort_by_key(|column| column.number);
    Ok(columns.into_boxed_slice())
}

fn column(
    model: &Model,
    number: u32,
    name: &Arc<str>,
    dialect: &dyn Dialect,
) -> Result<Column, String> {
    let cannot = |why: &str| {
        let field = model.field_name(number);
        format!("{}.{field}: {why}", model.full_name())
    };
    let field = model
        .field(number)
        .ok_or_else(|| cannot("is a column but not declared"))?;
    if matches!(field.kind, Kind::Group(_)) {
        return Err(cannot(
            "a group cannot be stored; declare a message and a field of its type",
        ));
    }
    let property = model
        .column_property(number)
        .ok_or_else(|| cannot("its type cannot be stored"))?;
    let leaf = property.leaf();
    let entity = model.entity();
    let in_key = entity.key.contains(&number);
    let storage = match Storage::of(leaf) {
        // What a database counts up is a signed number, and so is what refers to it.
        Storage::Uint64 if is_counted(model, number) => Storage::Uint32,
        storage => storage,
    };
    let mut types = entity.column_types.iter();
    let declared = types
        .find(|(of, _)| *of == number)
        .and_then(|(_, type_name)| Declared::new(model, number, leaf, type_name, dialect))
        .transpose()
        .map_err(|why| cannot(&why))?;
    let has_no_zero = declared.as_ref().is_some_and(Declared::has_no_zero);
    let nullable = !in_key
        && (has_no_zero || leaf.presence != Presence::Implicit || storage.default().is_none());
    let unset_is_null = !in_key && !nullable && model.unset_is_null(number);
    let in_index = |index: &Index| index.fields.contains(&number);
    Ok(Column {
        indexed: in_key || entity.indexes.iter().any(in_index),
        number,
        name: Arc::clone(name),
        nullable: nullable || unset_is_null,
        unset_is_null,
        wrapped: leaf.wrapped && storage != Storage::Json,
        declared: declared.map(Arc::new),
        computed: entity.computed.contains(&number),
        storage,
    })
}

/// Whether a field is a key that the database counts up, or refers to one.
fn is_counted(model: &Model, number: u32) -> bool {
    let entity = model.entity();
    let own = entity.id_strategy == IdStrategy::Sequence && entity.key.contains(&number);
    let target = |id| model.schema().entity(id).id_strategy == IdStrategy::Sequence;
    let mut references = model.references();
    own || references.any(|reference| reference.key == number && target(reference.to))
}
