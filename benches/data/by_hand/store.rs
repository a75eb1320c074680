//! The statements.

use sqlx::{
    FromRow, PgPool, Row, SqlitePool,
    postgres::{PgConnectOptions, PgPoolOptions, PgRow},
    sqlite::{
        SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
    },
};
use uuid::Uuid;

use super::model::{Author, Book, Item, ItemPatch};

/// A pool. Both take the same statements.
#[derive(Clone, Debug)]
pub(crate) enum Store {
    /// One connection that writes, so that writers do not run into the lock, and some that read.
    Sqlite {
        write: SqlitePool,
        read: SqlitePool,
    },
    Postgres(PgPool),
}

const GET: &str =
    "SELECT id, name, description, price, quantity, rating, active FROM items WHERE id = $1";
const LIST: &str = "SELECT id, name, description, price, quantity, rating, active FROM items \
                    WHERE id > $1 ORDER BY id LIMIT $2";
const CREATE: &str = "INSERT INTO items (id, name, description, price, quantity, rating, active) \
                      VALUES ($1, $2, $3, $4, $5, $6, $7) \
                      RETURNING id, name, description, price, quantity, rating, active";
const UPDATE: &str = "UPDATE items SET name = COALESCE($2, name), description = COALESCE($3, description), \
                      price = COALESCE($4, price), quantity = COALESCE($5, quantity), \
                      rating = COALESCE($6, rating), active = COALESCE($7, active) WHERE id = $1 \
                      RETURNING id, name, description, price, quantity, rating, active";
/// As many authors as fit, each with all books.
const JOIN: &str = "SELECT a.id, a.name, b.id, b.title, b.pages \
                    FROM (SELECT id, name FROM authors ORDER BY id LIMIT $1) AS a \
                    LEFT JOIN books AS b ON b.author_id = a.id ORDER BY a.id, b.id";

macro_rules! rows {
    ($($row:ty),*) => {$(
        impl FromRow<'_, $row> for Item {
            fn from_row(row: &$row) -> sqlx::Result<Self> {
                Ok(Self {
                    id: row.try_get(0)?,
                    name: row.try_get(1)?,
                    description: row.try_get(2)?,
                    price: row.try_get(3)?,
                    quantity: i32::try_from(row.try_get::<i64, _>(4)?).unwrap_or_default(),
                    rating: row.try_get(5)?,
                    active: row.try_get(6)?,
                })
            }
        }

        impl FromRow<'_, $row> for Joined {
            fn from_row(row: &$row) -> sqlx::Result<Self> {
                let id: Option<String> = row.try_get(2)?;
                let author_id: String = row.try_get(0)?;
                let book = match id {
                    None => None,
                    Some(id) => Some(Book {
                        id,
                        author_id: author_id.clone(),
                        title: row.try_get(3)?,
                        pages: i32::try_from(row.try_get::<i64, _>(4)?).unwrap_or_default(),
                    }),
                };
                Ok(Self { id: author_id, name: row.try_get(1)?, book })
            }
        }
    )*};
}

/// A row of the JOIN.
struct Joined {
    id: String,
    name: String,
    book: Option<Book>,
}

rows!(SqliteRow, PgRow);

/// Runs a query on the pool of the database.
macro_rules! on {
    ($self:ident, $pool:ident, $sql:expr, $($value:expr),* ; $fetch:ident) => {
        match $self {
            Self::Sqlite { $pool: pool, .. } => {
                sqlx::query_as($sql)$(.bind($value))*.$fetch(pool).await
            }
            Self::Postgres(pool) => sqlx::query_as($sql)$(.bind($value))*.$fetch(pool).await,
        }
    };
}

impl Store {
    pub(crate) async fn sqlite(file: &std::path::Path) -> Self {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(std::time::Duration::from_secs(5));
        let pool = |connections| {
            let pool = SqlitePoolOptions::new().test_before_acquire(false);
            pool.max_connections(connections)
        };
        Self::Sqlite {
            write: pool(1).connect_with(options.clone()).await.expect("opens"),
            read: pool(4).connect_with(options).await.expect("opens"),
        }
    }

    pub(crate) async fn postgres(url: &str) -> Self {
        let options: PgConnectOptions = url.parse().expect("a URL");
        let pool = PgPoolOptions::new()
            .max_connections(10)
            .test_before_acquire(false);
        Self::Postgres(pool.connect_with(options).await.expect("connects"))
    }

    pub(super) async fn get(&self, id: &str) -> sqlx::Result<Option<Item>> {
        on!(self, read, GET, id; fetch_optional)
    }

    pub(super) async fn list(&self, after: &str, limit: i64) -> sqlx::Result<Vec<Item>> {
        on!(self, read, LIST, after, limit; fetch_all)
    }

    pub(super) async fn create(&self, item: Item) -> sqlx::Result<Item> {
        let id = Uuid::now_v7().to_string();
        on!(self, write, CREATE, id, item.name, item.description, item.price,
            i64::from(item.quantity), item.rating, item.active; fetch_one)
    }

    pub(super) async fn update(&self, id: &str, patch: ItemPatch) -> sqlx::Result<Option<Item>> {
        let price = patch.price.and_then(|price| price.parse::<i64>().ok());
        on!(self, write, UPDATE, id, patch.name, patch.description, price,
            patch.quantity.map(i64::from), patch.rating, patch.active; fetch_optional)
    }

    pub(super) async fn authors(&self, limit: i64) -> sqlx::Result<Vec<Author>> {
        let rows: Vec<Joined> = on!(self, read, JOIN, limit; fetch_all)?;
        let mut authors: Vec<Author> = Vec::new();
        for row in rows {
            if authors.last().is_none_or(|last| last.id != row.id) {
                authors.push(Author {
                    id: row.id,
                    name: row.name,
                    books: Vec::new(),
                });
            }
            if let (Some(author), Some(book)) = (authors.last_mut(), row.book) {
                author.books.push(book);
            }
        }
        Ok(authors)
    }
}
