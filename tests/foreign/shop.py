"""The shop of examples/shop as its users meet it: shop.py ADDRESS"""

from concurrent.futures import ThreadPoolExecutor

from grpc import StatusCode
from reflected import Client, arguments, same

address = arguments()[0]
client = Client(address)


def call(service, method, **request):
    return client.call(f"shop.v1.{service}Service", method, **request)


def fails(code, service, method, **request):
    return client.fails(code, f"shop.v1.{service}Service", method, **request)


# a tree of categories, with the products on its shelves
drinks = call("Category", "CreateCategory", category={"name": "drinks"})
hot = call("Category", "CreateCategory", category={"name": "hot", "parentId": drinks["id"]})
assert "name" in fails(
    StatusCode.ALREADY_EXISTS, "Category", "CreateCategory", category={"name": "hot", "parentId": drinks["id"]}
)
tea, cocoa = [
    call(
        "Product",
        "CreateProduct",
        product={"sku": sku, "name": sku, "priceCents": price, "stock": 5, "categoryId": hot["id"]},
    )
    for sku, price in [("tea", 450), ("cocoa", 600)]
]
tree = call("Category", "ListCategories", filter="NOT parent_id:*", include="children.products")["categories"]
same([one["name"] for one in tree], ["drinks"])
same([one["sku"] for one in tree[0]["children"][0]["products"]], ["tea", "cocoa"])
found = call("Product", "ListProducts", filter='category.parent.name = "drinks" AND price_cents > 500')["products"]
same([one["sku"] for one in found], ["cocoa"])

# people and where they live
ada, bob = [
    call("Customer", "CreateCustomer", customer={"name": name, "email": f"{name}@example.com"}) for name in ("ada", "bob")
]
assert "email" in fails(
    StatusCode.ALREADY_EXISTS, "Customer", "CreateCustomer", customer={"name": "x", "email": "ada@example.com"}
)
homes = {
    one["id"]: call(
        "Customer", "CreateAddressOfCustomer", customer=one["id"], address={"label": "home", "city": "Utrecht"}
    )
    for one in (ada, bob)
}
same(homes[ada["id"]]["country"], "NL")
assert "customer_id, label" in fails(
    StatusCode.ALREADY_EXISTS,
    "Customer",
    "CreateAddressOfCustomer",
    customer=ada["id"],
    address={"label": "home", "city": "Delft"},
)


# buying
def checkout(buyer, *items, request_id):
    return call(
        "Order",
        "Checkout",
        customer=buyer["id"],
        addressId=homes[buyer["id"]]["id"],
        items=[{"productId": product["id"], "quantity": quantity} for product, quantity in items],
        requestId=request_id,
    )


order = checkout(ada, (tea, 2), (cocoa, 1), request_id="a1")
same((order["totalCents"], order["state"]), ("1500", "PLACED"))
same(checkout(ada, (tea, 2), (cocoa, 1), request_id="a1")["id"], order["id"])
# ids of one caller's requests are not those of another's
assert checkout(bob, (tea, 2), request_id="a1")["id"] != order["id"]
same(call("Product", "GetProduct", id=tea["id"])["stock"], 1)
with ThreadPoolExecutor(8) as pool:
    # one channel each, as eight programs would have
    def last(number):
        try:
            return Client(address).call(
                "shop.v1.OrderService",
                "Checkout",
                customer=bob["id"],
                addressId=homes[bob["id"]]["id"],
                items=[{"productId": tea["id"], "quantity": 1}],
                requestId=f"b{number}",
            )["id"]
        except Exception as error:
            assert error.code() == StatusCode.FAILED_PRECONDITION, error
            assert error.details() == "items[0].quantity: there are 0 left", error
            return None

    same(sum(one is not None for one in pool.map(last, range(8))), 1)

# what a customer has, below the customer and by what is in it
mine = call("Customer", "ListOrdersOfCustomer", customer=ada["id"], include="lines.product,customer,address")["orders"]
same([line["product"]["sku"] for line in mine[0]["lines"]], ["tea", "cocoa"])
same((mine[0]["customer"]["name"], mine[0]["address"]["city"]), ("ada", "Utrecht"))
buyers = call("Customer", "ListCustomers", filter='orders.lines.product.sku = "cocoa"')["customers"]
same([one["name"] for one in buyers], ["ada"])
rich = call("Customer", "ListCustomers", filter="orders.total_cents > 1000")["customers"]
same([one["name"] for one in rich], ["ada"])
hidden = fails(StatusCode.INVALID_ARGUMENT, "Order", "ListOrders", filter='request_id = "a1"')
assert "request_id" in hidden, hidden

# reviews, one of each
review = {"productId": tea["id"], "customerId": ada["id"], "stars": 5}
call("Review", "CreateReview", review=review)
assert "product_id, customer_id" in fails(StatusCode.ALREADY_EXISTS, "Review", "CreateReview", review=review)
liked = call("Product", "ListProducts", filter="reviews.stars >= 5", include="reviews.customer")["products"]
same([one["reviews"][0]["customer"]["name"] for one in liked], ["ada"])

# a product that is sold no more stays in the orders of before
call("Product", "DeleteProduct", id=cocoa["id"])
same([one["sku"] for one in call("Product", "ListProducts")["products"]], ["tea"])
told = fails(
    StatusCode.FAILED_PRECONDITION,
    "Order",
    "Checkout",
    customer=ada["id"],
    addressId=homes[ada["id"]]["id"],
    items=[{"productId": cocoa["id"], "quantity": 1}],
    requestId="a2",
)
same(told, "items[0].product_id: there is no such product")
same(len(call("Order", "GetOrder", id=order["id"], include="lines")["lines"]), 2)

# the etag guards what was read
stale = call("Product", "GetProduct", id=tea["id"])
call("Product", "UpdateProduct", product={"id": tea["id"], "priceCents": "500"}, updateMask="priceCents")
fails(
    StatusCode.ABORTED,
    "Product",
    "UpdateProduct",
    product={"id": tea["id"], "etag": stale["etag"], "priceCents": "400"},
    updateMask="priceCents",
)

print("ok")
