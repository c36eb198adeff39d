/* The table of nicknames: one place holds all formal names, ordered by the nickname that they belong to. */
#include "match/standard.h"

static Status load(Nicknames *n, Slice csv, const char *path, Error *err)
{
    CsvTable table;
    size_t nick, formal;
    TRY(csv_parse(csv, path, &n->arena, &table, err));
    TRY(csv_column(&table, "nickname", &nick, err));
    TRY(csv_column(&table, "formal", &formal, err));
    Slice last = {0};
    for (size_t r = 0; r < table.rows; r++) {
        const Slice *row = table.cells + r * table.columns;
        if (r > 0 && slice_cmp(row[nick], last) < 0) {
            error_set(err, ERR_INVALID, "nicknames are not sorted");
            error_at(err, path, r + 1, "nickname");
            return ERR_INVALID;
        }
        if (r == 0 || !slice_eq(row[nick], last)) {
            TRY(map_put(&n->names, row[nick], n->firsts.len, NULL, err));
            TRY(vec_push(&n->firsts, (uint32_t)n->formals.len, err));
            last = row[nick];
        }
        TRY(vec_push(&n->formals, row[formal], err));
    }
    return vec_push(&n->firsts, (uint32_t)n->formals.len, err);
}

Status nicknames_init(Nicknames *n, Slice csv, const char *path, Error *err)
{
    memset(n, 0, sizeof *n);
    arena_init(&n->arena, 0);
    TRY(map_init(&n->names, err));
    return csv.len ? load(n, csv, path, err) : OK;
}

void nicknames_free(Nicknames *n)
{
    arena_free(&n->arena);
    map_free(&n->names);
    vec_free(&n->firsts);
    vec_free(&n->formals);
}

const Slice *nicknames_find(const Nicknames *n, Slice word, uint32_t *count)
{
    uint64_t at;
    *count = 0;
    if (!map_get(&n->names, word, &at))
        return NULL;
    *count = n->firsts.at[at + 1] - n->firsts.at[at];
    return n->formals.at + n->firsts.at[at];
}
