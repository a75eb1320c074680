//! Who of several operators writes: whoever holds a Lease.
//!
//! All of them watch, so that another one goes on at once; only the holder writes, and looks before each write whether it still
//! is. A holder that ends lets go of the Lease; one that is killed loses it when the others have seen no sign of life for as
//! long as the Lease says.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use k8s_openapi::{
    api::coordination::v1::{Lease, LeaseSpec},
    apimachinery::pkg::apis::meta::v1::MicroTime,
    jiff::Timestamp,
};
use kube::{
    Api, Client,
    api::{ObjectMeta, PostParams},
};
use tokio::sync::watch;

/// How a Lease is held.
#[derive(Clone, Debug)]
pub struct LeaseSettings {
    /// The Lease's name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// Who we are; no two may be the same.
    pub identity: String,
    /// For how long a sign of life counts.
    pub duration: Duration,
}

/// Whether we may write.
#[derive(Debug)]
pub struct Leadership {
    holds: AtomicBool,
    until: Mutex<Instant>,
    changed: watch::Sender<bool>,
}

impl Leadership {
    /// Of an operator that is alone, or of one that has to win first.
    #[must_use]
    pub fn new(alone: bool) -> Self {
        let ever = Duration::from_secs(if alone { 100 * 365 * 86_400 } else { 0 });
        Self {
            holds: AtomicBool::new(alone),
            until: Mutex::new(Instant::now() + ever),
            changed: watch::Sender::new(alone),
        }
    }

    /// Whether we may write now. Asked before each write.
    #[must_use]
    pub fn holds(&self) -> bool {
        let until = *self.until.lock().unwrap_or_else(PoisonError::into_inner);
        self.holds.load(Ordering::Acquire) && Instant::now() < until
    }

    /// Tells when we begin to write.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<bool> {
        self.changed.subscribe()
    }

    fn win(&self, until: Instant) {
        *self.until.lock().unwrap_or_else(PoisonError::into_inner) = until;
        self.holds.store(true, Ordering::Release);
        self.changed
            .send_if_modified(|known| !std::mem::replace(known, true));
    }

    fn lose(&self) {
        self.holds.store(false, Ordering::Release);
        self.changed
            .send_if_modified(|known| std::mem::replace(known, false));
    }
}

/// What is to be done about a Lease that reads so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// It is ours: show a sign of life.
    Renew,
    /// It is nobody's, or its holder shows none: take it.
    Take,
    /// It is another's.
    Wait,
}

/// What another's Lease looked like, and since when: clocks of machines differ, so only our own is asked.
#[derive(Clone, Debug, Default)]
pub(super) struct Sighting {
    seen: Option<(String, Option<MicroTime>)>,
    since: Option<Instant>,
}

impl Sighting {
    pub(super) fn turn(&mut self, lease: &LeaseSpec, identity: &str, now: Instant) -> Turn {
        let holder = lease.holder_identity.as_deref().unwrap_or_default();
        if holder == identity {
            return Turn::Renew;
        }
        if holder.is_empty() {
            return Turn::Take;
        }
        let sign = Some((holder.to_owned(), lease.renew_time.clone()));
        if self.seen != sign {
            self.seen = sign;
            self.since = Some(now);
        }
        let seconds = lease.lease_duration_seconds.unwrap_or(15).max(1);
        // A holder that is not heard stops by itself after three quarters.
        let limit = Duration::from_secs(u64::from(seconds.unsigned_abs())) * 17 / 20;
        let silent = self
            .since
            .map_or(Duration::ZERO, |since| now.duration_since(since));
        if silent > limit {
            Turn::Take
        } else {
            Turn::Wait
        }
    }
}

