//! Planning and applying.

use std::time::Duration;

use protoloop_core::{Code, Error, Result};
use protoloop_sql::{
    Dialect, Table,
    migrate::{self, Phase, Plan, Record, Request, Step},
};

use crate::{
    Desired, Entry, EntryState, Folder, MigrationFile, Observer, Session, State, Status, Target,
    error::refused, execute::Execution, journal,
};

/// How a database is migrated.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whether steps that can lose data are taken. Files are taken whatever they do: they were read by someone.
    pub allow_destructive: bool,
    /// Models that were renamed: full names, old and new.
    pub renames: Vec<(String, String)>,
    /// Which steps are taken.
    pub phases: Phases,
    /// How long the lock is waited for. Default: a minute.
    pub lock_wait: Duration,
}

/// Which steps of a migration are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phases {
    /// All of them.
    #[default]
    All,
    /// Those that code of before does not mind: what is applied before a rollout.
    Expand,
    /// Those that are left when nothing expands any more: what is applied behind a rollout. While something has to expand
    /// first, nothing is done and the migration fails.
    Contract,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            allow_destructive: false,
            renames: Vec::new(),
            phases: Phases::All,
            lock_wait: Duration::from_secs(60),
        }
    }
}

/// What was done.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct Applied {
    /// Ids in the journal, in order.
    pub ids: Vec<String>,
    /// The steps of plans and files, in order; those that someone else had done before a crash are left out.
    pub steps: Vec<Step>,
    /// Steps that were not taken, because they lose data or because only those that expand were wanted.
    pub withheld: Vec<Step>,
}

/// Brings a database to the schema of models.
#[derive(Debug)]
pub struct Migrator<'a> {
    target: &'a dyn Target,
    desired: &'a Desired,
    options: Options,
}

impl<'a> Migrator<'a> {
    /// One for a database and models.
    #[must_use]
    pub fn new(target: &'a dyn Target, desired: &'a Desired, options: Options) -> Self {
        Self {
            target,
            desired,
            options,
        }
    }

