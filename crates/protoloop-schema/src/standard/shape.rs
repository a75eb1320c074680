//! Fits methods to the shapes of the standard methods.

use super::{
    Guess,
    fields::{Fields, Wanted},
};
use crate::{
    Cardinality, Entity, Kind, Message, Method, RelationOf, RequestShape, StandardKind,
    StandardMethod, WellKnown, inflect::plural,
};

/// Why a method has not the shape: one clause for each reason.
type Misfit = Vec<String>;

const STRING: Wanted = Wanted::Scalar(Kind::String);
const BOOL: Wanted = Wanted::Scalar(Kind::Bool);

/// Where the arguments and the answer of a standard method stand.
///
/// # Errors
/// Everything that keeps the method from having the shape.
pub(crate) fn fit(
    guess: Guess<'_>,
    method: &Method,
    messages: &[Message],
) -> Result<StandardMethod, Misfit> {
    let shape = Shape {
        messages,
        entity: guess.entity,
        parent: None,
    };
    shape.fit(guess.kind, method)
}

/// The same for a method on the rows of a relation.
///
/// # Errors
/// As [`fit`].
pub(crate) fn fit_related(
    guess: Guess<'_>,
    parent: &Entity,
    field: u32,
    method: &Method,
    messages: &[Message],
) -> Result<StandardMethod, Misfit> {
    let shape = Shape {
        messages,
        entity: guess.entity,
        parent: Some(parent),
    };
    let mut standard = shape.fit(guess.kind, method)?;
    standard.relation = Some(RelationOf {
        parent: parent.id,
        field,
    });
    Ok(standard)
}

struct Shape<'a> {
    messages: &'a [Message],
    entity: &'a Entity,
    /// Of a method on the rows of a relation: the model that has it.
    parent: Option<&'a Entity>,
}

