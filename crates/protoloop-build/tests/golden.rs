//! One folder below `golden` is one case: protos, and under `expected` the Rust that they become. The expected Rust of
//! every case is compiled too, with warnings as errors, by the façade's tests.
//!
//! `UPDATE_GOLDEN=1 cargo test -p protoloop-build` writes what differs.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
};

use protoloop_build::{Options, compile, generate};

#[test]
fn every_case_generates_what_is_expected() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let cases = fs::read_dir(golden).expect("the folder of the cases");
    let cases: Vec<PathBuf> = cases.map(|case| case.expect("a case").path()).collect();
    assert!(!cases.is_empty());
    for case in cases {
        let expected = case.join("expected");
        let generated = generated(&case);
        if env::var_os("UPDATE_GOLDEN").is_some() {
            update(&expected, &generated);
        }
        let present = present(&expected);
        let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&present), names(&generated), "{}", case.display());
        for (name, contents) in &generated {
            let same = present[name] == *contents;
            assert!(
                same,
                "{}/{name} differs; see UPDATE_GOLDEN",
                expected.display()
            );
        }
    }
}

fn generated(case: &Path) -> BTreeMap<String, Vec<u8>> {
    let compiled = compile(&[case.to_owned()], &[]).unwrap_or_else(|problems| panic!("{problems}"));
    let files = generate(&compiled.schema, &Options::default()).expect("generates");
    let mut files: BTreeMap<_, _> = files
        .into_iter()
        .map(|file| (file.name, file.text.into_bytes()))
        .collect();
    // The text includes the descriptor set, which is the schema's and not under test here.
    files.insert("protoloop.binpb".to_owned(), Vec::new());
    files
}

fn present(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let entries = entries.map(|entry| entry.expect("a file").path());
    entries
        .map(|path| {
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            (name, fs::read(&path).expect("readable"))
        })
        .collect()
}

fn update(folder: &Path, files: &BTreeMap<String, Vec<u8>>) {
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder).expect("folder");
    for (name, contents) in files {
        fs::write(folder.join(name), contents).expect("writable");
    }
}
