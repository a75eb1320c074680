//! Columns of types that others declared: how their values are read, written and compared.
//!
//! A dialect knows a type's [`Form`]: what stands around the column and around a bound value. Everything that names such a
//! column in a statement asks here, so that a `timestamptz`, a `uuid` or an enum is served like a column of our own.

#[cfg(test)]
mod tests;

use std::{borrow::Cow, sync::Arc};

use protoloop_repository::{Leaf, LeafKind, LeafShape, Model};
use sea_query::Expr;

use crate::{Dialect, Scalar, SqlValue, Storage};

/// Text with a placeholder where an expression stands, in the words of its dialect: `$1::text`, `CAST(? AS CHAR)`.
pub(crate) type Template = Cow<'static, str>;

/// How a dialect uses a column of a type. `None` leaves an expression as it is.
#[derive(Clone, Debug, Default)]
pub struct Form {
    /// The column in an answer.
    pub(crate) read: Option<Template>,
    /// A bound value where it is stored, and where the column is compared with it.
    pub(crate) bind: Option<Template>,
    /// The column in `=`, beside a bound value as it is.
    pub(crate) equal: Option<Template>,
    /// The column in `<` and in orders, beside a bound value as it is.
    pub(crate) order: Option<Template>,
    /// The column as text, for patterns.
    pub(crate) text: Option<Template>,
    /// What a text must be.
    pub(crate) check: Check,
    /// Most digits behind the point, of a number or of a second; beyond them the database would round in silence.
    pub(crate) digits: Option<u32>,
    /// Whether the database may give a value back in other words than it got it, so that it is read again.
    pub(crate) rewords: bool,
    /// Whether it holds nothing for the zero of its field, so that NULL stands for that.
    pub(crate) no_zero: bool,
    /// Whether an enum is stored by the labels of its values.
    pub(crate) by_label: bool,
}

/// What texts a type takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Check {
    #[default]
    Any,
    Uuid,
    Date,
    Time,
    Decimal,
    Address,
    /// Without spaces at its end, which the column does not keep.
    Padded,
}

/// The declared type of a column.
#[derive(Clone, Debug)]
pub struct Declared {
    /// As the database writes it.
    type_name: Arc<str>,
    form: Form,
    /// Numbers and labels of an enum that is stored by label.
    labels: Box<[(i32, Arc<str>)]>,
    /// What stands for a label that no value of the enum has: it was added behind the back of the schema. No value has it.
    unknown: i32,
}

impl Declared {
    /// How a field is stored in a column of a type; `None` where the dialect stores it in its own way whatever is declared.
    pub(crate) fn new(
        model: &Model,
        number: u32,
        leaf: &Leaf,
        type_name: &Arc<str>,
        dialect: &dyn Dialect,
    ) -> Option<Result<Self, String>> {
        let mut form = match dialect.declared(type_name, leaf)? {
            Ok(form) => form,
            Err(why) => return Some(Err(format!("column_type `{type_name}`: {why}"))),
        };
        let (mut labels, mut unknown) = (Vec::new(), -1);
        if let (LeafKind::Enum(id), LeafShape::Single, true) =
            (leaf.kind, leaf.shape, form.by_label)
        {
            let values = &model.schema().enumeration(id).values;
            let labelled = values.iter().filter(|value| !value.label.is_empty());
            labels.extend(labelled.map(|value| (value.number, Arc::clone(&value.label))));
            if labels.is_empty() {
                return Some(Err(
                    "its enum has no labels; give its values `[(protoloop.v1.value) = { label: … }]`".to_owned(),
                ));
            }
            while values.iter().any(|value| value.number == unknown) {
                unknown = unknown.wrapping_sub(1);
            }
            form.order = Some(by_number(&labels, unknown, dialect).into());
        }
        if model
            .entity()
            .server_filled()
            .any(|filled| filled == number)
        {
            // The server's own times are not the callers' to keep whole.
            form.digits = None;
        }
        Some(Ok(Self {
            type_name: Arc::clone(type_name),
            form,
            labels: labels.into(),
            unknown,
        }))
    }

    /// The type, as the database writes it.
    #[must_use]
    pub fn type_name(&self) -> &str {
        &self.type_name
    }

    /// Whether NULL stands for the zero of the field.
    pub(crate) fn has_no_zero(&self) -> bool {
        self.form.no_zero
    }

    /// Whether a stored value may come back in other words.
    pub(crate) fn rewords(&self) -> bool {
        self.form.rewords
    }

    /// Whether `=` of the database finds more than equal values, so that a row that was found by key must be looked at.
    pub(crate) fn is_loose(&self) -> bool {
        self.form.equal.is_some()
    }

    /// The column in an answer.
    pub(crate) fn read(&self, column: Expr) -> Expr {
        apply(self.form.read.as_ref(), column)
    }

    pub(crate) fn bind(&self, value: Expr) -> Expr {
        apply(self.form.bind.as_ref(), value)
    }

