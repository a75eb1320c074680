//! Writes that wait for the one connection.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use protoloop_core::Error;
use protoloop_repository::{Record, Write, WriteError};
use protoloop_sql::Table;
use sqlx::sqlite::SqliteConnection;
use tokio::sync::oneshot;

use crate::{
    error::unavailable,
    failure::Failure,
    store::Store,
    transaction::{self, Answers},
};

/// Most calls in one transaction, which bounds how long the first of them waits for the last.
const BATCH: usize = 128;

/// What a call of `write` answers.
pub(crate) type Answer = Result<Answers, WriteError>;

/// Calls that wait. While one transaction is synced to the disk, the next calls gather; then they share one.
#[derive(Debug)]
pub(crate) struct Queue {
    state: Mutex<State>,
    /// Most calls in one transaction.
    most: usize,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Request>,
    /// Whether a task works off what waits.
    running: bool,
}

/// The writes of one call.
#[derive(Debug)]
struct Request {
    table: Arc<Table>,
    writes: Vec<Write<Record>>,
    answer: oneshot::Sender<Answer>,
}

impl Queue {
    /// Nothing waits yet. Without `shared` each call has a transaction of its own.
    pub(crate) fn new(shared: bool) -> Self {
        Self {
            state: Mutex::default(),
            most: if shared { BATCH } else { 1 },
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next calls, those left out whose callers have gone away; at their end the task is done.
    fn next(&self) -> Option<Vec<Request>> {
        let mut state = self.state();
        let mut batch = Vec::new();
        while batch.len() < self.most
            && let Some(request) = state.waiting.pop_front()
        {
            if !request.answer.is_closed() {
                batch.push(request);
            }
        }
        state.running = !batch.is_empty();
        state.running.then_some(batch)
    }
}

impl Store {
    /// Queues the writes of one call. The answer comes when they are durable or refused. A caller that goes away before
    /// they begin takes them back; later they are done, all or none.
    pub(crate) fn submit(
        self: &Arc<Self>,
        table: &Arc<Table>,
        writes: Vec<Write<Record>>,
    ) -> oneshot::Receiver<Answer> {
        let (answer, receiver) = oneshot::channel();
        let mut state = self.queue().state();
        state.waiting.push_back(Request {
            table: Arc::clone(table),
            writes,
            answer,
        });
        if !state.running {
            state.running = true;
            tokio::spawn(work(Arc::clone(self)));
        }
        receiver
    }
}

/// Ends the work when its task is dropped with the runtime: who waits is told so, and the next call begins anew.
struct Unfinished<'a>(&'a Queue);

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.running = false;
        state.waiting.clear();
    }
}

/// Works off what waits.
async fn work(store: Arc<Store>) {
    let unfinished = Unfinished(store.queue());
    while let Some(mut batch) = store.queue().next() {
        let mut writer = match store.write().await {
            Ok(writer) => writer,
            Err(error) => {
                fail(batch.into_iter().map(|request| request.answer), error);
                continue;
            }
        };
        let broken = match batch.pop() {
            Some(one) if batch.is_empty() => alone(&mut writer, one).await,
            last => {
                batch.extend(last);
                together(&mut writer, batch).await
            }
        };
        if broken {
            writer.give_up();
        }
    }
    // By now another task may have begun.
    std::mem::forget(unfinished);
}

/// Does the writes of one call; answers whether the connection is broken.
async fn alone(connection: &mut SqliteConnection, request: Request) -> bool {
    let outcome = transaction::alone(connection, &request.table, request.writes).await;
    let broken = matches!(outcome, Err((_, Failure::Database { broken: true, .. })));
    // A caller that went away needs no answer.
    let _ = request.answer.send(outcome.map_err(write_error));
    broken
}

/// Does the writes of several calls in one transaction; answers whether the connection is broken.
async fn together(connection: &mut SqliteConnection, batch: Vec<Request>) -> bool {
    let mut done = Vec::with_capacity(batch.len());
    let mut batch = batch.into_iter();
    let failure = match shared(connection, &mut batch, &mut done).await {
        Ok(()) => {
            for (answer, outcome) in done {
                let _ = answer.send(outcome);
            }
            return false;
        }
        Err(failure) => failure,
    };
    let broken = matches!(failure, Failure::Database { broken: true, .. });
    let done = done.into_iter().map(|(answer, _)| answer);
    let waiting = batch.map(|request| request.answer);
    fail(done.chain(waiting), failure.into());
    broken
}

/// Does the writes in one transaction and commits it. Outcomes count only when it is committed.
async fn shared(
    connection: &mut SqliteConnection,
    batch: &mut impl Iterator<Item = Request>,
    done: &mut Vec<(oneshot::Sender<Answer>, Answer)>,
) -> Result<(), Failure> {
    let mut transaction = transaction::begin(connection).await?;
    for request in batch {
        let outcome = transaction::within(&mut transaction, &request.table, request.writes).await;
        match outcome {
            Err((index, failure @ Failure::Database { .. })) => {
                let given_up = WriteError {
                    index,
                    error: unavailable("the transaction was given up"),
                };
                done.push((request.answer, Err(given_up)));
                return Err(failure);
            }
            outcome => done.push((request.answer, outcome.map_err(write_error))),
        }
    }
    transaction::commit(transaction).await
}

pub(crate) fn write_error((index, failure): (Option<usize>, Failure)) -> WriteError {
    WriteError {
        index,
        error: failure.into(),
    }
}

/// Answers all with a failure of the whole: the first with what happened, the others with its code and public message.
fn fail(answers: impl Iterator<Item = oneshot::Sender<Answer>>, error: Error) {
    let (code, message) = (error.code(), error.message().to_owned());
    let mut error = Some(error);
    for answer in answers {
        let error = error
            .take()
            .unwrap_or_else(|| Error::new(code, message.clone()));
        let _ = answer.send(Err(error.into()));
    }
}
