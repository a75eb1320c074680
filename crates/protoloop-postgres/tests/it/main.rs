//! The connector on a private server.

mod laws;
mod random;
