//! One connection.

use std::{
    cell::RefCell,
    collections::hash_map::RandomState,
    convert::Infallible,
    future::{Future, poll_fn},
    hash::BuildHasher as _,
    net::SocketAddr,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Poll,
    time::Duration,
};

use http::{HeaderValue, Request, Response, Version, header};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
};
use protoloop_core::Origin;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::watch,
    task::JoinSet,
    time::{Instant, sleep, timeout},
};
use tonic::body::Body;

use super::{
    FAREWELL, Stage,
    aside::Aside,
    bell::Bell,
    head_timer::HeadTimer,
    linger::Lingering,
    outgoing::{Answer, Outgoing, Watched},
    reap,
    tls::{self, Acceptor},
    turns::Turns,
};
use crate::{
    ServerConfig,
    port::Port,
    sequence::Departure,
    socket::{Handover, Tunnel},
};

/// What every connection of a server shares.
pub(super) struct Connections {
    shared: Arc<Shared>,
}

struct Shared {
    ports: watch::Receiver<Arc<Port>>,
    tls: Option<watch::Receiver<Acceptor>>,
    builder: Builder<TokioExecutor>,
    config: Arc<ServerConfig>,
    stage: watch::Receiver<Stage>,
}

impl Connections {
    pub(super) fn new(
        ports: watch::Receiver<Arc<Port>>,
        tls: Option<watch::Receiver<Acceptor>>,
        config: Arc<ServerConfig>,
        stage: watch::Receiver<Stage>,
    ) -> Self {
        let shared = Arc::new(Shared {
            builder: http_builder(&config),
            ports,
            tls,
            config,
            stage,
        });
        Self { shared }
    }

    /// Serves one connection to its end.
    pub(super) fn serve(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
    ) -> impl Future<Output = ()> + Send + use<> {
        let shared = Arc::clone(&self.shared);
        async move {
            let origin = Origin::from(Some(peer));
            let Some(tls) = &shared.tls else {
                return shared.http(stream, origin).await;
            };
            let tls = tls.borrow().clone();
            match timeout(shared.config.read_timeout, tls.accept(stream)).await {
                Ok(Ok(stream)) => {
                    let certificate = tls::fingerprint(stream.get_ref().1);
                    let origin = Origin {
                        certificate,
                        ..origin
                    };
                    shared.http(stream, origin).await;
                }
                Ok(Err(error)) => tracing::debug!(%peer, %error, "the TLS handshake failed"),
                Err(_) => tracing::debug!(%peer, "the TLS handshake took too long"),
            }
        }
    }
}

/// No longer path and query is ever read; see `http::Uri`.
const MAX_TARGET: u32 = 64 << 10;

fn http_builder(config: &ServerConfig) -> Builder<TokioExecutor> {
    // A head that does not fit is answered below us, with a bare 431. So that a long path or query reaches REST, which says
    // what is wrong with it, there is room for one beside the headers.
    let target = u32::try_from(config.rest.max_uri_bytes).unwrap_or(MAX_TARGET);
    let head = config
        .max_header_bytes
        .saturating_add(target.min(MAX_TARGET));
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .header_read_timeout(config.read_timeout)
        .max_buf_size(head as usize);
    // Where the bound is named, hyper fills a list of that many headers with nothing, twice for each request.
    if config.max_headers != HEADERS_OF_HYPER {
        builder.http1().max_headers(config.max_headers);
    }
    builder
        .http2()
        .timer(TokioTimer::new())
        // WebSockets over HTTP/2 (RFC 8441).
        .enable_connect_protocol()
        .max_concurrent_streams(config.max_concurrent_streams)
        .max_header_list_size(head)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .keep_alive_interval(config.keep_alive_interval)
        .keep_alive_timeout(config.keep_alive_timeout);
    builder
}

/// How many headers hyper takes of its own accord.
const HEADERS_OF_HYPER: usize = 100;

/// Bytes that a peer may send ahead on one stream, and on all of a connection together.
const STREAM_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = 4 << 20;

