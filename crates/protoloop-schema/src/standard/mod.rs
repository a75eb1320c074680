//! Recognises standard methods by name and shape.

mod fields;
mod guess;
mod shape;

pub(crate) use guess::{Guess, guess, kind_of};
pub(crate) use shape::{fit, fit_related};
