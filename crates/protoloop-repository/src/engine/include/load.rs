//! Reading related rows.

use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use futures_util::future::try_join_all;
use protoloop_core::{BoxFuture, CallContext, Result};
use protoloop_schema::RelationKind;

use super::{
    Branch, Included, MAX_ROWS,
    attach::{Attached, attach},
    keys::Keys,
    tree::{columns_of, too_many},
};
use crate::{
    Cursor, Filter, GroupBy, GroupQuery, Query, Record, engine::operation::Operation, group::cut,
    link::meant, transaction::InTransaction,
};

/// How many related rows an answer may still hold.
pub(super) struct Room(AtomicUsize);

impl Room {
    pub(super) fn new() -> Self {
        Self(AtomicUsize::new(MAX_ROWS))
    }

    fn take(&self, rows: usize) -> Result<()> {
        let less = |left: usize| left.checked_sub(rows);
        let taken = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        taken.map(|_| ()).map_err(|_| too_many(MAX_ROWS))
    }

    fn left(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Operation {
    /// What callers see of rows, with the related rows in them.
    pub(in crate::engine) fn answers<'a>(
        &'a self,
        cx: &'a CallContext,
        rows: Vec<Record>,
        mask: Option<&'a protoloop_wire::mask::Mask>,
        branches: &'a [Branch],
    ) -> BoxFuture<'a, Result<Vec<Bytes>>> {
        Box::pin(async move {
            let room = Room::new();
            shown(cx, &*self.subject, rows, mask, branches, &room).await
        })
    }
}

pub(super) fn shown<'a>(
    cx: &'a CallContext,
    subject: &'a dyn Included,
    rows: Vec<Record>,
    mask: Option<&'a protoloop_wire::mask::Mask>,
    branches: &'a [Branch],
    room: &'a Room,
) -> BoxFuture<'a, Result<Vec<Bytes>>> {
    Box::pin(async move {
        let mut attached = match branches {
            // At once, each over a connection of its own; a transaction has one only.
            [_, _, ..] if InTransaction::of(cx).is_none() => {
                let loads = branches
                    .iter()
                    .map(|branch| branch.load(cx, subject, &rows, room));
                try_join_all(loads).await?
            }
            branches => {
                let mut attached = Vec::with_capacity(branches.len());
                for branch in branches {
                    attached.push(branch.load(cx, subject, &rows, room).await?);
                }
                attached
            }
        };
        attached.sort_by_key(|attached| attached.field);
        let rows = rows.into_iter().enumerate();
        let shown = rows.map(|(index, row)| {
            let shown = subject.shown(row, mask);
            attach(&subject.model().view(&shown), &attached, index).unwrap_or(shown)
        });
        Ok(shown.collect())
    })
}

impl Branch {
    /// The related rows of `rows`, encoded, and which of them belong to each.
    async fn load(
        &self,
        cx: &CallContext,
        subject: &dyn Included,
        rows: &[Record],
        room: &Room,
    ) -> Result<Attached> {
        let (keys, by) = self.keys(subject.model(), rows);
        let mut attached = Attached::new(self.relation.field);
        if keys.keys.is_empty() {
            return Ok(attached);
        }
        let found = match (by, &self.through) {
            (GroupBy::Through(linked), Some(through)) if !self.is_one_datasource(&**through) => {
                let keys = linked_keys(cx, &**through, keys, &linked, room).await?;
                self.listed(cx, keys, room).await?
            }
            (GroupBy::Field(_), _)
                if matches!(self.relation.kind, RelationKind::ReferencesMany { .. }) =>
            {
                self.listed(cx, keys, room).await?
            }
            (by, _) => {
                let groups = self.find(cx, by, keys.keys.clone(), true, room).await?;
                Found {
                    keys,
                    groups,
                    counted: true,
                }
            }
        };
        let mut flat = Vec::new();
        let mut spans = Vec::with_capacity(found.groups.len());
        for group in found.groups {
            spans.push(flat.len()..flat.len() + group.len());
            flat.extend(group);
        }
        let sorted = self.order.as_ref().filter(|_| !found.counted);
        let ranks = sorted.map(|order| self.ranks(order, &flat));
        let mask = self.mask.as_ref();
        attached.messages = shown(cx, &*self.target, flat, mask, &self.branches, room).await?;
        for row in found.keys.rows() {
            let mut of_row: Vec<usize> = row.iter().flat_map(|key| spans[*key].clone()).collect();
            if !found.counted {
                if let Some(ranks) = &ranks {
                    of_row.sort_by_key(|at| ranks[*at]);
                }
                of_row = cut(of_row, self.limit, self.skip);
            }
            room.take(of_row.len())?;
            attached.add(&of_row);
        }
        Ok(attached)
    }

