/* The budget ledger: it only goes down, it stops, and every change to the file is found. */
#include "perturb_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static const BudgetTerms TERMS = {
    SLICE_INIT("Colorado earnings 2026-2030"), SLICE_INIT("person"), RHO_ONE, 10, SLICE_INIT(SHA_A)};

static BudgetRequest request_for(const char *query, Ratio rho)
{
    return (BudgetRequest){.query = slice_of(query),
        .privacy = {DP_GAUSSIAN, DP_ADD_REMOVE, rho, 1, 1},
        .policy_sha256 = SLICE(SHA_A),
        .code_sha256 = SLICE(SHA_B),
        .at = 1764400000};
}

typedef struct Place {
    char dir[64], path[96];
} Place;

static int make_place(void **state)
{
    Place *p = calloc(1, sizeof *p);
    scratch(p->dir);
    snprintf(p->path, sizeof p->path, "%s/budget.jsonl", p->dir);
    assert_ok(budget_create(p->path, &TERMS, 1764300000, NULL));
    *state = p;
    return 0;
}

static int remove_place(void **state)
{
    Place *p = *state;
    assert_ok(dir_remove(p->dir, NULL));
    free(p);
    return 0;
}

static void spends_and_stops(void **state)
{
    Place *p = *state;
    BudgetPermit permit;
    Budget b;
    Error err = ERROR_INIT;
    BudgetRequest r = request_for("earnings 2024, first edition", (Ratio){1, 2});
    assert_int_equal(budget_create(p->path, &TERMS, 0, &err), ERR_EXISTS);
    assert_ok(budget_spend(p->path, &r, NULL, NULL, &permit, &err));
    assert_int_equal(permit.rho, RHO_ONE / 2);
    assert_int_equal(permit.seq, 1);
    assert_false(permit.used);
    /* the same query, though there is budget */
    assert_int_equal(budget_spend(p->path, &r, NULL, NULL, &permit, &err), ERR_EXISTS);
    assert_true(permit.used);
    /* one billionth too much */
    r = request_for("earnings 2025", (Ratio){500000001, 1000000000});
    assert_int_equal(budget_spend(p->path, &r, NULL, NULL, &permit, &err), ERR_DENIED);
    assert_non_null(strstr(err.message, "0.500000000 is left"));
    r = request_for("earnings 2025", (Ratio){1, 2});
    assert_ok(budget_spend(p->path, &r, NULL, NULL, &permit, &err));
    r = request_for("earnings 2026", (Ratio){1, 1000000000});
    assert_int_equal(budget_spend(p->path, &r, NULL, NULL, &permit, &err), ERR_DENIED);
    assert_ok(budget_read(p->path, &b, &err));
    assert_int_equal(b.entries.len, 2);
    assert_int_equal(budget_left(&b), 0);
    assert_false(b.pure);
    assert_string_equal(b.head, b.entries.at[1].hash);
    assert_true(budget_holds(&b, slice_of(b.opening)) && budget_holds(&b, slice_of(b.entries.at[0].hash)));
    assert_false(budget_holds(&b, SLICE(SHA_A)));
    budget_free(&b);
}

static void pure_epsilons_add(void **state)
{
    Place *p = *state;
    BudgetPermit permit;
    Budget b;
    for (int i = 0; i < 3; i++) {
        char name[] = "query 0";
        name[6] = (char)('0' + i);
        BudgetRequest r = request_for(name, (Ratio){1, 3});
        r.privacy.mechanism = DP_LAPLACE;
        assert_ok(budget_spend(p->path, &r, NULL, NULL, &permit, NULL));
    }
    assert_ok(budget_read(p->path, &b, NULL));
    assert_true(b.pure && b.epsilon.num == 1 && b.epsilon.den == 1);
    assert_int_equal(b.spent, 3 * INT64_C(55555556));
    budget_free(&b);
}

static Status refuse(void *ctx, const BudgetPermit *permit, Slice query, Error *err)
{
    char(*seen)[SHA256_HEX_SIZE] = ctx;
    UNUSED(query);
    memcpy(*seen, permit->hash, sizeof *seen);
    return error_set(err, ERR_IO, "the other ledger is away");
}

