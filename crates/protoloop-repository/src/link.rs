//! Relations as queries follow them.

use std::{fmt, sync::Arc};

use protoloop_core::{Error, Result};
use protoloop_schema::{EntityId, Relation, RelationKind};
use protoloop_wire::View;

use crate::{
    CompareOp, Filter, Model, PropertyPath, Value,
    read::{self, Scalar},
};

/// A relation, followed from a row of one model to rows of another.
#[derive(Clone)]
pub struct Link {
    name: Arc<str>,
    field: u32,
    source: EntityId,
    target: Arc<Model>,
    join: Join,
    to_many: bool,
    /// What the row itself must say for its key to be meant, where that may refer to several models.
    told: Option<(PropertyPath, Arc<str>)>,
    /// What a related row must fulfil to be seen: the tenant's rows, those that are not deleted. [`Filter::True`] unless
    /// [`Filter::scope_related`] or [`OrderBy::scope_related`](crate::OrderBy::scope_related) has set it.
    pub scope: Filter,
}

/// Which rows belong together. Fields are numbers in the message that holds them; null meets nothing.
#[derive(Clone)]
#[allow(missing_docs, reason = "explained at each variant")]
pub enum Join {
    /// A field of the row equals a field of the related row.
    Field { own: u32, target: u32 },
    /// A field of the row equals one of a linking row, whose other field equals one of the related row.
    Through {
        own: u32,
        through: Arc<Model>,
        through_own: u32,
        through_target: u32,
        target: u32,
        /// What a linking row must fulfil to be seen, as [`Link::scope`].
        scope: Box<Filter>,
    },
    /// A list of the row has the value of a field of the related row.
    List { own: u32, target: u32 },
}

impl Model {
    /// The relation of a navigation field, by its proto or JSON name.
    #[must_use]
    pub fn relation(&self, name: &str) -> Option<&Relation> {
        let field = self.message().field_by_any_name(name)?;
        let mut relations = self.entity().relations.iter();
        relations.find(|relation| relation.field == field.number)
    }

    /// How a query follows one of the model's relations.
    ///
    /// # Errors
    /// FAILED_PRECONDITION when the other model is in another datasource, or one of them has a key of several fields.
    pub fn link(&self, relation: &Relation) -> Result<Link> {
        let link = self.link_anywhere(relation)?;
        self.check_neighbour(relation, &link.target)?;
        if let Join::Through { through, .. } = &link.join {
            self.check_neighbour(relation, through)?;
        }
        Ok(link)
    }

    /// The same where the other model may be in another datasource, as that of an inclusion.
    pub(crate) fn link_anywhere(&self, relation: &Relation) -> Result<Link> {
        let target = Self::new(self.tables(), relation.target)?;
        let own_key = || self.only_key(relation);
        let (join, to_many) = match &relation.kind {
            RelationKind::BelongsTo { key, .. } => {
                let (own, target) = (*key, target.only_key(relation)?);
                (Join::Field { own, target }, false)
            }
            RelationKind::HasOne { key } => {
                let (own, target) = (own_key()?, *key);
                (Join::Field { own, target }, false)
            }
            RelationKind::HasMany { key } => {
                let (own, target) = (own_key()?, *key);
                (Join::Field { own, target }, true)
            }
            RelationKind::HasManyThrough {
                through,
                key,
                through_key,
            } => {
                let join = Join::Through {
                    own: own_key()?,
                    through: Self::new(self.tables(), *through)?,
                    through_own: *key,
                    through_target: *through_key,
                    target: target.only_key(relation)?,
                    scope: Box::new(Filter::True),
                };
                (join, true)
            }
            RelationKind::ReferencesMany { key } => {
                let (own, target) = (*key, target.only_key(relation)?);
                (Join::List { own, target }, true)
            }
        };
        Ok(Link {
            name: Arc::clone(&relation.name),
            field: relation.field,
            source: self.entity().id,
            join,
            to_many,
            told: self.told(relation),
            scope: meant(&target, relation).unwrap_or(Filter::True),
            target,
        })
    }

