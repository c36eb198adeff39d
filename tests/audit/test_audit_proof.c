/*
 * Proofs: what one attack kept, another verifies without a program of its own; a proof that is broken, of another
 * problem or a lie changes no verdict.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "grids.h"

enum { SIDE = 12, CELLS = (SIDE + 1) * (SIDE + 1) };

/* Small cells are sensitive, and with each of them three others go. */
static void make(SdcProblem *p, uint64_t seed)
{
    int64_t inner[SIDE * SIDE];
    Rng rng;
    rng_init(&rng, seed, 0);
    for (size_t i = 0; i < COUNT_OF(inner); i++)
        inner[i] = (int64_t)rng_below(&rng, 40);
    grid_make(p, SIDE, SIDE, inner);
    for (uint32_t r = 0; r < SIDE; r++)
        for (uint32_t c = 0; c < SIDE; c++) {
            uint32_t cell = r * (SIDE + 1) + c;
            if (p->cells[cell].value > 0 && p->cells[cell].value < 4)
                grid_hide(p, cell, SDC_SENSITIVE, 80, 1, 5);
            else if (rng_below(&rng, 3) == 0)
                grid_hide(p, cell, SDC_SECONDARY, 80, 0, 0);
        }
}

static AuditReport attack(const SdcProblem *p, const AuditOffered *offered, AuditOffered *kept, unsigned threads)
{
    AuditOptions o = AUDIT_OPTIONS_INIT;
    AuditReport r;
    Error err = ERROR_INIT;
    o.offered = offered;
    o.kept = kept;
    o.effort.threads = threads;
    assert_int_equal(audit_problem(p, &o, &r, &err), OK);
    return r;
}

static void same_verdicts(const AuditReport *a, const AuditReport *b)
{
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++)
        assert_int_equal(a->cells[i].verdict, b->cells[i].verdict);
}

static AuditOffered *none(void)
{
    AuditOffered *o;
    Error err = ERROR_INIT;
    assert_int_equal(audit_offered_new(&o, &err), OK);
    return o;
}

static void write(const AuditOffered *kept, const SdcProblem *p, Buf *out)
{
    char id[SHA256_HEX_SIZE];
    Error err = ERROR_INIT;
    buf_init(out, 0);
    assert_int_equal(audit_problem_id(p, id, &err), OK);
    assert_int_equal(audit_proof_write(kept, id, out, &err), OK);
}

/* What is kept decides every cell that was protected: a program is asked for the others alone. */
static void test_kept_is_enough(void **state)
{
    uint32_t protected_cells = 0;
    UNUSED(state);
    for (uint64_t seed = 0; seed < 60; seed++) {
        SdcProblem p = {0};
        AuditOffered *kept = none(), *again = none(), *threads = none();
        Buf bytes, bytes_again, bytes_threads;
        char id[SHA256_HEX_SIZE], of[SHA256_HEX_SIZE];
        Error err = ERROR_INIT;
        make(&p, seed);
        AuditReport alone = attack(&p, NULL, kept, 1), many = attack(&p, NULL, threads, 3);
        write(kept, &p, &bytes);
        write(threads, &p, &bytes_threads);
        assert_true(slice_eq(buf_slice(&bytes), buf_slice(&bytes_threads)));
        assert_int_equal(audit_proof_read(buf_slice(&bytes), "p", again, of, &err), OK);
        assert_int_equal(audit_problem_id(&p, id, &err), OK);
        assert_string_equal(id, of);
        write(again, &p, &bytes_again);
        assert_true(slice_eq(buf_slice(&bytes), buf_slice(&bytes_again)));
        AuditReport shown = attack(&p, again, NULL, 1);
        same_verdicts(&alone, &shown);
        assert_int_equal(shown.held, audit_offered_count(again));
        if (alone.exposed + alone.unproven == 0)
            assert_int_equal(shown.programs, 0);
        else
            assert_true(shown.programs <= alone.programs);
        protected_cells += (uint32_t)(alone.count - alone.exposed - alone.unproven);
        p.cells[0].value += 1; /* another problem */
        assert_int_equal(audit_problem_id(&p, id, &err), OK);
        assert_string_not_equal(id, of);
        audit_report_free(&alone);
        audit_report_free(&many);
        audit_report_free(&shown);
        audit_offered_free(kept);
        audit_offered_free(again);
        audit_offered_free(threads);
        buf_free(&bytes);
        buf_free(&bytes_again);
        buf_free(&bytes_threads);
        sdc_free(&p);
    }
    assert_true(protected_cells > 100);
}

