"""Every standard method of examples/todo: todo.py ADDRESS"""

from grpc import StatusCode
from reflected import Client, arguments, same

SERVICE = "todo.v1.TodoService"

client = Client(*arguments())
assert SERVICE in client.services(), client.services()


def call(method, **request):
    return client.call(SERVICE, method, **request)


def fails(code, method, **request):
    return client.fails(code, SERVICE, method, **request)


# Create and Get
milk = call("CreateTodo", todo={"title": "milk"})
assert milk["id"], milk
same(call("GetTodo", id=milk["id"]), milk)

# Update: the mask says what changes; without one, the fields that are there do
done = call("UpdateTodo", todo={"id": milk["id"], "title": "ignored", "done": True}, updateMask="done")
same(done, {"id": milk["id"], "title": "milk", "done": True})
renamed = call("UpdateTodo", todo={"id": milk["id"], "title": "oat milk"})
same(renamed, {"id": milk["id"], "title": "oat milk", "done": True})
replaced = call("UpdateTodo", todo={"id": milk["id"], "title": "tea"}, updateMask="*")
same(replaced, {"id": milk["id"], "title": "tea"})

# the batches keep the order of the request
made = call("BatchCreateTodos", requests=[{"todo": {"title": f"item {n}"}} for n in range(5)])["todos"]
same([todo["title"] for todo in made], [f"item {n}" for n in range(5)])
ids = [todo["id"] for todo in made]
backwards = call("BatchGetTodos", ids=ids[::-1])["todos"]
same([todo["id"] for todo in backwards], ids[::-1])
call(
    "BatchUpdateTodos",
    requests=[{"todo": {"id": id, "done": True}, "updateMask": "done"} for id in ids[:2]],
)

# List: filter, order and pages
same(call("CountTodos"), {"count": "6"})
same(call("CountTodos", filter="done = true"), {"count": "2"})
listed = call("ListTodos", filter='title = "item*" AND NOT done = true', orderBy="title desc")["todos"]
same([todo["title"] for todo in listed], ["item 4", "item 3", "item 2"])
titles, token = [], ""
while True:
    page = call("ListTodos", orderBy="title", pageSize=2, pageToken=token)
    titles += [todo["title"] for todo in page["todos"]]
    token = page.get("nextPageToken", "")
    if not token:
        break
same(titles, sorted(titles))
same(len(titles), 6)

# Delete, alone and in a batch
call("DeleteTodo", id=milk["id"])
assert milk["id"] in fails(StatusCode.NOT_FOUND, "GetTodo", id=milk["id"])
assert milk["id"] in fails(StatusCode.NOT_FOUND, "DeleteTodo", id=milk["id"])
call("BatchDeleteTodos", ids=ids)
same(call("ListTodos"), {})

# a batch is all or nothing
fails(
    StatusCode.NOT_FOUND,
    "BatchUpdateTodos",
    requests=[{"todo": {"id": "none", "title": "x"}, "updateMask": "title"}],
)
kept = call("CreateTodo", todo={"title": "kept"})
fails(StatusCode.NOT_FOUND, "BatchDeleteTodos", ids=[kept["id"], "none"])
same(call("CountTodos"), {"count": "1"})

# what is wrong is named
assert "titel" in fails(StatusCode.INVALID_ARGUMENT, "ListTodos", filter='titel = "x"')
assert "colour" in fails(StatusCode.INVALID_ARGUMENT, "UpdateTodo", todo=kept, updateMask="colour")

print("ok")
