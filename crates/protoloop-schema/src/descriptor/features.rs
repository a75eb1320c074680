//! What syntax and edition of a file mean for its elements.
//!
//! proto2 and proto3 are two fixed sets of features; a file of an edition begins with the edition's own and changes them
//! element by element, each inheriting from what it stands in.

use super::{File, Message, path};
use crate::Presence;

/// The first edition, 2023.
const FIRST: i32 = 1000;
/// The newest one whose features are known, 2024. It changed nothing of what is read here.
const LAST: i32 = 1001;

/// `google.protobuf.FeatureSet`: what an element says itself. Zero is silence.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(crate) struct FeatureSet {
    #[prost(int32, tag = "1")]
    pub(crate) field_presence: i32,
    #[prost(int32, tag = "2")]
    pub(crate) enum_type: i32,
    #[prost(int32, tag = "3")]
    pub(crate) repeated_field_encoding: i32,
    #[prost(int32, tag = "4")]
    pub(crate) utf8_validation: i32,
    #[prost(int32, tag = "5")]
    pub(crate) message_encoding: i32,
}

/// What holds for an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Features {
    /// Of singular fields that are neither messages nor members of a oneof.
    pub(crate) presence: Presence,
    /// Whether enums keep numbers that they do not declare.
    pub(crate) open_enums: bool,
    /// Whether lists of numbers are written packed.
    pub(crate) packed: bool,
    /// Whether strings must be UTF-8.
    pub(crate) utf8: bool,
    /// Whether messages are written between two tags, as groups are.
    pub(crate) delimited: bool,
}

const PROTO2: Features = Features {
    presence: Presence::Explicit,
    open_enums: false,
    packed: false,
    utf8: false,
    delimited: false,
};

const PROTO3: Features = Features {
    presence: Presence::Implicit,
    open_enums: true,
    packed: true,
    utf8: true,
    delimited: false,
};

/// Of the editions so far.
const EDITIONS: Features = Features {
    presence: Presence::Explicit,
    ..PROTO3
};

impl Features {
    pub(crate) fn of_file(file: &File) -> Self {
        match &*file.syntax {
            "proto3" => PROTO3,
            "editions" => {
                let options = file.options.as_ref();
                EDITIONS.with(options.and_then(|options| options.features.as_ref()))
            }
            _ => PROTO2,
        }
    }

    /// The features at a path of messages, and of one enum at its end.
    pub(crate) fn at(file: &File, path: &[i32]) -> Self {
        let mut features = Self::of_file(file);
        let mut around: Option<&Message> = None;
        for step in path.chunks_exact(2) {
            // Paths are built from indices.
            let index = usize::try_from(step[1]).unwrap_or_default();
            let (messages, enums) = match around {
                None => (&file.message_type, &file.enum_type),
                Some(message) => (&message.nested_type, &message.enum_type),
            };
            let is_enum = match around {
                None => step[0] == path::FILE_ENUM,
                Some(_) => step[0] == path::MESSAGE_ENUM,
            };
            if is_enum {
                let options = enums.get(index).and_then(|item| item.options.as_ref());
                return features.with(options.and_then(|options| options.features.as_ref()));
            }
            let Some(message) = messages.get(index) else {
                return features;
            };
            let options = message.options.as_ref();
            features = features.with(options.and_then(|options| options.features.as_ref()));
            around = Some(message);
        }
        features
    }

    /// The same with what an element says itself.
    pub(crate) fn with(mut self, own: Option<&FeatureSet>) -> Self {
        let Some(own) = own else {
            return self;
        };
        match own.field_presence {
            1 => self.presence = Presence::Explicit,
            2 => self.presence = Presence::Implicit,
            3 => self.presence = Presence::Required,
            _ => {}
        }
        let switches = [
            (&mut self.open_enums, own.enum_type, 1, 2),
            (&mut self.packed, own.repeated_field_encoding, 1, 2),
            (&mut self.utf8, own.utf8_validation, 2, 3),
            (&mut self.delimited, own.message_encoding, 2, 1),
        ];
        for (switch, said, on, off) in switches {
            if said == on || said == off {
                *switch = said == on;
            }
        }
        self
    }
}

/// Whether a file is of an edition that can be read.
pub(crate) fn is_known_edition(file: &File) -> bool {
    file.syntax == "editions" && (FIRST..=LAST).contains(&file.edition)
}

#[cfg(test)]
mod tests;
