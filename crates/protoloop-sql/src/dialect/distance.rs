//! Distances on the earth, step by step as [`Place::distance`] takes them.

use protoloop_repository::{EARTH_RADIUS, HALF_RADIANS, Place, RADIANS};
use sea_query::{Expr, ExprTrait, Func};

fn call(name: &'static str, argument: Expr) -> Expr {
    Func::cust(name).arg(argument).into()
}

/// By functions that both servers have under one name.
pub(super) fn meters(latitude: &Expr, longitude: &Expr, from: Place) -> Expr {
    let sine = |degrees: &Expr, from: f64| {
        let difference = degrees.clone().sub(Expr::val(from));
        call("SIN", difference.mul(Expr::val(HALF_RADIANS)))
    };
    let (up, across) = (
        sine(latitude, from.latitude()),
        sine(longitude, from.longitude()),
    );
    let cosine = call("COS", latitude.clone().mul(Expr::val(RADIANS)));
    let own = (from.latitude() * RADIANS).cos();
    let round = Expr::val(own).mul(cosine);
    let half = up
        .clone()
        .mul(up)
        .add(round.mul(across.clone().mul(across)));
    let root: Expr = Func::least([call("SQRT", half), Expr::val(1.0)]).into();
    let meters = call("ASIN", root).mul(Expr::val(2.0 * EARTH_RADIUS));
    let rounded = call("FLOOR", meters.mul(Expr::val(1000.0)).add(Expr::val(0.5)));
    let is_place = latitude
        .clone()
        .between(-90.0, 90.0)
        .and(longitude.clone().between(-180.0, 180.0));
    Expr::case(is_place, rounded.div(Expr::val(1000.0))).into()
}
