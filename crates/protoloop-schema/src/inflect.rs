//! English plurals and the spellings of names.

use heck::{ToLowerCamelCase as _, ToSnakeCase as _, ToUpperCamelCase as _};

/// `BookTag` to `book_tag`.
#[must_use]
pub fn snake(name: &str) -> String {
    name.to_snake_case()
}

/// `book_tags` to `bookTags`.
#[must_use]
pub fn lower_camel(name: &str) -> String {
    name.to_lower_camel_case()
}

/// `book_tags` to `BookTags`.
#[must_use]
pub fn upper_camel(name: &str) -> String {
    name.to_upper_camel_case()
}

/// The plural of the last word of a snake_case name: `book_category` to `book_categories`.
#[must_use]
pub fn plural(name: &str) -> String {
    match name.rsplit_once('_') {
        Some((before, last)) => format!("{before}_{}", plural_word(last)),
        None => plural_word(name),
    }
}

/// The singular of a snake_case name, where [`plural`] leads back to it.
#[must_use]
pub fn singular(name: &str) -> Option<String> {
    let (before, last) = match name.rfind('_') {
        Some(position) => name.split_at(position + 1),
        None => ("", name),
    };
    let irregular = IRREGULAR.iter().find(|(_, plural)| *plural == last);
    if let Some((singular, _)) = irregular {
        return Some(format!("{before}{singular}"));
    }
    let endings = [
        ("ies", "y"),
        ("xes", "x"),
        ("ches", "ch"),
        ("shes", "sh"),
        ("sses", "ss"),
        ("s", ""),
    ];
    endings.into_iter().find_map(|(ending, instead)| {
        let word = format!("{}{instead}", last.strip_suffix(ending)?);
        (plural_word(&word) == last).then(|| format!("{before}{word}"))
    })
}

const IRREGULAR: [(&str, &str); 40] = [
    ("calf", "calves"),
    ("child", "children"),
    ("criterion", "criteria"),
    ("datum", "data"),
    ("echo", "echoes"),
    ("elf", "elves"),
    ("foot", "feet"),
    ("gas", "gases"),
    ("goose", "geese"),
    ("half", "halves"),
    ("hero", "heroes"),
    ("knife", "knives"),
    ("leaf", "leaves"),
    ("life", "lives"),
    ("loaf", "loaves"),
    ("man", "men"),
    ("matrix", "matrices"),
    ("medium", "media"),
    ("monarch", "monarchs"),
    ("mouse", "mice"),
    ("ox", "oxen"),
    ("person", "people"),
    ("phenomenon", "phenomena"),
    ("potato", "potatoes"),
    ("quiz", "quizzes"),
    ("salesman", "salesmen"),
    ("self", "selves"),
    ("sheaf", "sheaves"),
    ("shelf", "shelves"),
    ("stomach", "stomachs"),
    ("thief", "thieves"),
    ("tomato", "tomatoes"),
    ("tooth", "teeth"),
    ("torpedo", "torpedoes"),
    ("vertex", "vertices"),
    ("veto", "vetoes"),
    ("wharf", "wharves"),
    ("wife", "wives"),
    ("wolf", "wolves"),
    ("woman", "women"),
];

/// Words that are their own plural, or that are used in the plural only.
const UNCHANGED: [&str; 26] = [
    "aircraft",
    "analytics",
    "children",
    "credentials",
    "data",
    "deer",
    "details",
    "equipment",
    "feedback",
    "fish",
    "hardware",
    "information",
    "media",
    "metadata",
    "money",
    "news",
    "people",
    "preferences",
    "series",
    "settings",
    "sheep",
    "shrimp",
    "software",
    "species",
    "statistics",
    "stats",
];

fn plural_word(word: &str) -> String {
    if UNCHANGED.contains(&word) {
        return word.to_owned();
    }
    if let Some((_, plural)) = IRREGULAR.iter().find(|(singular, _)| *singular == word) {
        return (*plural).to_owned();
    }
    if let Some(stem) = word.strip_suffix("sis") {
        return format!("{stem}ses");
    }
    if let Some(stem) = word.strip_suffix('y')
        && !stem.ends_with(['a', 'e', 'i', 'o', 'u'])
        && !stem.is_empty()
    {
        return format!("{stem}ies");
    }
    let hissing = ["s", "x", "z", "ch", "sh"];
    if hissing.iter().any(|ending| word.ends_with(ending)) {
        return format!("{word}es");
    }
    format!("{word}s")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plurals() {
        let pairs = [
            ("todo", "todos"),
            ("book", "books"),
            ("category", "categories"),
            ("bus", "buses"),
            ("status", "statuses"),
            ("address", "addresses"),
            ("box", "boxes"),
            ("branch", "branches"),
            ("dish", "dishes"),
            ("day", "days"),
            ("key", "keys"),
            ("person", "people"),
            ("child", "children"),
            ("shelf", "shelves"),
            ("knife", "knives"),
            ("analysis", "analyses"),
            ("quiz", "quizzes"),
            ("photo", "photos"),
            ("hero", "heroes"),
            ("series", "series"),
            ("settings", "settings"),
            ("metadata", "metadata"),
            ("house", "houses"),
            ("roof", "roofs"),
            ("index", "indexes"),
            ("human", "humans"),
            ("y", "ys"),
            ("", "s"),
        ];
        for (singular, expected) in pairs {
            assert_eq!(plural(singular), expected);
        }
        assert_eq!(plural("book_tag"), "book_tags");
        assert_eq!(plural("product_category"), "product_categories");
    }

    #[test]
    fn singulars_lead_back() {
        for word in [
            "tracks",
            "categories",
            "boxes",
            "people",
            "book_tags",
            "analyses",
            "houses",
        ] {
            let one = singular(word).unwrap();
            assert_eq!(plural(&one), word);
        }
        assert_eq!(singular("boxes").as_deref(), Some("box"));
        assert_eq!(singular("houses").as_deref(), Some("house"));
        assert_eq!(singular("tracks").as_deref(), Some("track"));
        assert_eq!(
            singular("sorted_categories").as_deref(),
            Some("sorted_category")
        );
        assert_eq!(singular("sheep"), None);
    }

    #[test]
    fn spellings() {
        assert_eq!(snake("BookTag"), "book_tag");
        assert_eq!(lower_camel("book_tags"), "bookTags");
        assert_eq!(upper_camel("book_tags"), "BookTags");
    }
}
