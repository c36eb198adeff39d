/*
 * A contract: what one agency file looks like and what may be done with it.
 *
 * Parsed form of policy/<state>/sources/NAME.toml (schema "cairn.contract/1",
 * described in docs/contracts.md). Column names in rules and mappings are the
 * fields' `name`s; an unknown column, an unknown role, a mapping that touches an
 * identity field, a rule without id or message: the contract does not load.
 */
#ifndef CAIRN_CONTRACT_CONTRACT_H
#define CAIRN_CONTRACT_CONTRACT_H

#include "base/base.h"
#include "policy/policy.h"

typedef enum ContractFormat {
    FORMAT_CSV,
    FORMAT_FIXED, /* one record a line, columns by position; records of other types are skipped by `select` */
    FORMAT_XML,   /* Ed-Fi interchange: one row an element, fields by path */
} ContractFormat;

typedef enum ContractKind { KIND_RECORDS, KIND_REFERENCE } ContractKind;

typedef enum FieldType {
    TYPE_TEXT,
    TYPE_DIGITS, /* text of digits, leading zeros kept */
    TYPE_INTEGER,
    TYPE_DECIMAL, /* with `scale`; implied = true: no point in the file */
    TYPE_DATE,
    TYPE_BOOLEAN,
    TYPE_CODE, /* value set in [codes.NAME]: sent code -> canonical value */
} FieldType;

typedef struct CodeEntry {
    Slice code;
    Slice value;
} CodeEntry;

typedef struct CodeList {
    Slice name;
    CodeEntry *entries;
    size_t count;
} CodeList;

typedef struct Field {
    Slice name;     /* snake_case; the column's name everywhere after the reader */
    Slice header;   /* CSV header as the agency writes it */
    Slice *aliases; /* other header spellings; compared without case, blanks, underscores and punctuation */
    size_t alias_count;
    uint32_t start;  /* fixed: 1-based; 0 elsewhere */
    uint32_t length; /* fixed: width. Others: maximum length, 0 none */
    Slice path;      /* xml: element path below the row element; alternatives joined by '|', repeats give their values
                      * joined by ';' */
    FieldType type;
    /* Dates: "YYYYMMDD", "MMDDYYYY", "YYYY-MM-DD", "M/D/YYYY"; integers: "YYYYQQ" and "MMYYYY" (quarters, as
     * year * 4 + quarter - 1), "grouped"; decimals: "grouped", "percent", "rounded"; text and codes: "descriptor".
     * Alternatives are joined by '|', the first that fits counts. */
    Slice format;
    uint32_t scale; /* decimals after the point */
    bool implied;   /* TYPE_DECIMAL without a point in the file */
    const CodeList *codes;
    Slice *nulls; /* spellings that mean missing: "", "0000000000" */
    size_t null_count;
    bool fill_down; /* csv: an empty value takes the one of the row above */
    bool required;
    bool has_min, has_max;
    int64_t min, max; /* integers, and decimals times 10^scale */
    Slice pattern;    /* regular expression the whole value must match; empty: none */
    Slice derive;     /* SQL over the row's typed fields; the field is not in the file. Empty: it is */
    Slice element;    /* CEDS element name */
    Slice definition;
    Slice sensitivity; /* "identifier", "quasi", "education", "wage", "public" */
    Slice identity;    /* identity role's name, or "employer"; empty: content */
    /* Identity only: rows.parquet also gets NAME_token, a keyed hash (UUID) that does not depend on the source, so that
     * rules between files can compare what neither may show. */
    bool token;
    Slice clause; /* agreement clause that allows it */
    Slice status; /* "verified" or "assumed"; the contract's own where the field has none */
    Slice note;
} Field;

typedef enum RuleLevel {
    RULE_ROW,   /* boolean SQL over one row; false quarantines the row */
    RULE_KEY,   /* columns that must be unique in the file; later duplicates are quarantined */
    RULE_FILE,  /* boolean SQL aggregate; false refuses the file */
    RULE_CROSS, /* boolean SQL over one row that may read accepted rows of another source as source_NAME */
} RuleLevel;