    fn told(&self, relation: &Relation) -> Option<(PropertyPath, Arc<str>)> {
        let near = matches!(relation.kind, RelationKind::BelongsTo { .. });
        let told = relation.discriminator.as_ref().filter(|_| near)?;
        Some((self.column_property(told.field)?, Arc::clone(&told.value)))
    }

    fn check_neighbour(&self, relation: &Relation, other: &Self) -> Result<()> {
        if other.entity().datasource == self.entity().datasource {
            return Ok(());
        }
        Err(Error::failed_precondition(format!(
            "`{}` leads to {}, which is in the datasource `{}`; queries follow relations within one",
            relation.name,
            other.full_name(),
            other.entity().datasource
        )))
    }

    fn only_key(&self, relation: &Relation) -> Result<u32> {
        match *self.entity().key {
            [number] => Ok(number),
            _ => Err(Error::failed_precondition(format!(
                "`{}` cannot be followed: the key of {} has several fields",
                relation.name,
                self.full_name()
            ))),
        }
    }
}

/// Which rows a polymorphic relation means whose key they hold.
pub(crate) fn meant(target: &Model, relation: &Relation) -> Option<Filter> {
    let far = matches!(
        relation.kind,
        RelationKind::HasOne { .. } | RelationKind::HasMany { .. }
    );
    let told = relation.discriminator.as_ref().filter(|_| far)?;
    Some(Filter::Compare {
        path: target.column_property(told.field)?,
        op: CompareOp::Eq,
        value: Value::String(told.value.to_string()),
    })
}

impl Link {
    /// From the far rows of a many-to-many relation back to those that link them: `target` is the model of the far rows,
    /// `other` the field of linking rows that holds their key.
    pub(crate) fn to_links(
        target: &Model,
        links: &Arc<Model>,
        relation: &Relation,
        other: u32,
    ) -> Result<Self> {
        target.check_neighbour(relation, links)?;
        let own = target.only_key(relation)?;
        Ok(Self {
            name: Arc::clone(&relation.name),
            field: relation.field,
            source: links.entity().id,
            target: Arc::clone(links),
            join: Join::Field { own, target: other },
            to_many: true,
            told: None,
            scope: Filter::True,
        })
    }

    /// The name of the navigation field: `author`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The number of the navigation field.
    #[must_use]
    pub fn field(&self) -> u32 {
        self.field
    }

    /// The model of the related rows.
    #[must_use]
    pub fn target(&self) -> &Arc<Model> {
        &self.target
    }

    /// A text field of the row and what it must hold for the row to be related to others by this relation; `None` where
    /// its key refers to one model only.
    #[must_use]
    pub fn told(&self) -> Option<(&PropertyPath, &str)> {
        let (path, value) = self.told.as_ref()?;
        Some((path, value))
    }

    /// Whether a row says that its key is one of this relation.
    pub(crate) fn is_told(&self, row: &View<'_>) -> bool {
        self.told.as_ref().is_none_or(|(path, value)| {
            matches!(read::scalar(row, path), Scalar::String(text) if text == &**value)
        })
    }

    /// Which rows belong together.
    #[must_use]
    pub fn join(&self) -> &Join {
        &self.join
    }

    /// The same, to set what linking rows must fulfil.
    pub fn join_mut(&mut self) -> &mut Join {
        &mut self.join
    }

    /// Whether several rows may be related to one.
    #[must_use]
    pub fn is_to_many(&self) -> bool {
        self.to_many
    }
}

/// The same relation with the same scope.
impl PartialEq for Link {
    fn eq(&self, other: &Self) -> bool {
        let same_through = match (&self.join, &other.join) {
            (Join::Through { scope: a, .. }, Join::Through { scope: b, .. }) => a == b,
            _ => true,
        };
        (self.source, self.field) == (other.source, other.field)
            && self.scope == other.scope
            && same_through
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("name", &self.name)
            .field("target", &self.target.full_name())
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Join {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Field { .. } => "Field",
            Self::Through { .. } => "Through",
            Self::List { .. } => "List",
        })
    }
}
