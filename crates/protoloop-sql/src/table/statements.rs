//! What is done with one row, by its key, and new rows: statements whose text never changes.

use std::sync::{Arc, OnceLock};

use protoloop_schema::{Entity, IdStrategy};
use sea_query::{Expr, ExprTrait, Query};

use super::{Table, iden};
use crate::{
    Column, Dialect, SqlValue,
    found::{compares, same},
    texts::Texts,
};

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
    /// As the two before, of a row that is still the one that was found; `None` where rows are not compared.
    pub(crate) update_found: Option<Arc<str>>,
    pub(crate) delete_found: Option<Arc<str>>,
    /// Select the first rows by key, and those behind one; made when they are first wanted.
    pub(crate) first_page: OnceLock<Arc<str>>,
    pub(crate) next_page: OnceLock<Arc<str>>,
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
}

impl Statements {
    pub(super) fn new(
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
        let compared = compares(dialect, columns, key).then(|| {
            let same = same(dialect, columns, key, some);
            (
                dialect.update(update.clone().and_where(same.clone())),
                dialect.delete(delete.clone().and_where(same)),
            )
        });
        let (update_found, delete_found) = compared.unzip();
        Self {
            update_found: update_found.filter(|_| updates).map(|text| text.sql.into()),
            delete_found: delete_found.map(|text| text.sql.into()),
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
            first_page: OnceLock::new(),
            next_page: OnceLock::new(),
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
