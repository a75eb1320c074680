//! Standard methods of a typed service: the engine's own where nobody overrides them.

use std::{future::Future, path::PathBuf, pin::Pin};

use prost::Message;
use protoloop::{
    __private::Bytes, Application, ApplicationServer, Call, CallContext, Changes, Context, Error,
    MemoryConnector, PageTokenKey, RepositoryExt as _, Result, TransactionOptions,
};
use protoloop_build::compile;

use crate::golden::model::todo::v1::{
    CountTodosRequest, CountTodosResponse, CreateTodoRequest, DeleteTodoRequest, GetTodoRequest,
    ListTodosRequest, ListTodosResponse, Todo, TodoService, TodoServiceServer,
};

/// Overrides nothing.
#[derive(Debug)]
struct Plain;

impl TodoService for Plain {}

/// Overrides in every way that Rust has for it.
#[derive(Debug)]
struct Own;

impl TodoService for Own {
    async fn create_todo(&self, cx: &Context, request: CreateTodoRequest) -> Result<Todo> {
        cx.standard(request).await
    }

    fn get_todo(
        &self,
        _: &Context,
        request: GetTodoRequest,
    ) -> impl Future<Output = Result<Todo>> + Send {
        std::future::ready(Err(Error::aborted(request.id)))
    }

    #[allow(refining_impl_trait, reason = "users do so")]
    fn delete_todo(
        &self,
        _: &Context,
        _: DeleteTodoRequest,
    ) -> Pin<Box<dyn Future<Output = Result<()>> + Send>> {
        Box::pin(async { Err(Error::aborted("boxed")) })
    }
}

async fn server(service: impl FnOnce(Application) -> Application) -> ApplicationServer {
    served(&descriptor_set(), service).await
}

fn descriptor_set() -> Vec<u8> {
    let proto = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../protoloop-build/tests/golden/model/todo.proto"
    );
    let compiled = compile(&[PathBuf::from(proto)], &[]).expect("compiles");
    compiled.schema.descriptor_set().to_vec()
}

async fn served(set: &[u8], service: impl FnOnce(Application) -> Application) -> ApplicationServer {
    let application = Application::new(set).expect("a schema");
    let application = application.datasource("default", MemoryConnector::new());
    service(application).build().await.expect("starts")
}

async fn call(server: &ApplicationServer, method: &str, request: Bytes) -> Result<Bytes> {
    let path = format!("/todo.v1.TodoService/{method}");
    let method = server.schema().method_by_path(&path).expect("a method");
    let call = Call::unary(method.info.clone(), CallContext::new(), request);
    server.handler().call(call).await?.into_one()
}

/// A create whose todo has a field 1000 that no type here knows.
fn create() -> Bytes {
    let title = Todo {
        title: "t".to_owned(),
        ..Todo::default()
    };
    let mut todo = title.encode_to_vec();
    todo.extend_from_slice(&[0xC0, 0x3E, 7]);
    let request = CreateTodoRequest {
        todo: Some(Todo::default()),
        ..CreateTodoRequest::default()
    };
    let mut bytes = request.encode_to_vec();
    let length = bytes.pop();
    assert_eq!(length, Some(0), "the empty todo at the end");
    bytes.push(u8::try_from(todo.len()).expect("short"));
    bytes.extend_from_slice(&todo);
    bytes.into()
}

fn keeps_unknown(answer: &[u8]) -> bool {
    answer.windows(3).any(|bytes| bytes == [0xC0, 0x3E, 7])
}

#[tokio::test]
async fn what_nobody_overrides_passes_as_bytes() {
    let plain = server(|application| application.service(TodoServiceServer::new(Plain))).await;
    let answer = call(&plain, "CreateTodo", create()).await.expect("created");
    assert!(
        keeps_unknown(&answer),
        "no message stood between: {answer:?}"
    );
    let todo = Todo::decode(answer).expect("a todo");
    let get = GetTodoRequest {
        id: todo.id.clone(),
        ..GetTodoRequest::default()
    };
    let found = call(&plain, "GetTodo", get.encode_to_vec().into()).await;
    assert!(keeps_unknown(&found.expect("there")));
}

#[tokio::test]
async fn overrides_of_every_form_are_called() {
    let own = server(|application| application.service(TodoServiceServer::new(Own))).await;
    let answer = call(&own, "CreateTodo", create()).await.expect("created");
    assert!(!keeps_unknown(&answer), "it was decoded for the override");
    let get = GetTodoRequest {
        id: "x".to_owned(),
        ..GetTodoRequest::default()
    };
    let error = call(&own, "GetTodo", get.encode_to_vec().into()).await;
    assert_eq!(error.expect_err("overridden").message(), "x");
    let delete = DeleteTodoRequest {
        id: "x".to_owned(),
        ..DeleteTodoRequest::default()
    };
    let error = call(&own, "DeleteTodo", delete.encode_to_vec().into()).await;
    assert_eq!(error.expect_err("overridden").message(), "boxed");
    // What the schema requires does not reach an override without it.
    let error = call(&own, "DeleteTodo", Bytes::new()).await;
    assert_eq!(error.expect_err("refused").message(), "id: is required");
    // The rest is the engine's.
    let count = CountTodosRequest::default().encode_to_vec();
    let count = call(&own, "CountTodos", count.into())
        .await
        .expect("counted");
    assert_eq!(CountTodosResponse::decode(count).expect("a count").count, 1);
}

