//! The table of a model.

use std::{
    borrow::Cow,
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use protoloop_core::{Error, Result};
use protoloop_repository::{LeafKind, Model};
use protoloop_schema::{Entity, EntityId, IdStrategy, Index, Kind, Presence, WellKnown};
use sea_query::{Alias, Condition, DynIden, Expr, ExprTrait, IntoIden, Query};

use crate::{Declared, Dialect, Scalar, SqlValue, Storage, texts::Texts};

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
    /// Whether it holds JSON of no declared type: a `google.protobuf.Struct` or its parts, alone, in a list or a map.
    pub free_form: bool,
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

/// Texts whose values are bound by position.
#[derive(Debug)]
pub(crate) struct Statements {
    find: Arc<str>,
    find_for_update: Arc<str>,
    skip: Option<Arc<str>>,
    insert: Arc<str>,
    counted: Option<Arc<str>>,
    update: Option<Arc<str>>,
    delete: Arc<str>,
    /// Select the rows of 1, 2, 4 … keys; made when they are first wanted.
    pub(crate) by_keys: [OnceLock<Arc<str>>; TEXTS],
    /// Insert several rows; made when they are first wanted.
    insert_many: Texts<usize>,
    /// Set fields and count others up, by their numbers.
    pub(crate) set: Texts<(Vec<u32>, Vec<u32>)>,
}

/// Most rows of one insertion, and most values that it binds: 65,535 are too many for every server.
const MANY_ROWS: usize = 64;
const MANY_VALUES: usize = 32_000;
/// Up to so many rows have a text each, beyond that powers of two have.
const FEW_ROWS: usize = 16;

/// Texts for 1 to 512 keys are kept.
const TEXTS: usize = 10;

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

    /// Selects all columns of the row of a key: `SELECT … WHERE key = ?`.
    #[must_use]
    pub fn find_sql(&self) -> &Arc<str> {
        &self.statements.find
    }

    /// The same, and keeps others from changing the row until the transaction ends.
    #[must_use]
    pub fn find_for_update_sql(&self) -> &Arc<str> {
        &self.statements.find_for_update
    }

    /// What is run behind the insertion of a row whose key is counted up elsewhere and was given by hand this time; the
    /// value is the key. `None` where nothing is.
    #[must_use]
    pub fn skip_sql(&self) -> Option<Arc<str>> {
        self.statements.skip.clone()
    }

    /// Inserts a row; the values are those of all columns: `INSERT … VALUES (?, …)`.
    #[must_use]
    pub fn insert_sql(&self) -> &Arc<str> {
        &self.statements.insert
    }

    /// How many of so many new rows one statement inserts. One where the database counts their keys, since which row gets which
    /// would not be known, where each is read again, and where rows may refer to each other, since each must find what stands before it.
    #[must_use]
    pub fn insertable(&self, rows: usize) -> usize {
        let own = |key: &crate::references::ForeignKey| *key.to_table == *self.name;
        if self.sequence || self.rewords || self.foreign_keys().any(|key| own(&key)) {
            return rows.min(1);
        }
        let most = (MANY_VALUES / self.columns.len().max(1)).clamp(1, MANY_ROWS);
        match rows.min(most) {
            // Few texts, so that statements stay prepared.
            rows if rows > FEW_ROWS => 1 << rows.ilog2(),
            rows => rows,
        }
    }

    /// Inserts rows; the values are those of all columns of the first, then those of the next.
    #[must_use]
    pub fn insert_many_sql(&self, rows: usize) -> Arc<str> {
        let texts = &self.statements.insert_many;
        texts.get(&rows).unwrap_or_else(|| {
            let mut insert = Query::insert();
            let names = self.columns.iter().map(|column| iden(&column.name));
            insert.into_table(self.iden()).columns(names);
            for _ in 0..rows {
                // Values that become placeholders; their text is never built.
                insert.values_panic(self.columns.iter().map(|column| column.bind(Expr::val(0))));
            }
            texts.keep(rows, self.dialect.insert(&insert).sql.into())
        })
    }

    /// Inserts a row without its key and answers the key that the database counted; the values are those of the columns
    /// outside the key. `None` where [`Table::insert_sql`] does that for a NULL in the key's place.
    #[must_use]
    pub fn counted_insert_sql(&self) -> Option<&Arc<str>> {
        self.statements.counted.as_ref()
    }

    /// The values of [`Table::insert_sql`] from those of all columns.
    #[must_use]
    pub fn insert_values<'a>(&self, mut row: Vec<SqlValue<'a>>) -> Vec<SqlValue<'a>> {
        if self.columns.iter().any(|column| column.computed) {
            self.keep(&mut row, |_, column| !column.computed);
        }
        row
    }

    /// The values of [`Table::counted_insert_sql`] from those of all columns.
    #[must_use]
    pub fn counted_values<'a>(&self, mut row: Vec<SqlValue<'a>>) -> Vec<SqlValue<'a>> {
        self.keep(&mut row, |index, column| {
            !self.key.contains(&index) && !column.computed
        });
        row
    }

    /// Takes the values of some columns out of a row.
    fn keep(&self, row: &mut Vec<SqlValue<'_>>, keeps: impl Fn(usize, &Column) -> bool) {
        let mut columns = self.columns.iter().enumerate();
        row.retain(|_| {
            columns
                .next()
                .is_some_and(|(index, column)| keeps(index, column))
        });
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

    /// Sets the columns outside the key, with the key's values behind theirs; `None` when there are no others to write.
    #[must_use]
    pub fn update_sql(&self) -> Option<&Arc<str>> {
        self.statements.update.as_ref()
    }

    /// Deletes the row of a key.
    #[must_use]
    pub fn delete_sql(&self) -> &Arc<str> {
        &self.statements.delete
    }

    /// The values of [`Table::update_sql`] from those of all columns.
    #[must_use]
    pub fn update_values<'a>(&self, mut row: Vec<SqlValue<'a>>) -> Vec<SqlValue<'a>> {
        let key: Vec<SqlValue<'a>> = self.key.iter().map(|index| row[*index].clone()).collect();
        self.keep(&mut row, |index, column| {
            !self.key.contains(&index) && !column.computed
        });
        row.extend(key);
        row
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

