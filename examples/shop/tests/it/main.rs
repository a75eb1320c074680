//! The shop from outside: the real binary, clients of its own and foreign ones, on every database.

#![allow(missing_docs, reason = "a test binary has no readers")]

mod buyers;
mod checkout;
mod foreign;
mod support;
