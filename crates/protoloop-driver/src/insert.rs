//! New rows of one call, several in a statement.

use protoloop_core::Error;
use protoloop_repository::{Record, Write};
use protoloop_sql::Table;

use crate::{
    Link,
    write::{Answers, Failed, execute},
};

/// How many of the first writes one statement does, two at least; `None` where each is done by itself.
pub(crate) fn together(table: &Table, writes: &[Write<Record>]) -> Option<usize> {
    let creates = writes
        .iter()
        .take_while(|write| matches!(write, Write::Create(_)));
    let size = table.insertable(creates.count());
    (size > 1).then_some(size)
}

/// Inserts rows in one statement and answers them as they are stored. A failure of the database does not say which of them
/// it was: then each is to be done by itself.
pub(crate) async fn insert<L: Link>(
    link: &mut L,
    table: &Table,
    writes: &[Write<Record>],
    answers: &mut Answers,
) -> Result<(), Failed> {
    let first = answers.len();
    let mut values = Vec::with_capacity(writes.len() * table.columns().len());
    for (index, write) in writes.iter().enumerate() {
        let Write::Create(row) = write else {
            let error = Error::internal_error("a write that is no creation");
            return Err(error.into());
        };
        let own = table.model().key_of(row.as_ref());
        let own = own.and_then(|_| table.row_of(row.as_ref()));
        let stored = own.and_then(|own| {
            let stored = table.record(own.as_slice())?;
            values.extend(own);
            Ok(stored)
        });
        match stored {
            Ok(stored) => answers.push(Some(stored)),
            Err(error) => {
                return Err(Failed {
                    index: Some(first + index),
                    ..error.into()
                });
            }
        }
    }
    let sql = table.insert_many_sql(writes.len());
    let done = execute(link, table, (sql, values), false).await;
    done.map_err(|failure| Failed {
        apart: !failure.breaks(),
        ..failure.into()
    })?;
    Ok(())
}
