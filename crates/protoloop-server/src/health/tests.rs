use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::StreamExt as _;
use tokio_stream::wrappers::WatchStream;
use tonic::Request;
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_server::Health as _,
};

use super::*;

fn switch() -> (Arc<AtomicBool>, Check) {
    let on = Arc::new(AtomicBool::new(true));
    let seen = Arc::clone(&on);
    let check = Check::new("database", move || {
        let on = seen.load(Ordering::Relaxed);
        async move {
            if on {
                return Ok(());
            }
            Err(Error::unavailable("no answer from the database").with_internal("10.0.0.7:5432"))
        }
    });
    (on, check)
}

fn readiness(checks: Vec<Check>) -> Arc<Readiness> {
    let services = ["a.v1.A", "b.v1.B"].into_iter();
    Readiness::new(checks, services, Duration::from_secs(2))
}

async fn status(service: &HealthService, name: &str) -> Option<ServingStatus> {
    let request = Request::new(HealthCheckRequest {
        service: name.to_owned(),
    });
    let answer = service.check(request).await.ok()?;
    Some(answer.into_inner().status())
}

#[tokio::test]
async fn a_failed_check_takes_only_its_services_down() {
    let (on, check) = switch();
    let readiness = readiness(vec![check.for_services(["a.v1.A"])]);
    let service = HealthService::new(&readiness);
    assert_eq!(
        status(&service, "a.v1.A").await,
        Some(ServingStatus::NotServing),
        "not asked yet"
    );
    readiness.refresh().await;
    assert_eq!(
        status(&service, "a.v1.A").await,
        Some(ServingStatus::Serving)
    );
    on.store(false, Ordering::Relaxed);
    readiness.refresh().await;
    assert_eq!(
        status(&service, "a.v1.A").await,
        Some(ServingStatus::NotServing)
    );
    assert_eq!(
        status(&service, "b.v1.B").await,
        Some(ServingStatus::Serving)
    );
    assert_eq!(
        status(&service, READINESS).await,
        Some(ServingStatus::NotServing)
    );
    for name in ["", LIVENESS] {
        let found = status(&service, name).await;
        assert_eq!(found, Some(ServingStatus::Serving), "{name:?}");
    }
    assert_eq!(status(&service, "c.v1.C").await, None);
    let report = readiness.report().await;
    assert!(!report.is_ready());
    assert_eq!(
        report.outcomes[0].failure.as_deref(),
        Some("no answer from the database")
    );
}

#[tokio::test(start_paused = true)]
async fn a_check_that_does_not_answer_has_failed() {
    let readiness = readiness(vec![Check::new("stuck", std::future::pending)]);
    let report = readiness.report().await;
    assert_eq!(
        report.outcomes[0].failure.as_deref(),
        Some("no answer within 2000 ms")
    );
}

#[tokio::test]
async fn a_watcher_hears_every_change_and_the_end() {
    let (on, check) = switch();
    let readiness = readiness(vec![check]);
    readiness.refresh().await;
    let service = HealthService::new(&readiness);
    let request = Request::new(HealthCheckRequest {
        service: "a.v1.A".to_owned(),
    });
    let mut watch = service.watch(request).await.expect("a stream").into_inner();
    let mut next = async || {
        let item = watch.next().await?;
        Some(item.expect("no error").status())
    };
    assert_eq!(next().await, Some(ServingStatus::Serving));
    on.store(false, Ordering::Relaxed);
    readiness.refresh().await;
    assert_eq!(next().await, Some(ServingStatus::NotServing));
    on.store(true, Ordering::Relaxed);
    readiness.refresh().await;
    assert_eq!(next().await, Some(ServingStatus::Serving));
    readiness.drain();
    assert_eq!(next().await, Some(ServingStatus::NotServing));
    assert_eq!(next().await, None);
    readiness.refresh().await;
    for name in ["", READINESS] {
        let found = status(&service, name).await;
        assert_eq!(found, Some(ServingStatus::NotServing), "drained for good");
    }
    assert_eq!(
        status(&service, LIVENESS).await,
        Some(ServingStatus::Serving)
    );
}

#[tokio::test]
async fn an_unknown_service_can_be_watched() {
    let readiness = readiness(Vec::new());
    let service = HealthService::new(&readiness);
    let request = Request::new(HealthCheckRequest {
        service: "c.v1.C".to_owned(),
    });
    let mut watch = service.watch(request).await.expect("a stream").into_inner();
    let first = watch.next().await.expect("an item").expect("no error");
    assert_eq!(first.status(), ServingStatus::ServiceUnknown);
    readiness.drain();
    assert!(watch.next().await.is_none());
}

#[tokio::test]
async fn a_watched_service_may_come_and_go() {
    let (on, check) = switch();
    let readiness = readiness(vec![check]);
    readiness.refresh().await;
    let service = HealthService::new(&readiness);
    let request = Request::new(HealthCheckRequest {
        service: "c.v1.C".to_owned(),
    });
    let mut watch = service.watch(request).await.expect("a stream").into_inner();
    let mut next = async || {
        let item = watch.next().await?;
        Some(item.expect("no error").status())
    };
    assert_eq!(next().await, Some(ServingStatus::ServiceUnknown));
    readiness.replace_services(["a.v1.A", "c.v1.C"].into_iter());
    assert_eq!(next().await, Some(ServingStatus::Serving), "it is new");
    on.store(false, Ordering::Relaxed);
    readiness.refresh().await;
    assert_eq!(next().await, Some(ServingStatus::NotServing));
    readiness.replace_services(["a.v1.A"].into_iter());
    assert_eq!(next().await, Some(ServingStatus::ServiceUnknown), "gone");
    readiness.replace_services(["c.v1.C"].into_iter());
    assert_eq!(next().await, Some(ServingStatus::NotServing), "again");
    readiness.drain();
    assert_eq!(next().await, None);
}

#[tokio::test]
async fn services_come_and_go_with_the_schema() {
    let (_, check) = switch();
    let readiness = readiness(vec![check]);
    let service = HealthService::new(&readiness);
    readiness.refresh().await;
    let mut watched = WatchStream::new(readiness.status("a.v1.A").expect("known"));
    assert_eq!(watched.next().await, Some(true));
    readiness.replace_services(["b.v1.B", "c.v1.C"].into_iter());
    assert_eq!(watched.next().await, None, "it is gone");
    assert_eq!(status(&service, "a.v1.A").await, None);
    for name in ["b.v1.B", "c.v1.C", READINESS] {
        let found = status(&service, name).await;
        assert_eq!(found, Some(ServingStatus::Serving), "{name:?}");
    }
}
