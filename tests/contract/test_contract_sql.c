/*
 * The SQL in Colorado's contracts against the engine itself: every derived field,
 * rule, total and mapping binds to columns of the right types, and what a mapping
 * gives can be cast to the warehouse's column. A typing error in a contract is
 * found here and not at the first file of the year.
 */
#include "contract/contract.h"
#include "policy/model.h"
#include "store/db.h"

#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>

typedef struct Check {
    Db *db;
    const Contract *c;
    const TableDefs *tables;
} Check;

static void run(const Check *k, const char *what, Buf *sql)
{
    Error err = ERROR_INIT;
    assert_int_equal(buf_status(sql, &err), OK);
    if (db_exec(k->db, buf_z(sql), &err) != OK)
        fail_msg("%.*s, %s: %s: %s\n%s", SLICE_ARG(k->c->name), what, err.message, err.detail, buf_z(sql));
    buf_free(sql);
}

static bool is_employer(const Field *f)
{
    return slice_eq_z(f->identity, "employer");
}

typedef enum Columns { IN_THE_FILE, TYPED, CONTENT } Columns;

/* Table `name` with the columns a place may see. */
static void make_rows(const Check *k, const char *name, Columns which)
{
    Buf sql;
    buf_init(&sql, 0);
    buf_addf(&sql, "CREATE OR REPLACE TABLE %s (row_no BIGINT", name);
    for (size_t i = 0; i < k->c->field_count; i++) {
        const Field *f = &k->c->fields[i];
        if (f->token && which != IN_THE_FILE)
            buf_addf(&sql, ", %.*s_token UUID", SLICE_ARG(f->name));
        if ((f->derive.len > 0 && which == IN_THE_FILE) || (f->identity.len > 0 && !is_employer(f) && which == CONTENT))
            continue;
        buf_addf(&sql, ", %.*s ", SLICE_ARG(f->name));
        contract_sql_type(f, &sql);
    }
    for (size_t i = 0; i < k->c->scope_count; i++)
        buf_addf(&sql, ", scope_%.*s VARCHAR", SLICE_ARG(k->c->scope[i].name));
    buf_addc(&sql, ')');
    run(k, "table", &sql);
}

static void check_derived(const Check *k)
{
    make_rows(k, "typed", IN_THE_FILE);
    for (size_t i = 0; i < k->c->field_count; i++) {
        const Field *f = &k->c->fields[i];
        Buf sql;
        if (f->derive.len == 0)
            continue;
        buf_init(&sql, 0);
        buf_addf(&sql, "SELECT CAST((%.*s) AS ", SLICE_ARG(f->derive));
        contract_sql_type(f, &sql);
        buf_adds(&sql, ") FROM typed r");
        run(k, "derived field", &sql);
    }
}

static void check_rules(const Check *k, const Contract *const *all, size_t count)
{
    for (size_t i = 0; i < k->c->rule_count; i++) {
        const Rule *r = &k->c->rules[i];
        Buf sql;
        if (r->level == RULE_KEY)
            continue;
        for (size_t n = 0; r->level == RULE_CROSS && n < count; n++) {
            if (!slice_eq(all[n]->name, r->needs))
                continue;
            Check other = {.db = k->db, .c = all[n]};
            char name[100];
            snprintf(name, sizeof name, "source_%.*s", SLICE_ARG(r->needs));
            make_rows(&other, name, CONTENT);
        }
        make_rows(k, "typed", TYPED);
        buf_init(&sql, 0);
        buf_addf(&sql, "SELECT CAST((%.*s) AS BOOLEAN) FROM typed r", SLICE_ARG(r->sql));
        run(k, "rule", &sql);
    }
}

static void check_use(const Check *k)
{
    make_rows(k, "content", CONTENT);
    for (size_t i = 0; i < k->c->total_count; i++) {
        Buf sql;
        buf_init(&sql, 0);
        buf_addf(&sql, "SELECT %.*s FROM content r", SLICE_ARG(k->c->totals[i].sql));
        run(k, "total", &sql);
    }
    for (size_t i = 0; i < k->c->fact_count; i++) {
        const FactMapping *m = &k->c->facts[i];
        const TableDef *t = model_table(k->tables, m->table);
        assert_non_null(t);
        for (size_t n = 0; n < m->column_count; n++) {
            Buf sql;
            Slice type = {0};
            for (size_t x = 0; x < t->column_count; x++)
                if (slice_eq(t->columns[x].name, m->columns[n].column))
                    type = t->columns[x].type;
            buf_init(&sql, 0);
            buf_addf(&sql, "SELECT CAST((%.*s) AS %.*s) FROM content r", SLICE_ARG(m->columns[n].sql), SLICE_ARG(type));
            if (m->where.len > 0)
                buf_addf(&sql, " WHERE (%.*s)", SLICE_ARG(m->where));
            run(k, "mapping", &sql);
        }
    }
}

static void make_references(Db *db, const TableDefs *tables)
{
    Error err = ERROR_INIT;
    for (size_t i = 0; i < tables->len; i++) {
        Buf sql;
        if (tables->at[i].origin != TABLE_REFERENCE)
            continue;
        buf_init(&sql, 0);
        model_create_sql(&tables->at[i], "main", &sql);
        assert_int_equal(db_exec(db, buf_z(&sql), &err), OK);
        buf_free(&sql);
    }
}

static void test_all(void **state)
{
    Policy *policy;
    Arena arena;
    PolicyFiles files = {0};
    TableDefs tables = {0};
    const Contract **all;
    Db *db;
    DbOptions options = DB_OPTIONS_INIT;
    Error err = ERROR_INIT;
    UNUSED(state);
    arena_init(&arena, 0);
    assert_int_equal(policy_open(COLORADO_POLICY_DIR, &policy, &err), OK);
    assert_int_equal(policy_list(policy, "sources", &files, &err), OK);
    assert_int_equal(model_tables(policy, &arena, &tables, &err), OK);
    assert_int_equal(arena_new(&arena, const Contract *, files.len, &all, &err), OK);
    for (size_t i = 0; i < files.len; i++)
        assert_int_equal(contract_parse(files.at[i], &arena, &all[i], &err), OK);
    options.threads = 1;
    options.memory_mb = 512;
    assert_int_equal(db_open(&options, &db, &err), OK);
    make_references(db, &tables);
    for (size_t i = 0; i < files.len; i++) {
        Check k = {.db = db, .c = all[i], .tables = &tables};
        check_derived(&k);
        check_rules(&k, all, files.len);
        check_use(&k);
    }
    db_close(db);
    vec_free(&files);
    vec_free(&tables);
    arena_free(&arena);
    policy_close(policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
