//! The standard engine: Create, Get, List, Update, Delete, Count and the batch methods of every model.
//!
//! [`StandardEngine`] makes one handler per standard method of a schema. A handler reads its arguments through a view of
//! the request, at the field numbers of the method's `RequestShape`, and writes its answer around the stored bytes.
//!
//! What holds for all of them:
//! - A field that is REQUIRED and not set is INVALID_ARGUMENT. For a number or bool without presence zero is a value, so
//!   REQUIRED asks nothing of it.
//! - OUTPUT_ONLY fields and the server-filled times are ignored on input. IMMUTABLE fields of the row are set once.
//! - Hidden fields are refused on input and in masks, filters and orders, and stripped from every answer; INPUT_ONLY
//!   fields are stripped as well.
//! - A method on the rows of a relation is the plain one with a condition, behind a look whether the row is there that
//!   they belong to.
//! - `include` brings related rows in their navigation fields, by one question to the store for each relation it names.
//! - A repeated `request_id` of the same caller gets the first answer again; callers are told apart by who the context
//!   says they are, or else by their `authorization` and `cookie` metadata. Answers are remembered by the process, in bounded number, and
//!   with [`RequestIds`] stored in the transaction of the call, where other replicas and the next run find them.

mod answer;
mod arguments;
mod asked;
mod batch;
mod batch_write;
mod builder;
mod bulk;
mod create;
mod delete;
mod include;
mod input;
mod list;
mod operation;
mod owned;
mod read;
mod related;
mod request_id;
mod request_ids;
#[cfg(test)]
mod tests;
mod undelete;
mod update;

pub use batch_write::Overridden;
pub use builder::StandardEngine;
pub use include::include;
pub use request_ids::RequestIds;
