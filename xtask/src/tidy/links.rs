//! Markdown: every link to a file of the repository, or to a heading, leads somewhere, and the index of the documentation to
//! every page.

use std::path::{Component, Path, PathBuf};

use super::Files;

pub(super) fn check(files: &Files) -> Vec<String> {
    files
        .with_extension("md")
        .filter(|path| {
            !path
                .components()
                .any(|part| part.as_os_str() == "templates")
        })
        .flat_map(|path| check_page(files, path))
        .chain(unlisted(files))
        .collect()
}

/// The pages that nobody finds who begins at the index, where they or their folder stand.
fn unlisted(files: &Files) -> Vec<String> {
    let (folder, index) = (Path::new("docs"), Path::new("docs/README.md"));
    let text = files.text(index);
    let targets = links(&text).into_iter();
    let listed: Vec<PathBuf> = targets
        .map(|(_, target)| resolve(folder, target.split('#').next().unwrap_or(target)))
        .collect();
    let pages = files
        .with_extension("md")
        .filter(|path| path.starts_with(folder) && *path != index);
    pages
        .filter(|page| !listed.iter().any(|listed| page.starts_with(listed)))
        .map(|page| format!("{}: no link to {}", index.display(), page.display()))
        .collect()
}

fn check_page(files: &Files, page: &Path) -> Vec<String> {
    let text = files.text(page);
    let broken = |(line, target): (usize, &str)| {
        let reason = why_broken(files, page, target)?;
        Some(format!(
            "{}:{line}: link to {target}: {reason}",
            page.display()
        ))
    };
    links(&text).into_iter().filter_map(broken).collect()
}

/// What is wrong with a link, if anything. Links to the outside are not followed.
fn why_broken(files: &Files, page: &Path, target: &str) -> Option<&'static str> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (path, heading) = target.split_once('#').unwrap_or((target, ""));
    let path = match path {
        "" => page.to_owned(),
        path => resolve(page.parent().unwrap_or(Path::new("")), path),
    };
    if !files.root.join(&path).exists() {
        return Some("no such file");
    }
    let is_page = path.extension().is_some_and(|extension| extension == "md");
    if !is_page || heading.is_empty() || headings(&files.text(&path)).contains(&heading.to_owned())
    {
        return None;
    }
    Some("no such heading")
}

/// `docs/adr` and `../concepts/a.md` is `docs/concepts/a.md`.
fn resolve(folder: &Path, target: &str) -> PathBuf {
    let mut path = PathBuf::new();
    for part in folder.join(target).components() {
        match part {
            Component::ParentDir => {
                path.pop();
            }
            Component::Normal(part) => path.push(part),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    path
}

/// The line and the target of each `[text](target)` outside code.
fn links(text: &str) -> Vec<(usize, &str)> {
    prose(text)
        .flat_map(|(number, line)| {
            let without_code = line.split('`').step_by(2);
            let targets = without_code.flat_map(|part| part.split("](").skip(1));
            targets.filter_map(move |rest| Some((number, rest.split_once(')')?.0)))
        })
        .collect()
}

/// The headings as they are linked to: `## The two commands` is `the-two-commands`.
fn headings(text: &str) -> Vec<String> {
    let of_heading = |(_, line): (usize, &str)| {
        let title = line.strip_prefix('#')?.trim_start_matches('#').trim();
        let kept = title
            .chars()
            .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        Some(kept.collect::<String>().to_lowercase().replace(' ', "-"))
    };
    prose(text).filter_map(of_heading).collect()
}

/// The lines outside fenced code, numbered from 1.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut in_code = false;
    text.lines().enumerate().filter_map(move |(index, line)| {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
            return None;
        }
        (!in_code).then_some((index + 1, line))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_in_code_are_none() {
        let text = "[a](a.md) and `[b](b.md)` and [c](c.md#d)\n```\n[e](e.md)\n```\n[f](f.md)";
        assert_eq!(links(text), [(1, "a.md"), (1, "c.md#d"), (5, "f.md")]);
    }

    #[test]
    fn headings_are_named_as_their_links() {
        assert_eq!(
            headings("# The `two` commands: a, b\ntext"),
            ["the-two-commands-a-b"]
        );
    }

    #[test]
    fn paths_are_relative_to_the_page() {
        assert_eq!(
            resolve(Path::new("docs/adr"), "../a.md"),
            Path::new("docs/a.md")
        );
    }
}
