//! Whether models fit what a connector can do, told before anything is stored.

use std::sync::Arc;

use protoloop_core::{Error, Result};
use protoloop_schema::{Cardinality, DefaultValue, Field, Index, Kind, Location, WellKnown};

use super::Capabilities;
use crate::Model;

/// Bytes that a character takes at most.
const CHARACTER: u32 = 4;

impl Capabilities {
    /// Looks whether all of the models can be stored by a connector of this name that can do this. Connectors ask it first in
    /// [`Connector::prepare`](crate::Connector::prepare).
    ///
    /// # Errors
    /// FAILED_PRECONDITION with a line for each thing that cannot be, which begins with where it is declared.
    pub fn check(&self, connector: &str, models: &[Arc<Model>]) -> Result<()> {
        let mut problems = Vec::new();
        for model in models {
            let check = Check {
                capabilities: self,
                connector,
                model,
                problems: &mut problems,
            };
            check.all();
        }
        match problems.is_empty() {
            true => Ok(()),
            false => Err(Error::failed_precondition(problems.join("\n"))),
        }
    }
}

struct Check<'a> {
    capabilities: &'a Capabilities,
    connector: &'a str,
    model: &'a Model,
    problems: &'a mut Vec<String>,
}

impl Check<'_> {
    fn all(mut self) {
        self.names();
        self.columns();
        for (number, default) in &self.model.entity().defaults {
            self.default_value(*number, default);
        }
        for index in &self.model.entity().indexes {
            self.index(index);
        }
    }

    /// `what` follows the name of the model, or of its field.
    fn refuse(&mut self, field: Option<&Field>, what: &str, help: &str) {
        let (name, at): (&str, &Location) = match field {
            Some(field) => (&field.full_name, &field.location),
            None => (self.model.full_name(), &self.model.message().location),
        };
        let connector = self.connector;
        let line = format!("{at}: {name} {what} in {connector}; {help}");
        self.problems.push(line);
    }

    fn names(&mut self) {
        let Some(most) = self.capabilities.name_bytes else {
            return;
        };
        let too_long = |name: &str| u32::try_from(name.len()).is_ok_and(|length| length > most);
        let entity = self.model.entity();
        if too_long(&entity.table) {
            let what = format!("has a table name of more than {most} bytes, which is the most");
            self.refuse(None, &what, "shorten it with `table`");
        }
        for (number, column) in &entity.columns {
            if too_long(column) {
                let what =
                    format!("has a column name of more than {most} bytes, which is the most");
                self.refuse(self.model.field(*number), &what, "shorten it with `column`");
            }
        }
    }

    fn columns(&mut self) {
        let count = self.model.entity().columns.len();
        if let Some(most) = self.capabilities.columns
            && count > most as usize
        {
            let what = format!("has {count} stored fields, where {most} are the most");
            self.refuse(None, &what, "put some of them into a message of their own");
        }
    }

    fn default_value(&mut self, number: u32, default: &DefaultValue) {
        let field = self.model.field(number);
        let entity = self.model.entity();
        let mut indexed = entity.indexes.iter().flat_map(|index| &index.fields);
        let indexed = indexed.any(|indexed| *indexed == number);
        match default {
            DefaultValue::Float(value)
                if !value.is_finite() && !self.capabilities.numbers_not_finite =>
            {
                let what = "has a default that is NaN or infinite, which cannot be stored";
                self.refuse(field, what, "take another default");
            }
            DefaultValue::String(text) => {
                if text.contains('\0') && !self.capabilities.nul_in_text {
                    let what = "has a default with the character U+0000, which cannot be stored";
                    self.refuse(field, what, "take another default");
                }
                let most = self.capabilities.indexed_length.filter(|_| indexed);
                if let Some(most) = most
                    && text.chars().count() > most as usize
                {
                    let what =
                        format!("is in an index and has a default of more than {most} characters");
                    self.refuse(field, &what, "take a shorter default, or no index");
                }
            }
            _ => {}
        }
    }

    fn index(&mut self, index: &Index) {
        let (Some(most), Some(length)) = (
            self.capabilities.index_bytes,
            self.capabilities.indexed_length,
        ) else {
            return;
        };
        let fields = index
            .fields
            .iter()
            .filter_map(|number| self.model.field(*number));
        let bytes: u32 = fields.map(|field| self.widest(field, length)).sum();
        if bytes <= most {
            return;
        }
        let names: Vec<String> = index
            .fields
            .iter()
            .map(|number| self.model.field_name(*number))
            .collect();
        let first = index.fields.iter().find_map(|number| {
            // The tenant key stands first in every index of its model.
            let tenant = self.model.entity().tenant_key == Some(*number);
            self.model.field(*number).filter(|_| !tenant)
        });
        let what = format!(
            "begins an index over `{}`, whose values take {bytes} bytes at their longest, where {most} are the most",
            names.join("`, `")
        );
        self.refuse(first, &what, "leave some of the fields out of it");
    }

    /// Bytes of the longest value that an index holds of a field.
    fn widest(&self, field: &Field, length: u32) -> u32 {
        let schema = self.model.schema();
        match field.kind {
            _ if field.cardinality != Cardinality::Singular => length * CHARACTER,
            Kind::String => length * CHARACTER,
            Kind::Bytes => length,
            Kind::Bool => 1,
            Kind::Message(id) => match schema.message(id).well_known {
                Some(WellKnown::Timestamp | WellKnown::Duration) => 30 * CHARACTER,
                Some(WellKnown::StringValue) => length * CHARACTER,
                Some(WellKnown::BytesValue) => length,
                _ => 8,
            },
            _ => 8,
        }
    }
}
