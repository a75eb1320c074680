//! Names of messages and fields.

use protoloop_schema::inflect;

/// How messages and fields are called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Naming {
    /// Messages in the singular and UpperCamelCase, fields in snake_case, as the style of protobuf is: `tblUsers.firstName`
    /// becomes `User.first_name`.
    #[default]
    Style,
    /// The same, but tables are not taken to the singular.
    Plural,
    /// As in the database, as far as protobuf allows.
    Keep,
}

/// The message of a table.
pub(crate) fn message(table: &str, naming: Naming, strip_prefix: &str) -> String {
    let table = table
        .strip_prefix(strip_prefix)
        .filter(|rest| !rest.is_empty())
        .unwrap_or(table);
    let name = match naming {
        Naming::Style => {
            let snake = inflect::snake(&clean(table));
            inflect::upper_camel(&inflect::singular(&snake).unwrap_or(snake))
        }
        Naming::Plural => inflect::upper_camel(&inflect::snake(&clean(table))),
        Naming::Keep => clean(table),
    };
    identifier(&name, "T")
}

/// The field of a column.
pub(crate) fn field(column: &str, naming: Naming) -> String {
    let name = match naming {
        Naming::Style | Naming::Plural => inflect::snake(&clean(column)),
        Naming::Keep => clean(column),
    };
    identifier(&name, "f")
}

/// `shop/v1/shop.proto` for `shop.v1`.
pub(crate) fn file_path(package: &str) -> String {
    let folder = package.replace('.', "/");
    let is_version = |part: &&str| {
        part.strip_prefix('v')
            .is_none_or(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    let name = package.split('.').rfind(is_version).unwrap_or("db");
    format!("{folder}/{name}.proto")
}

/// Letters that protobuf knows stay, everything else becomes `_`.
pub(crate) fn clean(name: &str) -> String {
    let fits = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    name.chars().map(fits).collect()
}

/// A name that begins with a letter.
fn identifier(name: &str, prefix: &str) -> String {
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        name.to_owned()
    } else {
        format!("{prefix}{name}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_style_or_the_database() {
        assert_eq!(message("film_actors", Naming::Style, ""), "FilmActor");
        assert_eq!(message("tblUsers", Naming::Style, "tbl"), "User");
        assert_eq!(message("films", Naming::Plural, ""), "Films");
        assert_eq!(message("Order Details", Naming::Keep, ""), "Order_Details");
        assert_eq!(message("2020", Naming::Style, ""), "T2020");
        assert_eq!(message("tbl", Naming::Style, "tbl"), "Tbl");
        assert_eq!(field("firstName", Naming::Style), "first_name");
        assert_eq!(field("ZIP Code", Naming::Style), "zip_code");
        assert_eq!(field("größe", Naming::Keep), "gr__e");
        assert_eq!(field("_id", Naming::Keep), "f_id");
    }

    #[test]
    fn a_file_is_called_after_its_package() {
        assert_eq!(file_path("shop.v1"), "shop/v1/shop.proto");
        assert_eq!(
            file_path("acme.shop.v1beta1"),
            "acme/shop/v1beta1/shop.proto"
        );
        assert_eq!(file_path("v1"), "v1/db.proto");
        assert_eq!(file_path("shop"), "shop/shop.proto");
    }
}
