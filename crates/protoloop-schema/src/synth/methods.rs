//! The standard methods of a model, with their messages and routes.

use super::{
    build::{Addition, NewField, NewMessage, NewMethod, NewService},
    fields::{
        allow_missing, filter, filter_of_all, include, list_fields, read_mask, show_deleted, shown,
        validate_only,
    },
    related::Models,
    resource::Resource,
};
use crate::{
    descriptor::Type,
    options::google_api::{HttpRule, http_rule::Pattern},
};

pub(super) const EMPTY: &str = ".google.protobuf.Empty";
pub(super) const FIELD_MASK: &str = ".google.protobuf.FieldMask";

/// Everything that a model's `expose` asks for.
pub(super) fn addition(resource: &Resource<'_>, models: &Models) -> Addition {
    let mut service = Builder {
        resource,
        messages: Vec::new(),
        methods: Vec::new(),
    };
    if resource.writable {
        service.create();
    }
    if resource.readable {
        service.get();
        service.list();
    }
    if resource.writable {
        service.update();
        service.delete();
        if resource.options.soft_delete {
            service.undelete();
        }
    }
    if resource.readable {
        service.count();
        service.batch_get();
    }
    if resource.writable {
        service.batch_create();
        service.batch_update();
        service.batch_delete();
    }
    if resource.bulk {
        service.purge();
        service.bulk_update();
    }
    service.related(models);
    Addition {
        into: None,
        span: resource.span.clone(),
        messages: service.messages,
        service: NewService {
            name: format!("{}Service", resource.message.name),
            comment: format!("The standard methods of {}.", resource.message.name),
            methods: service.methods,
        },
    }
}

pub(super) struct Builder<'a> {
    pub(super) resource: &'a Resource<'a>,
    messages: Vec<NewMessage>,
    pub(super) methods: Vec<NewMethod>,
}

