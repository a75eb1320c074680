//! Inclusion of related rows.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use protoloop_core::{BoxFuture, CallContext, Result};

use crate::{
    Filter, GroupQuery, Key, MemoryConnector, Model, Query, Record, Repository, Write, WriteError,
    testing::Shop,
};

/// Two authors, four books, three tags, a tree of categories and some notes.
pub(super) fn library() -> Shop {
    let shop = Shop::new();
    fill(&shop);
    shop
}

fn fill(shop: &Shop) {
    let create = |model: &str, rows: &[&str]| {
        let (service, field) = (format!("library.v1.{model}Service"), model.to_lowercase());
        for row in rows {
            shop.ok(
                &format!("{service}/Create{model}"),
                &format!("{{\"{field}\":{row}}}"),
            );
        }
    };
    create(
        "Author",
        &[
            r#"{"id":"a","name":"Ada"}"#,
            r#"{"id":"b","name":"Bob"}"#,
            r#"{"id":"c","name":"Cy"}"#,
        ],
    );
    create("Profile", &[r#"{"author_id":"a","text":"of Ada"}"#]);
    create(
        "Book",
        &[
            r#"{"id":"1","title":"One","author_id":"a","pages":10}"#,
            r#"{"id":"2","title":"Two","author_id":"a","pages":30,"related_ids":["4","1","nowhere"]}"#,
            r#"{"id":"3","title":"Three","author_id":"a","pages":20}"#,
            r#"{"id":"4","title":"Four","author_id":"b","pages":40}"#,
            r#"{"id":"5","title":"Five","pages":50}"#,
        ],
    );
    create(
        "Note",
        &[
            r#"{"id":"n1","subject_type":"Book","subject_id":"1","text":"on One"}"#,
            r#"{"id":"n2","subject_type":"Author","subject_id":"a","text":"on Ada"}"#,
            r#"{"id":"n3","subject_type":"Author","subject_id":"1","text":"on nobody"}"#,
        ],
    );
    create(
        "Category",
        &[
            r#"{"id":"root"}"#,
            r#"{"id":"left","parent_id":"root"}"#,
            r#"{"id":"right","parent_id":"root"}"#,
            r#"{"id":"leaf","parent_id":"left"}"#,
        ],
    );
}

fn get(shop: &Shop, model: &str, id: &str, more: &str) -> String {
    let method = format!("library.v1.{model}Service/Get{model}");
    shop.ok(&method, &format!("{{\"id\":\"{id}\"{more}}}"))
}

#[test]
fn to_one_and_to_many_come_in_their_fields() {
    let shop = library();
    assert_eq!(
        get(&shop, "Book", "1", r#","include":"author""#),
        r#"{"id":"1","title":"One","author_id":"a","author":{"id":"a","name":"Ada"},"pages":10}"#
    );
    assert_eq!(
        get(&shop, "Author", "a", r#","include":"books,profile""#),
        r#"{"id":"a","name":"Ada","books":[{"id":"1","title":"One","author_id":"a","pages":10},{"id":"2","title":"Two","author_id":"a","pages":30,"related_ids":["4","1","nowhere"]},{"id":"3","title":"Three","author_id":"a","pages":20}],"profile":{"id":"1","author_id":"a","text":"of Ada"}}"#
    );
}

#[test]
fn what_is_not_there_is_left_out() {
    let shop = library();
    assert_eq!(
        get(&shop, "Book", "5", r#","include":"author,notes""#),
        r#"{"id":"5","title":"Five","pages":50}"#
    );
    assert_eq!(
        get(&shop, "Author", "c", r#","include":"books,profile""#),
        r#"{"id":"c","name":"Cy"}"#
    );
}

#[test]
fn a_list_of_keys_keeps_its_order() {
    let shop = library();
    assert_eq!(
        get(
            &shop,
            "Book",
            "2",
            r#","include":"related","read_mask":"related.id""#
        ),
        r#"{"related":[{"id":"4"},{"id":"1"}]}"#
    );
    assert_eq!(
        get(
            &shop,
            "Book",
            "2",
            r#","include":"[{\"relation\":\"related\",\"scope\":{\"order\":\"pages\",\"limit\":1,\"fields\":[\"id\"]}}]","read_mask":"title""#
        ),
        r#"{"title":"Two","related":[{"id":"1"}]}"#
    );
}

#[test]
fn polymorphic_relations_ask_for_the_model() {
    let shop = library();
    assert_eq!(
        get(
            &shop,
            "Book",
            "1",
            r#","include":"notes","read_mask":"notes.text""#
        ),
        r#"{"notes":[{"text":"on One"}]}"#
    );
    let note = |id: &str| {
        get(
            &shop,
            "Note",
            id,
            r#","include":"book,author","read_mask":"book.title,author.name""#,
        )
    };
    assert_eq!(note("n1"), r#"{"book":{"title":"One"}}"#);
    assert_eq!(note("n2"), r#"{"author":{"name":"Ada"}}"#);
    assert_eq!(note("n3"), "{}");
}

#[test]
fn inclusions_nest_and_rows_may_meet_themselves() {
    let shop = library();
    assert_eq!(
        get(
            &shop,
            "Category",
            "root",
            r#","include":"children.children,children.parent","read_mask":"children.id,children.children.id""#
        ),
        r#"{"children":[{"id":"left","parent":{"id":"root"},"children":[{"id":"leaf"}]},{"id":"right","parent":{"id":"root"}}]}"#
    );
}

#[test]
fn masks_reach_into_included_rows_and_need_no_key() {
    let shop = library();
    let list = shop.ok(
        "library.v1.BookService/ListBooks",
        r#"{"include":"author","read_mask":"title,author.name","order_by":"pages"}"#,
    );
    assert_eq!(
        list,
        r#"{"books":[{"title":"One","author":{"name":"Ada"}},{"title":"Three","author":{"name":"Ada"}},{"title":"Two","author":{"name":"Ada"}},{"title":"Four","author":{"name":"Bob"}},{"title":"Five"}]}"#
    );
    // A mask that does not name the relation leaves its rows whole.
    assert_eq!(
        get(
            &shop,
            "Book",
            "4",
            r#","include":"author","read_mask":"title""#
        ),
        r#"{"title":"Four","author":{"id":"b","name":"Bob"}}"#
    );
}

#[test]
fn scopes_count_per_parent() {
    let shop = library();
    let list = |scope: &str| {
        let include =
            format!("[{{\"relation\":\"books\",\"scope\":{scope}}}]").replace('"', "\\\"");
        shop.ok(
            "library.v1.AuthorService/ListAuthors",
            &format!("{{\"include\":\"{include}\",\"read_mask\":\"id,books.id\"}}"),
        )
    };
    assert_eq!(
        list(r#"{"order":"pages DESC","limit":1}"#),
        r#"{"authors":[{"id":"a","books":[{"id":"2"}]},{"id":"b","books":[{"id":"4"}]},{"id":"c"}]}"#
    );
    assert_eq!(
        list(r#"{"order":"pages","skip":1,"limit":1}"#),
        r#"{"authors":[{"id":"a","books":[{"id":"3"}]},{"id":"b"},{"id":"c"}]}"#
    );
    assert_eq!(
        list(r#"{"where":{"pages":{"gt":20}}}"#),
        r#"{"authors":[{"id":"a","books":[{"id":"2"}]},{"id":"b","books":[{"id":"4"}]},{"id":"c"}]}"#
    );
}

#[test]
fn hidden_fields_of_included_rows_stay_hidden() {
    let shop = library();
    for (request, message) in [
        (
            r#"{"id":"1","include":"author","read_mask":"author.secret"}"#,
            "INVALID_ARGUMENT: read_mask: path `author.secret`: library.v1.Book has no such field",
        ),
        (
            r#"{"id":"1","include":"[{\"relation\":\"author\",\"scope\":{\"fields\":[\"secret\"]}}]"}"#,
            "INVALID_ARGUMENT: include",
        ),
        (
            r#"{"id":"1","include":"author,nothing"}"#,
            "INVALID_ARGUMENT: include: column 8: `Book` has no relation `nothing`",
        ),
        (
            r#"{"id":"1","include":"author.books.author.books.author.books"}"#,
            "INVALID_ARGUMENT: include: column 34: inclusions nest at most 5 deep",
        ),
    ] {
        let error = shop.err("library.v1.BookService/GetBook", request);
        assert!(error.starts_with(message), "{error}");
    }
}

#[test]
fn a_batch_includes_too() {
    let shop = library();
    assert_eq!(
        shop.ok(
            "library.v1.BookService/BatchGetBooks",
            r#"{"ids":["4","1","4"],"include":"author","read_mask":"id,author.id"}"#,
        ),
        r#"{"books":[{"id":"4","author":{"id":"b"}},{"id":"1","author":{"id":"a"}},{"id":"4","author":{"id":"b"}}]}"#
    );
}

/// A repository that counts the questions it is asked.
struct Counted {
    inner: Arc<dyn Repository<Record>>,
    asked: Arc<AtomicUsize>,
}

impl Counted {
    fn count(&self) {
        self.asked.fetch_add(1, Ordering::Relaxed);
    }
}

impl Repository<Record> for Counted {
    fn model(&self) -> &Arc<Model> {
        self.inner.model()
    }

    fn find<'a>(
        &'a self,
        cx: &'a CallContext,
        query: &'a Query,
    ) -> BoxFuture<'a, Result<Vec<Record>>> {
        self.count();
        self.inner.find(cx, query)
    }

    fn find_by_ids<'a>(
        &'a self,
        cx: &'a CallContext,
        keys: &'a [Key],
    ) -> BoxFuture<'a, Result<Vec<Option<Record>>>> {
        self.count();
        self.inner.find_by_ids(cx, keys)
    }

    fn find_grouped<'a>(
        &'a self,
        cx: &'a CallContext,
        query: &'a GroupQuery,
    ) -> BoxFuture<'a, Result<Vec<Vec<Record>>>> {
        self.count();
        self.inner.find_grouped(cx, query)
    }

    fn count<'a>(
        &'a self,
        cx: &'a CallContext,
        filter: Option<&'a Filter>,
    ) -> BoxFuture<'a, Result<u64>> {
        self.count();
        self.inner.count(cx, filter)
    }

    fn write<'a>(
        &'a self,
        cx: &'a CallContext,
        writes: Vec<Write<Record>>,
    ) -> BoxFuture<'a, Result<Vec<Option<Record>>, WriteError>> {
        self.inner.write(cx, writes)
    }
}

#[test]
fn each_relation_is_one_question_whatever_the_rows() {
    let asked = Arc::new(AtomicUsize::new(0));
    let shop = Shop::with(&MemoryConnector::new(), |inner| {
        let asked = Arc::clone(&asked);
        Arc::new(Counted { inner, asked })
    });
    fill(&shop);
    for (include, due) in [
        ("", 1),
        ("author", 2),
        ("author,notes,related", 4),
        ("author.books.author.profile,author.notes", 6),
    ] {
        asked.store(0, Ordering::Relaxed);
        let request = format!("{{\"include\":\"{include}\"}}");
        shop.ok("library.v1.BookService/ListBooks", &request);
        assert_eq!(asked.load(Ordering::Relaxed), due, "{include}");
    }
}
