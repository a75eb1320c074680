//! Memory of streams on which nothing happens, for each of 1,000 that are open.
//!
//! `cargo bench -p protoloop-benches --bench idle`
//!
//! The server is a process of its own; what is told is by how much its resident memory grows when it has a number of
//! streams already, so that memory which it had left over at the start counts for nothing. It prints figures and asserts
//! nothing. Both processes need files for 1,500 connections: `ulimit -n 4096`.

#![allow(clippy::print_stdout, reason = "the figures are the point")]

mod clients;
mod server;

use std::{
    env, fs,
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    time::Duration,
};

/// Streams that are measured.
const STREAMS: usize = 1000;

/// Streams that are open before.
const EARLIER: usize = 500;

/// Tells the program that it is the server.
const SERVER: &str = "PROTOLOOP_BENCH_IDLE_SERVER";

fn main() {
    if env::var_os(SERVER).is_some() {
        return server::run();
    }
    println!("resident memory of the server for each of {STREAMS} open streams:");
    for (name, open) in clients::ALL {
        let (mut process, address) = start();
        let earlier = open(address, EARLIER);
        settle();
        let before = resident(&process);
        let streams = open(address, STREAMS);
        settle();
        let grown = resident(&process).saturating_sub(before);
        println!("  {name:<44} {:>6.1} KiB", kib(grown) / count(STREAMS));
        drop((earlier, streams));
        process.kill().expect("it runs");
        process.wait().expect("it ends");
    }
}

fn start() -> (Child, SocketAddr) {
    let program = env::current_exe().expect("a program");
    let mut process = Command::new(program)
        .env(SERVER, "1")
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut line = String::new();
    let out = process.stdout.take().expect("it is piped");
    BufReader::new(out).read_line(&mut line).expect("a pipe");
    let address = line.trim().parse().expect("its address");
    (process, address)
}

/// Lets the server come to rest.
fn settle() {
    std::thread::park_timeout(Duration::from_millis(500));
}

/// Bytes of resident memory.
fn resident(process: &Child) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", process.id()));
    let status = status.expect("a system with /proc");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|rest| rest.split_whitespace().next());
    let kib: u64 = number
        .and_then(|number| number.parse().ok())
        .expect("a figure");
    kib * 1024
}

#[allow(clippy::cast_precision_loss, reason = "a figure for people")]
fn kib(bytes: u64) -> f64 {
    bytes as f64 / 1024.0
}

#[allow(clippy::cast_precision_loss, reason = "a figure for people")]
fn count(number: usize) -> f64 {
    number as f64
}
