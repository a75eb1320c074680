//! What was acknowledged is kept, even when the process is killed.

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    sync::mpsc::{self, Sender},
    thread,
};

use crate::support::{
    self,
    http::{self, Connection},
    served::Served,
    stores,
};

const CLIENTS: usize = 4;
const CREATES_OF_EACH: usize = 250;
/// So many are acknowledged before the kill: it comes in the midst of the others.
const BEFORE_THE_KILL: usize = 400;

#[test]
fn kill_during_a_thousand_creates_loses_nothing_acknowledged() {
    stores::each_durable(|store| kill_and_look(&store.url));
}

fn kill_and_look(database: &str) {
    let server = Served::start(&support::todo(), database);
    let address = server.address();
    let (sender, acknowledged) = mpsc::channel();
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let sender = sender.clone();
            thread::spawn(move || create_until_it_dies(address, client, &sender))
        })
        .collect();
    drop(sender);

    let mut ids: BTreeSet<String> = acknowledged.iter().take(BEFORE_THE_KILL).collect();
    server.kill();
    ids.extend(acknowledged);
    for client in clients {
        client.join().expect("a client does not panic");
    }

    let total = CLIENTS * CREATES_OF_EACH;
    assert!(
        (BEFORE_THE_KILL..total).contains(&ids.len()),
        "{} of {total}: the kill came too late",
        ids.len()
    );
    let server = Served::start(&support::todo(), database);
    let stored = stored_ids(server.address());
    let lost: Vec<_> = ids.difference(&stored).collect();
    assert!(
        lost.is_empty(),
        "{} acknowledged but lost: {lost:?}",
        lost.len()
    );
    let unacknowledged = stored.len() - ids.len();
    assert!(
        unacknowledged <= CLIENTS,
        "{unacknowledged} rows that no client can have sent"
    );
    let count = http::get(server.address(), "/v1/todos:count").json();
    assert_eq!(count["count"], stored.len().to_string());
}

/// Sends creates one after another and passes on the id of each that is acknowledged.
fn create_until_it_dies(server: SocketAddr, client: usize, acknowledged: &Sender<String>) {
    let mut connection = Connection::open(server);
    for number in 0..CREATES_OF_EACH {
        let Ok(answer) =
            connection.post("/v1/todos", &format!(r#"{{"title": "{client}-{number}"}}"#))
        else {
            return;
        };
        assert_eq!(answer.status, 200, "{}", answer.text());
        let id = answer.json()["id"]
            .as_str()
            .expect("a todo has an id")
            .to_owned();
        acknowledged.send(id).expect("the test listens to the end");
    }
}

/// The ids of every row, page by page.
fn stored_ids(server: SocketAddr) -> BTreeSet<String> {
    let rows = http::rows(server, "/v1/todos", "todos").into_iter();
    rows.map(|todo| todo["id"].as_str().expect("a todo has an id").to_owned())
        .collect()
}
