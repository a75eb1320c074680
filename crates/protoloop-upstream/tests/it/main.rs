//! Calls passed on for real: over sockets, and to services in the process.

mod client;
mod echo;
mod in_process;
mod matrix;
