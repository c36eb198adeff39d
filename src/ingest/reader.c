/* Words for what can be wrong with a record or a file. */
#include "ingest/reader.h"

#include <stdio.h>

typedef struct DefectText {
    const char *name;
    const char *message;
} DefectText;

static const DefectText defect_texts[DEFECT_COUNT] = {
    [DEFECT_NONE] = {"none", ""},
    [DEFECT_CELLS_MISSING] = {"cells-missing", "the row has fewer fields than the layout"},
    [DEFECT_CELLS_EXTRA] = {"cells-extra", "the row has more fields than the layout"},
    [DEFECT_QUOTE_INSIDE] = {"quote-inside", "a quote stands inside a field that does not begin with one"},
    [DEFECT_AFTER_QUOTE] = {"text-after-quote", "there is text between a closing quote and the next field"},
    [DEFECT_NUL] = {"nul-byte", "the row contains a NUL byte"},
    [DEFECT_ENCODING] = {"encoding", "the field has bytes that do not belong to the file's encoding"},
    [DEFECT_CELL_LONG] = {"field-too-long", "the field is longer than any file may have"},
    [DEFECT_LENGTH] = {"record-length", "the record does not have the length of the layout"},
};

const char *defect_name(Defect d)
{
    ASSERT(d < DEFECT_COUNT);
    return defect_texts[d].name;
}

const char *defect_message(Defect d)
{
    ASSERT(d < DEFECT_COUNT);
    return defect_texts[d].message;
}

void refuse(Refusal *r, uint64_t line, const char *fmt, ...)
{
    if (r->refused)
        return;
    r->refused = true;
    r->line = line;
    va_list args;
    va_start(args, fmt);
    vsnprintf(r->reason, sizeof r->reason, fmt, args);
    va_end(args);
}