impl Shape<'_> {
    fn fit(&self, kind: StandardKind, method: &Method) -> Result<StandardMethod, Misfit> {
        let input = &self.messages[method.input.index()];
        let output = &self.messages[method.output.index()];
        let mut faults = Misfit::new();
        if !method.info.is_unary() {
            faults.push("it streams".to_owned());
        }
        let request = self.request(kind, input, &mut faults);
        let mut standard = StandardMethod {
            kind,
            entity: self.entity.id,
            relation: None,
            request,
            response_field: None,
            next_page_token: None,
            total_size: None,
            purge_sample: None,
        };
        self.response(&mut standard, output, &mut faults);
        if faults.is_empty() {
            Ok(standard)
        } else {
            Err(faults)
        }
    }

    fn request(&self, kind: StandardKind, input: &Message, faults: &mut Misfit) -> RequestShape {
        let mut fields = Fields::new(self.messages, input);
        let mut shape = RequestShape::default();
        if let Some(parent) = self.parent {
            shape.parent = self
                .key_of(parent)
                .and_then(|key| fields.required(&parent.singular, Wanted::Scalar(key.kind)));
        }
        match kind {
            StandardKind::Create => self.create(&mut fields, &mut shape),
            StandardKind::Link | StandardKind::Unlink => shape.ids = self.far_ids(&mut fields),
            StandardKind::Get if self.parent.is_some() => {
                shape.read_mask = fields.optional("read_mask", Wanted::FieldMask);
                shape.include = fields.optional("include", STRING);
                shape.show_deleted = fields.optional("show_deleted", BOOL);
            }
            StandardKind::Get => self.get(&mut fields, &mut shape),
            StandardKind::List => list(&mut fields, &mut shape),
            StandardKind::Update => self.update(&mut fields, &mut shape),
            StandardKind::Delete => self.delete(&mut fields, &mut shape),
            StandardKind::Count => {
                shape.filter = fields.optional("filter", STRING);
                shape.show_deleted = fields.optional("show_deleted", BOOL);
            }
            StandardKind::Undelete => self.undelete(&mut fields, &mut shape),
            StandardKind::Purge => {
                shape.filter = fields.required("filter", STRING);
                shape.force = fields.required("force", BOOL);
                shape.request_id = fields.optional("request_id", STRING);
            }
            StandardKind::BulkUpdate => {
                shape.filter = fields.required("filter", STRING);
                shape.resource = self.resource(&mut fields);
                shape.update_mask = fields.optional("update_mask", Wanted::FieldMask);
                shape.validate_only = fields.optional("validate_only", BOOL);
                shape.request_id = fields.optional("request_id", STRING);
            }
            StandardKind::BatchGet => {
                match input.field_by_name("requests") {
                    Some(_) => self.requests(StandardKind::Get, input, &mut fields, &mut shape),
                    None => shape.ids = self.ids(&mut fields),
                }
                shape.read_mask = fields.optional("read_mask", Wanted::FieldMask);
                shape.include = fields.optional("include", STRING);
            }
            StandardKind::BatchDelete if input.field_by_name("requests").is_none() => {
                shape.ids = self.ids(&mut fields);
            }
            StandardKind::BatchCreate => {
                self.requests(StandardKind::Create, input, &mut fields, &mut shape);
            }
            StandardKind::BatchUpdate => {
                self.requests(StandardKind::Update, input, &mut fields, &mut shape);
            }
            StandardKind::BatchDelete => {
                self.requests(StandardKind::Delete, input, &mut fields, &mut shape);
            }
        }
        fields.refuse_rest();
        faults.append(&mut fields.faults);
        shape
    }

    fn create(&self, fields: &mut Fields<'_>, shape: &mut RequestShape) {
        shape.resource = self.resource(fields);
        if let Some(key) = self.only_key() {
            // Related rows may go by another name than their model's.
            let resource = shape.resource.filter(|_| self.parent.is_some());
            let name = resource.and_then(|number| fields.name_of(number));
            let id = format!("{}_id", name.unwrap_or(&self.entity.singular));
            shape.resource_id = fields.optional(&id, Wanted::Scalar(key.kind));
        }
        shape.validate_only = fields.optional("validate_only", BOOL);
        shape.request_id = fields.optional("request_id", STRING);
    }

    fn key_of(&self, entity: &Entity) -> Option<&crate::Field> {
        let message = &self.messages[entity.message.index()];
        let (_, field) = message.field_by_number(*entity.key.first()?)?;
        Some(field)
    }

    /// The only repeated field of the type of the far rows' ids.
    fn far_ids(&self, fields: &mut Fields<'_>) -> Option<u32> {
        let key = self.key_of(self.entity)?;
        let suggested = format!("{}_ids", self.entity.singular);
        fields.holding(Wanted::Scalar(key.kind), Cardinality::Repeated, &suggested)
    }

    fn get(&self, fields: &mut Fields<'_>, shape: &mut RequestShape) {
        shape.key = self.key_fields(fields);
        shape.read_mask = fields.optional("read_mask", Wanted::FieldMask);
        shape.include = fields.optional("include", STRING);
        shape.filter = fields.optional("filter", STRING);
        shape.show_deleted = fields.optional("show_deleted", BOOL);
    }

    fn update(&self, fields: &mut Fields<'_>, shape: &mut RequestShape) {
        shape.resource = self.resource(fields);
        shape.update_mask = fields.optional("update_mask", Wanted::FieldMask);
        shape.allow_missing = fields.optional("allow_missing", BOOL);
        shape.validate_only = fields.optional("validate_only", BOOL);
        shape.request_id = fields.optional("request_id", STRING);
    }

    fn delete(&self, fields: &mut Fields<'_>, shape: &mut RequestShape) {
        shape.key = self.key_fields(fields);
        shape.etag = fields.optional("etag", STRING);
        shape.allow_missing = fields.optional("allow_missing", BOOL);
        shape.validate_only = fields.optional("validate_only", BOOL);
        shape.request_id = fields.optional("request_id", STRING);
    }

    fn undelete(&self, fields: &mut Fields<'_>, shape: &mut RequestShape) {
        if self.entity.delete_time.is_none() {
            fields
                .faults
                .push("its model has no `soft_delete`".to_owned());
        }
        shape.key = self.key_fields(fields);
        shape.etag = fields.optional("etag", STRING);
        shape.validate_only = fields.optional("validate_only", BOOL);
        shape.request_id = fields.optional("request_id", STRING);
    }

    fn requests(
        &self,
        kind: StandardKind,
        input: &Message,
        fields: &mut Fields<'_>,
        shape: &mut RequestShape,
    ) {
        let element = input
            .field_by_name("requests")
            .and_then(|field| match field.kind {
                Kind::Message(id) => Some(id),
                _ => None,
            });
        let Some(id) = element else {
            let text = format!(
                "{} has no field `requests` with one {kind:?} request each",
                input.name
            );
            fields.faults.push(text);
            return;
        };
        shape.requests = fields.repeated(&["requests"], Wanted::Message(id));
        let mut faults = Misfit::new();
        let inner = self.request(kind, &self.messages[id.index()], &mut faults);
        fields.faults.append(&mut faults);
        shape.element = Some((id, Box::new(inner)));
    }

    fn resource(&self, fields: &mut Fields<'_>) -> Option<u32> {
        let wanted = Wanted::Message(self.entity.message);
        fields.holding(wanted, Cardinality::Singular, &self.entity.singular)
    }

    /// The key fields, in order.
    fn key(&self) -> impl Iterator<Item = &crate::Field> {
        let message = &self.messages[self.entity.message.index()];
        let numbers = self.entity.key.iter();
        numbers.filter_map(|number| message.field_by_number(*number).map(|found| found.1))
    }

    /// The key, when it is one field.
    fn only_key(&self) -> Option<&crate::Field> {
        let mut fields = self.key();
        fields.next().filter(|_| fields.next().is_none())
    }

    fn key_fields(&self, fields: &mut Fields<'_>) -> Vec<u32> {
        let found = self
            .key()
            .filter_map(|key| fields.required(&key.name, Wanted::Scalar(key.kind)));
        found.collect()
    }

    fn ids(&self, fields: &mut Fields<'_>) -> Option<u32> {
        let Some(key) = self.only_key() else {
            let text = "ids of several fields come in a field `requests`, with one request each";
            fields.faults.push(text.to_owned());
            return None;
        };
        let name = plural(&key.name);
        fields.repeated(&[&name, "ids", "names"], Wanted::Scalar(key.kind))
    }

    fn response(&self, standard: &mut StandardMethod, output: &Message, faults: &mut Misfit) {
        let resource = Wanted::Message(self.entity.message);
        let mut fields = Fields::new(self.messages, output);
        match standard.kind {
            StandardKind::Create
            | StandardKind::Get
            | StandardKind::Update
            | StandardKind::Undelete => {
                if output.id != self.entity.message {
                    let wanted = &self.messages[self.entity.message.index()].name;
                    faults.push(format!(
                        "it answers with {} instead of {wanted}",
                        output.name
                    ));
                }
            }
            // A row that is only marked can be answered (AIP-164).
            StandardKind::Delete if output.id == self.entity.message => {}
            StandardKind::Delete
            | StandardKind::BatchDelete
            | StandardKind::Link
            | StandardKind::Unlink => {
                if output.well_known != Some(WellKnown::Empty) {
                    faults.push(format!(
                        "it answers with {} instead of google.protobuf.Empty",
                        output.name
                    ));
                }
            }
            StandardKind::Count => {
                standard.response_field = fields.required("count", Wanted::Integer);
            }
            StandardKind::Purge => {
                standard.response_field = fields.required("purge_count", Wanted::Integer);
                if output.field_by_name("purge_sample").is_some() {
                    standard.purge_sample = fields.repeated(&["purge_sample"], STRING);
                }
            }
            StandardKind::BulkUpdate => {
                standard.response_field = fields.required("update_count", Wanted::Integer);
            }
            StandardKind::List => {
                let plural = &self.entity.plural;
                standard.response_field = fields.holding(resource, Cardinality::Repeated, plural);
                standard.next_page_token = fields.required("next_page_token", STRING);
                standard.total_size = fields.optional("total_size", Wanted::Integer);
            }
            StandardKind::BatchGet | StandardKind::BatchCreate | StandardKind::BatchUpdate => {
                let plural = &self.entity.plural;
                standard.response_field = fields.holding(resource, Cardinality::Repeated, plural);
            }
        }
        faults.append(&mut fields.faults);
    }
}

fn list(fields: &mut Fields<'_>, shape: &mut RequestShape) {
    shape.page_size = fields.required("page_size", Wanted::Integer);
    shape.page_token = fields.required("page_token", STRING);
    shape.filter = fields.optional("filter", STRING);
    shape.order_by = fields.optional("order_by", STRING);
    shape.skip = fields.optional("skip", Wanted::Integer);
    shape.read_mask = fields.optional("read_mask", Wanted::FieldMask);
    shape.include = fields.optional("include", STRING);
    shape.show_deleted = fields.optional("show_deleted", BOOL);
}
