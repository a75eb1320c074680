//! What the server's error codes mean.

use protoloop_driver::{Fault, FaultKind};
use protoloop_sql::Violation;
use sqlx::postgres::PgDatabaseError;

/// A failure of the driver.
pub(crate) fn fault(error: sqlx::Error) -> Fault {
    let kind = match &error {
        sqlx::Error::Database(found) => match found.try_downcast_ref::<PgDatabaseError>() {
            Some(found) => of_state(found),
            None => FaultKind::Other,
        },
        sqlx::Error::Configuration(_) => FaultKind::Refused,
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => FaultKind::Lost,
        _ => FaultKind::Other,
    };
    Fault::new(kind, error)
}

/// By SQLSTATE, see the appendix "PostgreSQL Error Codes".
fn of_state(error: &PgDatabaseError) -> FaultKind {
    let constraint = || error.constraint().map(str::to_owned);
    let column = || error.column().map(str::to_owned);
    match error.code() {
        "23505" => FaultKind::Unique(constraint()),
        "23503" | "23001" => FaultKind::ForeignKey(Violation {
            constraint: constraint(),
            table: error.table().map(str::to_owned),
            columns: error.detail().map(columns).unwrap_or_default(),
        }),
        "23502" => FaultKind::NotNull(column()),
        "23514" | "23P01" => FaultKind::Check(constraint()),
        "40001" | "40P01" | "55P03" => FaultKind::Conflict,
        "57014" => FaultKind::Stopped,
        "57P01" | "57P02" => FaultKind::Lost,
        "57P03" | "53300" => FaultKind::Away,
        "53100" | "53200" => FaultKind::Full,
        "3D000" => FaultKind::Refused,
        "25006" => FaultKind::ReadOnly,
        "42P01" | "42703" | "3F000" => FaultKind::NoTable,
        "26000" => FaultKind::Stale,
        "0A000" if error.message().contains("cached plan") => FaultKind::Stale,
        // A value of an index is longer than a page of it takes.
        "54000" if error.message().starts_with("index row") => FaultKind::Unfit(None),
        "2201B" | "54000" | "54001" | "54011" | "54023" => FaultKind::TooComplex,
        // Another number of values than the statement takes.
        "08P01" => FaultKind::Other,
        code if code.starts_with("22") => FaultKind::Unfit(column()),
        code if code.starts_with("08") => FaultKind::Lost,
        code if code.starts_with("28") => FaultKind::Refused,
        _ => FaultKind::Other,
    }
}

/// The columns in `Key (author_id)=(9) is not present in table "authors".`, in whatever language it is said. The values may hold
/// anything, so the beginning is looked at.
fn columns(detail: &str) -> Vec<String> {
    let names = detail
        .split_once('(')
        .and_then(|(_, rest)| rest.split_once(")=("));
    let names = names.into_iter().flat_map(|(names, _)| names.split(", "));
    names.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::columns;

    #[test]
    fn columns_of_keys_are_found() {
        for (detail, names) in [
            (
                r#"Key (author_id)=(9) is not present in table "authors"."#,
                &["author_id"][..],
            ),
            (
                r#"Schlüssel (a, b)=(1, )=() ist nicht in Tabelle »x« vorhanden."#,
                &["a", "b"],
            ),
            ("Key is not present.", &[]),
            ("", &[]),
        ] {
            assert_eq!(columns(detail), names, "{detail}");
        }
    }
}
