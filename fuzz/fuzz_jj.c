/*
 * Fuzzes the reader of JJ files: whatever the bytes, it refuses them with a reason, or makes a problem whose text gives
 * the same text again when it is read, and which the checks that follow can be asked about.
 */
#include "sdc/sdc.h"

static void check_again(const SdcProblem *p)
{
    Buf first, second;
    SdcProblem again = {0};
    Error err = ERROR_INIT;
    buf_init(&first, 0);
    buf_init(&second, 0);
    ASSERT(sdc_write_jj(p, &first, &err) == OK);
    ASSERT(sdc_read_jj(buf_slice(&first), "again.jj", &again, &err) == OK);
    ASSERT(again.cell_count == p->cell_count && again.row_count == p->row_count);
    ASSERT(sdc_write_jj(&again, &second, &err) == OK);
    ASSERT(slice_eq(buf_slice(&first), buf_slice(&second)));
    sdc_free(&again);
    buf_free(&first);
    buf_free(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SdcProblem p = {0};
    SdcRounding rounding;
    Error err = ERROR_INIT;
    Status st = sdc_read_jj((Slice){(const char *)data, size}, "fuzz.jj", &p, &err);
    if (st != OK) {
        ASSERT(err.status == st && err.message[0] && !p.cells);
        return 0;
    }
    check_again(&p);
    if (sdc_absorb_rounding(&p, 1000, &rounding, &err) == OK && sdc_check(&p, &err) != OK)
        ASSERT(!strstr(err.message, "add up: "));
    sdc_free(&p);
    return 0;
}
