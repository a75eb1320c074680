//! What tonic's generator writes, and the handlers.

use std::{
    convert::Infallible,
    task::{Context, Poll},
};

use tonic::{
    Request, Response, Status,
    body::Body,
    codegen::{BoxFuture, Service, http},
    server::{Grpc, NamedService, UnaryService},
};
use tonic_prost::ProstCodec;

use super::{
    model::{
        CreateItemRequest, GetItemRequest, Item, ItemPatch, ListAuthorsRequest,
        ListAuthorsResponse, ListItemsRequest, ListItemsResponse, UpdateItemRequest,
    },
    rest::{next_page, token},
    store::Store,
};

#[derive(Clone)]
pub(super) struct Items(pub(super) Store);

impl NamedService for Items {
    const NAME: &'static str = "data.v1.ItemService";
}

#[derive(Clone)]
pub(super) struct Authors(pub(super) Store);

impl NamedService for Authors {
    const NAME: &'static str = "data.v1.AuthorService";
}

/// A service whose unary methods are these.
macro_rules! service {
    ($name:ident, $($path:literal => $method:ident),*) => {
        impl Service<http::Request<Body>> for $name {
            type Response = http::Response<Body>;
            type Error = Infallible;
            type Future = BoxFuture<Self::Response, Infallible>;

            fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
                Poll::Ready(Ok(()))
            }

            fn call(&mut self, request: http::Request<Body>) -> Self::Future {
                let store = self.0.clone();
                match request.uri().path() {
                    $($path => Box::pin(async move {
                        let mut grpc = Grpc::new(ProstCodec::default());
                        Ok(grpc.unary($method(store), request).await)
                    }),)*
                    _ => Box::pin(async { Ok(Status::unimplemented("").into_http()) }),
                }
            }
        }
    };
}

service!(Items,
    "/data.v1.ItemService/GetItem" => GetItem,
    "/data.v1.ItemService/ListItems" => ListItems,
    "/data.v1.ItemService/CreateItem" => CreateItem,
    "/data.v1.ItemService/UpdateItem" => UpdateItem);
service!(Authors, "/data.v1.AuthorService/ListAuthors" => ListAuthors);

/// A unary method.
macro_rules! method {
    ($name:ident, $request:ty => $response:ty, |$store:ident, $message:ident| $work:expr) => {
        struct $name(Store);

        impl UnaryService<$request> for $name {
            type Response = $response;
            type Future = BoxFuture<Response<$response>, Status>;

            fn call(&mut self, request: Request<$request>) -> Self::Future {
                let $store = self.0.clone();
                Box::pin(async move {
                    let $message = request.into_inner();
                    let response: Result<$response, Status> = $work;
                    response.map(Response::new)
                })
            }
        }
    };
}

method!(GetItem, GetItemRequest => Item, |store, request| {
    let item = store.get(&request.id).await.map_err(internal)?;
    item.ok_or_else(|| Status::not_found(request.id))
});

method!(ListItems, ListItemsRequest => ListItemsResponse, |store, request| {
    let after = token(&request.page_token).ok_or_else(|| Status::invalid_argument("page_token"))?;
    let size = request.page_size.clamp(1, 1000);
    let items = store.list(&after, i64::from(size) + 1).await.map_err(internal)?;
    Ok(next_page(items, size))
});

method!(CreateItem, CreateItemRequest => Item, |store, request| {
    let item = request.item.ok_or_else(|| Status::invalid_argument("item: is required"))?;
    store.create(item).await.map_err(internal)
});

method!(UpdateItem, UpdateItemRequest => Item, |store, request| {
    let item = request.item.ok_or_else(|| Status::invalid_argument("item: is required"))?;
    let id = item.id.clone();
    let patch = masked(&item, &request.update_mask.unwrap_or_default().paths)?;
    let item = store.update(&id, patch).await.map_err(internal)?;
    item.ok_or_else(|| Status::not_found(id))
});

method!(ListAuthors, ListAuthorsRequest => ListAuthorsResponse, |store, request| {
    let authors = store.authors(request.page_size.into()).await.map_err(internal)?;
    Ok(ListAuthorsResponse { authors })
});

#[allow(clippy::needless_pass_by_value, reason = "for map_err")]
fn internal(error: sqlx::Error) -> Status {
    Status::internal(error.to_string())
}

fn masked(item: &Item, paths: &[String]) -> Result<ItemPatch, Status> {
    let mut patch = ItemPatch::default();
    for path in paths {
        match path.as_str() {
            "name" => patch.name = Some(item.name.clone()),
            "description" => patch.description = Some(item.description.clone()),
            "price" => patch.price = Some(item.price.to_string()),
            "quantity" => patch.quantity = Some(item.quantity),
            "rating" => patch.rating = Some(item.rating),
            "active" => patch.active = Some(item.active),
            _ => return Err(Status::invalid_argument("update_mask")),
        }
    }
    Ok(patch)
}
