//! Messages, for prost and serde.

use prost::Message;
use serde::{Deserialize, Serialize};

#[derive(Clone, PartialEq, Message, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Item {
    #[prost(string, tag = "1")]
    pub(crate) id: String,
    #[prost(string, tag = "2")]
    pub(crate) name: String,
    #[prost(string, tag = "3")]
    pub(crate) description: String,
    #[prost(int64, tag = "4")]
    #[serde(with = "as_text")]
    pub(crate) price: i64,
    #[prost(int32, tag = "5")]
    pub(crate) quantity: i32,
    #[prost(double, tag = "6")]
    pub(crate) rating: f64,
    #[prost(bool, tag = "7")]
    pub(crate) active: bool,
}

/// 64-bit numbers are strings in the JSON of protobuf.
mod as_text {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(value: &i64, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(value)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
        let text = <std::borrow::Cow<'_, str>>::deserialize(from)?;
        text.parse().map_err(D::Error::custom)
    }
}

/// What a PATCH may say.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ItemPatch {
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) price: Option<String>,
    pub(crate) quantity: Option<i32>,
    pub(crate) rating: Option<f64>,
    pub(crate) active: Option<bool>,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct GetItemRequest {
    #[prost(string, tag = "1")]
    pub(crate) id: String,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct CreateItemRequest {
    #[prost(message, optional, tag = "1")]
    pub(crate) item: Option<Item>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct UpdateItemRequest {
    #[prost(message, optional, tag = "1")]
    pub(crate) item: Option<Item>,
    #[prost(message, optional, tag = "2")]
    pub(crate) update_mask: Option<FieldMask>,
}

impl UpdateItemRequest {
    pub(crate) fn of(item: Item, paths: Vec<String>) -> Self {
        Self {
            item: Some(item),
            update_mask: Some(FieldMask { paths }),
        }
    }
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct FieldMask {
    #[prost(string, repeated, tag = "1")]
    pub(crate) paths: Vec<String>,
}

#[derive(Clone, PartialEq, Eq, Message, Deserialize)]
#[serde(default)]
pub(crate) struct ListItemsRequest {
    #[prost(int32, tag = "3")]
    pub(crate) page_size: i32,
    #[prost(string, tag = "4")]
    pub(crate) page_token: String,
}

#[derive(Clone, PartialEq, Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListItemsResponse {
    #[prost(message, repeated, tag = "1")]
    pub(crate) items: Vec<Item>,
    #[prost(string, tag = "2")]
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) next_page_token: String,
}

#[derive(Clone, PartialEq, Eq, Message, Deserialize)]
#[serde(default)]
pub(crate) struct ListAuthorsRequest {
    #[prost(int32, tag = "3")]
    pub(crate) page_size: i32,
}

#[derive(Clone, PartialEq, Eq, Message, Serialize)]
pub(crate) struct Author {
    #[prost(string, tag = "1")]
    pub(crate) id: String,
    #[prost(string, tag = "2")]
    pub(crate) name: String,
    #[prost(message, repeated, tag = "3")]
    pub(crate) books: Vec<Book>,
}

#[derive(Clone, PartialEq, Eq, Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Book {
    #[prost(string, tag = "1")]
    pub(crate) id: String,
    #[prost(string, tag = "2")]
    pub(crate) author_id: String,
    #[prost(string, tag = "3")]
    pub(crate) title: String,
    #[prost(int32, tag = "4")]
    pub(crate) pages: i32,
}

#[derive(Clone, PartialEq, Eq, Message, Serialize)]
pub(crate) struct ListAuthorsResponse {
    #[prost(message, repeated, tag = "1")]
    pub(crate) authors: Vec<Author>,
}
