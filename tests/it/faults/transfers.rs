//! Batches with etags and request ids while the service or its database is killed: nothing is done by half, twice, or lost.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use protoloop_testing::databases::{self, Server};
use serde_json::{Value, json};

use super::{
    until,
    writers::{WRITERS, Writers},
};
use crate::support::{self, http, pause, served::Served, stores};

const PROTO: &str = r#"syntax = "proto3";
package bank.v1;
import "protoloop/v1/annotations.proto";
message Account {
  option (protoloop.v1.model) = { expose: CRUD };
  string id = 1 [(protoloop.v1.field) = { id: CLIENT }];
  int32 balance = 2;
  string etag = 3 [(protoloop.v1.field) = { etag: true }];
}
message Transfer {
  option (protoloop.v1.model) = { expose: CRUD };
  string id = 1 [(protoloop.v1.field) = { id: CLIENT }];
  string from_id = 2;
  string to_id = 3;
  Account from = 4 [(protoloop.v1.relation) = { belongs_to: { key: "from_id" } }];
  Account to = 5 [(protoloop.v1.relation) = { belongs_to: { key: "to_id" } }];
}
"#;

/// Few, so that writers meet.
const ACCOUNTS: usize = 4;
const BEGIN: i64 = 1_000;
const PATIENCE: Duration = Duration::from_secs(30);

struct Bank {
    writers: Writers,
}

impl Bank {
    fn open(address: SocketAddr) -> Self {
        for account in 0..ACCOUNTS {
            let body = json!({ "id": format!("a{account}"), "balance": BEGIN }).to_string();
            let made = http::post(address, "/v1/accounts", &body);
            assert_eq!(made.status, 200, "{}", made.text());
        }
        Self {
            writers: Writers::new(address),
        }
    }

    fn address(&self) -> SocketAddr {
        self.writers.address()
    }

    /// Transfers while `faults` happen; answers the acknowledged ones.
    fn during(&self, faults: impl FnOnce()) -> Vec<String> {
        let write = |writer: usize, call: usize| {
            let id = format!("t{writer}-{call}");
            let from = (writer + call) % ACCOUNTS;
            let to = (from + 1 + call % (ACCOUNTS - 1)) % ACCOUNTS;
            self.transfer(&id, from, to).then_some(id)
        };
        self.writers.during(write, faults)
    }

    /// Whether a transfer is done: not when someone else changed an account meanwhile.
    fn transfer(&self, id: &str, from: usize, to: usize) -> bool {
        let [from, to] = [from, to].map(|account| self.account(account));
        let changed = |account: &Value, by: i64| {
            let balance = account["balance"].as_i64().unwrap_or(0) + by;
            let account =
                json!({ "id": account["id"], "etag": account["etag"], "balance": balance });
            json!({ "update": {
                "@type": "type.googleapis.com/bank.v1.UpdateAccountRequest",
                "account": account, "updateMask": "balance",
            }})
        };
        let transfer = json!({ "create": {
            "@type": "type.googleapis.com/bank.v1.CreateTransferRequest",
            "transfer": { "id": id, "fromId": from["id"], "toId": to["id"] },
        }});
        let writes = [changed(&from, -1), transfer, changed(&to, 1)];
        let body = json!({ "writes": writes, "requestId": id }).to_string();
        let answer = self.until_answered("POST", "/v1:batchWrite", &body, |answer| {
            answer.status == 200 || answer.status == 409 && answer.text().contains("etag")
        });
        answer.status == 200
    }

    fn account(&self, account: usize) -> Value {
        let target = format!("/v1/accounts/a{account}");
        self.until_answered("GET", &target, "", |answer| answer.status == 200)
            .json()
    }

    /// Sends a call again until its answer is final.
    fn until_answered(
        &self,
        method: &str,
        target: &str,
        body: &str,
        is_final: impl Fn(&http::Response) -> bool,
    ) -> http::Response {
        let begun = Instant::now();
        loop {
            let headers = [("content-type", "application/json")];
            let answer = http::try_send(self.address(), method, target, &headers, body.as_bytes());
            match answer {
                Ok(answer) if is_final(&answer) => return answer,
                Ok(answer) => {
                    // 409: the same call is still under way, or writers met too often.
                    let text = answer.text();
                    assert!(
                        [409, 503].contains(&answer.status),
                        "{target} {body}: {text}"
                    );
                }
                // The service is gone for the moment.
                Err(_) => {}
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "{target} {body} is never answered"
            );
            pause(Duration::from_millis(10));
        }
    }

    /// Every acknowledged transfer is there, no other one, and the accounts are what they make of them.
    fn audit(&self, acknowledged: &[String]) {
        let mut balances = [BEGIN; ACCOUNTS];
        let mut found = Vec::new();
        for transfer in http::rows(self.address(), "/v1/transfers", "transfers") {
            let account = |member: &str| {
                let id = transfer[member].as_str().expect("a key");
                id[1..].parse::<usize>().expect("a number")
            };
            balances[account("fromId")] -= 1;
            balances[account("toId")] += 1;
            found.push(transfer["id"].as_str().expect("an id").to_owned());
        }
        let mut acknowledged = acknowledged.to_vec();
        acknowledged.sort();
        found.sort();
        assert!(acknowledged.len() > WRITERS, "nothing was written");
        assert_eq!(found, acknowledged);
        for (account, due) in balances.into_iter().enumerate() {
            assert_eq!(
                self.account(account)["balance"].as_i64(),
                Some(due),
                "a{account}"
            );
        }
    }
}

fn proto(folder: &Path) -> PathBuf {
    let proto = folder.join("bank.proto");
    fs::write(&proto, PROTO).expect("the folder is ours");
    proto
}

#[test]
fn batches_are_done_once_and_whole_though_the_service_is_killed() {
    stores::each_durable(|store| {
        let proto = proto(store.folder.path());
        let mut app = Served::start(&proto, &store.url);
        let bank = Bank::open(app.address());
        let mut last = None;
        let acknowledged = bank.during(|| {
            for _ in 0..4 {
                pause(Duration::from_millis(350));
                app.kill();
                app = Served::start(&proto, &store.url);
                bank.writers.moved_to(app.address());
            }
            pause(Duration::from_millis(300));
            last = Some(app);
        });
        bank.audit(&acknowledged);
        drop(last);
    });
}

fn database_is_killed(server: &Server) {
    let folder = support::folder();
    let app = Served::start(&proto(folder.path()), &server.database());
    let bank = Bank::open(app.address());
    let acknowledged = bank.during(|| {
        for _ in 0..2 {
            pause(Duration::from_millis(500));
            server.kill();
            server.start();
            until("ready again", PATIENCE, || {
                http::get(bank.address(), "/readyz").status == 200
            });
        }
        pause(Duration::from_millis(400));
    });
    bank.audit(&acknowledged);
}

#[test]
fn batches_are_done_once_and_whole_though_postgres_is_killed() {
    if let Some(server) = databases::own_postgres() {
        database_is_killed(&server);
    }
}

#[test]
fn batches_are_done_once_and_whole_though_mariadb_is_killed() {
    if let Some(server) = databases::own_mariadb() {
        database_is_killed(&server);
    }
}
