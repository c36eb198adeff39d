/* Fuzzes the reader of answers with their people: what it takes is written and read again, and indexes stay inside. */
#include "cli/told.h"

static void check_members(const MeasureMembers *m)
{
    for (size_t i = 0; i < m->count; i++) {
        ASSERT(m->place[i] < m->place_count);
        for (size_t s = 0; s < m->split_count; s++)
            ASSERT(m->groups[s][m->code[s][i]].ptr != NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ToldSource s, again;
    Error err = ERROR_INIT;
    Buf bytes, twice;
    buf_init(&bytes, 0);
    buf_init(&twice, 0);
    if (told_parse((Slice){(const char *)data, size}, &s, &err) != OK) {
        ASSERT(err.message[0]);
    } else {
        check_members(&s.members);
        /* groups that nobody is in are not written: the bytes are the same from the second time on */
        ASSERT(told_write(&s, &bytes, NULL) == OK);
        ASSERT(told_parse(buf_slice(&bytes), &again, &err) == OK);
        ASSERT(again.count == s.count && again.members.count == s.members.count);
        ASSERT(told_write(&again, &twice, NULL) == OK);
        ASSERT(slice_eq(buf_slice(&bytes), buf_slice(&twice)));
        told_source_free(&again);
    }
    told_source_free(&s);
    buf_free(&bytes);
    buf_free(&twice);
    return 0;
}
