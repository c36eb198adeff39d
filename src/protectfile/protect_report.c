/* What was done, for the owner of the tables: cell by cell as CSV, as a page, and in figures. */
#include "protectfile/lanes.h"
#include "protectfile/protect_impl.h"

#include <stdlib.h>

#include "protectfile/protect_templates.h"

#define ROWS_SHOWN 500
#define GROUPS_SHOWN 40

static void why(const ProtectJob *job, uint32_t cell, Buf *out)
{
    const ProtectedCell *p = &job->cells[cell];
    buf_adds(out, protect_reason_words(p->reason));
    if (p->code_taken) {
        buf_adds(out, "; its code is not printed because it would tell too much of ");
        if (p->code_for == TABLES_NONE) {
            buf_adds(out, "others");
        } else {
            buf_addc(out, '[');
            tables_cell_words(&job->system, p->code_for, out);
            buf_addc(out, ']');
        }
    }
    if (p->reason != REASON_COMPLEMENT || p->protects == TABLES_NONE)
        return;
    buf_adds(out, ", first of all [");
    tables_cell_words(&job->system, p->protects, out);
    buf_adds(out, "] (");
    buf_adds(out, protect_reason_words(job->cells[p->protects].reason));
    buf_addc(out, ')');
}

/* Suppressed cells that somebody would have seen. */
static bool is_told(const ProtectJob *job, uint32_t cell)
{
    return job->system.cells[cell].printed && protect_hidden(job, cell);
}

Status protect_reasons_csv(const ProtectJob *job, Buf *out, Error *err)
{
    Buf words;
    buf_init(&words, 1 << 16);
    buf_adds(out, "table,row,cell,rule,why\n");
    static const char *const names[] = {"none", "min_n", "min_numerator", "min_complement", "band", "band", "dominance",
        "p_percent", "min_employers", "top_employer_max", "hide_zeros", "earlier_release", "complementary"};
    for (uint32_t i = 0; i < job->system.cell_count; i++) {
        const TablesCell *c = &job->system.cells[i];
        if (!is_told(job, i) || c->table == TABLES_NONE)
            continue;
        csv_cell(out, job->set.tables[c->table].name);
        buf_addf(out, ",%u,", job->set.tables[c->table].csv_row[c->row] + 2);
        buf_reset(&words);
        tables_cell_words(&job->system, i, &words);
        csv_cell(out, buf_slice(&words));
        buf_addf(out, ",%s,", names[job->cells[i].reason]);
        buf_reset(&words);
        why(job, i, &words);
        csv_cell(out, buf_slice(&words));
        buf_addc(out, '\n');
    }
    buf_free(&words);
    return buf_status(out, err);
}

/* Public: how many hidden numbers a rule asked for is not said, for where it is all of them each is known to be small.
 */
Status protect_audit_json(const ProtectJob *job, Buf *out, Error *err)
{
    Json j;
    json_begin(&j, out, JSON_PRETTY);
    json_open_object(&j);
    json_kstr(&j, "schema", SLICE("cairn.protect-audit/1"));
    json_kstr(&j, "tables", job->set.name);
    json_kstr(&j, "policy", job->policy->name);
    json_kstr(&j, "policy_version", job->policy->version);
    json_kstr(&j, "policy_status", job->policy->status);
    json_kstr(&j, "policy_sha256", slice_of(job->policy->sha256));
    json_kstr(&j, "program", SLICE("Cairn " CAIRN_VERSION));
    json_kint(&j, "cells", (int64_t)job->stats.cells);
    json_kint(&j, "printed", (int64_t)job->stats.printed);
    json_kint(&j, "suppressed", (int64_t)job->stats.suppressed);
    json_kint(&j, "equations", (int64_t)job->stats.equations);
    json_kint(&j, "attacked", (int64_t)job->stats.attacked);
    json_kint(&j, "unprotected", 0); /* nothing else is ever written */
    json_key(&j, "lanes");           /* of tables whose figures were changed; empty: all were suppressed */
    lanes_json(job, &j);
    json_end(&j);
    buf_addc(out, '\n');
    return buf_status(out, err);
}

/* --- the page ----------------------------------------------------------------------------------------------------- */

typedef struct Page {
    const ProtectJob *job;
    Arena arena;
    TmplProtectReport page;
} Page;

static Status number(Page *p, int64_t v, Slice *out, Error *err)
{
    char digits[32];
    size_t at = sizeof digits;
    uint64_t left = v < 0 ? 0 : (uint64_t)v;
    for (int n = 0; left > 0 || n == 0; n++, left /= 10) {
        if (n > 0 && n % 3 == 0)
            digits[--at] = ',';
        digits[--at] = (char)('0' + left % 10);
    }
    return arena_dup(&p->arena, (Slice){digits + at, sizeof digits - at}, out, err);
}

