/*
 * From the current generation's cells to a published release: protect, audit, write, and say so in the ledger. Refused
 * unless the audit passes. A run that fails or is killed anywhere leaves the old release standing and can be repeated:
 * the new one is whole on disk before the ledger withdraws what it replaces, and CURRENT comes last.
 */
#include "publish/release.h"

#include "publish/release_history.h"
#include "publish/release_input.h"

#include <stdio.h>
#include <stdlib.h>

typedef VEC(ReleaseSource) ReleaseSources;

typedef struct Making {
    const ReleaseContext *ctx;
    Arena arena;
    ReleaseInput in;
    Protected figures;
    ReleaseSources sources;
    uint64_t audited;
    ReleaseTold told;
    ProtectAttack attack;
    GateReport gate;
    const char *releases_dir;
} Making;

static int compare_sources(const void *a, const void *b)
{
    const ReleaseSource *x = a, *y = b;
    int c = slice_cmp(x->source, y->source);
    return c != 0 ? c : slice_cmp(x->file_sha256, y->file_sha256);
}

static Status read_sources(Making *m, Error *err)
{
    Loads loads = {0};
    Status st = ledger_loads(m->ctx->ledger, &m->arena, &loads, err);
    for (size_t i = 0; i < loads.len && st == OK; i++) {
        const Load *l = &loads.at[i];
        if (l->superseded_by.len == 0)
            st = vec_push(&m->sources, ((ReleaseSource){l->source, l->file_sha256, l->rows_accepted}), err);
    }
    vec_free(&loads);
    if (st == OK && m->sources.len > 0)
        qsort(m->sources.at, m->sources.len, sizeof *m->sources.at, compare_sources);
    return st;
}

/* Without the figures, which are not there yet when what is out is read. */
static Status gate_of(Making *m, ReleaseGate *out, Error *err)
{
    *out = (ReleaseGate){.policy = m->ctx->policy,
        .input = m->in.input,
        .input_count = m->in.count,
        .measures = &m->in.measures,
        .ledger = m->ctx->ledger,
        .replace = m->ctx->replace,
        .log = m->ctx->log};
    TRY(release_day(m->ctx->policy, &out->day, err));
    TRY(home_release_key(m->ctx->home, out->signer, err));
    return home_file(m->ctx->home, &m->arena, "releases", &m->releases_dir, err);
}

static Status any_suppressed(const Making *m, Date day, bool *out, Error *err)
{
    *out = false;
    for (size_t i = 0; i < m->in.measures.len && !*out; i++) {
        ProtectLane lane;
        TRY(protect_lane_of(m->ctx->policy, day, m->in.measures.at[i].name, &lane, err));
        *out = lane == PROTECT_SUPPRESS_LANE;
    }
    return OK;
}

static LaneOptions options_of(const Making *m)
{
    return (LaneOptions){
        .told = m->told.cells, .told_count = m->told.count, .threads = m->ctx->threads, .log = m->ctx->log};
}

/* Where releases in force print what gives somebody away whatever is hidden now, they have to be replaced. */
static Status protect_beside(Making *m, Date day, Error *err)
{
    LaneOptions o = options_of(m);
    Status st = protect_release_beside(m->ctx->policy, day, m->in.input, m->in.count, &o, &m->figures, err);
    if (st != ERR_DENIED || !m->ctx->replace || m->told.count == 0)
        return st;
    error_clear(err);
    for (size_t i = 0; i < m->told.ids.len; i++)
        TRY(gate_clash(&m->gate, &m->arena, m->told.ids.at[i], err));
    m->told.count = 0;
    o = options_of(m);
    return protect_release_beside(m->ctx->policy, day, m->in.input, m->in.count, &o, &m->figures, err);
}

static Status protect(Making *m, Error *err)
{
    ReleaseGate gate;
    bool suppressed;
    TRY(gate_of(m, &gate, err));
    TRY(any_suppressed(m, gate.day, &suppressed, err));
    if (suppressed)
        TRY(release_told(&gate, m->releases_dir, &m->arena, &m->gate, &m->told, err));
    TRY(protect_beside(m, gate.day, err));
    TRY(protect_audit(m->ctx->policy, gate.day, m->in.input, m->in.count, &m->figures, &m->audited, err));
    if (suppressed) {
        const LaneOptions o = options_of(m);
        TRY(protect_attack(m->ctx->policy, gate.day, m->in.input, m->in.count, &m->figures, &o, &m->attack, err));
        m->audited += m->attack.figures;
    }
    log_line(m->ctx->log, LOG_INFO, "event=release.audited cells=%" PRIu64 " withheld=%zu hidden=%" PRIu64, m->audited,
        m->figures.withheld_count, m->attack.hidden);
    return OK;
}

/* Together with what is out already: families that pool. Those that suppress have passed theirs in the attack. */
static Status pass_gate(Making *m, Error *err)
{
    ReleaseGate gate;
    TRY(gate_of(m, &gate, err));
    gate.figures = &m->figures;
    TRY(release_gate(&gate, m->releases_dir, &m->arena, &m->gate, err));
    log_line(m->ctx->log, LOG_INFO, "event=release.gate releases=%" PRIu64 " compared=%" PRIu64 " cells=%" PRIu64,
        m->gate.releases, m->gate.compared, m->gate.cells);
    return OK;
}

