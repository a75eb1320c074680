use std::sync::Mutex;

use futures_util::StreamExt as _;

use super::*;
use crate::{
    MemoryConnector,
    testing::{Shop, member, now},
};

/// Writes down what it is told.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl Lines {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().expect("nobody panics"))
    }
}

struct Line(Lines, String);

impl WatchesOperations for Lines {
    fn begin(&self, operation: &Operation<'_>) -> Box<dyn OperationEnds> {
        let line = format!("{} {}", operation.name, operation.collection);
        Box::new(Line(self.clone(), line))
    }
}

impl OperationEnds for Line {
    fn end(self: Box<Self>, failed: Option<Code>) {
        let failed = failed.map_or("OK", Code::name);
        let line = format!("{} {failed}", self.1);
        self.0.0.lock().expect("nobody panics").push(line);
    }
}

fn shop() -> (Shop, Lines) {
    let lines = Lines::default();
    let watch: Arc<dyn WatchesOperations> = Arc::new(lines.clone());
    let shop = Shop::with(&MemoryConnector::new(), |inner| {
        Arc::new(Observed::new(inner, Arc::clone(&watch)))
    });
    lines.take();
    (shop, lines)
}

#[test]
fn work_is_told_by_what_it_does_and_how_it_ended() {
    let (shop, lines) = shop();
    let book = r#"{"book":{"title":"t","code":"c"}}"#;
    let made = shop.ok("BookService/CreateBook", book);
    assert_eq!(lines.take(), ["INSERT books OK"]);
    let id = member(&made, "id");
    shop.ok("BookService/GetBook", &format!(r#"{{"id":"{id}"}}"#));
    assert_eq!(lines.take(), ["SELECT books OK"]);
    shop.err("BookService/CreateBook", book);
    assert_eq!(lines.take(), ["INSERT books ALREADY_EXISTS"]);
}

#[test]
fn a_transaction_is_told_by_its_begin_and_its_end() {
    let (shop, lines) = shop();
    let watch: Arc<dyn WatchesOperations> = Arc::new(lines.clone());
    let books = Observed::new(shop.books, watch);
    let (cx, options) = (CallContext::new(), TransactionOptions::new());
    let begin = |cx: &CallContext| now(books.begin(cx, &options)).expect("begun");
    let transaction = begin(&cx);
    let savepoint = begin(transaction.cx());
    now(books.count(savepoint.cx(), None)).expect("counted");
    now(savepoint.commit()).expect("kept");
    now(transaction.commit()).expect("committed");
    assert_eq!(lines.take(), ["BEGIN  OK", "SELECT books OK", "COMMIT  OK"]);
    now(begin(&cx).rollback()).expect("taken back");
    drop(begin(&cx));
    assert_eq!(lines.take(), ["BEGIN  OK", "ROLLBACK  OK", "BEGIN  OK"]);
}

#[test]
fn a_stream_ends_with_its_last_row() {
    let (shop, lines) = shop();
    let watch: Arc<dyn WatchesOperations> = Arc::new(lines.clone());
    let books = Observed::new(shop.books, watch);
    let (cx, query) = (
        CallContext::new(),
        Query::new(books.model().key_order().clone()),
    );
    let rows: Vec<_> = now(books.stream(&cx, &query).collect());
    assert!(rows.is_empty());
    assert_eq!(lines.take(), ["SELECT books OK"]);
    drop(books.stream(&cx, &query));
    assert!(lines.take().is_empty(), "given up");
}

#[test]
fn names_are_few() {
    assert_eq!(name_of_native("\n insert INTO books"), INSERT);
    assert_eq!(name_of_native("VACUUM"), "EXECUTE");
    assert_eq!(name_of(&[]), BATCH);
}
