//! Container images without a daemon: buildah with its plainest store and no isolation but a changed root.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    Failure,
    shell::{make_folder, output, write},
};

/// The image that keeps a pod's namespaces: one program that sleeps.
pub(crate) const PAUSE: &str = "localhost/pause:1";

/// The name that [`Store::base`] gives its image.
pub const BASE: &str = "localhost/base:1";

/// Where images are kept while they are made.
#[derive(Clone, Debug)]
pub struct Store(PathBuf);

impl Store {
    /// The store in a folder, which is made if need be.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn at(folder: &Path) -> Result<Self, Failure> {
        make_folder(folder)?;
        Ok(Self(folder.to_owned()))
    }

    /// Builds the image of a folder's `Dockerfile` as `tag`, with these build arguments.
    ///
    /// # Errors
    /// What buildah complained about.
    pub fn build(
        &self,
        context: &Path,
        tag: &str,
        arguments: &[(&str, &str)],
    ) -> Result<(), Failure> {
        let mut command = self.buildah("bud");
        command.args([
            "--isolation",
            "chroot",
            "--pull-never",
            "--quiet",
            "--tag",
            tag,
        ]);
        for (name, value) in arguments {
            command.arg("--build-arg").arg(format!("{name}={value}"));
        }
        output(command.arg(context)).map(drop)
    }

    /// Writes an image as a docker archive, as [`crate::Cluster::load`] takes it.
    ///
    /// # Errors
    /// There is no such image, or the archive cannot be written.
    pub fn save(&self, tag: &str, archive: &Path) -> Result<(), Failure> {
        // An archive is only ever written anew.
        let _ = fs::remove_file(archive);
        let to = format!("docker-archive:{}:{tag}", archive.display());
        output(self.buildah("push").args(["--quiet", tag, &to])).map(drop)
    }

    /// Makes [`BASE`] unless it is there: the C library, its companions, the authorities of TLS and the zones of time; no
    /// shell, no package manager. Its release is this machine's, so that programs that were linked here run in it.
    ///
    /// # Errors
    /// mmdebstrap is missing, or Debian's archive is out of reach.
    pub fn base(&self) -> Result<(), Failure> {
        if output(self.buildah("inspect").args(["--type", "image", BASE])).is_ok() {
            return Ok(());
        }
        let folder = self.0.join("base");
        make_folder(&folder)?;
        let packages = "--include=base-files,libc6,libgcc-s1,zlib1g,netbase,tzdata,ca-certificates";
        output(
            Command::new("mmdebstrap")
                .args(["--quiet", "--variant=extract", packages, &release()?])
                .arg(folder.join("root.tar")),
        )?;
        write(&folder.join("Dockerfile"), "FROM scratch\nADD root.tar /\n")?;
        self.build(&folder, BASE, &[])?;
        fs::remove_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))
    }

    fn buildah(&self, subcommand: &str) -> Command {
        let mut command = Command::new("buildah");
        command
            .args(["--storage-driver", "vfs", "--root"])
            .arg(self.0.join("images"))
            .arg("--runroot")
            .arg(self.0.join("run"))
            .arg(subcommand);
        command
    }
}

/// The name of this machine's Debian release.
///
/// # Errors
/// It is none of Debian's.
pub fn release() -> Result<String, Failure> {
    let about = fs::read_to_string("/etc/os-release").unwrap_or_default();
    about
        .lines()
        .find_map(|line| line.strip_prefix("VERSION_CODENAME="))
        .map(|name| name.trim_matches('"').to_owned())
        .ok_or_else(|| {
            "/etc/os-release names no VERSION_CODENAME; the base image is Debian's".to_owned()
        })
}

/// Makes the image that holds a pod's namespaces, unless its archive is there.
pub(crate) fn pause(archive: &Path) -> Result<(), Failure> {
    if archive.is_file() {
        return Ok(());
    }
    let folder = archive.with_extension("build");
    make_folder(&folder)?;
    let copied = folder.join("busybox");
    fs::copy("/bin/busybox", &copied).map_err(|error| format!("/bin/busybox: {error}"))?;
    write(
        &folder.join("Dockerfile"),
        "FROM scratch\nCOPY busybox /bin/busybox\nENTRYPOINT [\"/bin/busybox\", \"sleep\", \"2147483647\"]\n",
    )?;
    let store = Store::at(&folder.join("store"))?;
    store.build(&folder, PAUSE, &[])?;
    store.save(PAUSE, archive)?;
    fs::remove_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))
}
