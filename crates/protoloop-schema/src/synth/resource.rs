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
    /// The key field.
    pub(super) key: &'a Field,
    /// Whether clients give the ids.
    pub(super) client_ids: bool,
    /// Whether more than reading is exposed.
    pub(super) writable: bool,
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
        if !exposed(Expose::Crud) && !exposed(Expose::Read) {
            return None;
        }
        let (key, strategy) = key(message)?;
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
            key,
            client_ids: strategy == IdStrategy::Client,
            writable: exposed(Expose::Crud),
            options,
            span,
        })
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

/// The only field with an id strategy, if requests can carry its type.
fn key(message: &Message) -> Option<(&Field, IdStrategy)> {
    let mut ids = message.field.iter().filter_map(|field| {
        let options = field.options.as_ref()?.field.as_ref()?;
        let strategy = IdStrategy::try_from(options.id).ok()?;
        (strategy != IdStrategy::Unspecified).then_some((field, strategy))
    });
    let found = ids.next()?;
    let scalar = !matches!(found.0.r#type(), Type::Message | Type::Group | Type::Enum);
    let singular = found.0.label() != Label::Repeated;
    (ids.next().is_none() && scalar && singular).then_some(found)
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
