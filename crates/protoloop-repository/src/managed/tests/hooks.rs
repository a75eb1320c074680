//! What an application does around rows.

use std::sync::{Arc, Mutex};

use protoloop_core::{CallContext, Caller, Error, Result};

use super::{As, Life, tables};
use crate::{
    Changes, Connector as _, Filter, Hook, HookContext, Hooks, Managed, MemoryConnector, Model,
    Query, Record, Repository, RepositoryExt as _, Save, StandardEngine, testing::now,
};

/// Writes down what it sees.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn say(&self, cx: &HookContext<'_>, what: &str, row: Option<&Record>) {
        let key = row.and_then(|row| cx.model().find_key(row.as_ref()));
        let key = key.map(|key| format!(" {key}")).unwrap_or_default();
        let model = &cx.model().message().name;
        self.0.lock().unwrap().push(format!("{what} {model}{key}"));
    }

    fn take(&self) -> String {
        std::mem::take(&mut *self.0.lock().unwrap()).join(", ")
    }
}

impl Hook<Record> for Log {
    async fn before_query(&self, cx: &HookContext<'_>, _: &mut Query) -> Result<()> {
        self.say(cx, "query", None);
        Ok(())
    }

    async fn loaded(&self, cx: &HookContext<'_>, rows: &mut Vec<Record>) -> Result<()> {
        rows.iter()
            .for_each(|row| self.say(cx, "loaded", Some(row)));
        Ok(())
    }

    async fn before_save(&self, cx: &HookContext<'_>, save: &mut Save<Record>) -> Result<()> {
        let what = if save.is_new() { "create" } else { "change" };
        self.say(cx, what, Some(&save.row));
        Ok(())
    }

    async fn after_save(&self, cx: &HookContext<'_>, save: &Save<Record>) -> Result<()> {
        self.say(cx, "saved", Some(&save.row));
        Ok(())
    }

    async fn before_delete(&self, cx: &HookContext<'_>, row: &Record) -> Result<()> {
        self.say(cx, "delete", Some(row));
        Ok(())
    }

    async fn after_delete(&self, cx: &HookContext<'_>, row: &Record) -> Result<()> {
        self.say(cx, "deleted", Some(row));
        Ok(())
    }
}

/// A label in upper case; refuses `no`; writes a task beside each list; hides the task `secret`.
struct Rules;

fn text(model: &Model, row: &Record, number: u32) -> String {
    model.view(row.as_ref()).string(number).to_owned()
}

impl Hook<Record> for Rules {
    async fn before_query(&self, cx: &HookContext<'_>, query: &mut Query) -> Result<()> {
        let open = Filter::parse(cx.model(), "title != \"secret\"").expect("a filter");
        query.filter = Some(match query.filter.take() {
            Some(filter) => Filter::And(vec![filter, open]),
            None => open,
        });
        Ok(())
    }

    async fn before_save(&self, cx: &HookContext<'_>, save: &mut Save<Record>) -> Result<()> {
        let title = text(cx.model(), &save.row, 4);
        if title == "no" {
            return Err(Error::invalid_field("task.title", "is refused"));
        }
        let was = save.previous().map(|row| text(cx.model(), row, 4));
        let title = match was {
            Some(was) => format!("{was}>{title}"),
            None => title.to_uppercase(),
        };
        let mut row = protoloop_wire::Patch::default();
        row.set(4, |writer| writer.string(4, &title));
        save.row = Record(row.apply(&cx.model().view(save.row.as_ref())).into());
        Ok(())
    }

    async fn after_save(&self, cx: &HookContext<'_>, save: &Save<Record>) -> Result<()> {
        let id = text(cx.model(), &save.row, 1);
        let lists = cx.records("life.v1.List")?;
        let mut list = protoloop_wire::Writer::new();
        list.string(1, &format!("of-{id}"));
        lists.save(cx.call(), Record(list.finish().into())).await?;
        match id.as_str() {
            "late" => Err(Error::failed_precondition("too late")),
            _ => Ok(()),
        }
    }

    async fn before_delete(&self, cx: &HookContext<'_>, row: &Record) -> Result<()> {
        match text(cx.model(), row, 1).as_str() {
            "kept" => Err(Error::failed_precondition("it is kept")),
            _ => Ok(()),
        }
    }
}

