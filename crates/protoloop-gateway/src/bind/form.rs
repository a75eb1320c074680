//! The fields of a form, and the message that they make.

use std::borrow::Cow;

use protoloop_core::{Error, Result};
use protoloop_schema::{Cardinality, Kind, MessageId};
use protoloop_wire::{FieldTable, Tables, canonicalize_bytes, json};

use super::{
    assign::{self, Assignment, BodyPart, Source},
    query, raw, scalar,
    target::{self, Miss, Place, Target},
};
use crate::{
    RestOptions, UnknownQuery,
    form::Head,
    plan::{BodyPlan, is_http_body},
};

/// What a form says: the body of a request in other words.
#[derive(Debug)]
pub(crate) struct FormBody {
    /// The message, as protobuf bytes.
    message: Vec<u8>,
    /// The fields that were given, in proto names.
    present: Vec<String>,
    /// Their numbers, of those that can be given once only.
    pub(crate) given_once: Vec<Vec<u32>>,
}

/// Takes up field by field.
#[derive(Debug)]
pub(crate) struct Fields<'t> {
    tables: &'t Tables,
    /// The message that the form stands for.
    message: MessageId,
    options: &'t RestOptions,
    /// How many fields there were, ignored ones too.
    count: usize,
    assignments: Vec<Assignment<'t>>,
    present: Vec<String>,
    /// Numbers of fields that a JSON text gives as a whole.
    whole: Vec<Vec<u32>>,
}

/// How the content of a part is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PartKind {
    /// As the value of a query key.
    Text,
    /// As the JSON of the field.
    Json,
    /// As it is, for `bytes` and `google.api.HttpBody`.
    File,
}

impl BodyPlan {
    /// The message that a form as the body stands for; `None` where the body is none.
    pub(crate) fn form_message(self, tables: &Tables, input: MessageId) -> Option<MessageId> {
        match self {
            Self::Whole => Some(input),
            Self::Field(number) => tables
                .message(input)
                .field(number)
                .filter(|field| field.is_singular() && field.well_known().is_none())
                .and_then(FieldTable::message),
            Self::None | Self::Raw(_) => None,
        }
    }
}

impl<'t> Fields<'t> {
    pub(crate) fn new(tables: &'t Tables, message: MessageId, options: &'t RestOptions) -> Self {
        Self {
            tables,
            message,
            options,
            count: 0,
            assignments: Vec::new(),
            present: Vec::new(),
            whole: Vec::new(),
        }
    }

    /// Takes up all of `application/x-www-form-urlencoded`.
    ///
    /// # Errors
    /// INVALID_ARGUMENT naming the field.
    pub(crate) fn url_encoded(&mut self, text: &str) -> Result<()> {
        for pair in query::named_pairs(text, "form field") {
            let (key, value) = pair?;
            self.count()?;
            match target::resolve(self.tables, self.message, &key, Place::Form) {
                Err(miss) => self.unknown(miss)?,
                Ok(target) => self.text(target, &key, &value)?,
            }
        }
        Ok(())
    }

    /// Takes up a part of `multipart/form-data`; whether it says anything.
    ///
    /// # Errors
    /// INVALID_ARGUMENT naming the field.
    pub(crate) fn part(&mut self, head: &Head, data: &[u8]) -> Result<bool> {
        self.count()?;
        let Some((target, kind)) = self.kind(head)? else {
            return Ok(false);
        };
        if head.is_unchosen(data) {
            return Ok(false);
        }
        let name = &*head.name;
        match kind {
            PartKind::Json => self.json(target, name, data)?,
            PartKind::File => self.file(target, name, head.content_type.as_deref(), data),
            PartKind::Text => {
                let has_key = target.map_key.is_some();
                target::check_leaf(name, target.leaf, self.tables, has_key, Place::Form)?;
                self.text(target, name, text_of(head, data)?)?;
            }
        }
        Ok(true)
    }

    /// Takes up a piece of a file; its type is told with the first one.
    ///
    /// # Errors
    /// INVALID_ARGUMENT naming the field.
    pub(crate) fn piece(&mut self, head: &Head, first: bool, data: &[u8]) -> Result<()> {
        self.count()?;
        if let Some((target, PartKind::File)) = self.kind(head)? {
            let content_type = head.content_type.as_deref().filter(|_| first);
            self.file(target, &head.name, content_type, data);
        }
        Ok(())
    }

