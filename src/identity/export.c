/*
 * The person map for the warehouse builder: record tags and pseudonyms, no
 * identity. Link quality is summed up a person here, because only this room may
 * look at the records behind it.
 *
 * Links and records both come in order of tag. One pass over the links numbers
 * persons and their expected right pairs; one over the records, beside the links,
 * writes the map and sums up what each person has. Persons' numbers are given one
 * after the other, so an array finds a person, where hashing twenty million of them
 * cost more than the map itself.
 */
#include "identity/identity_impl.h"

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

typedef struct Source {
    Slice name, sector;
} Source;

#define NOBODY UINT32_MAX

typedef struct Export {
    const MatchConfig *config;
    Arena arena;
    Links links;
    VEC(Person) persons; /* in the order of their first links */
    uint32_t *number;    /* of each link's person */
    uint32_t *number_of; /* of each PersonId up to highest; NOBODY */
    PersonId highest;
    VEC(Source) sources; /* as they come */
    Map source_numbers;
    uint64_t *seen; /* [persons * SOURCE_WORDS]: sources that know the person */
    size_t at;      /* the next link whose record is awaited */
    DbAppender *map;
} Export;

#define SOURCE_WORDS (MATCH_SOURCES_MAX / 64)

static void export_free(Export *x)
{
    if (x->map)
        db_appender_abandon(x->map);
    vec_free(&x->links);
    vec_free(&x->persons);
    vec_free(&x->sources);
    mem_free(x->number);
    mem_free(x->number_of);
    mem_free(x->seen);
    map_free(&x->source_numbers);
    arena_free(&x->arena);
}

/* --- persons --------------------------------------------------------------------------------------------------- */