/* Bytes that were changed, cut or belong to another problem cost time and nothing else. */
static void test_lies_change_nothing(void **state)
{
    Rng rng;
    uint32_t broken = 0, dropped = 0;
    UNUSED(state);
    rng_init(&rng, 5, 0);
    for (uint64_t seed = 0; seed < 20; seed++) {
        SdcProblem p = {0}, other = {0};
        AuditOffered *kept = none();
        Buf bytes;
        make(&p, seed);
        make(&other, seed + 1000);
        AuditReport alone = attack(&p, NULL, kept, 1), foreign = attack(&other, NULL, NULL, 1);
        write(kept, &p, &bytes);
        for (uint32_t k = 0; k < 30; k++) {
            AuditOffered *read = none();
            char of[SHA256_HEX_SIZE];
            Error err = ERROR_INIT;
            Slice text = buf_slice(&bytes);
            size_t at = 79 + rng_below(&rng, (uint32_t)text.len - 79);
            char was = bytes.ptr[at];
            bytes.ptr[at] = (char)(was + 1 + (char)rng_below(&rng, 200));
            text.len = k % 3 == 0 ? at : text.len;
            Status st = audit_proof_read(text, "p.proof", read, of, &err);
            assert_true(st == OK || (st == ERR_INVALID && strstr(err.message, "byte ") && err.file[0] == 'p'));
            broken += st != OK;
            AuditReport r = attack(k % 2 ? &p : &other, read, NULL, 1);
            same_verdicts(k % 2 ? &alone : &foreign, &r);
            dropped += r.held < audit_offered_count(read);
            audit_report_free(&r);
            audit_offered_free(read);
            bytes.ptr[at] = was;
        }
        audit_report_free(&alone);
        audit_report_free(&foreign);
        audit_offered_free(kept);
        buf_free(&bytes);
        sdc_free(&p);
        sdc_free(&other);
    }
    assert_true(broken > 50 && dropped > 50);
}

/* --- the second door: a total is printed, most of its parts are not, and rates of some -------------------------------
 */

static AuditSystem *publish(uint64_t seed)
{
    enum { PARTS = 40, SUMS = 8 };
    AuditSystem *s;
    Rng rng;
    Error err = ERROR_INIT;
    int64_t value[PARTS];
    uint32_t id;
    rng_init(&rng, seed, 0);
    assert_int_equal(audit_system_new(&s, &err), OK);
    for (uint32_t i = 0; i < PARTS; i++) {
        value[i] = 1 + (int64_t)rng_below(&rng, 30);
        assert_int_equal(audit_unknown(s, SLICE("n"), 0, 200, &id, &err), OK);
    }
    for (uint32_t k = 0; k < SUMS; k++) {
        AuditTerm terms[PARTS / 4];
        int64_t sum = 0;
        for (uint32_t i = 0; i < COUNT_OF(terms); i++) {
            terms[i] = (AuditTerm){(i * 4 + k * 7 + k / 4) % PARTS, 1};
            sum += value[terms[i].unknown];
        }
        const AuditFact fact = {
            .kind = AUDIT_RANGE, .a = {terms, COUNT_OF(terms)}, .low = sum, .high = sum, .says = SLICE("sum")};
        assert_int_equal(audit_fact(s, &fact, NULL, &err), OK);
    }
    for (uint32_t i = 0; i + 1 < PARTS; i += 5) { /* a rate of i to both */
        const AuditTerm a = {i, 1}, b[] = {{i, 1}, {i + 1, 1}};
        int64_t rate = (value[i] * 200 + value[i] + value[i + 1]) / (2 * (value[i] + value[i + 1]));
        const AuditFact fact = {.kind = AUDIT_RATE,
            .a = {&a, 1},
            .b = {b, 2},
            .low = rate,
            .high = rate,
            .per = 100,
            .rounding = AUDIT_HALF_EITHER,
            .says = SLICE("rate")};
        assert_int_equal(audit_fact(s, &fact, NULL, &err), OK);
    }
    return s;
}

static void test_published(void **state)
{
    uint32_t open = 0;
    UNUSED(state);
    for (uint64_t seed = 0; seed < 20; seed++) {
        AuditSystem *s = publish(seed), *other = publish(seed + 500);
        AuditOffered *kept = none();
        AuditAsk ask = AUDIT_ASK_INIT;
        AuditResult first, second, third, lied;
        Error err = ERROR_INIT;
        char id[SHA256_HEX_SIZE], of[SHA256_HEX_SIZE];
        ask.explain_limit = 0;
        assert_int_equal(audit_system_id(s, id, &err), OK);
        assert_int_equal(audit_system_id(other, of, &err), OK);
        assert_string_not_equal(id, of);
        assert_int_equal(audit_run(other, &ask, &third, &err), OK);
        ask.kept = kept;
        assert_int_equal(audit_run(s, &ask, &first, &err), OK);
        ask.kept = NULL;
        ask.offered = kept;
        assert_int_equal(audit_run(s, &ask, &second, &err), OK);
        assert_int_equal(audit_run(other, &ask, &lied, &err), OK);
        assert_int_equal(second.held, audit_offered_count(kept));
        for (size_t i = 0; i < first.count; i++) {
            assert_int_equal(first.unknowns[i].finding, second.unknowns[i].finding);
            assert_int_equal(third.unknowns[i].finding, lied.unknowns[i].finding);
            open += first.unknowns[i].finding == AUDIT_OPEN;
        }
        audit_result_free(&first);
        audit_result_free(&second);
        audit_result_free(&third);
        audit_result_free(&lied);
        audit_offered_free(kept);
        audit_system_free(s);
        audit_system_free(other);
    }
    assert_true(open > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kept_is_enough),
        cmocka_unit_test(test_lies_change_nothing),
        cmocka_unit_test(test_published),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
