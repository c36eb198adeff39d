/*
 * The person map for the warehouse builder: record tags and pseudonyms, no
 * identity. Link quality is summed up a person here, because only this room may
 * look at the records behind it.
 *
 * Links and records both come in order of tag. One pass over the links numbers
 * persons and their expected right pairs, while another thread opens the records and
 * notes two bytes of each beside its link; then one thread sums up what each person
 * has and one writes the map. Persons' numbers are given one after the other, so an
 * array finds a person, where hashing twenty million of them cost more than the map
 * itself.
 */
#include "identity/export.h"

#include <stdlib.h>

#include "match/standard.h"

typedef struct Person {
    uint64_t name;            /* pseudonym */
    uint64_t correct, missed; /* pairs, in millionths */
    double score;             /* of the weakest link */
    uint32_t records;
    uint8_t kind; /* of the weakest link; of equal ones the first kind */
    bool has_ssn, has_sasid;
} Person;

#define NOBODY UINT32_MAX
#define SOURCE_WORDS (MATCH_SOURCES_MAX / 64)

/* One state of the links, today's or an earlier one of some persons. */
typedef struct State {
    Export *export;
    const Links *links;
    VEC(Person) persons; /* in the order of their first links */
    uint32_t *number;    /* of each link's person */
    uint32_t *number_of; /* of each PersonId up to highest; NOBODY */
    PersonId highest;
    uint64_t *seen; /* [persons * SOURCE_WORDS]: sources that know the person */
    uint16_t *said; /* of each link's record, today: see pack_said */
    size_t at;      /* the next link whose record is awaited */
    DbAppender *map;
} State;

static void state_free(State *x)
{
    if (x->map)
        db_appender_abandon(x->map);
    vec_free(&x->persons);
    mem_free(x->number);
    mem_free(x->number_of);
    mem_free(x->seen);
    mem_free(x->said);
}

/* --- persons --------------------------------------------------------------------------------------------------- */

static Status number_persons(State *x, Error *err)
{
    const Links *links = x->links;
    for (size_t i = 0; i < links->len; i++)
        if (links->at[i].person > x->highest)
            x->highest = links->at[i].person;
    if (links->len >= UINT32_MAX || x->highest >= SIZE_MAX / sizeof *x->number_of - 1)
        return error_set(err, ERR_LIMIT, "the vault holds more links than can be exported");
    TRY(mem_alloc((links->len + 1) * sizeof *x->number, (void **)&x->number, err));
    TRY(mem_alloc(((size_t)x->highest + 1) * sizeof *x->number_of, (void **)&x->number_of, err));
    for (size_t id = 0; id <= x->highest; id++)
        x->number_of[id] = NOBODY;
    for (size_t i = 0; i < links->len; i++) {
        uint32_t *number = &x->number_of[links->at[i].person];
        if (*number == NOBODY) {
            *number = (uint32_t)x->persons.len;
            TRY(vec_push(&x->persons, ((Person){.score = 2}), err));
        }
        x->number[i] = *number;
    }
    return OK;
}

static int by_name(const void *x, const void *y)
{
    uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;
    return (a > b) - (a < b);
}

/* Two persons under one pseudonym would be a silent merge; with 64 bits it does not happen, but it is looked for. */
static Status check_pseudonyms(const State *x, Error *err)
{
    size_t n = x->persons.len;
    uint64_t *names = NULL;
    TRY(mem_alloc((n + 1) * sizeof *names, (void **)&names, err));
    for (size_t i = 0; i < n; i++)
        names[i] = x->persons.at[i].name;
    if (n > 1)
        qsort(names, n, sizeof *names, by_name);
    Status st = OK;
    for (size_t i = 1; i < n && st == OK; i++)
        if (names[i] == names[i - 1])
            st = error_set(err, ERR_INTERNAL, "two persons fall on one pseudonym");
    mem_free(names);
    return st;
}

static Status name_persons(State *x, Error *err)
{
    Status st = OK;
    for (size_t id = 0; st == OK && id <= x->highest; id++)
        if (x->number_of[id] != NOBODY)
            st = pseudonym_of(x->export->pseudo, (PersonId)id, &x->persons.at[x->number_of[id]].name, err);
    return st == OK ? check_pseudonyms(x, err) : st;
}

/* --- expected pairs -------------------------------------------------------------------------------------------- */

/* Partner of each link; MATCH_NONE for founders, and when an undo of a part of the journal left the partner in another
 * person. */
