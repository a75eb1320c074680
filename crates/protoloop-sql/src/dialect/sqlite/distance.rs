//! Distances on the earth without sine and root, which SQLite is built without: by sums and Newton's steps.
//!
//! They come to the millimeter that [`Place::distance`] comes to, but at the other end of the earth, where a meter is lost in
//! the last digits of the formula itself.

use std::{f64::consts::FRAC_PI_2, fmt::Write as _, sync::LazyLock};

use protoloop_repository::{EARTH_RADIUS, Place, RADIANS};
use sea_query::Expr;

/// Terms of a sum beyond which nothing is added up to a half turn.
const TERMS: u32 = 14;

pub(super) fn meters(latitude: Expr, longitude: Expr, from: Place) -> Expr {
    let own = (from.latitude() * RADIANS).cos();
    let place = [from.latitude(), from.longitude(), own].map(Expr::val);
    let values = [latitude, longitude].into_iter().chain(place);
    Expr::cust_with_exprs(MEASURE.as_str(), values)
}

/// `_d1` has the place, if it is one; `_d2` the squares of the angles between, and how far it is from a pole; `_d3` the square
/// of the sine of half the way; `_d4` that or its complement to one, whichever is less, so that no digits are lost. `_d5`
/// looks for the angle `y` of which the half has that sine, in turns: its sines, then a better one.
static MEASURE: LazyLock<String> = LazyLock::new(|| {
    let (up, across) = (half_sine("u"), half_sine("v"));
    let round = sine("p", "(p*p)");
    let (half, whole) = (half_sine("(y*y)"), sine("y", "(y*y)"));
    let beside = "min(abs(o-x),360.0-abs(o-x))";
    format!(
        "(WITH RECURSIVE _d0(a,o,b,x,c) AS (SELECT ?,?,?,?,?),\
         _d1 AS (SELECT * FROM _d0 WHERE a BETWEEN -90 AND 90 AND o BETWEEN -180 AND 180),\
         _d2 AS (SELECT ((a-b)*{RADIANS:?})*((a-b)*{RADIANS:?}) AS u,\
         ({beside}*{RADIANS:?})*({beside}*{RADIANS:?}) AS v,(90.0-abs(a))*{RADIANS:?} AS p,c FROM _d1),\
         _d3 AS (SELECT {up}+c*{round}*{across} AS h FROM _d2),\
         _d4 AS (SELECT h>0.5 AS far,CASE WHEN h>0.5 THEN max(1.0-h,0.0) ELSE h END AS m FROM _d3),\
         _d5(far,m,y,f,d,n) AS (SELECT far,m,1.6,0.0,0.0,0 FROM _d4 UNION ALL SELECT far,m,\
         CASE n%2 WHEN 1 THEN y-2.0*(f-m)/d ELSE y END,\
         CASE n%2 WHEN 0 THEN {half} ELSE f END,\
         CASE n%2 WHEN 0 THEN {whole} ELSE d END,n+1 \
         FROM _d5 WHERE n<120 AND m>0.0 AND (n%2=0 OR abs(f-m)>4e-16*m)) \
         SELECT CAST({:?}*CASE WHEN m=0.0 THEN far*{FRAC_PI_2:?} WHEN far THEN {FRAC_PI_2:?}-y/2.0 ELSE y/2.0 END+0.5 \
         AS INTEGER)/1000.0 FROM _d5 ORDER BY n DESC LIMIT 1)",
        2.0 * EARTH_RADIUS * 1000.0
    )
});

/// The square of the sine of half an angle, of which `square` is the square: x²/4 - x⁴/48 + x⁶/1440 - …
fn half_sine(square: &str) -> String {
    let terms = (1..=TERMS).map(|term| sign(term + 1) / (2.0 * factorial(2 * term)));
    format!("{square}*{}", sum(square, terms.collect()))
}

/// The sine of an angle: x - x³/6 + x⁵/120 - …
fn sine(angle: &str, square: &str) -> String {
    let terms = (0..TERMS).map(|term| sign(term) / factorial(2 * term + 1));
    format!("{angle}*{}", sum(square, terms.collect()))
}

fn sign(term: u32) -> f64 {
    if term.is_multiple_of(2) { 1.0 } else { -1.0 }
}

fn factorial(of: u32) -> f64 {
    (1..=of).map(f64::from).product()
}

/// The sum of powers with these factors, the highest first: `((c*z+b)*z+a)`.
fn sum(power: &str, factors: Vec<f64>) -> String {
    let mut factors = factors.into_iter().rev();
    let mut text = format!("{:?}", factors.next().unwrap_or_default());
    for factor in factors {
        text.insert(0, '(');
        // Writing to a string does not fail.
        let _ = write!(text, "*{power}{factor:+?})");
    }
    text
}