    pub(crate) fn equal(&self, column: Expr) -> Expr {
        apply(self.form.equal.as_ref(), column)
    }

    pub(crate) fn order(&self, column: Expr) -> Expr {
        apply(self.form.order.as_ref(), column)
    }

    /// The column as text, for patterns.
    pub(crate) fn text(&self, column: Expr) -> Expr {
        let form = &self.form;
        let template = form
            .text
            .as_ref()
            .or(form.order.as_ref())
            .or(form.read.as_ref());
        apply(template, column)
    }

    /// What [`Declared::equal`] is compared with.
    pub(crate) fn equal_operand(&self, value: SqlValue<'_>) -> Expr {
        let value = Expr::val(sea_query::Value::from(value));
        match self.form.equal {
            Some(_) => value,
            None => self.bind(value),
        }
    }

    /// What [`Declared::order`] is compared with; for an enum that is its number.
    pub(crate) fn order_operand(&self, scalar: Scalar<'_>, value: SqlValue<'_>) -> Expr {
        match (&self.form.order, scalar) {
            (Some(_), Scalar::Int(number)) if !self.labels.is_empty() => Expr::val(number),
            (Some(_), _) => Expr::val(sea_query::Value::from(value)),
            (None, _) => self.bind(Expr::val(sea_query::Value::from(value))),
        }
    }

    /// Why no column of the type holds a value, to follow the name of its field.
    pub(crate) fn refusal(&self, scalar: &Scalar<'_>) -> Option<String> {
        match scalar {
            Scalar::Int(number) if !self.labels.is_empty() => match self.label(*number) {
                Some(_) => None,
                None => Some("is none of the values that its column takes".to_owned()),
            },
            Scalar::Text(text) => self.form.check.refusal(text).map(ToOwned::to_owned),
            _ => None,
        }
    }

    /// Why a column of the type would not keep all of a value, to follow the name of its field.
    pub(crate) fn cuts(&self, scalar: &Scalar<'_>) -> Option<String> {
        let most = self.form.digits?;
        let behind_point = |text: &str| {
            let fraction = text.split_once('.').map_or("", |(_, fraction)| fraction);
            fraction.trim_end_matches('0').len()
        };
        let given = match scalar {
            Scalar::Timestamp { nanos, .. } => behind_point(&format!("0.{nanos:09}")),
            Scalar::Float(value) if value.is_finite() => behind_point(&value.to_string()),
            Scalar::Text(text) if self.form.check == Check::Decimal => behind_point(text),
            _ => return None,
        };
        (given > most as usize).then(|| {
            format!("has more than the {most} digits behind the point that its column keeps")
        })
    }

    /// The stored form of a value; `None` for a value of an enum without a label.
    pub(crate) fn encode<'a>(
        &self,
        dialect: &dyn Dialect,
        storage: Storage,
        scalar: Scalar<'a>,
    ) -> Option<SqlValue<'a>> {
        match scalar {
            Scalar::Int(number) if !self.labels.is_empty() => {
                let label = self.label(number)?;
                Some(SqlValue::Text(Cow::Owned(label.to_owned())))
            }
            Scalar::Text(text) if self.form.check == Check::Uuid => {
                Some(match text.contains(|c: char| c.is_ascii_uppercase()) {
                    true => SqlValue::Text(Cow::Owned(text.to_ascii_lowercase())),
                    false => SqlValue::Text(Cow::Borrowed(text)),
                })
            }
            _ => Some(dialect.encode(storage, scalar)),
        }
    }

    /// The stored form of a value of a key; NULL, which no row has, for what no row can have.
    pub(crate) fn encode_key<'a>(
        &self,
        dialect: &dyn Dialect,
        storage: Storage,
        scalar: Scalar<'a>,
    ) -> SqlValue<'a> {
        let written_so = match scalar {
            Scalar::Text(text) => {
                self.form.check.refusal(text).is_none()
                    && (self.form.check != Check::Uuid
                        || !text.contains(|c: char| c.is_ascii_uppercase()))
            }
            _ => true,
        };
        match written_so {
            true => self
                .encode(dialect, storage, scalar)
                .unwrap_or(SqlValue::Null),
            false => SqlValue::Null,
        }
    }

    /// The value of a stored form; `None` when the column holds what is no value of its field.
    pub(crate) fn decode<'a>(
        &self,
        dialect: &dyn Dialect,
        storage: Storage,
        value: &'a SqlValue<'_>,
    ) -> Option<Scalar<'a>> {
        let text = |value: &'a SqlValue<'_>| match value {
            SqlValue::Text(text) => Some(&**text),
            SqlValue::Blob(bytes) => std::str::from_utf8(bytes).ok(),
            _ => None,
        };
        if !self.labels.is_empty() {
            let label = text(value)?;
            let mut labels = self.labels.iter();
            let number = labels.find(|(_, known)| **known == *label);
            return Some(Scalar::Int(
                number.map_or(self.unknown, |found| found.0).into(),
            ));
        }
        match (storage, value) {
            (Storage::Float | Storage::Double, SqlValue::Int(value)) => {
                Some(Scalar::Float(*value as f64))
            }
            (Storage::Float | Storage::Double, SqlValue::Uint(value)) => {
                Some(Scalar::Float(*value as f64))
            }
            (Storage::Float | Storage::Double, value) if text(value).is_some() => {
                text(value)?.parse().ok().map(Scalar::Float)
            }
            (Storage::Int, SqlValue::Uint(value)) => i64::try_from(*value).ok().map(Scalar::Int),
            (Storage::Int, value) if text(value).is_some() => {
                text(value)?.parse().ok().map(Scalar::Int)
            }
            (Storage::Uint32 | Storage::Uint64, value) if text(value).is_some() => {
                text(value)?.parse().ok().map(Scalar::Uint)
            }
            (Storage::Bool, SqlValue::Uint(value)) => Some(Scalar::Bool(*value != 0)),
            _ => dialect.decode(storage, value),
        }
    }

    fn label(&self, number: i64) -> Option<&str> {
        let mut labels = self.labels.iter();
        let (_, label) = labels.find(|(known, _)| i64::from(*known) == number)?;
        Some(label)
    }
}

