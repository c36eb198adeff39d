/*
 * Reading identities back. Whoever does so says why, and the ledger has the
 * entry before the first value is decrypted: a reader that crashes or is killed
 * has still been written down.
 */
#include "store/vault_impl.h"

#define SAMPLE_PLACES 100
#define READ_AHEAD 8192
#define USUAL_RECORDS 128 /* in a bundle: wages have 170, records with addresses 70 */

static bool is_empty(const char *z)
{
    return !z || z[0] == '\0';
}

Status vault_need_ledger(Vault *v, Error *err)
{
    return v->ledger ? OK : ledger_open(v->home, &v->ledger, err);
}

Status vault_note_read(Vault *v, const VaultPurpose *purpose, const char *what, Slice id, Error *err)
{
    Buf body;
    Json j;
    if (!purpose || is_empty(purpose->purpose) || is_empty(purpose->agreement))
        return error_set(err, ERR_DENIED, "identities are read for a stated purpose and basis only");
    TRY(vault_need_ledger(v, err));
    buf_init(&body, 0);
    json_begin(&j, &body, JSON_COMPACT);
    json_open_object(&j);
    json_kstr(&j, "purpose", slice_of(purpose->purpose));
    json_kstr(&j, "agreement", slice_of(purpose->agreement));
    json_kstr(&j, "what", slice_of(what));
    if (id.len > 0)
        json_kstr(&j, "id", id);
    if (purpose->who.len > 0)
        json_kstr(&j, "who", purpose->who);
    json_end(&j);
    Status st = buf_status(&body, err);
    if (st == OK)
        st = ledger_append(v->ledger, "vault.read", slice_of(purpose->agreement), buf_slice(&body), err);
    buf_free(&body);
    return st;
}

/* --- every record, in order of tag: the runs merged ----------------------------------------------------------- */

typedef struct Run {
    int64_t number;
    Bundle bundle;
} Run;

/* A run by the tag of its next record, whose first bytes tell nearly any two apart without a look at the bundles. */
typedef struct NextTag {
    uint64_t first;
    size_t run;
} NextTag;

typedef struct Merge {
    Vault *v;
    sqlite3_stmt *next_bundle; /* of a run, after a tag */
    VEC(Run) runs;
    NextTag *heap; /* runs that have records left, the one with the lowest tag on top */
    size_t heap_len;
} Merge;

static NextTag next_tag(const Merge *m, size_t run)
{
    return (NextTag){.first = tag_first(bundle_tag(&m->runs.at[run].bundle)), .run = run};
}

static bool is_before(const Merge *m, NextTag a, NextTag b)
{
    if (a.first != b.first)
        return a.first < b.first;
    return tag_cmp(bundle_tag(&m->runs.at[a.run].bundle), bundle_tag(&m->runs.at[b.run].bundle)) < 0;
}

static void sift_down(Merge *m, size_t i)
{
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= m->heap_len)
            return;
        if (child + 1 < m->heap_len && is_before(m, m->heap[child + 1], m->heap[child]))
            child++;
        if (!is_before(m, m->heap[child], m->heap[i]))
            return;
        NextTag next = m->heap[i];
        m->heap[i] = m->heap[child];
        m->heap[child] = next;
        i = child;
    }
}

static Status list_runs(Merge *m, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    TRY(lite_prepare(&m->v->lite, "SELECT DISTINCT run FROM bundle ORDER BY run", &stmt, err));
    Status st = OK;
    for (bool more = true; st == OK;) {
        Run run;
        st = lite_next(&m->v->lite, stmt, &more, err);
        if (st != OK || !more)
            break;
        run.number = sqlite3_column_int64(stmt, 0);
        bundle_init(&run.bundle);
        st = vec_push(&m->runs, run, err);
    }
    sqlite3_finalize(stmt);
    return st;
}

/* The run's bundle after the one it holds, or its first. */
static Status read_next_bundle(Merge *m, Run *run, bool *more, Error *err)
{
    uint8_t after[sizeof(RecordTag)];
    size_t after_len = 0;
    if (run->bundle.count > 0) {
        after_len = sizeof after;
        memcpy(after, run->bundle.tags.ptr + (run->bundle.count - 1) * sizeof after, sizeof after);
    }
    sqlite3_bind_int64(m->next_bundle, 1, run->number);
    lite_bind_blob(m->next_bundle, 2, (Slice){(const char *)after, after_len});
    Status st = lite_next(&m->v->lite, m->next_bundle, more, err);
    if (st == OK && *more)
        st = bundle_read(m->v, m->next_bundle, &run->bundle, err);
    sqlite3_reset(m->next_bundle);
    return st;
}

