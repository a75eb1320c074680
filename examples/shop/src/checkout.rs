//! The checkout: stock, order and lines in one transaction.

use protoloop::{
    CallContext, Detail, Filter, HasMany, PreconditionViolation, TransactionOptions, prelude::*,
};

use crate::shop::v1::{
    CheckoutRequest, Customer, Order, OrderLine, Product, checkout_request::Item, order::State,
};

const MAX_ITEMS: usize = 100;
const MAX_QUANTITY: i32 = 1_000;
const MAX_REQUEST_ID: usize = 128;

/// Answers `Checkout`.
pub(crate) async fn checkout(cx: &Context, request: CheckoutRequest) -> Result<Order> {
    let buying = Buying { cx, request };
    buying.check()?;
    let orders = cx.repository::<Order>()?;
    // Runs again after a serialization failure; the engine knows how often and how long to wait.
    let work = |inside: CallContext| {
        let buying = &buying;
        async move { buying.place(&inside).await }
    };
    let outcome = orders
        .transaction(cx, &TransactionOptions::new(), work)
        .await;
    match outcome {
        Ok(order) => Ok(order),
        // A call with the same request_id may have been faster, and have taken what this one missed.
        Err(error) => match buying.placed_before(cx).await {
            Ok(Some(order)) => Ok(order),
            _ => Err(error),
        },
    }
}

struct Buying<'a> {
    cx: &'a Context,
    request: CheckoutRequest,
}

impl Buying<'_> {
    /// What can be said without looking at any row.
    fn check(&self) -> Result<()> {
        let CheckoutRequest {
            items, request_id, ..
        } = &self.request;
        if request_id.is_empty() || request_id.len() > MAX_REQUEST_ID {
            let what = format!("must have 1 to {MAX_REQUEST_ID} bytes");
            return Err(Error::invalid_field("request_id", what));
        }
        if items.is_empty() || items.len() > MAX_ITEMS {
            let what = format!("must have 1 to {MAX_ITEMS} entries");
            return Err(Error::invalid_field("items", what));
        }
        for (at, item) in items.iter().enumerate() {
            if !(1..=MAX_QUANTITY).contains(&item.quantity) {
                let what = format!("must be from 1 to {MAX_QUANTITY}");
                return Err(Error::invalid_field(format!("items[{at}].quantity"), what));
            }
            if items[..at]
                .iter()
                .any(|one| one.product_id == item.product_id)
            {
                let what = "is there twice; add the quantities";
                return Err(Error::invalid_field(
                    format!("items[{at}].product_id"),
                    what,
                ));
            }
        }
        Ok(())
    }

    /// The customer's orders, seen from inside or outside of the transaction.
    async fn orders(&self, cx: &CallContext) -> Result<HasMany<Order>> {
        let customers = self.cx.repository::<Customer>()?;
        let customer = customers
            .find_by_id(cx, &Key::from(&*self.request.customer))
            .await?;
        if customer.delete_time.is_some() {
            return Err(Error::failed_precondition("the customer was deleted"));
        }
        customer.orders(self.cx)
    }

    /// The order that an earlier call with this request_id made.
    async fn placed_before(&self, cx: &CallContext) -> Result<Option<Order>> {
        let orders = self.orders(cx).await?;
        let same_request = Filter::equals(orders.model(), "request_id", &*self.request.request_id)?;
        let Some(order) = orders.find_one(cx, same_request).await? else {
            return Ok(None);
        };
        let lines = order.lines(self.cx)?.find_all(cx, None).await?;
        let wanted = &self.request.items;
        let is_wanted = |line: &OrderLine| {
            let is_it = |item: &Item| {
                (&item.product_id, item.quantity) == (&line.product_id, line.quantity)
            };
            wanted.iter().any(is_it)
        };
        let same = order.address_id == self.request.address_id
            && lines.len() == wanted.len()
            && lines.iter().all(is_wanted);
        match same {
            true => Ok(Some(answer(order, lines))),
            false => Err(Error::invalid_field(
                "request_id",
                "was used for another order; make a new one for each",
            )),
        }
    }

    /// Does it, within a transaction.
    async fn place(&self, cx: &CallContext) -> Result<Order> {
        if let Some(order) = self.placed_before(cx).await? {
            return Ok(order);
        }
        self.check_address(cx).await?;
        let lines = self.take(cx).await?;
        let total = lines.iter().try_fold(0_i64, |total, line| {
            total.checked_add(line.price_cents.checked_mul(i64::from(line.quantity))?)
        });
        let order = Order {
            address_id: self.request.address_id.clone(),
            state: State::Placed.into(),
            total_cents: total.ok_or_else(|| Error::out_of_range("the total is too large"))?,
            request_id: Some(self.request.request_id.clone()),
            ..Order::default()
        };
        let order = self.orders(cx).await?.create(cx, order).await?;
        let lines = order.lines(self.cx)?.create_all(cx, lines).await?;
        Ok(answer(order, lines))
    }

    async fn check_address(&self, cx: &CallContext) -> Result<()> {
        let customer = Customer {
            id: self.request.customer.clone(),
            ..Customer::default()
        };
        let address = Key::from(&*self.request.address_id);
        let found = customer.addresses(self.cx)?.find_by_id(cx, &address).await;
        match found {
            Err(error) if error.code() == Code::NotFound => Err(unmet(
                "address_id",
                "REFERENCE",
                "is no address of the customer's",
            )),
            found => found.map(drop),
        }
    }

    /// Takes every item from the stock, and answers the lines of the order in the order of the items.
    async fn take(&self, cx: &CallContext) -> Result<Vec<OrderLine>> {
        let products = self.cx.repository::<Product>()?;
        let mut items: Vec<(usize, &Item)> = self.request.items.iter().enumerate().collect();
        // Every call locks the products in one order, so that no two wait for each other.
        items.sort_by(|(_, one), (_, other)| one.product_id.cmp(&other.product_id));
        let mut lines = Vec::with_capacity(items.len());
        for (at, item) in items {
            let key = Key::from(&*item.product_id);
            let wanted = item.clone();
            let taken = products
                .update_by_id(cx, &key, move |product| take_one(product, &wanted, at))
                .await;
            let product = taken.map_err(|error| match error.code() {
                Code::NotFound => not_sold(at),
                // Deleted: the engine refuses it, and not we.
                Code::FailedPrecondition if !is_unmet(&error) => not_sold(at),
                _ => error,
            })?;
            let line = OrderLine {
                product_id: product.id,
                quantity: item.quantity,
                price_cents: product.price_cents,
                ..OrderLine::default()
            };
            lines.push((at, line));
        }
        lines.sort_by_key(|(at, _)| *at);
        Ok(lines.into_iter().map(|(_, line)| line).collect())
    }
}

