//! Filters from outside: LoopBack's objects and brackets over REST, and sqlmap, which tries to break out of them.

use std::{net::SocketAddr, path::Path, process::Command};

use serde_json::{Value, json};

use crate::support::{
    http,
    run::run,
    served::Served,
    stores::{self, Store},
    tools,
};

const LIBRARY: &str = r#"
syntax = "proto3";
package library.v1;
import "protoloop/v1/annotations.proto";
message Author {
  option (protoloop.v1.model) = { expose: CRUD };
  string id = 1 [(protoloop.v1.field) = { id: CLIENT }];
  string name = 2;
  repeated Book books = 3 [(protoloop.v1.relation) = { has_many: {} }];
}
message Book {
  option (protoloop.v1.model) = { expose: CRUD };
  string id = 1 [(protoloop.v1.field) = { id: CLIENT }];
  string title = 2;
  double price = 3;
  optional string author_id = 4;
  Author author = 5 [(protoloop.v1.relation) = { belongs_to: {} }];
  map<string, string> labels = 6;
}
"#;

fn library(store: &Store) -> Served {
    let path = store.folder.path().join("library.proto");
    std::fs::write(&path, LIBRARY).expect("the folder is ours");
    let server = Served::start(&path, &store.url);
    let rows = [
        ("/v1/authors?authorId=a", json!({"name": "Ann"})),
        ("/v1/authors?authorId=b", json!({"name": "Bob"})),
        (
            "/v1/books?bookId=1",
            json!({"title": "x", "price": 5, "authorId": "b"}),
        ),
        (
            "/v1/books?bookId=2",
            json!({"title": "y", "price": 9, "authorId": "a"}),
        ),
        (
            "/v1/books?bookId=3",
            json!({"title": "z", "price": 7, "authorId": "a", "labels": {"k": "v"}}),
        ),
        ("/v1/books?bookId=4", json!({"title": "w"})),
    ];
    for (target, row) in rows {
        let answer = http::post(server.address(), target, &row.to_string());
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    server
}

/// The ids of a page of books.
#[track_caller]
fn ids(server: SocketAddr, query: &str) -> String {
    let answer = http::get(server, &format!("/v1/books?{query}"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = answer.json();
    let books = answer["books"].as_array().cloned().unwrap_or_default();
    let ids = books.iter().filter_map(|book| book["id"].as_str());
    ids.collect::<Vec<_>>().join(" ")
}

#[test]
fn filters_of_both_syntaxes_go_over_rest() {
    stores::each(|store| both_syntaxes(library(store).address()));
}

fn both_syntaxes(server: SocketAddr) {
    let table = [
        ("filter=author.name%20%3D%20Ann", "2 3"),
        ("filter=author.name%20!%3D%20Ann", "1 4"),
        (
            "filter=%7B%22where%22%3A%7B%22price%22%3A%7B%22gt%22%3A5%7D%7D%7D",
            "2 3",
        ),
        (
            "filter[where][price][gt]=5&filter[order]=price%20DESC",
            "2 3",
        ),
        ("filter[where][price][gt]=5&filter[order]=price", "3 2"),
        (
            "filter[where][or][0][title]=x&filter[where][or][1][labels.k]=v",
            "1 3",
        ),
        (
            "filter[where][price][between][]=5&filter[where][price][between][]=7",
            "1 3",
        ),
        ("filter[where][author.name][inq][]=Bob", "1"),
        ("orderBy=author.name%20desc", "4 1 2 3"),
        ("filter[order]=author.name&filter[limit]=2", "2 3"),
    ];
    for (query, due) in table {
        assert_eq!(ids(server, query), due, "{query}");
    }
    let query = "filter[where][books][some][price][gt]=8&filter[include][][relation]=books&filter[fields][]=name";
    let answer = http::get(server, &format!("/v1/authors?{query}")).json();
    assert_eq!(answer["authors"][0]["name"], "Ann");
    assert_eq!(
        answer["authors"][0]["books"].as_array().map(Vec::len),
        Some(2)
    );
    let answer = http::get(server, "/v1/books?filter[where][price]=cheap");
    assert_eq!(answer.status, 400);
    let answer = answer.json();
    let message = answer["error"]["message"].as_str().unwrap_or_default();
    assert!(
        message.contains("`where.price`: `cheap` is no number"),
        "{message}"
    );
}

#[test]
fn pages_follow_an_order_by_related_rows() {
    stores::each(|store| ordered_pages(library(store).address()));
}

fn ordered_pages(server: SocketAddr) {
    let mut token = String::new();
    let mut all: Vec<Value> = Vec::new();
    for _ in 0..5 {
        let target = format!("/v1/books?orderBy=author.name&pageSize=1&pageToken={token}");
        let answer = http::get(server, &target);
        assert_eq!(answer.status, 200, "{}", answer.text());
        let answer = answer.json();
        all.extend(answer["books"].as_array().cloned().unwrap_or_default());
        token = answer["nextPageToken"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        if token.is_empty() {
            break;
        }
    }
    let ids: Vec<_> = all.iter().filter_map(|book| book["id"].as_str()).collect();
    assert_eq!(ids, ["2", "3", "1", "4"]);
}

/// What sqlmap finds at a place marked `*`.
fn probe(sqlmap: &Path, server: SocketAddr, store: &Store, target: &str) -> String {
    let mut command = Command::new(sqlmap);
    command
        .args([
            "--batch",
            "--flush-session",
            "--disable-coloring",
            "--dbms",
            store.kind,
        ])
        .args([
            "--level=1",
            "--risk=1",
            "--technique=BEUQ",
            "--timeout=5",
            "--retries=0",
        ])
        .args(["--threads=4", "--ignore-code=400", "--output-dir"])
        .arg(store.folder.path().join("sqlmap"))
        .arg("-u")
        .arg(format!("http://{server}{target}"));
    run(&mut command).stdout
}

#[test]
fn sqlmap_finds_no_way_in() {
    let Some(sqlmap) = tools::sqlmap() else {
        return;
    };
    stores::each_durable(|store| no_way_in(&sqlmap, store));
}

fn no_way_in(sqlmap: &Path, store: &Store) {
    let server = library(store);
    let places = [
        "/v1/books?filter=title%20%3D%20%22x*%22",
        "/v1/books?filter[where][author.name]=Ann*",
        "/v1/books?orderBy=title*",
    ];
    for target in places {
        let said = probe(sqlmap, server.address(), store, target);
        let tried = said.contains("do not appear to be injectable")
            || said.contains("does not seem to be injectable");
        assert!(tried, "{target}: {said}");
        assert!(!said.contains("is vulnerable"), "{target}: {said}");
    }
    assert_eq!(ids(server.address(), ""), "1 2 3 4");
}
