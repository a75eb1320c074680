//! Files that may change.

use std::{
    collections::HashSet,
    ffi::OsString,
    path::{Path, PathBuf},
};

use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc;

/// Tells that something happened in the folders of some files. Kubernetes swaps a link beside a file, and editors put a
/// new file in its place, so a watch on the file itself would see only the first change.
pub(super) struct Watched {
    /// Watches as long as it lives.
    _watcher: Option<RecommendedWatcher>,
    events: mpsc::Receiver<()>,
}

impl Watched {
    pub(super) fn new(files: &[&Path]) -> Self {
        let (sender, events) = mpsc::channel(1);
        let mut folders: HashSet<PathBuf> = files.iter().filter_map(|file| folder(file)).collect();
        // A link's own folder, and that of what it leads to.
        folders.extend(
            files
                .iter()
                .filter_map(|file| folder(&file.canonicalize().ok()?)),
        );
        let names = files
            .iter()
            .flat_map(|file| [Some(file.to_path_buf()), file.canonicalize().ok()]);
        let names = names
            .flatten()
            .filter_map(|file| file.file_name().map(ToOwned::to_owned));
        let watcher = match (
            folders.is_empty(),
            watcher(sender, &folders, names.collect()),
        ) {
            (true, _) => None,
            (false, Ok(watcher)) => Some(watcher),
            (false, Err(error)) => {
                tracing::warn!(%error, "files cannot be watched; they are read at every interval");
                None
            }
        };
        Self {
            _watcher: watcher,
            events,
        }
    }

    /// Returns at the next event; never without a watcher.
    pub(super) async fn changed(&mut self) {
        if self.events.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
    }
}

fn folder(file: &Path) -> Option<PathBuf> {
    let parent = file.parent()?;
    // A bare file name lies here.
    Some(if parent.as_os_str().is_empty() {
        PathBuf::from(".")
    } else {
        parent.to_owned()
    })
}

fn watcher(
    sender: mpsc::Sender<()>,
    folders: &HashSet<PathBuf>,
    names: HashSet<OsString>,
) -> notify::Result<RecommendedWatcher> {
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // Reading the files again is no change of theirs, nor are others in the folder, but for the link `..data` that
        // Kubernetes swaps. A full channel has told already.
        let concerned = |path: &PathBuf| {
            let name = path.file_name();
            name.is_some_and(|name| {
                names.contains(name) || name.as_encoded_bytes().starts_with(b"..")
            })
        };
        if event.is_ok_and(|event| !event.kind.is_access() && event.paths.iter().any(concerned)) {
            let _ = sender.try_send(());
        }
    })?;
    for folder in folders {
        watcher.watch(folder, RecursiveMode::NonRecursive)?;
    }
    Ok(watcher)
}