/// Takes an item from the stock of its product, whose row is locked. It may run again.
fn take_one(product: &mut Product, item: &Item, at: usize) -> Result<()> {
    if item.version != 0 && item.version != product.version {
        let what = format!(
            "items[{at}].version: the product was changed and is of version {} now; look at it again",
            product.version
        );
        return Err(Error::aborted(what).with_detail(Detail::ErrorInfo {
            reason: "VERSION_MISMATCH".to_owned(),
            domain: "shop.v1".to_owned(),
            metadata: vec![("field".to_owned(), format!("items[{at}].version"))],
        }));
    }
    if product.stock < item.quantity {
        let what = format!("there are {} left", product.stock);
        return Err(unmet(&format!("items[{at}].quantity"), "STOCK", &what));
    }
    product.stock -= item.quantity;
    Ok(())
}

fn not_sold(at: usize) -> Error {
    let field = format!("items[{at}].product_id");
    unmet(&field, "REFERENCE", "there is no such product")
}

/// FAILED_PRECONDITION that names a field.
fn unmet(field: &str, kind: &str, what: &str) -> Error {
    Error::failed_precondition(format!("{field}: {what}")).with_detail(Detail::PreconditionFailure(
        vec![PreconditionViolation {
            kind: kind.to_owned(),
            subject: field.to_owned(),
            description: what.to_owned(),
        }],
    ))
}

fn is_unmet(error: &Error) -> bool {
    let unmet = |detail: &Detail| matches!(detail, Detail::PreconditionFailure(_));
    error.details().iter().any(unmet)
}

/// An order with its lines, as callers see it.
fn answer(order: Order, lines: Vec<OrderLine>) -> Order {
    Order {
        lines,
        request_id: None,
        ..order
    }
}
