/*
 * Fuzzes the reader of proofs: whatever the bytes, it names the place that broke, or gives tables that come back when
 * they are written and read again; and an attack that is offered them ends with the verdicts of one that is not.
 */
#include "audit/audit.h"

enum { SIDE = 4, WIDTH = SIDE + 1 };

/* Four times four cells with margins, the inner ones hidden, the first sensitive. */
static void make(SdcProblem *p)
{
    Error err = ERROR_INIT;
    ASSERT(sdc_new(WIDTH * WIDTH, 2 * WIDTH, 2 * WIDTH * WIDTH, p, &err) == OK);
    for (uint32_t i = 0; i < WIDTH * WIDTH; i++) {
        uint32_t r = i / WIDTH, c = i % WIDTH;
        int64_t value = (r < SIDE ? 1 : SIDE) * (c < SIDE ? 1 : SIDE);
        p->cells[i] = (SdcCell){.value = 3 * value, .cost = 1, .upper = 100};
        p->cells[i].status = r < SIDE && c < SIDE ? SDC_SECONDARY : SDC_OPEN;
    }
    p->cells[0].status = SDC_SENSITIVE;
    p->cells[0].upl = p->cells[0].lpl = 2;
    uint32_t at = 0;
    for (uint32_t line = 0; line < 2 * WIDTH; line++) {
        for (uint32_t i = 0; i < WIDTH; i++) {
            p->cell[at] = line < WIDTH ? line * WIDTH + i : i * WIDTH + line - WIDTH;
            p->coef[at++] = i < SIDE ? 1 : -1;
        }
        p->start[line + 1] = at;
    }
}

static void check_again(const AuditOffered *tables)
{
    char zeros[SHA256_HEX_SIZE], of[SHA256_HEX_SIZE];
    AuditOffered *again;
    Buf bytes, bytes_again;
    Error err = ERROR_INIT;
    memset(zeros, '0', sizeof zeros - 1);
    zeros[sizeof zeros - 1] = '\0';
    buf_init(&bytes, 0);
    buf_init(&bytes_again, 0);
    ASSERT(audit_offered_new(&again, &err) == OK);
    ASSERT(audit_proof_write(tables, zeros, &bytes, &err) == OK);
    ASSERT(audit_proof_read(buf_slice(&bytes), "again", again, of, &err) == OK);
    ASSERT(audit_offered_count(again) == audit_offered_count(tables));
    ASSERT(audit_proof_write(again, zeros, &bytes_again, &err) == OK);
    ASSERT(slice_eq(buf_slice(&bytes), buf_slice(&bytes_again)));
    audit_offered_free(again);
    buf_free(&bytes);
    buf_free(&bytes_again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AuditOffered *tables;
    SdcProblem p = {0};
    AuditReport r;
    AuditOptions o = AUDIT_OPTIONS_INIT;
    char problem[SHA256_HEX_SIZE];
    Error err = ERROR_INIT;
    ASSERT(audit_offered_new(&tables, &err) == OK);
    Status st = audit_proof_read((Slice){(const char *)data, size}, "fuzz.proof", tables, problem, &err);
    ASSERT(st == OK || (st == ERR_INVALID && err.message[0] && err.file[0]));
    check_again(tables);
    make(&p);
    o.offered = tables;
    ASSERT(audit_problem(&p, &o, &r, &err) == OK);
    ASSERT(r.count == 1 && r.cells[0].verdict == AUDIT_PROTECTED && r.cells[0].seen_high <= 12);
    audit_report_free(&r);
    audit_offered_free(tables);
    sdc_free(&p);
    return 0;
}
