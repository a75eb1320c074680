//! What a start does about a database.

use std::collections::BTreeSet;

use protoloop_core::Result;
use protoloop_repository::OnStart;
use protoloop_sql::{Table, migrate::Plan};

use crate::{Desired, EntryState, Migrator, Observer, State, error::refused};

/// The package of the toolkit's own models. Their tables are made by who uses them, also where others stand.
const OWN: &str = "protoloop.v1.";
/// How their tables begin.
const OWN_TABLES: &str = "protoloop_";

impl Migrator<'_> {
    /// Does what a start is told to do about a database that may not fit the models.
    ///
    /// Of several starts in an empty database one makes the tables, and the others wait until it has.
    ///
    /// # Errors
    /// FAILED_PRECONDITION with everything that differs, and what mends it; else as [`Migrator::apply`].
    pub async fn start(&self, how: OnStart, observer: &mut dyn Observer) -> Result<()> {
        match how {
            OnStart::Apply => self.apply(observer).await.map(drop),
            OnStart::Check => self.check().await,
            OnStart::Create => self.create(observer).await,
        }
    }

    async fn create(&self, observer: &mut dyn Observer) -> Result<()> {
        if needs(&self.plan().await?).is_empty() {
            return Ok(());
        }
        let state = self.look_alone().await?;
        if self.is_new(&state) {
            return self.apply(observer).await.map(drop);
        }
        let needs = needs(&self.plan_for(&state));
        match needs.is_empty() {
            true => Ok(()),
            false => Err(not_fit(&needs)),
        }
    }

    /// Whether a database is nobody's yet, so that a start may make tables in it: nothing stands there, or what the first
    /// start made before it broke off. The toolkit's own tables are made beside those of others.
    #[must_use]
    pub fn is_new(&self, state: &State) -> bool {
        is_new(state, self.desired())
    }

    /// Refuses a database that code of now would not work on, and changes nothing.
    ///
    /// # Errors
    /// FAILED_PRECONDITION with everything that is missing; UNAVAILABLE when the database is not reached.
    pub async fn check(&self) -> Result<()> {
        let needs = needs(&self.plan().await?);
        match needs.is_empty() {
            true => Ok(()),
            false => Err(not_fit(&needs)),
        }
    }
}

fn not_fit(needs: &[String]) -> protoloop_core::Error {
    let mut lines = needs.to_vec();
    lines.push(
        "`protoloop migrate apply` brings it up to date, `protoloop migrate plan` shows how; \
         an application does so itself with `.migrate(OnStart::Apply)`"
            .to_owned(),
    );
    refused("the database does not fit the models", &lines)
}

/// Why code of now would not work on the database as it is, one line each.
fn needs(plan: &Plan) -> Vec<String> {
    let steps = plan.steps.iter().filter(|step| step.required);
    let mut needs: Vec<_> = steps.map(ToString::to_string).collect();
    needs.extend(plan.obstacles());
    needs
}

fn is_new(state: &State, desired: &Desired) -> bool {
    let own = |table: &Table| table.model().full_name().starts_with(OWN);
    let tables = desired.tables();
    let stands = |table: &Table| state.live.tables.contains_key(table.name());
    if !tables.is_empty() && tables.iter().all(own) {
        return !tables.iter().any(stands);
    }
    if state
        .record
        .models
        .keys()
        .any(|name| !name.starts_with(OWN))
    {
        return false;
    }
    let ours: BTreeSet<_> = tables.iter().map(Table::name).collect();
    let mut journal = state.journal.iter();
    let begun = journal.any(|entry| entry.state != EntryState::Done);
    let expected = |name: &str| name.starts_with(OWN_TABLES) || begun && ours.contains(name);
    state.live.tables.keys().all(|name| expected(name))
}
