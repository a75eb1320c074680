//! What a connector can do.

mod fit;

/// What a connector can do, told before anything is asked of it. The laws hold a connector to what it declares: what it can,
/// it does as every other one; what it cannot, it refuses as told here, and never does half of it.
///
/// A new capability is `true` in [`Capabilities::ALL`]; a connector that lacks it says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// Strings hold the character U+0000. Without, a write of one and a filter for one are INVALID_ARGUMENT.
    pub nul_in_text: bool,
    /// `float` and `double` columns hold NaN and the infinities. Without, a write of one is INVALID_ARGUMENT. Inside
    /// messages and lists they are stored in any case.
    pub numbers_not_finite: bool,
    /// `float` and `double` columns keep the sign of zero. Without, a negative zero is stored as zero, which it equals.
    /// Inside messages and lists it is kept in any case.
    pub negative_zero: bool,
    /// Most characters of a string, and bytes of `bytes`, in a field of the key or of an index. Beyond, a write is
    /// INVALID_ARGUMENT.
    pub indexed_length: Option<u32>,
    /// Regular expressions take time in proportion to the text. Without, a hostile one is stopped at the limit of a
    /// statement.
    pub linear_regexp: bool,
    /// Rows outlive the process. Without, nothing of it is told to callers; what would be stored to be found after a crash
    /// is not.
    pub durable: bool,
    /// Filters and orders measure distances between places. Without, they are UNIMPLEMENTED.
    pub distances: bool,
    /// Most bytes of the values of an index together, each at its longest. Beyond, [`Capabilities::check`] refuses the model.
    pub index_bytes: Option<u32>,
    /// Most bytes of the name of a table or column. Beyond, the model is refused.
    pub name_bytes: Option<u32>,
    /// Most columns of a table. Beyond, the model is refused.
    pub columns: Option<u32>,
}

impl Capabilities {
    /// Everything, as SQLite can.
    pub const ALL: Self = Self {
        nul_in_text: true,
        numbers_not_finite: true,
        negative_zero: true,
        indexed_length: None,
        linear_regexp: true,
        durable: true,
        distances: true,
        index_bytes: None,
        name_bytes: None,
        columns: None,
    };

    /// Without [`Capabilities::nul_in_text`].
    #[must_use]
    pub const fn without_nul_in_text(mut self) -> Self {
        self.nul_in_text = false;
        self
    }

    /// Without [`Capabilities::numbers_not_finite`].
    #[must_use]
    pub const fn without_numbers_not_finite(mut self) -> Self {
        self.numbers_not_finite = false;
        self
    }

    /// Without [`Capabilities::negative_zero`].
    #[must_use]
    pub const fn without_negative_zero(mut self) -> Self {
        self.negative_zero = false;
        self
    }

    /// With a bound on [`Capabilities::indexed_length`].
    #[must_use]
    pub const fn with_indexed_length(mut self, most: u32) -> Self {
        self.indexed_length = Some(most);
        self
    }

    /// Without [`Capabilities::durable`].
    #[must_use]
    pub const fn without_durability(mut self) -> Self {
        self.durable = false;
        self
    }

    /// Without [`Capabilities::linear_regexp`].
    #[must_use]
    pub const fn without_linear_regexp(mut self) -> Self {
        self.linear_regexp = false;
        self
    }

    /// Without [`Capabilities::distances`].
    #[must_use]
    pub const fn without_distances(mut self) -> Self {
        self.distances = false;
        self
    }

    /// With a bound on [`Capabilities::index_bytes`].
    #[must_use]
    pub const fn with_index_bytes(mut self, most: u32) -> Self {
        self.index_bytes = Some(most);
        self
    }

    /// With a bound on [`Capabilities::name_bytes`].
    #[must_use]
    pub const fn with_name_bytes(mut self, most: u32) -> Self {
        self.name_bytes = Some(most);
        self
    }

    /// With a bound on [`Capabilities::columns`].
    #[must_use]
    pub const fn with_columns(mut self, most: u32) -> Self {
        self.columns = Some(most);
        self
    }
}
