/* What the tests of token share: persons drawn from real name lists, their files, schemes, a key. */
#ifndef CAIRN_TESTS_TOKEN_SUPPORT_H
#define CAIRN_TESTS_TOKEN_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "token/token.h"

#define assert_ok(expr) assert_int_equal((expr), OK)

typedef struct Person {
    Slice first, last;
    uint32_t last_rank; /* 0: the most common surname */
    char birth[11];
    char zip[6];
} Person;

/* Surnames and first names with their counts; common ones come often. */
typedef struct Names {
    Arena arena;
    Slice *last, *first;
    uint64_t *last_sums, *first_sums;
    uint32_t last_count, first_count;
} Names;
void names_read(Names *n);
void names_free(Names *n);
/* Born 1950 to 2009, one of 200 ZIP codes. */
void person_draw(const Names *n, Rng *rng, Person *out);

/* A scheme's text as a scheme; fails the test when it is none. */
void scheme_of(const char *toml, Arena *arena, TokenScheme *out);
TokenKey *key_of(const char *words);

/* A CSV file "id,first,last,birth,zip" in memory, one line a person; errors: chance of a typing error a person. */
void person_line(Buf *csv, const char *id, const Person *p, Rng *rng, uint32_t errors_ppm);

#endif
