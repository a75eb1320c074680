//! Changes of columns: in place, or by making the table anew.

use super::{Matched, Planner, columns::Change, contract, expand, references::planned};
use crate::{
    ForeignKey, LiveForeignKey, LiveTable, Table, create,
    migrate::{
        Action, Safety, Step,
        ddl::ColumnTarget,
        shape::{Shape, ShapeColumn},
    },
};

impl<'a> Planner<'a> {
    /// Changes one column by ALTER TABLE.
    pub(super) fn change_in_place(&mut self, matched: &Matched<'a>, change: &Change) {
        let table = matched.table.name();
        let default = default_text(matched.table, &change.wanted);
        let keeps_type = change.using.is_none()
            && self
                .ddl
                .same_type(&change.from.type_name, &change.wanted.type_name);
        let stricter = change.from.nullable && !change.wanted.nullable;
        if stricter && keeps_type && self.allows(change) {
            self.fill(table, change, default.as_deref());
        }
        let action = Action::ChangeColumn {
            table: table.to_owned(),
            column: change.wanted.name.clone(),
            to_type: change.wanted.type_name.clone(),
            nullable: change.wanted.nullable,
        };
        let in_place = change.in_place.clone().unwrap_or_default();
        let target = ColumnTarget {
            counted: self.counts(matched.table, &change.wanted),
            ..ColumnTarget::new(&change.wanted, default, change.using.clone(), in_place)
        };
        let sql = self.ddl.change_column(table, &change.from, &target);
        let step = Step {
            safety: change.safety,
            required: self.is_needed(matched.table, change),
            long: true,
            note: note(change),
            ..phase_of(change, action, sql)
        };
        if self.push(step) {
            self.changed(table, change);
        }
    }

    fn fill(&mut self, table: &str, change: &Change, default: Option<&str>) {
        let Some(default) = default else { return };
        let column = self.ddl.quote(&change.wanted.name);
        let sql = format!(
            "UPDATE {} SET {column} = {default} WHERE {column} IS NULL",
            self.ddl.quote(table)
        );
        let action = Action::FillColumn {
            table: table.to_owned(),
            column: change.wanted.name.clone(),
        };
        // What absence means changes with it.
        self.push(Step {
            long: true,
            ..contract(action, vec![sql])
        });
    }

    /// Whether code of now fails without a change. It does not where a column takes more than it has to: NULL, which is read
    /// as the default, or shorter texts; so that code of before may start on what was expanded for code of now.
    fn is_needed(&self, table: &Table, change: &Change) -> bool {
        let (live, wanted) = (&change.from, &change.wanted);
        let converted = change.using.is_some() || change.in_place.is_some();
        let counts = self.counts(table, wanted) && live.filled != crate::Filled::Counted;
        let laxer = !live.nullable && wanted.nullable;
        let types = self.ddl.same_type(&live.type_name, &wanted.type_name)
            || self.ddl.is_roomier(&live.type_name, &wanted.type_name);
        converted || counts || laxer || !types
    }

    fn changed(&mut self, table: &str, change: &Change) {
        let Some(found) = self.state.tables.get_mut(table) else {
            return;
        };
        for column in &mut found.columns {
            if column.name == change.wanted.name {
                column.type_name.clone_from(&change.wanted.type_name);
                column.nullable = change.wanted.nullable;
                column.default = change.wanted.default.as_ref().map(|_| String::new());
            }
        }
    }

    /// Makes a table anew with changed columns.
    pub(super) fn rebuild(
        &mut self,
        matched: &Matched<'a>,
        changes: &[Change],
        keys: (&[ForeignKey], &[LiveForeignKey]),
    ) {
        let table = matched.table;
        let Some(live) = self.state.tables.get(table.name()) else {
            return;
        };
        let texts = texts(changes, keys);
        if texts.is_empty() {
            return;
        }
        let worst = changes.iter().map(|change| change.safety).max();
        if let Some(lost) = cannot_rebuild(live) {
            let why =
                format!("needs the table made anew, which would lose {lost}; change it by hand");
            if changes.is_empty() {
                // Without the constraint alone, code of now works.
                let action = Action::RebuildTable {
                    table: table.name().to_owned(),
                    changes: texts,
                };
                self.plan.withheld.push(Step {
                    note: why,
                    ..contract(action, Vec::new())
                });
            } else {
                let texts = texts.join(", ");
                self.problem(table.name(), format!("a change ({texts}) {why}"));
            }
            return;
        }
        let renamed = self.plan.steps.iter().any(|step| {
            matches!(&step.action, Action::RenameColumn { table: of, .. } | Action::RenameTable { to: of, .. }
                if of == table.name())
        });
        let foreign = foreign_texts(table, live).next();
        let foreign = foreign.map(|text| format!("{} {}", text.kind, text.name));
        if let (true, Some(foreign)) = (renamed, foreign) {
            let what = format!(
                "a rename and a change of a column come together, and the {foreign} uses names of before; do one after the other"
            );
            self.problem(table.name(), what);
            return;
        }
        let sql = self.rebuild_sql(table, live, changes, keys);
        let action = Action::RebuildTable {
            table: table.name().to_owned(),
            changes: texts,
        };
        let contracts = !keys.0.is_empty() || changes.iter().any(breaks_before);
        let notes: Vec<_> = changes
            .iter()
            .map(note)
            .filter(|note| !note.is_empty())
            .collect();
        let base = if contracts {
            contract(action, sql)
        } else {
            expand(action, sql)
        };
        let step = Step {
            safety: worst.unwrap_or(Safety::Safe),
            // Without the constraint alone, code of now works.
            required: changes.iter().any(|change| self.is_needed(table, change)),
            long: true,
            note: notes.join("; "),
            ..base
        };
        if self.push(step) {
            for change in changes {
                self.changed(table.name(), change);
            }
            self.references_changed(table, keys);
        }
    }

