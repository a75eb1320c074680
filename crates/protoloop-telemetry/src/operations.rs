//! Work of datasources.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::Instant,
};

use opentelemetry::{
    KeyValue,
    metrics::{BoundHistogram, Histogram},
    trace::SpanKind,
};
use opentelemetry_sdk::trace::Span;
use opentelemetry_semantic_conventions::attribute::{
    DB_COLLECTION_NAME, DB_OPERATION_NAME, DB_QUERY_SUMMARY, DB_SYSTEM_NAME, ERROR_TYPE,
};
use protoloop_core::{
    Code, TraceContext,
    observe::{Operation, OperationEnds, WatchesOperations},
};

use crate::{
    attributes,
    spans::{self, Opening, Spans},
};

/// Watches one datasource.
#[derive(Clone)]
pub(crate) struct Operations(Arc<Shared>);

struct Shared {
    system: KeyValue,
    duration: Histogram<f64>,
    spans: Option<Spans>,
    tables: RwLock<HashMap<Box<str>, Arc<Table>>>,
}

/// The operations on one table.
struct Table {
    name: Arc<str>,
    /// A few: what is done, and how it ended.
    series: RwLock<Vec<Series>>,
}

/// The operations of one kind that ended in one way.
struct Series {
    name: &'static str,
    failed: Option<Code>,
    duration: BoundHistogram<f64>,
}

impl Operations {
    /// `kind` is what the connector calls itself.
    pub(crate) fn new(kind: &str, duration: Histogram<f64>, spans: Option<Spans>) -> Self {
        let system = match kind {
            "postgres" => "postgresql".to_owned(),
            other => other.to_owned(),
        };
        Self(Arc::new(Shared {
            system: attributes::of(DB_SYSTEM_NAME, system),
            duration,
            spans,
            tables: RwLock::default(),
        }))
    }
}

impl Shared {
    fn table(&self, name: &str) -> Arc<Table> {
        let known = self.tables.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(table) = known.get(name) {
            return Arc::clone(table);
        }
        drop(known);
        let mut known = self.tables.write().unwrap_or_else(PoisonError::into_inner);
        let table = known.entry(name.into()).or_insert_with(|| {
            Arc::new(Table {
                name: name.into(),
                series: RwLock::default(),
            })
        });
        Arc::clone(table)
    }

    fn identity(&self, operation: &'static str, table: &Arc<str>) -> Vec<KeyValue> {
        // Room for the summary or the error.
        let mut all = Vec::with_capacity(4);
        all.push(self.system.clone());
        all.push(attributes::of(DB_OPERATION_NAME, operation));
        if !table.is_empty() {
            all.push(attributes::of(DB_COLLECTION_NAME, Arc::clone(table)));
        }
        all
    }

    fn record(&self, table: &Table, name: &'static str, failed: Option<Code>, seconds: f64) {
        let known = table.series.read().unwrap_or_else(PoisonError::into_inner);
        let same = |series: &&Series| series.name == name && series.failed == failed;
        if let Some(series) = known.iter().find(same) {
            return series.duration.record(seconds);
        }
        drop(known);
        let mut all = self.identity(name, &table.name);
        all.extend(failed.map(error));
        let duration = self.duration.bind(&all);
        duration.record(seconds);
        let mut known = table.series.write().unwrap_or_else(PoisonError::into_inner);
        if !known.iter().any(|series| same(&series)) {
            known.push(Series {
                name,
                failed,
                duration,
            });
        }
    }
}

fn error(code: Code) -> KeyValue {
    attributes::of(ERROR_TYPE, code.name())
}

impl WatchesOperations for Operations {
    fn begin(&self, operation: &Operation<'_>) -> Box<dyn OperationEnds> {
        let table = self.0.table(operation.collection);
        let within = operation.trace.filter(TraceContext::recorded);
        let span = self
            .0
            .spans
            .as_ref()
            .zip(within)
            .and_then(|(spans, within)| {
                let opening = Opening {
                    place: within.child(),
                    parent: Some(within),
                    remote: None,
                    kind: SpanKind::Client,
                };
                spans.begin(opening, || {
                    let summary = match &*table.name {
                        "" => operation.name.to_owned(),
                        table => format!("{} {table}", operation.name),
                    };
                    let mut attributes = self.0.identity(operation.name, &table.name);
                    attributes.push(attributes::of(DB_QUERY_SUMMARY, summary.clone()));
                    (summary.into(), attributes)
                })
            });
        Box::new(WatchedOperation {
            shared: Arc::clone(&self.0),
            table,
            name: operation.name,
            began: Instant::now(),
            open: Some(span),
        })
    }
}

struct WatchedOperation {
    shared: Arc<Shared>,
    table: Arc<Table>,
    name: &'static str,
    began: Instant,
    /// `None` when the end was told.
    open: Option<Option<Span>>,
}

impl WatchedOperation {
    fn tell(&mut self, failed: Option<Code>) {
        let Some(span) = self.open.take() else {
            return;
        };
        let seconds = self.began.elapsed().as_secs_f64();
        self.shared.record(&self.table, self.name, failed, seconds);
        if let Some(span) = span {
            spans::end(span, failed.map(error), failed);
        }
    }
}

impl OperationEnds for WatchedOperation {
    fn end(mut self: Box<Self>, failed: Option<Code>) {
        self.tell(failed);
    }
}

impl Drop for WatchedOperation {
    fn drop(&mut self) {
        self.tell(Some(Code::Cancelled));
    }
}
