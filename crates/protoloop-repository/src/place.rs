//! Places on the earth and how far they are from each other.

use protoloop_wire::{Value as WireValue, View};

/// A place on the earth, in degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    latitude: f64,
    longitude: f64,
}

/// Neither of the two is ever NaN.
impl Eq for Place {}

/// The mean radius of the earth in meters.
pub const EARTH_RADIUS: f64 = 6_371_008.8;

/// Radians of a degree, and of half of one.
pub const RADIANS: f64 = std::f64::consts::PI / 180.0;
/// See [`RADIANS`].
pub const HALF_RADIANS: f64 = std::f64::consts::PI / 360.0;

impl Place {
    /// A place; `None` when there is none of these degrees.
    #[must_use]
    pub fn new(latitude: f64, longitude: f64) -> Option<Self> {
        let fits = (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
        fits.then_some(Self {
            latitude,
            longitude,
        })
    }

    /// Degrees north of the equator, from -90 to 90.
    #[must_use]
    pub fn latitude(self) -> f64 {
        self.latitude
    }

    /// Degrees east of Greenwich, from -180 to 180.
    #[must_use]
    pub fn longitude(self) -> f64 {
        self.longitude
    }

    /// The place that a `google.type.LatLng` holds.
    pub(crate) fn of(message: &View<'_>) -> Option<Self> {
        let degrees = |number| match message.get(number) {
            Some(WireValue::F64(degrees)) => degrees,
            _ => 0.0,
        };
        Self::new(degrees(1), degrees(2))
    }

    /// Meters to another place on a sphere, to the millimeter: by the haversine formula, step by step as databases are
    /// asked for it, so that they come to the same.
    #[must_use]
    pub fn distance(self, other: Self) -> f64 {
        let sine = |degrees: f64| (degrees * HALF_RADIANS).sin();
        let cosine = |degrees: f64| (degrees * RADIANS).cos();
        let (up, across) = (
            sine(other.latitude - self.latitude),
            sine(other.longitude - self.longitude),
        );
        let round = cosine(self.latitude) * cosine(other.latitude);
        let half = up * up + round * (across * across);
        let meters = half.sqrt().min(1.0).asin() * (2.0 * EARTH_RADIUS);
        (meters * 1000.0 + 0.5).floor() / 1000.0
    }
}

/// Meters of a unit, as LoopBack names them.
pub(crate) fn unit(name: &str) -> Option<f64> {
    Some(match name {
        "meters" => 1.0,
        "kilometers" => 1000.0,
        "miles" => 1609.344,
        "feet" => 0.3048,
        "radians" => EARTH_RADIUS,
        "degrees" => EARTH_RADIUS * RADIANS,
        _ => return None,
    })
}

/// The names that [`unit`] knows.
pub(crate) const UNITS: &[&str] = &[
    "meters",
    "kilometers",
    "miles",
    "feet",
    "radians",
    "degrees",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_of_the_sphere() {
        let place = |latitude, longitude| Place::new(latitude, longitude).expect("a place");
        let (berlin, paris) = (place(52.52, 13.405), place(48.8566, 2.3522));
        let meters = berlin.distance(paris);
        assert!((meters - 877_464.0).abs() < 500.0, "{meters}");
        assert_eq!(meters, paris.distance(berlin));
        assert_eq!(berlin.distance(berlin), 0.0);
        let far = place(0.0, 0.0).distance(place(0.0, 180.0));
        assert!(
            (far - EARTH_RADIUS * std::f64::consts::PI).abs() < 1.0,
            "{far}"
        );
        assert!(place(0.0, 179.9).distance(place(0.0, -179.9)) < 23_000.0);
        assert_eq!(Place::new(91.0, 0.0), None);
        assert_eq!(Place::new(f64::NAN, 0.0), None);
    }
}
