//! The server over real sockets, spoken to by tonic's and hyper's clients.

mod calls;
mod client;
mod expect;
mod fixture;
mod http1;
mod reflection;
mod replace;
mod rest_streams;
mod shutdown;
mod socket;
mod tls;
mod watched;
