//! Looks for arguments among the fields of a request.

use crate::{Cardinality, Field, Kind, Message, MessageId, WellKnown};

/// The type of an argument.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wanted {
    Scalar(Kind),
    /// int32 or int64.
    Integer,
    FieldMask,
    Message(MessageId),
}

/// The fields of a message, of which each is taken once.
pub(super) struct Fields<'a> {
    messages: &'a [Message],
    message: &'a Message,
    taken: Vec<u32>,
    /// What is wrong, each as a clause: "has no field `filter`".
    pub(super) faults: Vec<String>,
}

impl<'a> Fields<'a> {
    pub(super) fn new(messages: &'a [Message], message: &'a Message) -> Self {
        Self {
            messages,
            message,
            taken: Vec::new(),
            faults: Vec::new(),
        }
    }

    /// A field that may be there. One of the name and another type is a fault.
    pub(super) fn optional(&mut self, name: &str, wanted: Wanted) -> Option<u32> {
        self.named(name, wanted, Cardinality::Singular)
    }

    /// A field that must be there.
    pub(super) fn required(&mut self, name: &str, wanted: Wanted) -> Option<u32> {
        let found = self.optional(name, wanted);
        if self.message.field_by_name(name).is_none() {
            let spelled = self.spell(wanted);
            self.faults.push(format!(
                "{} has no field `{spelled} {name}`",
                self.message.name
            ));
        }
        found
    }

    /// The name of a field.
    pub(super) fn name_of(&self, number: u32) -> Option<&'a str> {
        let (_, field) = self.message.field_by_number(number)?;
        Some(&field.name)
    }

    /// The only field that holds a type, whatever its name.
    pub(super) fn holding(
        &mut self,
        wanted: Wanted,
        cardinality: Cardinality,
        suggested: &str,
    ) -> Option<u32> {
        let mut fits = self
            .message
            .fields
            .iter()
            .filter(|field| field.cardinality == cardinality && self.is(field, wanted));
        match (fits.next(), fits.next()) {
            (Some(field), None) => {
                self.taken.push(field.number);
                Some(field.number)
            }
            (found, _) => {
                let how = if found.is_some() {
                    "more than one"
                } else {
                    "no"
                };
                let repeated = if cardinality == Cardinality::Repeated {
                    "repeated "
                } else {
                    ""
                };
                let spelled = self.spell(wanted);
                self.faults.push(format!(
                    "{} has {how} field `{repeated}{spelled} {suggested}`",
                    self.message.name
                ));
                None
            }
        }
    }

    /// A repeated field by one of several names.
    pub(super) fn repeated(&mut self, names: &[&str], wanted: Wanted) -> Option<u32> {
        let present = names
            .iter()
            .find(|name| self.message.field_by_name(name).is_some());
        match present {
            Some(name) => self.named(name, wanted, Cardinality::Repeated),
            None => {
                let spelled = self.spell(wanted);
                self.faults.push(format!(
                    "{} has no field `repeated {spelled} {}`",
                    self.message.name, names[0]
                ));
                None
            }
        }
    }

    /// Says of what is left that a standard method has no use for it; an argument that is passed over would answer
    /// another question than was asked.
    pub(super) fn refuse_rest(&mut self) {
        for field in &self.message.fields {
            if !self.taken.contains(&field.number) {
                self.faults.push(format!(
                    "{} has the field `{}`, which standard methods do not know",
                    self.message.name, field.name
                ));
                self.taken.push(field.number);
            }
        }
    }

    fn named(&mut self, name: &str, wanted: Wanted, cardinality: Cardinality) -> Option<u32> {
        let field = self.message.field_by_name(name)?;
        self.taken.push(field.number);
        if field.cardinality == cardinality && self.is(field, wanted) {
            return Some(field.number);
        }
        let repeated = if cardinality == Cardinality::Repeated {
            "repeated "
        } else {
            ""
        };
        let spelled = self.spell(wanted);
        self.faults.push(format!(
            "the field `{name}` of {} is no `{repeated}{spelled}`",
            self.message.name
        ));
        None
    }

    fn is(&self, field: &Field, wanted: Wanted) -> bool {
        match (wanted, field.kind) {
            (Wanted::Scalar(wanted), kind) => kind == wanted,
            (Wanted::Integer, kind) => matches!(kind, Kind::Int32 | Kind::Int64),
            (Wanted::FieldMask, Kind::Message(id)) => {
                self.messages[id.index()].well_known == Some(WellKnown::FieldMask)
            }
            (Wanted::Message(wanted), Kind::Message(id)) => id == wanted,
            (Wanted::FieldMask | Wanted::Message(_), _) => false,
        }
    }

    fn spell(&self, wanted: Wanted) -> String {
        match wanted {
            Wanted::Scalar(kind) => format!("{kind:?}").to_lowercase(),
            Wanted::Integer => "int32".to_owned(),
            Wanted::FieldMask => "google.protobuf.FieldMask".to_owned(),
            Wanted::Message(id) => self.messages[id.index()].name.as_ref().to_owned(),
        }
    }
}