static Status open_merge(Merge *m, Error *err)
{
    TRY(lite_prepare(&m->v->lite,
        "SELECT " BUNDLE_COLUMNS " FROM bundle WHERE run = ? AND first > ? ORDER BY first LIMIT 1", &m->next_bundle,
        err));
    TRY(list_runs(m, err));
    TRY(mem_alloc((m->runs.len + 1) * sizeof *m->heap, (void **)&m->heap, err));
    for (size_t i = 0; i < m->runs.len; i++) {
        bool more = false;
        TRY(read_next_bundle(m, &m->runs.at[i], &more, err));
        if (more)
            m->heap[m->heap_len++] = next_tag(m, i);
    }
    for (size_t i = m->heap_len; i > 0; i--)
        sift_down(m, i - 1);
    return OK;
}

static void close_merge(Merge *m)
{
    for (size_t i = 0; i < m->runs.len; i++)
        bundle_free(&m->runs.at[i].bundle);
    vec_free(&m->runs);
    mem_free(m->heap);
    sqlite3_finalize(m->next_bundle);
}

/* Records that were read and wait for the caller, in order of tag. */
typedef struct Waiting {
    struct {
        RecordTag tag;
        Slice source;
        size_t end; /* of its values in packed */
    } at[READ_AHEAD];
    size_t count;
    Buf packed;
} Waiting;

/* The next records of the merge; none when it is over. */
static Status read_ahead(Merge *m, Waiting *w, Error *err)
{
    w->count = 0;
    buf_reset(&w->packed);
    while (m->heap_len > 0 && w->count < READ_AHEAD) {
        Run *run = &m->runs.at[m->heap[0].run];
        Slice packed;
        bool more = true;
        TRY(bundle_next_packed(&run->bundle, &w->at[w->count].tag, &packed, err));
        buf_add(&w->packed, packed);
        w->at[w->count].source = run->bundle.source;
        w->at[w->count++].end = w->packed.len;
        if (run->bundle.next == run->bundle.count) {
            TRY(read_next_bundle(m, run, &more, err));
            if (!more)
                m->heap[0] = m->heap[--m->heap_len];
        }
        if (m->heap_len > 0)
            m->heap[0] = next_tag(m, m->heap[0].run);
        sift_down(m, 0);
    }
    return buf_status(&w->packed, err);
}

typedef struct Reader {
    Merge *merge;
    Waiting *given, *read; /* while the one is given to the caller the other is read */
    Status (*fn)(const VaultRecord *record, void *ctx, Error *err);
    void *ctx;
} Reader;

static Status give(const Reader *r, Error *err)
{
    const Waiting *w = r->given;
    for (size_t i = 0, begin = 0; i < w->count; begin = w->at[i++].end) {
        VaultRecord record = {.tag = w->at[i].tag, .source = w->at[i].source};
        TRY(values_unpack(slice_sub(buf_slice(&w->packed), begin, w->at[i].end), &record.values, err));
        TRY(r->fn(&record, r->ctx, err));
    }
    return OK;
}

/* What goes wrong with the records that came first is told first. */
enum { READER_GIVES, READER_READS, READER_ITEMS };

static Status reader_item(size_t item, void *ctx, Error *err)
{
    const Reader *r = ctx;
    return item == READER_GIVES ? give(r, err) : read_ahead(r->merge, r->read, err);
}

static void waiting_free(Waiting *w)
{
    if (w && w->packed.ptr)
        mem_wipe(w->packed.ptr, w->packed.cap);
    if (w)
        buf_free(&w->packed);
    mem_free(w);
}

