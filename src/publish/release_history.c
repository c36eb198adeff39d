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
        bool about = slice_eq_z(e->kind, "release.published") || slice_eq_z(e->kind, "release.withdrawn");
        if (!about || !release_id_ok(e->subject))
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

/* --- what an earlier release printed ----------------------------------------------------------------------------- */

typedef VEC(PublishedCell) EarlierCells;

static const char *const COLUMNS[] = {
    "measure", "year", "level", "unit", "parent", "members", "split", "group", "groups", "value", "people"};
enum { MEASURE, YEAR, LEVEL, UNIT, PARENT, MEMBERS, SPLIT, GROUP, GROUPS, VALUE, PEOPLE, COLUMN_COUNT };

/* Hidden figures have a star, or a value of one; what is no figure is no text. */
static void read_hiding(PublishedCell *c)
{
    static const Slice star = {"*", 1};
    bool value = slice_eq(c->shown_value, star), people = slice_eq(c->shown_denominator, star);
    c->hiding = people ? PROTECT_HIDDEN : value ? PROTECT_HIDDEN_VALUE : PROTECT_SHOWN;
    if (value || people)
        c->shown_value = (Slice){"", 0};
    if (people)
        c->shown_denominator = (Slice){"", 0};
}

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
        if (parse_i64(row[at[YEAR]], &year, NULL) != OK || year < 0 || year > 9999) {
            error_set(err, ERR_CORRUPT, "an earlier release has a figure of no year");
            return error_at(err, path, i + 2, COLUMNS[YEAR]), ERR_CORRUPT;
        }
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
        read_hiding(&c);
        TRY(vec_push(out, c, err));
    }
    return OK;
}

/* Whether a file holds the table of a measure; each has its own, data/NAME.csv. */
static bool is_table_of(const char *file, Slice measure)
{
    Slice name = slice_of(file), end = SLICE(".csv");
    return slice_ends(name, end) && (measure.len == 0 || slice_eq(slice_sub(name, 0, name.len - end.len), measure));
}

