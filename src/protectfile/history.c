/* The history of answers; history.h draws the folder. */
#include "protectfile/history.h"

#include <stdio.h>

#define MAX_ENTRIES 9999

static Status chain_next(const char *previous, size_t entry, Slice content, char out[SHA256_HEX_SIZE], Error *err)
{
    Buf text;
    buf_init(&text, 4096);
    buf_addf(&text, "%s\n%04zu\n%.*s\n", previous, entry, SLICE_ARG(content));
    Status st = buf_status(&text, err);
    if (st == OK)
        st = sha256_hex(buf_slice(&text), out, err);
    buf_free(&text);
    return st;
}

static Status corrupt(const char *dir, size_t entry, const char *why, Error *err)
{
    return error_set(err, ERR_CORRUPT, "history %s, entry %04zu: %s", dir, entry, why);
}

/* --- what an entry's files are ----------------------------------------------------------------------------------- */

static Status add_file(Buf *list, Slice name, Slice text, Error *err)
{
    char hex[SHA256_HEX_SIZE];
    TRY(sha256_hex(text, hex, err));
    buf_addf(list, "%s  %.*s\n", hex, SLICE_ARG(name));
    return buf_status(list, err);
}

static Status add_folder(History *h, size_t entry, const char *sub, Buf *list, Error *err)
{
    const char *dir, *path, *name;
    PathList names = {0};
    TRY(arena_printf(&h->arena, &dir, err, "%s/%04zu/%s", h->dir, entry, sub));
    Status st = dir_list(dir, &h->arena, &names, err);
    for (size_t i = 0; i < names.len && st == OK; i++) {
        Buf text;
        buf_init(&text, 0);
        st = path_join(&h->arena, dir, names.at[i], &path, err);
        if (st == OK)
            st = file_read(path, 0, &text, err);
        if (st == OK)
            st = arena_printf(&h->arena, &name, err, "%s/%s", sub, names.at[i]);
        if (st == OK)
            st = add_file(list, slice_of(name), buf_slice(&text), err);
        buf_free(&text);
    }
    vec_free(&names);
    return st;
}

/* The entry's files as they lie there, against the ledger. */
static Status read_entry(History *h, size_t entry, Slice content, Buf *header, Error *err)
{
    Buf list, toml;
    const char *path;
    char hex[SHA256_HEX_SIZE];
    buf_init(&list, 0);
    buf_init(&toml, 0);
    Status st = arena_printf(&h->arena, &path, err, "%s/%04zu/released.toml", h->dir, entry);
    if (st == OK)
        st = file_read(path, 0, &toml, err);
    if (st == OK)
        st = add_file(&list, SLICE("released.toml"), buf_slice(&toml), err);
    if (st == OK)
        st = add_folder(h, entry, "truth", &list, err);
    if (st == OK)
        st = add_folder(h, entry, "printed", &list, err);
    if (st == OK)
        st = sha256_hex(buf_slice(&list), hex, err);
    if (st == OK && !slice_eq_z(content, hex))
        st = corrupt(h->dir, entry, "its files are not those that were given out", err);
    if (st == OK) {
        buf_addc(header, '\n');
        buf_add(header, buf_slice(&toml));
        st = buf_status(header, err);
    }
    buf_free(&list);
    buf_free(&toml);
    return st;
}

static Status read_ledger(History *h, Buf *header, Error *err)
{
    const char *path;
    CsvTable t;
    TRY(path_join(&h->arena, h->dir, "ledger.csv", &path, err));
    if (!file_exists(path)) {
        buf_adds(&h->ledger, "entry,content_sha256,chain_sha256\n");
        return buf_status(&h->ledger, err);
    }
    TRY(file_read(path, 0, &h->ledger, err));
    TRY(csv_parse(buf_slice(&h->ledger), path, &h->arena, &t, err));
    if (t.columns != 3 || t.rows > MAX_ENTRIES)
        return corrupt(h->dir, 0, "the ledger is not one", err);
    for (size_t i = 0; i < t.rows; i++) {
        const Slice *row = t.cells + i * 3;
        char chain[SHA256_HEX_SIZE];
        TRY(chain_next(h->chain, i + 1, row[1], chain, err));
        if (!slice_eq_z(row[2], chain))
            return corrupt(h->dir, i + 1, "the chain is broken", err);
        memcpy(h->chain, chain, sizeof chain);
        TRY(read_entry(h, i + 1, row[1], header, err));
        TRY(vec_push(&h->contents, row[1].ptr, err));
        h->count++;
    }
    return OK;
}

Status history_open(const char *dir, Buf *header, History *out, Error *err)
{
    *out = (History){.dir = dir};
    arena_init(&out->arena, 0);
    buf_init(&out->ledger, 0);
    TRY(dir_make(dir, MODE_DIR_PRIVATE, err));
    return read_ledger(out, header, err);
}

void history_close(History *h)
{
    vec_free(&h->contents);
    buf_free(&h->ledger);
    arena_free(&h->arena);
    *h = (History){0};
}

/* --- adding ------------------------------------------------------------------------------------------------------ */

typedef struct Entry {
    History *h;
    const ProtectJob *job;
    const char *dir; /* NULL: only the digest is made */
    Buf list;
} Entry;

