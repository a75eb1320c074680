//! Wrong input, row by row: each gets the right code and a message that names the place, and the server lives on.

mod batches;
mod bytes;
mod grpc;
mod json;
mod query;
mod requests;
mod table;
