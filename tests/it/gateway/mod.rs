//! `protoloop gateway` in front of a server in Python.

mod editions;
mod failures;
mod forms;
mod protocols;
mod reload;
mod rules;
mod streams;
mod tls;