static Status each_merged(Reader *r, Error *err)
{
    unsigned threads = home_settings(r->merge->v->home)->threads;
    Status st;
    TRY_OUT(mem_zalloc(1, sizeof *r->given, (void **)&r->given, err));
    buf_init(&r->given->packed, 0);
    TRY_OUT(mem_zalloc(1, sizeof *r->read, (void **)&r->read, err));
    buf_init(&r->read->packed, 0);
    TRY_OUT(read_ahead(r->merge, r->given, err));
    while (r->given->count > 0) {
        TRY_OUT(parallel_for(READER_ITEMS, threads, reader_item, r, err));
        Waiting *swap = r->given;
        r->given = r->read;
        r->read = swap;
    }
out:
    waiting_free(r->given);
    waiting_free(r->read);
    return st;
}

Status vault_each_record(Vault *v, const VaultPurpose *purpose,
    Status (*fn)(const VaultRecord *record, void *ctx, Error *err), void *ctx, Error *err)
{
    Merge m = {.v = v};
    Reader r = {.merge = &m, .fn = fn, .ctx = ctx};
    TRY(vault_note_read(v, purpose, "every record", (Slice){0}, err));
    Status st = open_merge(&m, err);
    if (st == OK)
        st = each_merged(&r, err);
    close_merge(&m);
    lite_forget(&v->lite); /* who has read a whole vault has other uses for the memory */
    return st;
}

/* --- one record ---------------------------------------------------------------------------------------------- */

static Status copy_values(VaultRecord *record, Arena *arena, Error *err)
{
    TRY(arena_dup(arena, record->source, &record->source, err));
    for (unsigned i = 0; i < ID_ROLE_COUNT; i++)
        if (record->values.at[i].len > 0)
            TRY(arena_dup(arena, record->values.at[i], &record->values.at[i], err));
    return OK;
}

/* The record with the tag, if it is in the bundle that stmt's row holds. */
static Status find_in_bundle(
    Vault *v, sqlite3_stmt *stmt, const RecordTag *tag, Arena *arena, VaultRecord *out, bool *found, Error *err)
{
    Bundle b;
    bundle_init(&b);
    Status st = bundle_read(v, stmt, &b, err);
    for (bool more = st == OK; st == OK && more && !*found;) {
        st = bundle_next(&b, out, &more, err);
        *found = st == OK && more && memcmp(&out->tag, tag, sizeof *tag) == 0;
    }
    if (st == OK && *found)
        st = copy_values(out, arena, err);
    bundle_free(&b);
    return st;
}

static Status find_in_run(
    Vault *v, int64_t run, const RecordTag *tag, Arena *arena, VaultRecord *out, bool *found, Error *err)
{
    bool more = false;
    sqlite3_bind_int64(v->get_bundle, 1, run);
    lite_bind_blob(v->get_bundle, 2, (Slice){(const char *)tag->bytes, sizeof tag->bytes});
    Status st = lite_next(&v->lite, v->get_bundle, &more, err);
    if (st == OK && more)
        st = find_in_bundle(v, v->get_bundle, tag, arena, out, found, err);
    sqlite3_reset(v->get_bundle);
    return st;
}

/* The ledger has the entry already. */
static Status get_record(Vault *v, const RecordTag *tag, Arena *arena, VaultRecord *out, Error *err)
{
    bool found = false;
    Merge m = {.v = v}; /* for its list of runs */
    if (!v->get_bundle)
        TRY(lite_prepare(&v->lite,
            "SELECT " BUNDLE_COLUMNS " FROM bundle WHERE run = ? AND first <= ? ORDER BY first DESC LIMIT 1",
            &v->get_bundle, err));
    Status st = list_runs(&m, err);
    for (size_t i = 0; st == OK && !found && i < m.runs.len; i++)
        st = find_in_run(v, m.runs.at[i].number, tag, arena, out, &found, err);
    close_merge(&m);
    if (st == OK && !found)
        st = error_set(err, ERR_NOT_FOUND, "the vault has no such record");
    return st;
}

Status vault_get_record(
    Vault *v, const VaultPurpose *purpose, const RecordTag *tag, Arena *arena, VaultRecord *out, Error *err)
{
    char hex[TAG_HEX_SIZE];
    tag_print(tag, hex);
    TRY(vault_note_read(v, purpose, "a record", slice_of(hex), err));
    return get_record(v, tag, arena, out, err);
}

