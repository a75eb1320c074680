//! The errors that every connector and the engine word alike.

use protoloop_core::{Detail, Error};

use super::Model;
use crate::Key;

impl Model {
    /// NOT_FOUND: there is no row of this key.
    #[must_use]
    pub fn not_found(&self, key: &Key) -> Error {
        let singular = &self.entity().singular;
        Error::not_found(format!("{singular} `{key}` was not found"))
            .with_detail(self.resource(&key.to_string(), "there is no such row"))
    }

    /// ALREADY_EXISTS: another row has the same values in these fields, by number: those of the key, or of a unique
    /// index. The values are not told.
    #[must_use]
    pub fn duplicate(&self, fields: &[u32]) -> Error {
        // A value is taken within a tenant, which the caller did not choose.
        let tenant = self.entity().tenant_key;
        let told = fields.iter().filter(|field| Some(**field) != tenant);
        let names: Vec<String> = told.map(|field| self.field_name(*field)).collect();
        let names = names.join(", ");
        let singular = &self.entity().singular;
        Error::already_exists(format!("another {singular} has the same {names}"))
            .with_detail(Detail::ErrorInfo {
                reason: "ALREADY_EXISTS".to_owned(),
                domain: self.message().package.to_string(),
                metadata: vec![("fields".to_owned(), names.clone())],
            })
            .with_detail(self.resource("", &format!("{names}: taken by another row")))
    }

    /// FAILED_PRECONDITION: the row is marked as deleted, so that it cannot be changed.
    #[must_use]
    pub fn deleted(&self, key: &Key) -> Error {
        let singular = &self.entity().singular;
        Error::failed_precondition(format!("{singular} `{key}` is deleted; undelete it first"))
            .with_detail(self.resource(&key.to_string(), "it is deleted"))
    }

    /// ALREADY_EXISTS: the row to undelete is not marked as deleted.
    #[must_use]
    pub fn not_deleted(&self, key: &Key) -> Error {
        let singular = &self.entity().singular;
        Error::already_exists(format!("{singular} `{key}` is not deleted"))
            .with_detail(self.resource(&key.to_string(), "it is not deleted"))
    }

    /// ABORTED: the row was changed since the caller read it.
    #[must_use]
    pub fn etag_mismatch(&self, key: &Key) -> Error {
        let singular = &self.entity().singular;
        Error::aborted(format!(
            "{singular} `{key}` was changed since its etag was read; read it again"
        ))
        .with_detail(Detail::ErrorInfo {
            reason: "ETAG_MISMATCH".to_owned(),
            domain: self.message().package.to_string(),
            metadata: Vec::new(),
        })
        .with_detail(self.resource(&key.to_string(), "the etag does not match"))
    }

    /// ABORTED: the row has another version than the one that the caller read.
    #[must_use]
    pub fn version_mismatch(&self, key: &Key) -> Error {
        let singular = &self.entity().singular;
        Error::aborted(format!(
            "{singular} `{key}` was changed since its version was read; read it again"
        ))
        .with_detail(Detail::ErrorInfo {
            reason: "VERSION_MISMATCH".to_owned(),
            domain: self.message().package.to_string(),
            metadata: Vec::new(),
        })
        .with_detail(self.resource(&key.to_string(), "the version does not match"))
    }

    fn resource(&self, name: &str, description: &str) -> Detail {
        Detail::ResourceInfo {
            resource_type: self.full_name().to_owned(),
            resource_name: name.to_owned(),
            description: description.to_owned(),
        }
    }
}
