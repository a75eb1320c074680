//! Serves the shop: `shop [--db URL] [--listen ADDRESS]`, or `SHOP_DB` and `SHOP_LISTEN`.

use std::{
    env,
    error::Error,
    io::{self, Write as _},
};

use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let settings = Settings::read(env::args().skip(1))?;
    let database = shop::database::open(&settings.database).await?;
    let server = shop::application(database)?.build().await?;
    let listener = TcpListener::bind(&settings.listen).await?;
    writeln!(
        io::stdout(),
        "serving http://{}/v1/products",
        listener.local_addr()?
    )?;
    server.serve(listener, protoloop::shutdown::signal()?).await;
    Ok(())
}

struct Settings {
    database: String,
    listen: String,
}

impl Settings {
    /// Flags over environment over defaults.
    fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self, Box<dyn Error>> {
        let or = |name: &str, otherwise: &str| env::var(name).unwrap_or_else(|_| otherwise.into());
        let mut settings = Self {
            database: or("SHOP_DB", "sqlite:shop.db"),
            listen: or("SHOP_LISTEN", "127.0.0.1:8080"),
        };
        while let Some(flag) = arguments.next() {
            let value = arguments.next();
            let value = value.ok_or_else(|| format!("{flag} needs a value"));
            match flag.as_str() {
                "--db" => settings.database = value?,
                "--listen" => settings.listen = value?,
                _ => return Err(format!("{flag} is unknown; there are --db and --listen").into()),
            }
        }
        Ok(settings)
    }
}
