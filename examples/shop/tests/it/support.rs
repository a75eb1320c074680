//! A shop on each database, with something in it.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use protoloop_testing::databases;
use shop::shop::v1::{
    Address, CheckoutRequest, CreateAddressRequest, CreateCustomerRequest, CreateProductRequest,
    Customer, GetProductRequest, Product, address_service_client::AddressServiceClient,
    checkout_request::Item, customer_service_client::CustomerServiceClient,
    order_service_client::OrderServiceClient, product_service_client::ProductServiceClient,
};
use tonic::transport::Channel;

/// A database of one kind, empty and of this test alone.
pub(crate) struct Database {
    pub(crate) url: String,
    _folder: Option<tempfile::TempDir>,
}

impl Database {
    pub(crate) fn of(url: String) -> Self {
        Self { url, _folder: None }
    }
}

pub(crate) fn sqlite() -> Option<Database> {
    let folder = tempfile::tempdir().expect("room for a folder");
    Some(Database {
        url: format!("sqlite:{}", folder.path().join("shop.db").display()),
        _folder: Some(folder),
    })
}

pub(crate) fn postgres() -> Option<Database> {
    Some(Database::of(databases::postgres()?.database()))
}

pub(crate) fn mariadb() -> Option<Database> {
    Some(Database::of(databases::mariadb()?.database()))
}

/// One test on every database: `on_each!(async fn name(shop) { … })`.
macro_rules! on_each {
    ($(#[$doc:meta])* async fn $name:ident($shop:ident: &$type:ty) $body:block) => {
        mod $name {
            use super::*;

            async fn test($shop: &$type) $body

            #[tokio::test(flavor = "multi_thread")]
            async fn on_sqlite() {
                if let Some(database) = $crate::support::sqlite() {
                    test(&Shop::open(database).await).await;
                }
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn on_postgres() {
                if let Some(database) = $crate::support::postgres() {
                    test(&Shop::open(database).await).await;
                }
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn on_mariadb() {
                if let Some(database) = $crate::support::mariadb() {
                    test(&Shop::open(database).await).await;
                }
            }
        }
    };
}
pub(crate) use on_each;

/// The binary, serving.
pub(crate) struct Binary {
    process: Child,
    pub(crate) address: String,
}

impl Binary {
    pub(crate) fn start(database: &str) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_shop"))
            .args(["--db", database, "--listen", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the shop starts");
        let mut line = String::new();
        let mut out = BufReader::new(process.stdout.take().expect("it is piped"));
        out.read_line(&mut line).expect("a pipe");
        let address = line.trim().strip_prefix("serving http://");
        let address = address.and_then(|rest| rest.split('/').next());
        let address = address.expect("it says where it listens").to_owned();
        Self { process, address }
    }

    /// Kills it as a crash would.
    pub(crate) fn kill(&self) {
        let id = self.process.id().to_string();
        let killed = Command::new("kill").args(["-KILL", &id]).status();
        assert!(killed.expect("kill runs").success(), "it had ended");
    }
}

impl Drop for Binary {
    fn drop(&mut self) {
        // Fails only when it has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A serving shop with its clients.
pub(crate) struct Shop {
    pub(crate) binary: Binary,
    pub(crate) customers: CustomerServiceClient<Channel>,
    pub(crate) addresses: AddressServiceClient<Channel>,
    pub(crate) products: ProductServiceClient<Channel>,
    pub(crate) orders: OrderServiceClient<Channel>,
    pub(crate) database: Database,
}

impl Shop {
    pub(crate) async fn open(database: Database) -> Self {
        let binary = Binary::start(&database.url);
        let channel = channel(&binary.address).await;
        Self {
            customers: CustomerServiceClient::new(channel.clone()),
            addresses: AddressServiceClient::new(channel.clone()),
            products: ProductServiceClient::new(channel.clone()),
            orders: OrderServiceClient::new(channel),
            binary,
            database,
        }
    }

    /// Somebody with an address.
    pub(crate) async fn customer(&self, name: &str) -> (Customer, Address) {
        let customer = Customer {
            name: name.to_owned(),
            email: format!("{name}@example.com"),
            ..Customer::default()
        };
        let request = CreateCustomerRequest {
            customer: Some(customer),
            ..CreateCustomerRequest::default()
        };
        let customer = self.customers.clone().create_customer(request).await;
        let customer = customer.expect("a customer").into_inner();
        let address = Address {
            customer_id: customer.id.clone(),
            label: "home".to_owned(),
            city: "Utrecht".to_owned(),
            ..Address::default()
        };
        let request = CreateAddressRequest {
            address: Some(address),
            ..CreateAddressRequest::default()
        };
        let address = self.addresses.clone().create_address(request).await;
        (customer, address.expect("an address").into_inner())
    }

    pub(crate) async fn product(&self, sku: &str, price_cents: i64, stock: i32) -> Product {
        let product = Product {
            sku: sku.to_owned(),
            name: sku.to_owned(),
            price_cents,
            stock,
            ..Product::default()
        };
        let request = CreateProductRequest {
            product: Some(product),
            ..CreateProductRequest::default()
        };
        let product = self.products.clone().create_product(request).await;
        product.expect("a product").into_inner()
    }

    pub(crate) async fn stock(&self, product: &str) -> i32 {
        let request = GetProductRequest {
            id: product.to_owned(),
            ..GetProductRequest::default()
        };
        let product = self.products.clone().get_product(request).await;
        product.expect("a product").into_inner().stock
    }
}

pub(crate) async fn channel(address: &str) -> Channel {
    let endpoint = Channel::from_shared(format!("http://{address}")).expect("an address");
    endpoint.connect().await.expect("it listens")
}

/// A request to buy.
pub(crate) fn buying(
    customer: &Customer,
    address: &Address,
    items: &[(&str, i32)],
    request_id: &str,
) -> CheckoutRequest {
    let item = |(product, quantity): &(&str, i32)| Item {
        product_id: (*product).to_owned(),
        quantity: *quantity,
        version: 0,
    };
    CheckoutRequest {
        customer: customer.id.clone(),
        address_id: address.id.clone(),
        items: items.iter().map(item).collect(),
        request_id: request_id.to_owned(),
    }
}
