//! "Did you mean …?"

/// Names longer than this are compared with nothing.
const LONGEST: usize = 40;

/// `; did you mean …?` with the candidate that is nearest to a name, or nothing where none is near.
pub(crate) fn among<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> String {
    let allowed = match name.chars().count() {
        0..=2 => return String::new(),
        3..=5 => 1,
        6..=LONGEST => 2,
        _ => return String::new(),
    };
    let near = candidates
        .filter(|candidate| candidate.len() <= 4 * LONGEST)
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance);
    near.map_or_else(String::new, |(_, name)| format!("; did you mean `{name}`?"))
}

/// How many letters must be put in, taken out, replaced or exchanged with their neighbour.
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().flat_map(char::to_lowercase).collect();
    let b: Vec<char> = b.chars().flat_map(char::to_lowercase).collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(before[j - 2] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::among;

    #[test]
    fn only_near_names_are_told() {
        let names = ["title", "author_id", "at"];
        let told = |name| among(name, names.into_iter());
        assert_eq!(told("titel"), "; did you mean `title`?");
        assert_eq!(told("Title"), "; did you mean `title`?");
        assert_eq!(told("authorid"), "; did you mean `author_id`?");
        assert_eq!(told("af"), "");
        assert_eq!(told("publisher"), "");
        assert_eq!(told(&"x".repeat(1000)), "");
    }
}