static Status find_partners(const State *x, uint32_t *to, Error *err)
{
    const Links *links = x->links;
    TagPlaces tags;
    TRY(tag_places_new(links->len ? &links->at[0].tag : NULL, sizeof *links->at, links->len, &tags, err));
    for (size_t i = 0; i < links->len; i++) {
        const Link *l = &links->at[i];
        uint32_t partner = l->kind == LINK_FOUNDING ? MATCH_NONE : tag_places_find(&tags, &l->partner);
        to[i] = partner != MATCH_NONE && links->at[partner].person == l->person ? partner : MATCH_NONE;
    }
    tag_places_free(&tags);
    return OK;
}

static Status count_correct(State *x, Error *err)
{
    const Links *links = x->links;
    size_t n = links->len + 1, persons = x->persons.len;
    uint32_t *to = NULL;
    Weight *odds = NULL;
    uint64_t *correct = NULL;
    Status st;
    TRY_OUT(mem_alloc(n * sizeof *to, (void **)&to, err));
    TRY_OUT(mem_alloc(n * sizeof *odds, (void **)&odds, err));
    TRY_OUT(mem_zalloc(persons + 1, sizeof *correct, (void **)&correct, err));
    TRY_OUT(find_partners(x, to, err));
    for (size_t i = 0; i < links->len; i++)
        odds[i] = links->at[i].odds;
    const Forest f = {
        .count = (uint32_t)links->len, .clusters = (uint32_t)persons, .to = to, .odds = odds, .cluster = x->number};
    TRY_OUT(trees_correct(&f, correct, NULL, err));
    for (size_t i = 0; i < persons; i++)
        x->persons.at[i].correct = correct[i];
out:
    mem_free(to);
    mem_free(odds);
    mem_free(correct);
    return st;
}

static void take_misses(State *x, const PersonMisses *misses)
{
    for (size_t i = 0; i < misses->len; i++) {
        const PersonMiss *m = &misses->at[i];
        if (m->person <= x->highest && x->number_of[m->person] != NOBODY)
            x->persons.at[x->number_of[m->person]].missed = m->missed;
    }
}

/* Persons of x->links with what these say of them; what records say comes next. */
static Status state_persons(State *x, const PersonMisses *misses, Error *err)
{
    TRY(number_persons(x, err));
    TRY(name_persons(x, err));
    TRY(count_correct(x, err));
    take_misses(x, misses);
    return mem_zalloc(x->persons.len * SOURCE_WORDS + 1, sizeof *x->seen, (void **)&x->seen, err);
}

/* --- records --------------------------------------------------------------------------------------------------- */

/* The kind of source is what the policy of the model calls it. */
static Status source_number(Export *e, Slice name, uint64_t *out, Error *err)
{
    if (map_get(&e->source_numbers, name, out))
        return OK;
    if (e->sources.len == MATCH_SOURCES_MAX)
        return error_set(err, ERR_LIMIT, "more than %d sources", MATCH_SOURCES_MAX);
    ExportSource source = {.sector = SLICE("other")};
    TRY(arena_dup(&e->arena, name, &source.name, err));
    for (uint32_t k = 0; k < e->config->source_count; k++)
        if (slice_eq(e->config->sources[k].name, name) && e->config->trait_count > 0)
            source.sector = e->config->traits[e->config->sources[k].trait];
    *out = e->sources.len;
    TRY(map_put(&e->source_numbers, source.name, *out, NULL, err));
    return vec_push(&e->sources, source, err);
}

/* What the record of link i says goes to its person. */
static Person *count_record(State *x, size_t i, const Evidence *record)
{
    const Link *l = &x->links->at[i];
    uint32_t number = x->number[i];
    Person *p = &x->persons.at[number];
    double score = l->kind == LINK_FOUNDING ? 1.0 : weight_probability(l->odds);
    if (score < p->score || (score == p->score && l->kind < p->kind)) {
        p->score = score;
        p->kind = (uint8_t)l->kind;
    }
    p->records++;
    p->has_ssn = p->has_ssn || record->has_ssn;
    p->has_sasid = p->has_sasid || record->has_sasid;
    x->seen[(size_t)number * SOURCE_WORDS + record->source / 64] |= UINT64_C(1) << (record->source % 64);
    return p;
}

_Static_assert(MATCH_SOURCES_MAX <= UINT16_MAX / 4, "a source and two bits are packed into 16");

static uint16_t pack_said(const Evidence *e)
{
    return (uint16_t)(e->source << 2 | (e->has_ssn ? 2 : 0) | (e->has_sasid ? 1 : 0));
}

