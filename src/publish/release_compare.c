/* What readers would see of each lineage by which lane: figures for whoever decides the policy. */
#include "publish/release.h"

#include "publish/release_input.h"

#include <stdlib.h>

typedef struct Seen {        /* one lane of one lineage */
    ProtectVisibleRows rows; /* summed over the lineage's measures: one a level */
    uint64_t printed, hidden, withheld;
    ProtectAttack attack;
    Status failed; /* OK: it can be done */
    Error why;
} Seen;

typedef struct Lineage {
    Slice name;
    ProtectCell *cells;
    size_t count;
    ProtectLane lane; /* of the policy */
} Lineage;

static Status add_level(ProtectVisibleRows *sum, const ProtectVisible *row, Error *err)
{
    size_t i = 0;
    while (i < sum->len && !slice_eq(sum->at[i].level, row->level))
        i++;
    if (i == sum->len) {
        ProtectVisible none = {.level = row->level};
        TRY(vec_push(sum, none, err));
    }
    ProtectVisible *to = &sum->at[i];
    to->figures += row->figures;
    to->figures_alone += row->figures_alone;
    to->people += row->people;
    to->people_alone += row->people_alone;
    to->small_people += row->small_people;
    to->small_people_alone += row->small_people_alone;
    return OK;
}

static Status protect_in(
    const ReleaseContext *ctx, Date day, const Lineage *l, ProtectLane lane, Protected *p, Seen *out, Error *err)
{
    const LaneOptions o = {.lane = lane, .threads = ctx->threads, .log = ctx->log};
    uint64_t checked;
    TRY(protect_release_beside(ctx->policy, day, l->cells, l->count, &o, p, err));
    if (lane == PROTECT_SUPPRESS_LANE)
        TRY(protect_attack(ctx->policy, day, l->cells, l->count, p, &o, &out->attack, err));
    else
        TRY(protect_audit(ctx->policy, day, l->cells, l->count, p, &checked, err));
    ProtectVisibleRows rows = {0};
    Status st = protect_visible(ctx->policy, day, l->cells, l->count, p, &rows, err);
    for (size_t i = 0; i < rows.len && st == OK; i++)
        st = add_level(&out->rows, &rows.at[i], err);
    vec_free(&rows);
    for (size_t i = 0; i < p->count; i++)
        out->hidden += p->cells[i].hiding == PROTECT_HIDDEN;
    out->printed = p->count - out->hidden;
    out->withheld = p->withheld_count;
    return st;
}

/* A lane that cannot protect the lineage is an answer, too. */
static Status look(const ReleaseContext *ctx, Date day, const Lineage *l, ProtectLane lane, Seen *out, Error *err)
{
    Protected p = {0};
    *out = (Seen){.why = ERROR_INIT};
    out->failed = protect_in(ctx, day, l, lane, &p, out, &out->why);
    protected_free(&p);
    bool is_answer = out->failed == OK || out->failed == ERR_DENIED || out->failed == ERR_LIMIT;
    if (!is_answer && err)
        *err = out->why;
    return is_answer ? OK : out->failed;
}

/* --- as words and as JSON ---------------------------------------------------------------------------------------- */

static void percent(Buf *out, uint64_t part, uint64_t whole)
{
    uint64_t tenths = whole == 0 ? 0 : (part * 2000 + whole) / (2 * whole);
    if (whole == 0)
        buf_adds(out, "      -");
    else
        buf_addf(out, "%5" PRIu64 ".%" PRIu64, tenths / 10, tenths % 10);
}

static const char *lane_name(ProtectLane lane)
{
    return lane == PROTECT_SUPPRESS_LANE ? "suppress" : "pool";
}

static void say_lane(const Lineage *l, ProtectLane lane, const Seen *s, Buf *out)
{
    buf_addf(out, "  %s%s: ", lane_name(lane), l->lane == lane ? " (the policy's)" : "");
    if (s->failed != OK) {
        buf_addf(out, "not possible: %s\n", s->why.message);
        return;
    }
    if (lane == PROTECT_SUPPRESS_LANE)
        buf_addf(out,
            "%" PRIu64 " figures shown, %" PRIu64 " hidden; %" PRIu64 " counts attacked, %" PRIu64 " unprotected\n",
            s->printed, s->hidden, s->attack.sensitive, s->attack.unprotected);
    else
        buf_addf(out, "%" PRIu64 " figures shown, pools among them; %" PRIu64 " tables or levels withheld\n",
            s->printed, s->withheld);
    buf_adds(out, "    level         figures   people   people in small groups (percent shown by themselves)\n");
    for (size_t i = 0; i < s->rows.len; i++) {
        const ProtectVisible *r = &s->rows.at[i];
        buf_addf(out, "    %-12.*s", SLICE_ARG(r->level));
        percent(out, r->figures_alone, r->figures);
        buf_adds(out, "  ");
        percent(out, r->people_alone, r->people);
        buf_adds(out, "  ");
        percent(out, r->small_people_alone, r->small_people);
        buf_addc(out, '\n');
    }
}

