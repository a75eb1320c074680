//! The text of the file.

use std::fmt::Write as _;

use crate::{
    Lock, Options,
    draft::{Draft, Field, FieldKind},
};

pub(crate) fn file(drafts: &[Draft], dialect: &str, options: &Options, lock: &Lock) -> String {
    let mut text = format!(
        "// The tables of a {dialect} database, found by `protoloop discover`. A later run keeps the numbers of fields.\n\
         syntax = \"proto3\";\n\npackage {};\n\n",
        options.package
    );
    let fields = || drafts.iter().flat_map(|draft| &draft.fields);
    if fields().any(|field| field.type_name == "google.protobuf.Value") {
        text.push_str("import \"google/protobuf/struct.proto\";\n");
    }
    text.push_str("import \"protoloop/v1/annotations.proto\";\n");
    for draft in drafts {
        message(&mut text, draft, options, lock);
    }
    text
}

fn message(text: &mut String, draft: &Draft, options: &Options, lock: &Lock) {
    text.push('\n');
    comment(text, "", &draft.comment);
    let _ = writeln!(text, "message {} {{", draft.message);
    let expose = if draft.view || options.read_only {
        "READ"
    } else {
        "CRUD"
    };
    let _ = writeln!(text, "  option (protoloop.v1.model) = {{");
    let _ = writeln!(text, "    expose: {expose}");
    let _ = writeln!(text, "    table: {}", quoted(&draft.table));
    for index in &draft.indexes {
        let fields: Vec<_> = index.fields.iter().map(|name| quoted(name)).collect();
        let unique = if index.unique { " unique: true" } else { "" };
        let _ = writeln!(
            text,
            "    indexes: {{ fields: [{}]{unique} }}",
            fields.join(", ")
        );
    }
    text.push_str("  };\n");
    let mut numbers: Vec<_> = draft.fields.iter().map(|field| field.number).collect();
    numbers.sort_unstable();
    let gone = lock.gone(&draft.table, &numbers);
    if !gone.is_empty() {
        let gone: Vec<_> = gone.iter().map(u32::to_string).collect();
        let _ = writeln!(text, "  reserved {};", gone.join(", "));
    }
    let mut fields: Vec<_> = draft.fields.iter().collect();
    fields.sort_by_key(|field| field.number);
    for one in fields {
        field(text, draft, one);
    }
    text.push_str("}\n");
}

fn field(text: &mut String, draft: &Draft, field: &Field) {
    comment(text, "  ", &field.comment);
    let Field {
        number,
        name,
        label,
        type_name,
        ..
    } = field;
    let _ = write!(text, "  {label}{type_name} {name} = {number}");
    match &field.kind {
        FieldKind::Relation(relation) => {
            let _ = write!(text, " [(protoloop.v1.relation) = {{ {relation} }}]");
        }
        FieldKind::Column { column, default } => {
            let mut options = Vec::new();
            if draft.key.contains(column) {
                let strategy = if draft.counted { "SEQUENCE" } else { "CLIENT" };
                options.push(format!("id: {strategy}"));
            }
            if column != name {
                options.push(format!("column: {}", quoted(column)));
            }
            if let Some(default) = default {
                options.push(format!("default_value: {}", quoted(default)));
            }
            if !options.is_empty() {
                let _ = write!(
                    text,
                    " [(protoloop.v1.field) = {{ {} }}]",
                    options.join(" ")
                );
            }
        }
    }
    text.push_str(";\n");
}

fn comment(text: &mut String, indent: &str, comment: &str) {
    for line in comment.lines() {
        // A carriage return alone would end the line for some readers.
        let line = line.replace(char::is_control, " ");
        let _ = writeln!(text, "{indent}// {}", line.trim_end());
    }
}

/// A string literal of protobuf.
fn quoted(text: &str) -> String {
    let mut literal = String::from("\"");
    for char in text.chars() {
        match char {
            '"' => literal.push_str("\\\""),
            '\\' => literal.push_str("\\\\"),
            '\n' => literal.push_str("\\n"),
            '\r' => literal.push_str("\\r"),
            '\t' => literal.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(literal, "\\u{:04x}", u32::from(c));
            }
            c => literal.push(c),
        }
    }
    literal.push('"');
    literal
}
