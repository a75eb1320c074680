//! Foreign clients.

use std::{
    fmt,
    io::{Read as _, Write as _},
    process::{Child, Command, Stdio},
};

use super::{find, namespace::Namespace, root};

/// A program of `tests/foreign`, to be run in the cluster's network.
pub(crate) fn python(here: &Namespace, script: &str, arguments: &[&str]) -> Option<Command> {
    let mut command = here.cluster.command(find("PROTOLOOP_TEST_PYTHON")?);
    command
        .arg(root().join("tests/foreign").join(script))
        .args(arguments);
    Some(command)
}

/// Calls without a pause, until it is told to stop.
pub(crate) struct Load(Child);

/// What became of the calls.
pub(crate) struct Calls {
    pub(crate) answered: u64,
    pub(crate) failed: u64,
    /// How many failed with what.
    failures: String,
}

impl fmt::Display for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            answered,
            failed,
            failures,
        } = self;
        write!(f, "{answered} answered, {failed} failed: {failures}")
    }
}

impl Load {
    /// Starts `steady.py` with these arguments, and waits for its first answer.
    pub(crate) fn start(here: &Namespace, arguments: &[&str]) -> Option<Self> {
        let mut command = python(here, "steady.py", arguments)?;
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python starts");
        let mut first = [0; 6];
        let output = child.stdout.as_mut().expect("it is piped");
        output
            .read_exact(&mut first)
            .expect("it says that it has begun");
        assert_eq!(&first, b"begun\n");
        Some(Self(child))
    }

    /// Stops, and tells.
    pub(crate) fn finish(mut self) -> Calls {
        let mut input = self.0.stdin.take().expect("it is piped");
        input.write_all(b"\n").expect("it reads");
        drop(input);
        let output = self.0.wait_with_output().expect("it ends");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{text}");
        let mut words = text.trim().splitn(3, ' ');
        let mut number = || {
            words
                .next()
                .and_then(|word| word.parse().ok())
                .expect("a number")
        };
        let (answered, failed) = (number(), number());
        Calls {
            answered,
            failed,
            failures: words.next().unwrap_or_default().to_owned(),
        }
    }
}
