//! The one cluster of all tests.

use std::{
    io::{BufRead as _, BufReader},
    os::unix::process::CommandExt as _,
    process::{Child, Command, Stdio},
    sync::OnceLock,
};

use protoloop_cluster::{Cluster, Settings};

use super::find;

/// The cluster, and the process that keeps it for as long as it hears from us: until these tests end, however they do.
struct Kept {
    cluster: Cluster,
    _keeper: Child,
}

/// The cluster of these tests, which the first one to ask has started. `None` where there cannot be one.
pub(crate) fn cluster() -> Option<&'static Cluster> {
    static KEPT: OnceLock<Kept> = OnceLock::new();
    let programs = find("PROTOLOOP_TEST_CLUSTER")?;
    let kept = KEPT.get_or_init(|| {
        let name = name();
        let mut keeper = Command::new(env!("CARGO_BIN_EXE_protoloop-cluster"))
            .arg("keep")
            .env("PROTOLOOP_TEST_CLUSTER", &programs)
            .env("CLUSTER_NAME", &name)
            // What ends the tests must not end their keeper, which has to clear up.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary was just built");
        let output = keeper.stdout.take().expect("it is piped");
        let mut line = String::new();
        BufReader::new(output)
            .read_line(&mut line)
            .expect("its output is text");
        assert_eq!(
            line, "ready\n",
            "the cluster did not start; the reason stands above"
        );
        Kept {
            cluster: Cluster::of(Settings::named(&name, &programs)),
            _keeper: keeper,
        }
    });
    Some(&kept.cluster)
}

/// Another name for another checkout, so that their tests may run at once; the same one for the next run, which clears up
/// what a machine that was switched off has left.
fn name() -> String {
    let place = env!("CARGO_MANIFEST_DIR").bytes();
    let number = place.fold(0u32, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(byte.into())
    });
    format!("t{number:08x}")
}
