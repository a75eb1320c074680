//! What a connector says that it can do, against what it does.

use std::sync::Arc;

use protoloop_core::Code;

use super::lab::{Broken, Lab, broken, row};
use crate::{Model, RepositoryExt as _};

/// A model, what stands in its refusal, and a row of it.
const ASKING: &[(&str, &str, &str)] = &[
    (
        "Wide",
        "laws.v1.Wide.a ",
        r#"{"id":"1","a":"a","b":"b","c":"c","d":"d"}"#,
    ),
    (
        "Named",
        "laws.v1.Named.a_name_that",
        r#"{"id":"1","aNameThatIsLongerThanTheNamesOfColumnsMayBeOnSomeServers":"x"}"#,
    ),
    (
        "Endless",
        "laws.v1.Endless.ratio ",
        r#"{"id":"1","ratio":"Infinity"}"#,
    ),
];

pub(super) async fn a_model_that_asks_for_more_is_refused(lab: &Lab) -> Result<(), Broken> {
    let capabilities = lab.connector.capabilities();
    let tables = lab.items.model().tables();
    for (name, told, line) in ASKING {
        let message = tables.schema().message_by_name(&format!("laws.v1.{name}"));
        let entity = message.and_then(|message| message.entity);
        let entity = entity.ok_or_else(|| broken(format!("no model {name}")))?;
        let model = Model::new(tables, entity)?;
        let models = [Arc::clone(&model)];
        let fits = capabilities.check(lab.connector.name(), &models).is_ok();
        match (lab.connector.prepare(&models).await, fits) {
            (Ok(()), true) => {
                let rows = lab.connector.repository(&model)?;
                rows.create(&lab.cx, row(&model, line)?).await?;
            }
            (Err(error), false)
                if error.code() == Code::FailedPrecondition
                    && error.message().contains(told)
                    && error.message().contains(".proto:") => {}
            (outcome, fits) => {
                let what = format!("{name}: fits is {fits}, and prepare answered {outcome:?}");
                return Err(broken(what));
            }
        }
    }
    Ok(())
}
