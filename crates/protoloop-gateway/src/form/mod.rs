//! Forms as request bodies: `application/x-www-form-urlencoded` and `multipart/form-data`.
//!
//! - [`Format`]: which of the two a body is, by `Content-Type`; [`check_origin`]: who may send one.
//! - [`Multipart`]: cuts a body into parts as it comes; [`Head`]: what a part says about itself.
//! - [`read`]: a whole form; [`Reader`], [`FormRequests`]: one whose files go on piece by piece.
//!
//! What the fields mean is [`bind::Fields`](crate::bind::Fields)' to say. The parser is our own since it must hold to a
//! bound on everything it keeps, preamble and part headers too, in streams that have no bound as a whole.

mod format;
mod multipart;
mod origin;
mod parameters;
mod part;
mod reader;
mod requests;
mod whole;

pub use format::is_form;
pub(crate) use format::{Format, comes_unasked};
pub use origin::PageMayCall;
pub(crate) use origin::check_origin;
pub(crate) use part::Head;
pub(crate) use reader::{Item, Reader};
pub(crate) use requests::FormRequests;
pub(crate) use whole::read;

use multipart::{Event, Multipart};
