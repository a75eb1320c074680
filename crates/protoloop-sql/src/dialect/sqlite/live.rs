//! The schema of an SQLite file.

use crate::LiveQueries;

/// Virtual tables are left out: without their module they cannot be asked, and no model can be stored in one.
pub(super) const QUERIES: LiveQueries = LiveQueries {
    columns: "SELECT t.name, '', c.name, c.type, NOT c.\"notnull\", c.dflt_value, c.pk, \
              CASE WHEN c.hidden IN (2, 3) THEN 1 WHEN c.pk = 1 AND t.sql LIKE '%AUTOINCREMENT%' THEN 2 ELSE 0 END, '' \
              FROM sqlite_schema AS t JOIN pragma_table_xinfo(t.name) AS c \
              WHERE t.type = 'table' AND c.hidden <> 1 AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
              AND t.sql NOT LIKE 'CREATE VIRTUAL %' ORDER BY t.name, c.cid",
    views: "SELECT t.name, '', c.name, c.type, NOT c.\"notnull\", c.dflt_value, 0, 0, '' \
            FROM sqlite_schema AS t JOIN pragma_table_xinfo(t.name) AS c \
            WHERE t.type = 'view' AND t.name = ?1 UNION ALL \
            SELECT name, '', '', '', 1, NULL, 0, 0, '' FROM sqlite_schema \
            WHERE sql LIKE 'CREATE VIRTUAL %' AND name = ?1",
    view_names: "SELECT name FROM sqlite_schema WHERE type = 'view' OR sql LIKE 'CREATE VIRTUAL %'",
    indexes: "SELECT t.name, i.name, i.\"unique\", i.partial, 1, i.origin <> 'c', c.name, c.\"desc\", 'btree' \
              FROM sqlite_schema AS t JOIN pragma_index_list(t.name) AS i JOIN pragma_index_xinfo(i.name) AS c \
              WHERE t.type = 'table' AND c.key = 1 AND i.origin <> 'pk' AND t.sql NOT LIKE 'CREATE VIRTUAL %' \
              ORDER BY t.name, i.name, c.seqno",
    foreign_keys: "SELECT t.name, CAST(k.id AS TEXT), k.\"from\", k.\"table\", k.\"to\", k.on_delete, 1 \
                   FROM sqlite_schema AS t JOIN pragma_foreign_key_list(t.name) AS k \
                   WHERE t.type = 'table' AND t.sql NOT LIKE 'CREATE VIRTUAL %' ORDER BY t.name, k.id, k.seq",
    enums: "",
    checks: "",
    texts: "SELECT tbl_name, type, name, sql FROM sqlite_schema \
            WHERE sql IS NOT NULL AND type IN ('table', 'index', 'trigger') AND sql NOT LIKE 'CREATE VIRTUAL %' \
            ORDER BY tbl_name, type DESC, name",
};
