//! New messages and services, with their comments.

use crate::{
    descriptor::{
        Field, FieldOptions, Label, Message, Method, MethodOptions, NO_SIDE_EFFECTS, Service, Type,
    },
    inflect::lower_camel,
    options::{
        google_api::{FieldBehavior, HttpRule},
        protoloop_v1::{self, method_options::StandardMethod},
    },
    read::join,
};

/// What is added for one model.
#[derive(Debug)]
pub(super) struct Addition {
    /// Place of the model in its file, which the new elements are said to stand at.
    pub(super) span: Vec<i32>,
    pub(super) messages: Vec<NewMessage>,
    pub(super) service: NewService,
    /// Position in its file of the written service that the methods are added to; `None` for a service of their own.
    pub(super) into: Option<usize>,
}

#[derive(Debug)]
pub(super) struct NewMessage {
    pub(super) name: String,
    pub(super) comment: String,
    pub(super) fields: Vec<NewField>,
}

#[derive(Debug)]
pub(super) struct NewField {
    pub(super) field: Field,
    pub(super) comment: String,
}

#[derive(Debug)]
pub(super) struct NewService {
    pub(super) name: String,
    pub(super) comment: String,
    pub(super) methods: Vec<NewMethod>,
}

#[derive(Debug)]
pub(super) struct NewMethod {
    pub(super) method: Method,
    pub(super) comment: String,
}

impl Addition {
    /// Full names of everything new.
    pub(super) fn names<'a>(&'a self, package: &'a str) -> impl Iterator<Item = String> + 'a {
        let messages = self.messages.iter().map(|message| &message.name);
        let service = self.into.is_none().then_some(&self.service.name);
        messages
            .chain(service)
            .map(move |name| join(package, name).as_ref().to_owned())
    }

    /// Whether a written service, and the messages beside it, have everything already.
    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty() && self.service.methods.is_empty()
    }

    pub(super) fn descriptors(&self) -> (Vec<Message>, Service) {
        let message = |message: &NewMessage| Message {
            name: message.name.clone(),
            field: message.fields.iter().map(|new| new.field.clone()).collect(),
            ..Message::default()
        };
        let methods = self.service.methods.iter();
        let service = Service {
            name: self.service.name.clone(),
            method: methods.map(|new| new.method.clone()).collect(),
            options: None,
        };
        (self.messages.iter().map(message).collect(), service)
    }
}

impl NewMessage {
    pub(super) fn new(
        name: String,
        comment: String,
        fields: impl IntoIterator<Item = NewField>,
    ) -> Self {
        Self {
            name,
            comment,
            fields: fields.into_iter().collect(),
        }
    }
}

impl NewField {
    pub(super) fn scalar(name: &str, number: i32, kind: Type, comment: &str) -> Self {
        let field = Field {
            name: name.to_owned(),
            number,
            label: Label::Optional.into(),
            r#type: kind.into(),
            json_name: lower_camel(name),
            ..Field::default()
        };
        Self {
            field,
            comment: comment.to_owned(),
        }
    }

    pub(super) fn message(name: &str, number: i32, type_name: &str, comment: &str) -> Self {
        let mut new = Self::scalar(name, number, Type::Message, comment);
        type_name.clone_into(&mut new.field.type_name);
        new
    }

    pub(super) fn repeated(mut self) -> Self {
        self.field.label = Label::Repeated.into();
        self
    }

    /// Says `(google.api.field_behavior) = REQUIRED`.
    pub(super) fn required(mut self) -> Self {
        self.field.options = Some(FieldOptions {
            behavior: vec![FieldBehavior::Required.into()],
            ..FieldOptions::default()
        });
        self
    }
}

impl NewMethod {
    pub(super) fn new(
        name: String,
        input: String,
        output: String,
        http: HttpRule,
        comment: String,
    ) -> Self {
        let options = MethodOptions {
            http: Some(http),
            ..MethodOptions::default()
        };
        let method = Method {
            name,
            input_type: input,
            output_type: output,
            options: Some(options),
            ..Method::default()
        };
        Self { method, comment }
    }

    /// Says which standard method of which relation it is.
    pub(super) fn of_relation(mut self, standard: StandardMethod, relation: String) -> Self {
        let options = self.method.options.get_or_insert_default();
        options.method = Some(protoloop_v1::MethodOptions {
            standard: standard.into(),
            relation,
            ..protoloop_v1::MethodOptions::default()
        });
        self
    }

    /// Says `idempotency_level = NO_SIDE_EFFECTS`.
    pub(super) fn safe(mut self) -> Self {
        let options = self.method.options.get_or_insert_default();
        options.idempotency_level = NO_SIDE_EFFECTS;
        self
    }
}
