//! Numbers that follow from a seed.

/// SplitMix64.
pub(in crate::laws) struct Dice(u64);

impl Dice {
    pub(in crate::laws) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(in crate::laws) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    /// True in one of so many cases.
    pub(in crate::laws) fn one_in(&mut self, cases: usize) -> bool {
        self.below(cases) == 0
    }

    pub(in crate::laws) fn pick<'t, T>(&mut self, from: &'t [T]) -> &'t T {
        &from[self.below(from.len())]
    }
}
