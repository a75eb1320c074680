//! How rows are ordered.

use super::{
    filters::ITEMS,
    lab::{Broken, Lab, broken},
};

const TABLE: &[(&str, &str)] = &[
    ("", "a b c d e f"),
    ("id desc", "f e d c b a"),
    // Strings by byte.
    ("title", "e f a c b d"),
    ("title desc", "d b c a f e"),
    // Nulls last, or first when descending; the key decides ties, ascending.
    ("rank", "f a b c d e"),
    ("rank desc", "d e b c a f"),
    ("rank desc, title desc", "d e b c a f"),
    ("rank, id desc", "f a c b e d"),
    ("note", "c d a b e f"),
    ("due desc, id", "c d e f b a"),
    ("span", "d a b c e f"),
    ("done desc", "a c b d e f"),
    ("size", "b c e f a d"),
    ("price desc", "b a d e f c"),
    ("total desc", "a f b c d e"),
    ("color", "c e f a b d"),
    ("data desc", "a b c d e f"),
    ("address.city", "b a c d e f"),
    ("address.number desc", "c d e f a b"),
    ("labels.env desc", "c d e f a b"),
];

pub(super) async fn orders_are_total(lab: &Lab) -> Result<(), Broken> {
    lab.store(ITEMS).await?;
    let mut wrong = Vec::new();
    for (order, due) in TABLE {
        let found = lab.ids("", order).await;
        let found = found.unwrap_or_else(|broken| broken.reason);
        if found != *due {
            wrong.push(format!("`{order}` gives [{found}] instead of [{due}]"));
        }
    }
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(broken(wrong.join("\n"))),
    }
}