static Status put(Entry *e, const char *sub, Slice file, Slice text, Error *err)
{
    const char *name, *path;
    TRY(arena_printf(&e->h->arena, &name, err, "%s%s%.*s", sub, *sub ? "/" : "", SLICE_ARG(tables_base_name(file))));
    TRY(add_file(&e->list, slice_of(name), text, err));
    if (!e->dir)
        return OK;
    TRY(path_join(&e->h->arena, e->dir, name, &path, err));
    return file_write(path, text, MODE_PRIVATE, err);
}

static Status put_released(Entry *e, size_t number, Error *err)
{
    Buf toml;
    char prefix[16], truth[64], printed[64];
    buf_init(&toml, 0);
    (void)snprintf(prefix, sizeof prefix, "%04zu-", number);
    (void)snprintf(truth, sizeof truth, HISTORY_PREFIX "%04zu/truth", number);
    (void)snprintf(printed, sizeof printed, HISTORY_PREFIX "%04zu/printed", number);
    Status st = tables_write_released(&e->job->set, slice_of(prefix), slice_of(truth), slice_of(printed), &toml, err);
    if (st == OK)
        st = put(e, "", SLICE("released.toml"), buf_slice(&toml), err);
    buf_free(&toml);
    return st;
}

static int compare_files(const TablesSet *set, uint32_t a, uint32_t b)
{
    return slice_cmp(tables_base_name(set->tables[a].file), tables_base_name(set->tables[b].file));
}

/* In the order in which a folder is listed. */
static Status put_tables(Entry *e, const char *sub, TablesLoad load, void *ctx, Error *err)
{
    const TablesSet *set = &e->job->set;
    uint32_t last = TABLES_NONE;
    for (uint32_t n = 0; n < set->table_count; n++) {
        uint32_t next = TABLES_NONE;
        for (uint32_t i = 0; i < set->table_count; i++)
            if (!set->tables[i].released && (last == TABLES_NONE || compare_files(set, i, last) > 0) &&
                (next == TABLES_NONE || compare_files(set, i, next) < 0))
                next = i;
        if (next == TABLES_NONE)
            break;
        last = next;
        Buf csv;
        Slice text;
        buf_init(&csv, 0);
        Status st =
            load ? load(ctx, set->tables[next].file, &e->h->arena, &text, err) : protect_csv(e->job, next, &csv, err);
        if (st == OK)
            st = put(e, sub, set->tables[next].file, load ? text : buf_slice(&csv), err);
        buf_free(&csv);
        TRY(st);
    }
    return OK;
}

static Status put_all(Entry *e, size_t number, TablesLoad load, void *ctx, Error *err)
{
    buf_reset(&e->list);
    TRY(put_released(e, number, err));
    TRY(put_tables(e, "truth", load, ctx, err));
    return put_tables(e, "printed", NULL, NULL, err);
}

/* Whether an entry gave out the same; its number is part of its content, so each is asked with its own. */
static Status is_known(Entry *e, TablesLoad load, void *ctx, bool *known, Error *err)
{
    *known = false;
    for (size_t i = 0; i < e->h->count && !*known; i++) {
        char hex[SHA256_HEX_SIZE];
        TRY(put_all(e, i + 1, load, ctx, err));
        TRY(sha256_hex(buf_slice(&e->list), hex, err));
        *known = strcmp(hex, e->h->contents.at[i]) == 0;
    }
    return OK;
}

static Status write_entry(Entry *e, TablesLoad load, void *ctx, Error *err)
{
    History *h = e->h;
    size_t number = h->count + 1;
    const char *path, *sub;
    char content[SHA256_HEX_SIZE], chain[SHA256_HEX_SIZE];
    if (number > MAX_ENTRIES)
        return error_set(err, ERR_LIMIT, "a history has at most %d entries", MAX_ENTRIES);
    TRY(arena_printf(&h->arena, &e->dir, err, "%s/%04zu", h->dir, number));
    TRY(dir_remove(e->dir, err)); /* what a killed run left: the ledger does not know it */
    TRY(path_join(&h->arena, e->dir, "truth", &sub, err));
    TRY(dir_make(sub, MODE_DIR_PRIVATE, err));
    TRY(path_join(&h->arena, e->dir, "printed", &sub, err));
    TRY(dir_make(sub, MODE_DIR_PRIVATE, err));
    TRY(put_all(e, number, load, ctx, err));
    TRY(sha256_hex(buf_slice(&e->list), content, err));
    TRY(chain_next(h->chain, number, slice_of(content), chain, err));
    buf_addf(&h->ledger, "%04zu,%s,%s\n", number, content, chain);
    TRY(buf_status(&h->ledger, err));
    TRY(path_join(&h->arena, h->dir, "ledger.csv", &path, err));
    return file_write(path, buf_slice(&h->ledger), MODE_PRIVATE, err);
}

Status history_add(History *h, const ProtectJob *job, TablesLoad load, void *ctx, bool *known, Error *err)
{
    Entry e = {.h = h, .job = job};
    buf_init(&e.list, 0);
    Status st = is_known(&e, load, ctx, known, err);
    if (st == OK && !*known)
        st = write_entry(&e, load, ctx, err);
    buf_free(&e.list);
    return st;
}
