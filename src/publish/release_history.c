/*
 * Releases that are out: which of them are in force, what they printed, and how one is withdrawn.
 *
 * The ledger tells. A withdrawn release stays on disk, because nothing that was published is ever changed or lost, but
 * releases/WITHDRAWN names it, and whoever serves releases leaves it out. It takes no part in the gate any more; who
 * has a copy still has it.
 */
#include "publish/release.h"

#include "publish/release_history.h"

#include <stdio.h>
#include <stdlib.h>

static bool is_in_force(const LedgerEntries *entries, Slice id)
{
    bool in_force = false;
    for (size_t i = 0; i < entries->len; i++)
        if (slice_eq(entries->at[i].subject, id)) {
            if (slice_eq_z(entries->at[i].kind, "release.published"))
                in_force = true;
            else if (slice_eq_z(entries->at[i].kind, "release.withdrawn"))
                in_force = false;
        }
    return in_force;
}

Status release_list(Ledger *ledger, Arena *arena, ReleaseEntries *out, Error *err)
{
    LedgerEntries entries = {0};
    Status st = ledger_list(ledger, NULL, arena, &entries, err);
    for (size_t i = 0; i < entries.len && st == OK; i++) {
        const LedgerEntry *e = &entries.at[i];
        bool known = false;
        if (!slice_eq_z(e->kind, "release.published") || !release_id_ok(e->subject))
            continue;
        for (size_t k = 0; k < out->len; k++)
            known = known || slice_eq(out->at[k].id, e->subject);
        if (!known)
            st = vec_push(out, ((ReleaseEntry){.id = e->subject, .in_force = is_in_force(&entries, e->subject)}), err);
    }
    for (size_t k = 0; k < out->len && st == OK; k++)
        for (size_t i = 0; i < entries.len; i++) {
            const LedgerEntry *e = &entries.at[i];
            if (!slice_eq(e->subject, out->at[k].id))
                continue;
            if (slice_eq_z(e->kind, "release.published"))
                out->at[k].published_at = e->at;
            if (slice_eq_z(e->kind, "release.withdrawn")) {
                out->at[k].withdrawn_at = e->at;
                out->at[k].withdrawn_body = e->body;
            }
        }
    vec_free(&entries);
    return st;
}

/* --- what an earlier release printed
 * ---------------------------------------------------------------------------------- */

typedef VEC(PublishedCell) EarlierCells;

static const char *const COLUMNS[] = {
    "measure", "year", "level", "unit", "parent", "members", "split", "group", "groups", "value", "people"};
enum { MEASURE, YEAR, LEVEL, UNIT, PARENT, MEMBERS, SPLIT, GROUP, GROUPS, VALUE, PEOPLE, COLUMN_COUNT };

static Status read_table(const char *path, Arena *arena, const MeasureInfos *measures, EarlierCells *out, Error *err)
{
    CsvTable t;
    size_t at[COLUMN_COUNT];
    TRY(csv_read(path, arena, &t, err));
    for (size_t c = 0; c < COLUMN_COUNT; c++)
        TRY(csv_column(&t, COLUMNS[c], &at[c], err));
    for (size_t i = 0; i < t.rows; i++) {
        const Slice *row = t.cells + i * t.columns;
        int64_t year;
        TRY(parse_i64(row[at[YEAR]], &year, err));
        PublishedCell c = {.members = row[at[MEMBERS]],
            .groups = row[at[GROUPS]],
            .shown_value = row[at[VALUE]],
            .shown_denominator = row[at[PEOPLE]]};
        c.cell = (ProtectCell){.table = row[at[MEASURE]],
            .year = (int32_t)year,
            .level = row[at[LEVEL]],
            .unit = row[at[UNIT]],
            .parent = row[at[PARENT]],
            .split = row[at[SPLIT]],
            .grp = row[at[GROUP]]};
        for (size_t m = 0; m < measures->len; m++)
            if (slice_eq(measures->at[m].name, c.cell.table))
                c.cell.is_median = measures->at[m].kind == MEASURE_MEDIAN;
        TRY(vec_push(out, c, err));
    }
    return OK;
}

static Status read_release(const char *path, Arena *arena, const MeasureInfos *measures, EarlierCells *out, Error *err)
{
    const char *data, *file;
    PathList names = {0};
    TRY(release_verify(path, err));
    TRY(path_join(arena, path, "data", &data, err));
    Status st = dir_list(data, arena, &names, err);
    for (size_t i = 0; i < names.len && st == OK; i++) {
        if (!slice_ends(slice_of(names.at[i]), SLICE(".csv")))
            continue;
        st = path_join(arena, data, names.at[i], &file, err);
        if (st == OK)
            st = read_table(file, arena, measures, out, err);
    }
    vec_free(&names);
    return st;
}

static Status refused(Slice id, Error *err)
{
    error_hint(err,
        "Release %.*s is in force. Withdraw it (cairn release --withdraw %.*s --reason TEXT) or release with --replace "
        "TEXT.",
        SLICE_ARG(id), SLICE_ARG(id));
    return ERR_DENIED;
}

static Status check_one(const ReleaseGate *g, const char *releases_dir, Slice id, UnionReport *report, Error *err)
{
    Arena arena;
    EarlierCells cells = {0};
    const char *path = NULL;
    arena_init(&arena, 0);
    Status st = arena_printf(&arena, &path, err, "%s/%.*s", releases_dir, SLICE_ARG(id));
    if (st == OK)
        st = read_release(path, &arena, g->measures, &cells, err);
    if (st == OK)
        st = protect_audit_union(
            g->policy, g->day, g->input, g->input_count, g->figures, cells.at, cells.len, report, err);
    vec_free(&cells);
    arena_free(&arena);
    return st;
}