static Status fill_summary(Page *p, Error *err)
{
    const ProtectStats *s = &p->job->stats;
    const struct {
        const char *name;
        int64_t value;
    } rows[] = {{"Cells with a number", (int64_t)s->printed}, {"Suppressed", (int64_t)s->suppressed},
        {"of them because a rule asks for it", (int64_t)s->sensitive},
        {"of them to protect those", (int64_t)s->secondary},
        {"People in suppressed cells of the finest level", s->people_hidden},
        {"Equations an attacker can write down", (int64_t)s->equations},
        {"Rates hidden because their code told too much of others", (int64_t)s->codes_taken},
        {"Sensitive numbers the audit attacked", (int64_t)s->audited},
        {"Cells suppressed after an attack", (int64_t)s->repairs}, {"Found by the audit in what is published", 0}};
    TmplProtectReportSummary *out;
    TRY(arena_new(&p->arena, TmplProtectReportSummary, COUNT_OF(rows), &out, err));
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        out[i].name = slice_of(rows[i].name);
        TRY(number(p, rows[i].value, &out[i].value, err));
    }
    p->page.summary = out;
    p->page.summary_count = COUNT_OF(rows);
    return OK;
}

static Status fill_rules(Page *p, Error *err)
{
    int64_t cells[REASON_COMPLEMENT + 1] = {0}, people[REASON_COMPLEMENT + 1] = {0};
    TmplProtectReportRules *out;
    for (uint32_t i = 0; i < p->job->system.cell_count; i++)
        if (is_told(p->job, i)) {
            const TablesCell *c = &p->job->system.cells[i];
            cells[p->job->cells[i].reason]++;
            if (!p->job->set.quantities[c->quantity].is_total)
                people[p->job->cells[i].reason] += c->value.low;
        }
    TRY(arena_new(&p->arena, TmplProtectReportRules, COUNT_OF(cells), &out, err));
    p->page.rules = out;
    for (size_t r = 1; r < COUNT_OF(cells); r++) {
        if (cells[r] == 0)
            continue;
        TmplProtectReportRules *row = &out[p->page.rules_count++];
        row->rule = slice_of(protect_reason_words((ProtectReason)r));
        TRY(number(p, cells[r], &row->cells, err));
        TRY(number(p, people[r], &row->people, err));
    }
    return OK;
}

static Status fill_rows(Page *p, Error *err)
{
    TmplProtectReportRows *out;
    Buf words;
    uint64_t more = 0;
    TRY(arena_new(&p->arena, TmplProtectReportRows, ROWS_SHOWN, &out, err));
    p->page.rows = out;
    buf_init(&words, 1 << 16);
    Status st = OK;
    for (uint32_t i = 0; i < p->job->system.cell_count && st == OK; i++) {
        const TablesCell *c = &p->job->system.cells[i];
        if (!is_told(p->job, i) || c->table == TABLES_NONE)
            continue;
        if (p->page.rows_count == ROWS_SHOWN) {
            more++;
            continue;
        }
        TmplProtectReportRows *row = &out[p->page.rows_count++];
        row->table = p->job->set.tables[c->table].name;
        st = number(p, p->job->set.tables[c->table].csv_row[c->row] + 2, &row->row, err);
        buf_reset(&words);
        tables_cell_words(&p->job->system, i, &words);
        if (st == OK)
            st = arena_dup(&p->arena, buf_slice(&words), &row->cell, err);
        buf_reset(&words);
        why(p->job, i, &words);
        if (st == OK)
            st = arena_dup(&p->arena, buf_slice(&words), &row->why, err);
    }
    buf_free(&words);
    const char *text;
    if (st == OK && more > 0)
        st = arena_printf(&p->arena, &text, err, "%llu more are in suppressed.csv.", (unsigned long long)more);
    if (st == OK && more > 0)
        p->page.more = slice_of(text);
    return st;
}

/* --- who is left invisible ------------------------------------------------------------------------------------------
 */

static int least_visible(const void *a, const void *b)
{
    const CodeSeen *x = a, *y = b;
    Wide left = (Wide)x->shown * (Wide)y->cells, right = (Wide)y->shown * (Wide)x->cells;
    if (left != right)
        return left < right ? -1 : 1;
    if (x->people_hidden != y->people_hidden)
        return x->people_hidden > y->people_hidden ? -1 : 1;
    if (x->dimension != y->dimension)
        return x->dimension < y->dimension ? -1 : 1;
    return x->code < y->code ? -1 : x->code > y->code;
}

