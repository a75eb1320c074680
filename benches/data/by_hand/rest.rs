//! REST by axum and serde_json.

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::StatusCode,
    routing::get,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{
    model::{
        Item, ItemPatch, ListAuthorsRequest, ListAuthorsResponse, ListItemsRequest,
        ListItemsResponse,
    },
    store::Store,
};

pub(super) fn router(store: Store) -> Router {
    Router::new()
        .route("/v1/items", get(list).post(create))
        .route("/v1/items/{id}", get(one).patch(update))
        .route("/v1/authors", get(authors))
        .with_state(store)
}

async fn one(State(store): State<Store>, Path(id): Path<String>) -> Result<Json<Item>, StatusCode> {
    let item = store.get(&id).await.map_err(internal)?;
    item.map(Json).ok_or(StatusCode::NOT_FOUND)
}

async fn list(
    State(store): State<Store>,
    Query(request): Query<ListItemsRequest>,
) -> Result<Json<ListItemsResponse>, StatusCode> {
    let after = token(&request.page_token).ok_or(StatusCode::BAD_REQUEST)?;
    let size = request.page_size.clamp(1, 1000);
    let items = store.list(&after, i64::from(size) + 1).await;
    Ok(Json(next_page(items.map_err(internal)?, size)))
}

async fn create(
    State(store): State<Store>,
    Json(item): Json<Item>,
) -> Result<Json<Item>, StatusCode> {
    store.create(item).await.map(Json).map_err(internal)
}

async fn update(
    State(store): State<Store>,
    Path(id): Path<String>,
    Json(patch): Json<ItemPatch>,
) -> Result<Json<Item>, StatusCode> {
    let item = store.update(&id, patch).await.map_err(internal)?;
    item.map(Json).ok_or(StatusCode::NOT_FOUND)
}

async fn authors(
    State(store): State<Store>,
    Query(request): Query<ListAuthorsRequest>,
) -> Result<Json<ListAuthorsResponse>, StatusCode> {
    let authors = store.authors(request.page_size.into()).await;
    let authors = authors.map_err(internal)?;
    Ok(Json(ListAuthorsResponse { authors }))
}

#[allow(clippy::needless_pass_by_value, reason = "for map_err")]
fn internal(_: sqlx::Error) -> StatusCode {
    StatusCode::INTERNAL_SERVER_ERROR
}

/// The id behind which a page begins.
pub(super) fn token(token: &str) -> Option<String> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    String::from_utf8(bytes).ok()
}

/// A page of one row more than was asked for.
pub(super) fn next_page(mut items: Vec<Item>, size: i32) -> ListItemsResponse {
    let size = usize::try_from(size).unwrap_or_default();
    let more = items.len() > size;
    items.truncate(size);
    let last = items.last().filter(|_| more);
    ListItemsResponse {
        next_page_token: last.map_or_else(String::new, |item| URL_SAFE_NO_PAD.encode(&item.id)),
        items,
    }
}
