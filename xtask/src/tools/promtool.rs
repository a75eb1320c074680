//! Prometheus' own checker, from Debian's package of Prometheus: unpacked, so that no Prometheus is started.

use std::{path::Path, process::Command};

use super::{Found, cache, system};
use crate::process::{output, which};

pub(super) fn find(root: &Path) -> Found {
    if let Some(path) = which("promtool") {
        return Ok(path);
    }
    let folder = cache(root, "promtool")?;
    let program = folder.join("usr/bin/promtool");
    if !program.is_file() {
        let package = system::download("prometheus", &folder)?;
        output(
            Command::new("dpkg-deb")
                .arg("-x")
                .arg(&package)
                .arg(&folder),
        )?;
    }
    match program.is_file() {
        true => Ok(program),
        false => Err("Debian's package prometheus brought no promtool".to_owned()),
    }
}
