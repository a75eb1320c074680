use super::*;

fn facts(image: &str) -> Facts {
    Facts {
        runtime_image: image.to_owned(),
        managed_by: "protoloop-operator".to_owned(),
        ..Facts::default()
    }
}

fn gateway(more: &str) -> Microservice {
    let spec = format!("gateway: {{upstreams: [{{url: 'http://a:1'}}]}}\n{more}");
    Microservice::new("a", serde_saphyr::from_str(&spec).expect("a spec"))
}

fn settled(service: &Microservice, image: &str, before: &MicroserviceStatus) -> MicroserviceStatus {
    let settled = settle(service, facts(image), before).expect("children");
    MicroserviceStatus {
        image: settled.image,
        template: settled.template,
        ..MicroserviceStatus::default()
    }
}

#[test]
fn a_newer_operator_restarts_nobody() {
    let service = gateway("");
    let first = settled(&service, "protoloop:1", &MicroserviceStatus::default());
    assert_eq!(first.image.as_deref(), Some("protoloop:1"));
    let newer = settled(&service, "protoloop:2", &first);
    assert_eq!(newer, first);
    let scaled = settled(&gateway("replicas: 5"), "protoloop:2", &newer);
    assert_eq!(scaled, first, "more pods are no reason either");
}

#[test]
fn pods_that_change_anyway_take_the_newer_image() {
    let first = settled(&gateway(""), "protoloop:1", &MicroserviceStatus::default());
    let changed = gateway("env: [{name: A, value: b}]");
    let second = settled(&changed, "protoloop:2", &first);
    assert_eq!(second.image.as_deref(), Some("protoloop:2"));
    assert_ne!(second.template, first.template);
    assert_eq!(
        settled(&changed, "protoloop:2", &second),
        second,
        "and stay with it"
    );
    assert_eq!(settled(&changed, "protoloop:3", &second), second);
}

#[test]
fn an_image_that_is_named_is_taken() {
    let first = settled(
        &gateway("runtime: {image: 'mine:1'}"),
        "protoloop:1",
        &MicroserviceStatus::default(),
    );
    assert_eq!(first.image.as_deref(), Some("mine:1"));
    let second = settled(
        &gateway("runtime: {image: 'mine:2'}"),
        "protoloop:1",
        &first,
    );
    assert_eq!(second.image.as_deref(), Some("mine:2"));
    let back = settled(&gateway(""), "protoloop:1", &second);
    assert_eq!(back.image.as_deref(), Some("protoloop:1"), "named no more");
}
