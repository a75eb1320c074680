//! The schema of a MySQL or MariaDB database: that which names without one mean.
//!
//! Each part of a query says so by itself: where the database of one is that of another, the server opens the tables of all.

use crate::LiveQueries;

/// MariaDB tells a DEFAULT as SQL, and `NULL` for none; MySQL tells values without quotes.
macro_rules! default {
    (mariadb) => {
        "NULLIF(c.COLUMN_DEFAULT, 'NULL')"
    };
    (mysql) => {
        "CASE WHEN c.COLUMN_DEFAULT IS NULL OR c.EXTRA LIKE '%DEFAULT_GENERATED%' THEN c.COLUMN_DEFAULT \
         ELSE QUOTE(c.COLUMN_DEFAULT) END"
    };
}

macro_rules! columns {
    ($server:ident, $kinds:literal) => {
        concat!(
            "SELECT t.TABLE_NAME, CASE t.TABLE_COMMENT WHEN 'VIEW' THEN '' ELSE t.TABLE_COMMENT END, c.COLUMN_NAME, \
             CASE WHEN c.COLLATION_NAME IS NULL OR c.COLLATION_NAME IN ('utf8mb4_nopad_bin', 'utf8mb4_0900_bin') \
             THEN c.COLUMN_TYPE ELSE CONCAT(c.COLUMN_TYPE, ' COLLATE ', c.COLLATION_NAME) END, \
             c.IS_NULLABLE = 'YES', ",
            default!($server),
            ", \
             CAST(COALESCE(k.SEQ_IN_INDEX, 0) AS SIGNED), \
             CAST(CASE WHEN c.EXTRA LIKE '%auto_increment%' THEN 2 WHEN c.EXTRA LIKE '%GENERATED%' THEN 1 ELSE 0 END \
             AS SIGNED), \
             c.COLUMN_COMMENT \
             FROM information_schema.TABLES AS t JOIN information_schema.COLUMNS AS c \
             ON c.TABLE_NAME = t.TABLE_NAME \
             LEFT JOIN (SELECT DISTINCT TABLE_NAME, COLUMN_NAME, SEQ_IN_INDEX FROM information_schema.STATISTICS \
             WHERE TABLE_SCHEMA = DATABASE() AND INDEX_NAME = 'PRIMARY') AS k \
             ON k.TABLE_NAME = c.TABLE_NAME AND k.COLUMN_NAME = c.COLUMN_NAME \
             WHERE c.TABLE_SCHEMA = DATABASE() AND t.TABLE_SCHEMA = DATABASE() AND t.TABLE_TYPE IN (",
            $kinds,
            ") AND NOT (c.EXTRA LIKE '%GENERATED%' AND c.COLUMN_COMMENT LIKE 'protoloop: %') \
             ORDER BY t.TABLE_NAME, c.ORDINAL_POSITION"
        )
    };
}

pub(super) const MARIADB: LiveQueries = LiveQueries {
    columns: columns!(mariadb, "'BASE TABLE', 'SYSTEM VERSIONED'"),
    views: columns!(mariadb, "'VIEW'"),
    checks: "SELECT TABLE_NAME, CONSTRAINT_NAME, CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS \
             WHERE CONSTRAINT_SCHEMA = DATABASE() ORDER BY TABLE_NAME, CONSTRAINT_NAME",
    ..COMMON
};

pub(super) const MYSQL: LiveQueries = LiveQueries {
    columns: columns!(mysql, "'BASE TABLE'"),
    views: columns!(mysql, "'VIEW'"),
    checks: "SELECT t.TABLE_NAME, k.CONSTRAINT_NAME, k.CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS AS k \
             JOIN information_schema.TABLE_CONSTRAINTS AS t ON t.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA \
             AND t.CONSTRAINT_NAME = k.CONSTRAINT_NAME WHERE k.CONSTRAINT_SCHEMA = DATABASE() \
             ORDER BY t.TABLE_NAME, k.CONSTRAINT_NAME",
    ..COMMON
};

/// Joined, because a subquery would look into the files of all tables again for each row; DISTINCT, because what is joined
/// would otherwise be looked for in all databases.
///
/// An index that leaves rows out has a computed column in the place of its first one, whose name the comment tells.
const COMMON: LiveQueries = LiveQueries {
    columns: "",
    views: "",
    view_names: "",
    indexes: "SELECT s.TABLE_NAME, s.INDEX_NAME, s.NON_UNIQUE = 0, c.COLUMN_NAME IS NOT NULL, 1, 0, \
              CASE WHEN s.COLUMN_NAME = c.COLUMN_NAME THEN SUBSTRING(c.COLUMN_COMMENT, 12) \
              WHEN s.SUB_PART IS NULL THEN s.COLUMN_NAME END, COALESCE(s.COLLATION = 'D', 0), LOWER(s.INDEX_TYPE) \
              FROM information_schema.STATISTICS AS s LEFT JOIN (SELECT DISTINCT TABLE_NAME, COLUMN_NAME, \
              COLUMN_COMMENT FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() \
              AND COLUMN_COMMENT LIKE 'protoloop: %' AND EXTRA LIKE '%GENERATED%') AS c \
              ON c.TABLE_NAME = s.TABLE_NAME \
              AND (c.COLUMN_NAME = CONCAT(s.INDEX_NAME, '__') OR CONCAT(c.COLUMN_NAME, 'all') = s.INDEX_NAME) \
              WHERE s.TABLE_SCHEMA = DATABASE() AND s.INDEX_NAME <> 'PRIMARY' \
              AND NOT (s.NON_UNIQUE = 1 AND c.COLUMN_NAME IS NOT NULL) \
              ORDER BY s.TABLE_NAME, s.INDEX_NAME, s.SEQ_IN_INDEX",
    foreign_keys: "SELECT k.TABLE_NAME, k.CONSTRAINT_NAME, k.COLUMN_NAME, k.REFERENCED_TABLE_NAME, \
                   k.REFERENCED_COLUMN_NAME, r.DELETE_RULE, 1 FROM (SELECT DISTINCT TABLE_NAME, CONSTRAINT_NAME, \
                   COLUMN_NAME, REFERENCED_TABLE_NAME, REFERENCED_COLUMN_NAME, ORDINAL_POSITION \
                   FROM information_schema.KEY_COLUMN_USAGE WHERE TABLE_SCHEMA = DATABASE() \
                   AND CONSTRAINT_SCHEMA = DATABASE() AND REFERENCED_TABLE_NAME IS NOT NULL) AS k \
                   JOIN (SELECT DISTINCT TABLE_NAME, CONSTRAINT_NAME, DELETE_RULE \
                   FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = DATABASE()) AS r \
                   ON r.CONSTRAINT_NAME = k.CONSTRAINT_NAME AND r.TABLE_NAME = k.TABLE_NAME \
                   ORDER BY k.TABLE_NAME, k.CONSTRAINT_NAME, k.ORDINAL_POSITION",
    enums: "",
    checks: "",
    texts: "",
};
