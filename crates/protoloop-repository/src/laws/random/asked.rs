//! Random filters, orders and pages.

use super::{
    dice::Dice,
    types::{Field, Shape, Tests, VALUE},
};

/// A question.
#[derive(Debug)]
pub(super) struct Asked {
    /// A LoopBack filter object.
    pub(super) filter: String,
    pub(super) order: String,
    pub(super) page: u32,
}

const PATTERNS: &[&str] = &[
    "%",
    "a%",
    "%b",
    "_",
    "a_b",
    "a\\\\_b",
    "",
    "É",
    "%ß%",
    "a",
    "%'%",
    "%\\u0001%",
];
const EXPRESSIONS: &[&str] = &["^a", "b$", "[aA]", "/^É$/i", "^$", "(a|é)", "\\\\W", "."];

/// Places to be near to, with a blank as `distance` may have it.
const PLACES: &[&str] = &[
    "52.52, 13.405",
    "0, 180",
    "0, -180",
    "-90, 0",
    "48.9, 2.4",
    "0, 0",
];
/// In whatever unit.
const DISTANCES: &[&str] = &["0", "1", "550", "877000", "2.5e6", "1e9"];

/// A property that may be asked for: its path, and its field.
struct Place {
    path: String,
    field: Field,
}

impl Asked {
    pub(super) fn new(dice: &mut Dice, fields: &[Vec<Field>; 3], child: bool) -> Self {
        let wheres = wheres(dice, fields, child, 3);
        let count = dice.below(4);
        let mut order: Vec<String> = Vec::new();
        for _ in 0..count {
            let place = place(dice, fields, child, true);
            let listed = place.path.contains("inners.");
            let single = matches!(place.field.shape, Shape::Plain | Shape::Optional);
            let begins = [
                format!("{} ", place.path),
                format!("distance({},", place.path),
            ];
            let is_taken = |term: &String| begins.iter().any(|begin| term.starts_with(begin));
            let taken = order.iter().any(is_taken);
            // One of any type is three terms of the order.
            if single && !taken && !listed && order.len() < 4 {
                let way = dice.pick(&["asc", "desc"]);
                let term = match place.field.kind().tests {
                    Tests::Near => format!("distance({}, {})", place.path, dice.pick(PLACES)),
                    _ => place.path,
                };
                order.push(format!("{term} {way}"));
            }
        }
        Self {
            filter: format!("{{\"where\":{wheres}}}"),
            order: order.join(", "),
            page: dice.below(7) as u32 + 1,
        }
    }
}

/// A property of the row, of the message in it, or of the parent's.
fn place(dice: &mut Dice, fields: &[Vec<Field>; 3], child: bool, related: bool) -> Place {
    let (prefix, of) = match dice.below(8) {
        0 => ("inner.", 2),
        1 => ("inner.inner.", 2),
        2 if child && related => ("parent.", 0),
        3 if child && related => ("parent.inner.", 2),
        4 => ("inners.", 2),
        5 if child && related => ("parent.inners.", 2),
        _ => ("", usize::from(child)),
    };
    let field = *dice.pick(&fields[of]);
    Place {
        path: format!("{prefix}{}", field.name()),
        field,
    }
}

fn wheres(dice: &mut Dice, fields: &[Vec<Field>; 3], child: bool, depth: usize) -> String {
    if depth > 0 && dice.one_in(2) {
        let mut inner = || wheres(dice, fields, child, depth - 1);
        let (one, two) = (inner(), inner());
        return match dice.below(if child { 5 } else { 8 }) {
            0 | 1 => format!("{{\"and\":[{one},{two}]}}"),
            2 => format!("{{\"or\":[{one},{two}]}}"),
            3 => format!("{{\"nor\":[{one},{two}]}}"),
            4 => format!("{{\"not\":{one}}}"),
            _ => {
                let of = dice.pick(&["some", "every", "none"]);
                let inner = wheres(dice, fields, true, depth - 1);
                format!("{{\"children\":{{\"{of}\":{inner}}}}}")
            }
        };
    }
    if !child && dice.one_in(5) {
        let place = place(dice, fields, true, false);
        let test = test(dice, &place);
        return format!("{{\"children.{}\":{test}}}", path(&place));
    }
    let place = place(dice, fields, child, true);
    let test = test(dice, &place);
    format!("{{\"{}\":{test}}}", path(&place))
}

