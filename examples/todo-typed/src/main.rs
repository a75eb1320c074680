//! Serves todos on <http://127.0.0.1:8080/v1/todos>, with its data in `todo.db`.

use protoloop::prelude::*;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let database = SqliteConnector::open("sqlite:todo.db").await?;
    todo_typed::application(database)?
        .serve("127.0.0.1:8080")
        .await?;
    Ok(())
}