/* Whoever runs the release may know of more that is out: what single askers were told. */
static Status ask_check(const Making *m, Error *err)
{
    const ReleaseComing coming = {
        .figures = &m->figures, .replaced = m->gate.clashing.at, .replaced_count = m->gate.clashing.len};
    return m->ctx->check ? m->ctx->check(m->ctx->check_ctx, &coming, err) : OK;
}

static Status sign_with_home(void *ctx, Slice message, uint8_t signature[64], uint8_t public_key[32], Error *err)
{
    return home_sign(ctx, message, signature, public_key, err);
}

/* Also when the folder was there already but a killed run did not come to say so. */
static Status tell_ledger(const Making *m, const Release *r, const ReleaseReport *report, Error *err)
{
    Arena arena;
    ReleaseEntries list = {0};
    bool in_force = false;
    arena_init(&arena, 0);
    Slice id = slice_of(report->id);
    Status st = release_list(m->ctx->ledger, &arena, &list, err);
    for (size_t i = 0; i < list.len; i++)
        in_force = in_force || (list.at[i].in_force && slice_eq(list.at[i].id, id));
    vec_free(&list);
    arena_free(&arena);
    if (st != OK || in_force)
        return st;
    Buf body;
    Json j;
    buf_init(&body, 0);
    json_begin(&j, &body, JSON_COMPACT);
    json_open_object(&j);
    json_kint(&j, "generation", m->in.generation);
    json_kstr(&j, "manifest_sha256", slice_of(r->manifest_sha256));
    json_kint(&j, "cells", (int64_t)report->cells);
    json_kint(&j, "withheld", (int64_t)report->withheld);
    json_kint(&j, "gate_releases", (int64_t)m->gate.releases);
    json_kint(&j, "gate_cells", (int64_t)m->gate.cells);
    json_end(&j);
    st = buf_status(&body, err);
    if (st == OK)
        st = ledger_append(m->ctx->ledger, "release.published", id, buf_slice(&body), err);
    buf_free(&body);
    return st;
}

/* What was taken back does not go out again by itself, because nothing has changed since: somebody must say so. */
static Status check_withdrawn(const Making *m, const Release *r, Error *err)
{
    Arena arena;
    ReleaseEntries list = {0};
    bool withdrawn = false;
    arena_init(&arena, 0);
    Slice id = slice_sub(slice_of(r->manifest_sha256), 0, 12);
    Status st = release_list(m->ctx->ledger, &arena, &list, err);
    for (size_t i = 0; i < list.len; i++)
        withdrawn = withdrawn || (!list.at[i].in_force && slice_eq(list.at[i].id, id));
    vec_free(&list);
    arena_free(&arena);
    if (st != OK || !withdrawn || m->ctx->replace || m->ctx->again)
        return st;
    error_set(err, ERR_DENIED, "this would be release %.*s, which was withdrawn; nothing was published", SLICE_ARG(id));
    error_hint(err, "cairn release --list says why; --force publishes it again.");
    return ERR_DENIED;
}

static Status withdraw_clashing(const Making *m, Error *err)
{
    for (size_t i = 0; i < m->gate.clashing.len; i++) {
        Slice id = m->gate.clashing.at[i];
        log_line(m->ctx->log, LOG_INFO, "event=release.replaced id=%.*s", SLICE_ARG(id));
        TRY(release_withdraw_in_ledger(m->ctx->ledger, m->releases_dir, id, slice_of(m->ctx->replace), err));
    }
    return OK;
}

static Status publish(Making *m, ReleaseReport *out, Error *err)
{
    const ReleasePlan plan = {.policy = m->ctx->policy,
        .figures = &m->figures,
        .measures = &m->in.measures,
        .sources = m->sources.at,
        .source_count = m->sources.len,
        .audited = m->audited,
        .attack = m->attack,
        .web_dir = m->ctx->web_dir};
    Release r;
    bool is_new;
    Status st = release_build(&plan, &r, err);
    if (st == OK)
        st = check_withdrawn(m, &r, err);
    if (st == OK)
        st = release_store(&r, m->releases_dir, sign_with_home, m->ctx->home, out, &is_new, err);
    if (st == OK)
        st = withdraw_clashing(m, err);
    if (st == OK)
        st = tell_ledger(m, &r, out, err);
    if (st == OK)
        st = release_name_files(m->ctx->ledger, m->releases_dir, out->id, err);
    out->replaced = m->gate.clashing.len;
    if (st == OK)
        log_line(m->ctx->log, LOG_INFO, "event=release.%s id=%s", is_new ? "published" : "unchanged", out->id);
    release_free(&r);
    return st;
}

Status release_make(const ReleaseContext *ctx, ReleaseReport *out, Error *err)
{
    Making m = {.ctx = ctx};
    *out = (ReleaseReport){0};
    arena_init(&m.arena, 0);
    Status st;
    TRY_OUT(release_input_read(ctx, &m.in, err));
    TRY_OUT(read_sources(&m, err));
    TRY_OUT(protect(&m, err));
    TRY_OUT(pass_gate(&m, err));
    TRY_OUT(ask_check(&m, err));
    st = publish(&m, out, err);
out:
    gate_report_free(&m.gate);
    release_told_free(&m.told);
    protected_free(&m.figures);
    vec_free(&m.sources);
    release_input_free(&m.in);
    arena_free(&m.arena);
    return st;
}