Status protect_invisible(const ProtectJob *job, CodeSeen **out, size_t *count, Error *err)
{
    size_t codes = 0, from = 0;
    for (uint32_t d = 0; d < job->set.dimension_count; d++)
        codes += job->set.dimensions[d].code_count;
    TRY(mem_zalloc(codes + 1, sizeof **out, (void **)out, err));
    for (uint32_t d = 0; d < job->set.dimension_count; from += job->set.dimensions[d++].code_count)
        for (uint32_t i = 0; i < job->system.cell_count; i++) {
            const TablesCell *c = &job->system.cells[i];
            if (!c->printed || c->value.low == 0 || c->at[d] == TABLES_NONE || c->at[d] == job->set.dimensions[d].total)
                continue;
            CodeSeen *seen = &(*out)[from + c->at[d]];
            bool hidden = protect_hidden(job, i);
            seen->dimension = d;
            seen->code = c->at[d];
            seen->cells++;
            seen->shown += !hidden;
            if (hidden && !job->set.quantities[c->quantity].is_total)
                seen->people_hidden += c->value.low;
        }
    *count = 0;
    for (size_t i = 0; i < codes; i++)
        if ((*out)[i].cells > 0 && (*out)[i].shown * 2 < (*out)[i].cells)
            (*out)[(*count)++] = (*out)[i];
    if (*count > 0)
        qsort(*out, *count, sizeof **out, least_visible);
    return OK;
}

static Status fill_groups(Page *p, Error *err)
{
    CodeSeen *seen = NULL;
    size_t count;
    TmplProtectReportGroups *out;
    TRY(protect_invisible(p->job, &seen, &count, err));
    if (count > GROUPS_SHOWN)
        count = GROUPS_SHOWN;
    Status st = arena_new(&p->arena, TmplProtectReportGroups, count + 1, &out, err);
    for (size_t i = 0; i < count && st == OK; i++) {
        const TablesDimension *d = &p->job->set.dimensions[seen[i].dimension];
        out[i].dimension = d->name;
        out[i].code = d->titles[seen[i].code];
        st = number(p, (int64_t)seen[i].shown, &out[i].shown, err);
        if (st == OK)
            st = number(p, (int64_t)seen[i].cells, &out[i].cells, err);
        if (st == OK)
            st = number(p, seen[i].people_hidden, &out[i].people, err);
    }
    mem_free(seen);
    if (st == OK) {
        p->page.groups = out;
        p->page.groups_count = count;
    }
    return st;
}

static Status fill_lanes(Page *p, Error *err)
{
    const ProtectLanes *l = p->job->lanes;
    TmplProtectReportLanes *out;
    TRY(arena_new(&p->arena, TmplProtectReportLanes, (size_t)p->job->set.table_count * 2 + 1, &out, err));
    p->page.lanes = out;
    for (uint32_t t = 0; l && t < p->job->set.table_count; t++) {
        const uint32_t of[] = {l->of_table[t], l->median_of[t]};
        for (size_t i = 0; i < COUNT_OF(of); i++) {
            if (of[i] == LANES_NONE)
                continue;
            LaneLabel label = lane_label(l->used[of[i]].lane.kind);
            out[p->page.lanes_count++] = (TmplProtectReportLanes){.table = p->job->set.tables[t].name,
                .lane = slice_of(lane_name(l->used[of[i]].lane.kind)),
                .what = slice_of(label.what),
                .promises = slice_of(label.promises),
                .does_not = slice_of(label.does_not)};
        }
    }
    return OK;
}

static Status fill(Page *p, Error *err)
{
    p->page.title = p->job->set.title;
    p->page.policy = p->job->policy->title;
    p->page.policy_status = p->job->policy->status;
    p->page.policy_source = p->job->policy->source;
    p->page.version = SLICE(CAIRN_VERSION);
    TRY(fill_summary(p, err));
    TRY(fill_rules(p, err));
    TRY(fill_groups(p, err));
    TRY(fill_lanes(p, err));
    return fill_rows(p, err);
}

Status protect_report_html(const ProtectJob *job, Buf *out, Error *err)
{
    Page p = {.job = job};
    arena_init(&p.arena, 0);
    Status st = fill(&p, err);
    if (st == OK)
        tmpl_protect_report(out, &p.page);
    arena_free(&p.arena);
    return st == OK ? buf_status(out, err) : st;
}
