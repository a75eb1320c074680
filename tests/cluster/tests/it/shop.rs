//! `examples/shop`, an image of its own, on PostgreSQL.

use crate::support::{
    calls::python,
    find,
    helm::chart,
    images::{self, SHOP},
    namespace::Namespace,
    postgres::Postgres,
};

/// How the shop is told what the toolkit's own command is told by other names.
const VALUES: &str = "
image:
  name: localhost/shop:test
  pullPolicy: Never
datasource:
  secret: {name: shop-db, key: url}
env:
  - {name: SHOP_DB, value: $(PROTOLOOP_DB)}
  - {name: SHOP_LISTEN, value: 0.0.0.0:8080}
replicas: 2
tests: {enabled: false}
";

#[test]
fn installed_on_postgres_and_called() {
    let (Some(here), Some(_), Some(_)) = (
        Namespace::new("shop"),
        find("PROTOLOOP_TEST_HELM"),
        find("PROTOLOOP_TEST_PYTHON"),
    ) else {
        return;
    };
    let Some(database) = Postgres::start(&here, 5501) else {
        return;
    };
    images::load(here.cluster, SHOP);
    let url = format!("--from-literal=url={}", database.url());
    here.kubectl(&["create", "secret", "generic", "shop-db", &url]);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let values = folder.path().join("values.yaml");
    std::fs::write(&values, VALUES).expect("the folder is ours");
    let values = values.to_str().expect("a UTF-8 path");
    here.helm(&[
        "install",
        "shop",
        &chart("protoloop"),
        "--wait",
        "--timeout",
        "3m",
        "--values",
        values,
    ]);

    let address = here.address("shop");
    let products = format!("http://{address}/v1/products");
    let listed = here.run("curl", &["-sS", "--fail", &products]);
    assert!(listed.starts_with('{'), "{listed}");
    if let Some(mut calls) = python(&here, "shop.py", &[&format!("{address}:9090")]) {
        protoloop_cluster::shell::output(&mut calls).unwrap_or_else(|failure| panic!("{failure}"));
    }
    // Two pods: one of them may always be taken away, never both.
    let budget = here.get("poddisruptionbudget/shop");
    assert_eq!(budget["status"]["disruptionsAllowed"], 1, "{budget}");

    here.helm(&["uninstall", "shop", "--wait", "--timeout", "2m"]);
    here.kubectl(&["delete", "secret", "shop-db"]);
    here.is_empty_soon();
}
