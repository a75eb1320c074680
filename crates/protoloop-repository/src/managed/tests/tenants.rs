//! Callers meet only rows of their tenant, whatever they try.

use std::sync::{Arc, Mutex};

use protoloop_core::{BoxFuture, CallContext, Caller, Code, Result};

use super::{Life, tables};
use crate::{
    Changes, CompareOp, Connector as _, Filter, Key, MemoryConnector, Model, Query, Record,
    Repository, RepositoryExt as _, StandardEngine, Transaction, TransactionOptions, Value, Write,
    WriteError,
    testing::{member, now},
};

/// `a` of acme with code `c`, `b` of beta.
fn two() -> Life {
    let life = Life::new();
    life.of("acme").ok(
        "NoteService/CreateNote",
        r#"{"note":{"text":"secret","code":"c","list_id":"l"},"note_id":"a"}"#,
    );
    life.of("beta").ok(
        "NoteService/CreateNote",
        r#"{"note":{"text":"other"},"note_id":"b"}"#,
    );
    life.nobody()
        .ok("ListService/CreateList", r#"{"list":{},"list_id":"l"}"#);
    life
}

#[test]
fn a_row_belongs_to_the_tenant_that_makes_it() {
    let life = two();
    let a = life.of("acme").ok("NoteService/GetNote", r#"{"id":"a"}"#);
    assert_eq!(member(&a, "tenant"), "acme");
    // Naming it is no harm, naming another one is.
    let own = r#"{"note":{"tenant":"acme","text":"x"},"note_id":"c"}"#;
    life.of("acme").ok("NoteService/CreateNote", own);
    let error = life.of("beta").err("NoteService/CreateNote", own);
    let due = "note.tenant: is written from the caller's tenant, which is another";
    assert_eq!(error, format!("INVALID_ARGUMENT: {due}"));
}

#[test]
fn who_is_of_no_tenant_is_refused() {
    let life = two();
    let calls = [
        ("GetNote", r#"{"id":"a"}"#),
        ("ListNotes", "{}"),
        ("CountNotes", "{}"),
        ("BatchGetNotes", r#"{"ids":["a"]}"#),
        ("CreateNote", r#"{"note":{},"note_id":"z"}"#),
        ("UpdateNote", r#"{"note":{"id":"a","text":"x"}}"#),
        ("DeleteNote", r#"{"id":"a"}"#),
        ("BatchDeleteNotes", r#"{"ids":["a"]}"#),
        ("PurgeNotes", r#"{"filter":"*","force":true}"#),
        ("BulkUpdateNotes", r#"{"filter":"*","note":{"text":"x"}}"#),
    ];
    for (method, request) in calls {
        let method = format!("NoteService/{method}");
        let error = life.nobody().call(&method, request).unwrap_err();
        assert_eq!(error.code(), Code::Unauthenticated, "{method}");
        for caller in [
            Caller::new("ada"),
            Caller::anonymous(),
            Caller::new("ada").in_tenant(""),
        ] {
            let error = life.caller(caller).call(&method, request).unwrap_err();
            assert_eq!(error.code(), Code::PermissionDenied, "{method}");
        }
    }
    assert_eq!(
        life.caller(Caller::every_tenant())
            .ok("NoteService/CountNotes", "{}"),
        r#"{"count":"2"}"#
    );
}

/// Requests of beta for rows of acme. Each is answered as if they were not there.
const ESCAPES: &[(&str, &str, &str)] = &[
    ("GetNote", r#"{"id":"a"}"#, "NOT_FOUND"),
    ("GetNote", r#"{"id":"a","read_mask":"text"}"#, "NOT_FOUND"),
    ("BatchGetNotes", r#"{"ids":["b","a"]}"#, "NOT_FOUND"),
    (
        "UpdateNote",
        r#"{"note":{"id":"a","text":"x"}}"#,
        "NOT_FOUND",
    ),
    (
        "UpdateNote",
        r#"{"note":{"id":"a","text":"x"},"update_mask":"*"}"#,
        "NOT_FOUND",
    ),
    (
        "UpdateNote",
        r#"{"note":{"id":"a","text":"x","etag":"*"}}"#,
        "NOT_FOUND",
    ),
    (
        "UpdateNote",
        r#"{"note":{"id":"b","tenant":"acme"}}"#,
        "INVALID_ARGUMENT",
    ),
    (
        "UpdateNote",
        r#"{"note":{"id":"b","tenant":"acme","text":"x"},"update_mask":"text"}"#,
        "INVALID_ARGUMENT",
    ),
    (
        "UpdateNote",
        r#"{"note":{"id":"a","tenant":"acme","text":"x"},"update_mask":"*","allow_missing":true}"#,
        "INVALID_ARGUMENT",
    ),
    // The id is taken by a row that is not told of.
    (
        "UpdateNote",
        r#"{"note":{"id":"a","text":"x"},"update_mask":"*","allow_missing":true}"#,
        "ALREADY_EXISTS",
    ),
    (
        "CreateNote",
        r#"{"note":{"text":"x"},"note_id":"a"}"#,
        "ALREADY_EXISTS",
    ),
    ("DeleteNote", r#"{"id":"a"}"#, "NOT_FOUND"),
    ("DeleteNote", r#"{"id":"a","etag":"*"}"#, "NOT_FOUND"),
    ("BatchDeleteNotes", r#"{"ids":["b","a"]}"#, "NOT_FOUND"),
    (
        "BatchUpdateNotes",
        r#"{"requests":[{"note":{"id":"b","text":"x"}},{"note":{"id":"a","text":"x"}}]}"#,
        "NOT_FOUND",
    ),
    (
        "BulkUpdateNotes",
        r#"{"filter":"*","note":{"tenant":"acme"}}"#,
        "INVALID_ARGUMENT",
    ),
    (
        "BatchCreateNotes",
        r#"{"requests":[{"note":{"tenant":"acme"},"note_id":"y"}]}"#,
        "INVALID_ARGUMENT",
    ),
];

#[test]
fn no_method_reaches_a_row_of_another_tenant() {
    let life = two();
    let beta = life.of("beta");
    for (method, request, code) in ESCAPES {
        let error = beta.err(&format!("NoteService/{method}"), request);
        assert!(error.starts_with(code), "{method} {request}: {error}");
        assert!(
            !error.contains("acme") && !error.contains("secret"),
            "{error}"
        );
    }
    let gone = r#"{"id":"a","allow_missing":true}"#;
    assert_eq!(beta.ok("NoteService/DeleteNote", gone), "{}");
    let acme = life.of("acme").ok("NoteService/ListNotes", "{}");
    assert!(acme.contains("secret") && !acme.contains("other"), "{acme}");
    assert!(beta.ok("NoteService/ListNotes", "{}").contains("other"));
}

#[test]
fn no_filter_reaches_a_row_of_another_tenant() {
    let life = two();
    let beta = life.of("beta");
    let filters = [
        "",
        "id = \\\"a\\\"",
        "tenant = \\\"acme\\\"",
        "tenant = \\\"acme\\\" OR tenant != \\\"acme\\\"",
        "NOT tenant = \\\"beta\\\"",
        "NOT (NOT text = \\\"secret\\\")",
        "text = \\\"secret\\\" OR id = \\\"a\\\"",
        "-id = \\\"b\\\"",
        "{\\\"where\\\":{\\\"or\\\":[{\\\"tenant\\\":\\\"acme\\\"},{\\\"id\\\":\\\"a\\\"}]}}",
    ];
    for filter in filters {
        let request = format!("{{\"filter\":\"{filter}\"}}");
        let listed = beta.ok("NoteService/ListNotes", &request);
        assert!(!listed.contains("secret"), "{filter}: {listed}");
        let counted = beta.ok("NoteService/CountNotes", &request);
        assert!(
            ["{}", r#"{"count":"1"}"#].contains(&&*counted),
            "{filter}: {counted}"
        );
    }
    let purged = r#"{"filter":"*","force":true}"#;
    assert_eq!(
        beta.ok("NoteService/PurgeNotes", purged),
        r#"{"purge_count":"1"}"#
    );
    life.of("acme").ok("NoteService/GetNote", r#"{"id":"a"}"#);
}

#[test]
fn related_rows_of_another_tenant_are_not_there() {
    let life = two();
    let request = r#"{"filter":"notes.text = \"secret\""}"#;
    let acme = life.of("acme").ok("ListService/ListLists", request);
    assert!(acme.contains("\"l\""), "{acme}");
    assert_eq!(life.of("beta").ok("ListService/ListLists", request), "{}");
    let error = life.nobody().err("ListService/ListLists", request);
    assert!(error.starts_with("UNAUTHENTICATED"), "{error}");
    // Without a word about notes nobody needs a tenant.
    life.nobody().ok("ListService/ListLists", "{}");
}

#[test]
fn a_page_token_is_of_one_tenant() {
    let life = two();
    life.of("acme")
        .ok("NoteService/CreateNote", r#"{"note":{},"note_id":"c"}"#);
    let page = r#"{"page_size":1}"#;
    let first = life.of("acme").ok("NoteService/ListNotes", page);
    let token = member(&first, "next_page_token");
    let next = format!("{{\"page_size\":1,\"page_token\":\"{token}\"}}");
    life.of("acme").ok("NoteService/ListNotes", &next);
    let error = life.of("beta").err("NoteService/ListNotes", &next);
    assert!(error.starts_with("INVALID_ARGUMENT: page_token"), "{error}");
}

#[test]
fn a_request_id_is_of_one_tenant() {
    let life = two();
    let request = r#"{"note":{"text":"mine"},"note_id":"r","request_id":"1"}"#;
    life.of("acme").ok("NoteService/CreateNote", request);
    let again = life.of("acme").ok("NoteService/CreateNote", request);
    assert_eq!(member(&again, "tenant"), "acme");
    let error = life.of("beta").err("NoteService/CreateNote", request);
    assert!(error.starts_with("ALREADY_EXISTS"), "{error}");
}

#[test]
fn unique_values_are_taken_within_a_tenant() {
    let life = two();
    let same = r#"{"note":{"code":"c"},"note_id":"d"}"#;
    life.of("beta").ok("NoteService/CreateNote", same);
    let again = r#"{"note":{"code":"c"},"note_id":"e"}"#;
    let error = life.of("beta").err("NoteService/CreateNote", again);
    assert_eq!(error, "ALREADY_EXISTS: another note has the same code");
}

#[test]
fn a_hidden_number_can_be_the_tenant() {
    let life = Life::new();
    let answer = life
        .of("7")
        .ok("PageService/CreatePage", r#"{"page":{"title":"t"}}"#);
    assert!(!answer.contains("org"), "{answer}");
    let get = format!("{{\"id\":\"{}\"}}", member(&answer, "id"));
    life.of("7").ok("PageService/GetPage", &get);
    for other in ["8", "07"] {
        let met = life.of(other).call("PageService/GetPage", &get);
        assert_eq!(met.is_ok(), other == "07", "{other}");
    }
    for none in ["0", "acme", "9999999999999999999999"] {
        let error = life.of(none).err("PageService/GetPage", &get);
        assert!(error.starts_with("PERMISSION_DENIED"), "{none}: {error}");
    }
    let error = life
        .of("7")
        .err("PageService/CreatePage", r#"{"page":{"org":"7"}}"#);
    assert!(error.starts_with("INVALID_ARGUMENT: page.org"), "{error}");
}

#[test]
fn code_meets_the_rows_of_its_context_only() {
    let life = two();
    let notes = life.managed("Note");
    let beta = CallContext::new().with_caller(Caller::anonymous().in_tenant("beta"));
    let every = CallContext::new().with_caller(Caller::every_tenant());
    let a = now(notes.find_by_id(&every, &"a".into())).expect("acme's");
    let stolen = now(notes.find_by_id(&beta, &"a".into())).unwrap_err();
    assert_eq!(stolen.code(), Code::NotFound);
    assert!(!now(notes.exists(&beta, &"a".into())).unwrap());
    let one = Filter::parse(notes.model(), "text = \"secret\"").unwrap();
    assert_eq!(now(notes.find_one(&beta, one)).unwrap(), None);
    assert_eq!(now(notes.count(&beta, None)).unwrap(), 1);
    // A row of acme's cannot be put in its place, nor one moved there.
    let saved = now(notes.save(&beta, a.clone())).unwrap_err();
    assert_eq!(saved.code(), Code::InvalidArgument, "{saved}");
    let b = now(notes.find_by_id(&beta, &"b".into())).unwrap();
    let moved = move |row: &mut Record| {
        let mut bytes = b.0.to_vec();
        bytes.extend([0x12, 4]);
        bytes.extend(b"acme");
        *row = Record(bytes.into());
        Ok(())
    };
    let moved = now(notes.update_by_id(&beta, &"b".into(), moved)).unwrap_err();
    assert_eq!(moved.code(), Code::InvalidArgument, "{moved}");
    let removed = now(notes.delete_by_id(&beta, &"a".into())).unwrap_err();
    assert_eq!(removed.code(), Code::NotFound);
    let write = Write::Alter {
        key: "a".into(),
        scope: None,
        alter: Box::new(|row| {
            assert!(row.is_none());
            Ok(crate::Alteration::Remove)
        }),
    };
    now(notes.write(&beta, vec![write])).unwrap();
    assert_eq!(now(notes.find_by_id(&every, &"a".into())).unwrap(), a);
}

/// A repository that refuses whatever does not ask for one tenant.
struct Strict(Arc<dyn Repository<Record>>, Arc<Mutex<Vec<&'static str>>>);

impl Strict {
    /// Whether the outermost condition is on the tenant.
    fn asks(&self, what: &'static str, filter: Option<&Filter>) {
        let model = self.0.model();
        let tenant = model.entity().tenant_key;
        let is_tenant = |part: &Filter| match part {
            Filter::Compare { path, op, value } => {
                Some(path.column()) == tenant
                    && *op == CompareOp::Eq
                    && *value == Value::String("beta".to_owned())
            }
            _ => false,
        };
        let asked = filter.is_some_and(|filter| match filter {
            Filter::And(parts) => parts.iter().any(is_tenant),
            filter => is_tenant(filter),
        });
        assert!(asked, "{what} asks for {filter:?}");
        self.1.lock().unwrap().push(what);
    }
}

impl Repository<Record> for Strict {
    fn model(&self) -> &Arc<Model> {
        self.0.model()
    }

    fn find<'a>(
        &'a self,
        cx: &'a CallContext,
        query: &'a Query,
    ) -> BoxFuture<'a, Result<Vec<Record>>> {
        self.asks("find", query.filter.as_ref());
        self.0.find(cx, query)
    }

    fn find_by_ids<'a>(
        &'a self,
        _: &'a CallContext,
        _: &'a [Key],
    ) -> BoxFuture<'a, Result<Vec<Option<Record>>>> {
        panic!("a read by keys alone")
    }

    fn count<'a>(
        &'a self,
        cx: &'a CallContext,
        filter: Option<&'a Filter>,
    ) -> BoxFuture<'a, Result<u64>> {
        self.asks("count", filter);
        self.0.count(cx, filter)
    }

    fn write<'a>(
        &'a self,
        cx: &'a CallContext,
        writes: Vec<Write<Record>>,
    ) -> BoxFuture<'a, Result<Vec<Option<Record>>, WriteError>> {
        for write in &writes {
            match write {
                Write::Create(row) => {
                    assert_eq!(self.model().view(row.as_ref()).string(2), "beta");
                }
                Write::Alter { scope, .. } => self.asks("alter", scope.as_ref()),
                Write::Set { when, scope, .. } => {
                    self.asks("set", when.as_ref());
                    self.asks("set", scope.as_ref());
                }
                // What `validate_only` ends with, which fails on purpose.
                Write::Delete { key, .. } if *key == "".into() => {}
                write => panic!("a write by key alone: {write:?}"),
            }
        }
        self.0.write(cx, writes)
    }

    fn update_all<'a>(
        &'a self,
        cx: &'a CallContext,
        filter: Option<&'a Filter>,
        changes: &'a Changes,
    ) -> BoxFuture<'a, Result<u64>> {
        self.asks("update_all", filter);
        self.0.update_all(cx, filter, changes)
    }

    fn delete_all<'a>(
        &'a self,
        cx: &'a CallContext,
        filter: Option<&'a Filter>,
    ) -> BoxFuture<'a, Result<u64>> {
        self.asks("delete_all", filter);
        self.0.delete_all(cx, filter)
    }

    fn begin<'a>(
        &'a self,
        cx: &'a CallContext,
        options: &'a TransactionOptions,
    ) -> BoxFuture<'a, Result<Transaction>> {
        self.0.begin(cx, options)
    }
}

#[test]
fn nothing_asks_a_store_without_the_tenant() {
    let connector = MemoryConnector::new();
    let models = Model::all(tables()).expect("models");
    now(connector.prepare(&models)).expect("prepared");
    let asked = Arc::new(Mutex::new(Vec::new()));
    let mut engine = StandardEngine::new(tables());
    for model in &models {
        let inner = connector.repository(model).expect("prepared");
        engine = match &*model.message().name {
            "Note" => engine.repository(Arc::new(Strict(inner, Arc::clone(&asked)))),
            _ => engine.repository(inner),
        };
    }
    let life = Life {
        handlers: engine.handlers().expect("all served"),
        connector,
    };
    let beta = life.of("beta");
    let create = r#"{"note":{"text":"x"},"note_id":"b"}"#;
    beta.ok("NoteService/CreateNote", create);
    for (method, request) in [
        ("GetNote", r#"{"id":"b"}"#),
        ("BatchGetNotes", r#"{"ids":["b"]}"#),
        (
            "ListNotes",
            r#"{"filter":"text = \"x\" OR id = \"a\"","order_by":"text"}"#,
        ),
        ("CountNotes", "{}"),
        ("UpdateNote", r#"{"note":{"id":"b","text":"y"}}"#),
        (
            "UpdateNote",
            r#"{"note":{"id":"b","text":"z"},"validate_only":true}"#,
        ),
        (
            "UpdateNote",
            r#"{"note":{"id":"c"},"update_mask":"*","allow_missing":true}"#,
        ),
        (
            "BatchUpdateNotes",
            r#"{"requests":[{"note":{"id":"b","text":"z"}}]}"#,
        ),
        ("BulkUpdateNotes", r#"{"filter":"*","note":{"text":"z"}}"#),
        ("DeleteNote", r#"{"id":"c"}"#),
        ("PurgeNotes", r#"{"filter":"*"}"#),
        ("PurgeNotes", r#"{"filter":"id = \"b\"","force":true}"#),
    ] {
        beta.ok(&format!("NoteService/{method}"), request);
    }
    let mut asked = std::mem::take(&mut *asked.lock().unwrap());
    asked.sort_unstable();
    asked.dedup();
    assert_eq!(
        asked,
        ["alter", "count", "delete_all", "find", "set", "update_all"]
    );
}
