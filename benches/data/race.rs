//! Two servers in turns.

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use tokio::runtime::Runtime;

use crate::load::Load;

/// How long a turn takes, about.
const TURN: Duration = Duration::from_millis(60);
/// Turns of each.
const TURNS: usize = 15;

/// What came of a race.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) title: String,
    /// Ours, then the other's.
    pub(crate) rates: [f64; 2],
    pub(crate) p99: [Duration; 2],
    /// What our rate over the other's shall be.
    pub(crate) target: f64,
    /// Whether our p99 shall be lower.
    pub(crate) lower_p99: bool,
}

/// Lets ours and the other run in turns; the rate of each is the median of its turns.
pub(crate) fn race(client: &Runtime, title: String, target: f64, loads: [Load; 2]) -> Outcome {
    let mut loads = loads;
    let times = loads.each_mut().map(|load| calibrated(client, load));
    let times = times[0].min(times[1]);
    let mut rates = [Vec::new(), Vec::new()];
    let mut taken = [Vec::new(), Vec::new()];
    for turn in 0..TURNS {
        // Who begins changes, since each leaves the machine in some state.
        for at in [turn % 2, (turn + 1) % 2] {
            let begun = Instant::now();
            let each = client.block_on(loads[at].run(times));
            rates[at].push(each.len() as f64 / begun.elapsed().as_secs_f64());
            taken[at].extend(each);
        }
    }
    Outcome {
        title,
        rates: rates.map(median),
        p99: taken.map(p99),
        target,
        lower_p99: false,
    }
}

/// How many requests of each connection make up a turn.
fn calibrated(client: &Runtime, load: &mut Load) -> usize {
    let mut times = 1;
    loop {
        let begun = Instant::now();
        client.block_on(load.run(times));
        let taken = begun.elapsed();
        if taken * 2 >= TURN {
            let wanted = times as f64 * TURN.as_secs_f64() / taken.as_secs_f64();
            return (wanted as usize).max(1);
        }
        times *= 2;
    }
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_unstable_by(f64::total_cmp);
    rates[rates.len() / 2]
}

fn p99(mut taken: Vec<Duration>) -> Duration {
    taken.sort_unstable();
    taken[taken.len() * 99 / 100]
}

impl Outcome {
    pub(crate) fn ratio(&self) -> f64 {
        self.rates[0] / self.rates[1]
    }

    fn is_met(&self) -> bool {
        self.ratio() >= self.target && (!self.lower_p99 || self.p99[0] < self.p99[1])
    }
}

/// The table of some races.
pub(crate) fn table(outcomes: &[Outcome]) -> String {
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{:<44} {:>9} {:>9} {:>7} {:>7} {:>9} {:>9}",
        "", "ours/s", "hand/s", "ratio", "wanted", "p99", "p99 hand"
    );
    for outcome in outcomes {
        let [ours, other] = outcome.rates;
        let [p99, other_p99] = outcome.p99.map(|p99| p99.as_secs_f64() * 1e3);
        let _ = writeln!(
            text,
            "{:<44} {ours:>9.0} {other:>9.0} {:>7.2} {:>7.2} {p99:>6.2} ms {other_p99:>6.2} ms {}",
            outcome.title,
            outcome.ratio(),
            outcome.target,
            if outcome.is_met() { "" } else { "MISSED" },
        );
    }
    text
}
