//! Envoy, with a configuration of the test's.

use std::{
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use super::pause;

/// A running Envoy; killed when dropped.
pub(crate) struct Envoy {
    process: Child,
    pub(crate) address: SocketAddr,
}

/// How long it may take to come up.
const START: Duration = Duration::from_secs(20);

/// A port that is free at the moment.
pub(crate) fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0");
    let address = listener.and_then(|listener| listener.local_addr());
    address.expect("a free port")
}

impl Envoy {
    /// Starts it with one worker; `config` is given the address to listen on.
    pub(crate) fn start(
        program: &Path,
        folder: &Path,
        config: impl FnOnce(SocketAddr) -> String,
    ) -> Self {
        let address = free_address();
        let file = folder.join("envoy.yaml");
        std::fs::write(&file, config(address)).expect("the folder is ours");
        let log = folder.join("envoy.log");
        let out = std::fs::File::create(&log).expect("the folder is ours");
        let process = Command::new(program)
            .args([
                "--concurrency",
                "1",
                "--log-level",
                "error",
                "--disable-hot-restart",
            ])
            .arg("-c")
            .arg(file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(out)
            .spawn()
            .expect("Envoy starts");
        let mut envoy = Self { process, address };
        let begun = Instant::now();
        while TcpStream::connect(address).is_err() {
            let ended = envoy.process.try_wait().expect("it can be asked");
            assert!(
                ended.is_none() && begun.elapsed() < START,
                "Envoy does not come up: {}",
                std::fs::read_to_string(&log).unwrap_or_default()
            );
            pause(Duration::from_millis(50));
        }
        envoy
    }
}

impl Drop for Envoy {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