static void json_lane(const Lineage *l, ProtectLane lane, const Seen *s, Json *j)
{
    json_open_object(j);
    json_kstr(j, "family", l->name);
    json_kstr(j, "lane", slice_of(lane_name(lane)));
    json_kbool(j, "policy", l->lane == lane);
    json_kbool(j, "possible", s->failed == OK);
    if (s->failed != OK)
        json_kstr(j, "reason", slice_of(s->why.message));
    json_kint(j, "shown", (int64_t)s->printed);
    json_kint(j, "hidden", (int64_t)s->hidden);
    json_kint(j, "attacked", (int64_t)s->attack.sensitive);
    json_key(j, "levels");
    json_open_array(j);
    for (size_t i = 0; i < s->rows.len; i++) {
        const ProtectVisible *r = &s->rows.at[i];
        json_open_object(j);
        json_kstr(j, "level", r->level);
        json_kint(j, "figures", (int64_t)r->figures);
        json_kint(j, "figures_alone", (int64_t)r->figures_alone);
        json_kint(j, "people", (int64_t)r->people);
        json_kint(j, "people_alone", (int64_t)r->people_alone);
        json_kint(j, "small_people", (int64_t)r->small_people);
        json_kint(j, "small_people_alone", (int64_t)r->small_people_alone);
        json_end(j);
    }
    json_end(j);
    json_end(j);
}

/* --- lineages ---------------------------------------------------------------------------------------------------- */

typedef VEC(Lineage) Lineages;

static Status find_lineages(
    const ReleaseContext *ctx, Date day, const ReleaseInput *in, const char *family, Lineages *out, Error *err)
{
    for (size_t i = 0; i < in->count; i++) {
        Slice name;
        size_t k = 0;
        if (i > 0 && slice_eq(in->input[i].table, in->input[i - 1].table))
            continue;
        TRY(protect_lineage_of(ctx->policy, day, in->input[i].table, &name, err));
        while (k < out->len && !slice_eq(out->at[k].name, name))
            k++;
        if (k < out->len || (family && !slice_eq_z(name, family)))
            continue;
        Lineage l = {.name = name};
        TRY(protect_lane_of(ctx->policy, day, in->input[i].table, &l.lane, err));
        TRY(vec_push(out, l, err));
    }
    return out->len > 0 ? OK : error_set(err, ERR_NOT_FOUND, "no figures of such a family");
}

static Status take_cells(const ReleaseContext *ctx, Date day, ReleaseInput *in, Lineage *l, Error *err)
{
    Slice name = {"", 0};
    TRY(arena_new(&in->arena, ProtectCell, in->count, &l->cells, err));
    for (size_t i = 0; i < in->count; i++) {
        if (i == 0 || !slice_eq(in->input[i].table, in->input[i - 1].table))
            TRY(protect_lineage_of(ctx->policy, day, in->input[i].table, &name, err));
        if (slice_eq(name, l->name))
            l->cells[l->count++] = in->input[i];
    }
    return OK;
}

static Status compare_lineage(
    const ReleaseContext *ctx, Date day, ReleaseInput *in, Lineage *l, Json *j, Buf *out, Error *err)
{
    static const ProtectLane lanes[] = {PROTECT_POOL_LANE, PROTECT_SUPPRESS_LANE};
    TRY(take_cells(ctx, day, in, l, err));
    if (!j)
        buf_addf(out, "%.*s\n", SLICE_ARG(l->name));
    for (size_t i = 0; i < COUNT_OF(lanes); i++) {
        Seen seen;
        Status st = look(ctx, day, l, lanes[i], &seen, err);
        if (st == OK && j)
            json_lane(l, lanes[i], &seen, j);
        else if (st == OK)
            say_lane(l, lanes[i], &seen, out);
        vec_free(&seen.rows);
        TRY(st);
    }
    return OK;
}

static Status compare_all(
    const ReleaseContext *ctx, const char *family, ReleaseInput *in, Json *j, Buf *out, Error *err)
{
    Lineages list = {0};
    Date day;
    TRY(release_day(ctx->policy, &day, err));
    TRY(release_input_read(ctx, in, err));
    Status st = find_lineages(ctx, day, in, family, &list, err);
    for (size_t i = 0; i < list.len && st == OK; i++)
        st = compare_lineage(ctx, day, in, &list.at[i], j, out, err);
    vec_free(&list);
    return st;
}

Status release_compare(const ReleaseContext *ctx, const char *family, ReleaseStyle style, Buf *out, Error *err)
{
    ReleaseInput in = {0};
    Json j;
    if (style == RELEASE_JSON) {
        json_begin(&j, out, JSON_PRETTY);
        json_open_array(&j);
    }
    Status st = compare_all(ctx, family, &in, style == RELEASE_JSON ? &j : NULL, out, err);
    if (style == RELEASE_JSON) {
        json_end(&j);
        buf_addc(out, '\n');
    }
    release_input_free(&in);
    return st == OK ? buf_status(out, err) : st;
}