impl Statements {
    fn new(
        dialect: &'static dyn Dialect,
        entity: &Entity,
        columns: &[Column],
        key: &[usize],
    ) -> Self {
        let table = &entity.table;
        // Values that become placeholders; their text is never built.
        let some = || Expr::val(0);
        let is_key = |index: &usize| {
            let column = &columns[*index];
            Expr::col(iden(&column.name)).eq(column.bind(some()))
        };
        let written = || columns.iter().filter(|column| !column.computed);
        let mut find = Query::select();
        for column in columns {
            find.expr(column.read(Expr::col(iden(&column.name))));
        }
        find.from(iden(table));
        let mut insert = Query::insert();
        insert
            .into_table(iden(table))
            .columns(written().map(|column| iden(&column.name)));
        insert.values_panic(written().map(|column| column.bind(some())));
        let mut update = Query::update();
        update.table(iden(table));
        let mut updates = false;
        for (index, column) in columns.iter().enumerate() {
            if !key.contains(&index) && !column.computed {
                updates = true;
                update.value(iden(&column.name), column.bind(some()));
            }
        }
        let mut delete = Query::delete();
        delete.from_table(iden(table));
        for index in key {
            find.and_where(is_key(index));
            update.and_where(is_key(index));
            delete.and_where(is_key(index));
        }
        Self {
            find: dialect.select(&find).sql.into(),
            find_for_update: dialect.select(find.lock_exclusive()).sql.into(),
            skip: match key {
                [key] if entity.id_strategy == IdStrategy::Sequence => dialect
                    .skip_sequence(table, &columns[*key].name)
                    .map(Into::into),
                _ => None,
            },
            insert: dialect.insert(&insert).sql.into(),
            counted: (entity.id_strategy == IdStrategy::Sequence)
                .then(|| counted(dialect, table, columns, key))
                .flatten(),
            update: updates.then(|| dialect.update(&update).sql.into()),
            delete: dialect.delete(&delete).sql.into(),
            by_keys: Default::default(),
            insert_many: Texts::default(),
            set: Texts::default(),
        }
    }
}

/// Inserts a row without its key and answers the key; `None` where a NULL for the key does that.
fn counted(
    dialect: &'static dyn Dialect,
    table: &str,
    columns: &[Column],
    key: &[usize],
) -> Option<Arc<str>> {
    if dialect.says_auto_increment() {
        return None;
    }
    let others =
        || (0..columns.len()).filter(|index| !key.contains(index) && !columns[*index].computed);
    let name = |index: usize| iden(&columns[index].name);
    let mut insert = Query::insert();
    insert.into_table(iden(table)).columns(others().map(name));
    if others().next().is_some() {
        insert.values_panic(others().map(|index| columns[index].bind(Expr::val(0))));
    } else {
        insert.or_default_values();
    }
    insert.returning(Query::returning().columns(key.iter().map(|index| name(*index))));
    Some(dialect.insert(&insert).sql.into())
}

pub(crate) fn iden(name: &str) -> DynIden {
    Alias::new(name).into_iden()
}

fn columns(model: &Model, dialect: &'static dyn Dialect) -> Result<Box<[Column]>> {
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
        free_form: matches!(leaf.kind, LeafKind::Message(id) if matches!(
            model.schema().message(id).well_known,
            Some(WellKnown::Struct | WellKnown::Value | WellKnown::ListValue)
        )),
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