    fn is_one_datasource(&self, other: &dyn Included) -> bool {
        self.target.model().entity().datasource == other.model().entity().datasource
    }

    /// The rows of lists of keys, of which limit and skip count in the list.
    async fn listed(&self, cx: &CallContext, keys: Keys, room: &Room) -> Result<Found> {
        let id = self
            .target
            .model()
            .entity()
            .key
            .first()
            .copied()
            .unwrap_or(0);
        let wanted = keys.keys.clone();
        let groups = self
            .find(cx, GroupBy::Field(id), wanted, false, room)
            .await?;
        Ok(Found {
            keys,
            groups,
            counted: false,
        })
    }

    async fn find(
        &self,
        cx: &CallContext,
        by: GroupBy,
        keys: Vec<crate::KeyValue>,
        counted: bool,
        room: &Room,
    ) -> Result<Vec<Vec<Record>>> {
        let model = self.target.model();
        let order = self
            .order
            .clone()
            .unwrap_or_else(|| model.key_order().clone());
        let query = GroupQuery {
            by,
            keys,
            query: Query {
                fields: columns_of(self.mask.as_ref(), &order, &self.branches),
                filter: self.condition(),
                limit: self.limit.filter(|_| counted),
                skip: if counted { self.skip } else { 0 },
                ..Query::new(order)
            },
            most: Some(u32::try_from(room.left()).unwrap_or(u32::MAX)),
        };
        let groups = self.target.repository().find_grouped(cx, &query).await?;
        let rows: usize = groups.iter().map(Vec::len).sum();
        match rows > room.left() {
            true => Err(too_many(MAX_ROWS)),
            false => Ok(groups),
        }
    }

    /// Which of the related rows: those of the scope, and of a polymorphic relation those that mean this model.
    fn condition(&self) -> Option<Filter> {
        let told = meant(self.target.model(), &self.relation);
        match (told, self.filter.clone()) {
            (Some(told), Some(filter)) => Some(Filter::And(vec![told, filter])),
            (told, filter) => told.or(filter),
        }
    }

    /// The place of each row in an order.
    fn ranks(&self, order: &crate::OrderBy, rows: &[Record]) -> Vec<usize> {
        let model = self.target.model();
        let places: Vec<Cursor> = rows
            .iter()
            .map(|row| Cursor::of_row(model, order, row.as_ref()))
            .collect();
        let mut sorted: Vec<usize> = (0..rows.len()).collect();
        sorted.sort_by(|a, b| places[*a].compare(order, &places[*b]));
        let mut ranks = vec![0; rows.len()];
        for (rank, at) in sorted.into_iter().enumerate() {
            ranks[at] = rank;
        }
        ranks
    }
}

/// Rows by key, and the keys of each row above.
struct Found {
    keys: Keys,
    groups: Vec<Vec<Record>>,
    /// Whether limit and skip are done with.
    counted: bool,
}

/// The keys of the rows on the far side of linking rows that another datasource holds.
async fn linked_keys(
    cx: &CallContext,
    through: &dyn Included,
    keys: Keys,
    linked: &crate::LinkedBy,
    room: &Room,
) -> Result<Keys> {
    let model = through.model();
    let query = GroupQuery {
        by: GroupBy::Field(linked.key),
        keys: keys.keys.clone(),
        query: Query {
            fields: Some(vec![linked.key, linked.other]),
            filter: Some(linked.scope.clone()),
            ..Query::new(model.key_order().clone())
        },
        most: Some(u32::try_from(room.left()).unwrap_or(u32::MAX)),
    };
    let groups = through.repository().find_grouped(cx, &query).await?;
    let rows: usize = groups.iter().map(Vec::len).sum();
    if rows > room.left() {
        return Err(too_many(MAX_ROWS));
    }
    let other = model.column_property(linked.other);
    let far: Vec<Vec<crate::KeyValue>> = groups
        .iter()
        .map(|links| {
            let mut far = Vec::with_capacity(links.len());
            for link in links {
                let value = other
                    .as_ref()
                    .map(|path| model.value_of(link.as_ref(), path));
                let key = value.as_ref().and_then(crate::KeyValue::of);
                far.extend(key.filter(|key| !far.contains(key)));
            }
            far
        })
        .collect();
    let mut all = Keys::default();
    for row in keys.rows() {
        row.iter()
            .flat_map(|at| &far[*at])
            .for_each(|key| all.add(key.clone()));
        all.end();
    }
    Ok(all)
}
