//! Keys and unique indexes.

use protoloop_core::Code;

use super::lab::{Broken, Lab, equal, names_field};
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
