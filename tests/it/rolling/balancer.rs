//! A balancer of connections, as a Kubernetes Service is one: it knows who is ready, and nothing of what is said.

use std::{
    io,
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use crate::support::{http, pause};

/// How often the replicas are asked whether they are ready.
const PROBE: Duration = Duration::from_millis(50);

/// Lives as long as the test process.
#[derive(Clone)]
pub(super) struct Balancer {
    address: SocketAddr,
    replicas: Arc<Mutex<Vec<Replica>>>,
}

struct Replica {
    address: SocketAddr,
    ready: bool,
}

impl Balancer {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let balancer = Self {
            address: listener.local_addr().expect("bound"),
            replicas: Arc::default(),
        };
        let accepting = balancer.clone();
        thread::spawn(move || {
            for (turn, client) in listener.incoming().enumerate() {
                let Some(replica) = accepting.ready(turn) else {
                    continue;
                };
                if let (Ok(client), Ok(server)) = (client, TcpStream::connect(replica)) {
                    join(&client, &server).expect("threads start");
                }
            }
        });
        let probing = balancer.clone();
        thread::spawn(move || {
            loop {
                probing.probe();
                pause(PROBE);
            }
        });
        balancer
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Adds a replica, and returns when connections go to it.
    pub(super) fn add(&self, address: SocketAddr) {
        let ready = false;
        self.replicas().push(Replica { address, ready });
        while !self
            .replicas()
            .iter()
            .any(|replica| replica.address == address && replica.ready)
        {
            pause(PROBE / 5);
        }
    }

    fn replicas(&self) -> std::sync::MutexGuard<'_, Vec<Replica>> {
        self.replicas.lock().expect("no panic")
    }

    fn ready(&self, turn: usize) -> Option<SocketAddr> {
        let replicas = self.replicas();
        let ready: Vec<_> = replicas.iter().filter(|replica| replica.ready).collect();
        let replica = ready.get(turn % ready.len().max(1))?;
        Some(replica.address)
    }

    fn probe(&self) {
        let addresses: Vec<_> = self
            .replicas()
            .iter()
            .map(|replica| replica.address)
            .collect();
        for address in addresses {
            let answer = http::try_send(address, "GET", "/readyz", &[], b"");
            let ready = answer.is_ok_and(|answer| answer.status == 200);
            let mut replicas = self.replicas();
            let replica = replicas
                .iter_mut()
                .find(|replica| replica.address == address);
            replica.expect("none is taken away").ready = ready;
        }
    }
}

/// Passes on what either side sends, until both have ended.
fn join(client: &TcpStream, server: &TcpStream) -> io::Result<()> {
    for (from, to) in [(client, server), (server, client)] {
        from.set_nodelay(true)?;
        let (mut from, mut to) = (from.try_clone()?, to.try_clone()?);
        thread::spawn(move || {
            // Whoever breaks off is seen by the other side as the end.
            let _ = io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Write);
        });
    }
    Ok(())
}
