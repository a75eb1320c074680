//! Foreign keys.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use protoloop_core::Error;
use protoloop_repository::{Key, Model};
use protoloop_schema::{Entity, OnDelete, Reference};
use sea_query::{
    Expr, ExprTrait, ForeignKey as SeaForeignKey, ForeignKeyAction, ForeignKeyCreateStatement,
    SelectStatement,
};

use crate::{
    Scalar, SqlValue, Statement, Table,
    table::{iden, short_name},
};

/// What a database tells about a foreign key that refused a write. Each part may be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Violation {
    /// The name of the constraint, by whoever named it.
    pub constraint: Option<String>,
    /// The table that the key stands in.
    pub table: Option<String>,
    /// The columns of the key; of a delete that was refused they may be those of the row referred to.
    pub columns: Vec<String>,
}

/// A foreign key of a table, as it should be in the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignKey {
    /// Name of the constraint, where the database keeps one: `books_author_id_fkey`.
    pub name: String,
    /// Its column.
    pub column: Arc<str>,
    /// The table referred to.
    pub to_table: Arc<str>,
    /// The column referred to.
    pub to_column: Arc<str>,
    /// What a delete of the row referred to does.
    pub on_delete: OnDelete,
}

/// The foreign key of a reference; `None` when one of its columns is not stored, which no sound schema has.
fn foreign_key(model: &Model, reference: &Reference, most: usize) -> Option<ForeignKey> {
    let schema = model.schema();
    let (from, to) = (schema.entity(reference.from), schema.entity(reference.to));
    let column = column_name(from, reference.key)?;
    Some(ForeignKey {
        name: short_name(&format!("{}_{column}_fkey", from.table), most).into_owned(),
        column,
        to_table: Arc::clone(&to.table),
        to_column: column_name(to, *to.key.first()?)?,
        on_delete: reference.on_delete,
    })
}

fn column_name(entity: &Entity, number: u32) -> Option<Arc<str>> {
    let mut columns = entity.columns.iter();
    let (_, name) = columns.find(|(column, _)| *column == number)?;
    Some(Arc::clone(name))
}

impl ForeignKey {
    /// The constraint, for the statement that makes the table or adds it.
    pub(crate) fn definition(&self, table: &Table) -> ForeignKeyCreateStatement {
        let mut key = SeaForeignKey::create();
        key.name(&*self.name)
            .from(table.iden(), iden(&self.column))
            .to(iden(&self.to_table), iden(&self.to_column))
            .on_delete(match self.on_delete {
                OnDelete::Restrict => ForeignKeyAction::Restrict,
                OnDelete::Cascade => ForeignKeyAction::Cascade,
                OnDelete::SetNull => ForeignKeyAction::SetNull,
                OnDelete::NoAction => ForeignKeyAction::NoAction,
            });
        key
    }
}

impl Table {
    /// The foreign keys that the table should have.
    pub fn foreign_keys(&self) -> impl Iterator<Item = ForeignKey> {
        let model = self.model();
        model
            .references()
            .filter_map(|reference| foreign_key(model, reference, self.dialect().max_name()))
    }

    /// The error of a write to this table that a foreign key of the database refused, by what the database tells about that.
    /// `deleting`: the write was a delete, in which other rows were found to refer to one that had to go.
    #[must_use]
    pub fn violated(&self, violation: &Violation, deleting: bool) -> Error {
        let model = self.model();
        let Some(reference) = self.reference_of(violation, deleting) else {
            return match self.fields_of(violation) {
                Some(fields) if !deleting => model.dangling_together(&fields),
                _ => unknown(deleting),
            };
        };
        // The error is told by the model that the reference begins or ends at, whichever table it was found in.
        let end = if deleting {
            reference.to
        } else {
            reference.from
        };
        match Model::new(model.tables(), end) {
            Ok(model) if deleting => model.still_referred(reference),
            Ok(model) => model.dangling(reference),
            Err(_) => unknown(deleting),
        }
    }

