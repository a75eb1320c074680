"""Prints the title of a todo: get.py ADDRESS ID"""

from reflected import Client, arguments

address, id = arguments()
print(Client(address).call("todo.v1.TodoService", "GetTodo", id=id)["title"])
