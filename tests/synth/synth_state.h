/*
 * What the tests of the synthetic state share: a run into a folder of its own, tables of it by column name, and a copy
 * of the policy folder with one rate changed.
 */
#ifndef CAIRN_TESTS_SYNTH_STATE_H
#define CAIRN_TESTS_SYNTH_STATE_H

#include "synth/synth.h"

#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>

#define assert_ok(expr) assert_int_equal((expr), OK)

typedef struct State {
    Arena arena;
    const char *dir;
    SynthReport report;
} State;

/* A fresh folder below the system's temporary one; removed by state_free. */
void state_make(State *s, const char *policy, uint64_t people, uint64_t seed, unsigned threads);
void state_free(State *s);

typedef struct Table {
    CsvTable csv;
    const char *path;
} Table;

Table state_table(State *s, const char *file);
Slice table_at(const Table *t, size_t row, const char *column);
bool table_is(const Table *t, size_t row, const char *column, const char *value);
int64_t table_int(const Table *t, size_t row, const char *column); /* empty: -1 */

/* Every file below dir, as paths relative to it, sorted. */
void state_files(Arena *arena, const char *dir, PathList *out);

/* Copies what a run reads; the rate `key` gets `value`. The folder is the caller's to remove. */
const char *policy_with_rate(Arena *arena, const char *key, int64_t value);
const char *temporary_folder(Arena *arena);

#endif