    fn references_changed(&mut self, table: &Table, keys: (&[ForeignKey], &[LiveForeignKey])) {
        let Some(live) = self.state.tables.get_mut(table.name()) else {
            return;
        };
        live.foreign_keys.retain(|found| !keys.1.contains(found));
        live.foreign_keys.extend(keys.0.iter().map(planned));
    }

    fn rebuild_sql(
        &self,
        table: &Table,
        live: &LiveTable,
        changes: &[Change],
        (adding, dropping): (&[ForeignKey], &[LiveForeignKey]),
    ) -> Vec<String> {
        let quote = |name: &str| self.ddl.quote(name);
        let aside = format!("protoloop_new_{}", table.name());
        let mut columns = Vec::new();
        let (mut names, mut values) = (Vec::new(), Vec::new());
        for column in &live.columns {
            let at = table
                .columns()
                .iter()
                .position(|own| *own.name == column.name);
            let change = changes
                .iter()
                .find(|change| change.wanted.name == column.name);
            let mut shape = match (change, at) {
                (Some(change), _) => change.wanted.clone(),
                (None, Some(at)) if !is_changed_later(table, at, column) => {
                    ShapeColumn::wanted(table, at)
                }
                _ => ShapeColumn::live(column),
            };
            shape.key = column.key;
            names.push(quote(&column.name));
            values.push(value(table, &quote(&column.name), change));
            columns.push(shape);
        }
        let own = table_text(live);
        let shape = Shape {
            columns,
            counted: own.contains("AUTOINCREMENT"),
            keys: Self::keys_of(table, live, adding, dropping),
            foreign: !own.trim_end().ends_with("STRICT"),
        };
        let (from, to) = (quote(table.name()), quote(&aside));
        let mut sql = vec![
            // Names in views and other tables go on meaning the table that is dropped and comes back.
            "PRAGMA legacy_alter_table = ON".to_owned(),
            shape.create(&aside, table.dialect()),
            format!(
                "INSERT INTO {to} ({}) SELECT {} FROM {from}",
                names.join(", "),
                values.join(", ")
            ),
        ];
        if shape.counted {
            let (old, new) = (literal(table.name()), literal(&aside));
            sql.push(format!("DELETE FROM sqlite_sequence WHERE name = {new}"));
            sql.push(format!(
                "INSERT INTO sqlite_sequence (name, seq) SELECT {new}, seq FROM sqlite_sequence WHERE name = {old}"
            ));
        }
        sql.push(self.ddl.drop_table(table.name()));
        sql.push(self.ddl.rename_table(&aside, table.name()));
        sql.extend(own_indexes(table, live));
        sql.extend(foreign_texts(table, live).map(|text| text.sql.clone()));
        sql.push("PRAGMA legacy_alter_table = OFF".to_owned());
        sql
    }
}

/// The indexes of the model that stand there, in the names that columns have now.
fn own_indexes(table: &Table, live: &LiveTable) -> Vec<String> {
    table
        .indexes()
        .filter(|index| live.indexes.contains_key(&*table.index_name(index)))
        .map(|index| {
            create::create_index(table, index, &create::index_columns(table, &index.fields))
        })
        .collect()
}

/// Indexes and triggers that others made, which go with a table that is dropped.
fn foreign_texts<'s>(
    table: &'s Table,
    live: &'s LiveTable,
) -> impl Iterator<Item = &'s crate::LiveText> {
    let stands = |text: &crate::LiveText| match text.kind.as_str() {
        "index" => {
            live.indexes.contains_key(&text.name)
                && !table
                    .indexes()
                    .any(|index| table.index_name(index) == text.name)
        }
        kind => kind != "table",
    };
    live.texts.iter().filter(move |text| stands(text))
}

