//! The process itself, as the kernel sees it. Looked at when metrics are; where there is no `/proc`, most is not said.

use std::{fs, time::Instant};

use opentelemetry::metrics::Meter;

use crate::{
    attributes,
    definitions::{BUILD, CPU_TIME, FILES, MEMORY, THREADS, UPTIME},
};

/// In this unit the kernel tells processes of their time, whatever its own clock does.
const TICKS_PER_SECOND: f64 = 100.0;

/// Has the process looked at.
pub(crate) fn watch(meter: &Meter) {
    cpu_time(meter);
    of_status(meter);
    meter
        .i64_observable_up_down_counter(FILES.name)
        .with_unit(FILES.unit)
        .with_description(FILES.description)
        .with_callback(|observer| {
            if let Ok(files) = fs::read_dir("/proc/self/fd") {
                // One of them is this folder.
                let count = files.count().saturating_sub(1);
                observer.observe(i64::try_from(count).unwrap_or(i64::MAX), &[]);
            }
        })
        .build();
    let began = Instant::now();
    meter
        .f64_observable_gauge(UPTIME.name)
        .with_unit(UPTIME.unit)
        .with_description(UPTIME.description)
        .with_callback(move |observer| observer.observe(began.elapsed().as_secs_f64(), &[]))
        .build();
    meter
        .u64_observable_gauge(BUILD.name)
        .with_description(BUILD.description)
        .with_callback(|observer| {
            let version = attributes::of("version", env!("CARGO_PKG_VERSION"));
            observer.observe(1, &[version]);
        })
        .build();
}

fn cpu_time(meter: &Meter) {
    meter
        .f64_observable_counter(CPU_TIME.name)
        .with_unit(CPU_TIME.unit)
        .with_description(CPU_TIME.description)
        .with_callback(|observer| {
            let Some((user, system)) = fs::read_to_string("/proc/self/stat")
                .ok()
                .and_then(|stat| times(&stat))
            else {
                return;
            };
            for (mode, seconds) in [("user", user), ("system", system)] {
                observer.observe(seconds, &[attributes::of("cpu.mode", mode)]);
            }
        })
        .build();
}

fn of_status(meter: &Meter) {
    let lines = [(&MEMORY, "VmRSS:", 1024), (&THREADS, "Threads:", 1)];
    for (definition, line, factor) in lines {
        meter
            .i64_observable_up_down_counter(definition.name)
            .with_unit(definition.unit)
            .with_description(definition.description)
            .with_callback(move |observer| {
                let status = fs::read_to_string("/proc/self/status").ok();
                if let Some(value) = status.and_then(|status| number(&status, line)) {
                    observer.observe(value.saturating_mul(factor), &[]);
                }
            })
            .build();
    }
}

/// Seconds in user mode and in the kernel, as `/proc/self/stat` says them.
fn times(stat: &str) -> Option<(f64, f64)> {
    // The second field is a name in parentheses, which may hold anything.
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut fields = rest.split(' ').skip(11);
    let mut seconds = || Some(fields.next()?.parse::<f64>().ok()? / TICKS_PER_SECOND);
    Some((seconds()?, seconds()?))
}

/// The number of a line of `/proc/self/status`.
fn number(status: &str, line: &str) -> Option<i64> {
    let mut found = status.lines().filter_map(|text| text.strip_prefix(line));
    let value = found.next()?.trim().split(' ').next()?;
    value.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_files_are_read() {
        let stat = "12 (a ) b) S 1 12 12 0 -1 4194560 100 0 0 0 150 25 0 0 20 0 4 0 77 9 9";
        assert_eq!(times(stat), Some((1.5, 0.25)));
        assert_eq!(times("12 (a) S 1"), None);
        let status = "Name:\tx\nVmRSS:\t   21504 kB\nThreads:\t4\n";
        assert_eq!(number(status, "VmRSS:"), Some(21504));
        assert_eq!(number(status, "Threads:"), Some(4));
        assert_eq!(number(status, "VmSwap:"), None);
    }
}
