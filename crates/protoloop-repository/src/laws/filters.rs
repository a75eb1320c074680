//! What filters select.

use super::lab::{Broken, Lab, broken, equal};

/// Rows with nulls, negative and large numbers, an undeclared enum number, and the characters that patterns use.
pub(super) const ITEMS: &str = r#"
    {"id":"a","title":"Alpha","note":"n1","rank":1,"size":"10","price":1.5,"done":true,"color":"RED","due":"2024-01-01T00:00:00Z","span":"60s","address":{"city":"Oslo","zip":"0150","number":5},"labels":{"env":"prod","tier":"1"},"tags":["x","y"],"data":"AAE=","total":"18446744073709551615"}
    {"id":"b","title":"beta","rank":3,"size":"-5","price":2.5,"color":"BLUE","due":"2024-06-01T12:00:00.500Z","address":{"city":"Bergen"},"labels":{"env":"dev"},"tags":["y"],"total":"9223372036854775807"}
    {"id":"c","title":"Gamma%","note":"","rank":3,"price":-1,"done":true}
    {"id":"d","title":"delta_x","note":"N1","size":"9007199254740993","color":7,"span":"1.500s"}
    {"id":"e"}
    {"id":"f","title":"100% [a-z].*","rank":-2,"total":"9223372036854775808"}
"#;

