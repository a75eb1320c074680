//! The corpus goes through its targets, so that what the fuzzer once found stays found.

use std::{fs, path::Path};

use protoloop_fuzz_targets::TARGETS;

#[test]
fn the_corpus_goes_through_its_targets() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus");
    for (name, target) in TARGETS {
        let mut inputs: Vec<_> = fs::read_dir(corpus.join(name))
            .unwrap_or_else(|error| panic!("fuzz/corpus/{name}: {error}"))
            .map(|entry| entry.expect("the folder can be read").path())
            .collect();
        inputs.sort();
        assert!(!inputs.is_empty(), "fuzz/corpus/{name} is empty");
        for input in inputs {
            let bytes = fs::read(&input).expect("the file can be read");
            // The name of the test tells nothing; this line, shown when it fails, tells the input.
            println!("{}", input.display());
            target(&bytes);
        }
    }
}

#[test]
fn every_folder_of_the_corpus_has_its_target() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus");
    for entry in fs::read_dir(corpus).expect("the corpus is there") {
        let name = entry.expect("the folder can be read").file_name();
        let known = TARGETS.iter().any(|(target, _)| name == *target);
        assert!(known, "{} is the folder of no target", name.display());
    }
}