fn life(hooks: &Hooks) -> (Life, Vec<Arc<Managed>>) {
    let connector = MemoryConnector::new();
    let models = Model::all(tables()).expect("models");
    now(connector.prepare(&models)).expect("prepared");
    let managed: Vec<_> = models
        .iter()
        .map(|model| connector.repository(model).expect("prepared"))
        .map(|inner| Arc::new(Managed::with_hooks(inner, hooks)))
        .collect();
    hooks.connect(&managed);
    let mut engine = StandardEngine::new(tables());
    for repository in &managed {
        engine = engine.managed(Arc::clone(repository));
    }
    let handlers = engine.handlers().expect("all served");
    let life = Life {
        handlers,
        connector,
    };
    (life, managed)
}

fn create(life: &As<'_>, id: &str, title: &str) -> Result<String> {
    let request = format!("{{\"task\":{{\"title\":\"{title}\"}},\"task_id\":\"{id}\"}}");
    life.call("TaskService/CreateTask", &request)
}

#[test]
#[allow(clippy::too_many_lines, reason = "a table of cases")]
fn every_way_to_rows_meets_the_hooks() {
    let log = Log::default();
    let (life, managed) = life(&Hooks::new().on_all(log.clone()));
    let caller = life.of("acme");
    let steps = [
        (
            "CreateDraft",
            r#"{"draft":{},"draft_id":"a"}"#,
            "create Draft a, saved Draft a",
        ),
        ("GetDraft", r#"{"id":"a"}"#, "query Draft, loaded Draft a"),
        (
            "ListDrafts",
            "{}",
            "query Draft, query Draft, loaded Draft a",
        ),
        ("CountDrafts", "{}", "query Draft"),
        (
            "UpdateDraft",
            r#"{"draft":{"id":"a","slug":"s"}}"#,
            "query Draft, change Draft a, saved Draft a",
        ),
        (
            "UpdateDraft",
            r#"{"draft":{"id":"a","slug":"t"},"validate_only":true}"#,
            "query Draft, change Draft a",
        ),
        (
            "BulkUpdateDrafts",
            r#"{"filter":"*","draft":{"slug":"u"}}"#,
            "query Draft, loaded Draft a, query Draft, change Draft a, saved Draft a",
        ),
        (
            "DeleteDraft",
            r#"{"id":"a"}"#,
            "query Draft, delete Draft a, deleted Draft a",
        ),
        (
            "UndeleteDraft",
            r#"{"id":"a"}"#,
            "query Draft, change Draft a, saved Draft a",
        ),
        (
            "BatchDeleteDrafts",
            r#"{"ids":["a"]}"#,
            "query Draft, delete Draft a, deleted Draft a",
        ),
        (
            "PurgeDrafts",
            r#"{"filter":"*","force":true}"#,
            "query Draft, loaded Draft a, query Draft, delete Draft a, deleted Draft a",
        ),
        (
            "BatchCreateDrafts",
            r#"{"requests":[{"draft":{},"draft_id":"b"},{"draft":{},"draft_id":"c"}]}"#,
            "create Draft b, saved Draft b, create Draft c, saved Draft c",
        ),
    ];
    for (method, request, due) in steps {
        caller.ok(&format!("DraftService/{method}"), request);
        assert_eq!(log.take(), due, "{method} {request}");
    }
    let cx = CallContext::new().with_caller(Caller::new("ada"));
    let drafts = managed
        .iter()
        .find(|managed| managed.model().message().name.as_ref() == "Draft");
    let drafts = drafts.expect("drafts");
    let row = now(drafts.find_by_id(&cx, &"b".into())).unwrap();
    assert_eq!(log.take(), "query Draft, loaded Draft b");
    now(drafts.save(&cx, row.clone())).unwrap();
    assert_eq!(log.take(), "query Draft, change Draft b, saved Draft b");
    let changes = Changes::of(drafts.model(), &row, &["slug"]).unwrap();
    let only = Filter::parse(drafts.model(), "id = \"b\"").unwrap();
    now(drafts.update_all(&cx, Some(&only), &changes)).unwrap();
    assert_eq!(
        log.take(),
        "query Draft, loaded Draft b, query Draft, change Draft b, saved Draft b"
    );
    now(drafts.delete_all(&cx, Some(&only))).unwrap();
    assert_eq!(
        log.take(),
        "query Draft, loaded Draft b, query Draft, delete Draft b, deleted Draft b"
    );
}

#[test]
fn hooks_change_and_refuse() {
    let (life, _managed) = life(&Hooks::new().on("life.v1.Task", Rules));
    let life = life.nobody();
    assert!(create(&life, "a", "one").unwrap().contains("\"ONE\""));
    let changed = life.ok(
        "TaskService/UpdateTask",
        r#"{"task":{"id":"a","title":"two"}}"#,
    );
    assert!(changed.contains("\"ONE>two\""), "{changed}");
    assert_eq!(
        create(&life, "b", "no").unwrap_err().to_string(),
        "INVALID_ARGUMENT: task.title: is refused"
    );
    create(&life, "kept", "x").unwrap();
    assert_eq!(
        life.err("TaskService/DeleteTask", r#"{"id":"kept"}"#),
        "FAILED_PRECONDITION: it is kept"
    );
    life.ok("TaskService/DeleteTask", r#"{"id":"a"}"#);
    let listed = life.ok("TaskService/ListTasks", "{}");
    assert!(
        listed.contains("kept") && !listed.contains("ONE"),
        "{listed}"
    );
}

#[test]
fn what_hooks_do_stands_or_falls_with_the_write() {
    let (life, _managed) = life(&Hooks::new().on("life.v1.Task", Rules));
    let life = life.nobody();
    create(&life, "a", "x").unwrap();
    life.ok("ListService/GetList", r#"{"id":"of-a"}"#);
    let error = create(&life, "late", "x").unwrap_err();
    assert_eq!(error.to_string(), "FAILED_PRECONDITION: too late");
    for (method, id) in [
        ("ListService/GetList", "of-late"),
        ("TaskService/GetTask", "late"),
    ] {
        let error = life.err(method, &format!("{{\"id\":\"{id}\"}}"));
        assert!(error.starts_with("NOT_FOUND"), "{error}");
    }
    // A batch falls as a whole.
    let batch = r#"{"requests":[{"task":{"title":"x"},"task_id":"b"},{"task":{"title":"no"},"task_id":"c"}]}"#;
    let error = life.err("TaskService/BatchCreateTasks", batch);
    assert!(
        error.starts_with("INVALID_ARGUMENT: requests[1]."),
        "{error}"
    );
    let error = life.err("TaskService/GetTask", r#"{"id":"b"}"#);
    assert!(error.starts_with("NOT_FOUND"), "{error}");
    let tried = r#"{"task":{"title":"x"},"task_id":"d","validate_only":true}"#;
    life.ok("TaskService/CreateTask", tried);
    let error = life.err("ListService/GetList", r#"{"id":"of-d"}"#);
    assert!(error.starts_with("NOT_FOUND"), "{error}");
}

#[test]
fn a_row_that_a_query_hook_hides_cannot_be_reached_by_its_key() {
    let (life, managed) = life(&Hooks::new().on("life.v1.Task", Rules));
    let tasks = managed
        .iter()
        .find(|managed| managed.model().full_name() == "life.v1.Task");
    let inner = life.connector.repository(tasks.unwrap().model()).unwrap();
    let mut row = protoloop_wire::Writer::new();
    row.string(1, "s");
    row.string(4, "secret");
    now(inner.create(&CallContext::new(), Record(row.finish().into()))).unwrap();
    let life = life.nobody();
    for (method, request) in [
        ("GetTask", r#"{"id":"s"}"#),
        ("DeleteTask", r#"{"id":"s"}"#),
        ("UpdateTask", r#"{"task":{"id":"s","title":"mine"}}"#),
        ("BatchGetTasks", r#"{"ids":["s"]}"#),
    ] {
        let error = life.err(&format!("TaskService/{method}"), request);
        assert!(error.starts_with("NOT_FOUND"), "{method}: {error}");
    }
    assert_eq!(life.ok("TaskService/CountTasks", "{}"), "{}");
}
