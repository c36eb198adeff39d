/*
 * Model: what the policy files say about tables, as text for the rooms that run SQL.
 *
 * Three places define tables: core/warehouse.toml (facts), <state>/derived/NAME.toml
 * ("cairn.derived/1": worked out from facts) and <state>/reference/index.toml
 * ("cairn.reference/1": CSV files). The builder and the measures' own test vectors
 * need the same tables in the same order, so the reading is done once, here, and
 * ends in SQL text; nothing here runs it. docs/measures.md describes the files.
 */
#ifndef CAIRN_POLICY_MODEL_H
#define CAIRN_POLICY_MODEL_H

#include "base/base.h"
#include "policy/policy.h"

/* --- parameters --- */

/* Appends sql with each {name} replaced by [parameters.name].value as a literal: numbers and truth values as they are,
 * strings and dates quoted, arrays as a list with commas (for IN). {partition} is left alone. A brace that is not
 * followed by a name and a brace is copied. ERR_INVALID names file and placeholder when there is no such parameter, or
 * when a parameter lacks `status` and `source`. */
MUST_USE Status model_fill(const PolicyFile *file, Slice sql, Buf *out, Error *err);

/* --- tables --- */

typedef struct ColumnDef {
    Slice name;
    Slice type; /* SQL */
    Slice definition;
} ColumnDef;

typedef enum TableOrigin { TABLE_FACT, TABLE_DERIVED, TABLE_REFERENCE } TableOrigin;

typedef struct TableDef {
    Slice name;
    TableOrigin origin;
    bool person; /* TABLE_FACT: rows are about persons */
    Slice definition;
    ColumnDef *columns; /* without the builder's own person, load_no and row_no */
    size_t column_count;
    Slice data; /* TABLE_REFERENCE: the CSV, relative to the state's folder */
    const PolicyFile *file;
} TableDef;
typedef VEC(TableDef) TableDefs;

/* Every table of the policy: facts, then references, then derived, each in file order. Text lives in arena and the
 * Policy. ERR_INVALID names file and line of a name that is no plain identifier, or of two tables with one name. */
MUST_USE Status model_tables(Policy *p, Arena *arena, TableDefs *out, Error *err);
/* NULL when there is none. */
const TableDef *model_table(const TableDefs *tables, Slice name);
/* "CREATE TABLE schema.name (...);" with the builder's columns in front for facts. */
void model_create_sql(const TableDef *t, const char *schema, Buf *out);

/* Statements that fill a TABLE_REFERENCE, which is there and empty, in `schema` with the rows of its CSV, in the order
 * of all columns. */
MUST_USE Status model_reference_sql(Policy *policy, const TableDef *t, const char *schema, Buf *out, Error *err);

/* --- derived tables --- */

typedef struct DerivedTable {
    const PolicyFile *file;
    Slice name;
    Slice *needs;
    size_t need_count;
    Slice sql;              /* parameters filled in */
    Slice partition;        /* column the work is cut by; empty: in one piece */
    Slice partition_values; /* SELECT of what names each piece, in order: it takes the place of {partition} */
    const TableDef *table;
} DerivedTable;
typedef VEC(DerivedTable) DerivedTables;

/* In an order in which each comes after the derived tables it needs (by name where that leaves a choice).
 * `tables` must outlive the result. ERR_INVALID names the files of a circle. */
MUST_USE Status model_derived(Arena *arena, const TableDefs *tables, DerivedTables *out, Error *err);
/* "INSERT INTO main.name ... SELECT ...;" for one piece, a value of partition_values as a literal; piece.ptr NULL: for
 * everything at once. */
void model_insert_sql(const DerivedTable *d, Slice piece, Buf *out);
/* The SELECT of it, all columns in order, everything at once. */
void model_select_sql(const DerivedTable *d, Buf *out);

/* --- test vectors --- */

typedef struct VectorTable { /* rows of text cells; a cell that is empty is NULL */
    Slice name;
    Slice *header;
    Slice *cells; /* row-major */
    size_t columns, rows;
    uint32_t line;
} VectorTable;

typedef struct TestVector {
    Slice name;
    Slice definition; /* of a measure's family; empty: none named */
    Slice script;     /* of a cohort; empty: none */
    uint32_t script_line;
    VectorTable *given;
    size_t given_count;
    VectorTable expect;
    uint32_t line;
} TestVector;
typedef VEC(TestVector) TestVectors;

/* [[vector]] of a file; tables of its [fixture] stand in front of each vector's own. ERR_INVALID on ragged rows. */
MUST_USE Status model_vectors(const PolicyFile *file, Arena *arena, TestVectors *out, Error *err);
/* "INSERT INTO main.name (...) VALUES ...;". A UUID cell may be written as a short number. */
MUST_USE Status model_vector_sql(const VectorTable *v, const TableDefs *tables, const char *file, Buf *out, Error *err);

#endif