impl Shared {
    async fn http<I>(&self, stream: I, origin: Origin)
    where
        I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let waker = poll_fn(|cx| Poll::Ready(cx.waker().clone())).await;
        let bell = Bell::new(waker.clone());
        let activity = self.activity(&bell);
        let stream = Watched::new(stream, &activity.outgoing);
        let latest = RefCell::new(Latest::new(self.ports.clone()));
        let entered = Arc::clone(&activity);
        let (departing, departure) = self.departure().unzip();
        let service = service_fn(move |mut request: Request<Incoming>| {
            if let Some(departure) = &departure {
                request.extensions_mut().insert(departure.clone());
            }
            let guard = Activity::enter(&entered);
            let port = latest.borrow_mut().port();
            let http1 = request.version() != Version::HTTP_2;
            let request =
                request.map(|body| Lingering::new(body, http1.then(|| Arc::clone(&bell))));
            let answer = port.answer(request, origin);
            async move {
                let mut response = answer.await;
                if http1 {
                    say_close(&guard.0.going.stage, &mut response);
                }
                if let Some(handover) = response.extensions_mut().remove::<Handover>()
                    && let Some(tunnel) = handover.take()
                {
                    guard.0.tunnel(tunnel);
                }
                Ok::<Response<Answer<Body, Guard>>, Infallible>(
                    response.map(|body| Answer::new(body, guard, http1)),
                )
            }
        });
        // Whatever ends this function ends the sockets on the connection.
        let tunnels = Tunnels(Arc::clone(&activity));
        let heads = HeadTimer::new();
        let mut builder = self.builder.clone();
        builder.http1().timer(heads.clone());
        let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
        let mut connection = pin!(connection);
        let outgoing = &activity.outgoing;
        let (late, leaving) = (heads.watch(self.config.read_timeout), self.leave(&activity));
        let (late, leaving) = (pin!(late), pin!(leaving));
        let mut late = Aside::new(late, &waker);
        let leaving = Aside::new(leaving, &waker);
        let served = tokio::select! {
            biased;
            served = poll_fn(|_| outgoing.poll(connection.as_mut())) => served,
            grace = leaving => {
                connection.as_mut().graceful_shutdown();
                tokio::select! {
                    biased;
                    served = poll_fn(|_| outgoing.poll(connection.as_mut())) => served,
                    () = &mut late => Ok(()),
                    () = cut_off(grace, departing) => {
                        tracing::debug!(peer = ?origin.peer, "a connection was cut off for its age");
                        Ok(())
                    }
                }
            }
            () = &mut late => Ok(()),
        };
        if let Err(error) = served {
            tracing::debug!(peer = ?origin.peer, %error, "a connection ended early");
        }
        tunnels.finish().await;
    }

    /// What goes on on a connection that begins.
    fn activity(&self, bell: &Arc<Bell>) -> Arc<Activity> {
        let going = Going {
            stage: self.stage.clone(),
            grace: self.config.grace_period,
        };
        let limit = self.config.keep_alive_timeout;
        let outgoing = Outgoing::new(Arc::clone(bell).into(), limit);
        Arc::new(Activity::new(going, outgoing))
    }

    /// How streams on one connection hear that it is about to be cut off, where one may be.
    fn departure(&self) -> Option<(watch::Sender<bool>, Departure)> {
        let config = &self.config;
        config
            .max_connection_age
            .and(config.max_connection_age_grace)?;
        let (sender, receiver) = watch::channel(false);
        Some((sender, Departure(receiver)))
    }

    /// Returns when the peer is to be told to leave, with the time that its calls in flight have then; `None` where
    /// something else bounds it.
    async fn leave(&self, activity: &Activity) -> Option<Duration> {
        let begun = Instant::now();
        let config = &self.config;
        tokio::select! {
            () = self.stopped_for(activity, begun) => None,
            () = activity.calls.unchanged(config.idle_timeout, false) => None,
            () = behind(config.max_connection_age.map(about)) => config.max_connection_age_grace,
        }
    }

    /// Returns when the server has stopped. Whoever came in the last moment may still make a first call: it would have to
    /// be told to go before it could be told anything.
    async fn stopped_for(&self, activity: &Activity, begun: Instant) {
        let mut stage = self.stage.clone();
        told(&mut stage).await;
        while begun.elapsed() < LAST_MOMENT && !activity.calls.any() {
            sleep(LOOK).await;
        }
    }
}

/// How long before the stop a connection may have been made to count as one of the last moment.
const LAST_MOMENT: Duration = Duration::from_secs(1);
/// Between two looks at a connection of the last moment.
const LOOK: Duration = Duration::from_millis(5);

/// Returns after a time; never without one.
async fn behind(time: Option<Duration>) {
    match time {
        Some(time) => sleep(time).await,
        None => std::future::pending().await,
    }
}