/* A witness that fails withholds the permit; what was paid stays paid. */
static void fails_closed(void **state)
{
    Place *p = *state;
    BudgetPermit permit;
    Budget b;
    char seen[SHA256_HEX_SIZE];
    BudgetRequest r = request_for("a", (Ratio){1, 4});
    assert_int_equal(budget_spend(p->path, &r, refuse, seen, &permit, NULL), ERR_IO);
    assert_true(permit.used);
    assert_ok(budget_read(p->path, &b, NULL));
    assert_int_equal(b.spent, RHO_ONE / 4);
    assert_string_equal(b.head, seen);
    budget_free(&b);
    DpCount out;
    int64_t one = 1;
    DpCountOptions o = {.min_noisy_n = INT64_MIN};
    assert_int_equal(dp_counts(&permit, &r.privacy, &o, &one, 1, &out, NULL), ERR_DENIED);
}

static void bad_requests(void **state)
{
    Place *p = *state;
    BudgetPermit permit;
    BudgetRequest r = request_for("", (Ratio){1, 4});
    assert_int_equal(budget_spend(p->path, &r, NULL, NULL, &permit, NULL), ERR_INVALID);
    r = request_for("line\nbreak", (Ratio){1, 4});
    assert_int_equal(budget_spend(p->path, &r, NULL, NULL, &permit, NULL), ERR_INVALID);
    r = request_for("a", (Ratio){1, 4});
    r.code_sha256 = SLICE("abc");
    assert_int_equal(budget_spend(p->path, &r, NULL, NULL, &permit, NULL), ERR_INVALID);
    r = request_for("a", (Ratio){0, 1});
    assert_int_equal(budget_spend(p->path, &r, NULL, NULL, &permit, NULL), ERR_INVALID);
    char none[128];
    snprintf(none, sizeof none, "%s/none", p->dir);
    r = request_for("a", (Ratio){1, 4});
    assert_int_equal(budget_spend(none, &r, NULL, NULL, &permit, NULL), ERR_NOT_FOUND);
    BudgetTerms t = TERMS;
    t.total = 0;
    assert_int_equal(budget_create(none, &t, 0, NULL), ERR_INVALID);
}

/* No byte of the file can be changed, no line be taken out or moved, without its being found. */
static void every_change_is_found(void **state)
{
    Place *p = *state;
    BudgetPermit permit;
    Buf text;
    Budget b;
    for (int i = 0; i < 3; i++) {
        char name[] = "query \"0\" \xc3\xa9";
        name[7] = (char)('0' + i);
        BudgetRequest r = request_for(name, (Ratio){1, 10});
        assert_ok(budget_spend(p->path, &r, NULL, NULL, &permit, NULL));
    }
    buf_init(&text, 0);
    assert_ok(file_read(p->path, 0, &text, NULL));
    assert_ok(budget_parse(buf_slice(&text), "x", &b, NULL));
    assert_int_equal(b.entries.len, 3);
    budget_free(&b);
    for (size_t i = 0; i < text.len; i++)
        for (int bit = 0; bit < 8; bit += 3) {
            text.ptr[i] = (char)(text.ptr[i] ^ (1 << bit));
            assert_int_not_equal(budget_parse(buf_slice(&text), "x", &b, NULL), OK);
            text.ptr[i] = (char)(text.ptr[i] ^ (1 << bit));
        }
    /* each line but the last taken out */
    size_t from = 0;
    for (int line = 0; line < 4; line++) {
        size_t to = from;
        while (text.ptr[to] != '\n')
            to++;
        to++;
        Buf cut;
        buf_init(&cut, 0);
        buf_add(&cut, slice_sub(buf_slice(&text), 0, from));
        buf_add(&cut, slice_sub(buf_slice(&text), to, text.len));
        Status st = budget_parse(buf_slice(&cut), "x", &b, NULL);
        assert_true(line < 3 ? st != OK : st == OK);
        if (st == OK) { /* a cut at the end is a shorter chain: what named the last hash shows it */
            assert_false(budget_holds(&b, slice_of(permit.hash)));
            budget_free(&b);
        }
        buf_free(&cut);
        from = to;
    }
    text.ptr[text.len - 1] = ' ';
    assert_int_not_equal(budget_parse(buf_slice(&text), "x", &b, NULL), OK);
    /* and nothing is spent from a damaged file */
    text.ptr[200] ^= 1;
    assert_ok(file_write(p->path, buf_slice(&text), MODE_PUBLIC, NULL));
    BudgetRequest r = request_for("z", (Ratio){1, 10});
    assert_int_not_equal(budget_spend(p->path, &r, NULL, NULL, &permit, NULL), OK);
    buf_free(&text);
}

