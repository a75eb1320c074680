//! MariaDB.

use std::{
    fs,
    io::Read as _,
    net::{Ipv4Addr, SocketAddr, TcpStream},
    path::PathBuf,
    process::Command,
    time::Duration,
};

use super::{
    Certificate, Kind, PASSWORD, Server, USER, free_port,
    programs::{Place, find, output},
    watch::Watched,
};

const VARIABLE: &str = "PROTOLOOP_TEST_MARIADB";

/// A server that its client speaks to; MySQL's speaks the same.
#[derive(Debug)]
pub(super) struct MariaDb {
    client: PathBuf,
    socket: PathBuf,
    /// The connections to a database that are open, as a query of their numbers.
    connections: fn(&str) -> String,
}

/// What MariaDB says of them itself.
fn connections(database: &str) -> String {
    format!("SELECT id FROM information_schema.processlist WHERE db = '{database}'")
}

fn folders() -> [PathBuf; 3] {
    ["/usr/sbin", "/usr/bin", "/usr/local/sbin"].map(PathBuf::from)
}

/// The program that runs statements.
pub(super) fn client() -> Result<PathBuf, String> {
    find(VARIABLE, &["mariadb", "mysql"], &folders())
}

/// The file of what a server does at its start.
const INIT: &str = "init.sql";

/// Writes what a server does at its start, so that the tests may come in.
pub(super) fn write_users(place: &Place) -> Result<(), String> {
    let statements = format!(
        "CREATE USER IF NOT EXISTS '{USER}'@'%' IDENTIFIED BY '{PASSWORD}';\n\
         GRANT ALL ON *.* TO '{USER}'@'%' WITH GRANT OPTION;\n"
    );
    fs::write(place.folder.join(INIT), statements).map_err(|error| error.to_string())
}

/// Starts a server.
pub(super) fn start(certificate: Option<Certificate<'_>>) -> Result<Server, String> {
    let folders = folders();
    let program = find(VARIABLE, &["mariadbd", "mysqld"], &folders)?;
    let install = find(
        VARIABLE,
        &["mariadb-install-db", "mysql_install_db"],
        &folders,
    )?;
    let client = client()?;
    let place = Place::new("mariadb", &["mysql", "nobody"])?;
    let data = format!("--datadir={}", place.folder.join("data").display());
    write_users(&place)?;
    let mut install = place.command(&install);
    install.args([
        "--no-defaults",
        &data,
        "--skip-test-db",
        "--skip-name-resolve",
    ]);
    // What sets the tables up is a server too; see below.
    install.env("TMPDIR", &place.folder);
    output(install.arg("--auth-root-authentication-method=normal"))?;
    let mut server = place.command(&program);
    server.args(["--no-defaults", &data]).args(SETTINGS);
    if let Some(certificate) = certificate {
        let (chain, key) = place.certificate(certificate)?;
        server.arg(format!("--ssl-cert={chain}"));
        server.arg(format!("--ssl-key={key}"));
    }
    serve(&place, server, client, connections)
}

/// Starts a server on tables that are set up and with what [`write_users`] wrote, both in its place, and waits for it.
pub(super) fn serve(
    place: &Place,
    mut server: Command,
    client: PathBuf,
    connections: fn(&str) -> String,
) -> Result<Server, String> {
    let port = free_port()?;
    let at = |name: &str| place.folder.join(name);
    let socket = at("socket");
    server
        .arg(format!("--port={port}"))
        .arg(format!("--socket={}", socket.display()))
        .arg(format!("--pid-file={}", at("pid").display()))
        .arg(format!("--init-file={}", at(INIT).display()))
        // At its start a server removes the temporary tables of others that share the folder.
        .arg(format!("--tmpdir={}", place.folder.display()));
    let watched = Watched::start(place, &server)?;
    let database = MariaDb {
        client,
        socket,
        connections,
    };
    Server::new(Box::new(database), port, watched)
}

const SETTINGS: [&str; 9] = [
    "--bind-address=127.0.0.1",
    "--skip-name-resolve",
    "--skip-log-bin",
    // The machine does not fail under a test; the server is killed, and keeps what it has written.
    "--innodb-flush-log-at-trx-commit=2",
    "--innodb-flush-method=nosync",
    "--skip-innodb-doublewrite",
    "--innodb-buffer-pool-size=64M",
    "--performance-schema=OFF",
    "--max-connections=300",
];

impl Kind for MariaDb {
    fn scheme(&self) -> &'static str {
        "mariadb"
    }

    fn answers(&self, port: u16) -> bool {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let second = Duration::from_secs(1);
        let Ok(mut stream) = TcpStream::connect_timeout(&address, second) else {
            return false;
        };
        // The greeting: a length, a number, then the version of the protocol, 10.
        let mut greeting = [0; 5];
        stream.set_read_timeout(Some(second)).is_ok()
            && stream.read_exact(&mut greeting).is_ok()
            && greeting[4] == 10
    }

    fn run(&self, _port: u16, database: Option<&str>, sql: &str) -> Result<String, String> {
        let mut client = Command::new(&self.client);
        client.args([
            "--no-defaults",
            "--user=root",
            "--batch",
            "--skip-column-names",
            "--skip-ssl",
        ]);
        client.arg(format!("--socket={}", self.socket.display()));
        output(client.args(["-e", sql]).args(database))
    }

    fn record(&self, port: u16, _database: &str) -> Result<(), String> {
        let sql = "SET GLOBAL log_output = 'TABLE'; SET GLOBAL general_log = ON";
        self.run(port, None, sql).map(drop)
    }

    fn recorded(&self, port: u16, database: &str) -> Result<Vec<String>, String> {
        let sql = format!(
            "SELECT argument FROM mysql.general_log WHERE command_type IN ('Query', 'Execute') AND thread_id IN ({}) \
             ORDER BY event_time",
            (self.connections)(database)
        );
        let lines = self.run(port, None, &sql)?;
        Ok(lines.lines().map(ToOwned::to_owned).collect())
    }
}
