use super::*;

fn lease(holder: Option<&str>, second: i64) -> LeaseSpec {
    LeaseSpec {
        holder_identity: holder.map(str::to_owned),
        lease_duration_seconds: Some(15),
        renew_time: Some(MicroTime(Timestamp::from_second(second).expect("a time"))),
        ..LeaseSpec::default()
    }
}

#[test]
fn a_lease_without_signs_of_life_is_taken() {
    let start = Instant::now();
    let at = |seconds| start + Duration::from_secs(seconds);
    let mut sighting = Sighting::default();
    assert_eq!(sighting.turn(&lease(None, 0), "me", at(0)), Turn::Take);
    assert_eq!(sighting.turn(&lease(Some(""), 0), "me", at(0)), Turn::Take);
    assert_eq!(
        sighting.turn(&lease(Some("me"), 0), "me", at(0)),
        Turn::Renew
    );
    assert_eq!(
        sighting.turn(&lease(Some("you"), 0), "me", at(100)),
        Turn::Wait,
        "however old it says that it is"
    );
    assert_eq!(
        sighting.turn(&lease(Some("you"), 5), "me", at(110)),
        Turn::Wait
    );
    assert_eq!(
        sighting.turn(&lease(Some("you"), 5), "me", at(122)),
        Turn::Wait
    );
    assert_eq!(
        sighting.turn(&lease(Some("you"), 5), "me", at(123)),
        Turn::Take
    );
    assert_eq!(
        sighting.turn(&lease(Some("they"), 5), "me", at(124)),
        Turn::Wait,
        "another one took it"
    );
}

#[test]
fn a_claim_counts_transitions() {
    let settings = LeaseSettings {
        name: "l".to_owned(),
        namespace: "n".to_owned(),
        identity: "me".to_owned(),
        duration: Duration::from_secs(15),
    };
    let first = claim(&settings, None);
    assert_eq!(
        (first.lease_transitions, first.lease_duration_seconds),
        (Some(1), Some(15))
    );
    let renewed = claim(&settings, Some(first.clone()));
    assert_eq!(
        (renewed.lease_transitions, renewed.acquire_time.clone()),
        (Some(1), first.acquire_time)
    );
    let other = LeaseSpec {
        holder_identity: Some("you".to_owned()),
        ..renewed
    };
    assert_eq!(claim(&settings, Some(other)).lease_transitions, Some(2));
}

#[test]
fn who_holds_it_may_write_until_it_runs_out() {
    let alone = Leadership::new(true);
    assert!(alone.holds());
    let leadership = Leadership::new(false);
    assert!(!leadership.holds());
    leadership.win(Instant::now() + Duration::from_secs(60));
    assert!(leadership.holds() && *leadership.changes().borrow());
    leadership.win(Instant::now());
    assert!(!leadership.holds(), "not renewed in time");
    assert_eq!(leadership.lose_or_fail(), Err(Lost));
    assert_eq!(leadership.lose_or_fail(), Ok(()));
}
