//! The schema of a PostgreSQL database: that which names without one mean. A column of a domain has the type below it.

use crate::LiveQueries;

macro_rules! columns {
    ($kinds:literal) => {
        concat!(
            "SELECT t.relname::text, coalesce(obj_description(t.oid, 'pg_class'), ''), a.attname::text, \
             CASE y.typtype WHEN 'd' THEN format_type(y.typbasetype, y.typtypmod) \
             ELSE format_type(a.atttypid, a.atttypmod) END || CASE WHEN a.attcollation <> y.typcollation \
             THEN ' COLLATE ' || quote_ident(o.collname) ELSE '' END, \
             NOT (a.attnotnull OR y.typnotnull), pg_get_expr(d.adbin, d.adrelid), \
             coalesce(array_position(k.conkey, a.attnum), 0)::bigint, \
             (CASE WHEN a.attgenerated <> '' THEN 1 \
             WHEN a.attidentity <> '' OR pg_get_expr(d.adbin, d.adrelid) LIKE 'nextval(%' THEN 2 ELSE 0 END)::bigint, \
             coalesce(col_description(t.oid, a.attnum), '') \
             FROM pg_class AS t \
             JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped \
             JOIN pg_type AS y ON y.oid = a.atttypid \
             LEFT JOIN pg_collation AS o ON o.oid = a.attcollation \
             LEFT JOIN pg_attrdef AS d ON d.adrelid = t.oid AND d.adnum = a.attnum \
             LEFT JOIN pg_constraint AS k ON k.conrelid = t.oid AND k.contype = 'p' \
             WHERE t.relkind IN (",
            $kinds,
            ") AND t.relnamespace = (SELECT n.oid FROM pg_namespace AS n WHERE n.nspname = current_schema()) AND NOT t.relispartition \
             ORDER BY t.relname, a.attnum"
        )
    };
}

pub(super) const QUERIES: LiveQueries = LiveQueries {
    columns: columns!("'r', 'p'"),
    views: columns!("'v', 'm', 'f'"),
    view_names: "",
    indexes: "SELECT t.relname::text, i.relname::text, x.indisunique, x.indpred IS NOT NULL, x.indisvalid, \
              EXISTS (SELECT 1 FROM pg_constraint AS c WHERE c.conindid = x.indexrelid AND c.contype IN ('u', 'x')), \
              a.attname::text, (x.indoption[(k.place - 1)::int] & 1) = 1, m.amname::text \
              FROM pg_index AS x \
              JOIN pg_class AS i ON i.oid = x.indexrelid \
              JOIN pg_am AS m ON m.oid = i.relam \
              JOIN pg_class AS t ON t.oid = x.indrelid \
              CROSS JOIN LATERAL unnest(x.indkey::int2[]) WITH ORDINALITY AS k(attnum, place) \
              LEFT JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = k.attnum AND k.attnum > 0 \
              WHERE t.relnamespace = (SELECT n.oid FROM pg_namespace AS n WHERE n.nspname = current_schema()) AND NOT x.indisprimary \
              AND k.place <= x.indnkeyatts ORDER BY t.relname, i.relname, k.place",
    foreign_keys: "SELECT t.relname::text, c.conname::text, a.attname::text, r.relname::text, b.attname::text, \
                   CASE c.confdeltype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' WHEN 'd' THEN 'SET DEFAULT' \
                   WHEN 'r' THEN 'RESTRICT' ELSE 'NO ACTION' END, c.convalidated \
                   FROM pg_constraint AS c \
                   JOIN pg_class AS t ON t.oid = c.conrelid \
                   JOIN pg_class AS r ON r.oid = c.confrelid \
                   CROSS JOIN LATERAL unnest(c.conkey, c.confkey) WITH ORDINALITY AS k(own, other, place) \
                   JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = k.own \
                   JOIN pg_attribute AS b ON b.attrelid = r.oid AND b.attnum = k.other \
                   WHERE c.contype = 'f' AND t.relnamespace = (SELECT n.oid FROM pg_namespace AS n WHERE n.nspname = current_schema()) \
                   ORDER BY t.relname, c.conname, k.place",
    // Of all schemas, since columns may have types of others.
    enums: "SELECT format_type(y.oid, NULL), e.enumlabel::text FROM pg_type AS y JOIN pg_enum AS e ON e.enumtypid = y.oid \
            ORDER BY y.oid, e.enumsortorder",
    checks: "SELECT t.relname::text, c.conname::text, pg_get_expr(c.conbin, c.conrelid) \
             FROM pg_constraint AS c JOIN pg_class AS t ON t.oid = c.conrelid \
             WHERE c.contype = 'c' AND t.relnamespace = (SELECT n.oid FROM pg_namespace AS n WHERE n.nspname = current_schema()) ORDER BY t.relname, c.conname",
    texts: "",
};
