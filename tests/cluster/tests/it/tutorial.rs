//! The tutorial, typed as it stands.

use std::fs;

use protoloop_cluster::shell;

use crate::support::{
    find,
    images::{self, PROTOLOOP},
    namespace::Namespace,
    postgres::Postgres,
    root,
};

#[test]
fn every_command_of_the_tutorial_works() {
    let (Some(here), Some(helm)) = (Namespace::new("tutorial"), find("PROTOLOOP_TEST_HELM")) else {
        return;
    };
    let Some(database) = Postgres::start(&here, 5504) else {
        return;
    };
    images::load(here.cluster, PROTOLOOP);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let tutorial =
        fs::read_to_string(root().join("docs/tutorials/kubernetes.md")).expect("it is there");
    let typed: Vec<_> = tutorial
        .lines()
        .filter_map(|line| line.strip_prefix("$ "))
        .collect();
    assert!(typed.len() > 10, "{typed:?}");
    let typed = typed.join("\n");
    // What the reader's kubectl and helm know by their configuration.
    let helm = helm
        .parent()
        .expect("it lies in a folder")
        .display()
        .to_string();
    let script = format!(
        "set -euo pipefail\ntrap 'jobs -p | xargs -r kill' EXIT\nPATH=$PATH:{helm}\nexport HELM_NAMESPACE=tutorial\n\
         kubectl config set-context --current --namespace=tutorial\n{typed}\n"
    );
    let config = folder.path().join("kubeconfig");
    fs::copy(here.cluster.kubeconfig(), &config).expect("the folder is ours");
    let mut bash = here.cluster.command("bash");
    bash.args(["-c", &script])
        .current_dir(root())
        .env("KUBECONFIG", config)
        .env("IMAGE", PROTOLOOP)
        .env("DATABASE", database.url())
        .env("FOLDER", folder.path());
    let said = shell::output(&mut bash).unwrap_or_else(|failure| panic!("{failure}"));
    assert!(said.contains(r#""title":"buy milk""#), "{said}");
    assert!(said.contains(r#"{"count":"1"}"#), "{said}");
    here.is_empty_soon();
}
