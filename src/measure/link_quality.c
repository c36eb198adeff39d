/*
 * Link quality by group of persons: what the identity room expects of each person
 * (pairs of records united, of them right, and pairs missing), summed over groups
 * that only the warehouse knows. The vault is not needed for it and not reachable.
 *
 * precision = right / united, recall = right / (right + missing). Sums of whole
 * millionths, so that they do not depend on the order of addition. A missing pair
 * counts for both its persons: all persons together miss half the sum. A group
 * that has both (two pupils) misses such a pair once and counts it twice.
 */
#include "measure/measure_parts.h"

/* sides: how often a missing pair is in the sum. */
static void add_select(Buf *sql, Slice split, const char *group, int sides)
{
    buf_adds(sql, sql->len ? " UNION ALL " : "");
    buf_adds(sql, "SELECT * FROM (SELECT ");
    sql_literal(sql, split);
    buf_addf(sql,
        " AS split, %s AS grp, count(*)::BIGINT AS persons, coalesce(sum(k.link_pairs), 0)::BIGINT AS pairs, "
        "coalesce(sum(k.link_correct), 0)::BIGINT AS correct, (coalesce(sum(k.link_missed), 0) / %d)::BIGINT AS missed "
        "FROM person_link k LEFT JOIN person p ON p.person = k.person GROUP BY ALL ORDER BY grp)",
        group, sides);
}

/* A split that looks at places needs more than the person. */
static bool is_of_person(Slice sql)
{
    return slice_find(sql, SLICE("p.")) < sql.len && slice_find(sql, SLICE("d.")) == sql.len &&
           slice_find(sql, SLICE("c.")) == sql.len;
}

static Status add_splits(const MeasureFrame *frame, Arena *arena, Buf *sql, Error *err)
{
    add_select(sql, SLICE("all"), "'all'", 2);
    for (size_t i = 0; i < frame->split_count; i++) {
        const char *group;
        if (!is_of_person(frame->splits[i].sql))
            continue;
        TRY(arena_printf(arena, &group, err, "coalesce((%.*s)::VARCHAR, 'unknown')", SLICE_ARG(frame->splits[i].sql)));
        add_select(sql, frame->splits[i].name, group, 1);
    }
    add_select(sql, SLICE("birth_decade"), "coalesce((p.birth_year // 10 * 10)::VARCHAR || 's', 'unknown')", 1);
    add_select(sql, SLICE("sectors"), "k.sectors", 1);
    buf_adds(sql, " UNION ALL SELECT * FROM (SELECT 'source', source, persons, link_pairs, link_correct, link_missed "
                  "FROM link_source ORDER BY source)");
    return buf_status(sql, err);
}

static Status take_groups(Db *db, const char *sql, Arena *arena, LinkGroups *out, Error *err)
{
    DbRows *rows = NULL;
    bool more = true;
    Status st = OK;
    TRY(db_query(db, sql, &rows, err));
    for (;;) {
        TRY_OUT(db_next(rows, &more, err));
        if (!more)
            break;
        double pairs = db_f64(rows, 3), correct = db_f64(rows, 4) / 1e6, missed = db_f64(rows, 5) / 1e6;
        LinkGroup g = {.persons = db_i64(rows, 2),
            .precision = pairs > 0 ? correct / pairs : 1,
            .recall = correct + missed > 0 ? correct / (correct + missed) : 1};
        TRY_OUT(arena_dup(arena, db_str(rows, 0), &g.split, err));
        TRY_OUT(arena_dup(arena, db_str(rows, 1), &g.group, err));
        TRY_OUT(vec_push(out, g, err));
    }
out:
    db_rows_free(rows);
    return st;
}

Status measure_link_quality(Home *home, Policy *policy, Arena *arena, LinkGroups *out, Error *err)
{
    MeasureFrame frame;
    uint32_t generation;
    Db *db = NULL;
    Buf sql;
    Status st;
    buf_init(&sql, 0);
    TRY_OUT(measure_frame_read(policy, arena, &frame, err));
    TRY_OUT(add_splits(&frame, arena, &sql, err));
    TRY_OUT(warehouse_open(home, &generation, &db, err));
    st = take_groups(db, buf_z(&sql), arena, out, err);
out:
    db_close(db);
    buf_free(&sql);
    return st;
}
