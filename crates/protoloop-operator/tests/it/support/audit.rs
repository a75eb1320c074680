//! What operators asked the API server for, as its audit log tells.

use std::{
    fs::File,
    io::{Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
};

use serde_json::Value;

/// The log of one server.
#[derive(Clone, Debug)]
pub(crate) struct Audit(PathBuf);

/// One request of an operator.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// Who it was, as its test calls it.
    pub(crate) operator: String,
    pub(crate) verb: String,
    pub(crate) group: String,
    /// `deployments`, `microservices/status`.
    pub(crate) resource: String,
    pub(crate) name: String,
    pub(crate) code: u64,
}

impl Request {
    /// Whether it changes nothing, or only says who writes.
    pub(crate) fn reads(&self) -> bool {
        matches!(&*self.verb, "get" | "list" | "watch") || self.resource == "leases"
    }

    /// The rights that it needs: an apply of what is not there makes it.
    pub(crate) fn rights(&self) -> Vec<(String, String, String)> {
        let right = |verb: &str| (self.group.clone(), self.resource.clone(), verb.to_owned());
        match (&*self.verb, self.code) {
            ("patch", 201) => vec![right("patch"), right("create")],
            (verb, _) => vec![right(verb)],
        }
    }
}

impl Audit {
    pub(crate) fn of(state: &Path) -> Self {
        Self(state.join("audit.log"))
    }

    /// The end of what has been told by now.
    pub(crate) fn moment(&self) -> u64 {
        std::fs::metadata(&self.0).map_or(0, |file| file.len())
    }

    /// What operators whose names begin with `test` and a dash have asked for since a moment.
    pub(crate) fn since(&self, moment: u64, test: &str) -> Vec<Request> {
        let mut text = String::new();
        if let Ok(mut file) = File::open(&self.0) {
            file.seek(SeekFrom::Start(moment)).expect("a file");
            file.read_to_string(&mut text).expect("JSON is text");
        }
        let prefix = format!("{test}-");
        let mark = format!("({prefix}");
        text.lines()
            .filter(|line| line.contains(&mark))
            .filter_map(|line| request(line, &prefix))
            .collect()
    }
}

fn request(line: &str, prefix: &str) -> Option<Request> {
    let entry: Value = serde_json::from_str(line).ok()?;
    let agent = entry["userAgent"].as_str()?;
    let agent = agent.strip_prefix("protoloop-operator/")?;
    let who = agent.split_once(" (")?.1.trim_end_matches(')');
    let object = &entry["objectRef"];
    let text = |name: &str| object[name].as_str().unwrap_or_default().to_owned();
    let resource = match object["subresource"].as_str() {
        Some(part) => format!("{}/{part}", text("resource")),
        None => text("resource"),
    };
    Some(Request {
        operator: who.strip_prefix(prefix)?.to_owned(),
        verb: entry["verb"].as_str()?.to_owned(),
        group: text("apiGroup"),
        resource,
        name: text("name"),
        code: entry["responseStatus"]["code"].as_u64().unwrap_or_default(),
    })
}
