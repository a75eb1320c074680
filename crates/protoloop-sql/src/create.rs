//! Statements that make what a model needs: tables, columns, indexes.

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use protoloop_schema::Index;
use sea_query::{
    ColumnDef, ConditionalStatement as _, Index as SeaIndex, IndexOrder, Table as SeaTable,
};

use crate::{Column, LiveIndex, Storage, Table, table::iden};

/// An index as the model declares it.
pub(crate) fn wanted_index(table: &Table, index: &Index) -> LiveIndex {
    let fields = index.fields.iter();
    let stored = fields.filter(|number| table.column(**number).is_some());
    LiveIndex {
        columns: index_columns(table, &index.fields),
        descending: stored
            .map(|number| index.descending.contains(number))
            .collect(),
        method: "btree".to_owned(),
        unique: index.unique,
        partial: table.covered(index).is_some(),
        valid: true,
        constraint: false,
    }
}

pub(crate) fn index_columns(table: &Table, fields: &[u32]) -> Vec<String> {
    let columns = fields.iter().filter_map(|number| table.column(*number));
    columns.map(|column| column.name.to_string()).collect()
}

pub(crate) fn column_type<'a>(table: &Table, column: &'a Column, in_key: bool) -> Cow<'a, str> {
    let counted = in_key && table.is_sequence() && !table.dialect().says_auto_increment();
    if let Some(declared) = &column.declared {
        return match (counted, table.dialect().sequence_type().split_once(' ')) {
            (true, Some((_, how))) => Cow::Owned(format!("{} {how}", declared.type_name())),
            _ => Cow::Borrowed(declared.type_name()),
        };
    }
    Cow::Borrowed(
        if in_key
            && table.is_sequence()
            && matches!(
                column.storage,
                Storage::Int | Storage::Uint32 | Storage::Uint64
            )
        {
            table.dialect().sequence_type()
        } else {
            table.dialect().column_type(column.storage, column.indexed)
        },
    )
}

pub(crate) fn create_table(table: &Table) -> String {
    let mut create = SeaTable::create();
    create.table(table.iden());
    for (index, column) in table.columns().iter().enumerate() {
        let in_key = table.key().contains(&index);
        let mut definition = define(table, column, in_key);
        if in_key && table.key().len() == 1 {
            definition.primary_key();
            if table.is_sequence() && table.dialect().says_auto_increment() {
                definition.auto_increment();
            }
        }
        create.col(definition);
    }
    if table.key().len() > 1 {
        let mut key = SeaIndex::create();
        for index in table.key() {
            key.col(iden(&table.columns()[*index].name));
        }
        create.primary_key(&mut key);
    }
    for key in table.foreign_keys() {
        if table
            .dialect()
            .add_foreign_key(&key.definition(table))
            .is_none()
        {
            create.foreign_key(&mut key.definition(table));
        }
    }
    if let Some(options) = table.dialect().table_options() {
        create.extra(options);
    }
    table.dialect().create_table(&create)
}

pub(crate) fn add_column(table: &Table, column: &Column) -> String {
    let mut alter = SeaTable::alter();
    alter.table(table.iden());
    alter.add_column(define(table, column, false));
    table.dialect().alter_table(&alter)
}

fn define(table: &Table, column: &Column, in_key: bool) -> ColumnDef {
    let mut definition = ColumnDef::new(iden(&column.name));
    definition.custom(sea_query::Alias::new(column_type(table, column, in_key)));
    if !column.nullable {
        definition.not_null();
        if let Some(default) = table.dialect().default_value(column.storage)
            && !in_key
            && column.declared.is_none()
        {
            definition.default(default);
        }
    }
    definition
}

pub(crate) fn create_index(table: &Table, index: &Index, columns: &[String]) -> String {
    if let Some(covered) = table.covered(index)
        && !table.dialect().has_partial_indexes()
    {
        return create_computed(table, index, columns, covered);
    }
    let mut create = SeaIndex::create();
    create.name(table.index_name(index)).table(table.iden());
    if index.unique {
        create.unique();
    }
    for (column, number) in columns.iter().zip(&index.fields) {
        match index.descending.contains(number) {
            true => create.col((iden(column), IndexOrder::Desc)),
            false => create.col(iden(column)),
        };
    }
    if let Some(covered) = table.covered(index) {
        create.cond_where(covered);
    }
    table.dialect().create_index(&create)
}

/// An index that leaves rows out, where indexes cannot: a computed column is NULL for those. A second one, of all rows, serves
/// queries.
fn create_computed(
    table: &Table,
    index: &Index,
    columns: &[String],
    covered: sea_query::Condition,
) -> String {
    let ddl = table.dialect().ddl();
    let name = table.index_name(index);
    let first = index
        .fields
        .first()
        .and_then(|number| table.column(*number));
    let (Some(first), Some((_, rest))) = (first, columns.split_first()) else {
        return String::new();
    };
    let mut condition = sea_query::Query::select();
    condition
        .expr(sea_query::Expr::cust("1"))
        .cond_where(covered);
    // Words and quoted names only: see `Table::covered`.
    let condition = table.dialect().select(&condition).sql;
    let condition = condition
        .split_once(" WHERE ")
        .map_or("1", |(_, words)| words);
    let computed = ddl.quote(&format!("{name}__"));
    let quoted = |columns: &[String]| -> Vec<String> {
        columns.iter().map(|column| ddl.quote(column)).collect()
    };
    let own: Vec<String> = std::iter::once(computed.clone())
        .chain(quoted(rest))
        .collect();
    format!(
        "ALTER TABLE {table_name} ADD COLUMN {computed} {type_name} GENERATED ALWAYS AS \
         (CASE WHEN {condition} THEN {first_name} END) VIRTUAL COMMENT 'protoloop: {comment}', \
         ADD UNIQUE INDEX {index_name} ({own}), ADD INDEX {all} ({every})",
        table_name = ddl.quote(table.name()),
        type_name = column_type(table, first, false),
        first_name = ddl.quote(&first.name),
        comment = first.name.replace('\\', "\\\\").replace('\'', "''"),
        index_name = ddl.quote(&name),
        own = own.join(", "),
        all = ddl.quote(&format!("{name}__all")),
        every = quoted(columns).join(", "),
    )
}