static Evidence unpack_said(uint16_t said)
{
    return (Evidence){.source = said >> 2, .has_ssn = (said & 2) != 0, .has_sasid = (said & 1) != 0};
}

static Status record_missing(Error *err)
{
    return error_set(err, ERR_CORRUPT, "the vault holds a link whose record is missing");
}

static Status take_record(const VaultRecord *in, void *ctx, Error *err)
{
    State *x = ctx;
    const Links *links = x->links;
    if (x->at == links->len || tag_cmp(&links->at[x->at].tag, &in->tag) > 0)
        return OK; /* not linked: it came since that was asked */
    if (tag_cmp(&links->at[x->at].tag, &in->tag) < 0)
        return record_missing(err);
    Evidence record = {.tag = in->tag, .has_sasid = in->values.at[ID_SASID].len > 0};
    uint64_t source;
    char ssn[10];
    TRY(standard_ssn(in->values.at[ID_SSN], ssn, err));
    TRY(source_number(x->export, in->source, &source, err));
    record.has_ssn = ssn[0] != '\0';
    record.source = (uint16_t)source;
    if (x->export->keep_evidence)
        TRY(vec_push(&x->export->evidence, record, err));
    x->said[x->at++] = pack_said(&record);
    return OK;
}

static Status read_records(State *x, Error *err)
{
    const VaultPurpose purpose = {.purpose = "link", .agreement = x->export->authority};
    TRY(mem_alloc((x->links->len + 1) * sizeof *x->said, (void **)&x->said, err));
    TRY(vault_each_record(x->export->vault, &purpose, take_record, x, err));
    return x->at == x->links->len ? OK : record_missing(err);
}

static void count_records(State *x)
{
    for (size_t i = 0; i < x->links->len; i++) {
        Evidence record = unpack_said(x->said[i]);
        count_record(x, i, &record);
    }
}

static Status write_map(State *x, Error *err)
{
    TRY(db_appender_open(x->export->db, "identity_map", &x->map, err));
    for (size_t i = 0; i < x->links->len; i++) {
        db_append_uuid(x->map, 0, x->links->at[i].tag.bytes);
        db_append_i64(x->map, 1, (int64_t)x->persons.at[x->number[i]].name);
        db_append_i64(x->map, 2, unpack_said(x->said[i]).source);
        TRY(db_append_row(x->map, err));
    }
    DbAppender *map = x->map;
    x->map = NULL;
    return db_appender_close(map, err);
}

/* Both lists are in order of tag, so one walk joins them. */
static Status write_then(State *x, Error *err)
{
    const Links *links = x->links;
    TRY(db_appender_open(x->export->db, "identity_then", &x->map, err));
    for (size_t i = 0; i < x->export->evidence.len && x->at < links->len; i++) {
        const Evidence *record = &x->export->evidence.at[i];
        int order = tag_cmp(&links->at[x->at].tag, &record->tag);
        if (order > 0)
            continue;
        if (order < 0)
            return record_missing(err);
        const Person *p = count_record(x, x->at++, record);
        db_append_uuid(x->map, 0, record->tag.bytes);
        db_append_i64(x->map, 1, (int64_t)p->name);
        TRY(db_append_row(x->map, err));
    }
    if (x->at != links->len)
        return record_missing(err);
    DbAppender *map = x->map;
    x->map = NULL;
    return db_appender_close(map, err);
}

/* --- what is said of persons and sources ------------------------------------------------------------------------ */

static bool knows(const State *x, size_t person, size_t source)
{
    return x->seen[person * SOURCE_WORDS + source / 64] >> (source % 64) & 1;
}

static uint64_t pairs_of(const Person *p)
{
    return (uint64_t)p->records * (p->records - 1) / 2;
}

static int by_text(const void *x, const void *y)
{
    return slice_cmp(*(const Slice *)x, *(const Slice *)y);
}

/* The kinds of the person's sources, each once, in order: "college+k12". */
static Status sectors_of(const State *x, size_t person, Buf *out, uint32_t *sources, Error *err)
{
    Slice names[MATCH_SOURCES_MAX];
    size_t n = 0;
    buf_reset(out);
    for (size_t s = 0; s < x->export->sources.len; s++)
        if (knows(x, person, s))
            names[n++] = x->export->sources.at[s].sector;
    *sources = (uint32_t)n;
    if (n > 1)
        qsort(names, n, sizeof *names, by_text);
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && slice_eq(names[i], names[i - 1]))
            continue;
        buf_adds(out, i > 0 ? "+" : "");
        buf_add(out, names[i]);
    }
    return buf_status(out, err);
}

