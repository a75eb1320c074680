//! Checkout: what it does, what it refuses, and that it does it once.

use shop::shop::v1::{
    CreateOrderRequest, CreateProductRequest, DeleteProductRequest, ListOrdersRequest, Order,
    OrderLine, Product, UpdateOrderRequest, order::State,
};
use tonic::Code;

use crate::support::{Shop, buying, on_each};

on_each! {
    async fn an_order_is_placed_with_its_lines(shop: &Shop) {
        let (ada, home) = shop.customer("ada").await;
        let (tea, pot) = (shop.product("tea", 450, 10).await, shop.product("pot", 1999, 1).await);
        let request = buying(&ada, &home, &[(&pot.id, 1), (&tea.id, 3)], "r1");
        let order = shop.orders.clone().checkout(request.clone()).await.expect("placed").into_inner();
        assert_eq!((order.total_cents, order.state()), (3 * 450 + 1999, State::Placed));
        assert_eq!(order.request_id, None);
        let lines: Vec<_> = order.lines.iter().map(|line| (&line.product_id, line.quantity, line.price_cents)).collect();
        assert_eq!(lines, [(&pot.id, 1, 1999), (&tea.id, 3, 450)]);
        assert_eq!((shop.stock(&tea.id).await, shop.stock(&pot.id).await), (7, 0));

        // The same once more: the same order, and no more taken.
        let again = shop.orders.clone().checkout(request.clone()).await.expect("known").into_inner();
        assert_eq!((&again.id, again.lines.len()), (&order.id, 2));
        assert_eq!(shop.stock(&tea.id).await, 7);
        let mut other = request.clone();
        other.items[1].quantity = 2;
        let told = shop.orders.clone().checkout(other).await.expect_err("another order");
        assert_eq!((told.code(), told.message()), (Code::InvalidArgument, "request_id: was used for another order; make a new one for each"));

        // Of two items one is not there: nothing is taken.
        let request = buying(&ada, &home, &[(&tea.id, 2), (&pot.id, 1)], "r2");
        let told = shop.orders.clone().checkout(request).await.expect_err("sold out");
        assert_eq!((told.code(), told.message()), (Code::FailedPrecondition, "items[1].quantity: there are 0 left"));
        assert_eq!(shop.stock(&tea.id).await, 7);
    }
}

on_each! {
    async fn what_is_wrong_is_named(shop: &Shop) {
        let (ada, home) = shop.customer("ada").await;
        let (bob, elsewhere) = shop.customer("bob").await;
        let tea = shop.product("tea", 450, 10).await;
        let gone = shop.product("gone", 1, 10).await;
        let delete = DeleteProductRequest { id: gone.id.clone(), ..DeleteProductRequest::default() };
        shop.products.clone().delete_product(delete).await.expect("deleted");
        let mut seen = buying(&ada, &home, &[(&tea.id, 1)], "r");
        seen.items[0].version = 7;
        let mut nobody = buying(&ada, &home, &[(&tea.id, 1)], "r");
        nobody.customer = "nobody".to_owned();
        let table = [
            (buying(&ada, &home, &[], "r"), Code::InvalidArgument, "items: must have 1 to 100 entries".to_owned()),
            (buying(&ada, &home, &[(&tea.id, 1)], ""), Code::InvalidArgument, "request_id: must have 1 to 128 bytes".to_owned()),
            (buying(&ada, &home, &[(&tea.id, -1)], "r"), Code::InvalidArgument, "items[0].quantity: must be from 1 to 1000".to_owned()),
            (buying(&ada, &home, &[(&tea.id, 1), (&tea.id, 1)], "r"), Code::InvalidArgument, "items[1].product_id: is there twice; add the quantities".to_owned()),
            (buying(&ada, &home, &[(&tea.id, 11)], "r"), Code::FailedPrecondition, "items[0].quantity: there are 10 left".to_owned()),
            (buying(&ada, &home, &[(&tea.id, 1), ("none", 1)], "r"), Code::FailedPrecondition, "items[1].product_id: there is no such product".to_owned()),
            (buying(&ada, &home, &[(&gone.id, 1)], "r"), Code::FailedPrecondition, "items[0].product_id: there is no such product".to_owned()),
            (buying(&bob, &home, &[(&tea.id, 1)], "r"), Code::FailedPrecondition, "address_id: is no address of the customer's".to_owned()),
            (nobody, Code::NotFound, "customer `nobody` was not found".to_owned()),
            (seen, Code::Aborted, "items[0].version: the product was changed and is of version 1 now; look at it again".to_owned()),
        ];
        for (request, code, message) in table {
            let told = shop.orders.clone().checkout(request).await.expect_err("refused");
            assert_eq!((told.code(), told.message()), (code, &*message));
        }
        assert_eq!(shop.stock(&tea.id).await, 10);
        shop.orders.clone().checkout(buying(&bob, &elsewhere, &[(&tea.id, 1)], "r")).await.expect("his own");
    }
}

