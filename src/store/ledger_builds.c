/* Builds of the warehouse as ledger entries. One that was written later than its build names the place it should have
 * had; entries of older programs name neither the run of the linking nor when the build began. */
#include "store/ledger_impl.h"

#include <stdio.h>

#include <jansson.h>

#define BUILD_KIND "build.generation"

static Status damaged(const LedgerEntry *e, const char *what, Error *err)
{
    return error_set(err, ERR_CORRUPT, "ledger: entry %" PRId64 " has no valid %s", e->seq, what);
}

/* "gen-000012" */
static Status read_generation(const LedgerEntry *e, uint32_t *out, Error *err)
{
    uint64_t n;
    if (!slice_starts(e->subject, SLICE("gen-")) ||
        parse_u64(slice_sub(e->subject, 4, e->subject.len), &n, NULL) != OK || n == 0 || n > UINT32_MAX)
        return damaged(e, "subject", err);
    *out = (uint32_t)n;
    return OK;
}

static Status read_optional(const json_t *root, const LedgerEntry *e, const char *name, int64_t *out, Error *err)
{
    const json_t *v = json_object_get(root, name);
    if (!v)
        return OK;
    if (!json_is_integer(v))
        return damaged(e, name, err);
    *out = json_integer_value(v);
    return OK;
}

static Status read_build(const LedgerEntry *e, Arena *arena, Build *out, Error *err)
{
    *out = (Build){.seq = e->seq, .at = e->at, .link_run = -1};
    json_t *root = json_loadb(e->body.ptr, e->body.len, JSON_REJECT_DUPLICATES, NULL);
    Status st = json_is_object(root) ? read_generation(e, &out->generation, err) : damaged(e, "body", err);
    if (st == OK)
        st = read_optional(root, e, "began", &out->at, err);
    if (st == OK)
        st = read_optional(root, e, "link_run", &out->link_run, err);
    if (st == OK)
        st = read_optional(root, e, "place", &out->seq, err);
    const json_t *policy = st == OK ? json_object_get(root, "policy") : NULL;
    if (json_is_string(policy))
        st = arena_dup(arena, (Slice){json_string_value(policy), json_string_length(policy)}, &out->policy, err);
    json_decref(root);
    return st;
}

Status ledger_builds(Ledger *l, Arena *arena, Builds *out, Error *err)
{
    LedgerEntries entries = {0};
    Status st = ledger_list(l, BUILD_KIND, arena, &entries, err);
    for (size_t i = 0; i < entries.len && st == OK; i++) {
        Build b;
        st = read_build(&entries.at[i], arena, &b, err);
        if (st == OK)
            st = vec_push(out, b, err);
    }
    vec_free(&entries);
    return st;
}

Status ledger_add_build(Ledger *l, const Build *build, Slice extra_json_members, Error *err)
{
    char subject[16];
    Json j;
    Buf body;
    snprintf(subject, sizeof subject, "gen-%06" PRIu32, build->generation);
    buf_init(&body, 0);
    json_begin(&j, &body, JSON_COMPACT);
    json_open_object(&j);
    json_kint(&j, "began", build->at);
    json_kint(&j, "link_run", build->link_run);
    json_kstr(&j, "policy", build->policy);
    json_end(&j);
    if (extra_json_members.len > 0 && body.status == OK) {
        body.len--; /* the caller's members go before the closing brace */
        buf_addf(&body, ",%.*s}", SLICE_ARG(extra_json_members));
    }
    Status st = buf_status(&body, err);
    if (st == OK)
        st = ledger_append(l, BUILD_KIND, slice_of(subject), buf_slice(&body), err);
    buf_free(&body);
    return st;
}
