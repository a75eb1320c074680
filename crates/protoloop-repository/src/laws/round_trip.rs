//! What is stored comes back.

use protoloop_core::Code;

use super::lab::{Broken, Lab, broken, equal, row, same};
use crate::{Filter, Key, RepositoryExt as _};

/// Rows of `Everything` without the id.
const ROWS: &[&str] = &[
    "{}",
    r#"{"fDouble":1.7976931348623157e308,"fFloat":3.4028235e38,"fInt32":2147483647,"fInt64":"9223372036854775807",
        "fUint32":4294967295,"fUint64":"18446744073709551615","fSint32":2147483647,"fSint64":"9223372036854775807",
        "fFixed32":4294967295,"fFixed64":"18446744073709551615","fSfixed32":2147483647,
        "fSfixed64":"9223372036854775807","fBool":true,"fString":"é𝄞\u0001\"'\\\n%_","fBytes":"AP+AfwA=","fEnum":"RED",
        "fTime":"9999-12-31T23:59:59.999999999Z","fDuration":"315576000000s"}"#,
    r#"{"fDouble":5e-324,"fFloat":1e-45,"fInt32":-2147483648,"fInt64":"-9223372036854775808","fSint32":-2147483648,
        "fSint64":"-9223372036854775808","fSfixed32":-2147483648,"fSfixed64":"-9223372036854775808",
        "fTime":"0001-01-01T00:00:00Z","fDuration":"-315576000000s","fEnum":-7}"#,
    r#"{"fEnum":99,"fTime":"1970-01-01T00:00:00Z","fDuration":"0s","fNested":{}}"#,
    r#"{"fDouble":0.1,"fFloat":0.1,"fTime":"1969-12-31T23:59:59.999999999Z","fDuration":"-0.000000001s"}"#,
    // Zero with presence is not absence.
    r#"{"oDouble":0,"oFloat":0,"oInt32":0,"oInt64":"0","oUint64":"0","oBool":false,"oString":"","oBytes":"",
        "oEnum":"COLOR_UNSPECIFIED"}"#,
    r#"{"oInt64":"-1","oUint64":"18446744073709551615","oEnum":1234567}"#,
    r#"{"rDouble":[0,-0.0,1.5,"NaN","-Infinity"],"rInt64":["0","-1","9223372036854775807"],
        "rUint64":["18446744073709551615","0"],"rBool":[true,false,true],"rString":["","a","a"],"rBytes":["","AA=="],
        "rEnum":["RED",0,99],"rTime":["1970-01-01T00:00:00Z","2024-01-01T00:00:00.123456789Z"],
        "rNested":[{},{"text":"x","number":"18446744073709551615","inner":{"inner":{"parts":["","AAE="]}},"flag":false}]}"#,
    r#"{"mString":{"":"","k":"v","a.b":"dots","ü\"":"quotes"},"mNested":{"-1":{},"9223372036854775807":{"text":"x"}},
        "mDouble":{"true":-0.0,"false":1e300},"mEnum":{"x":"RED","y":99,"z":0}}"#,
    r#"{"cString":""}"#,
    r#"{"cInt64":"0"}"#,
    r#"{"cNested":{}}"#,
    r#"{"cNested":{"text":"in a oneof"}}"#,
    r#"{"cBool":false}"#,
    r#"{"wString":"","wInt64":"0","wBool":false,"wBytes":"","wDouble":0}"#,
    r#"{"wString":"x","wInt64":"-9223372036854775808","wBool":true,"wBytes":"AP8=","wDouble":-0.5}"#,
];

