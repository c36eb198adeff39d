/*
 * The public functions of a vector path, included after both widths of
 * text_lanes.h: they choose the width and send what lanes cannot hold the
 * portable way. PATH_NAME(x) and LANES_TARGET come from the including file.
 */

static bool fits_lanes(Slice query, size_t slot)
{
    return query.len > 0 && query.len <= slot && !memchr(query.ptr, 0, query.len);
}

LANES_TARGET static void run_lanes(const TextMetric *metric, GroupFn_16 narrow, GroupFn_32 wide, Slice query,
    const TextPack *targets, TextPick pick, uint32_t *out)
{
    if (!fits_lanes(query, targets->slot)) {
        portable_many(metric, query, targets, pick, out);
    } else if (targets->slot == SLOT_16) {
        UNSET Job_16 job;
        job_init_16(&job, metric, query, targets);
        run_16(&job, pick, narrow, out);
    } else {
        UNSET Job_32 job;
        job_init_32(&job, metric, query, targets);
        run_32(&job, pick, wide, out);
    }
}

LANES_TARGET void PATH_NAME(jaro_winkler_many)(Slice query, const TextPack *targets, TextPick pick, uint32_t *out)
{
    run_lanes(&metric_jaro_winkler, jaro_winkler_group_16, jaro_winkler_group_32, query, targets, pick, out);
}

LANES_TARGET void PATH_NAME(levenshtein_many)(Slice query, const TextPack *targets, TextPick pick, uint32_t *out)
{
    run_lanes(&metric_levenshtein, levenshtein_group_16, levenshtein_group_32, query, targets, pick, out);
}

LANES_TARGET void PATH_NAME(osa_many)(Slice query, const TextPack *targets, TextPick pick, uint32_t *out)
{
    run_lanes(&metric_osa, osa_group_16, osa_group_32, query, targets, pick, out);
}