/// The numbers in the brackets of a type: `[4, 2]` of `numeric(4,2)`.
pub(crate) fn numbers(type_name: &str) -> Vec<u32> {
    let inside = type_name
        .split_once('(')
        .and_then(|(_, rest)| rest.split_once(')'));
    let (inside, _) = inside.unwrap_or_default();
    inside
        .split(',')
        .filter_map(|number| number.trim().parse().ok())
        .collect()
}

/// The expression in the place of the placeholders of a template.
fn apply(template: Option<&Template>, expr: Expr) -> Expr {
    let Some(template) = template else {
        return expr;
    };
    // `$1` may stand there again, a `?` is one expression each. Inside of quotes both are text.
    let outside = || template.split('\'').step_by(2);
    let times = match outside().any(|part| part.contains("$1")) {
        true => 1,
        false => outside().map(|part| part.matches('?').count()).sum(),
    };
    Expr::cust_with_exprs(template.clone(), std::iter::repeat_n(expr, times))
}

/// The number of an enum's label, by which our enums are ordered. Labels stand in the text as they do in the schema.
fn by_number(labels: &[(i32, Arc<str>)], unknown: i32, dialect: &dyn Dialect) -> String {
    let column = dialect.placeholder();
    let arms: String = labels
        .iter()
        .map(|(number, label)| format!(" WHEN {} THEN {number}", dialect.literal(label)))
        .collect();
    format!("CASE WHEN {column} IS NULL THEN NULL ELSE CASE {column}{arms} ELSE {unknown} END END")
}

impl Check {
    /// Why a text is none of the type, to follow the name of its field.
    fn refusal(self, text: &str) -> Option<&'static str> {
        let (fits, why) = match self {
            Self::Any => return None,
            Self::Uuid => (
                is_uuid(text),
                "is no UUID, such as 018f0000-0000-7000-8000-000000000001",
            ),
            Self::Date => (is_date(text), "is no date, such as 2026-11-21"),
            Self::Time => (is_time(text), "is no time, such as 09:30:00"),
            Self::Decimal => (is_decimal(text), "is no decimal number, such as 12.50"),
            Self::Padded => (
                !text.ends_with(' '),
                "ends with a space, which its column does not keep",
            ),
            Self::Address => (
                text.parse::<std::net::IpAddr>().is_ok(),
                "is no address, such as 10.0.0.1 or ::1",
            ),
        };
        (!fits).then_some(why)
    }
}

fn is_uuid(text: &str) -> bool {
    let dashes = [8, 13, 18, 23];
    text.len() == 36
        && text
            .bytes()
            .enumerate()
            .all(|(at, byte)| match dashes.contains(&at) {
                true => byte == b'-',
                false => byte.is_ascii_hexdigit(),
            })
}

fn is_date(text: &str) -> bool {
    text.len() == 10 && crate::time::parse_timestamp(&format!("{text}T00:00:00Z")).is_some()
}

/// `09:30`, `09:30:00`, `-100:00:00.5`.
fn is_time(text: &str) -> bool {
    let digits = |part: &str, most: usize| {
        (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    let sixty = |part: &str| digits(part, 2) && part < "60";
    let text = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let parts: Vec<_> = whole.split(':').collect();
    digits(fraction, 6)
        && match parts.as_slice() {
            [hours, minutes] => digits(hours, 3) && sixty(minutes),
            [hours, minutes, seconds] => digits(hours, 3) && sixty(minutes) && sixty(seconds),
            _ => false,
        }
}

fn is_decimal(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole) && digits(fraction)
}
