//! Many buyers of few things, and a crash in their midst.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use protoloop_testing::databases::{self, Server};
use shop::shop::v1::{
    ListOrderLinesRequest, ListOrdersRequest, Order, OrderLine,
    order_line_service_client::OrderLineServiceClient, order_service_client::OrderServiceClient,
};
use tokio::sync::Barrier;
use tonic::{Code, transport::Channel};

use crate::support::{Binary, Database, Shop, buying, channel, on_each};

on_each! {
    /// 32 buyers, each with a connection, of 10 things.
    async fn no_more_is_sold_than_there_is(shop: &Shop) {
        let (ada, home) = shop.customer("ada").await;
        let (rare, common) = (shop.product("rare", 1, 10).await, shop.product("common", 1, 1000).await);
        let start = Arc::new(Barrier::new(32));
        let mut buyers = Vec::new();
        for number in 0..32 {
            // Half of them name the products the other way round.
            let mut items = vec![(&*common.id, 1), (&*rare.id, 1)];
            if number % 2 == 0 {
                items.reverse();
            }
            let request = buying(&ada, &home, &items, &format!("buyer-{number}"));
            let (start, channel) = (Arc::clone(&start), channel(&shop.binary.address).await);
            buyers.push(tokio::spawn(async move {
                start.wait().await;
                OrderServiceClient::new(channel).checkout(request).await
            }));
        }
        let mut placed = BTreeSet::new();
        for buyer in buyers {
            match buyer.await.expect("no panic") {
                Ok(order) => assert!(placed.insert(order.into_inner().id)),
                Err(told) => {
                    assert_eq!(told.code(), Code::FailedPrecondition, "{told}");
                    assert!(told.message().ends_with(".quantity: there are 0 left"), "{told}");
                }
            }
        }
        assert_eq!(placed.len(), 10);
        assert_eq!((shop.stock(&rare.id).await, shop.stock(&common.id).await), (0, 990));
        let (orders, lines) = everything(&channel(&shop.binary.address).await).await;
        assert_eq!((orders.len(), lines.len()), (10, 20));
        assert!(orders.iter().all(|order| order.lines.len() == 2 && order.total_cents == 2));
    }
}

on_each! {
    /// One buyer who presses the button eight times at once.
    async fn a_call_that_is_sent_at_once_several_times_is_one(shop: &Shop) {
        let (ada, home) = shop.customer("ada").await;
        let tea = shop.product("tea", 1, 1).await;
        let request = buying(&ada, &home, &[(&tea.id, 1)], "once");
        let start = Arc::new(Barrier::new(8));
        let mut calls = Vec::new();
        for _ in 0..8 {
            let (start, channel) = (Arc::clone(&start), channel(&shop.binary.address).await);
            let request = request.clone();
            calls.push(tokio::spawn(async move {
                start.wait().await;
                OrderServiceClient::new(channel).checkout(request).await
            }));
        }
        let mut answers = BTreeSet::new();
        for call in calls {
            let order = call.await.expect("no panic").expect("the order").into_inner();
            answers.insert(order.id);
        }
        assert_eq!(answers.len(), 1);
        assert_eq!(shop.stock(&tea.id).await, 0);
    }
}

on_each! {
    /// The shop is killed while it sells; every call is sent again to the next one, with its request id.
    async fn a_crash_leaves_no_half_order_and_doubles_none(shop: &Shop) {
        let (ada, home) = shop.customer("ada").await;
        let (tea, pot) = (shop.product("tea", 1, 1000).await, shop.product("pot", 1, 1000).await);
        let mut buyers = Vec::new();
        for buyer in 0..4 {
            let orders = OrderServiceClient::new(channel(&shop.binary.address).await);
            let request = |number: i32| buying(&ada, &home, &[(&tea.id, 1), (&pot.id, 2)], &format!("{buyer}-{number}"));
            let requests: Vec<_> = (0..500).map(request).collect();
            buyers.push(tokio::spawn(async move {
                let mut sent = Vec::new();
                for request in requests {
                    let answer = orders.clone().checkout(request.clone()).await;
                    let failed = answer.is_err();
                    sent.push((request, answer.ok().map(|order| order.into_inner().id)));
                    if failed {
                        break;
                    }
                }
                sent
            }));
        }
        tokio::time::sleep(Duration::from_millis(400)).await;
        shop.binary.kill();
        let mut sent = Vec::new();
        for buyer in buyers {
            sent.extend(buyer.await.expect("no panic"));
        }
        let acknowledged = sent.iter().filter(|(_, answer)| answer.is_some()).count();
        assert!((1..2000).contains(&acknowledged), "{acknowledged} orders before the crash");

        let next = Binary::start(&shop.database.url);
        let channel = channel(&next.address).await;
        let whole = |orders: &[Order], lines: &[OrderLine]| {
            assert!(orders.iter().all(|order| order.lines.len() == 2), "a half order");
            assert_eq!(lines.len(), 2 * orders.len());
        };
        let (orders, lines) = everything(&channel).await;
        whole(&orders, &lines);
        let mut client = OrderServiceClient::new(channel.clone());
        for (request, answer) in &sent {
            let order = client.checkout(request.clone()).await.expect("placed, now or before").into_inner();
            assert!(answer.as_ref().is_none_or(|id| *id == order.id), "an acknowledged order is another one");
        }
        let (orders, lines) = everything(&channel).await;
        whole(&orders, &lines);
        assert_eq!(orders.len(), sent.len());
        let mut products = shop::shop::v1::product_service_client::ProductServiceClient::new(channel);
        for (product, of_each) in [(&tea.id, 1), (&pot.id, 2)] {
            let get = shop::shop::v1::GetProductRequest { id: product.clone(), ..Default::default() };
            let left = products.get_product(get).await.expect("there").into_inner().stock;
            let sold = i32::try_from(sent.len()).expect("few") * of_each;
            assert_eq!(left, 1000 - sold);
        }
    }
}

