//! What sample services become.

use std::{fs, path::Path};

use super::*;
use crate::api::{Microservice, MicroserviceSpec, SchemaSource};

fn samples() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples")
}

fn sample(name: &str) -> Microservice {
    let text = fs::read_to_string(samples().join(format!("{name}.yaml"))).expect("a sample");
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn compiled(schema: &SchemaSource) -> Option<Surface> {
    let files = schema.files.as_ref()?;
    let folder = tempfile::tempdir().expect("a folder");
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    let compiled =
        protoloop_build::compile(&[folder.path().to_owned()], &[]).expect("samples compile");
    Some(Surface::of(&compiled.schema))
}

fn facts(service: &Microservice) -> Facts {
    let schema = service.spec.schema.as_ref();
    Facts {
        runtime_image: "localhost/protoloop:test".to_owned(),
        managed_by: "protoloop-operator".to_owned(),
        apis: Apis::ALL,
        release: schema.and_then(|schema| Release::declared(&service.name_any(), schema)),
        surface: schema.and_then(compiled),
        checksum: None,
        owner: None,
    }
}

fn rendered(name: &str) -> Vec<Child> {
    let service = sample(name);
    render(&service, &facts(&service)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn samples_become() {
    let mut names: Vec<_> = fs::read_dir(samples())
        .expect("samples")
        .map(|entry| entry.expect("an entry").path())
        .filter_map(|path| path.file_stem()?.to_str().map(str::to_owned))
        .collect();
    names.sort();
    assert!(names.len() >= 10, "{names:?}");
    for name in names {
        let children = rendered(&name);
        insta::assert_snapshot!(&*name, to_yaml(&children).expect("YAML"));
    }
}

#[test]
fn objects_are_named_once() {
    for name in [
        "todo", "shop", "notes", "catalog", "search", "edge", "reports",
    ] {
        let children = rendered(name);
        let mut seen: Vec<_> = children
            .iter()
            .map(|child| (child.kind(), child.name().to_owned()))
            .collect();
        seen.sort();
        let all = seen.len();
        seen.dedup();
        assert_eq!(seen.len(), all, "{name}");
        for child in &children {
            let labels = child.metadata().labels.clone().unwrap_or_default();
            for label in [NAME, INSTANCE, MANAGED_BY, PART_OF] {
                assert!(
                    labels.contains_key(label),
                    "{name} {} {label}",
                    child.name()
                );
            }
        }
    }
}

#[test]
fn optional_objects_need_their_api() {
    for name in ["shop", "search", "catalog"] {
        let service = sample(name);
        let facts = Facts {
            apis: Apis::default(),
            ..facts(&service)
        };
        let children = render(&service, &facts).expect("children");
        for child in children {
            assert!(
                child.kind().is_in(Apis::default()),
                "{name} {}",
                child.name()
            );
        }
    }
}

#[test]
fn a_budget_counts_whoever_decides() {
    let spec = |text: &str| -> MicroserviceSpec { serde_saphyr::from_str(text).expect("a spec") };
    for (text, minimum) in [
        ("replicas: 3", 3),
        ("replicas: 3\noperation: {stopped: true}", 0),
        (
            "replicas: 9\nautoscaling: {minReplicas: 2, maxReplicas: 4}",
            2,
        ),
        ("autoscaling: {maxReplicas: 4}", 1),
        ("{}", 1),
    ] {
        assert_eq!(effective_minimum(&spec(text)), minimum, "{text}");
    }
}

#[test]
fn without_a_schema_to_serve_no_pod_runs() {
    let service = sample("todo");
    let facts = Facts {
        release: None,
        ..facts(&service)
    };
    let kinds: Vec<_> = render(&service, &facts)
        .expect("children")
        .iter()
        .map(Child::kind)
        .collect();
    assert_eq!(
        kinds,
        [
            ChildKind::ServiceAccount,
            ChildKind::Service,
            ChildKind::Service
        ]
    );
}

#[test]
fn what_does_not_fit_is_named() {
    for (change, text) in [
        ("podTemplate: {spec: {containers: 5}}", "spec.podTemplate: "),
        ("volumes: [{name: x, configMap: 5}]", "spec.volumes[0]: "),
        (
            "objectOverrides: [{kind: Pod, patch: {}}]",
            "spec.objectOverrides[0]: there are no objects of kind \"Pod\"",
        ),
        (
            "objectOverrides: [{kind: Service, patch: {spec: {ports: 5}}}]",
            "spec.objectOverrides: Service: ",
        ),
        (
            "networkPolicy: {callers: [{podSelector: 5}]}",
            "spec.networkPolicy.callers[0]: ",
        ),
        (
            "autoscaling: {maxReplicas: 2, metrics: [{type: 5}]}",
            "spec.autoscaling.metrics[0]: ",
        ),
    ] {
        let spec = format!("image: {{name: 'a:1'}}\n{change}");
        let spec =
            serde_saphyr::from_str(&spec).unwrap_or_else(|error| panic!("{change}: {error}"));
        let service = Microservice::new("a", spec);
        let error = render(&service, &Facts::default())
            .expect_err(change)
            .to_string();
        assert!(error.starts_with(text), "{error}");
    }
    let error = render(
        &Microservice::new("a", MicroserviceSpec::default()),
        &Facts::default(),
    );
    assert_eq!(error, Err(RenderError::NoSource));
}

#[test]
fn an_override_takes_nothing_away_that_the_operator_needs() {
    let spec = "image: {name: 'a:1'}\nobjectOverrides: [{kind: Deployment, patch: {metadata: {name: b, labels: null, namespace: c}}}]";
    let service = Microservice::new("a", serde_saphyr::from_str(spec).expect("a spec"));
    let children = render(&service, &Facts::default()).expect("children");
    let deployment = children
        .iter()
        .find(|child| child.kind() == ChildKind::Deployment)
        .expect("a Deployment");
    assert_eq!(deployment.name(), "a");
    assert_eq!(deployment.metadata().namespace, None);
    assert_eq!(
        deployment
            .metadata()
            .labels
            .as_ref()
            .and_then(|labels| labels.get(NAME))
            .map(String::as_str),
        Some("a")
    );
}

#[test]
fn files_come_back_from_their_config_map() {
    let children = rendered("shop");
    let service = sample("shop");
    let Some(Child::ConfigMap(object)) = children
        .iter()
        .find(|child| child.kind() == ChildKind::ConfigMap)
    else {
        panic!("no ConfigMap");
    };
    let files = service
        .spec
        .schema
        .and_then(|schema| schema.files)
        .expect("files");
    assert_eq!(files_of(object), files);
    assert_eq!(
        object.metadata.name,
        Some(revision_name(
            &sample("shop"),
            &digest(&Content::Files(files))
        ))
    );
}
