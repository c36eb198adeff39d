/* Private to publish: a release in the making, from protected cells to files. */
#ifndef CAIRN_PUBLISH_RELEASE_H
#define CAIRN_PUBLISH_RELEASE_H

#include "measure/measure.h"
#include "protect/protect.h"
#include "publish/html.h"
#include "publish/publish.h"
#include "publish/words.h"

typedef struct ReleaseSource { /* an input file, as the ledger knows it */
    Slice source;
    Slice file_sha256;
    uint64_t rows;
} ReleaseSource;

/* Rows of the files of a source as they are told: whole hundreds, rounded down. */
static inline uint64_t release_rows_told(uint64_t rows)
{
    return rows - rows % 100;
}

typedef struct ReleaseFile {
    const char *path; /* within the release */
    Buf content;
    char sha256[SHA256_HEX_SIZE];
} ReleaseFile;

typedef Status (*ReleaseSign)(void *ctx, Slice message, uint8_t signature[64], uint8_t public_key[32], Error *err);

typedef struct ReleasePlan {
    Policy *policy;
    const Protected *figures;
    const MeasureInfos *measures;
    const ReleaseSource *sources; /* sorted by source, then hash */
    size_t source_count;
    uint64_t audited;
    ProtectAttack attack; /* zero where no family suppresses */
    const char *web_dir;
} ReleasePlan;

typedef struct Release {
    const ReleasePlan *plan;
    Arena arena;
    Words words;
    PolicyFiles policies; /* every rule and definition behind the figures, sorted by path */
    VEC(ReleaseFile) files;
    Buf manifest;
    char manifest_sha256[SHA256_HEX_SIZE];
} Release;

/* Everything but disk and signature: pages, data, manifest, in memory. The plan must outlive it. Free also after a
 * failure. */
MUST_USE Status release_build(const ReleasePlan *plan, Release *out, Error *err);
void release_free(Release *r);
/* Writes releases_dir/ID (temporary name, rename) unless it is there already. Nothing names it yet. */
MUST_USE Status release_store(Release *r, const char *releases_dir, ReleaseSign sign, void *sign_ctx,
    ReleaseReport *out, bool *is_new, Error *err);
/* The day whose protection rule counts: the newest rule's first, so that no clock decides. */
MUST_USE Status release_day(Policy *policy, Date *out, Error *err);

/* Drops the measures that no family of the protection rule names: they stay inside. */
MUST_USE Status release_keep_published(Policy *policy, MeasureInfos *measures, Error *err);

/* A new file; the Buf is valid until the next call. */
MUST_USE Status release_add(Release *r, const char *path, Buf **out, Error *err);

/* manifest.c */
MUST_USE Status manifest_write(Release *r, Error *err);
/* data_files.c: data/NAME.csv and data/NAME.json of each measure */
MUST_USE Status data_files_write(Release *r, Error *err);
/* page_*.c */
MUST_USE Status page_index_write(Release *r, Error *err);
MUST_USE Status page_measure_write(Release *r, const MeasureInfo *m, Error *err);
MUST_USE Status page_places_write(Release *r, const MeasureInfo *m, Error *err);
MUST_USE Status page_how_write(Release *r, Error *err);

#endif