on_each! {
    async fn the_standard_methods_hold_beside_it(shop: &Shop) {
        let (ada, home) = shop.customer("ada").await;
        let tea = shop.product("tea", 450, 10).await;
        let draft = Order {
            customer_id: ada.id.clone(),
            address_id: home.id.clone(),
            total_cents: 1,
            state: State::Placed.into(),
            lines: vec![OrderLine { product_id: tea.id.clone(), quantity: 2, ..OrderLine::default() }],
            ..Order::default()
        };
        let request = CreateOrderRequest { order: Some(draft.clone()), ..CreateOrderRequest::default() };
        let written = shop.orders.clone().create_order(request).await.expect("a draft").into_inner();
        assert_eq!((written.state(), written.total_cents, written.lines.len()), (State::Draft, 0, 1));
        assert_eq!(shop.stock(&tea.id).await, 10, "a draft takes nothing");

        // An order that cannot be written whole is not written at all.
        let mut broken = draft;
        broken.lines.push(OrderLine { product_id: "none".to_owned(), quantity: 1, ..OrderLine::default() });
        let request = CreateOrderRequest { order: Some(broken), ..CreateOrderRequest::default() };
        let told = shop.orders.clone().create_order(request).await.expect_err("no such product");
        assert_eq!(told.code(), Code::FailedPrecondition, "{told}");
        assert!(told.message().contains("product_id"), "{told}");
        let list = ListOrdersRequest { filter: format!("lines.product_id = \"{}\"", tea.id), include: "lines.product,customer".to_owned(), ..ListOrdersRequest::default() };
        let listed = shop.orders.clone().list_orders(list).await.expect("listed").into_inner().orders;
        let [one] = &*listed else { panic!("{listed:?}") };
        assert_eq!(one.customer.as_ref().map(|one| &*one.name), Some("ada"));
        assert_eq!(one.lines[0].product.as_ref().map(|one| &*one.sku), Some("tea"));

        // Of two changes to one version one fails.
        let stale = Order { id: written.id.clone(), etag: written.etag.clone(), address_id: home.id.clone(), ..Order::default() };
        let update = |order: Order| UpdateOrderRequest { order: Some(order), ..UpdateOrderRequest::default() };
        let fresh = Order { lines: vec![OrderLine { product_id: tea.id.clone(), quantity: 5, ..OrderLine::default() }], ..stale.clone() };
        let changed = shop.orders.clone().update_order(update(fresh)).await.expect("changed").into_inner();
        assert_eq!((changed.lines.len(), changed.lines[0].quantity), (1, 5));
        let _ = stale;

        let same_sku = CreateProductRequest { product: Some(Product { sku: "tea".to_owned(), name: "t".to_owned(), ..Product::default() }), ..CreateProductRequest::default() };
        let told = shop.products.clone().create_product(same_sku).await.expect_err("taken");
        assert_eq!((told.code(), told.message()), (Code::AlreadyExists, "another product has the same sku"));
    }
}
