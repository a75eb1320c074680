//! Which fields a JSON text gives.

use protoloop_schema::{Kind, MessageId, WellKnown};

use super::{DecodeOptions, JsonError, lexer::Lexer};
use crate::{Tables, tables::FieldTable};

/// The paths of the fields that a JSON text gives for a message `id`, in proto names and in order of the text: what a
/// PATCH without a mask changes.
///
/// Goes down to single fields in singular messages (`details.note`); lists, maps, the types whose JSON form is special
/// and empty objects are named as a whole. A default value is given all the same; `null` is not, where it means absence.
/// Members that name no field are stepped over: [`decode`](super::decode()) is who refuses them.
///
/// # Errors
/// The text is not JSON, or not an object; names line and column.
pub fn present(
    tables: &Tables,
    id: MessageId,
    json: &[u8],
    options: &DecodeOptions,
) -> Result<Vec<String>, JsonError> {
    let run = || {
        let mut finder = Finder {
            tables,
            lexer: Lexer::new(json)?,
            depth: options.depth,
            path: String::new(),
            found: Vec::new(),
        };
        finder.object(id, options.depth)?;
        finder.lexer.end()?;
        Ok(finder.found)
    };
    run().map_err(|error: JsonError| error.located_in(json))
}

struct Finder<'a> {
    tables: &'a Tables,
    lexer: Lexer<'a>,
    depth: usize,
    /// Path of the object being read, a dot behind it; empty at the root.
    path: String,
    found: Vec<String>,
}

impl Finder<'_> {
    fn object(&mut self, id: MessageId, depth: usize) -> Result<(), JsonError> {
        self.lexer.expect(b'{', "an object")?;
        let table = self.tables.message(id);
        let mut first = true;
        while self.lexer.more(b'}', &mut first)? {
            let name = self.lexer.string("a member name")?;
            self.lexer.expect(b':', "':'")?;
            match table.field_by_name(&name) {
                Some(field) => self.member(field, depth)?,
                None => self.lexer.skip_value(self.depth)?,
            }
        }
        Ok(())
    }

    fn member(&mut self, field: &FieldTable, depth: usize) -> Result<(), JsonError> {
        let takes_null = field.is_null_value() || field.well_known() == Some(WellKnown::Value);
        if !takes_null && self.lexer.take_null()? {
            return Ok(());
        }
        let inner = match field.kind() {
            Kind::Message(id) | Kind::Group(id)
                if field.is_singular() && field.well_known().is_none() =>
            {
                Some(id)
            }
            _ => None,
        };
        let (Some(inner), Some(depth)) = (inner, depth.checked_sub(1)) else {
            self.lexer.skip_value(self.depth)?;
            self.found.push(format!("{}{}", self.path, field.name()));
            return Ok(());
        };
        let (length, before) = (self.path.len(), self.found.len());
        self.path.push_str(field.name());
        self.path.push('.');
        self.object(inner, depth)?;
        self.path.truncate(length);
        if self.found.len() == before {
            self.found.push(format!("{}{}", self.path, field.name()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{KITCHEN, fixture};

    fn paths(json: &str) -> Result<Vec<String>, JsonError> {
        let fixture = fixture();
        let options = DecodeOptions::default();
        present(
            &fixture.tables,
            fixture.id(KITCHEN),
            json.as_bytes(),
            &options,
        )
    }

    #[test]
    fn names_what_the_text_gives() {
        for (json, expected) in PRESENT {
            assert_eq!(paths(json).unwrap().join(" "), *expected, "{json}");
        }
        for bad in ["", "[]", "{", "{} {}", "{\"child\":{\"child\":}}"] {
            assert!(paths(bad).is_err(), "{bad}");
        }
        let deep = "{\"child\":".repeat(5_000);
        assert!(paths(&deep).is_err());
    }

    const PRESENT: &[(&str, &str)] = &[
        ("{}", ""),
        (
            r#"{"displayName":"","done":false,"display_name2":1}"#,
            "display_name done",
        ),
        (
            r#"{"id":null,"nothing":null,"anything":null}"#,
            "nothing anything",
        ),
        (
            r#"{"tags":[],"labels":{},"createTime":"x"}"#,
            "tags labels create_time",
        ),
        (
            r#"{"child":{"spoon":{"size":0},"i32":1},"i32":2}"#,
            "child.spoon.size child.i32 i32",
        ),
        (r#"{"child":{},"spoon":{"name":null}}"#, "child spoon"),
        (
            r#"{"attributes":{"a":{}},"boxedI64":1,"list":[1]}"#,
            "attributes boxed_i64 list",
        ),
    ];
}