/// A column that the model wants otherwise than it stands, by a change that is not part of this rebuild.
fn is_changed_later(table: &Table, at: usize, live: &crate::LiveColumn) -> bool {
    let wanted = ShapeColumn::wanted(table, at);
    wanted.key == 0
        && (wanted.nullable != live.nullable
            || !wanted.type_name.eq_ignore_ascii_case(&live.type_name))
}

/// The value of a column in the new table.
fn value(table: &Table, column: &str, change: Option<&Change>) -> String {
    let Some(change) = change else {
        return column.to_owned();
    };
    let value = change.using.as_deref().unwrap_or(column);
    match default_text(table, &change.wanted) {
        Some(default) if change.from.nullable && !change.wanted.nullable => {
            format!("coalesce({value}, {default})")
        }
        _ => value.to_owned(),
    }
}

fn note(change: &Change) -> String {
    let mut notes = Vec::new();
    if change.safety == Safety::Destructive {
        notes.push(format!(
            "fails if a value of {} does not fit",
            change.wanted.name
        ));
    }
    if change.from.nullable && !change.wanted.nullable {
        notes.push(format!(
            "rows without {} get the default, which means the same in a field without presence",
            change.wanted.name
        ));
    }
    notes.join("; ")
}

/// Whether code of before may fail on the changed column.
pub(super) fn breaks_before(change: &Change) -> bool {
    let stricter = change.from.nullable && !change.wanted.nullable;
    let converted = change.using.is_some() || change.in_place.is_some();
    stricter || converted || change.safety == Safety::Destructive
}

fn phase_of(change: &Change, action: Action, sql: Vec<String>) -> Step {
    if breaks_before(change) {
        contract(action, sql)
    } else {
        expand(action, sql)
    }
}

/// What a rebuild would lose, because nothing here can write it again.
fn cannot_rebuild(live: &LiveTable) -> Option<&'static str> {
    let words = words_outside_quotes(table_text(live));
    let has = |word: &str| words.iter().any(|found| found == word);
    if has("CHECK") {
        Some("a CHECK")
    } else if has("GENERATED")
        || live
            .columns
            .iter()
            .any(|c| c.filled == crate::Filled::Computed)
    {
        Some("a computed column")
    } else if has("COLLATE") {
        Some("a COLLATE")
    } else if has("CONFLICT") {
        Some("an ON CONFLICT")
    } else if has("WITHOUT") {
        Some("WITHOUT ROWID")
    } else if live.indexes.values().any(|index| index.constraint) {
        Some("a UNIQUE constraint of the table")
    } else if has("DEFERRABLE") || has("MATCH") || has("REFERENCES") && has("UPDATE") {
        Some("what a foreign key says beside ON DELETE")
    } else {
        None
    }
}

fn table_text(live: &LiveTable) -> &str {
    let text = live.texts.iter().find(|text| text.kind == "table");
    text.map_or("", |text| text.sql.as_str())
}

/// The words of a statement in capitals, without what stands in quotes.
fn words_outside_quotes(sql: &str) -> Vec<String> {
    let mut outside = String::new();
    let mut quote = None;
    for char in sql.chars() {
        match (quote, char) {
            (Some(end), char) if char == end => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'' | '`') => quote = Some(char),
            (None, '[') => quote = Some(']'),
            (None, char) => outside.push(char),
        }
    }
    let word = |c: char| c.is_alphanumeric() || c == '_';
    outside
        .split(|c| !word(c))
        .filter(|part| !part.is_empty())
        .map(str::to_ascii_uppercase)
        .collect()
}

/// For people: what a rebuild does.
fn texts(
    changes: &[Change],
    (adding, dropping): (&[ForeignKey], &[LiveForeignKey]),
) -> Vec<String> {
    let changes = changes.iter().map(|change| change.text.clone());
    let dropping = dropping.iter();
    let dropping = dropping.map(|key| {
        format!(
            "{} refers to {} no more",
            key.columns.join(", "),
            key.target
        )
    });
    let adding = adding.iter();
    let adding = adding.map(|key| format!("{} refers to {}", key.column, key.to_table));
    changes.chain(dropping).chain(adding).collect()
}

/// The DEFAULT of a column as text.
fn default_text(table: &Table, wanted: &ShapeColumn) -> Option<String> {
    expression(table, wanted.default.clone()?)
}

/// An expression without values as text.
pub(super) fn expression(table: &Table, expression: sea_query::Expr) -> Option<String> {
    let mut select = sea_query::Query::select();
    select.expr(expression);
    let text = table.dialect().select(&select).sql;
    text.strip_prefix("SELECT ").map(ToOwned::to_owned)
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