/// Holds the Lease whenever it can, until `stop`; then lets go of it.
///
/// # Errors
/// When the Lease was ours and could not be renewed in time: another one may write now, so the process has to end.
pub(super) async fn hold(
    client: Client,
    settings: LeaseSettings,
    leadership: &Leadership,
    stop: impl Future<Output = ()>,
) -> Result<(), Lost> {
    let api: Api<Lease> = Api::namespaced(client, &settings.namespace);
    let mut stop = std::pin::pin!(stop);
    let mut sighting = Sighting::default();
    loop {
        let begun = Instant::now();
        let outcome =
            tokio::time::timeout(settings.duration / 3, step(&api, &settings, &mut sighting)).await;
        match outcome {
            // What others count begins when the API server wrote it, which is later than this.
            Ok(Ok(true)) => leadership.win(begun + settings.duration * 3 / 4),
            Ok(Ok(false)) => leadership.lose_or_fail()?,
            Ok(Err(error)) => tracing::warn!(%error, "the lease cannot be read or written"),
            Err(_) => tracing::warn!("the lease was not answered in time"),
        }
        if leadership.holds.load(Ordering::Acquire) && !leadership.holds() {
            leadership.lose();
            return Err(Lost);
        }
        let wait = if leadership.holds() {
            settings.duration / 5
        } else {
            Duration::from_millis(500)
        };
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = &mut stop => break,
        }
    }
    if leadership.holds() {
        leadership.lose();
        release(&api, &settings).await;
    }
    Ok(())
}

impl Leadership {
    /// Another holds it: that is as it should be, unless we thought that we do.
    fn lose_or_fail(&self) -> Result<(), Lost> {
        if self.holds.load(Ordering::Acquire) {
            self.lose();
            return Err(Lost);
        }
        Ok(())
    }
}

/// The Lease was lost while it was ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the lease was lost: another operator may write now")]
pub struct Lost;

/// One look at the Lease. Answers whether it is ours.
async fn step(
    api: &Api<Lease>,
    settings: &LeaseSettings,
    sighting: &mut Sighting,
) -> Result<bool, kube::Error> {
    let Some(mut lease) = api.get_opt(&settings.name).await? else {
        let lease = Lease {
            metadata: ObjectMeta {
                name: Some(settings.name.clone()),
                ..ObjectMeta::default()
            },
            spec: Some(claim(settings, None)),
        };
        return won(api.create(&PostParams::default(), &lease).await);
    };
    let before = lease.spec.take().unwrap_or_default();
    match sighting.turn(&before, &settings.identity, Instant::now()) {
        Turn::Wait => Ok(false),
        Turn::Renew | Turn::Take => {
            lease.spec = Some(claim(settings, Some(before)));
            // The resource version that was read goes with it: of several who try, one succeeds.
            won(api
                .replace(&settings.name, &PostParams::default(), &lease)
                .await)
        }
    }
}

fn won(answer: Result<Lease, kube::Error>) -> Result<bool, kube::Error> {
    match answer {
        Ok(_) => Ok(true),
        Err(kube::Error::Api(status)) if status.code == 409 => Ok(false),
        Err(error) => Err(error),
    }
}

fn claim(settings: &LeaseSettings, before: Option<LeaseSpec>) -> LeaseSpec {
    let now = MicroTime(Timestamp::now());
    let before = before.unwrap_or_default();
    let ours = before.holder_identity.as_deref() == Some(&*settings.identity);
    let seconds = i32::try_from(settings.duration.as_secs()).unwrap_or(i32::MAX);
    LeaseSpec {
        holder_identity: Some(settings.identity.clone()),
        lease_duration_seconds: Some(seconds.max(1)),
        acquire_time: if ours {
            before.acquire_time
        } else {
            Some(now.clone())
        },
        renew_time: Some(now),
        lease_transitions: Some(before.lease_transitions.unwrap_or_default() + i32::from(!ours)),
        ..LeaseSpec::default()
    }
}

/// Lets go, so that another need not wait.
async fn release(api: &Api<Lease>, settings: &LeaseSettings) {
    let attempt = async {
        let Some(mut lease) = api.get_opt(&settings.name).await? else {
            return Ok(());
        };
        let spec = lease.spec.get_or_insert_default();
        if spec.holder_identity.as_deref() == Some(&*settings.identity) {
            spec.holder_identity = None;
            api.replace(&settings.name, &PostParams::default(), &lease)
                .await?;
        }
        Ok::<_, kube::Error>(())
    };
    match tokio::time::timeout(Duration::from_secs(2), attempt).await {
        Ok(Ok(())) => tracing::info!("let go of the lease"),
        Ok(Err(error)) => tracing::warn!(%error, "the lease could not be let go of; it runs out"),
        Err(_) => tracing::warn!("the lease could not be let go of in time; it runs out"),
    }
}

#[cfg(test)]
mod tests;
