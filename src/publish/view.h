/* Private to publish: finding cells and wording them, shared by the pages. */
#ifndef CAIRN_PUBLISH_VIEW_H
#define CAIRN_PUBLISH_VIEW_H

#include "publish/release.h"

typedef struct CellRange {
    const PublishedCell *at;
    size_t count;
} CellRange;

/* All cells of a measure (contiguous); the years among them, ascending. */
CellRange view_table(const Release *r, Slice measure);
MUST_USE Status view_years(CellRange t, Arena *arena, int32_t **years, size_t *count, Error *err);
/* The statewide figure of everybody; NULL. */
const PublishedCell *view_state(CellRange t, int32_t year);
typedef struct CellQuery {
    int32_t year;
    Slice level, unit, split, grp; /* NULL ptr: any */
} CellQuery;
/* The next cell from *at on that matches; NULL at the end. */
const PublishedCell *view_next(CellRange t, const CellQuery *q, size_t *at);
/* The statewide cells of a split's groups, in the split's own order. */
MUST_USE Status view_groups(
    const Release *r, CellRange t, int32_t year, Slice split, const PublishedCell ***out, size_t *count, Error *err);
const MeasureInfo *view_measure(const Release *r, Slice name);

/* "84.2%", "$9,300", "hidden", "not given". */
MUST_USE Status view_value(Arena *arena, const PublishedCell *c, Slice *out, Error *err);
/* "1,234"; "hidden" where a suppressed family hides the figure. */
Slice view_people(const PublishedCell *c);
/* As a number, from what is printed and never from what is behind it; NaN when nothing is. */
double view_number(const PublishedCell *c);
/* Expected quality of the links behind a figure, of 100: right of the pairs of records that were joined, and found of
 * those that should be. In steps of five for small groups; empty when nobody has two records, and where no share of
 * linked people is told. */
MUST_USE Status view_link_quality(Arena *arena, const PublishedCell *c, Slice *right, Slice *found, Error *err);
/* "+1.2", "-4": difference of two printed values, in the coarser of their precisions; empty when one is missing. */
MUST_USE Status view_gap(Arena *arena, const PublishedCell *c, const PublishedCell *all, Slice *out, Error *err);
/* "1,234" */
MUST_USE Status view_count(const Release *r, uint64_t n, Slice *out, Error *err);
/* "$12,500" */
MUST_USE Status view_dollars(Arena *arena, int64_t dollars, Slice *out, Error *err);
MUST_USE Status view_unit(const Release *r, const PublishedCell *c, Slice *out, Error *err);
/* The members' names of a pooled unit, joined; empty for others. */
MUST_USE Status view_members(const Release *r, const PublishedCell *c, Slice *out, Error *err);
/* The level above, among those the rule knows. */
Slice view_level_above(const Release *r, Slice level);
/* The i18n entry on what the source of a measure's outcome cannot see; NULL. */
const Toml *view_seen(const Release *r, Slice measure);
MUST_USE Status view_printf(const Release *r, Slice *out, Error *err, const char *fmt, ...) PRINTF_LIKE(4, 5);
/* "measure-NAME.html" */
MUST_USE Status view_href(const Release *r, Slice measure, const char *suffix, Slice *out, Error *err);

/* How the measure's family keeps people safe. */
MUST_USE Status view_lane(const Release *r, Slice measure, ProtectLane *out, Error *err);

/* Puts a body into the site's frame as file `path`. */
MUST_USE Status page_write(Release *r, const char *path, Slice title, Slice description, const Buf *body, Error *err);

#endif
