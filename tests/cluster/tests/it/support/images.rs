//! Images of what was just built, given to the node once.

use std::{
    fs,
    path::Path,
    process::Command,
    sync::{Mutex, OnceLock, PoisonError},
};

use protoloop_cluster::{
    Cluster,
    image::{BASE, Store},
    shell::{output, which},
};

use super::{built, root};

/// The image of the `protoloop` command.
pub(crate) const PROTOLOOP: &str = "localhost/protoloop:test";
/// The image of the operator.
pub(crate) const OPERATOR: &str = "localhost/protoloop-operator:test";
/// The image of `examples/shop`.
pub(crate) const SHOP: &str = "localhost/shop:test";
/// An image with curl and a shell, for the pods of `helm test`.
pub(crate) const CURL: &str = "localhost/curl:test";

/// Builds the image unless this run has, and gives it to the node.
pub(crate) fn load(cluster: &Cluster, tag: &'static str) {
    static LOADED: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    if loaded.contains(&tag) {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = store();
    match tag {
        CURL => curl(folder.path()),
        SHOP => of_program(folder.path(), "shop"),
        OPERATOR => of_program(folder.path(), "protoloop-operator"),
        _ => of_program(folder.path(), "protoloop"),
    }
    let made = store.build(folder.path(), tag, &[("BASE", BASE)]);
    made.unwrap_or_else(|failure| panic!("{failure}"));
    let archive = folder.path().join("image.tar");
    store
        .save(tag, &archive)
        .unwrap_or_else(|failure| panic!("{failure}"));
    cluster
        .load(&archive)
        .unwrap_or_else(|failure| panic!("{failure}"));
    loaded.push(tag);
}

/// Where images are made, with the base in it.
pub(crate) fn store() -> &'static Store {
    static STORE: OnceLock<Store> = OnceLock::new();
    STORE.get_or_init(|| {
        let store = Store::at(&root().join(".cache/images")).expect("the cache can be written");
        store.base().unwrap_or_else(|failure| panic!("{failure}"));
        store
    })
}

/// A folder with a program that was just built and the last stage of the repository's Dockerfile.
pub(crate) fn of_program(folder: &Path, program: &str) {
    let text = fs::read_to_string(root().join("Dockerfile")).expect("it is there");
    let last = last_stage(&text).replace("/protoloop", &format!("/{program}"));
    around(folder, program, program, &last);
}

/// A folder with a program that was just built, under a name, and the last stage of a Dockerfile, which takes it from the stage
/// `build`: the very image that is shipped, without compiling all of it again.
pub(crate) fn around(folder: &Path, program: &str, name: &str, dockerfile: &str) {
    let out = folder.join("out/usr/local/bin");
    fs::create_dir_all(&out).expect("the folder is ours");
    let target = out.join(name);
    fs::copy(built(program), &target).expect("the folder is ours");
    output(Command::new("strip").arg(&target)).expect("binutils came with the C compiler");
    let last = last_stage(&format!("\n{dockerfile}")).to_owned();
    let file = format!("ARG BASE\nFROM scratch AS build\nCOPY out /out\n{last}");
    fs::write(folder.join("Dockerfile"), file).expect("the folder is ours");
}

/// The text from the last stage on.
fn last_stage(dockerfile: &str) -> &str {
    let from = dockerfile.rfind("\nFROM ").expect("it has stages");
    &dockerfile[from + 1..]
}

/// curl and what it is linked with, and busybox for a shell.
fn curl(folder: &Path) {
    let packages = "--include=base-files,libc6,libgcc-s1,curl,busybox-static";
    output(
        Command::new("mmdebstrap")
            .args(["--quiet", "--variant=extract", packages, &release()])
            .arg(folder.join("root.tar")),
    )
    .unwrap_or_else(|failure| panic!("{failure}"));
    let bin = folder.join("shell/usr/local/bin");
    fs::create_dir_all(&bin).expect("the folder is ours");
    let busybox = which("busybox").expect("the cluster needs it too");
    fs::copy(busybox, bin.join("busybox")).expect("the folder is ours");
    for applet in ["sh", "tr", "grep", "printf"] {
        std::os::unix::fs::symlink("busybox", bin.join(applet)).expect("the folder is ours");
    }
    let file = "FROM scratch\nADD root.tar /\nCOPY shell /\nENV PATH=/usr/local/bin:/usr/bin:/bin\nUSER 65532:65532\n";
    fs::write(folder.join("Dockerfile"), file).expect("the folder is ours");
}

fn release() -> String {
    protoloop_cluster::image::release().unwrap_or_else(|failure| panic!("{failure}"))
}