    fn dialect(&self) -> &'static dyn Dialect {
        self.target.dialect()
    }

    /// Compares the models with the database as it is.
    ///
    /// # Errors
    /// UNAVAILABLE when the database is not reached.
    pub async fn plan(&self) -> Result<Plan> {
        Ok(self.plan_for(&self.look().await?))
    }

    /// Reads the database without the lock.
    ///
    /// # Errors
    /// As [`Migrator::plan`].
    pub async fn look(&self) -> Result<State> {
        let mut session = self.target.open(None).await?;
        let state = State::read_for(&mut *session, self.dialect(), self.desired).await;
        session.close().await;
        state
    }

    /// The same while nobody changes it: waits for the lock.
    ///
    /// # Errors
    /// As [`Migrator::plan`]; UNAVAILABLE when the lock is not had in time.
    pub async fn look_alone(&self) -> Result<State> {
        let mut session = self.target.open(Some(self.options.lock_wait)).await?;
        let state = State::read_for(&mut *session, self.dialect(), self.desired).await;
        session.close().await;
        state
    }

    /// The tables of the models.
    pub(crate) fn desired(&self) -> &Desired {
        self.desired
    }

    /// Compares the models with a database.
    #[must_use]
    pub fn plan_for(&self, state: &State) -> Plan {
        let own = state.key_values.as_deref();
        let tables: Vec<&Table> = self.desired.tables().iter().chain(own).collect();
        migrate::plan(&Request {
            tables: &tables,
            live: &state.live,
            record: &state.record,
            packages: &self.desired.packages(),
            renames: &self.options.renames,
            dangling: &state.dangling,
            allow_destructive: self.options.allow_destructive,
        })
    }

    /// How the files of a folder and the models stand to the database.
    ///
    /// # Errors
    /// As [`Migrator::plan`].
    pub async fn status(&self, folder: &Folder) -> Result<Status> {
        let state = self.look().await?;
        let plan = self.plan_for(&state);
        Ok(Status::new(self.dialect().name(), folder, state, plan))
    }

    /// Applies what the models need, directly.
    ///
    /// # Errors
    /// FAILED_PRECONDITION when a difference cannot be mended or needs a step that was not allowed (then nothing was
    /// done), or when a step fails; UNAVAILABLE when the database is not reached or the lock is not had in time.
    pub async fn apply(&self, observer: &mut dyn Observer) -> Result<Applied> {
        let mut tries = 0;
        loop {
            let applied = self.try_apply(observer).await;
            tries += 1;
            if !met_another(&applied, tries) {
                return applied;
            }
            self.target.pause(tries).await;
        }
    }

    async fn try_apply(&self, observer: &mut dyn Observer) -> Result<Applied> {
        let mut session = self.target.open(Some(self.options.lock_wait)).await?;
        let applied = match session.begin().await {
            Ok(()) => self.apply_plan(&mut *session, observer).await,
            Err(error) => Err(error),
        };
        finish(session, applied).await
    }

    async fn apply_plan(
        &self,
        session: &mut dyn Session,
        observer: &mut dyn Observer,
    ) -> Result<Applied> {
        let dialect = self.dialect();
        let state = State::read_for(session, dialect, self.desired).await?;
        let plan = self.plan_for(&state);
        let obstacles = plan.obstacles();
        if !obstacles.is_empty() {
            return Err(refused(
                "the database does not fit the models; migrate it, or use another",
                &obstacles,
            ));
        }
        let (steps, mut withheld) = self.chosen(&plan)?;
        withheld.extend(plan.withheld);
        let mut after = known(&state.record, plan.record, &withheld);
        if self.options.phases == Phases::Expand {
            keep_kinds(&state.record, &mut after);
        }
        if steps.is_empty() && after == state.stored {
            session.rollback().await?;
            return Ok(Applied {
                withheld,
                ..Applied::default()
            });
        }
        make_tables(session, dialect, &state).await?;
        let mut ids = Vec::new();
        if steps.is_empty() {
            for statement in state.stored.write(&after, dialect) {
                session.run(statement).await?;
            }
            session.commit().await?;
        } else {
            replace_broken_off(session, dialect, &state).await?;
            let id = journal::next_auto(&state.journal);
            let entry = Entry::begin(&id, "", steps.len());
            session.run(entry.insert(dialect)).await?;
            Execution::new(session, dialect, observer, entry, state)
                .run(&steps, &after)
                .await?;
            ids.push(id);
        }
        Ok(Applied {
            ids,
            steps,
            withheld,
        })
    }

    /// A contract phase begins where nothing is left to expand.
    fn check_expanded(&self, steps: &[Step]) -> Result<()> {
        let expanding = steps.iter().filter(|step| step.phase == Phase::Expand);
        let expanding: Vec<_> = expanding.map(ToString::to_string).collect();
        if self.options.phases != Phases::Contract || expanding.is_empty() {
            return Ok(());
        }
        Err(refused(
            "the database has not been expanded; apply the phase expand and roll out first",
            &expanding,
        ))
    }

    /// The steps to take now, and those to leave.
    fn chosen(&self, plan: &Plan) -> Result<(Vec<Step>, Vec<Step>)> {
        let all = || (plan.steps.clone(), Vec::new());
        match self.options.phases {
            Phases::All => Ok(all()),
            Phases::Expand => Ok(plan.expanding()),
            Phases::Contract => {
                self.check_expanded(&plan.expanding().0)?;
                Ok(all())
            }
        }
    }

    /// Applies the files of a folder that were not, in order.
    ///
    /// # Errors
    /// FAILED_PRECONDITION when an applied file was changed or is gone, or a new one stands before an applied one, or
    /// when a step fails; UNAVAILABLE when the database is not reached or the lock is not had in time.
    pub async fn apply_files(
        &self,
        folder: &Folder,
        observer: &mut dyn Observer,
    ) -> Result<Applied> {
        let mut applied = Applied::default();
        let mut tries = 0;
        loop {
            let mut session = self.target.open(Some(self.options.lock_wait)).await?;
            let outcome = self.apply_all_files(&mut *session, folder, &mut applied, observer);
            let outcome = outcome.await;
            let outcome = finish(session, outcome).await;
            tries += 1;
            if !met_another(&outcome, tries) {
                return outcome.map(|()| applied);
            }
            self.target.pause(tries).await;
        }
    }

    async fn apply_all_files(
        &self,
        session: &mut dyn Session,
        folder: &Folder,
        applied: &mut Applied,
        observer: &mut dyn Observer,
    ) -> Result<()> {
        loop {
            session.begin().await?;
            let state = State::read(session, self.dialect()).await?;
            let problems = crate::status::problems(folder, &state.journal);
            if !problems.is_empty() {
                return Err(refused(
                    "the migrations do not fit those that were applied",
                    &problems,
                ));
            }
            let Some(file) = crate::status::next(folder, &state.journal) else {
                return session.rollback().await;
            };
            if file.phase() == Phase::Expand {
                self.check_expanded(&file.steps)?;
            }
            if self.options.phases == Phases::Expand && file.phase() == Phase::Contract {
                applied.withheld.extend(file.steps.iter().cloned());
                return session.rollback().await;
            }
            let done = self.apply_file(session, file, state, observer).await?;
            applied.ids.push(file.id());
            applied.steps.extend(file.steps.iter().skip(done).cloned());
        }
    }

    /// Applies a file, and answers how many of its steps had been done before.
    async fn apply_file(
        &self,
        session: &mut dyn Session,
        file: &MigrationFile,
        state: State,
        observer: &mut dyn Observer,
    ) -> Result<usize> {
        let dialect = self.dialect();
        make_tables(session, dialect, &state).await?;
        replace_broken_off(session, dialect, &state).await?;
        let id = file.id();
        let entry = match state.journal.iter().find(|entry| entry.id == id) {
            Some(begun) => Entry {
                checksum: file.checksum.clone(),
                steps: file.steps.len(),
                ..begun.clone()
            },
            None => {
                let entry = Entry::begin(&id, &file.checksum, file.steps.len());
                session.run(entry.insert(dialect)).await?;
                entry
            }
        };
        let done = entry.done;
        let after = state.record.with(&file.record);
        Execution::new(session, dialect, observer, entry, state)
            .run(&file.steps, &after)
            .await
            .map_err(|error| crate::error::during(&id, error))?;
        Ok(done)
    }
}