static Status withdraw_clashing(const ReleaseGate *g, const char *releases_dir, Slice id, Error *err)
{
    log_line(g->log, LOG_INFO, "event=release.replaced id=%.*s", SLICE_ARG(id));
    return release_withdraw_by(g->ledger, releases_dir, id, slice_of(g->replace), err);
}

Status release_gate(const ReleaseGate *g, const char *releases_dir, GateReport *out, Error *err)
{
    Arena arena;
    ReleaseEntries list = {0};
    *out = (GateReport){0};
    arena_init(&arena, 0);
    Status st = release_list(g->ledger, &arena, &list, err);
    for (size_t i = 0; i < list.len && st == OK; i++) {
        UnionReport report = {0};
        if (!list.at[i].in_force)
            continue;
        out->releases++;
        st = check_one(g, releases_dir, list.at[i].id, &report, err);
        out->compared += report.compared;
        out->cells += report.cells;
        if (st == ERR_DENIED && g->replace) {
            error_clear(err);
            st = withdraw_clashing(g, releases_dir, list.at[i].id, err);
            out->replaced++;
        } else if (st == ERR_DENIED) {
            st = refused(list.at[i].id, err);
        }
    }
    vec_free(&list);
    arena_free(&arena);
    return st;
}

/* --- withdrawing
 * ------------------------------------------------------------------------------------------------------ */

/* releases/WITHDRAWN: ids, one a line, sorted; made anew from the ledger each time. */
Status release_write_withdrawn(Ledger *ledger, const char *releases_dir, Error *err)
{
    Arena arena;
    ReleaseEntries list = {0};
    Buf text;
    const char *path = NULL;
    arena_init(&arena, 0);
    buf_init(&text, 0);
    Status st = release_list(ledger, &arena, &list, err);
    for (size_t i = 0; i < list.len && st == OK; i++)
        if (!list.at[i].in_force)
            buf_addf(&text, "%.*s\n", SLICE_ARG(list.at[i].id));
    if (st == OK)
        st = buf_status(&text, err);
    if (st == OK)
        st = path_join(&arena, releases_dir, "WITHDRAWN", &path, err);
    if (st == OK && (text.len > 0 || file_exists(path)))
        st = file_write(path, buf_slice(&text), MODE_PUBLIC, err);
    buf_free(&text);
    vec_free(&list);
    arena_free(&arena);
    return st;
}

/* CURRENT names the newest release in force; there is none when all are withdrawn. */
static Status name_newest(Ledger *ledger, const char *releases_dir, Error *err)
{
    Arena arena;
    ReleaseEntries list = {0};
    const char *path = NULL, *line = NULL;
    const ReleaseEntry *newest = NULL;
    arena_init(&arena, 0);
    Status st = release_list(ledger, &arena, &list, err);
    for (size_t i = 0; i < list.len; i++)
        if (list.at[i].in_force && (!newest || list.at[i].published_at >= newest->published_at))
            newest = &list.at[i];
    if (st == OK)
        st = path_join(&arena, releases_dir, "CURRENT", &path, err);
    if (st == OK && newest)
        st = arena_printf(&arena, &line, err, "%.*s\n", SLICE_ARG(newest->id));
    if (st == OK)
        st = newest ? file_write(path, slice_of(line), MODE_PUBLIC, err) : file_remove(path, err);
    vec_free(&list);
    arena_free(&arena);
    return st;
}

Status release_withdraw_by(Ledger *ledger, const char *releases_dir, Slice id, Slice reason, Error *err)
{
    Arena arena;
    ReleaseEntries list = {0};
    bool in_force = false, known = false;
    arena_init(&arena, 0);
    Status st = release_list(ledger, &arena, &list, err);
    for (size_t i = 0; i < list.len; i++)
        if (slice_eq(list.at[i].id, id)) {
            known = true;
            in_force = list.at[i].in_force;
        }
    vec_free(&list);
    arena_free(&arena);
    TRY(st);
    if (!known)
        return error_set(err, ERR_NOT_FOUND, "there is no release %.*s", SLICE_ARG(id));
    if (slice_trim(reason).len == 0)
        return error_set(err, ERR_USAGE, "a release is withdrawn for a reason: give it");
    if (in_force) {
        Buf body;
        Json j;
        buf_init(&body, 1 << 16);
        json_begin(&j, &body, JSON_COMPACT);
        json_open_object(&j);
        json_kstr(&j, "reason", reason);
        json_end(&j);
        st = buf_status(&body, err);
        if (st == OK)
            st = ledger_append(ledger, "release.withdrawn", id, buf_slice(&body), err);
        buf_free(&body);
        TRY(st);
    }
    /* also when it was withdrawn before: a killed run may not have come to say so */
    TRY(release_write_withdrawn(ledger, releases_dir, err));
    return name_newest(ledger, releases_dir, err);
}

Status release_withdraw(Home *home, Ledger *ledger, Slice id, Slice reason, Error *err)
{
    Arena arena;
    const char *dir;
    arena_init(&arena, 0);
    Status st = home_file(home, &arena, "releases", &dir, err);
    if (st == OK)
        st = release_withdraw_by(ledger, dir, id, reason, err);
    arena_free(&arena);
    return st;
}
