/*
 * Loads as the ledger tells them: load.accepted entries out, and which of them
 * a later one replaces. A load is superseded by the next one of the same source
 * and scope in the order of acceptance (seq), not by the clock, which may be
 * set back.
 */
#include "store/ledger_impl.h"

#include <stdlib.h>

#include <jansson.h>

#define LOAD_KIND "load.accepted"

/* --- writing ------------------------------------------------------------------------------------------------- */

static Status load_body(const Load *load, Slice extra, Buf *out, Error *err)
{
    Json j;
    json_begin(&j, out, JSON_COMPACT);
    json_open_object(&j);
    json_kstr(&j, "source", load->source);
    json_kstr(&j, "contract", load->contract);
    json_kstr(&j, "scope", load->scope);
    json_kstr(&j, "file_name", load->file_name);
    json_kstr(&j, "file_sha256", load->file_sha256);
    json_kstr(&j, "agreement", load->agreement);
    json_key(&j, "rows_accepted");
    json_uint(&j, load->rows_accepted);
    json_key(&j, "rows_rejected");
    json_uint(&j, load->rows_rejected);
    json_kint(&j, "received_at", load->received_at);
    json_end(&j);
    TRY(buf_status(out, err));
    extra = slice_trim(extra);
    if (extra.len == 0)
        return OK;
    /* the caller's members go before the closing brace */
    out->len--;
    if (extra.ptr[0] != ',')
        buf_addc(out, ',');
    buf_add(out, extra);
    buf_addc(out, '}');
    return buf_status(out, err);
}

static Status must_be_json(Slice body, Error *err)
{
    json_t *root = json_loadb(body.ptr, body.len, JSON_REJECT_DUPLICATES, NULL);
    bool good = json_is_object(root);
    json_decref(root);
    return good ? OK : error_set(err, ERR_INTERNAL, "the additional members of a load are not JSON or repeat a name");
}

static Status must_be_new(Ledger *l, const LedgerEntry *e, Error *err)
{
    Arena arena;
    LedgerEntry found;
    arena_init(&arena, 0);
    Status st = ledger_last(l, LOAD_KIND, e->subject, &arena, &found, err);
    arena_free(&arena);
    if (st == ERR_NOT_FOUND) {
        error_clear(err);
        return OK;
    }
    return st == OK ? error_set(err, ERR_EXISTS, "load %.*s was accepted before", SLICE_ARG(e->subject)) : st;
}

Status ledger_add_load(Ledger *l, const Load *load, Slice extra_json_members, Error *err)
{
    Buf body;
    buf_init(&body, 0);
    Status st = load_body(load, extra_json_members, &body, err);
    if (st == OK)
        st = must_be_json(buf_slice(&body), err);
    if (st == OK) {
        LedgerEntry e = {.at = clock_now(), .kind = SLICE(LOAD_KIND), .subject = load->id, .body = buf_slice(&body)};
        st = ledger_append_unless(l, &e, must_be_new, err);
    }
    buf_free(&body);
    return st;
}

/* --- reading ------------------------------------------------------------------------------------------------- */

static Status damaged(const LedgerEntry *e, const char *member, Error *err)
{
    return error_set(err, ERR_CORRUPT, "ledger: entry %" PRId64 " has no valid member %s", e->seq, member);
}

static Status read_text(
    const json_t *root, const LedgerEntry *e, const char *name, Arena *arena, Slice *out, Error *err)
{
    const json_t *v = json_object_get(root, name);
    if (!json_is_string(v))
        return damaged(e, name, err);
    return arena_dup(arena, (Slice){json_string_value(v), json_string_length(v)}, out, err);
}

static Status read_number(const json_t *root, const LedgerEntry *e, const char *name, int64_t *out, Error *err)
{
    const json_t *v = json_object_get(root, name);
    if (!json_is_integer(v))
        return damaged(e, name, err);
    *out = json_integer_value(v);
    return OK;
}

static Status read_members(const json_t *root, const LedgerEntry *e, Arena *arena, Load *out, Error *err)
{
    int64_t accepted = 0;
    int64_t rejected = 0;
    TRY(read_text(root, e, "source", arena, &out->source, err));
    TRY(read_text(root, e, "contract", arena, &out->contract, err));
    TRY(read_text(root, e, "scope", arena, &out->scope, err));
    TRY(read_text(root, e, "file_name", arena, &out->file_name, err));
    TRY(read_text(root, e, "file_sha256", arena, &out->file_sha256, err));
    TRY(read_text(root, e, "agreement", arena, &out->agreement, err));
    TRY(read_number(root, e, "rows_accepted", &accepted, err));
    TRY(read_number(root, e, "rows_rejected", &rejected, err));
    TRY(read_number(root, e, "received_at", &out->received_at, err));
    if (accepted < 0 || rejected < 0)
        return damaged(e, "rows_accepted or rows_rejected", err);
    out->rows_accepted = (uint64_t)accepted;
    out->rows_rejected = (uint64_t)rejected;
    return OK;
}

static Status read_load(const LedgerEntry *e, Arena *arena, Load *out, Error *err)
{
    *out = (Load){.id = e->subject, .seq = e->seq};
    json_t *root = json_loadb(e->body.ptr, e->body.len, JSON_REJECT_DUPLICATES, NULL);
    Status st = json_is_object(root) ? read_members(root, e, arena, out, err) : damaged(e, "at all", err);
    json_decref(root);
    return st;
}

/* The loads come in order of acceptance; `number` carries it until the sort is done. */
static int compare_loads(const void *a, const void *b)
{
    const Load *x = a;
    const Load *y = b;
    int order = slice_cmp(x->source, y->source);
    if (order == 0)
        order = slice_cmp(x->scope, y->scope);
    return order != 0 ? order : (x->number > y->number) - (x->number < y->number);
}

static void work_out_supersession(Loads *loads)
{
    for (size_t i = 0; i < loads->len; i++)
        loads->at[i].number = (uint32_t)i;
    if (loads->len > 1)
        qsort(loads->at, loads->len, sizeof *loads->at, compare_loads);
    for (size_t i = 0; i < loads->len; i++) {
        Load *load = &loads->at[i];
        load->number = (uint32_t)i + 1;
        const Load *next = i + 1 < loads->len ? load + 1 : NULL;
        if (next && slice_eq(next->source, load->source) && slice_eq(next->scope, load->scope)) {
            load->superseded_by = next->id;
            load->superseded_at = next->received_at;
            load->superseded_seq = next->seq;
        }
    }
}

Status ledger_loads(Ledger *l, Arena *arena, Loads *out, Error *err)
{
    LedgerEntries entries = {0};
    Status st = ledger_list(l, LOAD_KIND, arena, &entries, err);
    for (size_t i = 0; i < entries.len && st == OK; i++) {
        Load load;
        st = read_load(&entries.at[i], arena, &load, err);
        if (st == OK)
            st = vec_push(out, load, err);
    }
    vec_free(&entries);
    if (st == OK)
        work_out_supersession(out);
    return st;
}

Status load_row_files(const char *loads_dir, const Load *load, Arena *arena, PathList *out, Error *err)
{
    const char *path;
    TRY(arena_printf(arena, &path, err, "%s/%.*s/rows.parquet", loads_dir, SLICE_ARG(load->id)));
    return vec_push(out, path, err);
}
