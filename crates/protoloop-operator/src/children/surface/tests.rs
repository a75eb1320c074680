use super::*;

fn reduced(paths: &[PathMatch]) -> Vec<PathMatch> {
    let mut paths = paths.iter().cloned().collect();
    reduce(&mut paths);
    paths.into_iter().collect()
}

fn exact(path: &str) -> PathMatch {
    PathMatch::Exact(path.to_owned())
}

fn prefix(path: &str) -> PathMatch {
    PathMatch::Prefix(path.to_owned())
}

#[test]
fn prefixes_cover_by_segments() {
    let paths = [
        exact("/v1/books"),
        exact("/v1/books:batchGet"),
        exact("/v1/bookshelves"),
        prefix("/v1/books"),
        prefix("/v1/books/old"),
    ];
    assert_eq!(
        reduced(&paths),
        [
            exact("/v1/books:batchGet"),
            exact("/v1/bookshelves"),
            prefix("/v1/books")
        ]
    );
    assert_eq!(
        reduced(&[prefix("/"), exact("/a"), prefix("/b")]),
        [prefix("/")]
    );
}

#[test]
fn too_many_paths_become_fewer_prefixes() {
    assert_eq!(shortened(&exact("/v1/a/b/c"), 2), prefix("/v1/a"));
    assert_eq!(shortened(&exact("/v1/a"), 2), exact("/v1/a"));
    assert_eq!(shortened(&prefix("/v1/a"), 0), prefix("/"));
}
