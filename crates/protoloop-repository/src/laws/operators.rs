//! Every operator of LoopBack's filters, and the functions of AIP-160's.

use super::{
    filters::ITEMS,
    lab::{Broken, Lab, broken},
};

const TABLE: &[(&str, &str)] = &[
    // Equality and null, on fields with and without presence.
    (r#"{"title":"Alpha"}"#, "a"),
    (r#"{"title":{"eq":"Alpha"}}"#, "a"),
    (r#"{"title":{"neq":"Alpha"}}"#, "b c d e f"),
    (r#"{"note":null}"#, "b e f"),
    (r#"{"note":{"neq":null}}"#, "a c d"),
    (r#"{"note":{"neq":"n1"}}"#, "b c d e f"),
    (r#"{"note":{"exists":true}}"#, "a c d"),
    (r#"{"note":{"exists":false}}"#, "b e f"),
    (r#"{"title":{"exists":false}}"#, "e"),
    (r#"{"address":null}"#, "c d e f"),
    (r#"{"address":{"exists":true}}"#, "a b"),
    // All operators of a property apply; other keys are joined to them.
    (r#"{"rank":{"gte":1,"lt":3}}"#, "a"),
    (r#"{"rank":{"gt":0,"neq":3},"done":true}"#, "a"),
    (r#"{"rank":3,"or":[{"done":true},{"title":"beta"}]}"#, "b c"),
    (r#"{"and":[{"rank":3},{"not":{"done":true}}]}"#, "b"),
    (r#"{"nor":[{"rank":3},{"rank":null}]}"#, "a f"),
    (r#"{"not":{"rank":{"lt":3}}}"#, "b c d e"),
    (r#"{"and":[]}"#, "a b c d e f"),
    (r#"{"or":[]}"#, ""),
    (r#"{}"#, "a b c d e f"),
    // Every type that has an order, by the same operators.
    (r#"{"rank":{"between":[1,3]}}"#, "a b c"),
    (r#"{"rank":{"between":[3,1]}}"#, ""),
    (r#"{"size":{"gt":9007199254740992}}"#, "d"),
    (r#"{"size":{"gt":"9007199254740992"}}"#, "d"),
    (r#"{"size":{"between":["-5","10"]}}"#, "a b c e f"),
    (r#"{"total":{"gte":"9223372036854775808"}}"#, "a f"),
    (r#"{"price":{"between":[-1,1.5]}}"#, "a c d e f"),
    (r#"{"price":{"inq":[1.5,-1e0]}}"#, "a c"),
    (r#"{"title":{"between":["Alpha","beta"]}}"#, "a b c"),
    (
        r#"{"due":{"between":["2024-01-01T00:00:00Z","2024-06-01T12:00:00.4Z"]}}"#,
        "a",
    ),
    (r#"{"span":{"gte":"1.5s","lt":"60s"}}"#, "d"),
    (r#"{"data":"AAE="}"#, "a"),
    (r#"{"data":{"inq":["AAE=","AA=="]}}"#, "a"),
    (r#"{"done":true}"#, "a c"),
    (r#"{"done":{"neq":true}}"#, "b d e f"),
    (r#"{"color":"RED"}"#, "a"),
    (r#"{"color":7}"#, "d"),
    (r#"{"color":{"nin":["RED",2]}}"#, "c d e f"),
    // Lists of values; null among them is absence.
    (r#"{"rank":{"inq":[1,-2]}}"#, "a f"),
    (r#"{"rank":{"inq":[]}}"#, ""),
    (r#"{"rank":{"nin":[]}}"#, "a b c d e f"),
    (r#"{"rank":{"nin":[3]}}"#, "a d e f"),
    (r#"{"rank":{"inq":[1,null]}}"#, "a d e"),
    (r#"{"rank":{"nin":[1,null]}}"#, "b c f"),
    // Patterns.
    (r#"{"title":{"like":"%a_"}}"#, "c"),
    (r#"{"title":{"like":"100\\%%"}}"#, "f"),
    (r#"{"title":{"like":"ALPHA"}}"#, ""),
    (r#"{"title":{"like":"ALPHA","options":"i"}}"#, "a"),
    (r#"{"title":{"ilike":"%A"}}"#, "a b"),
    (r#"{"note":{"nlike":"n%"}}"#, "b c d e f"),
    (r#"{"note":{"nilike":"n%"}}"#, "b c e f"),
    (r#"{"title":{"regexp":"^[a-z]+$"}}"#, "b"),
    (r#"{"title":{"regexp":"/^alpha$/i"}}"#, "a"),
    (r#"{"title":{"regexp":"/\\d{3}/"}}"#, "f"),
    // Inside messages and maps: below what is absent everything is null.
    (r#"{"address.city":"Oslo"}"#, "a"),
    (r#"{"address.city":{"neq":"Oslo"}}"#, "b c d e f"),
    (r#"{"address.zip":null}"#, "b c d e f"),
    (r#"{"address.number":{"lt":9}}"#, "a b"),
    (r#"{"labels.env":{"inq":["prod","dev"]}}"#, "a b"),
    (r#"{"labels.\"env\"":"dev"}"#, "b"),
    (r#"{"labels":{"contains":"tier"}}"#, "a"),
    (r#"{"labels":{"containsAny":["tier","env"]}}"#, "a b"),
    (r#"{"labels":{"length":{"gte":1,"lt":2}}}"#, "b"),
    // Lists.
    (r#"{"tags":{"contains":"x"}}"#, "a"),
    (r#"{"tags":{"contains":["x","y"]}}"#, "a"),
    (r#"{"tags":{"containsAnyOf":["x","z"]}}"#, "a"),
    (r#"{"tags":{"containsAny":["x","y"]}}"#, "a b"),
    (r#"{"tags":{"containsAny":[]}}"#, ""),
    (r#"{"tags":{"containedBy":["y","z"]}}"#, "b c d e f"),
    (r#"{"tags":{"containedBy":[]}}"#, "c d e f"),
    (r#"{"tags":{"length":2}}"#, "a"),
    (r#"{"tags":{"length":{"neq":0}}}"#, "a b"),
    (r#"{"tags":null}"#, "c d e f"),
    (r#"{"tags":{"exists":true,"contains":"y"}}"#, "a b"),
];

const FUNCTIONS: &[(&str, &str)] = &[
    ("contains(tags, x, y)", "a"),
    ("containsAny(tags, x, z)", "a"),
    ("containedBy(tags, y, z)", "b c d e f"),
    ("length(tags) > 0", "a b"),
    ("length(labels) = 2", "a"),
    ("NOT length(tags) = 0", "a b"),
    ("contains(labels, tier)", "a"),
];

pub(super) async fn every_operator_selects_what_it_says(lab: &Lab) -> Result<(), Broken> {
    lab.store(ITEMS).await?;
    let mut wrong = Vec::new();
    let objects = TABLE
        .iter()
        .map(|(text, due)| (format!(r#"{{"where":{text}}}"#), due));
    let functions = FUNCTIONS
        .iter()
        .map(|(text, due)| ((*text).to_owned(), due));
    for (text, due) in objects.chain(functions) {
        let found = lab.ids(&text, "").await;
        let found = found.unwrap_or_else(|broken| broken.reason);
        if found != *due {
            wrong.push(format!("`{text}` selects [{found}] instead of [{due}]"));
        }
    }
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(broken(wrong.join("\n"))),
    }
}
