//! The fields that requests and answers of standard methods share.

use super::{
    build::NewField,
    methods::{Builder, FIELD_MASK},
};
use crate::{
    descriptor::{Field, Type},
    inflect::plural,
};

impl Builder<'_> {
    pub(super) fn resource_field(&self, number: i32, comment: &str) -> NewField {
        let resource = self.resource;
        NewField::message(&resource.singular, number, &resource.type_name, comment).required()
    }

    pub(super) fn resources_field(&self, comment: &str) -> NewField {
        let resource = self.resource;
        NewField::message(&resource.plural, 1, &resource.type_name, comment).repeated()
    }

    pub(super) fn key_field(
        &self,
        key: &Field,
        name: &str,
        number: i32,
        comment: &str,
    ) -> NewField {
        NewField::scalar(name, number, key.r#type(), comment)
    }

    /// The fields that say which row: the first part of the id is number 1, further ones follow from 21 on. Others stand
    /// between.
    pub(super) fn which(&self, others: impl IntoIterator<Item = NewField>) -> Vec<NewField> {
        let one = &self.resource.message.name;
        let mut numbers = std::iter::once(1).chain(21..);
        let mut parts = self.resource.keys.iter().map(|key| {
            let number = numbers.next().unwrap_or(1);
            self.key_field(key, &key.name, number, &format!("Which {one}."))
                .required()
        });
        let mut fields: Vec<_> = parts.next().into_iter().collect();
        let further: Vec<_> = parts.collect();
        fields.extend(others);
        fields.extend(further);
        fields
    }

    /// The ids of a batch; those of several fields come as the single method's requests.
    pub(super) fn keys_field(&self, action: &str) -> NewField {
        let resource = self.resource;
        match resource.keys.as_slice() {
            [key] => self.key_field(key, &plural(&key.name), 1, "Which ones."),
            _ => {
                let element = format!("{}{action}{}Request", resource.scope, resource.message.name);
                NewField::message("requests", 1, &element, "One request for each.")
            }
        }
        .repeated()
        .required()
    }
}

pub(super) fn list_fields(many: &str) -> [NewField; 8] {
    let order = "Fields to sort by, separated by commas, ` desc` behind one to reverse it.";
    let size = "Most rows of the answer; the server may send fewer.";
    let token = "The `next_page_token` of the page before; all else must be as it was.";
    [
        filter(1),
        NewField::scalar("order_by", 2, Type::String, order),
        NewField::scalar("page_size", 3, Type::Int32, size),
        NewField::scalar("page_token", 4, Type::String, token),
        NewField::scalar(
            "skip",
            5,
            Type::Int32,
            &format!("Number of {many} to leave out first."),
        ),
        read_mask(6),
        include(7),
        show_deleted(8),
    ]
}

pub(super) fn filter(number: i32) -> NewField {
    let comment = "Which rows: AIP-160 text or a LoopBack JSON filter. Empty for all.";
    NewField::scalar("filter", number, Type::String, comment)
}

pub(super) fn shown(number: i32) -> NewField {
    let comment =
        "What is shown, as a LoopBack JSON filter of `fields` and `include`. Empty for all fields.";
    NewField::scalar("filter", number, Type::String, comment)
}

pub(super) fn filter_of_all(number: i32) -> NewField {
    let comment = "Which rows: AIP-160 text or a LoopBack JSON filter; `*` for all.";
    NewField::scalar("filter", number, Type::String, comment).required()
}

pub(super) fn show_deleted(number: i32) -> NewField {
    let comment = "Whether to show rows that are marked as deleted.";
    NewField::scalar("show_deleted", number, Type::Bool, comment)
}

pub(super) fn read_mask(number: i32) -> NewField {
    let comment = "Which fields to return. Empty for all.";
    NewField::message("read_mask", number, FIELD_MASK, comment)
}

pub(super) fn include(number: i32) -> NewField {
    let comment = "Related rows to return as well: paths of relations, separated by commas.";
    NewField::scalar("include", number, Type::String, comment)
}

pub(super) fn validate_only(number: i32) -> NewField {
    let comment = "Whether to check the request only and change nothing.";
    NewField::scalar("validate_only", number, Type::Bool, comment)
}

pub(super) fn allow_missing(number: i32, comment: &str) -> NewField {
    NewField::scalar("allow_missing", number, Type::Bool, comment)
}
