//! `cargo xtask measure`: how fast the release binary starts and how little it takes.
//!
//! It prints figures and asserts nothing: they depend on the machine.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{Fallible, console, process};

const STARTS: usize = 20;

/// Builds the binary, starts it often on the smallest example, and prints the medians.
pub(crate) fn run(root: &Path) -> Fallible<()> {
    let binary = build(root)?;
    let mut starts = Vec::with_capacity(STARTS);
    let mut memory = Vec::with_capacity(STARTS);
    for _ in 0..STARTS {
        let run = start(root, &binary)?;
        starts.push(run.first_answer);
        memory.push(run.idle_kib);
    }
    starts.sort();
    memory.sort_unstable();
    let (start, slowest) = (starts[STARTS / 2], starts[STARTS - 1]);
    console::say(format_args!(
        "binary                      {:>8.1} MiB",
        mib(fs::metadata(&binary)?.len())
    ));
    console::say(format_args!(
        "first answer, median of {STARTS}  {:>8.1} ms",
        millis(start)
    ));
    console::say(format_args!(
        "first answer, slowest       {:>8.1} ms",
        millis(slowest)
    ));
    console::say(format_args!(
        "idle memory (RSS), median   {:>8.1} MiB",
        mib(memory[STARTS / 2] * 1024)
    ));
    Ok(())
}

/// What one start showed.
struct Run {
    first_answer: Duration,
    idle_kib: u64,
}

/// Builds the release binary and gives its path, which cargo tells in its messages.
fn build(root: &Path) -> Fallible<String> {
    let arguments = [
        "build",
        "--release",
        "--package",
        "protoloop-cli",
        "--message-format",
        "json",
    ];
    let messages = process::output(process::cargo(root).args(arguments))?;
    let mut paths = messages.lines().filter_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        message["executable"].as_str().map(ToOwned::to_owned)
    });
    Ok(paths.next_back().ok_or("cargo told of no binary")?)
}

fn start(root: &Path, binary: &str) -> Fallible<Run> {
    let begin = Instant::now();
    let mut server = Command::new(binary)
        .args([
            "serve",
            "examples/todo",
            "--db",
            "memory:",
            "--listen",
            "127.0.0.1:0",
        ])
        .current_dir(root)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let run = observe(&mut server, begin);
    server.kill()?;
    server.wait()?;
    run
}

fn observe(server: &mut Child, begin: Instant) -> Fallible<Run> {
    let out = server.stdout.take().ok_or("the server has no output")?;
    // Kept to the end: a server whose output nobody takes any more ends.
    let mut lines = BufReader::new(out).lines();
    let address = lines
        .by_ref()
        .map_while(Result::ok)
        .find_map(|line| address_in(&line));
    get(&address.ok_or("the server ended without a ready line")?)?;
    let first_answer = begin.elapsed();
    // Memory that start-up gave back is gone from the figure after a moment.
    thread::park_timeout(Duration::from_millis(300));
    Ok(Run {
        first_answer,
        idle_kib: resident_kib(server.id())?,
    })
}

/// `127.0.0.1:41234` in a line that shows `http://127.0.0.1:41234/v1`.
fn address_in(line: &str) -> Option<String> {
    let (_, rest) = line.split_once("http://")?;
    rest.split(|c: char| c == '/' || c.is_whitespace())
        .next()
        .map(ToOwned::to_owned)
}

/// One REST call through the whole pipeline.
fn get(address: &str) -> Fallible<()> {
    let mut stream = TcpStream::connect(address)?;
    write!(
        stream,
        "GET /v1/todos HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    if answer.starts_with("HTTP/1.1 200") {
        return Ok(());
    }
    Err(format!(
        "the server answered {}",
        answer.lines().next().unwrap_or_default()
    )
    .into())
}

fn resident_kib(process: u32) -> Fallible<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|rest| rest.split_whitespace().next());
    Ok(number
        .ok_or("the system does not tell the memory")?
        .parse()?)
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

#[allow(clippy::cast_precision_loss, reason = "a figure for people")]
fn mib(bytes: u64) -> f64 {
    bytes as f64 / (1024.0 * 1024.0)
}