    /// Whether a part is a file whose field takes it piece by piece.
    ///
    /// # Errors
    /// INVALID_ARGUMENT for an unknown field, or one that cannot be given so.
    pub(crate) fn comes_in_pieces(&self, head: &Head) -> Result<bool> {
        let kind = self.kind(head)?;
        Ok(kind.is_some_and(|(target, kind)| kind == PartKind::File && target.leaf.is_singular()))
    }

    /// The field of a part and how it is to be read; `None` for an unknown one that is let be.
    fn kind(&self, head: &Head) -> Result<Option<(Target<'t>, PartKind)>> {
        let name = &*head.name;
        let target = match target::find(self.tables, self.message, name, Place::Form) {
            Ok(target) => target,
            Err(miss) => {
                self.unknown(miss)?;
                return Ok(None);
            }
        };
        let essence = head.essence();
        let is_json = crate::negotiate::is_json(&essence);
        let is_text = essence.starts_with("text/");
        let leaf = target.leaf;
        let is_body = leaf
            .message()
            .is_some_and(|id| is_http_body(self.tables, id));
        let is_bytes = leaf.kind() == Kind::Bytes && leaf.well_known().is_none();
        let is_file = head.file.is_some();
        let kind = if is_body || (is_bytes && (is_file || !(is_json || is_text))) {
            PartKind::File
        } else if is_json && target.map_key.is_none() {
            PartKind::Json
        } else if is_text {
            PartKind::Text
        } else {
            let text = match (is_json, is_file) {
                (true, _) => "give the map as one JSON object".to_owned(),
                (_, true) => format!(
                    "a file of type {essence} goes into a field of type bytes or google.api.HttpBody"
                ),
                (_, false) => format!("expected text or application/json, found {essence}"),
            };
            return Err(Error::invalid_field(name, text));
        };
        Ok(Some((target, kind)))
    }

    fn text(&mut self, target: Target<'t>, name: &str, text: &str) -> Result<()> {
        let (tables, leaf) = (self.tables, target.leaf);
        let record = match &target.map_key {
            Some(entry) => scalar::encode_entry(tables, leaf, name, entry, text)?,
            None => scalar::encode(tables, target.parent, leaf, name, text)?,
        };
        let path = self.path(&target);
        self.add(target, name, record, [path]);
        Ok(())
    }

    fn json(&mut self, target: Target<'t>, name: &str, text: &[u8]) -> Result<()> {
        let (leaf, decode) = (target.leaf, &self.options.decode);
        let under = |error: json::JsonError| Error::invalid_field(name, error.message());
        let record = json::decode_field(self.tables, target.parent, leaf.number(), text, decode)
            .map_err(under)?;
        let path = self.path(&target);
        let inner = leaf
            .message()
            .filter(|_| leaf.is_singular() && leaf.well_known().is_none());
        let present = match inner {
            _ if record.is_empty() && !leaf.is_implicit() && leaf.is_singular() => Vec::new(),
            None => vec![path],
            Some(inner) => match json::present(self.tables, inner, text, decode) {
                Ok(below) if below.is_empty() => vec![path],
                Ok(below) => below
                    .iter()
                    .map(|inner| format!("{path}.{inner}"))
                    .collect(),
                Err(error) => return Err(under(error)),
            },
        };
        self.whole.push(target.numbers.clone());
        self.add(target, name, record, present);
        Ok(())
    }

    fn file(&mut self, target: Target<'t>, name: &str, content_type: Option<&str>, data: &[u8]) {
        let number = target.leaf.number();
        let record = match target.leaf.message() {
            Some(_) => raw::record(Some(number), content_type.unwrap_or_default(), data),
            None => {
                let mut writer = protoloop_wire::Writer::with_capacity(data.len() + 16);
                writer.bytes(number, data);
                writer.finish()
            }
        };
        let path = self.path(&target);
        self.add(target, name, record, [path]);
    }

    fn add(
        &mut self,
        target: Target<'t>,
        name: &str,
        record: Vec<u8>,
        present: impl IntoIterator<Item = String>,
    ) {
        for path in present {
            if !self.present.contains(&path) {
                self.present.push(path);
            }
        }
        self.assignments.push(Assignment {
            numbers: Cow::Owned(target.numbers),
            leaf: target.leaf,
            map_key: target.map_key,
            record,
            name: Cow::Owned(name.to_owned()),
            source: Source::Query,
        });
    }

