//! What is to be done with a row, and how a connector is told.

use protoloop_core::Result;

use super::{guard::both, stamp::Stamp};
use crate::{Alter, Alteration, Check, Edit, Filter, Key, Record, Write};

/// A change of a row as a caller means it.
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all are writes, and they are moved, not kept"
)]
pub(crate) enum Act {
    /// As everybody writes it; removing is marking, where the model is deleted softly.
    Write(Write<Record>),
    /// Takes the mark of a delete back. `check` sees a marked row only.
    Undelete { key: Key, check: Check<Record> },
    /// Removes a row for good; where the model is deleted softly, a marked one only.
    Purge { key: Key },
}

impl From<Write<Record>> for Act {
    fn from(write: Write<Record>) -> Self {
        Self::Write(write)
    }
}

impl Act {
    /// The write that a connector does; a create or an alteration, unless there are no hooks that must see it.
    pub(super) fn prepared(
        self,
        stamp: &Stamp,
        scope: Option<&Filter>,
        unhooked: bool,
    ) -> Result<Write<Record>> {
        let plain = unhooked && stamp.model().guard().is_empty();
        Ok(match self {
            Self::Write(Write::Create(row)) => Write::Create(stamp.created(row)?),
            Self::Write(Write::Modify { key, edit }) if plain => Write::Modify {
                key,
                edit: stamped(edit, stamp.clone()),
            },
            Self::Write(Write::Delete { key, check }) if plain => Write::Delete { key, check },
            Self::Write(Write::Set {
                key,
                changes,
                when,
                scope: own,
                alter,
            }) if unhooked && stamp.changes(&changes).is_ok() => {
                let scope = both(scope.cloned(), own);
                let live = stamp.model().guard().live();
                let general = General {
                    key: key.clone(),
                    scope: scope.clone(),
                    alter,
                    sight: Sight::Refuses,
                };
                Write::Set {
                    key,
                    changes: stamp.changes(&changes)?,
                    when: both(scope.clone(), both(live, when)),
                    scope,
                    alter: managed(general, stamp.clone()),
                }
            }
            Self::Write(write) => {
                let general = General::new(write.looking())?;
                Write::Alter {
                    key: general.key.clone(),
                    scope: both(scope.cloned(), general.scope.clone()),
                    alter: managed(general, stamp.clone()),
                }
            }
            Self::Undelete { key, check } => Write::Alter {
                alter: undeleting(key.clone(), check, stamp.clone()),
                scope: scope.cloned(),
                key,
            },
            Self::Purge { key } => {
                let model = stamp.model().clone();
                let alter = move |row: Option<&Record>| match row {
                    Some(row)
                        if model.guard().deleted.is_none() || model.is_deleted(row.as_ref()) =>
                    {
                        Ok(Alteration::Remove)
                    }
                    _ => Ok(Alteration::Keep),
                };
                Write::Alter {
                    key,
                    scope: scope.cloned(),
                    alter: Box::new(alter),
                }
            }
        })
    }
}

fn stamped(edit: Edit<Record>, stamp: Stamp) -> Edit<Record> {
    Box::new(move |row| match row {
        Some(before) => stamp.changed(before, edit(row)?),
        None => stamp.created(edit(row)?),
    })
}

/// What an alteration of a row is given to see.
enum Sight {
    /// A deleted row is refused.
    Refuses,
    /// A deleted row is as good as none.
    Misses,
}

/// The general form of a write to the row of a key.
struct General {
    key: Key,
    scope: Option<Filter>,
    alter: Alter<Record>,
    sight: Sight,
}

impl General {
    fn new(write: Write<Record>) -> Result<Self> {
        let (key, scope, alter, sight): (_, _, Alter<Record>, _) = match write {
            Write::Modify { key, edit } => {
                let alter = move |row: Option<&Record>| Ok(Alteration::Put(edit(row)?));
                (key, None, Box::new(alter), Sight::Refuses)
            }
            Write::Delete { key, check } => {
                let alter = move |row: Option<&Record>| {
                    check(row)?;
                    Ok(match row {
                        Some(_) => Alteration::Remove,
                        None => Alteration::Keep,
                    })
                };
                (key, None, Box::new(alter), Sight::Misses)
            }
            Write::Alter { key, scope, alter } => (key, scope, alter, Sight::Refuses),
            Write::Create(_) | Write::Set { .. } => {
                let what = "a write that is no alteration";
                return Err(protoloop_core::Error::internal_error(what));
            }
        };
        Ok(Self {
            key,
            scope,
            alter,
            sight,
        })
    }
}

/// The alteration with stamps, and with marks in place of removals.
fn managed(general: General, stamp: Stamp) -> Alter<Record> {
    let General {
        key, alter, sight, ..
    } = general;
    Box::new(move |row| {
        let model = stamp.model();
        let deleted = row.is_some_and(|row| model.is_deleted(row.as_ref()));
        let seen = match sight {
            Sight::Refuses if deleted => return Err(model.deleted(&key)),
            Sight::Misses if deleted => None,
            _ => row,
        };
        Ok(match (alter(seen)?, seen) {
            (Alteration::Put(row), Some(before)) => Alteration::Put(stamp.changed(before, row)?),
            (Alteration::Put(row), None) => Alteration::Put(stamp.created(row)?),
            (Alteration::Remove, Some(row)) if model.guard().deleted.is_some() => {
                Alteration::Put(stamp.deleted(row, true)?)
            }
            (Alteration::Remove, None) => Alteration::Keep,
            (other, _) => other,
        })
    })
}

fn undeleting(key: Key, check: Check<Record>, stamp: Stamp) -> Alter<Record> {
    Box::new(move |row| {
        let model = stamp.model();
        let row = row.ok_or_else(|| model.not_found(&key))?;
        if !model.is_deleted(row.as_ref()) {
            return Err(model.not_deleted(&key));
        }
        check(Some(row))?;
        Ok(Alteration::Put(stamp.deleted(row, false)?))
    })
}
