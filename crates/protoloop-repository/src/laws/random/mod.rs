//! Random models, rows, filters, orders and pages: any connector answers what memory answers.
//!
//! Everything follows from a seed, so what fails is tried again by it. [`Sample::new`] gives the text of a schema; its
//! tables go into [`Sample::differences`].

mod asked;
pub(super) mod dice;
mod types;

use std::sync::Arc;

use protoloop_core::{CallContext, Code};
use protoloop_wire::Tables;

use super::lab::{Broken, broken, row};
use crate::{
    Connector, Filter, MemoryConnector, Model, OrderBy, Query, Record, Repository,
    RepositoryExt as _,
};
use dice::Dice;
use types::Field;

/// Rows of each model.
const ROWS: usize = 24;

/// A random schema of two related models.
#[derive(Debug)]
pub struct Sample {
    seed: u64,
    proto: String,
    /// Of the parent, the child, and the message within both.
    fields: [Vec<Field>; 3],
}

/// A connector beside memory, with the same rows: as the connector stores them.
struct Pair {
    cx: CallContext,
    memory: Arc<dyn Repository<Record>>,
    other: Arc<dyn Repository<Record>>,
}

impl Sample {
    /// The sample of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let fields = [0, 0, 1].map(|inner| types::fields(&mut dice, inner == 0));
        let proto = types::proto(&fields);
        Self {
            seed,
            proto,
            fields,
        }
    }

    /// The text of its schema, which imports `protoloop/v1/annotations.proto` and google.protobuf's files.
    #[must_use]
    pub fn proto(&self) -> &str {
        &self.proto
    }

    /// What a fresh connector answers otherwise than memory, of `rounds` questions.
    ///
    /// # Errors
    /// What keeps the rows from being stored.
    pub async fn differences(
        &self,
        tables: &Arc<Tables>,
        connector: &dyn Connector,
        rounds: usize,
    ) -> Result<Vec<String>, Broken> {
        let mut dice = Dice::new(self.seed ^ 0x5eed);
        let models = Model::all(tables)?;
        let memory = MemoryConnector::new();
        memory.prepare(&models).await?;
        connector.prepare(&models).await?;
        let mut pairs = Vec::new();
        for name in ["Parent", "Child"] {
            let mut named = models.iter();
            let model = named.find(|model| &*model.message().name == name);
            let model = model.ok_or_else(|| broken("the tables are not of this sample"))?;
            pairs.push(Pair {
                cx: CallContext::new(),
                memory: memory.repository(model)?,
                other: connector.repository(model)?,
            });
        }
        let finite = connector.capabilities().numbers_not_finite;
        for (index, pair) in pairs.iter().enumerate() {
            for number in 0..ROWS {
                let mut text = types::row(&mut dice, &self.fields, index == 1, number);
                if !finite {
                    // Columns refuse such numbers, and inside of messages they compare otherwise.
                    text = text.replace("\"NaN\"", "0").replace("\"Infinity\"", "1");
                    text = text.replace("\"-Infinity\"", "-1");
                }
                let row = row(pair.memory.model(), &text)?;
                let stored = pair.other.create(&pair.cx, row).await;
                let stored = stored
                    .map_err(|error| broken(format!("seed {}: {text}: {error:?}", self.seed)))?;
                pair.memory.create(&pair.cx, stored).await?;
            }
        }
        let mut different = Vec::new();
        for _ in 0..rounds {
            let index = dice.below(2);
            let asked = asked::Asked::new(&mut dice, &self.fields, index == 1);
            if let Err(what) = pairs[index].ask(&asked).await {
                different.push(format!("seed {}: {asked:?}\n  {}", self.seed, what.reason));
            }
        }
        Ok(different)
    }
}

impl Pair {
    async fn ask(&self, asked: &asked::Asked) -> Result<(), Broken> {
        let model = self.memory.model();
        let wrong = |error: crate::FilterError| broken(error.to_string());
        let mut query = Query::new(OrderBy::parse(model, &asked.order).map_err(wrong)?);
        query.filter = Some(Filter::parse(model, &asked.filter).map_err(wrong)?);
        let due = self.ids(&self.memory.find(&self.cx, &query).await?);
        let found = match self.other.find(&self.cx, &query).await {
            // What a database cannot do is said, not done wrongly.
            Err(error) if error.code() == Code::Unimplemented => return Ok(()),
            found => self.ids(&found?),
        };
        if found != due {
            return Err(broken(format!("found {found:?}\n  due   {due:?}")));
        }
        let count = self.other.count(&self.cx, query.filter.as_ref()).await?;
        if count != due.len() as u64 {
            return Err(broken(format!("counted {count} of {}", due.len())));
        }
        query.limit = Some(asked.page);
        let mut joined = Vec::new();
        while joined.len() <= due.len() {
            let rows = self.other.find(&self.cx, &query).await?;
            let Some(last) = rows.last() else { break };
            query.after = Some(self.other.place(&self.cx, &query.order, last).await?);
            joined.extend(self.ids(&rows));
        }
        match joined == due {
            true => Ok(()),
            false => Err(broken(format!("paged {joined:?}\n  due   {due:?}"))),
        }
    }

    fn ids(&self, rows: &[Record]) -> Vec<String> {
        let model = self.memory.model();
        let id = |row: &Record| model.view(row.as_ref()).string(1).to_owned();
        rows.iter().map(id).collect()
    }
}
