//! A new schema while calls go on.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use crate::support::{fixture, http, library::Library, pause, served::Served};

/// Writes the descriptor set of the library with its routes below another prefix.
fn publish(library: &Library, prefix: &str) {
    let text = fs::read_to_string(fixture("library.proto")).expect("a file");
    let source = library.path("library.proto");
    fs::write(&source, text.replace("/v1/", &format!("/{prefix}/"))).expect("a folder");
    library.write_descriptors(&source, "live.binpb");
}

#[track_caller]
fn wait_for(server: &Served, target: &str, status: u16) {
    let begin = Instant::now();
    while http::get(server.address(), target).status != status {
        assert!(
            begin.elapsed() < Duration::from_secs(15),
            "{target} never answers {status}"
        );
        pause(Duration::from_millis(20));
    }
}

#[test]
fn a_new_descriptor_set_is_served_without_a_failed_call() {
    let Some(library) = Library::new() else {
        return;
    };
    let upstream = library.start();
    publish(&library, "v1");
    let live = library.path("live.binpb");
    let gateway = Served::gateway(&[
        "--upstream",
        &upstream.url(),
        "--unbound",
        "--descriptors",
        live.to_str().expect("UTF-8"),
    ]);
    let (stop, calls) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicUsize::new(0)),
    );
    let load: Vec<_> = (0..4)
        .map(|_| {
            let (stop, calls, address) = (Arc::clone(&stop), Arc::clone(&calls), gateway.address());
            thread::spawn(move || {
                let mut connection = http::Connection::open(address);
                while !stop.load(Ordering::Relaxed) {
                    // Unbound, so this route is in every one of the schemas.
                    let answer =
                        connection.post("/library.v1.Library/Peek", r#"{"name": "books/x"}"#);
                    let answer = answer.expect("the connection stays");
                    assert_eq!(answer.status, 200, "{}", answer.text());
                    calls.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for round in 2..6 {
        publish(&library, &format!("v{round}"));
        wait_for(&gateway, &format!("/v{round}/books/dune"), 200);
        assert_eq!(
            http::get(gateway.address(), &format!("/v{}/books/dune", round - 1)).status,
            404
        );
    }
    stop.store(true, Ordering::Relaxed);
    for client in load {
        client.join().expect("no failed call");
    }
    assert!(calls.load(Ordering::Relaxed) > 100, "{calls:?}");
}

#[test]
fn a_broken_descriptor_set_changes_nothing() {
    let Some(library) = Library::new() else {
        return;
    };
    let upstream = library.start();
    publish(&library, "v1");
    let live = library.path("live.binpb");
    let gateway = Served::gateway(&[
        "--upstream",
        &upstream.url(),
        "--descriptors",
        live.to_str().expect("UTF-8"),
    ]);
    // The second is what a writer leaves that has not gone on yet.
    for broken in ["this is no descriptor set", ""] {
        fs::write(&live, broken).expect("a file");
        pause(Duration::from_secs(1));
        assert_eq!(http::get(gateway.address(), "/v1/books/dune").status, 200);
    }
    // One that decodes, and whose route names a field that is not there.
    let good = fs::read(library.descriptors()).expect("a file");
    let at = good
        .windows(14)
        .position(|text| text == b"{name=books/*}")
        .expect("its route");
    let mut wrong = good.clone();
    wrong[at + 1..at + 5].copy_from_slice(b"nome");
    fs::write(&live, wrong).expect("a file");
    pause(Duration::from_secs(1));
    assert_eq!(http::get(gateway.address(), "/v1/books/dune").status, 200);
    publish(&library, "v2");
    wait_for(&gateway, "/v2/books/dune", 200);
    let ended = gateway.terminate();
    assert!(ended.log.contains("the old one stays"), "{}", ended.log);
    assert!(ended.log.contains("FileDescriptorSet"), "{}", ended.log);
    assert!(ended.log.contains("holds no file"), "{}", ended.log);
    assert!(ended.log.contains("no field `nome`"), "{}", ended.log);
}

#[test]
fn a_swapped_link_is_noticed() {
    let Some(library) = Library::new() else {
        return;
    };
    let upstream = library.start();
    // As Kubernetes mounts a ConfigMap: the file is a link through `..data`, which is replaced.
    let mount = |generation: &str, prefix: &str| {
        publish(&library, prefix);
        let folder = library.path(&format!("mount/{generation}"));
        fs::create_dir_all(&folder).expect("a folder");
        fs::copy(library.path("live.binpb"), folder.join("api.binpb")).expect("a file");
        std::os::unix::fs::symlink(generation, library.path("mount/..new")).expect("a link");
        fs::rename(library.path("mount/..new"), library.path("mount/..data")).expect("same folder");
    };
    mount("..one", "v1");
    let file = library.path("mount/api.binpb");
    std::os::unix::fs::symlink("..data/api.binpb", &file).expect("a link");
    let gateway = Served::gateway(&[
        "--upstream",
        &upstream.url(),
        "--descriptors",
        file.to_str().expect("UTF-8"),
    ]);
    assert_eq!(http::get(gateway.address(), "/v1/books/dune").status, 200);
    for (generation, prefix) in [("..two", "v2"), ("..three", "v3")] {
        mount(generation, prefix);
        wait_for(&gateway, &format!("/{prefix}/books/dune"), 200);
    }
}

#[test]
fn reflection_is_asked_again_at_an_interval_and_by_a_signal() {
    let Some(library) = Library::new() else {
        return;
    };
    let upstream = library.start();
    let (port, url) = (upstream.port, upstream.url());
    let eager = Served::gateway(&["--upstream", &url, "--refresh", "1"]);
    let patient = Served::gateway(&["--upstream", &url, "--refresh", "3600"]);
    drop(upstream);
    publish(&library, "v9");
    fs::rename(library.path("live.binpb"), library.descriptors()).expect("same folder");
    let _newer = library.start_at(port, &[]);
    wait_for(&eager, "/v9/books/dune", 200);
    assert_eq!(http::get(eager.address(), "/v1/books/dune").status, 404);
    wait_for(&patient, "/v1/books/dune", 200);
    patient.signal("HUP");
    wait_for(&patient, "/v9/books/dune", 200);
}
