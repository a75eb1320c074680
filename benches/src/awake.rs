//! Processors that do not sleep.

use std::{
    fs::{File, read_to_string},
    io::{Error, Result, Write as _},
};

/// Where Linux is asked how long a processor may take to wake, in microseconds, as long as the file is open.
/// <https://docs.kernel.org/power/pm_qos_interface.html>
const LATENCY: &str = "/dev/cpu_dma_latency";

const DRIVER: &str = "/sys/devices/system/cpu/cpuidle/current_driver";

/// Has idle processors wait for work instead of sleeping, as long as it lives.
///
/// Where all threads of a race wait for each other, as they do at one connection, most of the time would else be that of
/// processors which fall asleep and are woken, several times per call: tens of microseconds each on a virtual machine, whose
/// caches others use meanwhile. That is the machine's, not the servers'.
#[derive(Debug)]
pub struct Awake {
    _open: Option<File>,
}

impl Awake {
    /// Tells so where the processors cannot be kept awake, for which one has to be root.
    #[must_use]
    #[allow(clippy::print_stdout, reason = "a benchmark prints its result")]
    pub fn keep() -> Self {
        let open = ask();
        if let Err(error) = &open {
            println!(
                "processors may sleep, so that ratios at one connection mean little: {LATENCY}: {error}"
            );
        }
        Self { _open: open.ok() }
    }
}

fn ask() -> Result<File> {
    // Without a driver idle processors sleep whatever is asked.
    if read_to_string(DRIVER)?.trim() == "none" {
        return Err(Error::other(format!("{DRIVER} says none")));
    }
    let mut file = File::options().write(true).open(LATENCY)?;
    file.write_all(&0_i32.to_ne_bytes())?;
    Ok(file)
}