fn path(place: &Place) -> String {
    match place.field.shape {
        Shape::Map => place.path.replace('"', ""),
        _ => place.path.clone(),
    }
}

/// A test of how near a place is.
fn near(dice: &mut Dice) -> String {
    let place = dice.pick(PLACES).replace(' ', "");
    let (one, other) = (dice.pick(DISTANCES), dice.pick(DISTANCES));
    match dice.below(6) {
        0 => format!("{{\"near\":\"{place}\"}}"),
        1 => format!("{{\"near\":\"{place}\",\"maxDistance\":{one},\"unit\":\"meters\"}}"),
        2 => format!("{{\"near\":\"{place}\",\"minDistance\":{one},\"unit\":\"kilometers\"}}"),
        3 => format!("{{\"near\":\"{place}\",\"minDistance\":{one},\"maxDistance\":{other}}}"),
        4 => format!("{{\"near\":\"{place}\",\"maxDistance\":{one},\"exists\":true}}"),
        _ => format!("{{\"exists\":{}}}", dice.one_in(2)),
    }
}

fn test(dice: &mut Dice, place: &Place) -> String {
    let kind = place.field.kind();
    if kind.tests == Tests::Near {
        return near(dice);
    }
    let usable: Vec<&str> = kind
        .values
        .iter()
        .copied()
        .filter(|value| !value.contains("NaN") && !value.contains("Infinity"))
        .filter(|value| !value.starts_with(['[', '{']))
        .collect();
    let value = *dice.pick(&usable);
    let other = *dice.pick(&usable);
    if kind.name == VALUE && dice.one_in(2) {
        return match dice.below(5) {
            0 => format!("{{\"contains\":{value}}}"),
            1 => format!("{{\"containsAny\":[{value},{other}]}}"),
            2 => format!("{{\"containedBy\":[{value},{other}]}}"),
            3 => format!("{{\"length\":{{\"gt\":{}}}}}", dice.below(3)),
            _ => format!("{{\"gt\":{value}}}"),
        };
    }
    match place.field.shape {
        Shape::Map => match dice.below(4) {
            0 => format!("{{\"contains\":\"{}\"}}", dice.pick(&["k", "a.b", ""])),
            1 => "{\"containsAny\":[\"k\",\"x\"]}".to_owned(),
            2 => format!("{{\"length\":{{\"gt\":{}}}}}", dice.below(3)),
            _ => "{\"exists\":true}".to_owned(),
        },
        Shape::List => match dice.below(6) {
            0 => format!("{{\"contains\":{value}}}"),
            1 => format!("{{\"contains\":[{value},{other}]}}"),
            2 => format!("{{\"containsAny\":[{value},{other}]}}"),
            3 => format!("{{\"containedBy\":[{value},{other}]}}"),
            4 => format!("{{\"length\":{}}}", dice.below(4)),
            _ => "{\"exists\":false}".to_owned(),
        },
        Shape::Plain | Shape::Optional => {
            let tests = match kind.tests {
                Tests::Equal | Tests::Near => 7,
                Tests::Ordered => 12,
                Tests::Text => 17,
            };
            match dice.below(tests) {
                0 => value.to_owned(),
                1 => format!("{{\"neq\":{value}}}"),
                2 => format!("{{\"inq\":[{value},{other}]}}"),
                3 => format!("{{\"nin\":[{value},{other}]}}"),
                4 => "{\"exists\":true}".to_owned(),
                5 => "null".to_owned(),
                6 => format!("{{\"inq\":[{value},null]}}"),
                7 => format!("{{\"gt\":{value}}}"),
                8 => format!("{{\"gte\":{value}}}"),
                9 => format!("{{\"lt\":{value},\"neq\":{other}}}"),
                10 => format!("{{\"lte\":{value}}}"),
                11 => format!("{{\"between\":[{value},{other}]}}"),
                12 => format!("{{\"regexp\":\"{}\"}}", dice.pick(EXPRESSIONS)),
                13 => format!("{{\"like\":\"{}\"}}", dice.pick(PATTERNS)),
                14 => format!("{{\"nlike\":\"{}\"}}", dice.pick(PATTERNS)),
                15 => format!("{{\"ilike\":\"{}\"}}", dice.pick(PATTERNS)),
                _ => format!("{{\"nilike\":\"{}\"}}", dice.pick(PATTERNS)),
            }
        }
    }
}
