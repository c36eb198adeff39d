/* Private to publish: the figures of the current generation, as protection takes them. */
#ifndef CAIRN_PUBLISH_RELEASE_INPUT_H
#define CAIRN_PUBLISH_RELEASE_INPUT_H

#include "measure/measure.h"
#include "publish/publish.h"

typedef struct ReleaseInput {
    Arena arena;
    CellSet cells;         /* what the input borrows from */
    MeasureInfos measures; /* those that are published */
    ProtectCell *input;
    size_t count;
    uint32_t generation;
} ReleaseInput;

/* Free also after a failure. ERR_NOT_FOUND: nothing was measured. */
MUST_USE Status release_input_read(const ReleaseContext *ctx, ReleaseInput *out, Error *err);
void release_input_free(ReleaseInput *in);

#endif
