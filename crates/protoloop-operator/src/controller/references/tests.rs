use super::*;

fn service(spec: &str) -> Microservice {
    Microservice::new("a", serde_saphyr::from_str(spec).expect("a spec"))
}

#[test]
fn everything_that_pods_need_is_found() {
    let service = service(
        "image: {name: 'a:1'}
datasource: {secret: {name: db, key: url}}
tls: {secret: cert}
env:
  - {name: A, valueFrom: {secretKeyRef: {name: db, key: other}}}
  - {name: B, valueFrom: {configMapKeyRef: {name: conf, key: b, optional: true}}}
envFrom:
  - {secretRef: {name: more}}
  - {configMapRef: {name: conf2, optional: true}}
volumes:
  - {name: v, secret: {secretName: file}}
  - {name: w, configMap: {name: maps, optional: true}}
",
    );
    let found = References::of(&service).objects;
    let some = |keys: &[&str]| Keys::Some(keys.iter().map(|key| (*key).to_owned()).collect());
    let expected = [
        (Kind::Secret, "cert", Keys::All, true),
        (Kind::Secret, "db", some(&["other", "url"]), true),
        (Kind::Secret, "file", Keys::All, true),
        (Kind::Secret, "more", Keys::All, true),
        (Kind::ConfigMap, "conf", some(&["b"]), false),
        (Kind::ConfigMap, "conf2", Keys::All, false),
        (Kind::ConfigMap, "maps", Keys::All, false),
    ];
    let expected =
        expected.map(|(kind, name, keys, required)| ((kind, name.to_owned()), (keys, required)));
    assert_eq!(found, expected.into());
}

#[test]
fn a_change_is_told_to_those_who_refer_to_it() {
    let index = Index::default();
    let references = References::of(&service(
        "image: {name: 'a:1'}\ndatasource: {secret: {name: db, key: url}}",
    ));
    assert!(
        index.observe(Kind::Secret, "n", "db", Some("1")).is_empty(),
        "nobody yet"
    );
    index.replace("n", "a", &references);
    index.replace("n", "b", &references);
    assert_eq!(
        index.observe(Kind::Secret, "n", "db", Some("2")),
        ["a", "b"]
    );
    assert!(
        index
            .observe(Kind::Secret, "other", "db", Some("2"))
            .is_empty()
    );
    assert!(
        index
            .observe(Kind::ConfigMap, "n", "db", Some("2"))
            .is_empty()
    );
    index.replace("n", "a", &References::default());
    assert_eq!(index.observe(Kind::Secret, "n", "db", None), ["b"]);
    index.replace("n", "b", &References::default());
    assert!(index.observe(Kind::Secret, "n", "db", Some("3")).is_empty());
    assert!(index.state().versions.is_empty() && index.state().read.is_empty());
}

#[test]
fn what_was_read_counts_until_it_changes() {
    let index = Index::default();
    let place = (Kind::Secret, "n".to_owned(), "db".to_owned());
    index.replace(
        "n",
        "a",
        &References::of(&service(
            "image: {name: 'a:1'}\ndatasource: {secret: {name: db, key: url}}",
        )),
    );
    let held = Held {
        version: "5".to_owned(),
        values: None,
    };
    index.state().held.insert(place.clone(), held);
    assert!(index.known(&place).is_some(), "no watch has told of it");
    assert!(
        index.observe(Kind::Secret, "n", "db", Some("5")).is_empty(),
        "as it was read"
    );
    assert!(index.known(&place).is_some());
    assert_eq!(index.observe(Kind::Secret, "n", "db", Some("6")), ["a"]);
    assert!(index.known(&place).is_none());
}
