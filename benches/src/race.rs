//! Interleaved timing of several ways to do one thing.

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

/// How long one sample of one contestant takes.
const SAMPLE: Duration = Duration::from_micros(1_500);
/// How many samples each contestant gives.
const SAMPLES: usize = 101;

/// One way to do it.
pub struct Contestant<'a> {
    /// Its name, as the table shows it.
    pub name: &'a str,
    /// Does it once.
    pub run: Box<dyn FnMut() + 'a>,
    /// How much faster the first contestant shall be than this one; `None` where it is only shown.
    pub target: Option<f64>,
}

impl std::fmt::Debug for Contestant<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Contestant")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// The outcome: median time of each contestant, the first one being the one that is measured against the others.
#[derive(Clone, Debug)]
pub struct Race {
    /// What was done.
    pub title: String,
    /// Size of the input, for the throughput column; 0 to leave it out.
    pub bytes: usize,
    /// Name, median time of one run, and the target ratio.
    pub results: Vec<(String, Duration, Option<f64>)>,
}

impl Race {
    /// Runs the contestants in turns and takes the median of each.
    #[must_use]
    pub fn run(title: &str, bytes: usize, mut contestants: Vec<Contestant<'_>>) -> Self {
        let rounds: Vec<u32> = contestants.iter_mut().map(calibrate).collect();
        let mut samples = vec![Vec::with_capacity(SAMPLES); contestants.len()];
        for _ in 0..SAMPLES {
            for (index, contestant) in contestants.iter_mut().enumerate() {
                let start = Instant::now();
                for _ in 0..rounds[index] {
                    (contestant.run)();
                }
                samples[index].push(start.elapsed() / rounds[index]);
            }
        }
        let results = contestants
            .iter()
            .zip(samples)
            .map(|(contestant, mut samples)| {
                samples.sort_unstable();
                let median = samples[samples.len() / 2];
                (contestant.name.to_owned(), median, contestant.target)
            })
            .collect();
        Self {
            title: title.to_owned(),
            bytes,
            results,
        }
    }

    /// Whether every target is met.
    #[must_use]
    pub fn meets_targets(&self) -> bool {
        self.results
            .iter()
            .all(|(_, time, target)| target.is_none_or(|target| self.ratio(*time) >= target))
    }

    /// How many times longer `time` is than the first contestant's.
    fn ratio(&self, time: Duration) -> f64 {
        time.as_secs_f64() / self.results[0].1.as_secs_f64()
    }
}

/// How many runs make up one sample.
fn calibrate(contestant: &mut Contestant<'_>) -> u32 {
    let mut rounds = 1;
    loop {
        let start = Instant::now();
        for _ in 0..rounds {
            (contestant.run)();
        }
        if start.elapsed() >= SAMPLE || rounds >= 1 << 20 {
            return rounds;
        }
        rounds *= 2;
    }
}

/// Prints races as a table: time and throughput of each contestant, and how many times longer it took than the first.
#[allow(clippy::print_stdout, reason = "a benchmark prints its result")]
pub fn print(races: &[Race]) {
    let mut text = String::new();
    for race in races {
        let _ = writeln!(text, "\n{} ({} bytes)", race.title, race.bytes);
        for (name, time, target) in &race.results {
            let throughput = race.bytes as f64 / time.as_secs_f64() / 1e6;
            let verdict = match target {
                Some(target) if race.ratio(*time) >= *target => format!("target {target}x met"),
                Some(target) => format!("target {target}x MISSED"),
                None => String::new(),
            };
            let _ = writeln!(
                text,
                "  {name:<24} {:>12.3?} {throughput:>9.0} MB/s {:>7.2}x  {verdict}",
                time,
                race.ratio(*time)
            );
        }
    }
    println!("{text}");
}
