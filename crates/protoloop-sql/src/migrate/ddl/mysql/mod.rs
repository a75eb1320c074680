//! MySQL and MariaDB: each statement that changes a schema is kept by itself.

mod convert;

use super::{ColumnTarget, Conversion, Ddl};
use crate::{Filled, LiveColumn};

use convert::conversion;

/// MySQL's way to change a schema.
pub static MYSQL_DDL: MysqlDdl = MysqlDdl;

/// See [`MYSQL_DDL`].
#[derive(Clone, Copy, Debug)]
pub struct MysqlDdl;

impl MysqlDdl {
    /// Everything that is not said again would be lost.
    fn modify(self, table: &str, from: &LiveColumn, to: &ColumnTarget) -> String {
        let null = if to.nullable { "NULL" } else { "NOT NULL" };
        let default = to.default.as_ref();
        // In parentheses, as a new table has it: MySQL tells an expression from a literal.
        let default = default.map_or_else(String::new, |default| format!(" DEFAULT ({default})"));
        let kept = from.filled == Filled::Counted && self.same_type(&from.type_name, &to.type_name);
        let counted = match to.counted || kept {
            true => " AUTO_INCREMENT",
            false => "",
        };
        let comment = match from.comment.as_str() {
            "" => String::new(),
            text => format!(
                " COMMENT '{}'",
                text.replace('\\', "\\\\").replace('\'', "''")
            ),
        };
        format!(
            "ALTER TABLE {table} MODIFY COLUMN {} {} {null}{default}{counted}{comment}",
            self.quote(&from.name),
            to.type_name
        )
    }
}

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
        let wanted = wanted.split(" COLLATE ").next().unwrap_or(wanted);
        let live = live.replacen("bigint(20)", "bigint", 1);
        // What others made may be narrower than ours, but for what we made for times.
        let ours = matches!(&*live, "varchar(30)" | "varchar(23)");
        live == wanted || live.starts_with("varchar") && wanted.starts_with("varchar") && !ours
    }

    fn is_roomier(&self, live: &str, wanted: &str) -> bool {
        // Texts in indexes are `varchar`, others have no bound.
        live.starts_with("varchar(255)") && wanted.starts_with("longtext")
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

    fn indexes_bind_types(&self) -> bool {
        true
    }

    fn convert(&self, from: &str, to: &str, column: &str, not_null: bool) -> Conversion {
        conversion(from, to, column, not_null)
    }

    fn change_column(&self, table: &str, from: &LiveColumn, to: &ColumnTarget) -> Vec<String> {
        let (table, column) = (self.quote(table), self.quote(&from.name));
        let update = |(value, of): &(String, String)| {
            format!("UPDATE {table} SET {column} = {value} WHERE {of}")
        };
        let mut statements = Vec::new();
        if let Some(fits) = &to.in_place.fits {
            // A strict server takes no such number, and tells which value it was.
            let misfit = format!("CAST(CONCAT('does not fit: ', {column}) AS SIGNED)");
            let of = format!("{column} IS NOT NULL AND NOT ({fits})");
            statements.push(update(&(misfit, of)));
        }
        statements.extend(to.in_place.before.iter().map(update));
        let type_differs = !self.same_type(&from.type_name, &to.type_name);
        if from.nullable && !to.nullable {
            // The default is a value of the new type.
            if type_differs {
                let first = ColumnTarget {
                    nullable: true,
                    default: None,
                    ..to.clone()
                };
                statements.push(self.modify(&table, from, &first));
            }
            let unset = |default: &String| (default.clone(), format!("{column} IS NULL"));
            statements.extend(to.default.as_ref().map(unset).iter().map(update));
        }
        let counts = to.counted && from.filled != Filled::Counted;
        if type_differs || from.nullable != to.nullable || counts {
            statements.push(self.modify(&table, from, to));
        }
        statements.extend(to.in_place.after.iter().map(update));
        statements
    }

    fn create_index(&self, plain: String) -> (String, bool) {
        (plain, false)
    }

    fn drop_index(&self, table: &str, index: &str, partial: bool) -> String {
        let (table, name) = (self.quote(table), self.quote(index));
        if !partial {
            return format!("DROP INDEX {name} ON {table}");
        }
        format!(
            "ALTER TABLE {table} DROP INDEX {name}, DROP INDEX {}, DROP COLUMN {}",
            self.quote(&format!("{index}__all")),
            self.quote(&format!("{index}__"))
        )
    }

    fn drop_foreign_key(&self, table: &str, name: &str) -> String {
        format!(
            "ALTER TABLE {} DROP FOREIGN KEY {}",
            self.quote(table),
            self.quote(name)
        )
    }
}
