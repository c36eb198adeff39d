/*
 * Synth: a synthetic state with known truth, in the agencies' real file formats.
 *
 * Everything is drawn from policy/<state>/synth/parameters.toml (each rate documented) and the
 * reference tables, by one random stream a household: same seed, same bytes, on any
 * number of threads. Writes OUT/inbox/SOURCE/... and OUT/truth/... See README.md here.
 */
#ifndef CAIRN_SYNTH_SYNTH_H
#define CAIRN_SYNTH_SYNTH_H

#include "base/base.h"

typedef struct SynthOptions {
    const char *policy_dir;
    const char *out_dir;
    uint64_t people;
    uint64_t seed;
    unsigned threads;
    int first_year; /* first school year, named by its end; 0: from parameters */
    int last_year;
    int first_grade; /* lowest grade that is written: 9 by default, 0 for all of K-12 */
    ProgressMode progress;
    const Log *log;
} SynthOptions;

#define SYNTH_OPTIONS_INIT \
    { \
        .people = 0, .seed = 1, .first_grade = -1 \
    }

typedef struct SynthReport {
    uint64_t people;
    uint64_t files;
    uint64_t rows;
    uint64_t bytes;
} SynthReport;

MUST_USE Status synth_state(const SynthOptions *options, SynthReport *out, Error *err);

#endif
