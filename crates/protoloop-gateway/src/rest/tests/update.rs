//! PATCH and PUT of standard Updates, and the routes of a model.

use super::*;

#[test]
fn a_model_has_its_routes() {
    let echo = Echo::default();
    for (text, method) in [
        ("GET /v1/todos/7", "GetTodo"),
        (
            "GET /v1/todos?filter=done%3Dfalse&pageSize=3&orderBy=title",
            "ListTodos",
        ),
        ("POST /v1/todos\n\n{\"title\":\"x\"}", "CreateTodo"),
        ("PATCH /v1/todos/7\n\n{\"title\":\"x\"}", "UpdateTodo"),
        ("PUT /v1/todos/7\n\n{\"title\":\"x\"}", "UpdateTodo"),
        ("DELETE /v1/todos/7", "DeleteTodo"),
        ("GET /v1/todos:count?filter=done", "CountTodos"),
    ] {
        *echo.answer.lock().unwrap() = Some(Ok(Reply::unary(Bytes::new())));
        assert_eq!(send_to(todos(), &echo, text).status, 200, "{text}");
        let (path, _) = echo.last.lock().unwrap().take().unwrap();
        assert_eq!(path, format!("/todo.v1.TodoService/{method}"), "{text}");
    }
}

#[test]
fn exploded_filters_become_json() {
    let query =
        "filter[where][done]=true&filter%5Bwhere%5D%5Bdetails.weight%5D%5Bgt%5D=5&filter[limit]=2";
    for (text, due) in [
        (
            format!("GET /v1/todos?{query}"),
            r#"400 {"filter":"{\"where\":{\"done\":true,\"details.weight\":{\"gt\":5}},\"limit\":2}"}"#,
        ),
        (
            "GET /v1/todos?filter=x&filter[limit]=2".to_owned(),
            "400 filter[limit]: is given more than once",
        ),
        (
            "GET /v1/todos?filter[limit=2".to_owned(),
            "400 filter[limit: expected brackets to the end of the key",
        ),
    ] {
        assert_eq!(bound_as("todo.v1.ListTodosRequest", &text), due, "{text}");
    }
}

/// The request message of an Update, as JSON.
#[track_caller]
pub(super) fn bound(text: &str) -> String {
    bound_as("todo.v1.UpdateTodoRequest", text)
}

/// The request message of a type, as JSON.
#[track_caller]
fn bound_as(name: &'static str, text: &str) -> String {
    #[derive(Clone)]
    struct Show(&'static str);
    impl Handler for Show {
        fn call(&self, call: Call) -> BoxFuture<'_, Result<Reply>> {
            let (_, message) = call.into_one().unwrap();
            let tables = &todos().tables;
            let id = tables.by_name(self.0).unwrap();
            let options = protoloop_wire::json::EncodeOptions::default();
            let mut json = Vec::new();
            protoloop_wire::json::encode(tables, id, &message, &options, &mut json).unwrap();
            let text = String::from_utf8(json).unwrap();
            Box::pin(async { Err(Error::invalid_argument(text)) })
        }
    }
    let show = Show(name);
    let serving = todos().serve(request(text), None, &show);
    Answer::of(serving.now_or_never().unwrap()).line()
}

#[test]
fn patch_takes_its_mask_from_the_body() {
    for (text, expected) in [
        (
            "PATCH /v1/todos/7\n\n{\"title\":\"x\"}",
            r#"400 {"todo":{"id":"7","title":"x"},"updateMask":"title"}"#,
        ),
        (
            "PATCH /v1/todos/7\n\n{\"done\":false,\"dueDate\":\"\",\"tags\":[]}",
            r#"400 {"todo":{"id":"7"},"updateMask":"done,dueDate,tags"}"#,
        ),
        (
            "PATCH /v1/todos/7\n\n{\"id\":\"7\",\"details\":{\"note\":\"n\"}}",
            r#"400 {"todo":{"id":"7","details":{"note":"n"}},"updateMask":"details.note"}"#,
        ),
        (
            "PATCH /v1/todos/7\n\n{\"title\":null,\"details\":{}}",
            r#"400 {"todo":{"id":"7","details":{}},"updateMask":"details"}"#,
        ),
        (
            "PATCH /v1/todos/7?updateMask=done,due_date\n\n{\"title\":\"x\"}",
            r#"400 {"todo":{"id":"7","title":"x"},"updateMask":"done,dueDate"}"#,
        ),
        (
            "PATCH /v1/todos/7?updateMask=\n\n{\"title\":\"x\"}",
            r#"400 {"todo":{"id":"7","title":"x"},"updateMask":"title"}"#,
        ),
        (
            "PATCH /v1/todos/7?updateMask=*\n\n{}",
            r#"400 {"todo":{"id":"7"},"updateMask":"*"}"#,
        ),
        ("PATCH /v1/todos/7", r#"400 {"todo":{"id":"7"}}"#),
        (
            "PATCH /v1/todos/7\n\n{\"id\":\"8\"}",
            "400 todo.id: the body gives another value than the path",
        ),
    ] {
        assert_eq!(bound(text), expected, "{text}");
    }
}

#[test]
fn put_replaces() {
    for (text, expected) in [
        (
            "PUT /v1/todos/7\n\n{\"title\":\"x\"}",
            r#"400 {"todo":{"id":"7","title":"x"},"updateMask":"*"}"#,
        ),
        (
            "PUT /v1/todos/7?update_mask=*\n\n{\"title\":\"x\"}",
            r#"400 {"todo":{"id":"7","title":"x"},"updateMask":"*"}"#,
        ),
        (
            "PUT /v1/todos/7?updateMask=title\n\n{\"title\":\"x\"}",
            "400 update_mask: PUT replaces the whole resource; leave the mask out, or use PATCH",
        ),
    ] {
        assert_eq!(bound(text), expected, "{text}");
    }
}