    /// The reference that a violation is about: by its column, by the name that we give constraints, or as the only one that
    /// comes into question.
    fn reference_of(&self, violation: &Violation, deleting: bool) -> Option<&Reference> {
        let schema = self.model().schema();
        let own = self.model().entity().id;
        let kept: Vec<&Reference> = schema
            .references()
            .iter()
            .filter(|reference| reference.is_foreign_key())
            .collect();
        let from_table = |reference: &&&Reference| {
            let from = schema.entity(reference.from);
            violation.table.as_deref() == Some(&*from.table)
        };
        let has_column = |reference: &&&Reference| {
            let name = column_name(schema.entity(reference.from), reference.key);
            matches!(violation.columns.as_slice(), [one] if name.as_deref() == Some(one))
        };
        let is_named = |reference: &&&Reference| {
            let key = foreign_key(self.model(), reference, self.dialect().max_name());
            let name = violation.constraint.as_deref();
            key.is_some_and(|key| name.is_some_and(|name| name.eq_ignore_ascii_case(&key.name)))
        };
        let begins: Vec<&Reference> = kept.iter().filter(from_table).copied().collect();
        let leads_here =
            |reference: &&&Reference| if deleting { reference.to } else { reference.from } == own;
        let here: Vec<&Reference> = begins.iter().filter(leads_here).copied().collect();
        let found = here.iter().find(has_column).or(kept.iter().find(is_named));
        match (found, here.as_slice(), begins.as_slice()) {
            (Some(found), _, _) => Some(found),
            // The columns are those of another key.
            _ if violation.columns.len() > 1 => None,
            (None, [only], _) | (None, [], [only]) if deleting => Some(only),
            _ => None,
        }
    }

    /// The fields behind the columns of a violation, if they are of this table.
    fn fields_of(&self, violation: &Violation) -> Option<Vec<u32>> {
        if violation.columns.is_empty() || violation.table.as_deref() != Some(self.name()) {
            return None;
        }
        let field = |name: &String| {
            let mut columns = self.columns().iter();
            Some(columns.find(|column| *column.name == **name)?.number)
        };
        violation.columns.iter().map(field).collect()
    }

    /// For a database that does not name the constraint that refused a row: each statement finds a row when the key
    /// beside it is sound. The first that finds none tells the error. `row` are the values of all columns.
    #[must_use]
    pub fn dangling_checks(&self, row: &[SqlValue<'_>]) -> Vec<(Error, Statement)> {
        let model = self.model();
        let check = |reference: &Reference| {
            let key = foreign_key(model, reference, self.dialect().max_name())?;
            let at = self
                .columns()
                .iter()
                .position(|column| column.number == reference.key)?;
            let value = row.get(at).filter(|value| **value != SqlValue::Null)?;
            let statement = self.any_row(&key.to_table, &key.to_column, value.clone());
            Some((model.dangling(reference), statement))
        };
        model.references().filter_map(check).collect()
    }

    /// The same for a delete that was refused: each statement finds a row when one refers to the key that must go. The
    /// first that does tells the error.
    #[must_use]
    pub fn referring_checks(&self, key: &Key) -> Vec<(Error, Statement)> {
        let (model, [value]) = (self.model(), key.values()) else {
            return Vec::new();
        };
        let check = |reference: &Reference| {
            let found = foreign_key(model, reference, self.dialect().max_name())?;
            let from = model.schema().entity(reference.from);
            let storage = self.columns()[*self.key().first()?].storage;
            let value = self.dialect().encode(storage, Scalar::of_key(value));
            let statement = self.any_row(&from.table, &found.column, value);
            Some((model.still_referred(reference), statement))
        };
        let restricting = model
            .referring()
            .filter(|found| found.on_delete == OnDelete::Restrict);
        restricting.filter_map(check).collect()
    }

    fn any_row(&self, table: &str, column: &str, value: SqlValue<'_>) -> Statement {
        let mut select = SelectStatement::new();
        let is_value = Expr::col(iden(column)).eq(Expr::val(sea_query::Value::from(value)));
        select
            .expr(Expr::cust("1"))
            .from(iden(table))
            .and_where(is_value)
            .limit(1);
        self.dialect().select(&select)
    }
}

fn unknown(deleting: bool) -> Error {
    Error::failed_precondition(if deleting {
        "another row refers to one that would go"
    } else {
        "a row that is referred to does not exist"
    })
}
