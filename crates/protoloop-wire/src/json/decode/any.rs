//! `google.protobuf.Any`.

use protoloop_schema::WellKnown;

use super::Decoder;
use crate::json::JsonError;

type Result<T> = std::result::Result<T, JsonError>;

const TYPE: &str = "@type";

impl Decoder<'_> {
    pub(super) fn any(&mut self) -> Result<()> {
        let start = self.lexer.pos();
        let Some((type_url, at)) = self.find_type()? else {
            return Ok(());
        };
        self.lexer.rewind(start);
        let name = match type_url.rsplit_once('/') {
            Some((_, name)) if !name.is_empty() => name,
            _ => {
                let text = format!(
                    "the type {type_url:?} of the Any is not a URL such as \"type.googleapis.com/a.B\""
                );
                return Err(JsonError::at(at, text));
            }
        };
        let Some(id) = self.tables.by_name(name) else {
            let text = format!("the type {type_url:?} of the Any is not known here");
            return Err(JsonError::at(at, text));
        };
        let table = self.tables.message(id);
        self.out.string(1, &type_url);
        let open = self.out.open(2);
        match table.well_known() {
            None => {
                self.enter()?;
                self.object(table, Some(TYPE))?;
                self.depth += 1;
            }
            Some(kind) => self.special_value(kind, table)?,
        }
        if self.out.is_open_empty(&open) {
            self.out.cancel(open);
        } else {
            self.out.close(open);
        }
        Ok(())
    }

    /// The type URL and where it stands, wherever among the members; the whole object is stepped over. `None` for an
    /// empty object, which is an empty `Any`.
    fn find_type(&mut self) -> Result<Option<(String, usize)>> {
        let start = self.lexer.pos();
        self.lexer.expect(b'{', "an object with \"@type\"")?;
        let mut found: Option<(String, usize)> = None;
        let mut first = true;
        if self.lexer.take_bytes(b"\"@type\":") {
            // First, as every encoder writes it: the members are looked at once only. A second one is a duplicate.
            let at = self.lexer.pos();
            return Ok(Some((self.lexer.string("a type URL")?.into_owned(), at)));
        }
        while self.lexer.more(b'}', &mut first)? {
            let name = self.lexer.string("a member name")?;
            self.lexer.expect(b':', "':'")?;
            if name != TYPE {
                self.lexer.skip_value(self.options.depth)?;
                continue;
            }
            let at = self.lexer.pos();
            if found.is_some() {
                return Err(JsonError::at(at, "\"@type\" is given twice"));
            }
            found = Some((self.lexer.string("a type URL")?.into_owned(), at));
        }
        if found.is_none() && !first {
            return Err(JsonError::at(start, "the Any has no \"@type\""));
        }
        Ok(found)
    }

    /// The member `value` of an `Any` whose type has a special JSON form.
    fn special_value(&mut self, kind: WellKnown, table: &crate::MessageTable) -> Result<()> {
        self.lexer.expect(b'{', "an object")?;
        let mut first = true;
        let (mut given, mut typed) = (false, false);
        while self.lexer.more(b'}', &mut first)? {
            let start = self.lexer.pos();
            let name = self.lexer.string("a member name")?;
            self.lexer.expect(b':', "':'")?;
            match &*name {
                TYPE if std::mem::replace(&mut typed, true) => {
                    return Err(JsonError::at(start, "\"@type\" is given twice"));
                }
                TYPE => self.lexer.skip_value(self.options.depth)?,
                "value" if given => {
                    return Err(JsonError::at(start, "\"value\" is given twice"));
                }
                "value" => {
                    given = true;
                    self.message(table)?;
                }
                _ if self.options.ignore_unknown => self.lexer.skip_value(self.options.depth)?,
                name => {
                    let text = format!("an Any of {} has no member {name:?}", table.full_name());
                    return Err(JsonError::at(start, text));
                }
            }
        }
        if given || kind == WellKnown::Empty {
            return Ok(());
        }
        Err(self.lexer.error(format!(
            "an Any of {} needs the member \"value\"",
            table.full_name()
        )))
    }
}
