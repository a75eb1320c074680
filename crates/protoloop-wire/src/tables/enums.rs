//! Enum values by name and by number.

use std::{collections::HashMap, sync::Arc};

use protoloop_schema::Enum;

/// One enum: names to numbers, numbers to names.
#[derive(Debug)]
pub struct EnumTable {
    full_name: Arc<str>,
    open: bool,
    null_value: bool,
    /// The first value declared: the default.
    first: i32,
    by_name: HashMap<Arc<str>, i32>,
    /// Names of the numbers 0, 1, 2… in a row.
    dense: Box<[Option<Arc<str>>]>,
    sparse: HashMap<i32, Arc<str>>,
}

/// Numbers below this are looked up by array index.
const DENSE: i32 = 256;

impl EnumTable {
    pub(super) fn new(source: &Enum) -> Self {
        let reach = source
            .values
            .iter()
            .map(|value| value.number)
            .filter(|number| (0..DENSE).contains(number))
            .max()
            .map_or(0, |largest| largest as usize + 1);
        let mut dense = vec![None; reach].into_boxed_slice();
        let mut sparse = HashMap::new();
        let mut by_name = HashMap::new();
        for value in &source.values {
            by_name.insert(Arc::clone(&value.name), value.number);
            let index = usize::try_from(value.number).ok();
            match index.and_then(|index| dense.get_mut(index)) {
                // The first name of a number wins; later ones are aliases.
                Some(slot) => {
                    slot.get_or_insert_with(|| Arc::clone(&value.name));
                }
                None => {
                    sparse
                        .entry(value.number)
                        .or_insert_with(|| Arc::clone(&value.name));
                }
            }
        }
        Self {
            full_name: Arc::clone(&source.full_name),
            open: source.open,
            null_value: source.null_value,
            first: source.values.first().map_or(0, |value| value.number),
            by_name,
            dense,
            sparse,
        }
    }

    /// Full name.
    #[must_use]
    pub fn full_name(&self) -> &str {
        &self.full_name
    }

    /// Whether unknown numbers are values (proto3).
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// Whether it is `google.protobuf.NullValue`.
    #[must_use]
    pub fn is_null_value(&self) -> bool {
        self.null_value
    }

    /// The number of the first value declared, which is the default.
    #[must_use]
    pub fn default_number(&self) -> i32 {
        self.first
    }

    /// The number of a name; aliases included.
    #[must_use]
    pub fn number_of(&self, name: &str) -> Option<i32> {
        self.by_name.get(name).copied()
    }

    /// The name of a number; of several aliases the one declared first.
    #[must_use]
    #[inline]
    pub fn name_of(&self, number: i32) -> Option<&str> {
        match usize::try_from(number)
            .ok()
            .and_then(|index| self.dense.get(index))
        {
            Some(slot) => slot.as_deref(),
            None => self.sparse.get(&number).map(|name| &**name),
        }
    }

    /// Whether a field of this enum can hold the number: open, or a declared value. `NullValue` is open on the wire, but
    /// its JSON form, `null`, has room for one value only.
    #[must_use]
    #[inline]
    pub fn accepts(&self, number: i32) -> bool {
        (self.open && !self.null_value) || self.name_of(number).is_some()
    }
}
