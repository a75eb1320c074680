//! A shop: the standard methods of its models from the engine, the checkout from here.

mod checkout;
pub mod database;

use std::sync::Arc;

use protoloop::{Connector, prelude::*};

protoloop::include_proto!();

use shop::v1::{CheckoutRequest, Order, OrderService, OrderServiceServer};

/// The handlers of orders.
#[derive(Debug)]
pub struct Orders;

impl OrderService for Orders {
    async fn checkout(&self, cx: &Context, request: CheckoutRequest) -> Result<Order> {
        checkout::checkout(cx, request).await
    }
}

/// The application, with its data in `connector`.
///
/// # Errors
/// None, unless the generated schema and this toolkit are of different versions.
pub fn application(connector: Arc<dyn Connector>) -> Result<Application, ApplicationError> {
    Ok(Application::new(DESCRIPTOR_SET)?
        .datasource("default", connector)
        .service(OrderServiceServer::new(Orders)))
}
