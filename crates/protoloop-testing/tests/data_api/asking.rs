//! Models that ask for more than some connectors can do: stored, or refused at start with the place in the file.

use std::sync::Arc;

use protoloop_core::{CallContext, Code};
use protoloop_repository::{Connector, Model, OnStart, Record, RepositoryExt as _};
use protoloop_wire::json;

use crate::connectors;

/// A model, what its refusal tells, and a row of it.
const ASKING: &[(&str, &str, &str)] = &[
    (
        "Wide",
        "asking.v1.Wide.a begins an index over",
        r#"{"id":"1","a":"a","b":"b","c":"c","d":"d"}"#,
    ),
    (
        "Named",
        "may_be_on_some_servers has a column name of more than",
        r#"{"id":"1","aNameThatIsLongerThanTheNamesOfColumnsMayBeOnSomeServers":"x"}"#,
    ),
    (
        "Endless",
        "asking.v1.Endless.ratio has a default",
        r#"{"id":"1","ratio":"Infinity"}"#,
    ),
];

async fn asks(connector: Arc<dyn Connector>) {
    let tables = protoloop_testing::tables(include_str!("asking.proto"));
    let capabilities = connector.capabilities();
    for (name, told, line) in ASKING {
        let message = tables
            .schema()
            .message_by_name(&format!("asking.v1.{name}"));
        let model = Model::new(&tables, message.unwrap().entity.unwrap()).unwrap();
        let models = [Arc::clone(&model)];
        let fits = capabilities.check(connector.name(), &models).is_ok();
        // One after the other, so that the database is no empty one.
        let prepared = connector.prepare_as(&models, OnStart::Apply).await;
        match (prepared, fits) {
            (Ok(()), true) => {
                let rows = connector.repository(&model).unwrap();
                let options = json::DecodeOptions::default();
                let row = json::decode(&tables, model.message().id, line.as_bytes(), &options);
                let row = Record(row.unwrap().into());
                let row: Record = rows.create(&CallContext::new(), row).await.unwrap();
                let key = model.key_of(row.as_ref()).unwrap();
                let found: Record = rows.find_by_id(&CallContext::new(), &key).await.unwrap();
                assert_eq!(found.as_ref(), row.as_ref());
            }
            (Err(error), false) => {
                assert_eq!(error.code(), Code::FailedPrecondition);
                assert!(error.message().contains(told), "{error}");
                assert!(error.message().starts_with("test.proto:"), "{error}");
            }
            (outcome, fits) => panic!("{name}: fits is {fits}, and prepare answered {outcome:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_stores_what_it_does_not_refuse() {
    connectors::memory(asks).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_stores_what_it_does_not_refuse() {
    connectors::sqlite(asks).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_stores_what_it_does_not_refuse() {
    connectors::postgres(asks).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mariadb_stores_what_it_does_not_refuse() {
    connectors::mariadb(asks).await;
}
