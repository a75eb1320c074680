//! What is printed.

#![allow(clippy::print_stdout, reason = "a benchmark prints its result")]

use std::time::Duration;

use crate::{gateway::Kind, load::Tally};

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

pub(crate) fn latency(rate: f64, tally: &Tally) {
    let at = |share: f64| tally.latencies[(tally.latencies.len() as f64 * share) as usize];
    let (median, late) = (at(0.5), at(0.99));
    let ratio = late.as_secs_f64() / median.as_secs_f64();
    println!(
        "\nprotoloop gateway at {rate:.0} requests/s: p50 {median:.1?}, p99 {late:.1?}, {ratio:.1}x (at most 5x wanted)"
    );
}