impl Builder<'_> {
    fn create(&mut self) {
        let resource = self.resource;
        let one = &resource.message.name;
        let mut fields = vec![
            self.resource_field(1, &format!("The {one} to create.")),
            validate_only(2),
            NewField::scalar(
                "request_id",
                3,
                Type::String,
                "A UUID of the caller's; a repeated request with it gets the first answer.",
            ),
        ];
        if resource.client_ids {
            let name = format!("{}_id", resource.singular);
            let comment = format!("The id of the new {one}; wins over the one inside it.");
            fields.extend(
                resource
                    .keys
                    .first()
                    .map(|key| self.key_field(key, &name, 4, &comment)),
            );
        }
        let name = format!("Create{one}");
        let input = self.request(&name, fields);
        let output = resource.type_name.clone();
        let rule = body(
            route(Pattern::Post(resource.collection.clone())),
            &resource.singular,
        );
        let comment =
            format!("Creates a {one}.\nALREADY_EXISTS when its id or a unique field is taken.");
        self.methods
            .push(NewMethod::new(name, input, output, rule, comment));
    }

    fn get(&mut self) {
        let one = &self.resource.message.name;
        let fields = self.which([read_mask(2), include(3), shown(5)]);
        let name = format!("Get{one}");
        let input = self.request(&name, fields);
        let output = self.resource.type_name.clone();
        let rule = route(Pattern::Get(self.one_path("")));
        let comment = format!("Reads one {one}.\nNOT_FOUND when there is none.");
        self.methods
            .push(NewMethod::new(name, input, output, rule, comment).safe());
    }

    fn list(&mut self) {
        let resource = self.resource;
        let many = &resource.plural_type;
        let name = format!("List{many}");
        let input = self.request(&name, list_fields(many));
        let token = "Token of the next page; empty on the last one.";
        let mut answer = vec![
            self.resources_field("A page of rows."),
            NewField::scalar("next_page_token", 2, Type::String, token),
        ];
        if resource.options.total_size {
            let comment = "Number of rows on all pages.";
            answer.push(NewField::scalar("total_size", 3, Type::Int32, comment));
        }
        let output = self.response(&name, answer);
        let rule = route(Pattern::Get(resource.collection.clone()));
        let comment = format!("Reads {many}, page by page.");
        self.methods
            .push(NewMethod::new(name, input, output, rule, comment).safe());
    }

    fn update(&mut self) {
        let resource = self.resource;
        let one = &resource.message.name;
        let mask = "What to change, as paths of the resource; `*` replaces all of it. Without a mask, the fields that are present.";
        let fields = [
            self.resource_field(1, &format!("The {one} with its id and the new values.")),
            NewField::message("update_mask", 2, FIELD_MASK, mask),
            allow_missing(3, "Whether to create it when it does not exist."),
            validate_only(4),
        ];
        let name = format!("Update{one}");
        let input = self.request(&name, fields);
        let output = resource.type_name.clone();
        let path = self.one_path(&format!("{}.", resource.singular));
        let mut rule = body(route(Pattern::Patch(path.clone())), &resource.singular);
        let replace = body(route(Pattern::Put(path)), &resource.singular);
        rule.additional_bindings.push(replace);
        let comment = format!(
            "Changes the fields of a {one} that the mask names. PUT replaces it.\nABORTED when its etag has changed meanwhile."
        );
        self.methods
            .push(NewMethod::new(name, input, output, rule, comment));
    }

    fn delete(&mut self) {
        let resource = self.resource;
        let one = &resource.message.name;
        let etag = "When given, the delete is ABORTED if the row has another one.";
        let fields = self.which([
            NewField::scalar("etag", 2, Type::String, etag),
            allow_missing(3, "Whether it is no error when it does not exist."),
        ]);
        let name = format!("Delete{one}");
        let input = self.request(&name, fields);
        let rule = route(Pattern::Delete(self.one_path("")));
        let (output, comment) = if resource.options.soft_delete {
            let text = format!("Marks a {one} as deleted. Undelete{one} takes it back.");
            (resource.type_name.clone(), text)
        } else {
            (EMPTY.to_owned(), format!("Deletes a {one}."))
        };
        self.methods
            .push(NewMethod::new(name, input, output, rule, comment));
    }

    fn undelete(&mut self) {
        let resource = self.resource;
        let one = &resource.message.name;
        let etag = "When given, the call is ABORTED if the row has another one.";
        let fields = self.which([
            NewField::scalar("etag", 2, Type::String, etag),
            validate_only(3),
        ]);
        let name = format!("Undelete{one}");
        let input = self.request(&name, fields);
        let path = format!("{}:undelete", self.one_path(""));
        let rule = body(route(Pattern::Post(path)), "*");
        let comment = format!(
            "Takes the delete of a {one} back.\nALREADY_EXISTS when it is not marked as deleted, or when another row has \
             taken a unique value of it."
        );
        let output = resource.type_name.clone();
        self.methods
            .push(NewMethod::new(name, input, output, rule, comment));
    }

    fn count(&mut self) {
        let many = &self.resource.plural_type;
        let name = format!("Count{many}");
        let mut fields = vec![filter(1)];
        if self.resource.options.soft_delete {
            fields.push(show_deleted(2));
        }
        let input = self.request(&name, fields);
        let count = NewField::scalar("count", 1, Type::Int64, "Number of rows that match.");
        let output = self.response(&name, [count]);
        let rule = route(Pattern::Get(self.verb_path("count")));
        let comment = format!("Counts {many}.");
        self.methods
            .push(NewMethod::new(name, input, output, rule, comment).safe());
    }

    fn batch_get(&mut self) {
        let many = &self.resource.plural_type;
        let name = format!("BatchGet{many}");
        let mut fields = vec![self.keys_field("Get")];
        if self.resource.keys.len() == 1 {
            // Else each of the requests says it.
            fields.extend([read_mask(2), include(3)]);
        }
        let input = self.request(&name, fields);
        let output = self.response(
            &name,
            [self.resources_field("In the order of the request.")],
        );
        // Requests of several fields each fit into no query.
        let rule = match self.resource.keys.len() {
            1 => route(Pattern::Get(self.verb_path("batchGet"))),
            _ => body(route(Pattern::Post(self.verb_path("batchGet"))), "*"),
        };
        let comment = format!(
            "Reads several {many} by their ids.\nNOT_FOUND when one of them does not exist."
        );
        self.methods
            .push(NewMethod::new(name, input, output, rule, comment).safe());
    }

    fn purge(&mut self) {
        let resource = self.resource;
        let many = &resource.plural_type;
        let name = format!("Purge{many}");
        let force =
            "Whether to do it. When false, nothing is removed, and the answer tells what would be.";
        let fields = [
            filter_of_all(1),
            NewField::scalar("force", 2, Type::Bool, force),
        ];
        let input = self.request(&name, fields);
        let count = "Number of rows that were removed, or would be.";
        let sample = "Ids of the first 100 rows that would be removed; empty with `force`.";
        let answer = [
            NewField::scalar("purge_count", 1, Type::Int64, count),
            NewField::scalar("purge_sample", 2, Type::String, sample).repeated(),
        ];
        let output = self.response(&name, answer);
        let rule = body(route(Pattern::Post(self.verb_path("purge"))), "*");
        let which = if resource.options.soft_delete {
            " that are marked as deleted and"
        } else {
            ""
        };
        let comment = format!("Removes the {many}{which} that a filter selects, for good.");
        self.methods
            .push(NewMethod::new(name, input, output, rule, comment));
    }

    fn bulk_update(&mut self) {
        let resource = self.resource;
        let many = &resource.plural_type;
        let name = format!("BulkUpdate{many}");
        let mask = "What to change, as paths of the resource. Without a mask, the fields that are present.";
        let fields = [
            filter_of_all(1),
            self.resource_field(2, "The new values."),
            NewField::message("update_mask", 3, FIELD_MASK, mask),
            validate_only(4),
        ];
        let input = self.request(&name, fields);
        let count = "Number of rows that were changed, or would be.";
        let output = self.response(
            &name,
            [NewField::scalar("update_count", 1, Type::Int64, count)],
        );
        let rule = body(route(Pattern::Post(self.verb_path("bulkUpdate"))), "*");
        let comment = format!("Changes the same fields of all {many} that a filter selects.");
        self.methods
            .push(NewMethod::new(name, input, output, rule, comment));
    }

    fn batch_create(&mut self) {
        let comment = format!(
            "Creates several {}, all or none.",
            self.resource.plural_type
        );
        self.batch("Create", "batchCreate", comment);
    }

    fn batch_update(&mut self) {
        let comment = format!(
            "Changes several {}, all or none.",
            self.resource.plural_type
        );
        self.batch("Update", "batchUpdate", comment);
    }

    fn batch(&mut self, action: &str, verb: &str, comment: String) {
        let resource = self.resource;
        let name = format!("Batch{action}{}", resource.plural_type);
        let element = format!("{}{action}{}Request", resource.scope, resource.message.name);
        let requests = NewField::message("requests", 1, &element, "One request for each.");
        let input = self.request(&name, [requests.repeated().required()]);
        let output = self.response(
            &name,
            [self.resources_field("In the order of the request.")],
        );
        let rule = body(route(Pattern::Post(self.verb_path(verb))), "*");
        self.methods
            .push(NewMethod::new(name, input, output, rule, comment));
    }

    fn batch_delete(&mut self) {
        let many = &self.resource.plural_type;
        let name = format!("BatchDelete{many}");
        let fields = [self.keys_field("Delete")];
        let input = self.request(&name, fields);
        let rule = body(route(Pattern::Post(self.verb_path("batchDelete"))), "*");
        let comment = format!("Deletes several {many}, all or none.");
        self.methods
            .push(NewMethod::new(name, input, EMPTY.to_owned(), rule, comment));
    }

    /// Adds the request message of a method; gives its type name.
    pub(super) fn request(
        &mut self,
        method: &str,
        fields: impl IntoIterator<Item = NewField>,
    ) -> String {
        self.add(
            format!("{method}Request"),
            format!("Request of {method}."),
            fields,
        )
    }

    /// Adds the response message of a method; gives its type name.
    pub(super) fn response(
        &mut self,
        method: &str,
        fields: impl IntoIterator<Item = NewField>,
    ) -> String {
        self.add(
            format!("{method}Response"),
            format!("Answer of {method}."),
            fields,
        )
    }

    fn add(
        &mut self,
        name: String,
        comment: String,
        fields: impl IntoIterator<Item = NewField>,
    ) -> String {
        let type_name = format!("{}{name}", self.resource.scope);
        self.messages.push(NewMessage::new(name, comment, fields));
        type_name
    }

    /// The path of one row; `prefix` goes in front of each key field's name.
    fn one_path(&self, prefix: &str) -> String {
        let mut path = self.resource.collection.clone();
        for key in &self.resource.keys {
            path.push_str(&format!("/{{{prefix}{}}}", key.name));
        }
        path
    }

    fn verb_path(&self, verb: &str) -> String {
        format!("{}:{verb}", self.resource.collection)
    }
}

pub(super) fn route(pattern: Pattern) -> HttpRule {
    HttpRule {
        pattern: Some(pattern),
        ..HttpRule::default()
    }
}

pub(super) fn body(mut rule: HttpRule, field: &str) -> HttpRule {
    field.clone_into(&mut rule.body);
    rule
}
