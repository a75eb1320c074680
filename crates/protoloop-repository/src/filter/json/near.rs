//! `{ "near": "52.5,13.4", "maxDistance": 2, "unit": "kilometers" }`.

use protoloop_wire::json::TokenKind;

use super::{
    operators::Tested,
    reader::{Reader, Result},
};
use crate::{
    CompareOp, Filter, LeafKind, LeafShape, Place, PropertyPath, Value,
    filter::{NO_PLACE, condition::Condition, suggest},
    place::{UNITS, unit},
};

const MEMBERS: &[&str] = &["near", "maxDistance", "minDistance", "unit"];

impl Reader<'_> {
    /// Whether the tests of a property are of how near it is: it is a place.
    pub(super) fn is_near(&self, tested: Tested<'_>) -> Result<bool> {
        let LeafKind::Message(id) = tested.path.leaf().kind else {
            return Ok(false);
        };
        let message = tested.model.schema().message(id);
        let single = tested.path.leaf().shape == LeafShape::Single;
        Ok(single && &*message.full_name == "google.type.LatLng")
    }

    /// The distance from the place that is named, and the conditions on it. Miles are meant unless another unit is said.
    pub(super) fn near(&mut self, tested: Tested<'_>) -> Result<(PropertyPath, Vec<Condition>)> {
        let start = self.offset();
        let mut place = None;
        let (mut most, mut least, mut meters) = (None, None, None);
        let mut others = Vec::new();
        self.object("an object with `near`", |reader, at, name| {
            match name {
                "near" => place = Some(reader.place()?),
                "maxDistance" => most = Some(reader.distance()?),
                "minDistance" => least = Some(reader.distance()?),
                "unit" => {
                    let at = reader.offset();
                    let name = reader.string("a unit")?;
                    let found = unit(&name).ok_or_else(|| {
                        let hint = suggest::among(&name, UNITS.iter().copied());
                        let units = UNITS.join(", ");
                        reader.wrong(at, format!("`{name}` is no unit; there are {units}{hint}"))
                    })?;
                    meters = Some(found);
                }
                "exists" => {
                    let has = Condition::is(Filter::has(tested.path.clone()));
                    others.push(match reader.boolean()? {
                        true => has,
                        false => has.complement(),
                    });
                }
                name => {
                    let hint = suggest::among(name, MEMBERS.iter().copied());
                    return Err(reader.wrong(at, format!("`{name}` is no test of a place{hint}")));
                }
            }
            Ok(())
        })?;
        let Some(place) = place else {
            let bound = most.is_some() || least.is_some() || meters.is_some();
            if bound || others.is_empty() {
                return Err(self.wrong(start, "a test of a place has `near`"));
            }
            return Ok((tested.path.clone(), others));
        };
        let path = tested.path.distance(tested.model, place);
        let path = path.ok_or_else(|| self.wrong(start, "this is no place"))?;
        let factor = meters.or_else(|| unit("miles")).unwrap_or(1.0);
        let mut bound = |op, distance: Option<f64>| {
            let distance = distance.map(|distance| Value::F64(distance * factor));
            let condition = distance.map(|value| Condition::compare(path.clone(), op, value));
            others.extend(condition);
        };
        bound(CompareOp::Ge, least);
        bound(CompareOp::Le, most);
        if most.is_none() && least.is_none() {
            others.push(Condition::is(Filter::has(tested.path.clone())));
        }
        Ok((path, others))
    }

    /// `"52.5,13.4"`, `{ "lat": 52.5, "lng": 13.4 }`, or ProtoJSON's names.
    fn place(&mut self) -> Result<Place> {
        let at = self.offset();
        let (mut latitude, mut longitude) = (None, None);
        if self.kind()? == TokenKind::String {
            let text = self.string("a place")?;
            let degrees = text.split_once(',');
            let number = |text: &str| text.trim().parse::<f64>().ok();
            latitude = degrees.and_then(|(latitude, _)| number(latitude));
            longitude = degrees.and_then(|(_, longitude)| number(longitude));
        } else {
            self.object("a place, such as \"52.5,13.4\"", |reader, at, name| {
                let degrees = match name {
                    "lat" | "latitude" => &mut latitude,
                    "lng" | "longitude" => &mut longitude,
                    _ => return Err(reader.wrong(at, "a place has `lat` and `lng`")),
                };
                *degrees = Some(reader.float()?);
                Ok(())
            })?;
        }
        let place = latitude.zip(longitude);
        let place = place.ok_or_else(|| {
            self.wrong(
                at,
                "a place is \"latitude,longitude\", or an object with `lat` and `lng`",
            )
        })?;
        Place::new(place.0, place.1).ok_or_else(|| self.wrong(at, NO_PLACE))
    }

    fn float(&mut self) -> Result<f64> {
        let at = self.offset();
        let text = self.number()?;
        text.parse().map_err(|_| self.wrong(at, "a number is due"))
    }

    fn distance(&mut self) -> Result<f64> {
        let at = self.offset();
        let distance = self.float()?;
        match distance >= 0.0 {
            true => Ok(distance),
            false => Err(self.wrong(at, "a distance is 0 or more")),
        }
    }
}