/* A forger who hashes anew is caught where the figures contradict each other. */
static void a_forged_chain(void **state)
{
    Place *p = *state;
    static const char *const forged[] = {
        /* costs less than its terms */
        "\"seq\":1,\"at\":5,\"kind\":\"spend\",\"query\":\"q\",\"mechanism\":\"discrete_gaussian\",\"neighbours\":"
        "\"add_remove\",\"amount\":\"1/2\",\"cells_per_person\":1,\"per_cell\":1,\"rho_e9\":1,\"spent_rho_e9\":1,"
        "\"policy_sha256\":\"" SHA_A "\",\"code_sha256\":\"" SHA_B "\"}",
        /* spends more than there is */
        "\"seq\":1,\"at\":5,\"kind\":\"spend\",\"query\":\"q\",\"mechanism\":\"discrete_gaussian\",\"neighbours\":"
        "\"add_remove\",\"amount\":\"2\",\"cells_per_person\":1,\"per_cell\":1,\"rho_e9\":2000000000,"
        "\"spent_rho_e9\":2000000000,\"policy_sha256\":\"" SHA_A "\",\"code_sha256\":\"" SHA_B "\"}",
        /* holds a member that no reader would see */
        "\"seq\":1,\"at\":5,\"kind\":\"spend\",\"query\":\"q\",\"mechanism\":\"discrete_gaussian\",\"neighbours\":"
        "\"add_remove\",\"amount\":\"1/2\",\"cells_per_person\":1,\"per_cell\":1,\"rho_e9\":500000000,"
        "\"spent_rho_e9\":500000000,\"policy_sha256\":\"" SHA_A "\",\"code_sha256\":\"" SHA_B "\",\"x\":1}",
        /* the last without it: good, or the others would prove nothing */
        "\"seq\":1,\"at\":5,\"kind\":\"spend\",\"query\":\"q\",\"mechanism\":\"discrete_gaussian\",\"neighbours\":"
        "\"add_remove\",\"amount\":\"1/2\",\"cells_per_person\":1,\"per_cell\":1,\"rho_e9\":500000000,"
        "\"spent_rho_e9\":500000000,\"policy_sha256\":\"" SHA_A "\",\"code_sha256\":\"" SHA_B "\"}",
    };
    Budget b;
    assert_ok(budget_read(p->path, &b, NULL));
    for (size_t i = 0; i < COUNT_OF(forged); i++) {
        Buf rest, file;
        uint8_t digest[SHA256_SIZE];
        char hex[SHA256_HEX_SIZE];
        Budget again;
        buf_init(&rest, 0);
        buf_init(&file, 0);
        buf_addf(&rest, "\"prev\":\"%s\",%s", b.head, forged[i]);
        assert_ok(sha256_of(buf_slice(&rest), digest, NULL));
        hex_encode(digest, sizeof digest, hex);
        assert_ok(file_read(p->path, 0, &file, NULL));
        buf_addf(&file, "{\"hash\":\"%s\",%s\n", hex, buf_z(&rest));
        Status st = budget_parse(buf_slice(&file), "x", &again, NULL);
        assert_true(i + 1 < COUNT_OF(forged) ? st == ERR_CORRUPT : st == OK);
        budget_free(&again);
        buf_free(&rest);
        buf_free(&file);
    }
    budget_free(&b);
}

/* Two processes never spend the same money. */
static void two_processes(void **state)
{
    Place *p = *state;
    for (int child = 0; child < 4; child++) {
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid > 0)
            continue;
        int paid = 0;
        for (int i = 0; i < 200 && paid < 4; i++) {
            char name[64];
            BudgetPermit permit;
            snprintf(name, sizeof name, "child %d query %d", child, paid);
            BudgetRequest r = request_for(name, (Ratio){1, 10});
            Status st = budget_spend(p->path, &r, NULL, NULL, &permit, NULL);
            if (st == ERR_BUSY)
                usleep(2000);
            else if (st == OK)
                paid++;
            else
                break;
        }
        _exit(paid);
    }
    int paid = 0, code;
    for (int child = 0; child < 4; child++) {
        assert_true(wait(&code) > 0 && WIFEXITED(code));
        paid += WEXITSTATUS(code);
    }
    Budget b;
    assert_ok(budget_read(p->path, &b, NULL));
    assert_int_equal(b.entries.len, (size_t)paid);
    assert_int_equal(paid, 10);
    budget_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(spends_and_stops, make_place, remove_place),
        cmocka_unit_test_setup_teardown(pure_epsilons_add, make_place, remove_place),
        cmocka_unit_test_setup_teardown(fails_closed, make_place, remove_place),
        cmocka_unit_test_setup_teardown(bad_requests, make_place, remove_place),
        cmocka_unit_test_setup_teardown(every_change_is_found, make_place, remove_place),
        cmocka_unit_test_setup_teardown(a_forged_chain, make_place, remove_place),
        cmocka_unit_test_setup_teardown(two_processes, make_place, remove_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
