//! The image: small, of one program, and not root's.

use std::{fs, process::Command};

use protoloop_cluster::image::BASE;

use crate::support::{find, images};

#[test]
fn the_image_has_one_program_and_no_shell() {
    if find("PROTOLOOP_TEST_CLUSTER").is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    images::of_program(folder.path(), "protoloop");
    let store = images::store();
    let tag = "localhost/protoloop:looked-at";
    store
        .build(folder.path(), tag, &[("BASE", BASE)])
        .expect("it builds");
    let archive = folder.path().join("image.tar");
    store.save(tag, &archive).expect("it is saved");
    let unpacked = folder.path().join("unpacked");
    fs::create_dir(&unpacked).expect("the folder is ours");
    let mut tar = Command::new("tar");
    tar.arg("-xf").arg(&archive).arg("-C").arg(&unpacked);
    protoloop_cluster::shell::output(&mut tar).expect("a docker archive is a tar");

    let manifest = fs::read_to_string(unpacked.join("manifest.json")).expect("it has one");
    let manifest: serde_json::Value = serde_json::from_str(&manifest).expect("in JSON");
    let config = manifest[0]["Config"].as_str().expect("it names one");
    let config = fs::read_to_string(unpacked.join(config)).expect("it is there");
    let config: serde_json::Value = serde_json::from_str(&config).expect("in JSON");
    assert_eq!(config["config"]["User"], "65532:65532");
    assert_eq!(
        config["config"]["Entrypoint"][0],
        "/usr/local/bin/protoloop"
    );

    // The base is the first layer, the program the last.
    let layers = manifest[0]["Layers"].as_array().expect("it has layers");
    let list = |layer: &serde_json::Value| {
        let mut tar = Command::new("tar");
        tar.arg("-tf")
            .arg(unpacked.join(layer.as_str().expect("a path")));
        protoloop_cluster::shell::output(&mut tar).expect("a layer is a tar")
    };
    let files = list(layers.last().expect("at least one"));
    let files: Vec<_> = files.lines().filter(|file| !file.ends_with('/')).collect();
    assert_eq!(files, ["usr/local/bin/protoloop"]);
    let base = list(&layers[0]);
    for shell in ["/sh", "/bash", "/dash", "/busybox"] {
        assert!(!base.lines().any(|file| file.ends_with(shell)), "{shell}");
    }
}
