//! Property paths as expressions.

mod place;

use protoloop_core::{Error, Result};
use protoloop_repository::{Leaf, LeafKind, LeafShape, PropertyPath, Value};
use sea_query::{DynIden, Expr, ExprTrait};

use self::place::{Last, Place, inside, of_column};
use crate::{Column, Declared, Scalar, SqlValue, Storage, source::Source};

/// A property as SQL sees it.
pub(crate) struct Property<'a> {
    source: Source<'a>,
    path: &'a PropertyPath,
    leaf: &'a Leaf,
    /// `None` for what stands in an element of a list.
    column: Option<&'a Column>,
    place: Place,
    /// Whether it can be NULL.
    pub(crate) nullable: bool,
    /// See [`Column::unset_is_null`](crate::Column::unset_is_null).
    unset_is_null: bool,
}

impl<'a> Property<'a> {
    pub(crate) fn at(source: &Source<'a>, path: &'a PropertyPath) -> Result<Self> {
        let table = source.table();
        let (column, place) = match source.element() {
            Some(element) => {
                let message = Some(element.message);
                let place = inside(table, element.json.clone(), message, path.steps(), path);
                (None, place)
            }
            None => {
                let column = table.column(path.column());
                let column =
                    column.ok_or_else(|| table.broken(&format!("no column for {path}")))?;
                (Some(column), of_column(source, column, path))
            }
        };
        let place =
            place.ok_or_else(|| table.broken(&format!("{path} does not fit the schema")))?;
        let whole = column.filter(|_| matches!(place, Place::Column(_)));
        Ok(Self {
            source: source.clone(),
            path,
            leaf: path.leaf(),
            column,
            place,
            nullable: whole.is_none_or(|column| column.nullable && !column.unset_is_null),
            unset_is_null: whole.is_some_and(|column| column.unset_is_null),
        })
    }

    pub(crate) fn storage(&self) -> Storage {
        Storage::of_kind(self.leaf.kind)
    }

    /// Whether it is there: not null, and for a list or map not empty.
    pub(crate) fn is_present(&self) -> Expr {
        let dialect = self.source.dialect();
        match &self.place {
            Place::Column(name) if self.leaf.shape != LeafShape::Single => {
                self.stored(name, Declared::read).is_not_null()
            }
            Place::Column(name) if self.nullable => self.source.column(name.clone()).is_not_null(),
            Place::Column(name) => match self.default() {
                Some(default) => self.source.column(name.clone()).ne(default),
                None => Expr::val(true),
            },
            Place::Json { parent, last, .. } => match last {
                Last::Field(name) => dialect.json_part(parent.clone(), &[name]).is_not_null(),
                // A value of any type may be JSON's null, which is absence.
                Last::Key(key) if matches!(self.leaf.kind, LeafKind::Message(_)) => {
                    dialect.json_key_is_set(parent.clone(), key)
                }
                Last::Key(key) => dialect.json_has_key(parent.clone(), key),
                Last::TypedKey(_) | Last::Typed => self.json_value().is_not_null(),
                Last::KeyList(_) | Last::List => dialect.json_length(self.json(), false).gt(0),
            },
        }
    }

    /// How far a place is from another; `None` for any other property.
    fn distance(&self) -> Result<Option<Expr>> {
        let Some(from) = self.path.from() else {
            return Ok(None);
        };
        let (latitude, longitude) = (self.path.degrees(1), self.path.degrees(2));
        let latitude = Property::at(&self.source, &latitude)?.ordered()?;
        let longitude = Property::at(&self.source, &longitude)?.ordered()?;
        let dialect = self.source.dialect();
        let distance = dialect.distance(latitude, longitude, from);
        let distance = distance.ok_or_else(|| {
            Error::unimplemented(format!("{} cannot measure distances", dialect.name()))
        })?;
        Ok(Some(distance))
    }

    /// The value, for `=`; null where it is absent.
    pub(crate) fn comparable(&self) -> Expr {
        match &self.place {
            Place::Column(name) => self.stored(name, Declared::equal),
            Place::Json { .. } => {
                let value = self.json_value();
                let expr = self.source.dialect().json_comparable(self.storage(), value);
                self.or_default(expr)
            }
        }
    }

    /// The same, compared only with values other than the default, which lets an index be used in any case.
    pub(crate) fn comparable_set(&self) -> Expr {
        match &self.place {
            Place::Column(name) => {
                let column = self.source.column(name.clone());
                match self.declared() {
                    Some(declared) => declared.equal(column),
                    None => column,
                }
            }
            Place::Json { .. } => self.comparable(),
        }
    }