/* measure: the only one that is wanted; empty: all. */
static Status read_release(const char *path, const uint8_t *signer, Slice measure, Arena *arena,
    const MeasureInfos *measures, EarlierCells *out, Error *err)
{
    const char *data, *file;
    PathList names = {0};
    TRY(release_verify(path, signer, err));
    TRY(path_join(arena, path, "data", &data, err));
    Status st = dir_list(data, arena, &names, err);
    for (size_t i = 0; i < names.len && st == OK; i++) {
        if (!is_table_of(names.at[i], measure))
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

/* --- the gate -------------------------------------------------------------------------------------------------------
 */

typedef struct Gate {
    const ReleaseGate *g;
    const char *dir;
    const uint8_t *signer;
    Arena kept;         /* what cells borrow from */
    EarlierCells cells; /* of the releases that passed, each figure once */
    Map seen;
    Buf key;
} Gate;

static Slice figure_key(Buf *key, const PublishedCell *c)
{
    const Slice parts[] = {c->cell.table, c->cell.level, c->cell.unit, c->members, c->cell.split, c->cell.grp,
        c->groups, c->shown_value, c->shown_denominator};
    buf_reset(key);
    buf_add_i64(key, c->cell.year);
    buf_add_i64(key, c->hiding);
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        buf_addc(key, '\x1f');
        buf_add(key, parts[i]);
    }
    return buf_slice(key);
}

/* Which figures of a release are looked at. */
typedef enum Wanted { WANTED_POOLED, WANTED_SUPPRESSED } Wanted;

/* Of the lane that their family takes now. A hidden figure is nothing to those that pool. */
static Status keep_lane(const Gate *gate, Wanted wanted, EarlierCells *cells, Error *err)
{
    const ReleaseGate *g = gate->g;
    size_t kept = 0;
    ProtectLane lane = PROTECT_POOL_LANE;
    Slice table = {NULL, 0};
    for (size_t i = 0; i < cells->len; i++) {
        PublishedCell *c = &cells->at[i];
        if (!table.ptr || !slice_eq(c->cell.table, table))
            TRY(protect_lane_of(g->policy, g->day, c->cell.table, &lane, err));
        table = c->cell.table;
        bool suppressed = lane == PROTECT_SUPPRESS_LANE;
        if (suppressed == (wanted == WANTED_SUPPRESSED) && (suppressed || c->hiding != PROTECT_HIDDEN))
            cells->at[kept++] = *c;
    }
    cells->len = kept;
    return OK;
}

/* A release mostly repeats the one before: only what it adds is kept. */
static Status keep_cells(Gate *gate, const EarlierCells *cells, Error *err)
{
    for (size_t i = 0; i < cells->len; i++) {
        PublishedCell c = cells->at[i];
        bool is_new;
        Slice key = figure_key(&gate->key, &c);
        TRY(buf_status(&gate->key, err));
        TRY(map_put(&gate->seen, key, 1, &is_new, err));
        if (!is_new)
            continue;
        Slice *const texts[] = {&c.cell.table, &c.cell.level, &c.cell.unit, &c.cell.parent, &c.members, &c.cell.split,
            &c.cell.grp, &c.groups, &c.shown_value, &c.shown_denominator};
        for (size_t k = 0; k < COUNT_OF(texts); k++)
            TRY(arena_dup(&gate->kept, *texts[k], texts[k], err));
        TRY(vec_push(&gate->cells, c, err));
    }
    return OK;
}

/* The cells kept so far and those of one release more; it joins them unless something is found. */
static Status check_with(Gate *gate, const EarlierCells *cells, UnionReport *report, Error *err)
{
    const ReleaseGate *g = gate->g;
    size_t before = gate->cells.len;
    Status st = OK;
    for (size_t i = 0; i < cells->len && st == OK; i++)
        st = vec_push(&gate->cells, cells->at[i], err);
    if (st == OK)
        st = protect_audit_union(
            g->policy, g->day, g->input, g->input_count, g->figures, gate->cells.at, gate->cells.len, report, err);
    gate->cells.len = before;
    return st == OK ? keep_cells(gate, cells, err) : st;
}

/* *denied: the audit found something, and nothing else failed. */
static Status check_one(Gate *gate, Slice id, UnionReport *report, bool *denied, Error *err)
{
    Arena arena;
    EarlierCells cells = {0};
    const char *path = NULL;
    *denied = false;
    arena_init(&arena, 0);
    Status st = arena_printf(&arena, &path, err, "%s/%.*s", gate->dir, SLICE_ARG(id));
    if (st == OK)
        st = read_release(path, gate->signer, (Slice){NULL, 0}, &arena, gate->g->measures, &cells, err);
    if (st == OK)
        st = keep_lane(gate, WANTED_POOLED, &cells, err);
    if (st == OK) {
        st = check_with(gate, &cells, report, err);
        *denied = st == ERR_DENIED;
    }
    vec_free(&cells);
    arena_free(&arena);
    return st;
}

static bool clashes(const GateReport *report, Slice id)
{
    for (size_t i = 0; i < report->clashing.len; i++)
        if (slice_eq(report->clashing.at[i], id))
            return true;
    return false;
}

Status gate_clash(GateReport *report, Arena *arena, Slice id, Error *err)
{
    Slice kept;
    if (clashes(report, id))
        return OK;
    TRY(arena_dup(arena, id, &kept, err));
    return vec_push(&report->clashing, kept, err);
}

static Status check_all(Gate *gate, const ReleaseEntries *list, Arena *arena, GateReport *out, Error *err)
{
    for (size_t i = 0; i < list->len; i++) {
        UnionReport report = {0};
        bool denied;
        if (!list->at[i].in_force)
            continue;
        out->releases++;
        if (clashes(out, list->at[i].id))
            continue;
        Status st = check_one(gate, list->at[i].id, &report, &denied, err);
        out->compared += report.compared;
        out->cells += report.cells;
        if (denied && !gate->g->replace)
            return refused(list->at[i].id, err);
        if (!denied) {
            TRY(st);
            continue;
        }
        error_clear(err);
        TRY(gate_clash(out, arena, list->at[i].id, err));
    }
    return OK;
}

/* Folders of releases that the ledger never heard of: renamed into place by a run that was killed then. */
static Status add_untold(const char *releases_dir, Arena *arena, ReleaseEntries *list, Error *err)
{
    PathList names = {0};
    size_t told = list->len;
    if (!dir_exists(releases_dir))
        return OK;
    Status st = dir_list(releases_dir, arena, &names, err);
    for (size_t i = 0; i < names.len && st == OK; i++) {
        Slice id = slice_of(names.at[i]);
        bool known = !release_id_ok(id);
        for (size_t k = 0; k < told && !known; k++)
            known = slice_eq(list->at[k].id, id);
        if (!known)
            st = vec_push(list, ((ReleaseEntry){.id = id, .in_force = true}), err);
    }
    vec_free(&names);
    return st;
}

Status release_gate(const ReleaseGate *g, const char *releases_dir, Arena *arena, GateReport *out, Error *err)
{
    Gate gate = {.g = g, .dir = releases_dir, .signer = g->signer};
    ReleaseEntries list = {0};
    out->releases = out->compared = out->cells = 0;
    arena_init(&gate.kept, 0);
    buf_init(&gate.key, 1 << 20);
    Status st = map_init(&gate.seen, err);
    if (st == OK)
        st = release_list(g->ledger, &gate.kept, &list, err);
    if (st == OK)
        st = add_untold(releases_dir, &gate.kept, &list, err);
    if (st == OK)
        st = check_all(&gate, &list, arena, out, err);
    vec_free(&list);
    vec_free(&gate.cells);
    map_free(&gate.seen);
    buf_free(&gate.key);
    arena_free(&gate.kept);
    return st;
}

/* --- what suppressed families have to live with ------------------------------------------------------------------ */

static Status tell_one(Gate *gate, Slice id, Arena *arena, GateReport *report, ReleaseTold *out, Error *err)
{
    const ReleaseGate *g = gate->g;
    Arena own;
    EarlierCells cells = {0};
    const char *path = NULL;
    Slice teller;
    arena_init(&own, 0);
    Status st = arena_printf(&own, &path, err, "%s/%.*s", gate->dir, SLICE_ARG(id));
    if (st == OK)
        st = read_release(path, g->signer, (Slice){NULL, 0}, &own, g->measures, &cells, err);
    if (st == OK)
        st = keep_lane(gate, WANTED_SUPPRESSED, &cells, err);
    if (st == OK && cells.len > 0) {
        const LaneOptions told = {.told = cells.at, .told_count = cells.len, .threads = 1};
        st = protect_told_agrees(g->policy, g->day, g->input, g->input_count, &told, err);
        if (st == ERR_DENIED && g->replace) {
            error_clear(err);
            cells.len = 0;
            st = gate_clash(report, arena, id, err);
        } else if (st == ERR_DENIED) {
            st = refused(id, err);
        }
    }
    if (st == OK && cells.len > 0)
        st = keep_cells(gate, &cells, err);
    if (st == OK && cells.len > 0)
        st = arena_dup(arena, id, &teller, err);
    if (st == OK && cells.len > 0)
        st = vec_push(&out->ids, teller, err);
    vec_free(&cells);
    arena_free(&own);
    return st;
}

Status release_told(
    const ReleaseGate *g, const char *releases_dir, Arena *arena, GateReport *report, ReleaseTold *out, Error *err)
{
    Gate gate = {.g = g, .dir = releases_dir, .signer = g->signer};
    ReleaseEntries list = {0};
    *out = (ReleaseTold){0};
    arena_init(&gate.kept, 0);
    buf_init(&gate.key, 1 << 20);
    Status st = map_init(&gate.seen, err);
    if (st == OK)
        st = release_list(g->ledger, &gate.kept, &list, err);
    if (st == OK)
        st = add_untold(releases_dir, &gate.kept, &list, err);
    for (size_t i = 0; i < list.len && st == OK; i++)
        if (list.at[i].in_force)
            st = tell_one(&gate, list.at[i].id, arena, report, out, err);
    vec_free(&list);
    map_free(&gate.seen);
    buf_free(&gate.key);
    out->arena = gate.kept;
    out->cells = gate.cells.at;
    out->count = gate.cells.len;
    return st;
}

void release_told_free(ReleaseTold *told)
{
    mem_free(told->cells);
    vec_free(&told->ids);
    arena_free(&told->arena);
    *told = (ReleaseTold){0};
}

/* --- what is out of one measure ------------------------------------------------------------------------------------
 */

static Status print_one(Gate *gate, Slice id, Slice measure, bool *hides, Error *err)
{
    static const MeasureInfos none = {0};
    Arena arena;
    EarlierCells cells = {0};
    const char *path = NULL;
    size_t kept = 0;
    arena_init(&arena, 0);
    Status st = arena_printf(&arena, &path, err, "%s/%.*s", gate->dir, SLICE_ARG(id));
    if (st == OK)
        st = read_release(path, gate->signer, measure, &arena, &none, &cells, err);
    for (size_t i = 0; i < cells.len; i++) {
        if (!slice_eq(cells.at[i].cell.table, measure))
            continue;
        *hides = *hides || cells.at[i].hiding != PROTECT_SHOWN;
        if (cells.at[i].hiding != PROTECT_HIDDEN)
            cells.at[kept++] = cells.at[i];
    }
    cells.len = kept;
    if (st == OK)
        st = keep_cells(gate, &cells, err);
    vec_free(&cells);
    arena_free(&arena);
    return st;
}

static bool is_left_out(const ReleaseReading *r, Slice id)
{
    for (size_t i = 0; i < r->without_count; i++)
        if (slice_eq(r->without[i], id))
            return true;
    return false;
}

static Status print_all(Gate *gate, const ReleaseReading *r, bool *hides, Error *err)
{
    ReleaseEntries list = {0};
    Status st = release_list(r->ledger, &gate->kept, &list, err);
    if (st == OK)
        st = add_untold(gate->dir, &gate->kept, &list, err);
    for (size_t i = 0; i < list.len && st == OK; i++)
        if (list.at[i].in_force && !is_left_out(r, list.at[i].id))
            st = print_one(gate, list.at[i].id, r->measure, hides, err);
    vec_free(&list);
    return st;
}

Status release_printed(const ReleaseReading *r, ReleasePrinted *out, Error *err)
{
    uint8_t signer[32];
    Gate gate = {.signer = signer};
    bool hides = false;
    *out = (ReleasePrinted){0};
    arena_init(&gate.kept, 0);
    buf_init(&gate.key, 1 << 20);
    Status st = map_init(&gate.seen, err);
    if (st == OK)
        st = home_release_key(r->home, signer, err);
    if (st == OK)
        st = home_file(r->home, &gate.kept, "releases", &gate.dir, err);
    if (st == OK)
        st = print_all(&gate, r, &hides, err);
    map_free(&gate.seen);
    buf_free(&gate.key);
    *out = (ReleasePrinted){.arena = gate.kept, .cells = gate.cells.at, .count = gate.cells.len, .hides = hides};
    return st;
}

void release_printed_free(ReleasePrinted *p)
{
    mem_free(p->cells);
    arena_free(&p->arena);
    *p = (ReleasePrinted){0};
}

void gate_report_free(GateReport *report)
{
    vec_free(&report->clashing);
    *report = (GateReport){0};
}

/* --- withdrawing ------------------------------------------------------------------------------------------------- */

static bool has_line(Slice text, Slice line)
{
    while (text.ptr && text.len > 0)
        if (slice_eq(slice_cut(&text, '\n'), line))
            return true;
    return false;
}

static Status read_withdrawn(const char *releases_dir, Arena *arena, const char **path, Buf *out, Error *err)
{
    TRY(path_join(arena, releases_dir, "WITHDRAWN", path, err));
    return file_exists(*path) ? file_read(*path, 0, out, err) : OK;
}

/* Nobody is shown a release once its withdrawal has begun: the file comes before the ledger, so that a process killed
 * between the two leaves a release that is not served, and not one that should not be. */
static Status mark_withdrawn(const char *releases_dir, Slice id, Arena *arena, Error *err)
{
    Buf text;
    const char *path;
    buf_init(&text, 0);
    Status st = read_withdrawn(releases_dir, arena, &path, &text, err);
    if (st == OK && !has_line(buf_slice(&text), id)) {
        buf_addf(&text, "%.*s\n", SLICE_ARG(id));
        st = buf_status(&text, err);
        if (st == OK)
            st = file_write(path, buf_slice(&text), MODE_PUBLIC, err);
    }
    buf_free(&text);
    return st;
}

/* releases/WITHDRAWN: ids, one a line, in the ledger's order; made anew from it each time. What is marked and in force
 * by the ledger stays: its withdrawal was cut short, and only publishing it again (current) takes the mark away. */
static Status write_withdrawn(
    const ReleaseEntries *list, const char *releases_dir, const char *current, Arena *arena, Error *err)
{
    Buf text, marked;
    const char *path = NULL;
    buf_init(&text, 0);
    buf_init(&marked, 0);
    Status st = read_withdrawn(releases_dir, arena, &path, &marked, err);
    for (size_t i = 0; i < list->len && st == OK; i++) {
        Slice id = list->at[i].id;
        bool cut_short = has_line(buf_slice(&marked), id) && !(current && slice_eq_z(id, current));
        if (!list->at[i].in_force || cut_short)
            buf_addf(&text, "%.*s\n", SLICE_ARG(id));
    }
    if (st == OK)
        st = buf_status(&text, err);
    if (st == OK && (text.len > 0 || marked.len > 0))
        st = file_write(path, buf_slice(&text), MODE_PUBLIC, err);
    buf_free(&text);
    buf_free(&marked);
    return st;
}

/* CURRENT names the newest release in force; there is none when all are withdrawn. */
static Status write_current(
    const ReleaseEntries *list, const char *releases_dir, const char *current, Arena *arena, Error *err)
{
    const char *path, *line;
    Slice name = slice_of(current ? current : "");
    const ReleaseEntry *newest = NULL;
    for (size_t i = 0; i < list->len && !current; i++)
        if (list->at[i].in_force && (!newest || list->at[i].published_at >= newest->published_at))
            newest = &list->at[i];
    if (newest)
        name = newest->id;
    TRY(path_join(arena, releases_dir, "CURRENT", &path, err));
    TRY(arena_printf(arena, &line, err, "%.*s\n", SLICE_ARG(name)));
    return name.len > 0 ? file_write(path, slice_of(line), MODE_PUBLIC, err) : file_remove(path, err);
}

Status release_name_files(Ledger *ledger, const char *releases_dir, const char *current, Error *err)
{
    Arena arena;
    ReleaseEntries list = {0};
    arena_init(&arena, 0);
    Status st = release_list(ledger, &arena, &list, err);
    if (st == OK)
        st = write_withdrawn(&list, releases_dir, current, &arena, err);
    if (st == OK)
        st = write_current(&list, releases_dir, current, &arena, err);
    vec_free(&list);
    arena_free(&arena);
    return st;
}

static Status tell_withdrawn(Ledger *ledger, Slice id, Slice reason, Error *err)
{
    Buf body;
    Json j;
    buf_init(&body, 1 << 16);
    json_begin(&j, &body, JSON_COMPACT);
    json_open_object(&j);
    json_kstr(&j, "reason", reason);
    json_end(&j);
    Status st = buf_status(&body, err);
    if (st == OK)
        st = ledger_append(ledger, "release.withdrawn", id, buf_slice(&body), err);
    buf_free(&body);
    return st;
}

Status release_withdraw_in_ledger(Ledger *ledger, const char *releases_dir, Slice id, Slice reason, Error *err)
{
    Arena arena;
    ReleaseEntries list = {0};
    bool in_force = false, known = false;
    arena_init(&arena, 0);
    Status st = release_list(ledger, &arena, &list, err);
    if (st == OK)
        st = add_untold(releases_dir, &arena, &list, err);
    for (size_t i = 0; i < list.len; i++)
        if (slice_eq(list.at[i].id, id)) {
            known = true;
            in_force = list.at[i].in_force;
        }
    if (st == OK && !known)
        st = error_set(err, ERR_NOT_FOUND, "there is no release %.*s", SLICE_ARG(id));
    if (st == OK && slice_trim(reason).len == 0)
        st = error_set(err, ERR_USAGE, "a release is withdrawn for a reason: give it");
    if (st == OK && in_force)
        st = mark_withdrawn(releases_dir, id, &arena, err);
    if (st == OK && in_force)
        st = tell_withdrawn(ledger, id, reason, err);
    vec_free(&list);
    arena_free(&arena);
    return st;
}

Status release_withdraw_by(Ledger *ledger, const char *releases_dir, Slice id, Slice reason, Error *err)
{
    TRY(release_withdraw_in_ledger(ledger, releases_dir, id, reason, err));
    /* also when it was withdrawn before: a killed run may not have come to say so */
    return release_name_files(ledger, releases_dir, NULL, err);
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
