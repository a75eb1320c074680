//! The table of a model.

mod statements;

use std::{
    borrow::Cow,
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use protoloop_core::{Error, Result};
use protoloop_repository::Model;
use protoloop_schema::{EntityId, IdStrategy, Index};
use sea_query::{Alias, Condition, DynIden, Expr, ExprTrait, IntoIden};

use self::statements::Statements;
use crate::{Column, Dialect, column::columns};

/// The table of a model, with the text of the statements that never change.
///
/// Columns stand in order of their field numbers, which is the order of canonical protobuf.
pub struct Table {
    model: Arc<Model>,
    dialect: &'static dyn Dialect,
    name: Arc<str>,
    columns: Box<[Column]>,
    key: Box<[usize]>,
    sequence: bool,
    rewords: bool,
    loose_key: bool,
    statements: Statements,
    /// Tables of models that queries were led to, by the number of the entity.
    relatives: Mutex<HashMap<EntityId, Arc<Self>>>,
}

impl Table {
    /// The table of a model in a dialect.
    ///
    /// # Errors
    /// FAILED_PRECONDITION for fields that cannot be stored, all of them in one message.
    pub fn new(model: &Arc<Model>, dialect: &'static dyn Dialect) -> Result<Self> {
        let entity = model.entity();
        let columns = columns(model, dialect)?;
        let position = |number: &u32| columns.iter().position(|column| column.number == *number);
        let key = entity
            .key
            .iter()
            .map(position)
            .collect::<Option<Box<[_]>>>();
        let key = key.filter(|key| !key.is_empty()).ok_or_else(|| {
            Error::failed_precondition(format!("{}: its key is not stored", model.full_name()))
        })?;
        let name = Arc::clone(&entity.table);
        Ok(Self {
            statements: Statements::new(dialect, entity, &columns, &key),
            sequence: entity.id_strategy == IdStrategy::Sequence,
            rewords: columns.iter().any(|column| {
                column.computed
                    || column
                        .declared
                        .as_ref()
                        .is_some_and(|declared| declared.rewords())
            }),
            loose_key: key.iter().any(|index| {
                let declared = columns[*index].declared.as_ref();
                declared.is_some_and(|declared| declared.is_loose())
            }),
            model: Arc::clone(model),
            dialect,
            name,
            columns,
            key,
            relatives: Mutex::default(),
        })
    }

    /// The model.
    #[must_use]
    pub fn model(&self) -> &Arc<Model> {
        &self.model
    }

    /// The dialect.
    #[must_use]
    pub fn dialect(&self) -> &'static dyn Dialect {
        self.dialect
    }

    /// Name in the database.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The columns, in order of their field numbers.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The positions of the key's columns, in order of the key.
    #[must_use]
    pub fn key(&self) -> &[usize] {
        &self.key
    }

    pub(crate) fn statements(&self) -> &Statements {
        &self.statements
    }

    /// Whether the database counts the key up.
    #[must_use]
    pub fn is_sequence(&self) -> bool {
        self.sequence
    }

    /// Whether a row that was written may be another one than it was told to be: the database computes columns, or keeps
    /// values in its own words. It is read again to be answered.
    #[must_use]
    pub fn rewords(&self) -> bool {
        self.rewords
    }

    /// Whether the database may take another key for the one that is asked for, because its letters are the same to it. A row
    /// that was found by its key is looked at then.
    #[must_use]
    pub fn has_loose_key(&self) -> bool {
        self.loose_key
    }

    /// The unique index, or the key, of exactly these columns, as field numbers.
    #[must_use]
    pub fn unique_fields(&self, names: &[&str]) -> Option<Vec<u32>> {
        let same = |fields: &[u32]| {
            fields.len() == names.len()
                && fields.iter().all(|number| {
                    self.column(*number)
                        .is_some_and(|column| names.contains(&&*column.name))
                })
        };
        let entity = self.model.entity();
        std::iter::once(&entity.key)
            .chain(
                self.indexes()
                    .filter(|index| index.unique)
                    .map(|index| &index.fields),
            )
            .find(|fields| same(fields))
            .cloned()
    }

    /// The fields of the unique index or key behind a constraint that a database names.
    #[must_use]
    pub fn constraint_fields(&self, name: &str) -> Option<Vec<u32>> {
        let mut unique = self.indexes().filter(|index| index.unique);
        match unique.find(|index| self.index_name(index) == name) {
            Some(index) => Some(index.fields.clone()),
            None if name == "PRIMARY" || name.ends_with("_pkey") => {
                Some(self.model.entity().key.clone())
            }
            None => None,
        }
    }

    /// The name of an index in the database.
    pub(crate) fn index_name<'a>(&self, index: &'a Index) -> Cow<'a, str> {
        short_name(&index.name, self.dialect.max_name())
    }

    /// The column of a field.
    #[must_use]
    pub fn column(&self, number: u32) -> Option<&Column> {
        let at = self
            .columns
            .binary_search_by_key(&number, |column| column.number)
            .ok()?;
        Some(&self.columns[at])
    }

    pub(crate) fn indexes(&self) -> impl Iterator<Item = &Index> {
        self.model.entity().indexes.iter()
    }

    /// Whether a row stands in an index, where not every row does: one that is marked as deleted takes no unique value,
    /// and see [`Model::spares_unset`].
    pub(crate) fn covered(&self, index: &Index) -> Option<Condition> {
        let marked = self.model.entity().delete_time.filter(|_| index.unique);
        let Some(column) = marked.and_then(|number| self.column(number)) else {
            return self.covered_values(index);
        };
        let live = Condition::all().add(Expr::col(iden(&column.name)).is_null());
        Some(match self.covered_values(index) {
            Some(values) => live.add(values),
            None => live,
        })
    }

    /// Whether the values of a row stand in an index.
    fn covered_values(&self, index: &Index) -> Option<Condition> {
        let mut columns = index
            .fields
            .iter()
            .filter_map(|number| self.column(*number));
        // An index over columns of others is theirs, and has every row.
        if !self.model.spares_unset(index) || columns.any(|column| column.declared.is_some()) {
            return None;
        }
        let mut covered = Condition::any();
        for number in &index.fields {
            let column = self.column(*number)?;
            // As text and not as bound value: a database uses the index for a query that has these very words.
            let default = self.dialect.default_value(column.storage)?;
            covered = covered.add(Expr::col(iden(&column.name)).ne(default));
        }
        Some(covered)
    }

    /// What a query for a value of a column says beside it, so that the database sees that an index has the row: the
    /// condition of the first index that begins with the column and does not have every row.
    pub(crate) fn covered_by_value(&self, number: u32) -> Option<Condition> {
        let mut begins = self
            .indexes()
            .filter(|index| index.fields.first() == Some(&number));
        begins.find_map(|index| self.covered_values(index))
    }

    /// The table of another model of the same database, which a query is led to.
    ///
    /// # Errors
    /// As [`Table::new`].
    pub fn relative(&self, model: &Arc<Model>) -> Result<Arc<Self>> {
        let mut relatives = self
            .relatives
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(table) = relatives.get(&model.entity().id) {
            return Ok(Arc::clone(table));
        }
        let table = Arc::new(Self::new(model, self.dialect)?);
        relatives.insert(model.entity().id, Arc::clone(&table));
        Ok(table)
    }

    pub(crate) fn iden(&self) -> DynIden {
        iden(&self.name)
    }

    pub(crate) fn broken(&self, what: &str) -> Error {
        Error::internal_error(format!("table {}: {what}", self.name))
    }
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table")
            .field("name", &self.name)
            .field("columns", &self.columns)
            .finish_non_exhaustive()
    }
}

pub(crate) fn iden(name: &str) -> DynIden {
    Alias::new(name).into_iden()
}

/// A name of at most so many bytes: one that is too long is cut, with a number that keeps it apart.
pub(crate) fn short_name(name: &str, most: usize) -> Cow<'_, str> {
    if name.len() <= most {
        return Cow::Borrowed(name);
    }
    // FNV-1a, which stays the same in every version.
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let hash = format!("_{:08x}", hash as u32);
    let mut end = most - hash.len();
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    Cow::Owned(format!("{}{hash}", &name[..end]))
}
