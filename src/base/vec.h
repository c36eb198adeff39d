/*
 * Vec: a growing array of any type.
 *
 *     typedef VEC(Field) Fields;
 *     Fields v = {0};
 *     TRY(vec_push(&v, field, err));
 *     ... v.at[i], v.len ...
 *     vec_free(&v);
 */
#ifndef CAIRN_BASE_VEC_H
#define CAIRN_BASE_VEC_H

#include "base/error.h"
#include "base/mem.h"

#define VEC(type) \
    struct { \
        type *at; \
        size_t len; \
        size_t cap; \
    }

#define vec_reserve(v, n, err) vec_reserve_((void **)&(v)->at, &(v)->cap, (n), sizeof *(v)->at, (err))
#define vec_push(v, item, err) \
    (vec_reserve_((void **)&(v)->at, &(v)->cap, (v)->len + 1, sizeof *(v)->at, (err)) == OK \
            ? ((v)->at[(v)->len++] = (item), OK) \
            : ERR_NOMEM)
#define vec_free(v) (mem_free((v)->at), (v)->at = NULL, (v)->len = 0, (v)->cap = 0)
#define vec_last(v) ((v)->at[(v)->len - 1])

/* Grows geometrically to at least `need` elements. */
MUST_USE Status vec_reserve_(void **at, size_t *cap, size_t need, size_t size, Error *err);

#endif
