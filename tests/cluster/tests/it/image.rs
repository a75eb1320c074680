//! The images: small, of one program, and not root's.

use std::{fs, path::Path, process::Command};

use protoloop_cluster::{image::BASE, shell};
use serde_json::Value;

use crate::support::{
    find,
    images::{self, around, of_program},
    new_project,
};

#[test]
fn the_image_has_one_program_and_no_shell() {
    if find("PROTOLOOP_TEST_CLUSTER").is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    of_program(folder.path(), "protoloop");
    let config = holds_nothing_but(folder.path(), "protoloop");
    let labels = &config["Labels"];
    assert_eq!(labels["org.opencontainers.image.title"], "protoloop");
    assert_eq!(
        labels["org.opencontainers.image.licenses"],
        env!("CARGO_PKG_LICENSE")
    );
}

/// What `protoloop new` writes for a typed service makes an image of the same kind.
#[test]
fn so_has_that_of_a_new_project() {
    if find("PROTOLOOP_TEST_CLUSTER").is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let project = new_project(folder.path());
    let dockerfile = fs::read_to_string(project.join("Dockerfile")).expect("it is there");
    let context = folder.path().join("context");
    around(&context, "protoloop", "book-shop", &dockerfile);
    holds_nothing_but(&context, "book-shop");
}

/// Builds the image of a folder with a Dockerfile, looks into it, and answers what it says of itself.
fn holds_nothing_but(folder: &Path, program: &str) -> Value {
    let store = images::store();
    let tag = format!("localhost/{program}:looked-at");
    store
        .build(folder, &tag, &[("BASE", BASE)])
        .expect("it builds");
    let archive = folder.join("image.tar");
    store.save(&tag, &archive).expect("it is saved");
    let unpacked = folder.join("unpacked");
    fs::create_dir(&unpacked).expect("the folder is ours");
    let mut tar = Command::new("tar");
    tar.arg("-xf").arg(&archive).arg("-C").arg(&unpacked);
    shell::output(&mut tar).expect("a docker archive is a tar");

    let manifest = fs::read_to_string(unpacked.join("manifest.json")).expect("it has one");
    let manifest: Value = serde_json::from_str(&manifest).expect("in JSON");
    let config = manifest[0]["Config"].as_str().expect("it names one");
    let config = fs::read_to_string(unpacked.join(config)).expect("it is there");
    let config: Value = serde_json::from_str(&config).expect("in JSON");
    let place = format!("usr/local/bin/{program}");
    assert_eq!(config["config"]["User"], "65532:65532");
    assert_eq!(config["config"]["Entrypoint"][0], format!("/{place}"));

    // The base is the first layer, the program the last.
    let layers = manifest[0]["Layers"].as_array().expect("it has layers");
    let list = |layer: &Value| {
        let mut tar = Command::new("tar");
        tar.arg("-tf")
            .arg(unpacked.join(layer.as_str().expect("a path")));
        shell::output(&mut tar).expect("a layer is a tar")
    };
    let files = list(layers.last().expect("at least one"));
    let files: Vec<_> = files.lines().filter(|file| !file.ends_with('/')).collect();
    assert_eq!(files, [&*place]);
    let base = list(&layers[0]);
    for shell in ["/sh", "/bash", "/dash", "/busybox"] {
        assert!(!base.lines().any(|file| file.ends_with(shell)), "{shell}");
    }
    config["config"].clone()
}