/// A BatchWrite with one create of a todo.
fn batch() -> Bytes {
    let any = prost_types::Any {
        type_url: "type.googleapis.com/todo.v1.CreateTodoRequest".to_owned(),
        value: create().to_vec(),
    };
    let wrapped = |bytes: Vec<u8>| {
        let mut field = vec![0x0A];
        prost::encoding::encode_varint(bytes.len() as u64, &mut field);
        field.extend(bytes);
        field
    };
    wrapped(wrapped(any.encode_to_vec())).into()
}

#[tokio::test]
async fn a_batch_does_what_the_engine_or_the_application_does() {
    let write = async |server: &ApplicationServer| {
        let path = "/protoloop.v1.BatchService/BatchWrite";
        let method = server.schema().method_by_path(path).expect("a method");
        let call = Call::unary(method.info.clone(), CallContext::new(), batch());
        server.handler().call(call).await?.into_one()
    };
    let plain = server(|application| application.service(TodoServiceServer::new(Plain))).await;
    assert!(keeps_unknown(&write(&plain).await.expect("written")));
    let own = server(|application| application.service(TodoServiceServer::new(Own))).await;
    let answer = write(&own).await.expect("written");
    assert!(!keeps_unknown(&answer), "it was decoded for the override");
}

/// Writes by hand, in transactions.
#[derive(Debug)]
struct ByHand;

impl TodoService for ByHand {
    /// Two todos, of which the second fails when the title says so; both are taken back then.
    async fn create_todo(&self, cx: &Context, request: CreateTodoRequest) -> Result<Todo> {
        let todos = cx.repository::<Todo>()?;
        let todo = request.todo.unwrap_or_default();
        let options = TransactionOptions::new();
        let work = |cx: CallContext| {
            let (todos, todo) = (&todos, &todo);
            async move {
                let first = todos.create(&cx, todo.clone()).await?;
                if todo.title == "fail" {
                    return Err(Error::aborted("on purpose"));
                }
                let changed = Todo {
                    title: "changed".to_owned(),
                    ..Todo::default()
                };
                let changes = Changes::of(todos.model(), &changed, &["title"])?;
                todos.update_all(&cx, None, &changes).await?;
                todos.find_by_id(&cx, &first.id.as_str().into()).await
            }
        };
        todos.transaction(cx, &options, work).await
    }
}

#[tokio::test]
async fn typed_repositories_work_in_transactions() {
    let server = server(|application| application.service(TodoServiceServer::new(ByHand))).await;
    let create = |title: &str| {
        let request = CreateTodoRequest {
            todo: Some(Todo {
                title: title.to_owned(),
                ..Todo::default()
            }),
            ..CreateTodoRequest::default()
        };
        call(&server, "CreateTodo", request.encode_to_vec().into())
    };
    let error = create("fail").await.expect_err("on purpose");
    assert_eq!(error.message(), "on purpose");
    let todo = Todo::decode(create("new").await.expect("created")).expect("a todo");
    assert_eq!(todo.title, "changed");
    let count = CountTodosRequest::default().encode_to_vec();
    let count = call(&server, "CountTodos", count.into()).await;
    let count = CountTodosResponse::decode(count.expect("counted")).expect("a count");
    assert_eq!(count.count, 1);
}

/// A page of one todo.
async fn page(server: &ApplicationServer, token: &str) -> Result<ListTodosResponse> {
    let request = ListTodosRequest {
        page_size: 1,
        page_token: token.to_owned(),
        ..ListTodosRequest::default()
    };
    let answer = call(server, "ListTodos", request.encode_to_vec().into()).await?;
    Ok(ListTodosResponse::decode(answer).expect("a list"))
}

async fn with_todos(server: ApplicationServer) -> ApplicationServer {
    for _ in 0..3 {
        call(&server, "CreateTodo", create()).await.expect("made");
    }
    server
}

#[tokio::test]
async fn page_tokens_are_signed_with_the_key_that_was_given() {
    let with = async |secret: &[u8]| {
        let key = PageTokenKey::new(secret);
        let plain = |application: Application| {
            let application = application.page_token_key(key);
            application.service(TodoServiceServer::new(Plain))
        };
        with_todos(server(plain).await).await
    };
    let (one, other) = (with(b"one").await, with(b"other").await);
    let first = page(&one, "").await.expect("a page").next_page_token;
    assert!(page(&one, &first).await.is_ok());
    let error = page(&other, &first).await.expect_err("another key");
    assert!(error.message().contains("page_token"), "{error}");
}

#[tokio::test]
async fn page_tokens_outlive_a_change_of_the_schema() {
    let before = descriptor_set();
    // One more file, `message More {}`.
    let file = b"\x0a\x0amore.proto\x22\x06\x0a\x04More\x62\x06proto3";
    let mut after = before.clone();
    after.extend([0x0A, file.len() as u8]);
    after.extend(file);
    let plain = |application: Application| application.service(TodoServiceServer::new(Plain));
    let before = with_todos(served(&before, plain).await).await;
    let after = with_todos(served(&after, plain).await).await;
    let first = page(&before, "").await.expect("a page").next_page_token;
    let second = page(&after, &first).await.expect("the next page");
    assert_eq!(second.todos.len(), 1);
}