    /// The type that others declared the column with.
    fn declared(&self) -> Option<&'a Declared> {
        match self.place {
            Place::Column(_) => self.column?.declared.as_deref(),
            Place::Json { .. } => None,
        }
    }

    fn stored(&self, name: &DynIden, form: fn(&Declared, Expr) -> Expr) -> Expr {
        let column = self.source.column(name.clone());
        let column = match self.declared() {
            Some(declared) => form(declared, column),
            None => column,
        };
        match self.default().filter(|_| self.unset_is_null) {
            Some(default) => sea_query::Func::coalesce([column, default]).into(),
            None => column,
        }
    }

    /// A condition that holds only for values other than the default, in words that let an index be used which leaves
    /// rows with the default out.
    pub(crate) fn by_index(&self, condition: Expr) -> Expr {
        let covered = match &self.place {
            Place::Column(_) if !self.source.is_aliased() => {
                let table = self.source.table();
                self.column
                    .and_then(|column| table.covered_by_value(column.number))
            }
            Place::Column(_) => None,
            Place::Json { .. } => None,
        };
        match covered {
            Some(covered) => condition.and(covered),
            None => condition,
        }
    }

    /// Whether a value is the default of the property's type.
    pub(crate) fn is_default(&self, value: &Value) -> bool {
        Scalar::of(value) == self.storage().default()
    }

    /// The value, for `<` and for orders; null where it is absent.
    pub(crate) fn ordered(&self) -> Result<Expr> {
        if let Some(distance) = self.distance()? {
            return Ok(distance);
        }
        match &self.place {
            Place::Column(name) => Ok(self.stored(name, Declared::order)),
            Place::Json { .. } => {
                let dialect = self.source.dialect();
                let value = self.json_value();
                let expr = dialect.json_ordered(self.storage(), value).ok_or_else(|| {
                    Error::unimplemented(format!(
                        "{} cannot order bytes inside a message; compare with = or order by a field of the row",
                        dialect.name()
                    ))
                })?;
                Ok(self.or_default(expr))
            }
        }
    }

    /// The value as text, for patterns.
    pub(crate) fn text(&self) -> Expr {
        match &self.place {
            Place::Column(name) => self.stored(name, Declared::text),
            Place::Json { .. } => self.comparable(),
        }
    }

    /// What [`Property::comparable`] compares with; `None` for null, and for what the column has no form of.
    ///
    /// # Errors
    /// INVALID_ARGUMENT for a text that is no value of the column's type.
    pub(crate) fn operand(&self, value: &Value) -> Result<Option<Expr>> {
        let Some(scalar) = Scalar::of(value) else {
            return Ok(None);
        };
        let Some(declared) = self.declared() else {
            return Ok(Some(self.operand_of(scalar)));
        };
        self.check(declared, scalar)?;
        let encoded = declared.encode(self.source.dialect(), self.column_storage(), scalar);
        Ok(encoded.map(|value| declared.equal_operand(value)))
    }

    /// What [`Property::ordered`] compares with; `None` for null.
    ///
    /// # Errors
    /// As [`Property::operand`].
    pub(crate) fn ordered_operand(&self, value: &Value) -> Result<Option<Expr>> {
        let Some(scalar) = Scalar::of(value) else {
            return Ok(None);
        };
        let Some(declared) = self.declared() else {
            return Ok(Some(self.operand_of(scalar)));
        };
        self.check(declared, scalar)?;
        let encoded = declared.encode(self.source.dialect(), self.column_storage(), scalar);
        let encoded = encoded.unwrap_or(SqlValue::Null);
        Ok(Some(declared.order_operand(scalar, encoded)))
    }

    fn check(&self, declared: &Declared, scalar: Scalar<'_>) -> Result<()> {
        match (scalar, declared.refusal(&scalar)) {
            // A number of an enum without a label is a value that no row has.
            (Scalar::Text(text), Some(why)) => {
                let model = self.source.table().model();
                let field = model.field_name(self.path.column());
                Err(Error::invalid_argument(format!("{field}: `{text}` {why}")))
            }
            _ => Ok(()),
        }
    }

    /// A condition that holds only where the column equals one of some values by the database's own rule too, which lets an
    /// index be used where ours is another one.
    pub(crate) fn by_own_rule(&self, condition: Expr, values: &[&Value]) -> Expr {
        let (Place::Column(name), Some(declared)) = (&self.place, self.declared()) else {
            return condition;
        };
        if !declared.is_loose() {
            return condition;
        }
        let operands = values.iter().filter_map(|value| {
            let scalar = Scalar::of(value)?;
            let value = declared.encode(self.source.dialect(), self.column_storage(), scalar)?;
            Some(declared.bind(Expr::val(sea_query::Value::from(value))))
        });
        condition.and(self.source.column(name.clone()).is_in(operands))
    }

    /// Whether a list or map holds an element or key.
    pub(crate) fn contains(&self, value: &Value) -> Result<Expr> {
        let dialect = self.source.dialect();
        let wrong = || {
            self.source
                .table()
                .broken("CONTAINS without a fitting value")
        };
        let json = self.json();
        match (self.leaf.shape, value) {
            (LeafShape::Map, Value::String(key)) => Ok(dialect.json_has_key(json, key)),
            (LeafShape::List, value) => {
                let scalar = Scalar::of(value).ok_or_else(wrong)?;
                Ok(dialect.json_contains(json, self.storage(), scalar))
            }
            _ => Err(wrong()),
        }
    }

    /// Whether every element of a list is among some values. An empty list is, one below an absent message is not.
    pub(crate) fn is_contained<'v>(&self, values: impl Iterator<Item = &'v Value>) -> Result<Expr> {
        let dialect = self.source.dialect();
        let scalars: Option<Vec<Scalar<'_>>> = values.map(Scalar::of).collect();
        let wrong = || self.source.table().broken("CONTAINED BY null");
        let scalars = scalars.ok_or_else(wrong)?;
        let contained = dialect.json_contained_by(self.json(), self.storage(), &scalars);
        Ok(match &self.place {
            Place::Column(_) => contained,
            Place::Json { parent, .. } => parent.clone().is_not_null().and(contained),
        })
    }

    /// The number of elements of a list or entries of a map; null below an absent message.
    pub(crate) fn length(&self) -> Expr {
        let dialect = self.source.dialect();
        let length = dialect.json_length(self.json(), self.leaf.shape == LeafShape::Map);
        match &self.place {
            Place::Column(_) => length,
            Place::Json {
                last: Last::KeyList(_) | Last::List,
                ..
            } => Expr::case(self.json().is_not_null(), length).into(),
            Place::Json { parent, .. } => Expr::case(parent.clone().is_not_null(), length).into(),
        }
    }

    /// The JSON of a list or map.
    pub(crate) fn json(&self) -> Expr {
        let dialect = self.source.dialect();
        match &self.place {
            // The table's name keeps the column apart from those of the function that reads it.
            Place::Column(name) => {
                let column = self.source.qualified(name.clone());
                match self.declared() {
                    Some(declared) => declared.read(column),
                    None => column,
                }
            }
            Place::Json { parent, last, .. } => match last {
                Last::Field(name) => dialect.json_part(parent.clone(), &[name]),
                Last::Key(key) | Last::TypedKey(key) => dialect.json_key(parent.clone(), key),
                Last::Typed => parent.clone(),
                Last::KeyList(key) => dialect.json_key_list(parent.clone(), key),
                Last::List => dialect.json_list(parent.clone()),
            },
        }
    }

    fn json_value(&self) -> Expr {
        let dialect = self.source.dialect();
        match &self.place {
            Place::Column(name) => self.source.column(name.clone()),
            Place::Json { parent, last, .. } => match last {
                Last::Field(name) => dialect.json_value(parent.clone(), &[name]),
                Last::Key(key) => dialect.json_value(dialect.json_key(parent.clone(), key), &[]),
                Last::TypedKey(key) => dialect.json_key_of(parent.clone(), key, self.storage()),
                Last::Typed => dialect.json_of(parent.clone(), self.storage()),
                Last::KeyList(_) | Last::List => self.json(),
            },
        }
    }

    /// ProtoJSON leaves a default out; where the parent is there, it is the value.
    fn or_default(&self, expr: Expr) -> Expr {
        match &self.place {
            Place::Json {
                parent,
                implicit: true,
                ..
            } => match self.default() {
                Some(default) => Expr::case(
                    parent.clone().is_not_null(),
                    sea_query::Func::coalesce([expr, default]),
                )
                .into(),
                None => expr,
            },
            _ => expr,
        }
    }

    fn default(&self) -> Option<Expr> {
        self.storage()
            .default()
            .map(|scalar| self.operand_of(scalar))
    }

    /// How the column stores the value, which for a key that is counted up is not what its type alone says.
    fn column_storage(&self) -> Storage {
        match self.column.map(|column| column.storage) {
            None | Some(Storage::Json) => self.storage(),
            Some(storage) => storage,
        }
    }

    fn operand_of(&self, scalar: Scalar<'_>) -> Expr {
        let dialect = self.source.dialect();
        match &self.place {
            Place::Column(_) => {
                let value = dialect.encode(self.column_storage(), scalar);
                Expr::val(sea_query::Value::from(value))
            }
            Place::Json { .. } => dialect.json_operand(self.storage(), scalar),
        }
    }
}
