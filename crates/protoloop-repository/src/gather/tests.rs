//! Reads that wait, over a source that tells what it was asked.

use std::{
    sync::{Arc, Mutex, atomic::AtomicBool},
    time::Duration,
};

use futures_util::future::join_all;
use protoloop_core::Code;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::*;

/// More than there are connections.
const LANES: usize = 4;

/// Doubles numbers, one statement at a time.
struct Doubling {
    connections: Arc<Semaphore>,
    asked: Mutex<Vec<(u8, Vec<u64>)>>,
    fails: AtomicBool,
    slow: bool,
}

impl Doubling {
    fn new(slow: bool) -> Arc<Gather<Self>> {
        Gather::new(
            Self {
                connections: Arc::new(Semaphore::new(1)),
                asked: Mutex::default(),
                fails: AtomicBool::new(false),
                slow,
            },
            LANES,
        )
    }

    fn asked(&self) -> Vec<(u8, Vec<u64>)> {
        self.asked.lock().expect("no panic").clone()
    }
}

impl Source for Doubling {
    type Shape = u8;
    type Key = u64;
    type Found = u64;
    type Connection = OwnedSemaphorePermit;

    async fn connection(&self) -> Result<OwnedSemaphorePermit> {
        let permit = Arc::clone(&self.connections).acquire_owned().await;
        permit.map_err(|_| Error::new(Code::Unavailable, "closed"))
    }

    async fn ask(
        &self,
        connection: OwnedSemaphorePermit,
        shape: &u8,
        keys: &[u64],
    ) -> Result<Vec<u64>> {
        self.asked
            .lock()
            .expect("no panic")
            .push((*shape, keys.to_vec()));
        if self.slow {
            std::future::pending::<()>().await;
        }
        tokio::task::yield_now().await;
        drop(connection);
        match self.fails.load(Ordering::Relaxed) {
            true => Err(Error::internal_error("it fails")),
            false => Ok(keys.iter().map(|key| key * 2).collect()),
        }
    }
}

/// A read that can be spawned.
fn ask(
    gather: &Arc<Gather<Doubling>>,
    shape: u8,
    keys: Vec<u64>,
) -> impl Future<Output = Result<Option<Vec<u64>>>> + Send + use<> {
    let gather = Arc::clone(gather);
    async move { gather.ask(shape, keys).await }
}

/// All connections are taken until it is dropped.
fn busy(gather: &Gather<Doubling>) -> OwnedSemaphorePermit {
    let permit = Arc::clone(&gather.source().connections).try_acquire_owned();
    permit.expect("free")
}

#[tokio::test]
async fn those_that_wait_share_a_statement_and_each_gets_its_own() {
    let gather = Doubling::new(false);
    let taken = busy(&gather);
    let reads = (0..20u64).map(|n| ask(&gather, 1, vec![n % 5, n]));
    let reads = tokio::spawn(join_all(reads.collect::<Vec<_>>()));
    tokio::task::yield_now().await;
    drop(taken);
    for (n, read) in (0..).zip(reads.await.expect("no panic")) {
        assert_eq!(read.expect("reads"), Some(vec![n % 5 * 2, n * 2]));
    }
    let asked = gather.source().asked();
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert_eq!(asked[0].1, (0..20).collect::<Vec<_>>());
    assert_eq!(
        gather.gathered(),
        Gathered {
            reads: 20,
            statements: 1
        }
    );
}

#[tokio::test]
async fn shapes_are_kept_apart_and_statements_bounded() {
    let gather = Doubling::new(false);
    let taken = busy(&gather);
    let reads = (0..300u64).map(|n| ask(&gather, u8::from(n % 3 == 0), vec![n]));
    let reads = tokio::spawn(join_all(reads.collect::<Vec<_>>()));
    tokio::task::yield_now().await;
    drop(taken);
    for (n, read) in (0..).zip(reads.await.expect("no panic")) {
        assert_eq!(read.expect("reads"), Some(vec![n * 2]));
    }
    for (shape, keys) in gather.source().asked() {
        assert!(keys.len() <= GATHERED_KEYS);
        assert!(keys.iter().all(|n| u8::from(n % 3 == 0) == shape));
    }
    assert_eq!(gather.source().asked().len(), 3);
}

#[tokio::test]
async fn a_failed_statement_sends_each_on_its_own_way() {
    let gather = Doubling::new(false);
    gather.source().fails.store(true, Ordering::Relaxed);
    let reads = join_all((0..3).map(|n| ask(&gather, 0, vec![n]))).await;
    assert!(reads.into_iter().all(|read| matches!(read, Ok(None))));
}

#[tokio::test]
async fn without_a_connection_all_are_told_why() {
    let gather = Doubling::new(false);
    let taken = busy(&gather);
    let reads = (0..3).map(|n| ask(&gather, 0, vec![n]));
    let reads = tokio::spawn(join_all(reads.collect::<Vec<_>>()));
    tokio::task::yield_now().await;
    gather.source().connections.close();
    for read in reads.await.expect("no panic") {
        assert_eq!(read.expect_err("closed").code(), Code::Unavailable);
    }
    drop(taken);
}

#[tokio::test]
async fn one_that_goes_away_is_not_asked_for_and_hurts_nobody() {
    let gather = Doubling::new(false);
    let taken = busy(&gather);
    let gone = tokio::time::timeout(Duration::ZERO, ask(&gather, 0, vec![1])).await;
    assert!(gone.is_err());
    let other = tokio::spawn(ask(&gather, 0, vec![2]));
    tokio::task::yield_now().await;
    drop(taken);
    let other = other.await.expect("no panic");
    assert_eq!(other.expect("reads"), Some(vec![4]));
    assert_eq!(gather.source().asked(), [(0, vec![2])]);
}

#[tokio::test]
async fn a_statement_that_nobody_waits_for_is_given_up() {
    let gather = Doubling::new(true);
    let soon = Duration::from_millis(20);
    let read = tokio::time::timeout(soon, ask(&gather, 0, vec![1])).await;
    assert!(read.is_err());
    // Its connection comes back.
    let connection = gather.source().connections.acquire();
    let connection = tokio::time::timeout(Duration::from_secs(5), connection).await;
    drop(connection.expect("in time").expect("open"));
}

#[tokio::test]
async fn reads_wait_where_all_lanes_are_taken() {
    let gather = Doubling::new(false);
    let lanes: Vec<_> = (0..LANES).map_while(|_| gather.enter()).collect();
    assert_eq!(lanes.len(), LANES);
    assert!(gather.enter().is_none());
    let reads = (0..5).map(|key| tokio::spawn(ask(&gather, 0, vec![key])));
    let reads: Vec<_> = reads.collect();
    tokio::task::yield_now().await;
    assert!(gather.source().asked().is_empty());
    drop(lanes);
    for (key, read) in (0..).zip(reads) {
        let found = read.await.expect("ends").expect("answers");
        assert_eq!(found, Some(vec![key * 2]));
    }
    assert_eq!(gather.source().asked().len(), 1);
    assert!(gather.enter().is_some());
}

#[tokio::test]
async fn a_lane_is_not_waited_for_where_its_statement_takes_long() {
    let gather = Doubling::new(false);
    let _lanes: Vec<_> = (0..LANES).map_while(|_| gather.enter()).collect();
    assert!(gather.enter().is_none());
    let in_time = Duration::from_secs(5);
    let found = tokio::time::timeout(in_time, ask(&gather, 0, vec![1])).await;
    let found = found.expect("in time").expect("answers");
    assert_eq!(found, Some(vec![2]));
}
