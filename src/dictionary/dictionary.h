/*
 * Dictionary: every element the system may hold, from the files that already say so.
 *
 * Nothing is written twice: definitions, CEDS names, sensitivity and code lists are those of the source contracts and
 * of the warehouse's tables, purposes those of the agreements' clauses. With a data home, fill rates and the years in
 * which an element broke are worked out from the loads in force (C.R.S. 22-16-101 et seq., public data inventory).
 *
 * Identity fields leave a file for the vault before its rows are written, so that their fill rates are not known here.
 */
#ifndef CAIRN_DICTIONARY_DICTIONARY_H
#define CAIRN_DICTIONARY_DICTIONARY_H

#include "base/base.h"
#include "policy/policy.h"
#include "store/home.h"
#include "store/ledger.h"

typedef enum DictionaryKind { DICTIONARY_SOURCE, DICTIONARY_WAREHOUSE } DictionaryKind;

#define FILL_TOO_FEW (-1)  /* fewer rows than the policy's minimum */
#define FILL_NOT_HELD (-2) /* identity: in the vault, not in the rows */

typedef struct DictionaryYear {
    int32_t year; /* DICTIONARY_NO_YEAR: the load's scope names none */
    uint64_t rows, filled;
    int percent;  /* whole, halves up; or one of FILL_ */
    Slice breaks; /* what differs from the year before: "definition, code list"; empty: nothing */
} DictionaryYear;
#define DICTIONARY_NO_YEAR INT32_MIN

typedef struct DictionaryElement {
    Slice name;    /* column */
    Slice element; /* CEDS name; empty: none */
    Slice definition;
    Slice origin;            /* warehouse: the contracts that fill it, or what it is worked out from */
    Slice agreement, clause; /* sources; agreement empty: none in force covers it */
    Slice purpose;           /* warehouse: of the fields that it is made of, joined by " | " */
    Slice sensitivity;
    Slice type;
    Slice codes; /* "F = female; M = male"; empty: no code list */
    size_t code_count;
    Slice status; /* "verified", "assumed" */
    Slice note;
    bool is_identity;      /* kept in the vault, apart from content */
    bool is_retired;       /* only in contracts of earlier loads */
    DictionaryYear *years; /* ascending */
    size_t year_count;
} DictionaryElement;

typedef struct DictionaryTable {
    DictionaryKind kind;
    Slice name, title;
    Slice agency;     /* sources */
    Slice definition; /* warehouse: what a row is */
    Slice source;     /* law, standard or document */
    Slice shared;     /* sources: parties, authority and end of the agreement; empty: none in force */
    DictionaryElement *elements;
    size_t element_count;
} DictionaryTable;

typedef struct Dictionary {
    Arena arena;
    Slice language, site;    /* of the state's words */
    DictionaryTable *tables; /* sources by name, then warehouse tables in the policy's order */
    size_t table_count;
    bool is_computed; /* a home was read */
    int64_t minimum_rows, jump_points;
} Dictionary;

/* home and ledger NULL: from the policy alone. on: the day whose contracts and agreements count. The policy must
 * outlive the result. Reads every load in force once. Free with dictionary_free, also after a failure. ERR_CORRUPT
 * names a load whose files are not what they should be. */
MUST_USE Status dictionary_build(Policy *policy, Home *home, Ledger *ledger, Date on, Dictionary *out, Error *err);
void dictionary_free(Dictionary *d);

/* "years available": "2016-2019, 2021". Appended. */
void dictionary_years(const DictionaryElement *e, Buf *out);

/* One row an element; yearly values joined by ';'. */
MUST_USE Status dictionary_csv(const Dictionary *d, Buf *out, Error *err);
MUST_USE Status dictionary_json(const Dictionary *d, Buf *out, Error *err);
/* One page that stands alone. */
MUST_USE Status dictionary_html(const Dictionary *d, Buf *out, Error *err);

#endif