/// Rows that hold what not every connector can, which a connector that cannot refuses.
const SPECIAL: &[(Special, &str)] = &[
    (Special::Nul, r#"{"fString":"a\u0000b"}"#),
    (Special::Nul, r#"{"rString":["\u0000"]}"#),
    (Special::Nul, r#"{"fNested":{"text":"\u0000"}}"#),
    (Special::Nul, r#"{"mString":{"\u0000":"v"}}"#),
    (Special::NotFinite, r#"{"fDouble":"NaN","fFloat":"NaN"}"#),
    (Special::NotFinite, r#"{"oDouble":"Infinity"}"#),
    (Special::NotFinite, r#"{"oFloat":"-Infinity"}"#),
    (Special::NotFinite, r#"{"wDouble":"-Infinity"}"#),
];

#[derive(Clone, Copy)]
enum Special {
    Nul,
    NotFinite,
}

/// Rows with a negative zero, and what they are without its sign.
const ZEROS: &[(&str, &str)] = &[
    (r#"{"fDouble":-0.0,"fFloat":-0.0}"#, "{}"),
    (r#"{"oDouble":-0.0}"#, r#"{"oDouble":0}"#),
    (r#"{"wDouble":-0.0}"#, r#"{"wDouble":0}"#),
];

/// Those inside of JSON keep theirs everywhere.
const ZEROS_WITHIN: &str = r#"{"id":"z","rDouble":[-0.0,0,1],"mDouble":{"true":-0.0},
    "extra":{"a":-0.0,"b":0,"c":["-0",-0.0,"0.00000000000000000000"]},"rAny":[{"a":[-0.0]},{"b":0}]}"#;

/// The sign of zero comes back where the connector keeps it; where not, the answer of the write says so already.
pub(super) async fn zero_keeps_its_sign_or_loses_it_at_once(lab: &Lab) -> Result<(), Broken> {
    let model = lab.everything.model();
    let keeps = lab.connector.capabilities().negative_zero;
    for (index, (text, unsigned)) in ZEROS.iter().enumerate() {
        let key = Key::from(format!("row {index}"));
        let sent = model.with_key(row(model, text)?, &key)?;
        let due = model.with_key(row(model, if keeps { text } else { unsigned })?, &key)?;
        let stored = lab.everything.create(&lab.cx, sent).await?;
        same(model, Some(&stored), &due)?;
        let found = lab.everything.find_by_key(&lab.cx, &key).await?;
        same(model, found.as_ref(), &due)?;
    }
    Ok(())
}

pub(super) async fn zeros_within_keep_their_sign(lab: &Lab) -> Result<(), Broken> {
    let model = lab.everything.model();
    let sent = row(model, ZEROS_WITHIN)?;
    let stored = lab.everything.create(&lab.cx, sent.clone()).await?;
    same(model, Some(&stored), &sent)?;
    let found = lab.everything.find_by_key(&lab.cx, &"z".into()).await?;
    same(model, found.as_ref(), &sent)?;
    for filter in ["extra.a = 0", "extra.b = 0", "r_double:0"] {
        let filter = Filter::parse(model, filter).map_err(|error| broken(error.to_string()))?;
        equal(
            "zero is zero",
            lab.everything.count(&lab.cx, Some(&filter)).await?,
            1,
        )?;
    }
    Ok(())
}

/// No row has a key that cannot be stored, and none is made with it.
pub(super) async fn what_cannot_be_stored_is_no_key(lab: &Lab) -> Result<(), Broken> {
    let (rows, cx) = (&lab.everything, &lab.cx);
    let model = rows.model();
    rows.create(cx, row(model, r#"{"id":"a","fString":"a"}"#)?)
        .await?;
    let keys = ["a\0", "\0", "\0a"].map(Key::from);
    for key in &keys {
        equal("find", rows.find_by_key(cx, key).await?, None)?;
        match rows.delete_by_id(cx, key).await {
            Err(error) if error.code() == Code::NotFound => {}
            outcome => return Err(broken(format!("NOT_FOUND was due, {outcome:?} came"))),
        }
        let new = model.with_key(row(model, "{}")?, key)?;
        let outcome = rows.save(cx, new).await;
        match (lab.connector.capabilities().nul_in_text, outcome) {
            (true, outcome) => {
                let key = model.key_of(outcome?.as_ref())?;
                rows.delete_by_id(cx, &key).await?;
            }
            (false, Err(error)) if error.code() == Code::InvalidArgument => {
                equal("named", error.message().starts_with("id: "), true)?;
            }
            (false, outcome) => {
                return Err(broken(format!(
                    "INVALID_ARGUMENT was due, {outcome:?} came"
                )));
            }
        }
    }
    let found = rows.find_by_ids(cx, &[keys[0].clone(), "a".into()]).await?;
    equal(
        "several",
        (found[0].is_none(), found[1].is_some()),
        (true, true),
    )?;
    for (filter, due) in [
        ("f_string = \"a\0\"", 0),
        ("f_string != \"a\0\"", 1),
        ("f_string > \"a\0\"", 0),
        ("f_string >= \"\0\"", 1),
        ("f_string < \"a\0\"", 1),
        ("f_string <= \"\0a\"", 0),
        ("like(f_string, \"a\0%\")", 0),
        ("NOT like(f_string, \"a\0%\")", 1),
        ("ilike(f_string, \"a\0\")", 0),
        ("r_string:\"a\0\"", 0),
        ("NOT m_string:\"a\0\"", 1),
        ("m_string.\"a\0\" = \"b\"", 0),
        (r#"{"where":{"fString":{"inq":["a\u0000","a"]}}}"#, 1),
        (r#"{"where":{"fString":{"nin":["a\u0000"]}}}"#, 1),
        (
            r#"{"where":{"fString":{"between":["\u0000","a\u0000"]}}}"#,
            1,
        ),
    ] {
        let asked = Filter::parse(model, filter).map_err(|error| broken(error.to_string()))?;
        let count = rows.count(cx, Some(&asked)).await;
        let count = count.map_err(|error| broken(format!("{filter}: {error:?}")))?;
        equal(filter, count, due)?;
    }
    Ok(())
}

/// What a connector declares it can store it does, and what it cannot it refuses by the field's name.
pub(super) async fn what_cannot_be_stored_is_refused(lab: &Lab) -> Result<(), Broken> {
    let model = lab.everything.model();
    let can = lab.connector.capabilities();
    for (index, (special, text)) in SPECIAL.iter().enumerate() {
        let able = match special {
            Special::Nul => can.nul_in_text,
            Special::NotFinite => can.numbers_not_finite,
        };
        let key = Key::from(format!("row {index}"));
        let due = model.with_key(row(model, text)?, &key)?;
        let outcome = lab.everything.create(&lab.cx, due.clone()).await;
        match (able, outcome) {
            (true, outcome) => same(model, Some(&outcome?), &due)?,
            (false, Err(error)) if error.code() == Code::InvalidArgument => {
                let field = text.split('"').nth(1).unwrap_or_default();
                let field = field[1..].to_lowercase();
                if !error.message().to_lowercase().contains(&field) {
                    return Err(broken(format!(
                        "{error:?} does not name the field of {text}"
                    )));
                }
                continue;
            }
            (false, outcome) => {
                return Err(broken(format!(
                    "{text}: INVALID_ARGUMENT was due, {outcome:?}"
                )));
            }
        }
        let found = lab.everything.find_by_key(&lab.cx, &key).await?;
        same(model, found.as_ref(), &due)?;
    }
    indexed_lengths(lab).await
}

/// Values at the bound of an index fit, and longer ones are refused where there is one.
async fn indexed_lengths(lab: &Lab) -> Result<(), Broken> {
    let most = lab.connector.capabilities().indexed_length;
    let item = |id: &str, length: u32| {
        let code = "é".repeat(length as usize);
        lab.item(&format!(r#"{{"id":"{id}","code":"{code}"}}"#))
    };
    lab.items
        .create(&lab.cx, item("fits", most.unwrap_or(600))?)
        .await?;
    let Some(most) = most else { return Ok(()) };
    match lab.items.create(&lab.cx, item("longer", most + 1)?).await {
        Err(error) if error.code() == Code::InvalidArgument && error.message().contains("code") => {
            Ok(())
        }
        outcome => Err(broken(format!(
            "a code of {most} and one characters: {outcome:?}"
        ))),
    }
}

pub(super) async fn every_type_comes_back(lab: &Lab) -> Result<(), Broken> {
    let model = lab.everything.model();
    let mut wrong = Vec::new();
    for (index, text) in ROWS.iter().enumerate() {
        let key = Key::from(format!("row {index}"));
        let due = model.with_key(row(model, text)?, &key)?;
        let tried = async {
            let stored = lab.everything.create(&lab.cx, due.clone()).await?;
            same(model, Some(&stored), &due)?;
            let found = lab.everything.find_by_key(&lab.cx, &key).await?;
            same(model, found.as_ref(), &due)
        };
        if let Err(reason) = tried.await {
            wrong.push(reason.reason);
        }
    }
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(broken(wrong.join("\n"))),
    }
}
