/*
 * Saved scripts are entries of the ledger: what was saved stands in the hash chain with its text, who saved it and
 * under which policy, goes into every backup, and can neither be overwritten nor lost. Versions are counted from the
 * entries of a name.
 */
#include "cohort/cohort_parts.h"

#include <jansson.h>

#define KIND "cohort.saved"

Status cohort_name_check(Slice name, Error *err)
{
    bool good = name.len > 0 && name.len <= 40 && name.ptr[0] >= 'a' && name.ptr[0] <= 'z';
    for (size_t i = 0; good && i < name.len; i++) {
        char c = name.ptr[i];
        good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    }
    return good ? OK
                : error_set(err, ERR_USAGE,
                      "a cohort's name is 1 to 40 of a-z, 0-9 and '-', beginning with a letter, not \"%.*s\"",
                      SLICE_ARG(name));
}

/* --- entries --- */

static Status corrupt(const LedgerEntry *e, Error *err)
{
    return error_set(err, ERR_CORRUPT, "entry %" PRId64 " of the ledger is no saved cohort", e->seq);
}

static Status member(const json_t *body, const char *key, Arena *arena, Slice *out, const LedgerEntry *e, Error *err)
{
    const json_t *v = json_object_get(body, key);
    if (!json_is_string(v))
        return corrupt(e, err);
    return arena_dup(arena, (Slice){json_string_value(v), json_string_length(v)}, out, err);
}

static Status read_body(const json_t *body, const LedgerEntry *e, Arena *arena, CohortSaved *out, Error *err)
{
    const struct {
        const char *key;
        Slice *at;
    } members[] = {{"name", &out->name}, {"script", &out->text}, {"title", &out->title},
        {"script_sha256", &out->script_sha256}, {"blocks_sha256", &out->blocks_sha256},
        {"meaning_sha256", &out->meaning_sha256}, {"policy_sha256", &out->policy_sha256}, {"user", &out->user},
        {"role", &out->role}, {"purpose", &out->purpose}, {"agreement", &out->agreement}};
    const json_t *version = json_object_get(body, "version");
    char hex[SHA256_HEX_SIZE];
    *out = (CohortSaved){.at = e->at};
    for (size_t i = 0; i < COUNT_OF(members); i++)
        TRY(member(body, members[i].key, arena, members[i].at, e, err));
    if (!json_is_integer(version))
        return corrupt(e, err);
    out->version = json_integer_value(version);
    TRY(sha256_hex(out->text, hex, err));
    return slice_eq_z(out->script_sha256, hex) ? OK : corrupt(e, err);
}

static Status read_entry(const LedgerEntry *e, Arena *arena, CohortSaved *out, Error *err)
{
    json_t *body = json_loadb(e->body.ptr ? e->body.ptr : "", e->body.len, 0, NULL);
    Status st = body ? read_body(body, e, arena, out, err) : corrupt(e, err);
    json_decref(body);
    return st;
}

static Status write_entry(Ledger *ledger, const CohortSaved *s, Error *err)
{
    Json j;
    Buf body;
    Slice subject;
    Arena arena;
    buf_init(&body, 0);
    arena_init(&arena, 0);
    json_begin(&j, &body, JSON_COMPACT);
    json_open_object(&j);
    json_kstr(&j, "name", s->name);
    json_kint(&j, "version", s->version);
    json_kstr(&j, "title", s->title);
    json_kstr(&j, "script", s->text);
    json_kstr(&j, "script_sha256", s->script_sha256);
    json_kstr(&j, "blocks_sha256", s->blocks_sha256);
    json_kstr(&j, "meaning_sha256", s->meaning_sha256);
    json_kstr(&j, "policy_sha256", s->policy_sha256);
    json_kstr(&j, "user", s->user);
    json_kstr(&j, "role", s->role);
    json_kstr(&j, "purpose", s->purpose);
    json_kstr(&j, "agreement", s->agreement);
    json_end(&j);
    Status st = buf_status(&body, err);
    if (st == OK)
        st = arena_format(&arena, &subject, err, "%.*s@%" PRId64, SLICE_ARG(s->name), s->version);
    if (st == OK)
        st = ledger_append(ledger, KIND, subject, buf_slice(&body), err);
    arena_free(&arena);
    buf_free(&body);
    return st;
}

/* --- lists --- */

/* Entries come in order of time, so versions of a name do too; names are put in order. */
static void sort_saves(CohortSaves *list)
{
    for (size_t i = 1; i < list->len; i++) {
        CohortSaved moved = list->at[i];
        size_t k = i;
        for (; k > 0 && slice_cmp(list->at[k - 1].name, moved.name) > 0; k--)
            list->at[k] = list->at[k - 1];
        list->at[k] = moved;
    }
}

Status cohort_saves(Ledger *ledger, Arena *arena, CohortSaves *out, Error *err)
{
    LedgerEntries entries = {0};
    Status st = OK;
    TRY_OUT(ledger_list(ledger, KIND, arena, &entries, err));
    for (size_t i = 0; i < entries.len; i++) {
        CohortSaved s;
        TRY_OUT(read_entry(&entries.at[i], arena, &s, err));
        TRY_OUT(vec_push(out, s, err));
    }
    sort_saves(out);
out:
    vec_free(&entries);
    return st;
}

Status cohort_saved(Ledger *ledger, Arena *arena, Slice name, int64_t version, CohortSaved *out, Error *err)
{
    CohortSaves list = {0};
    bool named = false, found = false;
    Status st = cohort_saves(ledger, arena, &list, err);
    for (size_t i = 0; st == OK && i < list.len; i++) {
        if (!slice_eq(list.at[i].name, name))
            continue;
        named = true;
        if (version == 0 || list.at[i].version == version) {
            *out = list.at[i];
            found = true;
        }
    }
    if (st == OK && !named)
        st = error_set(err, ERR_NOT_FOUND, "no cohort was saved under the name \"%.*s\"", SLICE_ARG(name));
    else if (st == OK && !found)
        st = error_set(err, ERR_NOT_FOUND, "cohort %.*s has no version %" PRId64, SLICE_ARG(name), version);
    vec_free(&list);
    return st;
}

Status cohort_saved_find(Ledger *ledger, Arena *arena, Slice word, CohortSaved *out, Error *err)
{
    Slice rest = word, name = slice_cut(&rest, '@');
    int64_t version = 0;
    TRY(cohort_name_check(name, err));
    if (rest.ptr && (parse_i64(rest, &version, NULL) != OK || version < 1))
        return error_set(err, ERR_USAGE, "a version is a whole number: NAME@3, not \"%.*s\"", SLICE_ARG(word));
    return cohort_saved(ledger, arena, name, version, out, err);
}

Status cohort_save(Ledger *ledger, CohortSaved *save, bool *same, Error *err)
{
    Arena arena;
    CohortSaved last = {0};
    Error why = ERROR_INIT;
    *same = false;
    TRY(cohort_name_check(save->name, err));
    arena_init(&arena, 0);
    Status st = cohort_saved(ledger, &arena, save->name, 0, &last, &why);
    if (st == OK)
        *same = slice_eq(last.text, save->text);
    else if (st == ERR_NOT_FOUND)
        st = OK;
    else if (err)
        *err = why;
    save->version = *same ? last.version : last.version + 1;
    if (st == OK && !*same)
        st = write_entry(ledger, save, err);
    arena_free(&arena);
    return st;
}
