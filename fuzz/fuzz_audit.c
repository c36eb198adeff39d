/*
 * Fuzzes the attacker with published systems made from bytes: whatever contradiction or nonsense is printed, he ends,
 * keeps what he has seen within what he calls possible, and explains himself.
 */
#include "audit/audit.h"

typedef struct Bytes {
    const uint8_t *at, *end;
} Bytes;

static uint8_t next(Bytes *b)
{
    return b->at < b->end ? *b->at++ : 0;
}

enum { TERMS = 4 };

static AuditForm form(Bytes *b, AuditTerm *terms, uint32_t unknowns)
{
    size_t count = 1 + next(b) % TERMS;
    for (size_t i = 0; i < count; i++) {
        uint8_t byte = next(b);
        terms[i] = (AuditTerm){byte % (unknowns + 1), byte >= 224 ? -1 : byte >= 192 ? 3 : 1};
    }
    return (AuditForm){terms, count};
}

static int64_t number(Bytes *b)
{
    int64_t n = (int8_t)next(b), shift = next(b) % 48;
    return shift < 32 ? n : n * ((int64_t)1 << shift);
}

static void fact(Bytes *b, AuditSystem *s, uint32_t unknowns)
{
    AuditTerm terms[4][TERMS];
    AuditFact f = {.kind = (AuditKind)(next(b) % 7), .says = SLICE("printed")};
    AuditForm *forms[] = {&f.a, &f.b, &f.c, &f.d};
    for (size_t i = 0; i < COUNT_OF(forms) && (i == 0 || f.kind != AUDIT_RANGE); i++)
        *forms[i] = form(b, terms[i], unknowns);
    f.low = number(b);
    f.high = f.low + (next(b) % 16);
    f.per = next(b) % 2 ? 100 : 1;
    f.decimals = next(b) % 4;
    f.rounding = (AuditRounding)(next(b) % 5);
    Error err = ERROR_INIT;
    Status st = audit_fact(s, &f, NULL, &err);
    ASSERT(st == OK || (st == ERR_INVALID && err.message[0]));
}

static void check(const AuditSystem *s, const AuditResult *r)
{
    Buf text;
    Error err = ERROR_INIT;
    buf_init(&text, 0);
    for (size_t i = 0; i < r->count; i++) {
        const AuditInference *u = &r->unknowns[i];
        ASSERT(u->finding == AUDIT_CLASH || u->low <= u->high);
        ASSERT(u->seen_low > u->seen_high || u->finding == AUDIT_CLASH ||
               (u->low <= u->seen_low && u->seen_high <= u->high));
        ASSERT(u->finding != AUDIT_EXACT || u->low == u->high);
        ASSERT(audit_explain(s, u, &text, &err) == OK);
    }
    for (size_t i = 0; i < r->group_count; i++)
        ASSERT(audit_explain_group(s, &r->groups[i], &text, &err) == OK);
    buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Bytes b = {data, data + (size < 256 ? size : 256)};
    AuditSystem *s;
    Error err = ERROR_INIT;
    uint32_t unknowns = 1 + next(&b) % 8, id;
    ASSERT(audit_system_new(&s, &err) == OK);
    for (uint32_t i = 0; i < unknowns; i++)
        ASSERT(audit_unknown(s, SLICE("n"), 0, next(&b) % 2 ? AUDIT_ENDLESS : next(&b), &id, &err) == OK);
    while (b.at < b.end)
        fact(&b, s, unknowns);
    AuditResult r;
    AuditAsk ask = AUDIT_ASK_INIT;
    ask.depth = AUDIT_INTERVALS;
    ask.effort.node_limit = 50;
    ask.explain_limit = 20;
    if (audit_run(s, &ask, &r, &err) == OK) {
        check(s, &r);
        audit_result_free(&r);
    }
    audit_system_free(s);
    return 0;
}