Status vault_get_records(Vault *v, const VaultPurpose *purpose, const RecordTag *tags, size_t count, Arena *arena,
    VaultRecord *out, Error *err)
{
    Buf names;
    buf_init(&names, 0);
    for (size_t i = 0; i < count; i++) {
        char hex[TAG_HEX_SIZE];
        tag_print(&tags[i], hex);
        buf_addf(&names, "%s%s", i ? " " : "", hex);
    }
    Status st = buf_status(&names, err);
    if (st == OK && count > 0)
        st = vault_note_read(v, purpose, "records", buf_slice(&names), err);
    buf_free(&names);
    for (size_t i = 0; st == OK && i < count; i++)
        st = get_record(v, &tags[i], arena, &out[i], err);
    return st;
}

/* --- quarantine ---------------------------------------------------------------------------------------------- */

/* Columns load, row, key_id, box. */
static Status read_quarantine(Vault *v, sqlite3_stmt *stmt, Slice *raw, Error *err)
{
    char key[8];
    uint64_t length = 0;
    int64_t key_id = sqlite3_column_int64(stmt, 2);
    if (key_id < 1 || key_id > UINT32_MAX)
        return error_set(err, ERR_CORRUPT, "vault: a quarantined row has a key number of the wrong form");
    vault_u64_bytes((uint64_t)sqlite3_column_int64(stmt, 1), key);
    BoxPlace place = {"quarantine", {key, sizeof key}, lite_text(stmt, 0)};
    TRY(boxer_open(v->boxer, &place, (uint32_t)key_id, lite_blob(stmt, 3), raw, err));
    for (size_t i = 0; i < 8 && i < raw->len; i++)
        length = length << 8 | (uint8_t)raw->ptr[i];
    if (raw->len < 8 || length > raw->len - 8)
        return error_set(err, ERR_CORRUPT, "vault: a quarantined row has the wrong length");
    *raw = slice_sub(*raw, 8, 8 + (size_t)length);
    return OK;
}

Status vault_get_quarantine(Vault *v, const VaultPurpose *purpose, Slice load, uint64_t row, Buf *out, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    bool more = false;
    Slice raw;
    TRY(vault_note_read(v, purpose, "a quarantined row", load, err));
    TRY(lite_prepare(&v->lite, "SELECT load, row, key_id, box FROM quarantine WHERE load = ? AND row = ?", &stmt, err));
    lite_bind_text(stmt, 1, load);
    sqlite3_bind_int64(stmt, 2, (int64_t)row);
    Status st = lite_next(&v->lite, stmt, &more, err);
    if (st == OK && !more)
        st = error_set(err, ERR_NOT_FOUND, "the vault has no such quarantined row");
    if (st == OK)
        st = read_quarantine(v, stmt, &raw, err);
    if (st == OK) {
        buf_add(out, raw);
        st = buf_status(out, err);
    }
    sqlite3_finalize(stmt);
    return st;
}

static bool holds_tag(Slice tags, const RecordTag *tag)
{
    for (size_t at = 0; at + sizeof tag->bytes <= tags.len; at += sizeof tag->bytes)
        if (memcmp(tags.ptr + at, tag->bytes, sizeof tag->bytes) == 0)
            return true;
    return false;
}

/* Tags stand in clear: nothing is opened. */
Status vault_has_record(Vault *v, const RecordTag *tag, bool *out, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    Merge m = {.v = v}; /* for its list of runs */
    *out = false;
    Status st = list_runs(&m, err);
    if (st == OK)
        st = lite_prepare(
            &v->lite, "SELECT tags FROM bundle WHERE run = ? AND first <= ? ORDER BY first DESC LIMIT 1", &stmt, err);
    for (size_t i = 0; st == OK && !*out && i < m.runs.len; i++) {
        bool more = false;
        sqlite3_bind_int64(stmt, 1, m.runs.at[i].number);
        lite_bind_blob(stmt, 2, tag_bytes(tag));
        st = lite_next(&v->lite, stmt, &more, err);
        *out = st == OK && more && holds_tag(lite_blob(stmt, 0), tag);
        sqlite3_reset(stmt);
    }
    sqlite3_finalize(stmt);
    close_merge(&m);
    return st;
}

/* --- counting and checking ----------------------------------------------------------------------------------- */

static Status count_persons(Vault *v, uint64_t *out, Error *err)
{
    int64_t n = 0;
    TRY(lite_i64(&v->lite, "SELECT count(DISTINCT person) FROM link", &n, err));
    *out = (uint64_t)n;
    return OK;
}

