/* Private to matchfile: what the report's parts share. */
#ifndef CAIRN_MATCHFILE_REPORT_H
#define CAIRN_MATCHFILE_REPORT_H

#include "matchfile/run.h"
#include "publish/svg.h"

typedef struct Band {
    int from, to; /* odds in bits */
    uint64_t pairs;
    bool match;
} Band;

void chart_weights(Buf *out, const char *id, Slice title, const LevelView *levels, uint32_t count);
void chart_bands(Buf *out, const Band *bands, uint32_t count);
void chart_calibration(Buf *out, const CalibrationBin *bins, uint32_t count);

#endif
