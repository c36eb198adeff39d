/*
 * The person map for the warehouse builder: record tags and pseudonyms, no
 * identity. Link quality is summed up a person here, because only this room may
 * look at the records behind it.
 */
#include "identity/export.h"

#include "match/standard.h"

static Status take_evidence(const VaultRecord *in, void *ctx, Error *err)
{
    EvidenceArg *a = ctx;
    Evidence e = {.tag = in->tag, .has_sasid = in->values.at[ID_SASID].len > 0};
    char ssn[10];
    uint64_t source;
    TRY(standard_ssn(in->values.at[ID_SSN], ssn, err));
    e.has_ssn = ssn[0] != '\0';
    TRY(map_get_or_put(&a->sources, in->source, a->sources.len, &source, err));
    e.source = (uint16_t)source;
    return vec_push(&a->at, e, err);
}

/* Both lists are in order of tag, so one walk joins them. */
static Status write_rows(Db *db, const Links *links, const EvidenceArg *evidence, Pseudonymiser *pseudo, Error *err)
{
    DbAppender *a;
    Status st = OK;
    TRY(db_appender_open(db, "identity_evidence", &a, err));
    PersonId last = 0;
    uint64_t name = 0;
    size_t e = 0;
    for (size_t i = 0; st == OK && i < links->len; i++) {
        const Link *l = &links->at[i];
        while (e < evidence->at.len && memcmp(evidence->at.at[e].tag.bytes, l->tag.bytes, sizeof l->tag.bytes) < 0)
            e++;
        bool known =
            e < evidence->at.len && memcmp(evidence->at.at[e].tag.bytes, l->tag.bytes, sizeof l->tag.bytes) == 0;
        if (!known) {
            st = error_set(err, ERR_CORRUPT, "the vault holds a link whose record is missing");
            break;
        }
        if (l->person != last)
            st = pseudonym_of(pseudo, l->person, &name, err);
        last = l->person;
        if (st != OK)
            break;
        double score = l->kind == LINK_FOUNDING ? 1.0 : weight_probability(l->odds);
        db_append_uuid(a, 0, l->tag.bytes);
        db_append_i64(a, 1, (int64_t)name);
        db_append_i64(a, 2, evidence->at.at[e].source);
        db_append_i64(a, 3, (int64_t)l->kind);
        db_append_f64(a, 4, score);
        db_append_i64(a, 5, evidence->at.at[e].has_ssn);
        db_append_i64(a, 6, evidence->at.at[e].has_sasid);
        st = db_append_row(a, err);
    }
    if (st != OK) {
        db_appender_abandon(a);
        return st;
    }
    return db_appender_close(a, err);
}

/* Sources by number, with the kind of source the policy of the model calls them. */
static Status source_names(Db *db, const EvidenceArg *evidence, const MatchConfig *config, Error *err)
{
    Buf sql;
    buf_init(&sql, 0);
    buf_adds(&sql, "CREATE TEMP TABLE identity_source(source INTEGER, name VARCHAR, sector VARCHAR);");
    for (size_t i = 0; i < evidence->sources.len; i++) {
        Slice name = evidence->sources.entries[i].key, sector = SLICE("other");
        for (uint32_t k = 0; k < config->source_count; k++)
            if (slice_eq(config->sources[k].name, name) && config->trait_count > 0)
                sector = config->traits[config->sources[k].trait];
        buf_addf(&sql, "INSERT INTO identity_source VALUES (%" PRIu64 ", ", evidence->sources.entries[i].value);
        sql_literal(&sql, name);
        buf_adds(&sql, ", ");
        sql_literal(&sql, sector);
        buf_adds(&sql, ");");
    }
    Status st = buf_status(&sql, err);
    if (st == OK)
        st = db_exec(db, buf_z(&sql), err);
    buf_free(&sql);
    return st;
}

static Status kind_names(Db *db, Error *err)
{
    Buf sql;
    buf_init(&sql, 0);
    buf_adds(&sql, "CREATE TEMP TABLE identity_rule(rule INTEGER, name VARCHAR);");
    for (int k = 0; k < LINK_KIND_COUNT; k++)
        buf_addf(&sql, "INSERT INTO identity_rule VALUES (%d, '%s');", k, link_kind_name((LinkKind)k));
    Status st = buf_status(&sql, err);
    if (st == OK)
        st = db_exec(db, buf_z(&sql), err);
    buf_free(&sql);
    return st;
}