static Status write_persons(const State *x, const char *table, Error *err)
{
    DbAppender *a = NULL;
    Buf sectors;
    buf_init(&sectors, 0);
    Status st = db_appender_open(x->export->db, table, &a, err);
    for (size_t i = 0; st == OK && i < x->persons.len; i++) {
        const Person *p = &x->persons.at[i];
        uint32_t sources;
        st = sectors_of(x, i, &sectors, &sources, err);
        if (st != OK)
            break;
        db_append_i64(a, 0, (int64_t)p->name);
        db_append_i64(a, 1, p->records);
        db_append_i64(a, 2, sources);
        db_append_str(a, 3, slice_of(link_kind_name((LinkKind)p->kind)));
        db_append_f64(a, 4, p->score);
        db_append_i64(a, 5, p->has_ssn);
        db_append_i64(a, 6, p->has_sasid);
        db_append_str(a, 7, buf_slice(&sectors));
        db_append_i64(a, 8, (int64_t)pairs_of(p));
        db_append_i64(a, 9, (int64_t)p->correct);
        db_append_i64(a, 10, (int64_t)p->missed);
        st = db_append_row(a, err);
    }
    buf_free(&sectors);
    if (st == OK)
        return db_appender_close(a, err);
    db_appender_abandon(a);
    return st;
}

/* A person counts for each source that knows it. */
static Status write_sources(const State *x, Error *err)
{
    DbAppender *a = NULL;
    Status st = db_appender_open(x->export->db, "link_source", &a, err);
    for (size_t s = 0; st == OK && s < x->export->sources.len; s++) {
        uint64_t persons = 0, pairs = 0, correct = 0, missed = 0;
        for (size_t i = 0; i < x->persons.len; i++) {
            if (!knows(x, i, s))
                continue;
            persons++;
            pairs += pairs_of(&x->persons.at[i]);
            correct += x->persons.at[i].correct;
            missed += x->persons.at[i].missed;
        }
        db_append_str(a, 0, x->export->sources.at[s].name);
        db_append_i64(a, 1, (int64_t)persons);
        db_append_i64(a, 2, (int64_t)pairs);
        db_append_i64(a, 3, (int64_t)correct);
        db_append_i64(a, 4, (int64_t)missed);
        st = db_append_row(a, err);
    }
    if (st == OK)
        return db_appender_close(a, err);
    db_appender_abandon(a);
    return st;
}

static Status name_sources(const Export *e, Error *err)
{
    DbAppender *a = NULL;
    Status st = db_appender_open(e->db, "identity_source", &a, err);
    for (size_t s = 0; st == OK && s < e->sources.len; s++) {
        db_append_i64(a, 0, (int64_t)s);
        db_append_str(a, 1, e->sources.at[s].name);
        st = db_append_row(a, err);
    }
    if (st == OK)
        return db_appender_close(a, err);
    db_appender_abandon(a);
    return st;
}

static Status must_be_linked(Vault *vault, Error *err)
{
    uint64_t unlinked;
    TRY(vault_unlinked(vault, &unlinked, err));
    if (unlinked == 0)
        return OK;
    error_set(err, ERR_INVALID, "%" PRIu64 " records have not been linked yet", unlinked);
    error_hint(err, "Run \"cairn link\".");
    return ERR_INVALID;
}

/* --- all ------------------------------------------------------------------------------------------------------- */

#define PERSON_LINK_COLUMNS \
    "(person UBIGINT, records INTEGER, sources INTEGER, weakest_rule VARCHAR, link_score DOUBLE, has_ssn BOOLEAN, " \
    "has_sasid BOOLEAN, sectors VARCHAR, link_pairs BIGINT, link_correct BIGINT, link_missed BIGINT)"

/* Two things at once, twice; neither of a pair writes what the other reads. */
enum { EXPORT_PERSONS, EXPORT_RECORDS, EXPORT_READ_TASKS };
enum { EXPORT_COUNT, EXPORT_MAP, EXPORT_WRITE_TASKS };

typedef struct Today {
    State x;
    Links links;
    PersonMisses misses;
} Today;

static Status read_task(size_t task, void *ctx, Error *err)
{
    Today *t = ctx;
    return task == EXPORT_PERSONS ? state_persons(&t->x, &t->misses, err) : read_records(&t->x, err);
}

static Status write_task(size_t task, void *ctx, Error *err)
{
    Today *t = ctx;
    if (task == EXPORT_MAP)
        return write_map(&t->x, err);
    count_records(&t->x);
    return OK;
}

