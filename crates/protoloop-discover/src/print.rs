//! The text of the file.

use std::fmt::Write as _;

use crate::{
    Lock, Options,
    draft::{ColumnField, Draft, Drafts, Field, FieldKind},
    enums::Enum,
};

pub(crate) fn file(drafts: &Drafts, dialect: &str, options: &Options, lock: &Lock) -> String {
    let mut text = format!(
        "// The tables of a {dialect} database, found by `protoloop discover`. A later run keeps the numbers of fields.\n\
         syntax = \"proto3\";\n\npackage {};\n\n",
        options.package
    );
    let fields = || drafts.models.iter().flat_map(|draft| &draft.fields);
    let has = |type_name: &str| fields().any(|field| field.type_name == type_name);
    let computed =
        |field: &Field| matches!(&field.kind, FieldKind::Column(column) if column.computed);
    let imports = [
        (fields().any(computed), "google/api/field_behavior.proto"),
        (has("google.protobuf.Value"), "google/protobuf/struct.proto"),
        (
            has("google.protobuf.Timestamp"),
            "google/protobuf/timestamp.proto",
        ),
        (true, "protoloop/v1/annotations.proto"),
    ];
    for (_, file) in imports.iter().filter(|(needed, _)| *needed) {
        let _ = writeln!(text, "import \"{file}\";");
    }
    for draft in &drafts.models {
        message(&mut text, draft, options, lock);
    }
    for item in &drafts.enums {
        enumeration(&mut text, item, lock);
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
        FieldKind::Column(column) => options_of(text, draft, name, column),
    }
    text.push_str(";\n");
}

fn options_of(text: &mut String, draft: &Draft, name: &str, field: &ColumnField) {
    let mut options = Vec::new();
    if draft.key.contains(&field.column) {
        options.push(format!("id: {}", draft.strategy));
    }
    if field.column != name {
        options.push(format!("column: {}", quoted(&field.column)));
    }
    if let Some(type_name) = &field.type_name {
        options.push(format!("column_type: {}", quoted(type_name)));
    }
    if let Some(default) = &field.default {
        options.push(format!("default_value: {}", quoted(default)));
    }
    if field.computed {
        options.push("computed: true".to_owned());
    }
    if options.is_empty() {
        return;
    }
    let _ = write!(text, " [(protoloop.v1.field) = {{ {} }}", options.join(" "));
    let behavior = match field.computed {
        true => ", (google.api.field_behavior) = OUTPUT_ONLY",
        false => "",
    };
    let _ = write!(text, "{behavior}]");
}

fn enumeration(text: &mut String, item: &Enum, lock: &Lock) {
    let _ = writeln!(text, "\nenum {} {{", item.name);
    let mut numbers: Vec<_> = item.values.iter().map(|value| value.number).collect();
    numbers.push(0);
    let gone = lock.gone_values(&item.key, &numbers);
    if !gone.is_empty() {
        let gone: Vec<_> = gone.iter().map(u32::to_string).collect();
        let _ = writeln!(text, "  reserved {};", gone.join(", "));
    }
    let _ = writeln!(text, "  // No value.\n  {} = 0;", item.zero);
    let mut values: Vec<_> = item.values.iter().collect();
    values.sort_by_key(|value| value.number);
    for value in values {
        let label = quoted(&value.label);
        let _ = writeln!(
            text,
            "  {} = {} [(protoloop.v1.value) = {{ label: {label} }}];",
            value.name, value.number
        );
    }
    text.push_str("}\n");
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
