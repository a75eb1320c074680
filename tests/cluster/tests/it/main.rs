//! Charts and images, on a real Kubernetes where they have to prove themselves there.

mod alerts;
mod chart;
mod deploy;
mod dockerfile;
mod image;
mod operator;
mod schema_changes;
mod shop;
mod support;
mod todo;
mod tutorial;
mod under_load;
mod values;
