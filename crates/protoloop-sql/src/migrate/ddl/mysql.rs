//! MySQL and MariaDB: each statement that changes a schema is kept by itself.

use super::{ColumnTarget, Conversion, Ddl};
use crate::{LiveColumn, migrate::field_kind::integers};

/// MySQL's way to change a schema.
pub static MYSQL_DDL: MysqlDdl = MysqlDdl;

/// See [`MYSQL_DDL`].
#[derive(Clone, Copy, Debug)]
pub struct MysqlDdl;

impl Ddl for MysqlDdl {
    fn quote(&self, name: &str) -> String {
        format!("`{}`", name.replace('`', "``"))
    }

    fn own_tables(&self) -> [&'static str; 2] {
        [
            "CREATE TABLE IF NOT EXISTS `protoloop_schema` (\
             `model` varchar(255) NOT NULL, `part` varchar(64) NOT NULL, `number` bigint NOT NULL, \
             `name` longtext NOT NULL, `kind` longtext NOT NULL, \
             PRIMARY KEY (`model`, `part`, `number`)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
            "CREATE TABLE IF NOT EXISTS `protoloop_migrations` (\
             `id` varchar(255) NOT NULL PRIMARY KEY, `checksum` longtext NOT NULL, `state` longtext NOT NULL, \
             `done` bigint NOT NULL, `steps` bigint NOT NULL, \
             `started` longtext NOT NULL, `finished` longtext NOT NULL) \
             ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
        ]
    }

    fn is_transactional(&self) -> bool {
        false
    }

    fn rebuilds_tables(&self) -> bool {
        false
    }

    fn same_type(&self, live: &str, wanted: &str) -> bool {
        let live = live.split(" COLLATE ").next().unwrap_or(live);
        let live = live.replacen("bigint(20)", "bigint", 1);
        live == wanted || live.starts_with("varchar") && wanted.starts_with("varchar")
    }

    fn kind_of(&self, type_name: &str) -> Option<&'static str> {
        let word = type_name.split(['(', ' ']).next().unwrap_or_default();
        Some(match (word, type_name.contains("unsigned")) {
            ("tinyint", _) if type_name.starts_with("tinyint(1)") => "bool",
            ("tinyint" | "smallint" | "mediumint" | "int", false) => "int32",
            ("tinyint" | "smallint" | "mediumint" | "int", true) => "uint32",
            ("bigint", false) => "int64",
            ("bigint", true) => "uint64",
            ("float", _) => "float",
            ("double", _) => "double",
            ("char" | "varchar" | "tinytext" | "text" | "mediumtext" | "longtext" | "enum", _) => {
                "string"
            }
            ("binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob", _) => {
                "bytes"
            }
            _ => return None,
        })
    }

    fn convert(&self, from: &str, to: &str, _column: &str, _not_null: bool) -> Conversion {
        let same = |kind: &str| match integers(kind) {
            // How the columns are typed: MODIFY refuses what does not fit.
            Some(_) => Some(()),
            None => None,
        };
        match (from, to) {
            (from, to) if from == to => Conversion::Keep,
            ("float", "double") | ("timestamp", "string") | ("string", "bytes") => Conversion::Keep,
            (from, to) if same(from).is_some() && same(to).is_some() => {
                let widens = integers(from).zip(integers(to));
                match widens {
                    Some((was, is)) if is.0 <= was.0 && was.1 <= is.1 => Conversion::Keep,
                    _ => Conversion::Impossible,
                }
            }
            _ => Conversion::Impossible,
        }
    }

    fn change_column(&self, table: &str, from: &LiveColumn, to: &ColumnTarget) -> Vec<String> {
        let (table, column) = (self.quote(table), self.quote(&from.name));
        let mut statements = Vec::new();
        if from.nullable
            && !to.nullable
            && let Some(default) = &to.default
        {
            statements.push(format!(
                "UPDATE {table} SET {column} = {default} WHERE {column} IS NULL"
            ));
        }
        let null = if to.nullable { "NULL" } else { "NOT NULL" };
        let default = to.default.as_ref();
        let default = default.map_or_else(String::new, |default| format!(" DEFAULT {default}"));
        statements.push(format!(
            "ALTER TABLE {table} MODIFY COLUMN {column} {} {null}{default}",
            to.type_name
        ));
        statements
    }

    fn create_index(&self, plain: String) -> (String, bool) {
        (plain, false)
    }

    fn drop_index(&self, table: &str, index: &str) -> String {
        format!("DROP INDEX {} ON {}", self.quote(index), self.quote(table))
    }

    fn drop_foreign_key(&self, table: &str, name: &str) -> String {
        format!(
            "ALTER TABLE {} DROP FOREIGN KEY {}",
            self.quote(table),
            self.quote(name)
        )
    }
}