static Status write_misses(Db *db, const PersonMisses *misses, Pseudonymiser *pseudo, Error *err)
{
    DbAppender *a = NULL;
    Status st = db_appender_open(db, "identity_missed", &a, err);
    for (size_t i = 0; st == OK && i < misses->len; i++) {
        uint64_t name;
        st = pseudonym_of(pseudo, misses->at[i].person, &name, err);
        if (st != OK)
            break;
        db_append_i64(a, 0, (int64_t)name);
        db_append_i64(a, 1, (int64_t)misses->at[i].missed);
        st = db_append_row(a, err);
    }
    if (st == OK)
        return db_appender_close(a, err);
    if (a)
        db_appender_abandon(a);
    return st;
}

/* Index of a tag's link; MATCH_NONE. */
static uint32_t link_of_tag(const Links *links, const RecordTag *tag)
{
    size_t low = 0, high = links->len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (tag_cmp(&links->at[middle].tag, tag) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < links->len && tag_cmp(&links->at[low].tag, tag) == 0 ? (uint32_t)low : MATCH_NONE;
}

/* Persons in the order of their links; the forest of links over them. */
typedef struct Persons {
    VEC(PersonId) ids;
    uint32_t *to, *cluster;
    Weight *odds;
    uint64_t *correct; /* expected right pairs of each, in millionths */
} Persons;

/* MATCH_NONE also when an undo of a part of the journal left the partner in another person. */
static uint32_t partner_of(const Links *links, const Link *l)
{
    uint32_t to = l->kind == LINK_FOUNDING ? MATCH_NONE : link_of_tag(links, &l->partner);
    return to != MATCH_NONE && links->at[to].person == l->person ? to : MATCH_NONE;
}

static Status count_correct(const Links *links, Persons *p, Error *err)
{
    Map numbers;
    size_t n = links->len ? links->len : 1;
    TRY(map_init(&numbers, err));
    Status st;
    TRY_OUT(mem_zalloc(n, sizeof *p->to, (void **)&p->to, err));
    TRY_OUT(mem_zalloc(n, sizeof *p->cluster, (void **)&p->cluster, err));
    TRY_OUT(mem_zalloc(n, sizeof *p->odds, (void **)&p->odds, err));
    for (size_t i = 0; i < links->len; i++) {
        const Link *l = &links->at[i];
        uint64_t number;
        TRY_OUT(
            map_get_or_put(&numbers, (Slice){(const char *)&l->person, sizeof l->person}, p->ids.len, &number, err));
        if (number == p->ids.len)
            TRY_OUT(vec_push(&p->ids, l->person, err));
        p->cluster[i] = (uint32_t)number;
        p->odds[i] = l->odds;
        p->to[i] = partner_of(links, l);
    }
    TRY_OUT(mem_zalloc(p->ids.len + 1, sizeof *p->correct, (void **)&p->correct, err));
    const Forest f = {.count = (uint32_t)links->len,
        .clusters = (uint32_t)p->ids.len,
        .to = p->to,
        .odds = p->odds,
        .cluster = p->cluster};
    st = trees_correct(&f, p->correct, NULL, err);
out:
    map_free(&numbers);
    return st;
}

static void persons_free(Persons *p)
{
    vec_free(&p->ids);
    mem_free(p->to);
    mem_free(p->cluster);
    mem_free(p->odds);
    mem_free(p->correct);
}

static Status write_correct(Db *db, const Links *links, Pseudonymiser *pseudo, Error *err)
{
    Persons p = {0};
    DbAppender *a = NULL;
    Status st = count_correct(links, &p, err);
    if (st == OK)
        st = db_appender_open(db, "identity_correct", &a, err);
    for (size_t i = 0; st == OK && i < p.ids.len; i++) {
        uint64_t name;
        st = pseudonym_of(pseudo, p.ids.at[i], &name, err);
        if (st != OK)
            break;
        db_append_i64(a, 0, (int64_t)name);
        db_append_i64(a, 1, (int64_t)p.correct[i]);
        st = db_append_row(a, err);
    }
    persons_free(&p);
    if (st == OK)
        return db_appender_close(a, err);
    if (a)
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

/* Two persons under one pseudonym would be a silent merge; with 64 bits it does not happen, but it is looked for. */
static Status check_pseudonyms(Db *db, const Links *links, Error *err)
{
    int64_t distinct;
    TRY(db_value_i64(db, &distinct, err, "SELECT count(DISTINCT person) FROM identity_map"));
    Map persons;
    TRY(map_init(&persons, err));
    Status st = OK;
    for (size_t i = 0; st == OK && i < links->len; i++)
        st = map_put(&persons, (Slice){(const char *)&links->at[i].person, sizeof links->at[i].person}, 1, NULL, err);
    if (st == OK && (uint64_t)distinct != persons.len)
        st = error_set(err, ERR_INTERNAL, "two persons fall on one pseudonym");
    map_free(&persons);
    return st;
}

/* --- one state of the links --------------------------------------------------------------------------------- */

static const char state_sql[] =
    "CREATE TEMP TABLE identity_evidence(record_tag UUID, person UBIGINT, source INTEGER, rule INTEGER, "
    "score DOUBLE, has_ssn BOOLEAN, has_sasid BOOLEAN);"
    "CREATE TEMP TABLE identity_correct(person UBIGINT, correct BIGINT);"
    "CREATE TEMP TABLE identity_missed(person UBIGINT, missed BIGINT)";

/* whole numbers throughout: sums of them do not depend on who adds first */
#define PERSON_LINK_SQL \
    "SELECT g.*, q.correct AS link_correct, coalesce(m.missed, 0)::BIGINT AS link_missed " \
    "FROM (SELECT e.person, count(*)::INTEGER AS records, " \
    "count(DISTINCT e.source)::INTEGER AS sources, arg_min(r.name, (e.score, e.rule)) AS weakest_rule, " \
    "min(e.score) AS link_score, bool_or(e.has_ssn) AS has_ssn, bool_or(e.has_sasid) AS has_sasid, " \
    "array_to_string(list_sort(list_distinct(list(s.sector))), '+') AS sectors, " \
    "(count(*) * (count(*) - 1) // 2)::BIGINT AS link_pairs " \
    "FROM identity_evidence e JOIN identity_rule r USING (rule) JOIN identity_source s USING (source) " \
    "GROUP BY e.person) g JOIN identity_correct q USING (person) LEFT JOIN identity_missed m USING (person)"

Status export_state(const Export *e, const Links *links, const PersonMisses *misses, const char *table, Error *err)
{
    TRY(db_exec(e->db, state_sql, err));
    TRY(write_rows(e->db, links, &e->evidence, e->pseudo, err));
    TRY(write_correct(e->db, links, e->pseudo, err));
    TRY(write_misses(e->db, misses, e->pseudo, err));
    return db_execf(e->db, err, "CREATE TABLE %s AS " PERSON_LINK_SQL, table);
}

Status export_drop_state(const Export *e, Error *err)
{
    return db_exec(e->db, "DROP TABLE identity_evidence; DROP TABLE identity_missed; DROP TABLE identity_correct", err);
}

/* A person counts for each source that knows it. */
static Status export_today(const Export *e, const Links *links, Error *err)
{
    PersonMisses misses = {0};
    Status st = vault_misses(e->vault, &misses, err);
    if (st == OK)
        st = export_state(e, links, &misses, "person_link", err);
    vec_free(&misses);
    TRY(st);
    TRY(db_exec(e->db,
        "CREATE TABLE identity_map AS SELECT record_tag, person FROM identity_evidence;"
        "CREATE TABLE link_source AS SELECT s.name AS source, count(*)::BIGINT AS persons, "
        "sum(k.link_pairs)::BIGINT AS link_pairs, sum(k.link_correct)::BIGINT AS link_correct, "
        "sum(k.link_missed)::BIGINT AS link_missed FROM (SELECT DISTINCT person, source FROM identity_evidence) e "
        "JOIN identity_source s USING (source) JOIN person_link k USING (person) GROUP BY s.name",
        err));
    return export_drop_state(e, err);
}

/* --- all ----------------------------------------------------------------------------------------------------- */

Status identity_export(const LinkContext *ctx, Db *db, Error *err)
{
    return identity_export_since(ctx, NULL, 0, db, err);
}

Status identity_export_since(const LinkContext *ctx, const LinkMoment *moments, size_t moment_count, Db *db, Error *err)
{
    Linkage policy;
    Export e = {.db = db};
    Links links = {0};
    TRY(linkage_load(ctx->policy, clock_today(), &policy, err));
    arena_init(&e.evidence.arena, 0);
    Status st;
    TRY_OUT(map_init(&e.evidence.sources, err));
    TRY_OUT(vault_open(ctx->home, &e.vault, err));
    TRY_OUT(must_be_linked(e.vault, err));
    TRY_OUT(pseudonymiser_new(ctx->home, &e.pseudo, err));
    TRY_OUT(vault_links(e.vault, &links, err));
    const VaultPurpose purpose = {.purpose = "link", .agreement = policy.authority};
    TRY_OUT(vault_each_record(e.vault, &purpose, take_evidence, &e.evidence, err));
    TRY_OUT(kind_names(db, err));
    TRY_OUT(source_names(db, &e.evidence, &policy.match, err));
    TRY_OUT(export_today(&e, &links, err));
    TRY_OUT(check_pseudonyms(db, &links, err));
    if (moment_count > 0)
        TRY_OUT(export_past(&e, moments, moment_count, err));
    st = db_exec(db, "DROP TABLE identity_rule; DROP TABLE identity_source", err);
out:
    vec_free(&links);
    vec_free(&e.evidence.at);
    map_free(&e.evidence.sources);
    arena_free(&e.evidence.arena);
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