static Status number_persons(Export *x, Error *err)
{
    const Links *links = &x->links;
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
static Status check_pseudonyms(const Export *x, Error *err)
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

static Status name_persons(Export *x, Home *home, Error *err)
{
    Pseudonymiser *pseudo = NULL;
    TRY(pseudonymiser_new(home, &pseudo, err));
    Status st = OK;
    for (size_t id = 0; st == OK && id <= x->highest; id++)
        if (x->number_of[id] != NOBODY)
            st = pseudonym_of(pseudo, (PersonId)id, &x->persons.at[x->number_of[id]].name, err);
    pseudonymiser_free(pseudo);
    return st == OK ? check_pseudonyms(x, err) : st;
}

/* --- expected pairs -------------------------------------------------------------------------------------------- */

/* Partner of each link; MATCH_NONE for founders, and when an undo of a part of the journal left the partner in another
 * person. */
static Status find_partners(const Export *x, uint32_t *to, Error *err)
{
    const Links *links = &x->links;
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

static Status count_correct(Export *x, Error *err)
{
    const Links *links = &x->links;
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

static Status take_misses(Export *x, Vault *vault, Error *err)
{
    PersonMisses misses = {0};
    Status st = vault_misses(vault, &misses, err);
    for (size_t i = 0; st == OK && i < misses.len; i++) {
        const PersonMiss *m = &misses.at[i];
        if (m->person <= x->highest && x->number_of[m->person] != NOBODY)
            x->persons.at[x->number_of[m->person]].missed = m->missed;
    }
    vec_free(&misses);
    return st;
}

/* --- records --------------------------------------------------------------------------------------------------- */

/* The kind of source is what the policy of the model calls it. */
static Status source_number(Export *x, Slice name, uint64_t *out, Error *err)
{
    if (map_get(&x->source_numbers, name, out))
        return OK;
    if (x->sources.len == MATCH_SOURCES_MAX)
        return error_set(err, ERR_LIMIT, "more than %d sources", MATCH_SOURCES_MAX);
    Source source = {.sector = SLICE("other")};
    TRY(arena_dup(&x->arena, name, &source.name, err));
    for (uint32_t k = 0; k < x->config->source_count; k++)
        if (slice_eq(x->config->sources[k].name, name) && x->config->trait_count > 0)
            source.sector = x->config->traits[x->config->sources[k].trait];
    *out = x->sources.len;
    TRY(map_put(&x->source_numbers, source.name, *out, NULL, err));
    return vec_push(&x->sources, source, err);
}

static Status take_record(const VaultRecord *in, void *ctx, Error *err)
{
    Export *x = ctx;
    const Links *links = &x->links;
    if (x->at == links->len || tag_cmp(&links->at[x->at].tag, &in->tag) > 0)
        return OK; /* not linked: it came since that was asked */
    if (tag_cmp(&links->at[x->at].tag, &in->tag) < 0)
        return error_set(err, ERR_CORRUPT, "the vault holds a link whose record is missing");
    const Link *l = &links->at[x->at];
    uint32_t number = x->number[x->at++];
    Person *p = &x->persons.at[number];
    uint64_t source;
    char ssn[10];
    TRY(standard_ssn(in->values.at[ID_SSN], ssn, err));
    TRY(source_number(x, in->source, &source, err));
    double score = l->kind == LINK_FOUNDING ? 1.0 : weight_probability(l->odds);
    if (score < p->score || (score == p->score && l->kind < p->kind)) {
        p->score = score;
        p->kind = (uint8_t)l->kind;
    }
    p->records++;
    p->has_ssn = p->has_ssn || ssn[0] != '\0';
    p->has_sasid = p->has_sasid || in->values.at[ID_SASID].len > 0;
    x->seen[(size_t)number * SOURCE_WORDS + source / 64] |= UINT64_C(1) << (source % 64);
    db_append_uuid(x->map, 0, in->tag.bytes);
    db_append_i64(x->map, 1, (int64_t)p->name);
    db_append_i64(x->map, 2, (int64_t)source);
    return db_append_row(x->map, err);
}

static Status write_map(Export *x, Vault *vault, const char *authority, Db *db, Error *err)
{
    const VaultPurpose purpose = {.purpose = "link", .agreement = authority};
    TRY(mem_zalloc(x->persons.len * SOURCE_WORDS + 1, sizeof *x->seen, (void **)&x->seen, err));
    TRY(db_appender_open(db, "identity_map", &x->map, err));
    TRY(vault_each_record(vault, &purpose, take_record, x, err));
    if (x->at != x->links.len)
        return error_set(err, ERR_CORRUPT, "the vault holds a link whose record is missing");
    DbAppender *map = x->map;
    x->map = NULL;
    return db_appender_close(map, err);
}

/* --- what is said of persons and sources ------------------------------------------------------------------------ */

static bool knows(const Export *x, size_t person, size_t source)
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
static Status sectors_of(const Export *x, size_t person, Buf *out, uint32_t *sources, Error *err)
{
    Slice names[MATCH_SOURCES_MAX];
    size_t n = 0;
    buf_reset(out);
    for (size_t s = 0; s < x->sources.len; s++)
        if (knows(x, person, s))
            names[n++] = x->sources.at[s].sector;
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

static Status write_persons(const Export *x, Db *db, Error *err)
{
    DbAppender *a = NULL;
    Buf sectors;
    buf_init(&sectors, 0);
    Status st = db_appender_open(db, "person_link", &a, err);
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
static Status write_sources(const Export *x, Db *db, Error *err)
{
    DbAppender *a = NULL;
    Status st = db_appender_open(db, "link_source", &a, err);
    for (size_t s = 0; st == OK && s < x->sources.len; s++) {
        uint64_t persons = 0, pairs = 0, correct = 0, missed = 0;
        for (size_t i = 0; i < x->persons.len; i++) {
            if (!knows(x, i, s))
                continue;
            persons++;
            pairs += pairs_of(&x->persons.at[i]);
            correct += x->persons.at[i].correct;
            missed += x->persons.at[i].missed;
        }
        db_append_str(a, 0, x->sources.at[s].name);
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

static Status name_sources(const Export *x, Db *db, Error *err)
{
    DbAppender *a = NULL;
    Status st = db_appender_open(db, "identity_source", &a, err);
    for (size_t s = 0; st == OK && s < x->sources.len; s++) {
        db_append_i64(a, 0, (int64_t)s);
        db_append_str(a, 1, x->sources.at[s].name);
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

Status identity_export(const LinkContext *ctx, Db *db, Error *err)
{
    Linkage policy;
    TRY(linkage_load(ctx->policy, clock_today(), &policy, err));
    Vault *vault = NULL;
    Export x = {.config = &policy.match};
    arena_init(&x.arena, 0);
    Status st;
    TRY_OUT(map_init(&x.source_numbers, err));
    TRY_OUT(vault_open(ctx->home, &vault, err));
    TRY_OUT(must_be_linked(vault, err));
    TRY_OUT(vault_links(vault, &x.links, err));
    TRY_OUT(number_persons(&x, err));
    TRY_OUT(name_persons(&x, ctx->home, err));
    TRY_OUT(count_correct(&x, err));
    TRY_OUT(take_misses(&x, vault, err));
    TRY_OUT(db_exec(db,
        "CREATE TABLE identity_map(record_tag UUID, person UBIGINT, source SMALLINT);"
        "CREATE TABLE identity_source(source SMALLINT, name VARCHAR);"
        "CREATE TABLE person_link(person UBIGINT, records INTEGER, sources INTEGER, weakest_rule VARCHAR, link_score "
        "DOUBLE, has_ssn BOOLEAN, has_sasid BOOLEAN, sectors VARCHAR, link_pairs BIGINT, link_correct BIGINT, "
        "link_missed BIGINT);"
        "CREATE TABLE link_source(source VARCHAR, persons BIGINT, link_pairs BIGINT, link_correct BIGINT, link_missed "
        "BIGINT)",
        err));
    TRY_OUT(write_map(&x, vault, policy.authority, db, err));
    TRY_OUT(write_persons(&x, db, err));
    TRY_OUT(write_sources(&x, db, err));
    st = name_sources(&x, db, err);
out:
    export_free(&x);
    vault_close(vault);
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
