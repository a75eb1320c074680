//! What the server's error numbers mean.

use protoloop_driver::{Fault, FaultKind};
use protoloop_sql::Violation;
use sqlx::mysql::MySqlDatabaseError;

/// A failure of the driver.
pub(crate) fn fault(error: sqlx::Error) -> Fault {
    let kind = match &error {
        sqlx::Error::Database(found) => match found.try_downcast_ref::<MySqlDatabaseError>() {
            Some(found) => of_number(found.number(), found.message()),
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

/// By number, see the reference "Server Error Messages".
fn of_number(number: u16, message: &str) -> FaultKind {
    match number {
        1062 | 1586 => FaultKind::Unique(key(message)),
        1216 | 1217 | 1451 | 1452 => FaultKind::ForeignKey(reference(message)),
        1048 | 1364 => FaultKind::NotNull(first_quoted(message)),
        3819 | 4025 => FaultKind::Check(None),
        1264 | 1265 | 1366 | 1406 | 1690 | 3140 => {
            FaultKind::Unfit(quoted(message, "column '", '\''))
        }
        1020 | 1205 | 1213 => FaultKind::Conflict,
        1317 | 1969 | 3024 => FaultKind::Stopped,
        1053 | 1927 | 2006 | 2013 => FaultKind::Lost,
        1040 | 1203 | 1226 => FaultKind::Away,
        1044 | 1045 | 1049 | 1698 => FaultKind::Refused,
        1290 | 1792 | 1836 => FaultKind::ReadOnly,
        1021 | 1114 => FaultKind::Full,
        1243 | 1615 => FaultKind::Stale,
        1054 | 1146 => FaultKind::NoTable,
        1139 | 1390 | 1436 | 3685..=3699 => FaultKind::TooComplex,
        _ => FaultKind::Other,
    }
}

/// The index behind `Duplicate entry '…' for key 'books.books_isbn_key'`; MariaDB leaves the table out. The entry may hold
/// anything, so the end is looked at.
fn key(message: &str) -> Option<String> {
    let (_, name) = message.strip_suffix('\'')?.rsplit_once(" for key '")?;
    let name = name.rsplit_once('.').map_or(name, |(_, name)| name);
    Some(name.to_owned())
}

/// The foreign key behind ``(`shop`.`books`, CONSTRAINT `x` FOREIGN KEY (`author_id`) …``.
fn reference(message: &str) -> Violation {
    let table = message
        .split_once("`, CONSTRAINT ")
        .and_then(|(before, _)| before.rsplit_once('`'));
    let columns = message
        .split_once("FOREIGN KEY (`")
        .and_then(|(_, rest)| rest.split_once("`)"));
    let columns = columns
        .into_iter()
        .flat_map(|(names, _)| names.split("`, `"));
    Violation {
        constraint: quoted(message, "CONSTRAINT `", '`'),
        table: table.map(|(_, table)| table.to_owned()),
        columns: columns.map(str::to_owned).collect(),
    }
}

fn first_quoted(message: &str) -> Option<String> {
    quoted(message, "'", '\'')
}

fn quoted(message: &str, before: &str, end: char) -> Option<String> {
    let (_, rest) = message.split_once(before)?;
    Some(rest.split(end).next()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints_are_named() {
        let unique = |text: &str| of_number(1062, text);
        let named = |name: &str| FaultKind::Unique(Some(name.to_owned()));
        assert_eq!(
            unique("Duplicate entry 'a' for key 'b' for key 'books.isbn_key'"),
            named("isbn_key")
        );
        assert_eq!(
            unique("Duplicate entry 'x' for key 'PRIMARY'"),
            named("PRIMARY")
        );
        let reference = "Cannot add or update a child row: a foreign key constraint fails \
                         (`shop`.`books`, CONSTRAINT `books_author_id_fkey` FOREIGN KEY (`author_id`) REFERENCES …)";
        let told = |constraint: &str, columns: &[&str]| {
            FaultKind::ForeignKey(Violation {
                constraint: Some(constraint.to_owned()),
                table: Some("books".to_owned()),
                columns: columns.iter().map(|name| (*name).to_owned()).collect(),
            })
        };
        assert_eq!(
            of_number(1452, reference),
            told("books_author_id_fkey", &["author_id"])
        );
        let of_several = "Cannot delete or update a parent row: a foreign key constraint fails \
                          (`shop`.`books`, CONSTRAINT `books_ibfk_1` FOREIGN KEY (`a`, `b`) REFERENCES `x` (`c`, `d`))";
        assert_eq!(
            of_number(1451, of_several),
            told("books_ibfk_1", &["a", "b"])
        );
        assert_eq!(
            of_number(1452, "Cannot add a row"),
            FaultKind::ForeignKey(Violation::default())
        );
        assert_eq!(
            of_number(1406, "Data too long for column 'title' at row 1"),
            FaultKind::Unfit(Some("title".to_owned()))
        );
    }
}
