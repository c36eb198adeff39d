/* An asker's folder: each answer with its people in a file of its own, and a list that the home's ledger vouches for.
 */
#include "cli/told.h"

#define MAX_ENTRIES 9999

static Status read_list(const Asker *a, Arena *arena, CsvTable *out, Error *err)
{
    *out = (CsvTable){0};
    if (!file_exists(a->list))
        return OK;
    TRY(csv_read(a->list, arena, out, err));
    return out->columns == 2 && out->rows <= MAX_ENTRIES ? OK : error_set(err, ERR_CORRUPT, "%s is no list", a->list);
}

static Status entry_path(const Asker *a, size_t number, Arena *arena, const char **out, Error *err)
{
    return arena_printf(arena, out, err, "%s/%04zu.people", a->history, number);
}

static Status read_entry(const Asker *a, size_t number, Slice sha256, Arena *arena, ToldSources *out, Error *err)
{
    const char *path;
    char hex[SHA256_HEX_SIZE];
    Buf bytes;
    ToldSource s = {0};
    TRY(entry_path(a, number, arena, &path, err));
    buf_init(&bytes, 0);
    Status st = file_read(path, 0, &bytes, err);
    if (st == OK)
        st = sha256_hex(buf_slice(&bytes), hex, err);
    if (st == OK && !slice_eq_z(sha256, hex))
        st = error_set(err, ERR_CORRUPT, "%s is not what was told", path);
    if (st == OK)
        st = told_parse(buf_slice(&bytes), &s, err);
    buf_free(&bytes);
    if (st == OK)
        st = vec_push(out, s, err);
    if (st != OK)
        told_source_free(&s);
    return st;
}

static Status read_answers(Home *home, Ledger *ledger, const char *user, Arena *arena, ToldSources *out, Error *err)
{
    Asker a;
    CsvTable t;
    TRY(asker_open_told(home, ledger, user, arena, &a, err));
    TRY(read_list(&a, arena, &t, err));
    for (size_t i = 0; i < t.rows; i++) {
        TRY(read_entry(&a, i + 1, t.cells[i * 2 + 1], arena, out, err));
        out->at[out->len - 1].asker = slice_of(user);
    }
    return OK;
}

Status told_answers(Home *home, Ledger *ledger, const char *user, ToldSources *out, Error *err)
{
    Arena arena;
    arena_init(&arena, 0);
    Status st = read_answers(home, ledger, user, &arena, out, err);
    arena_free(&arena);
    return st;
}

static Status write_entry(Asker *a, const CsvTable *t, const char *sha256, Slice bytes, Arena *arena, Error *err)
{
    const char *path;
    Buf list;
    if (t->rows == MAX_ENTRIES)
        return error_set(err, ERR_LIMIT, "one asker is told at most %d times", MAX_ENTRIES);
    TRY(dir_make(a->history, MODE_DIR_PRIVATE, err));
    TRY(entry_path(a, t->rows + 1, arena, &path, err));
    TRY(file_write(path, bytes, MODE_PRIVATE, err));
    buf_init(&list, 0);
    buf_adds(&list, "entry,sha256\n");
    for (size_t i = 0; i < t->rows; i++)
        buf_addf(&list, "%.*s,%.*s\n", SLICE_ARG(t->cells[i * 2]), SLICE_ARG(t->cells[i * 2 + 1]));
    buf_addf(&list, "%04zu,%s\n", t->rows + 1, sha256);
    Status st = buf_status(&list, err);
    if (st == OK)
        st = file_write(a->list, buf_slice(&list), MODE_PRIVATE, err);
    buf_free(&list);
    return st;
}

static Status add_bytes(Asker *a, Slice bytes, Arena *arena, Error *err)
{
    CsvTable t;
    char hex[SHA256_HEX_SIZE];
    bool known = false;
    TRY(read_list(a, arena, &t, err));
    TRY(sha256_hex(bytes, hex, err));
    for (size_t i = 0; i < t.rows; i++)
        known = known || slice_eq_z(t.cells[i * 2 + 1], hex);
    if (!known)
        TRY(write_entry(a, &t, hex, bytes, arena, err));
    return asker_note(a, err);
}

Status told_add(Home *home, Ledger *ledger, const char *user, const ToldSource *source, Error *err)
{
    Asker a;
    Arena arena;
    Buf bytes;
    arena_init(&arena, 0);
    buf_init(&bytes, 0);
    Status st = asker_open_told(home, ledger, user, &arena, &a, err);
    if (st == OK)
        st = told_write(source, &bytes, err);
    if (st == OK)
        st = add_bytes(&a, buf_slice(&bytes), &arena, err);
    buf_free(&bytes);
    arena_free(&arena);
    return st;
}