/// Returns when calls in flight have had their time; never without one. Streams hear of it a little before.
async fn cut_off(grace: Option<Duration>, departing: Option<watch::Sender<bool>>) {
    let Some(grace) = grace else {
        return std::future::pending().await;
    };
    let farewell = (grace / 2).min(FAREWELL / 2);
    sleep(grace - farewell).await;
    if let Some(departing) = &departing {
        departing.send_replace(true);
    }
    sleep(farewell).await;
}

/// A time that is off by a tenth at most, another one at each call: what began together shall not end together.
fn about(time: Duration) -> Duration {
    let random = RandomState::new().hash_one(0_u8) % 2001;
    // At most 1.1, with 4 digits.
    let share = u32::try_from(9_000 + random).unwrap_or(10_000);
    time.checked_mul(share).map_or(time, |time| time / 10_000)
}

/// Tells a peer of HTTP/1.1 to open its next connection elsewhere, once the end has begun.
fn say_close(stage: &watch::Receiver<Stage>, response: &mut Response<Body>) {
    // One atomic load while nothing has changed; no receiver of the server has looked at the first value.
    if stage.has_changed().unwrap_or(true) {
        let headers = response.headers_mut();
        if !headers.contains_key(header::CONNECTION) {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
    }
}

/// The sockets of one connection. They are cut off when this is dropped.
struct Tunnels(Arc<Activity>);

impl Tunnels {
    /// Waits for their end.
    async fn finish(&self) {
        let tunnels = self.0.tunnels().take();
        if let Some(mut tunnels) = tunnels {
            while let Some(ended) = tunnels.join_next().await {
                reap(Some(ended));
            }
        }
    }
}

impl Drop for Tunnels {
    fn drop(&mut self) {
        drop(self.0.tunnels().take());
    }
}

/// When sockets have to be closed.
#[derive(Clone)]
struct Going {
    stage: watch::Receiver<Stage>,
    grace: Duration,
}

impl Going {
    /// Returns when the server has stopped and calls in flight have had their time.
    async fn now(mut self) {
        told(&mut self.stage).await;
        sleep(self.grace.saturating_sub(FAREWELL)).await;
    }
}

/// The port as one connection knows it. A look at it costs one atomic load while nothing is replaced.
struct Latest {
    ports: watch::Receiver<Arc<Port>>,
    known: Arc<Port>,
}

impl Latest {
    fn new(mut ports: watch::Receiver<Arc<Port>>) -> Self {
        let known = Arc::clone(&ports.borrow_and_update());
        Self { ports, known }
    }

    fn port(&mut self) -> Arc<Port> {
        if self.ports.has_changed().unwrap_or(false) {
            self.known = Arc::clone(&self.ports.borrow_and_update());
        }
        Arc::clone(&self.known)
    }
}

/// Returns when the server stops, or is gone.
async fn told(stage: &mut watch::Receiver<Stage>) {
    // Both outcomes mean the same, and the guard in the value must not outlive this function.
    drop(stage.wait_for(|stage| *stage == Stage::Stopped).await);
}

/// What goes on on a connection.
struct Activity {
    calls: Turns,
    /// WebSockets, from the first one on.
    tunnels: Mutex<Option<JoinSet<()>>>,
    going: Going,
    outgoing: Arc<Outgoing>,
}

impl Activity {
    fn new(going: Going, outgoing: Outgoing) -> Self {
        Self {
            calls: Turns::default(),
            tunnels: Mutex::new(None),
            going,
            outgoing: Arc::new(outgoing),
        }
    }

    fn enter(activity: &Arc<Self>) -> Guard {
        activity.calls.begin();
        Guard(Arc::clone(activity))
    }

    /// Serves a socket beside the connection; as long as it is open, the connection has a call.
    fn tunnel(self: &Arc<Self>, tunnel: Tunnel) {
        let guard = Self::enter(self);
        let going = self.going.clone();
        let mut tunnels = self.tunnels();
        let tunnels = tunnels.get_or_insert_with(JoinSet::new);
        while let Some(ended) = tunnels.try_join_next() {
            reap(Some(ended));
        }
        tunnels.spawn(async move {
            tunnel.run(going.now()).await;
            drop(guard);
        });
    }

    fn tunnels(&self) -> MutexGuard<'_, Option<JoinSet<()>>> {
        self.tunnels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One call in flight on a connection.
struct Guard(Arc<Activity>);

impl AsRef<Outgoing> for Guard {
    fn as_ref(&self) -> &Outgoing {
        &self.0.outgoing
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.calls.end();
    }
}
