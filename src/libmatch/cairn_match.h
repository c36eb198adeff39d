/*
 * libcairn-match: which records are one person, as a C library.
 *
 *   cairn_match *m;
 *   cairn_match_error e;
 *   cairn_match_new(toml, strlen(toml), NULL, 0, &m, &e)      what the columns are (docs/match.md)
 *   cairn_match_source(m, "schools", 7, &source, &e)          before the first record
 *   cairn_match_add(m, source, id, id_len, values, lengths, &e)   once a record
 *   cairn_match_label(m, a, b, 1, 1, &e)                      pairs whose truth is known, if there are any
 *   cairn_match_train(m, threads, &e)                         or cairn_match_model_read
 *   cairn_match_link(m, threads, &e)                          pairs and clusters
 *   ... cairn_match_pair_at, cairn_match_cluster_of, cairn_match_explain ...
 *   cairn_match_free(m)
 *
 * Functions that can fail return CAIRN_MATCH_OK or another code and fill the error, which may be NULL. Texts come as
 * pointer and length, need no NUL, are UTF-8 and are copied; texts that are handed out end in a NUL and live as long as
 * the object unless said otherwise. Records are numbered from 0 in the order of adding. The same records and config
 * give the same results whatever the order of adding and the number of threads (record numbers apart).
 *
 * An object is used by one thread at a time; different objects are independent. threads 0: one a core.
 */
#ifndef CAIRN_MATCH_LIBRARY_H
#define CAIRN_MATCH_LIBRARY_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum cairn_match_code {
    CAIRN_MATCH_OK = 0,
    CAIRN_MATCH_USAGE,   /* called in the wrong order, or with a number out of range */
    CAIRN_MATCH_INVALID, /* config, model or record break a rule */
    CAIRN_MATCH_LIMIT,   /* a stated maximum was reached */
    CAIRN_MATCH_NOMEM,
    CAIRN_MATCH_OTHER
} cairn_match_code;

typedef struct cairn_match_error {
    cairn_match_code code;
    char message[600]; /* lower-case, no full stop; never a value from a record */
    char hint[300];    /* what to do; may be empty */
    uint64_t line;     /* of the config; 0: none */
} cairn_match_error;

typedef struct cairn_match cairn_match;

/* Version of the library: "0.1.0". */
const char *cairn_match_version(void);

/* config: the text of a match.toml. nicknames: the text of a table "nickname,formal", or NULL. */
cairn_match_code cairn_match_new(const char *config, size_t config_len, const char *nicknames, size_t nicknames_len,
    cairn_match **out, cairn_match_error *err);
void cairn_match_free(cairn_match *m); /* NULL is fine */

/* Columns in the order in which cairn_match_add takes their values. */
uint32_t cairn_match_column_count(const cairn_match *m);
const char *cairn_match_column_name(const cairn_match *m, uint32_t column); /* NULL out of range */

/* Number of a source; one that the config does not list is added. Only before the first record. */
cairn_match_code cairn_match_source(
    cairn_match *m, const char *name, size_t name_len, uint32_t *out, cairn_match_error *err);

/* id names the record and is unique in its source. values[c] of lengths[c] bytes for each column; length 0: missing. */
cairn_match_code cairn_match_add(cairn_match *m, uint32_t source, const char *id, size_t id_len,
    const char *const *values, const size_t *lengths, cairn_match_error *err);
uint32_t cairn_match_record_count(const cairn_match *m);

/* Two records that are known to be one person (is_match 1) or two (0): training calibrates the stated probabilities on
 * such pairs. weight, above 0: how many pairs this one stands for against the other labels, 1 where pairs of equal odds
 * were drawn alike (docs/match.md). After the two records are added; counts from the next training on. */
cairn_match_code cairn_match_label(
    cairn_match *m, uint32_t a, uint32_t b, int is_match, double weight, cairn_match_error *err);

/* Estimates the parameters from the records, which ends adding. */
cairn_match_code cairn_match_train(cairn_match *m, unsigned threads, cairn_match_error *err);
/* Parameters of another run in place of training: the text of a model.json made under the same config. */
cairn_match_code cairn_match_model_read(cairn_match *m, const char *json, size_t json_len, cairn_match_error *err);
/* The model as text, until the next call. */
cairn_match_code cairn_match_model_text(cairn_match *m, const char **json, size_t *json_len, cairn_match_error *err);

/* Scores every candidate pair and makes clusters. */
cairn_match_code cairn_match_link(cairn_match *m, unsigned threads, cairn_match_error *err);

typedef struct cairn_match_pair {
    uint32_t a, b;      /* a < b */
    int32_t odds;       /* log2 odds of being one person, in thousandths of a bit */
    double probability; /* the same */
    int is_match;       /* from the config's match_from on */
} cairn_match_pair;

size_t cairn_match_pair_count(const cairn_match *m); /* 0 before cairn_match_link */
/* Sorted by a, then b. CAIRN_MATCH_USAGE: out of range. */
cairn_match_code cairn_match_pair_at(const cairn_match *m, size_t i, cairn_match_pair *out, cairn_match_error *err);
/* Any two records, candidates or not, after training. */
cairn_match_code cairn_match_score(
    cairn_match *m, uint32_t a, uint32_t b, cairn_match_pair *out, cairn_match_error *err);

uint32_t cairn_match_cluster_count(const cairn_match *m);
/* Clusters are numbered from 0 by their first record in the order of adding. UINT32_MAX: not linked yet, or no record.
 */
uint32_t cairn_match_cluster_of(const cairn_match *m, uint32_t record);

/* What one field says of a pair. Texts live until the next call of cairn_match_explain. */
typedef struct cairn_match_reason {
    const char *field, *level;
    const char *left, *right; /* standardised values of a and b; "" when missing */
    int32_t weight;           /* thousandths of a bit */
    int32_t frequency;        /* the part of it that the commonness of the value made */
} cairn_match_reason;

typedef struct cairn_match_explanation {
    int32_t prior, household, calibration, rule; /* together with the weights of the fields they make odds */
    int32_t odds;
    const char *decided_by; /* name of a hard rule, or "" */
    const cairn_match_reason *reasons;
    uint32_t reason_count;
} cairn_match_explanation;

cairn_match_code cairn_match_explain(
    cairn_match *m, uint32_t a, uint32_t b, cairn_match_explanation *out, cairn_match_error *err);

#ifdef __cplusplus
}
#endif

#endif
