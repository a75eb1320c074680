//! MySQL itself, which differs from MariaDB in its collations, its limits of time and its schema tables.

use std::path::PathBuf;

use super::{
    Server, mariadb,
    programs::{Place, find, is_root, output},
};

const VARIABLE: &str = "PROTOLOOP_TEST_MYSQL";

const SETTINGS: [&str; 13] = [
    "--secure-file-priv=",
    "--bind-address=127.0.0.1",
    "--skip-name-resolve",
    "--skip-log-bin",
    "--mysqlx=OFF",
    "--innodb-flush-log-at-trx-commit=2",
    "--innodb-flush-method=nosync",
    "--innodb-doublewrite=OFF",
    "--innodb-buffer-pool-size=64M",
    "--innodb-redo-log-capacity=64M",
    "--performance-schema=OFF",
    "--max-connections=300",
    "--table-open-cache=400",
];

/// Starts a server.
pub(super) fn start() -> Result<Server, String> {
    let program = find(VARIABLE, &["mysqld"], &[PathBuf::from("/usr/sbin")])?;
    let client = mariadb::client()?;
    // Its programs may lie in a folder that only we may enter, so where we are root it runs as root.
    let place = Place::new("mysql", &["root"])?;
    let version = output(place.command(&program).args(["--no-defaults", "--version"]))?;
    if version.contains("MariaDB") {
        return Err(format!("{} is MariaDB", program.display()));
    }
    let user = is_root()?.then_some("--user=root");
    let data = format!("--datadir={}", place.folder.join("data").display());
    mariadb::write_users(&place)?;
    let mut install = place.command(&program);
    install.args(["--no-defaults", "--initialize-insecure", &data]);
    install.env("TMPDIR", &place.folder);
    output(install.args(user).args(SETTINGS))?;
    let mut server = place.command(&program);
    server
        .args(["--no-defaults", &data])
        .args(user)
        .args(SETTINGS);
    mariadb::serve(&place, server, client, connections)
}

/// What the log says of them: the list of processes fails on statements with characters beyond three bytes.
fn connections(database: &str) -> String {
    format!(
        "SELECT thread_id FROM mysql.general_log WHERE command_type IN ('Connect', 'Quit') GROUP BY thread_id \
         HAVING SUM(command_type = 'Connect' AND argument LIKE '% on {database} using %') > SUM(command_type = 'Quit')"
    )
}
