//! Where elements stand and what their comments say.

use std::collections::HashMap;

use super::{File, SourceLocation};
use crate::Location;

/// The source info of one file, by element path.
#[derive(Debug)]
pub(crate) struct Source<'a> {
    file: &'a str,
    by_path: HashMap<&'a [i32], &'a SourceLocation>,
}

impl<'a> Source<'a> {
    pub(crate) fn new(file: &'a File) -> Self {
        let locations = file.source_code_info.iter().flat_map(|info| &info.location);
        let mut by_path = HashMap::new();
        for location in locations {
            // The first one is the whole element; later ones of the same path are its parts.
            by_path.entry(&*location.path).or_insert(location);
        }
        Self {
            file: &file.name,
            by_path,
        }
    }

    /// The place of an element, or of the nearest one around it that has a place.
    pub(crate) fn location(&self, path: &[i32]) -> Location {
        let mut location = Location {
            file: self.file.to_owned(),
            ..Location::default()
        };
        let nearest = (1..=path.len())
            .rev()
            .find_map(|length| self.by_path.get(&path[..length]));
        if let Some([line, column, ..]) = nearest.map(|found| &*found.span) {
            location.line = one_based(*line);
            location.column = one_based(*column);
        }
        location
    }

    /// The span of an element as source info spells it; the start of the file when unknown.
    pub(crate) fn span(&self, path: &[i32]) -> Vec<i32> {
        let found = self.by_path.get(path).map(|found| found.span.clone());
        found.unwrap_or_else(|| vec![0, 0, 0])
    }

    /// The comment above an element, else the one behind it, without comment signs and surrounding blanks.
    pub(crate) fn comment(&self, path: &[i32]) -> String {
        let Some(found) = self.by_path.get(path) else {
            return String::new();
        };
        let text = if found.leading_comments.trim().is_empty() {
            &found.trailing_comments
        } else {
            &found.leading_comments
        };
        let lines = text.lines().map(|line| {
            let line = line.trim_end();
            line.strip_prefix(' ').unwrap_or(line)
        });
        lines.collect::<Vec<_>>().join("\n").trim().to_owned()
    }
}

fn one_based(position: i32) -> u32 {
    u32::try_from(position).unwrap_or(0).saturating_add(1)
}
