//! The names that are made from an exposed model.

use crate::{
    descriptor::{Field, File, Label, Message, Source, Type, path},
    inflect::{lower_camel, plural, snake, upper_camel},
    options::protoloop_v1::{ModelOptions, field_options::IdStrategy, model_options::Expose},
    read::{Report, join},
};

/// An exposed model and its names.
#[derive(Debug)]
pub(super) struct Resource<'a> {
    pub(super) message: &'a Message,
    /// `library.v1.BookTag`.
    pub(super) full_name: String,
    /// `.library.v1.BookTag`.
    pub(super) type_name: String,
    /// `.library.v1.`, or `.` without a package: what other type names begin with.
    pub(super) scope: String,
    /// `book_tag`.
    pub(super) singular: String,
    /// `book_tags`.
    pub(super) plural: String,
    /// `BookTags`.
    pub(super) plural_type: String,
    /// `/v1/bookTags`.
    pub(super) collection: String,
    /// The key fields, in order of declaration. Never empty.
    pub(super) keys: Vec<&'a Field>,
    /// Whether clients give the ids.
    pub(super) client_ids: bool,
    /// Whether the methods of reading are exposed.
    pub(super) readable: bool,
    /// Whether those of writing are.
    pub(super) writable: bool,
    /// Whether those are that act on all rows of a filter.
    pub(super) bulk: bool,
    pub(super) options: &'a ModelOptions,
    /// Place of the model in its file.
    pub(super) span: Vec<i32>,
}

impl<'a> Resource<'a> {
    /// The exposed models of a file that are sound enough to make something from. What is wrong with the others is
    /// told by the reader of models.
    pub(super) fn all(file: &'a File, source: &Source<'_>, report: &mut Report) -> Vec<Self> {
        let mut all = Vec::new();
        for (index, message) in (0..).zip(&file.message_type) {
            let element = [path::FILE_MESSAGE, index];
            refuse_nested(message, &element, source, report);
            all.extend(Self::new(file, message, source.span(&element)));
        }
        all
    }

    fn new(file: &'a File, message: &'a Message, span: Vec<i32>) -> Option<Self> {
        let options = message.options.as_ref()?.model.as_ref()?;
        let exposed = |expose: Expose| options.expose.contains(&expose.into());
        let bulk = exposed(Expose::Bulk);
        let readable = exposed(Expose::Crud) || exposed(Expose::Read);
        if !readable && !bulk {
            return None;
        }
        let (keys, strategy) = keys(message)?;
        let singular = singular_name(options, &message.name);
        let plural = plural_name(options, &singular);
        let full_name = join(&file.package, &message.name);
        Some(Self {
            message,
            type_name: format!(".{full_name}"),
            full_name: full_name.as_ref().to_owned(),
            scope: match &*file.package {
                "" => ".".to_owned(),
                package => format!(".{package}."),
            },
            plural_type: upper_camel(&plural),
            collection: format!(
                "{}/{}",
                base_path(options, &file.package),
                lower_camel(&plural)
            ),
            singular,
            plural,
            client_ids: strategy == IdStrategy::Client && keys.len() == 1,
            keys,
            readable,
            writable: exposed(Expose::Crud),
            bulk,
            options,
            span,
        })
    }

    /// The path above the collection of a model that is exposed for writing: `/v1`.
    pub(super) fn written_below(&self) -> Option<String> {
        let (base, _) = self.collection.rsplit_once('/')?;
        self.writable.then(|| base.to_owned())
    }
}

/// `book_tag` for BookTag, unless said otherwise.
pub(crate) fn singular_name(options: &ModelOptions, message: &str) -> String {
    if options.singular.is_empty() {
        snake(message)
    } else {
        options.singular.clone()
    }
}

/// `book_tags` for `book_tag`, unless said otherwise.
pub(crate) fn plural_name(options: &ModelOptions, singular: &str) -> String {
    if options.plural.is_empty() {
        plural(singular)
    } else {
        options.plural.clone()
    }
}

fn refuse_nested(message: &Message, element: &[i32], source: &Source<'_>, report: &mut Report) {
    for (index, nested) in (0..).zip(&message.nested_type) {
        let element = [element, &[path::MESSAGE_NESTED, index]].concat();
        let model = nested
            .options
            .as_ref()
            .and_then(|options| options.model.as_ref());
        if model.is_some_and(|model| !model.expose.is_empty()) {
            let text = format!(
                "{} is nested in {} and cannot be exposed",
                nested.name, message.name
            );
            let help = "move it out to the top of the file";
            report.error(source.location(&element), text, help);
        }
        refuse_nested(nested, &element, source, report);
    }
}

/// The fields with an id strategy, if requests can carry their types: one, or several that callers give.
pub(super) fn keys(message: &Message) -> Option<(Vec<&Field>, IdStrategy)> {
    let ids = message.field.iter().filter_map(|field| {
        let options = field.options.as_ref()?.field.as_ref()?;
        let strategy = IdStrategy::try_from(options.id).ok()?;
        (strategy != IdStrategy::Unspecified).then_some((field, strategy))
    });
    let ids: Vec<_> = ids.collect();
    let strategy = ids.first()?.1;
    let scalar = |field: &Field| {
        !matches!(field.r#type(), Type::Message | Type::Group | Type::Enum)
            && field.label() != Label::Repeated
    };
    let sound = ids.iter().all(|(field, _)| scalar(field))
        && (ids.len() == 1 || ids.iter().all(|id| id.1 == IdStrategy::Client));
    sound.then(|| (ids.iter().map(|id| id.0).collect(), strategy))
}

/// What routes start with: the option, else the version at the end of the package.
fn base_path(options: &ModelOptions, package: &str) -> String {
    if !options.path.is_empty() {
        return format!("/{}", options.path.trim_matches('/'))
            .trim_end_matches('/')
            .to_owned();
    }
    match package.rsplit('.').next() {
        Some(last) if is_version(last) => format!("/{last}"),
        _ => String::new(),
    }
}

/// `v1`, `v2beta3`, `v1p1alpha1`.
fn is_version(part: &str) -> bool {
    let Some(rest) = part.strip_prefix('v') else {
        return false;
    };
    rest.starts_with(|first: char| first.is_ascii_digit())
        && rest
            .chars()
            .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit())
}