/// The database is killed twice while the shop sells; every call is sent until it is acknowledged, with its request id.
async fn sells_while_its_database_is_killed(server: Server) {
    let shop = Shop::open(Database::of(server.database())).await;
    let (ada, home) = shop.customer("ada").await;
    let tea = shop.product("tea", 1, 1_000_000).await;
    let stop = Arc::new(AtomicBool::new(false));
    let mut buyers = Vec::new();
    for buyer in 0..4 {
        let mut orders = OrderServiceClient::new(channel(&shop.binary.address).await);
        let (ada, home, tea, stop) = (ada.clone(), home.clone(), tea.clone(), Arc::clone(&stop));
        buyers.push(tokio::spawn(async move {
            let mut placed = BTreeSet::new();
            while !stop.load(Ordering::Relaxed) {
                let id = format!("{buyer}-{}", placed.len());
                let request = buying(&ada, &home, &[(&tea.id, 1)], &id);
                let begun = Instant::now();
                let order = loop {
                    assert!(begun.elapsed() < Duration::from_secs(30), "{id}");
                    match orders.checkout(request.clone()).await {
                        Ok(order) => break order.into_inner().id,
                        Err(told) => {
                            let code = told.code();
                            assert!(matches!(code, Code::Unavailable | Code::Aborted), "{told}");
                            tokio::time::sleep(Duration::from_millis(20)).await;
                        }
                    }
                };
                assert!(placed.insert(order), "two requests have one order");
            }
            placed
        }));
    }
    for _ in 0..2 {
        tokio::time::sleep(Duration::from_millis(600)).await;
        tokio::task::block_in_place(|| {
            server.kill();
            server.start();
        });
    }
    tokio::time::sleep(Duration::from_millis(400)).await;
    stop.store(true, Ordering::Relaxed);
    let mut placed = BTreeSet::new();
    for buyer in buyers {
        placed.extend(buyer.await.expect("no panic"));
    }
    assert!(placed.len() > 4, "nothing was sold");
    let (orders, lines) = everything(&channel(&shop.binary.address).await).await;
    let stored: BTreeSet<String> = orders.iter().map(|order| order.id.clone()).collect();
    assert_eq!(stored, placed);
    assert!(
        orders.iter().all(|order| order.lines.len() == 1),
        "a half order"
    );
    assert_eq!(lines.len(), orders.len());
    let sold = i32::try_from(orders.len()).expect("few");
    assert_eq!(shop.stock(&tea.id).await, 1_000_000 - sold);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_postgres_doubles_no_order() {
    if let Some(server) = databases::own_postgres() {
        sells_while_its_database_is_killed(server).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_mariadb_doubles_no_order() {
    if let Some(server) = databases::own_mariadb() {
        sells_while_its_database_is_killed(server).await;
    }
}

/// Every order and every line.
async fn everything(channel: &Channel) -> (Vec<Order>, Vec<OrderLine>) {
    let mut orders = Vec::new();
    let mut client = OrderServiceClient::new(channel.clone());
    let mut list = ListOrdersRequest {
        page_size: 500,
        include: "lines".to_owned(),
        ..ListOrdersRequest::default()
    };
    loop {
        let page = client.list_orders(list.clone()).await.expect("a page");
        let page = page.into_inner();
        orders.extend(page.orders);
        if page.next_page_token.is_empty() {
            break;
        }
        list.page_token = page.next_page_token;
    }
    let mut lines = Vec::new();
    let mut client = OrderLineServiceClient::new(channel.clone());
    let mut list = ListOrderLinesRequest {
        page_size: 500,
        ..ListOrderLinesRequest::default()
    };
    loop {
        let page = client.list_order_lines(list.clone()).await.expect("a page");
        let page = page.into_inner();
        lines.extend(page.order_lines);
        if page.next_page_token.is_empty() {
            return (orders, lines);
        }
        list.page_token = page.next_page_token;
    }
}