const TABLE: &[(&str, &str)] = &[
    ("", "a b c d e f"),
    // Equality; `!=` and NOT are complements, so they select nulls.
    (r#"title = "Alpha""#, "a"),
    (r#"title != "Alpha""#, "b c d e f"),
    (r#"note = "n1""#, "a"),
    (r#"note != "n1""#, "b c d e f"),
    (r#"NOT note = "n1""#, "b c d e f"),
    (r#"note = """#, "c"),
    ("rank = 3", "b c"),
    ("rank != 3", "a d e f"),
    // Comparisons never select nulls, and their complements do.
    ("rank < 3", "a f"),
    ("rank <= 3", "a b c f"),
    ("rank > -3", "a b c f"),
    ("rank >= 3", "b c"),
    ("NOT rank < 3", "b c d e"),
    ("size > 9007199254740992", "d"),
    ("size < 0", "b"),
    ("size = 0", "c e f"),
    ("total > 9223372036854775807", "a f"),
    ("total >= 9223372036854775807", "a b f"),
    ("total = 18446744073709551615", "a"),
    ("total < 9223372036854775808", "b c d e"),
    ("price < 0", "c"),
    ("price = 0", "d e f"),
    ("price >= 1.5", "a b"),
    ("done = true", "a c"),
    ("done = false", "b d e f"),
    ("done != true", "b d e f"),
    ("color = RED", "a"),
    ("color != RED", "b c d e f"),
    ("color = COLOR_UNSPECIFIED", "c e f"),
    (r#"title < "B""#, "a e f"),
    (r#"title >= "beta""#, "b d"),
    (r#"data = "AAE=""#, "a"),
    (r#"data != "AAE=""#, "b c d e f"),
    // Times and durations.
    (r#"due < "2024-06-01T12:00:00.5Z""#, "a"),
    (r#"due <= "2024-06-01T12:00:00.5Z""#, "a b"),
    (r#"due = "2024-01-01T01:00:00+01:00""#, "a"),
    ("due > 2024-01-01", "b"),
    ("NOT due > 2024-01-01", "a c d e f"),
    ("span > 1.5s", "a"),
    ("span >= 1.5s", "a d"),
    ("span < 60s", "d"),
    // Presence.
    ("note:*", "a c d"),
    ("NOT note:*", "b e f"),
    ("due:*", "a b"),
    ("NOT due:*", "c d e f"),
    ("title:*", "a b c d f"),
    ("rank:*", "a b c f"),
    ("size:*", "a b d"),
    ("address:*", "a b"),
    ("tags:*", "a b"),
    ("labels:*", "a b"),
    ("NOT labels:*", "c d e f"),
    ("data:*", "a"),
    // Inside messages: below an absent one everything is null.
    (r#"address.city = "Oslo""#, "a"),
    (r#"address.city != "Oslo""#, "b c d e f"),
    ("address.number = 0", "b"),
    ("address.number != 5", "b c d e f"),
    ("address.number < 9", "a b"),
    ("address.zip:*", "a"),
    ("NOT address.zip:*", "b c d e f"),
    ("address.city:*", "a b"),
    ("address.number:*", "a"),
    // Maps and lists.
    (r#"labels.env = "prod""#, "a"),
    (r#"labels.env != "prod""#, "b c d e f"),
    ("labels.env > a", "a b"),
    ("labels:env", "a b"),
    ("labels:tier", "a"),
    ("NOT labels:tier", "b c d e f"),
    ("labels.tier:*", "a"),
    ("tags:x", "a"),
    ("tags:y", "a b"),
    ("NOT tags:x", "b c d e f"),
    // Wildcards and patterns.
    (r#"title = "*eta""#, "b"),
    (r#"title = "del*""#, "d"),
    (r#"title = "*a*""#, "a b c d f"),
    (r#"title = "*%""#, "c"),
    (r#"title = "*_x""#, "d"),
    (r#"title != "*a*""#, "e"),
    (r#"title = "100% [a-z].\*""#, "f"),
    (r#"note != "n*""#, "b c d e f"),
    (r#"like(title, "%a_")"#, "c"),
    (r#"like(title, "100\%%")"#, "f"),
    (r#"like(title, "%\_x")"#, "d"),
    (r#"like(title, "alpha")"#, ""),
    (r#"like(title, "")"#, "e"),
    (r#"NOT like(note, "%1")"#, "b c e f"),
    (r#"ilike(title, "ALPHA")"#, "a"),
    (r#"ilike(title, "%A")"#, "a b"),
    (r#"ilike(note, "n_")"#, "a d"),
    (r#"regexp(title, "^[a-z]+$")"#, "b"),
    (r#"regexp(title, "(?i)^ALPHA$")"#, "a"),
    (r#"regexp(title, "\d{3}")"#, "f"),
    (r#"NOT regexp(note, "1")"#, "b c e f"),
    // Logic.
    ("done = true AND rank = 1 OR rank = 3", "a c"),
    ("(done = true AND rank = 1) OR rank = 3", "a b c"),
    ("done = true rank = 3", "c"),
    ("-done = true", "b d e f"),
    ("NOT (rank = 1 OR rank = 3)", "d e f"),
    ("rank = (1 OR 3)", "a b c"),
    ("NOT (rank < 3 AND done = true)", "b c d e f"),
    ("NOT (note:* OR rank:*)", "e"),
    (r#"id = "a" OR id = "f""#, "a f"),
];

/// Letters whose lower-case form is not what they fold to.
const LETTERS: &str = r#"
    {"id":"a","title":"ὈΔΥΣΣΕΎΣ"}
    {"id":"b","title":"İstanbul"}
    {"id":"c","title":"straße"}
    {"id":"d","title":"\u212A"}
    {"id":"e","title":"ſ"}
    {"id":"f","title":"a\nb"}
"#;

/// Simple folding: letter by letter, as Unicode's `CaseFolding.txt` pairs them under C and S.
const FOLDED: &[(&str, &str)] = &[
    (r#"ilike(title, "ὀδυσσεύς")"#, "a"),
    (r#"ilike(title, "ὀδυσσεύσ")"#, "a"),
    (r#"ilike(title, "%σ")"#, "a"),
    (r#"ilike(title, "istanbul")"#, ""),
    (r#"ilike(title, "İSTANBUL")"#, "b"),
    (r#"ilike(title, "i%")"#, ""),
    (r#"ilike(title, "STRASSE")"#, ""),
    (r#"ilike(title, "STRAẞE")"#, "c"),
    (r#"ilike(title, "k")"#, "d"),
    (r#"ilike(title, "K")"#, "d"),
    (r#"ilike(title, "S")"#, "e"),
    (r#"ilike(title, "_")"#, "d e"),
    (r#"ilike(title, "A_B")"#, "f"),
    (r#"ilike(title, "A%")"#, "f"),
    (r#"NOT ilike(title, "k")"#, "a b c e f"),
];

pub(super) async fn letters_fold_one_by_one(lab: &Lab) -> Result<(), Broken> {
    lab.store(LETTERS).await?;
    for (filter, due) in FOLDED {
        equal(filter, lab.ids(filter, "").await?, (*due).to_owned())?;
    }
    Ok(())
}

pub(super) async fn filters_select_what_they_say(lab: &Lab) -> Result<(), Broken> {
    lab.store(ITEMS).await?;
    let mut wrong = Vec::new();
    for (filter, due) in TABLE {
        let found = lab.ids(filter, "").await;
        let found = found.unwrap_or_else(|broken| broken.reason);
        if found != *due {
            wrong.push(format!("`{filter}` selects [{found}] instead of [{due}]"));
            continue;
        }
        let query = lab.query(filter, "")?;
        let count = lab.items.count(&lab.cx, query.filter.as_ref()).await?;
        if count != due.split_whitespace().count() as u64 {
            wrong.push(format!("`{filter}` counts {count} rows"));
        }
    }
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(broken(wrong.join("\n"))),
    }
}
