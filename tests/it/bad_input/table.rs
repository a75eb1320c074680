//! How a row of REST is written, sent and judged.

use std::{fmt::Write as _, net::SocketAddr};

use crate::support::{
    self,
    http::{self, Response},
    served::Served,
    stores,
};

/// A request that has to be refused.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    method: &'static str,
    target: String,
    headers: Vec<(&'static str, &'static str)>,
    body: Vec<u8>,
    status: u16,
    code: &'static str,
    names: Vec<&'static str>,
}

impl Row {
    /// A request without a body, refused with 400 INVALID_ARGUMENT by a message that holds `names`.
    pub(crate) fn new(
        method: &'static str,
        target: impl Into<String>,
        names: &'static str,
    ) -> Self {
        Self {
            method,
            target: target.into(),
            headers: Vec::new(),
            body: Vec::new(),
            status: 400,
            code: "INVALID_ARGUMENT",
            names: vec![names],
        }
    }

    pub(crate) fn body(mut self, kind: &'static str, body: impl Into<Vec<u8>>) -> Self {
        self.headers.push(("content-type", kind));
        self.body = body.into();
        self
    }

    pub(crate) fn json(self, body: impl Into<Vec<u8>>) -> Self {
        self.body("application/json", body)
    }

    pub(crate) fn header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Another answer than 400 INVALID_ARGUMENT.
    pub(crate) fn gives(mut self, status: u16, code: &'static str) -> Self {
        (self.status, self.code) = (status, code);
        self
    }

    /// The message holds this as well.
    pub(crate) fn and_names(mut self, part: &'static str) -> Self {
        self.names.push(part);
        self
    }

    fn shown(&self) -> String {
        let body: String = String::from_utf8_lossy(&self.body)
            .chars()
            .take(60)
            .collect();
        let target: String = self.target.chars().take(80).collect();
        format!("{} {target} {body}", self.method)
    }

    /// What is wrong with an answer, if anything.
    fn judge(&self, answer: &Response) -> Option<String> {
        let mut wrong = String::new();
        if answer.status != self.status {
            let _ = write!(
                wrong,
                "\n    status {} instead of {}",
                answer.status, self.status
            );
        }
        let text = answer.text();
        let Ok(body) = serde_json::from_str::<serde_json::Value>(&text) else {
            return Some(format!("{wrong}\n    not JSON: {text}"));
        };
        let error = &body["error"];
        if error["status"] != self.code || error["code"] != answer.status {
            let _ = write!(
                wrong,
                "\n    {} {} instead of {}",
                error["code"], error["status"], self.code
            );
        }
        let message = error["message"].as_str().unwrap_or_default();
        for part in self
            .names
            .iter()
            .filter(|part| !message.contains(**part) || message.is_empty())
        {
            let _ = write!(wrong, "\n    does not name {part:?}");
        }
        (!wrong.is_empty()).then(|| {
            format!(
                "{wrong}\n    {}",
                text.chars().take(300).collect::<String>()
            )
        })
    }
}

/// Sends every row to one server on each database, reports all that is wrong at once, and looks whether the server took harm.
pub(crate) fn refuse(rows: &[Row]) {
    stores::each(|store| {
        in_kitchen(&store.url, |server| {
            let mut wrong = String::new();
            for row in rows {
                let answer = http::send(server, row.method, &row.target, &row.headers, &row.body);
                if let Some(problem) = row.judge(&answer) {
                    let _ = write!(wrong, "\n{}{problem}", row.shown());
                }
            }
            wrong
        });
    });
}

/// The same for a table of any form, in memory.
pub(crate) fn with_kitchen(table: impl FnOnce(SocketAddr) -> String) {
    in_kitchen("memory:", table);
}

/// Runs a table against a fresh server and checks that it took no harm: it runs, it serves, its log tells of no panic.
fn in_kitchen(database: &str, table: impl FnOnce(SocketAddr) -> String) {
    let mut server = Served::start(&support::fixture("kitchen.proto"), database);
    let wrong = table(server.address());
    assert!(server.is_alive(), "the server is gone{wrong}");
    let made = http::post(server.address(), "/v1/dishes", r#"{"name": "still here"}"#);
    assert_eq!(
        made.status,
        200,
        "the server does not serve any more: {}",
        made.text()
    );
    let log = server.terminate().log;
    assert!(!log.contains("panick"), "{log}");
    assert!(wrong.is_empty(), "{wrong}");
}
