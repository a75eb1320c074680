//! What charts and plain manifests share with the operator's types, written from those.
//!
//! - [`values`]: the schema of the chart's values, from the schema of the custom resource;
//! - [`table`]: the table of values in its README;
//! - [`sample`]: the resources below `k8s/samples`, and what they become;
//! - [`files`]: all generated files, to be written or compared.

pub mod files;
pub mod sample;
pub mod table;
pub mod values;

/// What went wrong, with the file that it is about.
pub type Failure = String;