    /// The proto names from the message to the field.
    fn path(&self, target: &Target<'_>) -> String {
        let mut path = String::new();
        let mut table = self.tables.message(self.message);
        for number in &target.numbers {
            let Some(field) = table.field(*number) else {
                break;
            };
            if !path.is_empty() {
                path.push('.');
            }
            path += field.name();
            if let Some(inner) = field.message() {
                table = self.tables.message(inner);
            }
        }
        path
    }

    fn count(&mut self) -> Result<()> {
        let limit = self.options.max_form_fields;
        if self.count == limit {
            let message = format!("the form has more than {limit} fields");
            return Err(Error::invalid_argument(message));
        }
        self.count += 1;
        Ok(())
    }

    fn unknown(&self, miss: Miss) -> Result<()> {
        match miss {
            Miss::Unknown(_) if self.options.unknown_query == UnknownQuery::Ignore => Ok(()),
            miss => Err(miss.into()),
        }
    }

    /// The message that the fields make.
    ///
    /// # Errors
    /// INVALID_ARGUMENT for a singular field twice, two members of a oneof, a message both as a whole and in parts.
    pub(crate) fn finish(self) -> Result<FormBody> {
        self.check_whole()?;
        let singular = |one: &&Assignment<'_>| one.leaf.cardinality() == Cardinality::Singular;
        let given_once = self.assignments.iter().filter(singular);
        let given_once = given_once.map(|one| one.numbers.to_vec()).collect();
        let merged = assign::merge(
            self.tables,
            self.message,
            self.assignments,
            &BodyPart::Absent,
        )?;
        let message = match merged.in_order {
            true => merged.bytes,
            false => canonicalize_bytes(self.tables, self.message, merged.bytes.into())?.into(),
        };
        Ok(FormBody {
            message,
            present: self.present,
            given_once,
        })
    }

    /// What is given as a whole is given by nothing else.
    fn check_whole(&self) -> Result<()> {
        let of_file = |one: &&Assignment<'_>| {
            let message = one.leaf.message();
            message.is_some_and(|id| is_http_body(self.tables, id))
        };
        let files = self.assignments.iter().filter(of_file);
        let files = files.map(|one| (&*one.numbers, one.leaf.is_singular()));
        let json = self.whole.iter().map(|numbers| (&**numbers, true));
        for (numbers, alone) in json.chain(files) {
            let within = |one: &&Assignment<'_>| one.numbers.starts_with(numbers);
            let mut inside = self.assignments.iter().filter(within);
            let other = match alone {
                true => inside.nth(1),
                false => inside.find(|one| one.numbers.len() > numbers.len()),
            };
            if let Some(other) = other {
                return Err(Error::invalid_field(
                    &*other.name,
                    "is given more than once",
                ));
            }
        }
        Ok(())
    }
}

impl FormBody {
    /// The form as the body of the request.
    pub(super) fn body_part(&mut self, plan: BodyPlan) -> BodyPart {
        let message = std::mem::take(&mut self.message);
        match plan {
            BodyPlan::Field(number) => BodyPart::Field(number, under(number, &message)),
            _ => BodyPart::Whole(message),
        }
    }

    /// The form as a message of a client stream.
    pub(crate) fn into_message(self, plan: BodyPlan) -> Vec<u8> {
        match plan {
            BodyPlan::Field(number) => under(number, &self.message),
            _ => self.message,
        }
    }

    /// The fields that were given, in proto names of the form's message.
    pub(super) fn present(&self) -> &[String] {
        &self.present
    }
}

fn under(number: u32, message: &[u8]) -> Vec<u8> {
    let mut writer = protoloop_wire::Writer::with_capacity(message.len() + 8);
    let open = writer.open(number);
    writer.raw(message);
    writer.close(open);
    writer.finish()
}

/// The content of a part that is text.
fn text_of<'d>(head: &Head, data: &'d [u8]) -> Result<&'d str> {
    let charset = head.charset();
    let known = |charset: &str| {
        ["utf-8", "us-ascii"]
            .iter()
            .any(|known| charset.eq_ignore_ascii_case(known))
    };
    if let Some(charset) = charset.filter(|charset| !known(charset)) {
        let text = format!("a form is read as UTF-8, not as {charset:?}");
        return Err(Error::invalid_field(&*head.name, text));
    }
    std::str::from_utf8(data)
        .map_err(|_| Error::invalid_field(&*head.name, "expected text in UTF-8"))
}