Status vault_count(Vault *v, uint64_t *records, uint64_t *persons, uint64_t *quarantined, Error *err)
{
    int64_t n = 0;
    TRY(lite_i64(&v->lite, "SELECT coalesce(sum(records), 0) FROM bundle", &n, err));
    *records = (uint64_t)n;
    TRY(lite_i64(&v->lite, "SELECT count(*) FROM quarantine", &n, err));
    *quarantined = (uint64_t)n;
    return count_persons(v, persons, err);
}

typedef struct Check {
    uint64_t checked;
    uint64_t bad;
    Error first;
} Check;

/* count: of values that stand or fall together */
static Status note_check(Check *c, size_t count, Status st, const Error *why, Error *err)
{
    c->checked += count;
    if (st == OK)
        return OK;
    if (st != ERR_CORRUPT) {
        if (err)
            *err = *why;
        return st;
    }
    if (c->bad == 0)
        c->first = *why;
    c->bad += count;
    return OK;
}

static Status check_bundle(Vault *v, sqlite3_stmt *stmt, Bundle *b, Error *err)
{
    VaultRecord record;
    TRY(bundle_read(v, stmt, b, err));
    for (bool more = true; more;)
        TRY(bundle_next(b, &record, &more, err));
    return OK;
}

static Status check_bundles(Vault *v, int64_t from_id, int64_t limit, Check *c, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    Bundle b;
    TRY(lite_prepare(&v->lite, "SELECT " BUNDLE_COLUMNS " FROM bundle WHERE id >= ? ORDER BY id LIMIT ?", &stmt, err));
    sqlite3_bind_int64(stmt, 1, from_id);
    sqlite3_bind_int64(stmt, 2, limit);
    bundle_init(&b);
    Status st = OK;
    for (bool more = true; st == OK;) {
        Error why = ERROR_INIT;
        st = lite_next(&v->lite, stmt, &more, err);
        if (st != OK || !more)
            break;
        Status opened = check_bundle(v, stmt, &b, &why);
        st = note_check(c, b.count ? b.count : 1, opened, &why, err);
    }
    bundle_free(&b);
    sqlite3_finalize(stmt);
    return st;
}

static Status check_quarantine(Vault *v, int64_t limit, Check *c, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    TRY(lite_prepare(&v->lite, "SELECT load, row, key_id, box FROM quarantine LIMIT ?", &stmt, err));
    sqlite3_bind_int64(stmt, 1, limit);
    Status st = OK;
    for (bool more = true; st == OK;) {
        Error why = ERROR_INIT;
        Slice raw;
        st = lite_next(&v->lite, stmt, &more, err);
        if (st != OK || !more)
            break;
        Status opened = read_quarantine(v, stmt, &raw, &why);
        st = note_check(c, 1, opened, &why, err);
    }
    sqlite3_finalize(stmt);
    return st;
}

static Status check_result(const Check *c, uint64_t *checked, Error *err)
{
    *checked = c->checked;
    if (c->bad == 0)
        return OK;
    error_set(err, ERR_CORRUPT, "%" PRIu64 " of %" PRIu64 " values in the vault do not open; the first: %s", c->bad,
        c->checked, c->first.message);
    error_hint(err, "Restore the data home from a backup.");
    return ERR_CORRUPT;
}

Status vault_verify(Vault *v, uint64_t *checked, Error *err)
{
    Check c = {0};
    TRY(check_bundles(v, 0, -1, &c, err));
    TRY(check_quarantine(v, -1, &c, err));
    return check_result(&c, checked, err);
}

Status vault_verify_sample(Vault *v, uint64_t limit, uint64_t *checked, Error *err)
{
    Check c = {0};
    int64_t last = 0;
    int64_t each = (int64_t)(limit / SAMPLE_PLACES / USUAL_RECORDS) + 1;
    TRY(lite_i64(&v->lite, "SELECT coalesce(max(id), 0) FROM bundle", &last, err));
    int64_t apart = last / SAMPLE_PLACES > each ? last / SAMPLE_PLACES : each;
    for (int64_t from = 1; from <= last; from += apart)
        TRY(check_bundles(v, from, each, &c, err));
    TRY(check_quarantine(v, (int64_t)limit, &c, err));
    return check_result(&c, checked, err);
}