static Status export_today(Export *e, Error *err)
{
    Today t = {.x = {.export = e}};
    Status st;
    t.x.links = &t.links;
    TRY_OUT(vault_links(e->vault, &t.links, err));
    TRY_OUT(vault_misses(e->vault, &t.misses, err));
    TRY_OUT(db_exec(e->db,
        "CREATE TABLE identity_map(record_tag UUID, person UBIGINT, source SMALLINT);"
        "CREATE TABLE identity_source(source SMALLINT, name VARCHAR);"
        "CREATE TABLE person_link" PERSON_LINK_COLUMNS ";"
        "CREATE TABLE link_source(source VARCHAR, persons BIGINT, link_pairs BIGINT, link_correct BIGINT, link_missed "
        "BIGINT)",
        err));
    TRY_OUT(parallel_for(EXPORT_READ_TASKS, e->threads, read_task, &t, err));
    TRY_OUT(parallel_for(EXPORT_WRITE_TASKS, e->threads, write_task, &t, err));
    TRY_OUT(write_persons(&t.x, "person_link", err));
    TRY_OUT(write_sources(&t.x, err));
    st = name_sources(e, err);
out:
    state_free(&t.x);
    vec_free(&t.misses);
    vec_free(&t.links);
    return st;
}

Status export_then(Export *e, const Links *links, const PersonMisses *misses, Error *err)
{
    State x = {.export = e, .links = links};
    Status st;
    TRY_OUT(db_exec(e->db,
        "CREATE TABLE identity_then(record_tag UUID, person UBIGINT);"
        "CREATE TABLE person_link_then" PERSON_LINK_COLUMNS,
        err));
    TRY_OUT(state_persons(&x, misses, err));
    TRY_OUT(write_then(&x, err));
    st = write_persons(&x, "person_link_then", err);
out:
    state_free(&x);
    return st;
}

Status identity_export(const LinkContext *ctx, Db *db, Error *err)
{
    return identity_export_since(ctx, NULL, 0, db, err);
}

Status identity_export_since(const LinkContext *ctx, const LinkMoment *moments, size_t moment_count, Db *db, Error *err)
{
    Linkage policy;
    TRY(linkage_load(ctx->policy, clock_today(), &policy, err));
    Export e = {.db = db,
        .config = &policy.match,
        .authority = policy.authority,
        .threads = home_settings(ctx->home)->threads,
        .keep_evidence = moment_count > 0};
    arena_init(&e.arena, 0);
    Status st;
    TRY_OUT(map_init(&e.source_numbers, err));
    TRY_OUT(vault_open(ctx->home, &e.vault, err));
    TRY_OUT(must_be_linked(e.vault, err));
    TRY_OUT(pseudonymiser_new(ctx->home, &e.pseudo, err));
    TRY_OUT(export_today(&e, err));
    if (moment_count > 0)
        st = export_past(&e, moments, moment_count, err);
out:
    vec_free(&e.evidence);
    vec_free(&e.sources);
    map_free(&e.source_numbers);
    arena_free(&e.arena);
    pseudonymiser_free(e.pseudo);
    vault_close(e.vault);
    linkage_free(&policy);
    return st;
}

Status identity_quality(Db *db, LinkQuality *out, Error *err)
{
    *out = (LinkQuality){0};
    DbRows *rows;
    TRY(db_query(db,
        "WITH r AS (SELECT m.person, t.true_person FROM identity_map m JOIN truth t USING (record_tag)), "
        "c2 AS (SELECT count(*) AS n FROM r GROUP BY person, true_person), "
        "ct AS (SELECT count(*) AS n FROM r GROUP BY true_person), "
        "cf AS (SELECT count(*) AS n FROM r GROUP BY person) "
        "SELECT (SELECT coalesce(sum(n * (n - 1) // 2), 0)::BIGINT FROM ct), "
        "(SELECT coalesce(sum(n * (n - 1) // 2), 0)::BIGINT FROM cf), "
        "(SELECT coalesce(sum(n * (n - 1) // 2), 0)::BIGINT FROM c2), (SELECT count(*) FROM r)",
        &rows, err));
    bool more;
    Status st = db_next(rows, &more, err);
    if (st == OK && more)
        *out = (LinkQuality){.true_pairs = db_u64(rows, 0),
            .found_pairs = db_u64(rows, 1),
            .correct_pairs = db_u64(rows, 2),
            .records = db_u64(rows, 3)};
    db_rows_free(rows);
    return st;
}
