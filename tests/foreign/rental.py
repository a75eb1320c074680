"""The tables of tests/fixtures/rental, discovered and served: rental.py ADDRESS"""

from grpc import StatusCode
from reflected import Client, arguments, same

client = Client(*arguments())


def call(model, method, **request):
    return client.call(f"rental.v1.{model}Service", method, **request)


film = call("Film", "GetFilm", filmId=1, include="language,actors")
same(film["title"], "Academy of Dust")
same(film["rating"][-3:], "_PG")
same(film["language"]["name"], "English")
same([actor["firstName"] for actor in film["actors"]], ["Penny"])
same(film["rentalRate"], 2.99)
same(film["budget"], "12345678901234567890.25")
same(film["lastUpdate"], "2026-01-02T03:04:05.678901Z")
same(film["details"], {"genre": "drama", "year": 2006.0})
same(film["specialFeatures"][0], "Trailers")

films = call("Film", "ListFilms", filter='rating != ' + film["rating"], orderBy="last_update desc")["films"]
same([found["filmId"] for found in films], [2, 3])
page = call("Film", "ListFilms", orderBy="rating desc, budget", pageSize=2)
rest = call("Film", "ListFilms", orderBy="rating desc, budget", pageSize=2, pageToken=page["nextPageToken"])
same([found["filmId"] for found in page["films"] + rest["films"]], [3, 2, 1])

staff = call("Staff", "GetStaff", staffId="018f0000-0000-7000-8000-000000000002", include="manager,payments")
same(staff["manager"]["firstName"], "Ada")
same([payment["amount"] for payment in staff["payments"]], [10.0])
client.fails(StatusCode.NOT_FOUND, "rental.v1.StaffService", "GetStaff", staffId="nobody")
client.fails(StatusCode.INVALID_ARGUMENT, "rental.v1.CustomerService", "ListCustomers", filter='create_date = "soon"')
print("ok")
