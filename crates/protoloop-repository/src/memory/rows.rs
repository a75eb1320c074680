//! The rows of a store in the order of their keys.

use bytes::Bytes;

use crate::Key;

/// Most rows of a run.
const RUN: usize = 128;

/// Rows by key, in runs of neighbours.
///
/// Most keys are made by the server and grow, so a new row mostly goes behind the last one. That costs one comparison here;
/// a tree would be searched from its root.
#[derive(Clone, Debug, Default)]
pub(super) struct RowMap {
    /// None is empty, and its keys are below those of the next.
    runs: Vec<Vec<(Key, Bytes)>>,
    len: usize,
}

/// Where a row is or would be: the number of its run, and its place there. Holds until rows come or go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    run: usize,
    at: usize,
}

impl RowMap {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The place of a key; as an error, the place that it would have.
    pub(super) fn place(&self, key: &Key) -> Result<Place, Place> {
        let is_below = |run: &Vec<(Key, Bytes)>| run.last().is_none_or(|(last, _)| last < key);
        let run = match self.runs.last() {
            Some(last) if !is_below(last) => self.runs.partition_point(is_below),
            _ => self.runs.len(),
        };
        let Some(rows) = self.runs.get(run) else {
            return Err(Place { run, at: 0 });
        };
        let found = rows.binary_search_by(|(other, _)| other.cmp(key));
        found
            .map(|at| Place { run, at })
            .map_err(|at| Place { run, at })
    }

    pub(super) fn get(&self, key: &Key) -> Option<&Bytes> {
        let Place { run, at } = self.place(key).ok()?;
        Some(&self.runs[run][at].1)
    }

    /// Adds a row at the place that [`RowMap::place`] named for its key.
    pub(super) fn insert(&mut self, place: Place, key: Key, row: Bytes) {
        let Place { mut run, mut at } = place;
        self.len += 1;
        if run == self.runs.len() {
            match self.runs.last_mut() {
                Some(last) if last.len() < RUN => last.push((key, row)),
                _ => self.runs.push(vec![(key, row)]),
            }
            return;
        }
        if self.runs[run].len() >= RUN {
            let upper = self.runs[run].split_off(RUN / 2);
            self.runs.insert(run + 1, upper);
            if at > RUN / 2 {
                (run, at) = (run + 1, at - RUN / 2);
            }
        }
        self.runs[run].insert(at, (key, row));
    }

    /// Sets the row of a key.
    pub(super) fn set(&mut self, key: &Key, row: Bytes) {
        match self.place(key) {
            Ok(Place { run, at }) => self.runs[run][at].1 = row,
            Err(place) => self.insert(place, key.clone(), row),
        }
    }

    pub(super) fn remove(&mut self, key: &Key) {
        let Ok(Place { run, at }) = self.place(key) else {
            return;
        };
        self.len -= 1;
        self.runs[run].remove(at);
        // What little is left goes to a neighbour, so that runs do not become many and short.
        let left = self.runs[run].len();
        let next = self.runs.get(run + 1).map_or(RUN, Vec::len);
        if left + next <= RUN / 2 {
            let next = self.runs.remove(run + 1);
            self.runs[run].extend(next);
        } else if left == 0 {
            self.runs.remove(run);
        }
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = (&Key, &Bytes)> {
        self.runs.iter().flatten().map(|(key, row)| (key, row))
    }

    pub(super) fn values(&self) -> impl DoubleEndedIterator<Item = &Bytes> {
        self.runs.iter().flatten().map(|(_, row)| row)
    }

    /// The rows behind a key, in order.
    pub(super) fn behind<'a>(&'a self, key: &Key) -> impl Iterator<Item = &'a Bytes> + use<'a> {
        let Place { run, at } = match self.place(key) {
            Ok(Place { run, at }) => Place { run, at: at + 1 },
            Err(place) => place,
        };
        let first = self.runs.get(run).map_or(&[][..], |rows| &rows[at..]);
        let others = self.runs.iter().skip(run + 1).flatten();
        first.iter().chain(others).map(|(_, row)| row)
    }

    /// The rows in front of a key, the nearest first.
    pub(super) fn before<'a>(&'a self, key: &Key) -> impl Iterator<Item = &'a Bytes> + use<'a> {
        let (Ok(Place { run, at }) | Err(Place { run, at })) = self.place(key);
        let first = self.runs.get(run).map_or(&[][..], |rows| &rows[..at]);
        let others = self.runs[..run].iter().rev();
        let others = others.flat_map(|rows| rows.iter().rev());
        first.iter().rev().chain(others).map(|(_, row)| row)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        collections::BTreeMap,
        ops::Bound::{Excluded, Unbounded},
    };

    use proptest::prelude::*;

    use super::*;

    /// What comes, or goes: most keys grow, as those of a server do.
    fn changes() -> impl Strategy<Value = Vec<(bool, i64)>> {
        let change = (prop::bool::weighted(0.6), -400_i64..400);
        let grow = (Just(true), 400_i64..2_000);
        prop::collection::vec(prop_oneof![change, grow], 0..1_500)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn it_is_as_an_ordered_map(changes in changes(), asked in -500_i64..2_100) {
            let mut map = RowMap::default();
            let mut model = BTreeMap::new();
            for (count, (comes, number)) in changes.into_iter().enumerate() {
                let key = Key::from(number);
                if comes {
                    let row = Bytes::from(count.to_string());
                    map.set(&key, row.clone());
                    model.insert(key, row);
                } else {
                    map.remove(&key);
                    model.remove(&key);
                }
            }
            prop_assert_eq!(map.len(), model.len());
            prop_assert!(map.iter().eq(&model));
            prop_assert!(map.values().rev().eq(model.values().rev()));
            prop_assert!(map.runs.iter().all(|run| !run.is_empty() && run.len() <= RUN));
            let key = Key::from(asked);
            prop_assert_eq!(map.get(&key), model.get(&key));
            let behind = model.range((Excluded(&key), Unbounded));
            prop_assert!(map.behind(&key).eq(behind.map(|(_, row)| row)));
            let before = model.range(..&key).rev();
            prop_assert!(map.before(&key).eq(before.map(|(_, row)| row)));
        }
    }
}
