//! PostgreSQL.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::{
    Certificate, Kind, PASSWORD, Server, USER, free_port,
    programs::{Place, find, output},
    watch::Watched,
};

const VARIABLE: &str = "PROTOLOOP_TEST_POSTGRES";

#[derive(Debug)]
struct Postgres {
    /// Of its programs.
    folder: PathBuf,
    log: PathBuf,
}

/// Starts a server.
pub(super) fn start(certificate: Option<Certificate<'_>>) -> Result<Server, String> {
    let program = find(VARIABLE, &["postgres"], &debian())?;
    // A link to it says nothing of the others.
    let program = fs::canonicalize(&program).map_err(|error| error.to_string())?;
    let folder = program.parent().map(Path::to_path_buf).unwrap_or_default();
    let place = Place::new("postgres", &["postgres", "nobody"])?;
    let data = place.folder.join("data");
    let secret = place.folder.join("password");
    fs::write(&secret, PASSWORD).map_err(|error| error.to_string())?;
    let init = |collation: &[&str]| {
        let mut init = place.command(&folder.join("initdb"));
        init.arg("-D")
            .arg(&data)
            .args(["-U", USER, "--auth=scram-sha-256"]);
        init.arg("--pwfile").arg(&secret);
        init.args(["--encoding=UTF8", "--no-sync", "--no-instructions"]);
        output(init.args(collation))
    };
    // An order of language, so that the tests see where it is not that of bytes; where the server knows none, by byte.
    init(&[
        "--locale=C.UTF-8",
        "--locale-provider=icu",
        "--icu-locale=en",
    ])
    .or_else(|_| init(&["--locale=C.UTF-8"]))
    .or_else(|_| init(&["--locale=C"]))?;
    let port = free_port()?;
    let mut server = place.command(&program);
    server.arg("-D").arg(&data).arg("-k").arg(&place.folder);
    for setting in [
        &format!("port={port}"),
        "listen_addresses=127.0.0.1",
        // The machine does not fail under a test; the server is killed, and keeps what it has written.
        "fsync=off",
        "full_page_writes=off",
        "shared_buffers=32MB",
        "max_connections=200",
        // Whose a line is; see `recorded`.
        "log_line_prefix=%d|",
    ] {
        server.arg("-c").arg(setting);
    }
    if let Some(certificate) = certificate {
        let (chain, key) = place.certificate(certificate)?;
        server.args(["-c", "ssl=on"]);
        server.arg("-c").arg(format!("ssl_cert_file={chain}"));
        server.arg("-c").arg(format!("ssl_key_file={key}"));
    }
    let watched = Watched::start(&place, &server)?;
    let log = place.folder.join("log");
    Server::new(Box::new(Postgres { folder, log }), port, watched)
}

/// Where Debian puts the versions, newest first.
fn debian() -> Vec<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let number = |path: &PathBuf| -> u32 {
        let name = path.file_name().and_then(|name| name.to_str());
        name.and_then(|name| name.parse().ok()).unwrap_or(0)
    };
    let mut versions: Vec<PathBuf> = versions.flatten().map(|entry| entry.path()).collect();
    versions.sort_by_key(|path| std::cmp::Reverse(number(path)));
    versions.into_iter().map(|path| path.join("bin")).collect()
}

impl Kind for Postgres {
    fn scheme(&self) -> &'static str {
        "postgres"
    }

    fn answers(&self, port: u16) -> bool {
        Command::new(self.folder.join("pg_isready"))
            .args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()])
            .stdin(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    }

    fn run(&self, port: u16, database: Option<&str>, sql: &str) -> Result<String, String> {
        let mut psql = Command::new(self.folder.join("psql"));
        psql.args([
            "-X",
            "-q",
            "-A",
            "-t",
            "-F",
            "\t",
            "-v",
            "ON_ERROR_STOP=1",
            "-h",
            "127.0.0.1",
            "-U",
            USER,
        ]);
        let database = database.unwrap_or("postgres");
        psql.args(["-p", &port.to_string(), "-d", database, "-c", sql]);
        output(psql.env("PGPASSWORD", PASSWORD))
    }

    fn record(&self, port: u16, database: &str) -> Result<(), String> {
        let sql = format!("ALTER DATABASE {database} SET log_statement = 'all'");
        self.run(port, None, &sql).map(drop)
    }

    fn recorded(&self, _port: u16, database: &str) -> Result<Vec<String>, String> {
        let log = fs::read_to_string(&self.log).map_err(|error| error.to_string())?;
        let prefix = format!("{database}|LOG:  ");
        let lines = log.lines().filter_map(|line| line.strip_prefix(&prefix));
        let statements = lines.filter_map(|line| {
            let (kind, statement) = line.split_once(": ")?;
            (kind == "statement" || kind.starts_with("execute ")).then(|| statement.to_owned())
        });
        Ok(statements.collect())
    }
}