/// What is remembered when some steps are left: models whose table a left step touches stay as they are known.
fn known(before: &Record, mut after: Record, left: &[Step]) -> Record {
    // Left drops of columns are remembered by the plan itself.
    let touched: Vec<&str> = left
        .iter()
        .filter(|step| !matches!(step.action, migrate::Action::DropColumn { .. }))
        .filter_map(|step| step.action.table())
        .collect();
    for (name, model) in &before.models {
        if touched.contains(&model.table.as_str()) {
            after.models.insert(name.clone(), model.clone());
        }
    }
    after
}

/// Leaves it to the last phase to note that a column takes the values of another kind, where that asks for no step: code of before
/// starts on what is noted, and could not on wider values.
fn keep_kinds(before: &Record, after: &mut Record) {
    for (name, after) in &mut after.models {
        let Some(before) = before.models.get(name) else {
            continue;
        };
        for (number, after) in &mut after.fields {
            let same = before.fields.get(number);
            if let Some(same) = same.filter(|before| before.column == after.column) {
                after.kind.clone_from(&same.kind);
            }
        }
    }
}

/// Makes the tables of migrations where they are missing.
async fn make_tables(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
    state: &State,
) -> Result<()> {
    if state.has_tables {
        return Ok(());
    }
    for sql in dialect.ddl().own_tables() {
        session.execute(sql).await?;
    }
    if !dialect.ddl().is_transactional() {
        session.commit().await?;
        session.begin().await?;
    }
    Ok(())
}

/// Closes the entries of plans that broke off: what is left of them is in the plan of now.
async fn replace_broken_off(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
    state: &State,
) -> Result<()> {
    let broken_off = state
        .journal
        .iter()
        .filter(|entry| entry.state == EntryState::Running && !entry.is_file());
    for entry in broken_off {
        let mut entry = entry.clone();
        entry.finish(EntryState::Replaced);
        session.run(entry.update(dialect)).await?;
    }
    Ok(())
}

/// How often a migration is tried that met a transaction which held what it needed.
const TRIES: u32 = 8;

/// Whether something failed because another transaction held what it needed, and is to be tried again.
fn met_another<T>(outcome: &Result<T>, tries: u32) -> bool {
    match outcome {
        Err(error) if error.code() == Code::Aborted && tries < TRIES => {
            tracing::warn!(error = error.message(), "trying to migrate again");
            true
        }
        _ => false,
    }
}

/// Takes back what failed and lets go of the lock.
async fn finish<T>(mut session: crate::BoxSession<'_>, outcome: Result<T>) -> Result<T> {
    if outcome.is_err()
        && let Err(error) = session.rollback().await
    {
        tracing::warn!(
            error = error.message(),
            "a migration was not taken back by hand"
        );
    }
    session.close().await;
    outcome
}

/// A file for what a plan does, to be written to a folder.
///
/// # Errors
/// FAILED_PRECONDITION when the plan has problems or withheld steps that are needed and `by_hand` does not say that
/// someone will write statements for them.
pub fn file_for(
    plan: &Plan,
    before: &Record,
    version: u32,
    name: &str,
    dialect: &str,
    by_hand: bool,
) -> Result<Vec<MigrationFile>> {
    let obstacles = plan.obstacles();
    if !obstacles.is_empty() && !by_hand {
        return Err(refused("the plan is not whole", &obstacles));
    }
    if name.is_empty()
        || !name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
    {
        return Err(Error::invalid_argument(format!(
            "`{name}` is no name for a migration; take letters, digits, _ and -"
        )));
    }
    let file = |version: u32, name: String, steps: &[Step]| MigrationFile {
        version,
        name,
        dialect: Some(dialect.to_owned()),
        steps: steps.to_vec(),
        record: std::collections::BTreeMap::new(),
        checksum: String::new(),
    };
    let expanding = plan
        .steps
        .iter()
        .take_while(|step| step.phase == Phase::Expand);
    let (expand, contract) = plan.steps.split_at(expanding.count());
    let apart = !expand.is_empty()
        && !contract.is_empty()
        && contract.iter().all(|step| step.phase == Phase::Contract);
    let mut files = if apart {
        vec![
            file(version, name.to_owned(), expand),
            file(version + 1, format!("{name}_contract"), contract),
        ]
    } else {
        vec![file(version, name.to_owned(), &plan.steps)]
    };
    if let Some(last) = files.last_mut() {
        last.record = before.difference(&plan.record);
    }
    Ok(files)
}
