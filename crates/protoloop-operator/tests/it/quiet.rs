//! A look at what is as it should be writes nothing, and a feature that is turned off takes its own child only.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{World, versions};

const FEATURES: [(&str, &str); 4] = [
    ("networkPolicy", "networkpolicies"),
    ("autoscaling", "horizontalpodautoscalers"),
    ("routes", "ingresses"),
    ("replicas", "poddisruptionbudgets"),
];

fn spec() -> Value {
    json!({
        "image": {"name": "a:1"},
        "replicas": 3,
        "networkPolicy": {},
        "routes": {"ingress": {"className": "nginx", "http": {"host": "a.example"}}},
    })
}

#[test]
fn nothing_is_written_when_nothing_is_to_be_done() {
    let Some(mut world) = World::new("quiet") else {
        return;
    };
    world.operator("one", &["--alone"]);
    world.service("a", &spec());
    world.reason("a", "Applied", "Applied");
    world.pods_are_ready("a");
    world.reason("a", "Ready", "Ready");
    let moment = world.moment();
    // Somebody's label is a reason to look, and none to write.
    world.kubectl(&["label", "ms", "a", "-n", "demo", "look=here"]);
    world.kubectl(&["annotate", "service", "a", "-n", "demo", "mine=1"]);
    let later = std::time::Instant::now() + Duration::from_secs(3);
    world.eventually("some time", Duration::from_secs(10), || {
        (std::time::Instant::now() > later).then_some(())
    });
    assert_eq!(world.writes(moment), Vec::<String>::new());
}

#[test]
fn a_feature_takes_its_own_child_only() {
    let Some(mut world) = World::new("toggle") else {
        return;
    };
    world.operator("one", &["--alone"]);
    world.service("a", &spec());
    world.reason("a", "Applied", "Applied");
    for (feature, kind) in FEATURES
        .into_iter()
        .filter(|(feature, _)| *feature != "autoscaling")
    {
        assert_eq!(world.list(kind).len(), 1, "{kind}");
        let others =
            "serviceaccounts,services,deployments,networkpolicies,ingresses,poddisruptionbudgets";
        let before = versions(&world.list(others));
        let mut less = spec();
        match feature {
            "replicas" => less["replicas"] = json!(1),
            _ => drop(less.as_object_mut().expect("an object").remove(feature)),
        }
        world.service("a", &less);
        world.eventually(kind, Duration::from_secs(5), || {
            world.list(kind).is_empty().then_some(())
        });
        let after = versions(&world.list(others));
        let touched: Vec<_> = after.iter().filter(|one| !before.contains(one)).collect();
        let deployment = usize::from(feature == "replicas");
        assert_eq!(touched.len(), deployment, "{feature}: {touched:?}");
        world.service("a", &spec());
        world.eventually(kind, Duration::from_secs(5), || {
            (world.list(kind).len() == 1).then_some(())
        });
    }
}
