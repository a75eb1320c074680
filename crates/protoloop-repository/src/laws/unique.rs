//! Keys and unique indexes.

use protoloop_core::Code;

use super::lab::{Broken, Lab, equal, names_field, row};
use crate::{RepositoryExt as _, Write};

pub(super) async fn a_key_is_taken_once(lab: &Lab) -> Result<(), Broken> {
    lab.store(r#"{"id":"a","title":"One"}"#).await?;
    let again = lab.item(r#"{"id":"a","title":"Two"}"#)?;
    let error = lab
        .refused(vec![Write::Create(again)], Code::AlreadyExists, 0)
        .await?;
    names_field(&error, "id")?;
    equal(
        "rows",
        lab.ids("title = \"One\"", "").await?,
        "a".to_owned(),
    )
}

pub(super) async fn a_unique_value_is_taken_once(lab: &Lab) -> Result<(), Broken> {
    lab.store(
        r#"{"id":"a","code":"c1"}
           {"id":"b"}
           {"id":"c"}
           {"id":"d","code":""}"#,
    )
    .await?;
    for code in ["c1", ""] {
        let taken = lab.item(&format!("{{\"id\":\"x\",\"code\":\"{code}\"}}"))?;
        let create = vec![Write::Create(taken)];
        let error = lab.refused(create, Code::AlreadyExists, 0).await?;
        names_field(&error, "code")?;
    }
    let taken = lab.item(r#"{"id":"b","code":"c1"}"#)?;
    let modify = Write::Modify {
        key: "b".into(),
        edit: Box::new(move |_| Ok(taken.clone())),
    };
    let error = lab.refused(vec![modify], Code::AlreadyExists, 0).await?;
    names_field(&error, "code")?;
    // A row may keep its own value, and a value that was given up is free.
    lab.items
        .save(&lab.cx, lab.item(r#"{"id":"a","title":"t","code":"c1"}"#)?)
        .await?;
    lab.items
        .save(&lab.cx, lab.item(r#"{"id":"a","code":"c2"}"#)?)
        .await?;
    lab.store(r#"{"id":"e","code":"c1"}"#).await?;
    lab.items.delete_by_id(&lab.cx, &"e".into()).await?;
    lab.store(r#"{"id":"f","code":"c1"}"#).await?;
    equal("rows", lab.ids("", "").await?, "a b c d f".to_owned())
}

pub(super) async fn a_unique_index_counts_its_fields_together(lab: &Lab) -> Result<(), Broken> {
    lab.store(
        r#"{"id":"a","team":"t","seat":1}
           {"id":"b","team":"t","seat":2}
           {"id":"c","team":"u","seat":1}
           {"id":"d","team":"t"}
           {"id":"e","team":"t"}
           {"id":"f","seat":1}"#,
    )
    .await?;
    let taken = lab.item(r#"{"id":"x","team":"t","seat":2}"#)?;
    let error = lab
        .refused(vec![Write::Create(taken)], Code::AlreadyExists, 0)
        .await?;
    names_field(&error, "team")?;
    names_field(&error, "seat")
}

/// A text, byte string or enum without presence has no value while it is the default.
pub(super) async fn rows_without_a_value_do_not_meet(lab: &Lab) -> Result<(), Broken> {
    lab.store(
        r#"{"id":"a"}
           {"id":"b","isbn":""}
           {"id":"c","isbn":"1","shelf":"s"}
           {"id":"d","shelf":"s","box":"x"}
           {"id":"e","box":"x"}
           {"id":"f","shelf":"t"}"#,
    )
    .await?;
    let taken = [
        (r#""isbn":"1""#, "isbn"),
        (r#""shelf":"s""#, "box"),
        (r#""shelf":"s","box":"x""#, "shelf"),
        (r#""box":"x""#, "box"),
    ];
    for (fields, name) in taken {
        let taken = lab.item(&format!("{{\"id\":\"x\",{fields}}}"))?;
        let create = vec![Write::Create(taken)];
        let error = lab.refused(create, Code::AlreadyExists, 0).await?;
        names_field(&error, name)?;
    }
    // A value that a row gives up for none is free; none can be given up for a value once.
    lab.items.save(&lab.cx, lab.item(r#"{"id":"c"}"#)?).await?;
    let changed = r#"{"id":"a","isbn":"1","shelf":"s"}"#;
    lab.items.save(&lab.cx, lab.item(changed)?).await?;
    let taken = vec![Write::Create(lab.item(r#"{"id":"x","isbn":"1"}"#)?)];
    lab.refused(taken, Code::AlreadyExists, 0).await?;
    for (filter, due) in [
        (r#"isbn = "1""#, "a"),
        (r#"isbn = """#, "b c d e f"),
        (r#"isbn != "1""#, "b c d e f"),
        (r#"NOT isbn = "1""#, "b c d e f"),
        (r#"isbn = ("1" OR "")"#, "a b c d e f"),
        (r#"shelf = "s""#, "a d"),
        (r#"shelf = ("s" OR "t")"#, "a d f"),
        (r#"shelf = "s*" box = "x""#, "d"),
        (r#"NOT shelf = "s""#, "b c e f"),
    ] {
        equal(filter, lab.ids(filter, "").await?, due.to_owned())?;
    }
    Ok(())
}

pub(super) async fn zero_is_a_value_of_a_number(lab: &Lab) -> Result<(), Broken> {
    let seat = |text: &str| row(lab.seats.model(), text);
    for text in [
        r#"{"id":"a"}"#,
        r#"{"id":"b","number":1}"#,
        r#"{"id":"c","room":"r","color":"RED","tag":"AA=="}"#,
    ] {
        lab.seats.create(&lab.cx, seat(text)?).await?;
    }
    for text in [
        r#"{"id":"x"}"#,
        r#"{"id":"x","room":"r"}"#,
        r#"{"id":"x","room":"s","color":"RED"}"#,
        r#"{"id":"x","room":"s","tag":"AA=="}"#,
    ] {
        match lab.seats.create(&lab.cx, seat(text)?).await {
            Err(error) if error.code() == Code::AlreadyExists => {}
            outcome => {
                let due = "ALREADY_EXISTS was due";
                return Err(super::lab::broken(format!("{text}: {due}, {outcome:?}")));
            }
        }
    }
    Ok(())
}
