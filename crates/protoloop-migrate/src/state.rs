//! What stands in a database.

use std::sync::Arc;

use protoloop_core::{Code, Result};
use protoloop_sql::{
    Dialect, Live, LiveRows, SqlValue, Statement, Table,
    migrate::{MIGRATIONS_TABLE, RECORD_TABLE, Record, missing_references},
};

use crate::{Desired, Entry, Session, journal};

/// The schema of a database, and what it remembers of migrations.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// Its tables, without those that migrations keep for themselves.
    pub live: Live,
    /// Which column each field number has.
    pub record: Record,
    /// The same as it is stored: without what was done by someone who could not say so any more.
    pub(crate) stored: Record,
    /// What was applied, in order.
    pub journal: Vec<Entry>,
    /// Whether the tables of migrations are there.
    pub has_tables: bool,
    /// The table of key-value stores, as it should be; `None` where there are none.
    pub(crate) key_values: Option<Arc<Table>>,
    /// Foreign keys that the models need and that rows would break, by table and column.
    pub dangling: Vec<(String, String)>,
}

impl State {
    /// Reads it, without views.
    ///
    /// # Errors
    /// UNAVAILABLE when the database is not reached, FAILED_PRECONDITION when its tables of migrations are not ours.
    pub async fn read(session: &mut dyn Session, dialect: &dyn Dialect) -> Result<Self> {
        Self::read_with(session, dialect, false).await
    }

    /// Reads it for models: with views if there is a table missing that may be one.
    ///
    /// # Errors
    /// As [`State::read`].
    pub async fn read_for(
        session: &mut dyn Session,
        dialect: &'static dyn Dialect,
        desired: &Desired,
    ) -> Result<Self> {
        let mut state = Self::read(session, dialect).await?;
        state.key_values = desired.key_values(&state, dialect)?;
        state.look_at_references(session, desired).await?;
        let tables = desired.tables().iter();
        let missing: Vec<_> = tables
            .map(protoloop_sql::Table::name)
            .filter(|name| !state.live.tables.contains_key(*name))
            .collect();
        if missing.is_empty() || (state.live.tables.is_empty() && state.record.models.is_empty()) {
            return Ok(state);
        }
        let views = LiveRows {
            views: views(session, dialect).await?,
            ..LiveRows::default()
        };
        let views = Live::read(&views)?.tables.into_iter();
        let wanted = views.filter(|(name, _)| missing.contains(&name.as_str()));
        state.live.tables.extend(wanted);
        Ok(state)
    }

    /// Finds the foreign keys that rows would break.
    async fn look_at_references(
        &mut self,
        session: &mut dyn Session,
        desired: &Desired,
    ) -> Result<()> {
        let tables: Vec<_> = desired.tables().iter().collect();
        for missing in missing_references(&tables, &self.live) {
            if !rows(session, &missing.check).await?.is_empty() {
                self.dangling.push((missing.table, missing.column));
            }
        }
        Ok(())
    }

    /// Reads it, with views and what only discovery asks for where asked.
    ///
    /// # Errors
    /// As [`State::read`].
    pub async fn read_with(
        session: &mut dyn Session,
        dialect: &dyn Dialect,
        views: bool,
    ) -> Result<Self> {
        let queries = dialect.live_queries();
        let rows = LiveRows {
            columns: rows(session, queries.columns).await?,
            views: match views {
                true => self::views(session, dialect).await?,
                false => Vec::new(),
            },
            indexes: rows(session, queries.indexes).await?,
            foreign_keys: rows(session, queries.foreign_keys).await?,
            enums: rows(session, queries.enums).await?,
            checks: rows(session, if views { queries.checks } else { "" }).await?,
            texts: rows(session, queries.texts).await?,
        };
        let mut live = Live::read(&rows)?;
        let record = live.tables.remove(RECORD_TABLE).is_some();
        let migrations = live.tables.remove(MIGRATIONS_TABLE).is_some();
        let mut state = Self {
            live,
            has_tables: record && migrations,
            ..Self::default()
        };
        if record {
            state.stored = Record::read(&session.query(Record::select(dialect)).await?)?;
            state.record = state.stored.settled(&state.live);
        }
        if migrations {
            state.journal = journal::read(session, dialect).await?;
        }
        Ok(state)
    }
}

async fn rows(session: &mut dyn Session, sql: &str) -> Result<Vec<Vec<SqlValue<'static>>>> {
    if sql.is_empty() {
        return Ok(Vec::new());
    }
    let statement = Statement {
        sql: sql.to_owned(),
        values: Vec::new(),
    };
    session.query(statement).await
}

/// What [`LiveQueries::views`](protoloop_sql::LiveQueries) answers. A view that cannot be read has no column with a name.
async fn views(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
) -> Result<Vec<Vec<SqlValue<'static>>>> {
    let queries = dialect.live_queries();
    if queries.view_names.is_empty() {
        return rows(session, queries.views).await;
    }
    let mut found = Vec::new();
    for name in rows(session, queries.view_names).await? {
        let statement = Statement {
            sql: queries.views.to_owned(),
            values: name.clone(),
        };
        match session.query(statement).await {
            Ok(columns) => found.extend(columns),
            Err(error) if error.code() == Code::FailedPrecondition => {
                let none = || SqlValue::Text("".into());
                let rest = [none(), none(), none(), SqlValue::Int(1), SqlValue::Null];
                let numbers = [SqlValue::Int(0), SqlValue::Int(0), none()];
                found.push(name.into_iter().chain(rest).chain(numbers).collect());
            }
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// The type of some value of a view's column, where columns of views have no declared type. `None` where they have, where
/// there is no value, and where the view cannot be read.
pub async fn sample_type(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
    view: &str,
    column: &str,
) -> Option<String> {
    let query = dialect.ddl().sample_type(view, column)?;
    let rows = rows(session, &query).await.ok()?;
    match rows.into_iter().next()?.into_iter().next()? {
        SqlValue::Text(name) => Some(name.into_owned()),
        _ => None,
    }
}
