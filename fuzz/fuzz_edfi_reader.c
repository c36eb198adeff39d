/* The Ed-Fi reader on any bytes: it ends, refused or not, and its cells are valid UTF-8. */
#include "ingest/edfi_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct Memory {
    Slice bytes;
    size_t at;
} Memory;

static Status read_memory(void *ctx, char *out, size_t size, size_t *got, Error *err)
{
    UNUSED(err);
    Memory *m = ctx;
    size_t n = m->bytes.len - m->at;
    *got = n < size ? n : size;
    if (*got > 0)
        memcpy(out, m->bytes.ptr + m->at, *got);
    m->at += *got;
    return OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Memory memory = {.bytes = {(const char *)data, size}};
    const Slice paths[] = {
        SLICE("StudentReference/StudentIdentity/StudentUniqueId|StudentUniqueId"),
        SLICE("Name/LastSurname"),
        SLICE("Race"),
        SLICE("EntryGradeLevel|GradeLevel"),
    };
    EdfiOptions options = {
        .row_element = SLICE("Student|StudentSchoolAssociation"),
        .paths = paths,
        .path_count = COUNT_OF(paths),
        .read = read_memory,
        .read_ctx = &memory,
        .want_raw = size % 2 == 1,
    };
    EdfiReader *r = NULL;
    if (edfi_open(&options, &r, NULL) != OK)
        return 0;
    Record record;
    bool more = true;
    while (more && edfi_next(r, &record, &more, NULL) == OK && more)
        for (size_t i = 0; i < record.cell_count; i++)
            ASSERT(slice_is_utf8(record.cells[i], NULL));
    edfi_close(r);
    return 0;
}
