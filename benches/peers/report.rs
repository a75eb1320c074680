//! What is printed.

#![allow(clippy::print_stdout, reason = "a benchmark prints its result")]

use std::time::Duration;

use crate::{gateway::Kind, load::Tally};

/// How many times p50 our p99 may be.
const LATE: f64 = 5.0;

/// One gateway's medians over its turns.
pub(crate) struct Line {
    kind: Kind,
    /// Requests in a second of the clock.
    rate: f64,
    /// Its own CPU time for one request.
    cpu: Duration,
}

impl Line {
    pub(crate) fn of(kind: Kind, turns: &[(Tally, Duration)]) -> Self {
        let rates = turns.iter().map(|(tally, _)| tally.per_second());
        let cpu = turns
            .iter()
            .map(|(tally, cpu)| cpu.as_secs_f64() / tally.requests as f64);
        Self {
            kind,
            rate: median(rates),
            cpu: Duration::from_secs_f64(median(cpu)),
        }
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

pub(crate) fn note(text: &str) {
    println!("{text}");
}

/// The first line is the one that the others are compared with.
pub(crate) fn table(title: &str, lines: &[Line]) {
    println!("\n{title}");
    for line in lines {
        let ratio = line.cpu.as_secs_f64() / lines[0].cpu.as_secs_f64();
        let verdict = match line.kind.target() {
            Some(target) if ratio >= target => format!("target {target}x met"),
            Some(target) => format!("target {target}x MISSED"),
            None => String::new(),
        };
        println!(
            "  {:<18} {:>8.0} requests/s {:>10.1?} CPU each {ratio:>6.2}x  {verdict}",
            line.kind.name(),
            line.rate,
            line.cpu
        );
    }
}

/// One gateway's latencies at a pace: medians over the parts of its turns, for the moments when the machine stands still are not
/// its own, and meet fewer than half of the parts.
pub(crate) struct Pace {
    kind: Kind,
    rate: f64,
    half: Duration,
    late: Duration,
    /// The 99th percentile of all requests, those moments included.
    all: Duration,
}

impl Pace {
    pub(crate) fn of(kind: Kind, turns: &[Tally]) -> Self {
        let at = |share: f64| {
            turns.iter().map(move |turn| {
                let index = (turn.latencies.len() as f64 * share) as usize;
                turn.latencies[index].as_secs_f64()
            })
        };
        Self {
            kind,
            rate: median(turns.iter().map(Tally::per_second)),
            half: Duration::from_secs_f64(median(at(0.5))),
            late: Duration::from_secs_f64(median(at(0.99))),
            all: late_of_all(turns),
        }
    }
}

fn late_of_all(turns: &[Tally]) -> Duration {
    let all = turns.iter().flat_map(|turn| &turn.latencies);
    let mut all: Vec<Duration> = all.copied().collect();
    all.sort_unstable();
    all[all.len() * 99 / 100]
}

/// The first line is ours.
pub(crate) fn latency(share: f64, paces: &[Pace]) {
    println!("\nREST GET at {share} of the highest rate");
    for (index, pace) in paces.iter().enumerate() {
        let ratio = pace.late.as_secs_f64() / pace.half.as_secs_f64();
        let verdict = match (index, ratio <= LATE) {
            (0, true) => format!("at most {LATE}x wanted: met"),
            (0, false) => format!("at most {LATE}x wanted: MISSED"),
            _ => String::new(),
        };
        println!(
            "  {:<18} {:>8.0} requests/s  p50 {:>8.1?}  p99 {:>8.1?} {ratio:>6.1}x  of all {:>8.1?}  {verdict}",
            pace.kind.name(),
            pace.rate,
            pace.half,
            pace.late,
            pace.all
        );
    }
}