typedef enum RuleSeverity { SEVERITY_ERROR, SEVERITY_WARNING } RuleSeverity;

typedef struct Rule {
    Slice id;
    RuleLevel level;
    RuleSeverity severity;
    Slice sql;      /* empty for RULE_KEY; @codes(...) is expanded here and in all other SQL */
    Slice *columns; /* RULE_KEY */
    size_t column_count;
    Slice field;   /* field to blame in the report; may be empty */
    Slice message; /* plain words, no values */
    Slice needs;   /* RULE_CROSS: the other source's name */
} Rule;

typedef struct Total { /* control totals printed on the receipt and compared with a trailer record where there is one */
    Slice name;
    Slice sql;
} Total;

typedef struct FactColumn {
    Slice column;
    Slice sql;
} FactColumn;

/* From accepted rows to one warehouse table (policy/core/warehouse.toml): what a row says and nothing else. What a list
 * of the policy says of it is a derived table's, which can be worked out again by the list of an earlier day. */
typedef struct FactMapping {
    Slice table;
    Slice where; /* SQL; empty: every row */
    FactColumn *columns;
    size_t column_count;
} FactMapping;

/* What a file reports on. Each part is also a VARCHAR column scope_NAME of rows.parquet (dates as YYYY-MM-DD), for
 * rules and mappings. */
typedef struct ScopePart {
    Slice name;
    Slice field;   /* a field that must be constant in the file, or empty */
    Slice pattern; /* else: regular expression with one group over the file's base name */
} ScopePart;

typedef struct Contract {
    const PolicyFile *file;
    Slice name, version, title, agency;
    ContractKind kind;
    ContractFormat format;
    Slice encoding; /* "utf-8" or "windows-1252" */
    /* csv */
    char delimiter;
    bool header;           /* false: fields in order */
    uint32_t skip_lines;   /* title lines before the header */
    Slice trailer_pattern; /* regex on the first cell of a trailer row, counted but not loaded; empty: none */
    /* fixed */
    uint32_t record_length; /* bytes without the line end; 0: not checked */
    Slice select;           /* record-type letters that are rows, at position 1: "S"; "RS" */
    Slice trailer;          /* record type that carries totals; empty: none */
    /* xml */
    Slice row_element;
    bool refuse_unknown_columns;
    uint32_t error_limit_ppm; /* share of bad rows above which the file loads nothing, in parts per million */
    ScopePart *scope;
    size_t scope_count;
    Field *fields;
    size_t field_count;
    Rule *rules;
    size_t rule_count;
    Total *totals;
    size_t total_count;
    FactMapping *facts;
    size_t fact_count;
    Slice reference_table; /* KIND_REFERENCE: the warehouse table the rows become, columns as the fields */
    CodeList *code_lists;
    size_t code_list_count;
} Contract;

/* Everything lives in arena and in the PolicyFile's own memory. ERR_INVALID names file, line and the rule broken. */
MUST_USE Status contract_parse(const PolicyFile *file, Arena *arena, const Contract **out, Error *err);
/* A contract's text on its own (the copy kept in a load's folder). */
MUST_USE Status contract_parse_text(Slice text, const char *name, Arena *arena, const Contract **out, Error *err);
/* The mappings against the tables of policy/core/warehouse.toml (kind "core", name "warehouse"): ERR_INVALID names the
 * table or column that is not there. */
MUST_USE Status contract_check_tables(const Contract *c, const PolicyFile *warehouse, Error *err);
/* Field by name, or NULL. */
const Field *contract_field(const Contract *c, Slice name);
/* SQL type of the field's column in rows.parquet: VARCHAR, BIGINT, DECIMAL(18,scale), DATE, BOOLEAN, UUID (employer).
 */
void contract_sql_type(const Field *f, Buf *out);

#endif
