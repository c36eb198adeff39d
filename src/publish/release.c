/*
 * From the current generation's cells to a published release: protect, audit, write, and say so in the ledger. Refused
 * unless the audit passes. A run that fails or is killed anywhere leaves the old release standing and can be repeated:
 * the new one is whole on disk before the ledger withdraws what it replaces, and CURRENT comes last.
 */
#include "publish/release.h"

#include "publish/release_history.h"

#include "store/warehouse.h"

#include <stdio.h>
#include <stdlib.h>

typedef VEC(ReleaseSource) ReleaseSources;

typedef struct Making {
    const ReleaseContext *ctx;
    Arena arena;
    CellSet cells;
    ProtectCell *input; /* those of measures that are published */
    size_t input_count;
    Protected figures;
    MeasureInfos measures;
    ReleaseSources sources;
    uint32_t generation;
    uint64_t audited;
    GateReport gate;
    const char *releases_dir;
} Making;

/* Counts, means, ratios and distributions are for inside: no protection rule takes them yet. */
static void keep_publishable(MeasureInfos *measures)
{
    size_t kept = 0;
    for (size_t i = 0; i < measures->len; i++)
        if (measures->at[i].kind == MEASURE_RATE || measures->at[i].kind == MEASURE_MEDIAN)
            measures->at[kept++] = measures->at[i];
    measures->len = kept;
}

static const MeasureInfo *measure_named(const Making *m, Slice name)
{
    for (size_t k = 0; k < m->measures.len; k++)
        if (slice_eq(m->measures.at[k].name, name))
            return &m->measures.at[k];
    return NULL;
}

static Status read_cells(Making *m, Error *err)
{
    TRY(warehouse_current(m->ctx->home, &m->generation, err));
    TRY(cells_read(m->ctx->home, m->generation, &m->cells, err));
    TRY(measure_list(m->ctx->policy, &m->arena, &m->measures, err));
    TRY(release_keep_published(m->ctx->policy, &m->measures, err));
    keep_publishable(&m->measures);
    TRY(arena_new(&m->arena, ProtectCell, m->cells.count, &m->input, err));
    for (size_t i = 0; i < m->cells.count; i++) {
        const Cell *c = &m->cells.cells[i];
        const MeasureInfo *info = measure_named(m, c->measure);
        if (!info)
            continue;
        bool is_median = info->kind == MEASURE_MEDIAN;
        m->input[m->input_count++] = (ProtectCell){.table = c->measure,
            .year = c->year,
            .level = c->level,
            .unit = c->unit,
            .parent = c->parent,
            .split = c->split,
            .grp = c->grp,
            .denominator = c->denominator,
            .numerator = is_median ? 0 : c->numerator,
            .is_median = is_median,
            .value = c->value,
            .fuzzy = c->fuzzy,
            .covered = c->covered,
            .base = c->base,
            .strong = c->strong,
            .link_pairs = c->link_pairs,
            .link_correct = c->link_correct,
            .link_missed = c->link_missed,
            .employers = c->employers,
            .top_employer = c->top_employer};
    }
    return OK;
}

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

static Status protect(Making *m, Error *err)
{
    Date day;
    TRY(release_day(m->ctx->policy, &day, err));
    TRY(protect_release(m->ctx->policy, day, m->input, m->input_count, &m->figures, err));
    TRY(protect_audit(m->ctx->policy, day, m->input, m->input_count, &m->figures, &m->audited, err));
    log_line(m->ctx->log, LOG_INFO, "event=release.audited cells=%" PRIu64 " withheld=%zu", m->audited,
        m->figures.withheld_count);
    return OK;
}

/* Together with what is out already. */
static Status pass_gate(Making *m, Error *err)
{
    ReleaseGate gate = {.policy = m->ctx->policy,
        .input = m->input,
        .input_count = m->input_count,
        .figures = &m->figures,
        .measures = &m->measures,
        .ledger = m->ctx->ledger,
        .replace = m->ctx->replace,
        .log = m->ctx->log};
    TRY(release_day(m->ctx->policy, &gate.day, err));
    TRY(home_file(m->ctx->home, &m->arena, "releases", &m->releases_dir, err));
    TRY(release_gate(&gate, m->releases_dir, &m->arena, &m->gate, err));
    log_line(m->ctx->log, LOG_INFO, "event=release.gate releases=%" PRIu64 " compared=%" PRIu64 " cells=%" PRIu64,
        m->gate.releases, m->gate.compared, m->gate.cells);
    return OK;
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
    json_kint(&j, "generation", m->generation);
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
        .measures = &m->measures,
        .sources = m->sources.at,
        .source_count = m->sources.len,
        .audited = m->audited,
        .web_dir = m->ctx->web_dir};
    Release r;
    bool is_new;
    Status st = release_build(&plan, &r, err);
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
    TRY_OUT(read_cells(&m, err));
    TRY_OUT(read_sources(&m, err));
    TRY_OUT(protect(&m, err));
    TRY_OUT(pass_gate(&m, err));
    st = publish(&m, out, err);
out:
    gate_report_free(&m.gate);
    protected_free(&m.figures);
    vec_free(&m.measures);
    vec_free(&m.sources);
    cells_free(&m.cells);
    arena_free(&m.arena);
    return st;
}
