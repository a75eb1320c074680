//! Relations from foreign keys.

use protoloop_schema::{OnDelete, inflect};
use protoloop_sql::{Live, LiveForeignKey};

use crate::{
    Lock, Notice,
    draft::{Draft, Field, FieldKind},
};

/// A foreign key that a relation can follow.
struct Link<'a> {
    /// The drafts that it leads from and to.
    from: usize,
    to: usize,
    /// Its column and the field of it.
    column: &'a str,
    field: String,
    on_delete: OnDelete,
    /// Whether a row has at most one that refers to it.
    one: bool,
}

/// Adds the relations of every foreign key, at both ends.
pub(crate) fn add(live: &Live, drafts: &mut [Draft], lock: &mut Lock, notices: &mut Vec<Notice>) {
    let links = links(live, drafts, notices);
    let mut fields: Vec<(usize, Field)> = Vec::new();
    let pairs = pairs(&links, drafts);
    for link in &links {
        // The two ends of a table that links others are better served by each other.
        let is_linking = |(near, far): &(&Link<'_>, &Link<'_>)| {
            std::ptr::eq(*near, link) || std::ptr::eq(*far, link)
        };
        if pairs.iter().any(is_linking) {
            continue;
        }
        fields.push((link.from, to_one(link, drafts, lock)));
        fields.push((link.to, back(link, &links, drafts, lock)));
    }
    for (near, far) in pairs {
        fields.push((near.to, through(near, far, drafts, lock)));
        fields.push((far.to, through(far, near, drafts, lock)));
    }
    for (at, field) in fields {
        drafts[at].fields.push(field);
    }
}

fn links<'a>(live: &'a Live, drafts: &[Draft], notices: &mut Vec<Notice>) -> Vec<Link<'a>> {
    let mut links: Vec<Link<'a>> = Vec::new();
    for (from, draft) in drafts.iter().enumerate() {
        let Some(table) = live.tables.get(&draft.table) else {
            continue;
        };
        for key in &table.foreign_keys {
            match link(from, key, live, drafts) {
                Ok(link) => {
                    // Two constraints may say the same.
                    let same = |other: &Link<'_>| other.from == from && other.column == link.column;
                    if !links.iter().any(same) {
                        links.push(link);
                    }
                }
                Err(why) => notices.push(Notice {
                    table: draft.table.clone(),
                    column: Some(key.columns.join(", ")),
                    left_out: false,
                    text: format!("the foreign key to {} is no relation: {why}", key.target),
                }),
            }
        }
    }
    links
}

fn link<'a>(
    from: usize,
    key: &'a LiveForeignKey,
    live: &Live,
    drafts: &[Draft],
) -> Result<Link<'a>, &'static str> {
    let [column] = key.columns.as_slice() else {
        return Err(
            "it has several columns, and a relation is by one field; the database goes on holding it true, and a filter \
             over its fields finds the rows",
        );
    };
    let to = drafts.iter().position(|draft| draft.table == key.target);
    let to = to.ok_or("that table is no model")?;
    let [target] = drafts[to].key.as_slice() else {
        return Err("the key of that model has several fields, and a relation is by one");
    };
    // SQLite names no column where the key is meant.
    if key
        .target_columns
        .first()
        .is_some_and(|named| named != target)
    {
        return Err("it refers to another column than the key");
    }
    let draft = &drafts[from];
    let field = draft.column(column).ok_or("its column is no field")?;
    let other = drafts[to].column(target).ok_or("the key is no field")?;
    if field.type_name != other.type_name {
        return Err("the two columns have different types");
    }
    let unique = live.tables.get(&draft.table).is_some_and(|table| {
        let only = |columns: &[String]| matches!(columns, [one] if one == column);
        let mut indexes = table.indexes.values();
        indexes.any(|index| index.unique && !index.partial && only(&index.columns))
    });
    Ok(Link {
        from,
        to,
        column,
        field: field.name.clone(),
        on_delete: key.on_delete,
        one: unique || matches!(draft.key.as_slice(), [one] if one == column),
    })
}

/// The row that a key refers to.
fn to_one(link: &Link<'_>, drafts: &[Draft], lock: &mut Lock) -> Field {
    let (from, to) = (&drafts[link.from], &drafts[link.to]);
    let wanted = match link.field.strip_suffix("_id") {
        Some(name) if !name.is_empty() => name.to_owned(),
        _ => format!("{}_row", link.field),
    };
    let locked = lock.field(&from.table, &format!("> {}", link.column), &wanted);
    let on_delete = match link.on_delete {
        // What SQL does unless told otherwise, and we too.
        OnDelete::Restrict | OnDelete::NoAction => "",
        OnDelete::Cascade => " on_delete: CASCADE",
        OnDelete::SetNull => " on_delete: SET_NULL",
    };
    Field {
        number: locked.number,
        name: locked.name,
        label: "",
        type_name: to.message.clone(),
        comment: String::new(),
        kind: FieldKind::Relation(format!(
            "belongs_to: {{ key: \"{}\"{on_delete} }}",
            link.field
        )),
    }
}

/// The rows that refer to one.
fn back(link: &Link<'_>, links: &[Link<'_>], drafts: &[Draft], lock: &mut Lock) -> Field {
    let (from, to) = (&drafts[link.from], &drafts[link.to]);
    let alone = links
        .iter()
        .filter(|other| other.from == link.from && other.to == link.to)
        .count()
        == 1;
    let one = inflect::snake(&from.message);
    let name = if link.one { one } else { inflect::plural(&one) };
    let wanted = if alone {
        name
    } else {
        let by = link.field.strip_suffix("_id").unwrap_or(&link.field);
        format!("{by}_{name}")
    };
    let locked = lock.field(
        &to.table,
        &format!("< {} {}", from.table, link.column),
        &wanted,
    );
    let (label, kind) = if link.one {
        ("", "has_one")
    } else {
        ("repeated ", "has_many")
    };
    Field {
        number: locked.number,
        name: locked.name,
        label,
        type_name: from.message.clone(),
        comment: String::new(),
        kind: FieldKind::Relation(format!("{kind}: {{ key: \"{}\" }}", link.field)),
    }
}

/// The two links of each table that is there to link two others: its key is both.
fn pairs<'l, 'a>(links: &'l [Link<'a>], drafts: &[Draft]) -> Vec<(&'l Link<'a>, &'l Link<'a>)> {
    let mut pairs = Vec::new();
    for (at, draft) in drafts.iter().enumerate() {
        let own: Vec<_> = links
            .iter()
            .filter(|link| link.from == at && draft.key.iter().any(|key| key == link.column))
            .collect();
        if let [near, far] = own.as_slice()
            && draft.key.len() == 2
            && near.to != far.to
        {
            pairs.push((*near, *far));
        }
    }
    pairs
}

/// The rows at the other end of a table that links two.
fn through(near: &Link<'_>, far: &Link<'_>, drafts: &[Draft], lock: &mut Lock) -> Field {
    let (between, own, other) = (&drafts[near.from], &drafts[near.to], &drafts[far.to]);
    let wanted = inflect::plural(&inflect::snake(&other.message));
    let key = format!("<> {} {}", between.table, other.table);
    let locked = lock.field(&own.table, &key, &wanted);
    Field {
        number: locked.number,
        name: locked.name,
        label: "repeated ",
        type_name: other.message.clone(),
        comment: String::new(),
        kind: FieldKind::Relation(format!(
            "has_many: {{ through: \"{}\" key: \"{}\" through_key: \"{}\" }}",
            between.message, near.field, far.field
        )),
    }
}
