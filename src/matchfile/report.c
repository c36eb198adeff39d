/*
 * report.html: one file that needs nothing else, works without scripts, prints and fits a phone. What it says is a
 * function of the results alone: no clock, no path, no thread count.
 */
#include "matchfile/report.h"

#include <stdlib.h>

#include "matchfile/match_templates.h"

#define SHOWN_CLUSTERS 10
#define SHOWN_PAIRS 12
#define SHOWN_MEMBERS 6
#define SIZES_MAX 12
#define BANDS_MAX 64

typedef struct Report {
    MatchRun *run;
    Arena arena;
    TmplMatchReport page;
} Report;

/* 1234567 as 1,234,567. */
static Status count(Report *p, uint64_t v, Slice *out, Error *err)
{
    char digits[32];
    size_t at = sizeof digits;
    for (int n = 0; v > 0 || n == 0; n++, v /= 10) {
        if (n > 0 && n % 3 == 0)
            digits[--at] = ',';
        digits[--at] = (char)('0' + v % 10);
    }
    return arena_dup(&p->arena, (Slice){digits + at, sizeof digits - at}, out, err);
}

/* What fill wrote into a buffer, kept. */
static Status keep(Report *p, Buf *b, Slice *out, Error *err)
{
    Status st = buf_status(b, err);
    if (st == OK)
        st = arena_dup(&p->arena, buf_slice(b), out, err);
    buf_free(b);
    return st;
}

static Status bits(Report *p, Weight w, Slice *out, Error *err)
{
    Buf b;
    buf_init(&b, 0);
    add_tenths(&b, w);
    return keep(p, &b, out, err);
}

/* --- summary and sources -------------------------------------------------------------------------------------------
 */

static Status fill_summary(Report *p, Error *err)
{
    const MatchRunReport *r = &p->run->report;
    const struct {
        const char *name;
        uint64_t value;
    } tiles[] = {{"Records", r->records}, {"Pairs compared", r->pairs.compared}, {"Links", r->links},
        {"For review", r->review}, {"Clusters", r->clusters.clusters}, {"Largest cluster", r->clusters.largest},
        {"Links refused", r->clusters.refused}};
    TmplMatchReportSummary *out = NULL;
    TmplMatchReportSentences *lead = NULL;
    TRY(arena_new(&p->arena, TmplMatchReportSummary, COUNT_OF(tiles), &out, err));
    for (size_t i = 0; i < COUNT_OF(tiles); i++) {
        out[i].name = slice_of(tiles[i].name);
        TRY(count(p, tiles[i].value, &out[i].value, err));
    }
    p->page.summary = out;
    p->page.summary_count = COUNT_OF(tiles);
    char version[SHA256_HEX_SIZE];
    TRY(match_model_version(p->run->model, version, err));
    TRY(arena_new(&p->arena, TmplMatchReportSentences, 2, &lead, err));
    TRY(arena_format(&p->arena, &lead[0].text, err,
        "Two records are linked from a probability of %.4g on; from %.4g on a pair is for review. Model %.12s, %s.",
        weight_probability(p->run->config.match_from), weight_probability(p->run->config.review_from), version,
        r->trained ? "trained on these records" : "read from a file"));
    lead[1].text = r->proposed ? SLICE("The config was proposed from the columns; it stands at the end.")
                               : SLICE("The config that was used stands at the end.");
    p->page.sentences = lead;
    p->page.sentences_count = 2;
    return OK;
}

static const char *source_rule(const MatchConfig *c, const SourceSpec *s)
{
    if (s->unique)
        return c->link_sources && c->source_count > 1 ? "one to one links to other sources; nobody is in it twice"
                                                      : "nothing: nobody is in it twice";
    if (s->dedupe)
        return c->link_sources && c->source_count > 1 ? "links to other sources and duplicates inside" : "duplicates";
    return c->link_sources && c->source_count > 1 ? "links to other sources" : "nothing";
}

static double possible_pairs(const MatchConfig *c, const uint64_t *records)
{
    double all = 0;
    for (uint32_t a = 0; a < c->source_count; a++) {
        if (c->sources[a].dedupe && !c->sources[a].unique)
            all += (double)records[a] * ((double)records[a] - 1) / 2;
        for (uint32_t b = 0; c->link_sources && b < a; b++)
            all += (double)records[a] * (double)records[b];
    }
    return all;
}

static Status fill_sources(Report *p, Error *err)
{
    const MatchConfig *c = &p->run->config;
    uint64_t records[MATCH_SOURCES_MAX] = {0};
    TmplMatchReportSources *out = NULL;
    for (uint32_t i = 0; i < match_record_count(p->run->table); i++)
        records[match_record_source(p->run->table, i)]++;
    TRY(arena_new(&p->arena, TmplMatchReportSources, (size_t)c->source_count + 1, &out, err));
    for (uint32_t s = 0; s < c->source_count; s++) {
        out[s].name = c->sources[s].name;
        out[s].rule = slice_of(source_rule(c, &c->sources[s]));
        TRY(count(p, records[s], &out[s].records, err));
    }
    p->page.sources = out;
    p->page.sources_count = c->source_count;
    double possible = possible_pairs(c, records), compared = (double)p->run->report.pairs.compared;
    TRY(possible < 9e18 ? count(p, (uint64_t)possible, &p->page.possible, err)
                        : arena_format(&p->arena, &p->page.possible, err, "%.3g", possible));
    TRY(count(p, p->run->report.pairs.compared, &p->page.compared, err));
    return arena_format(&p->arena, &p->page.share, err, "%.3g %%", possible > 0 ? 100 * compared / possible : 0);
}

/* --- truth ---------------------------------------------------------------------------------------------------------
 */

static Status truth_row(Report *p, const char *name, PairCounts c, TmplMatchReportTruth *out, Error *err)
{
    out->name = slice_of(name);
    TRY(count(p, c.found, &out->found, err));
    TRY(count(p, c.right, &out->right, err));
    TRY(count(p, c.truth, &out->truth, err));
    TRY(arena_format(&p->arena, &out->precision, err, "%.4f", pair_precision(c)));
    TRY(arena_format(&p->arena, &out->recall, err, "%.4f", pair_recall(c)));
    return arena_format(&p->arena, &out->f1, err, "%.4f", pair_f1(c));
}

static Status fill_bins(Report *p, const TruthReport *t, Error *err)
{
    TmplMatchReportBins *out = NULL;
    size_t n = 0;
    TRY(arena_new(&p->arena, TmplMatchReportBins, COUNT_OF(t->bins), &out, err));
    for (size_t i = 0; i < COUNT_OF(t->bins); i++) {
        const CalibrationBin *b = &t->bins[i];
        if (b->pairs == 0)
            continue;
        TRY(arena_format(&p->arena, &out[n].range, err, "%.4g to %.4g", b->from, b->to));
        TRY(count(p, b->pairs, &out[n].pairs, err));
        TRY(arena_format(&p->arena, &out[n].stated, err, "%.4f", b->stated));
        TRY(arena_format(&p->arena, &out[n++].right, err, "%.4f", (double)b->right / (double)b->pairs));
    }
    p->page.bins = out;
    p->page.bins_count = n;
    Buf b;
    Slice chart;
    buf_init(&b, 0);
    chart_calibration(&b, t->bins, COUNT_OF(t->bins));
    TRY(keep(p, &b, &chart, err));
    p->page.calibration_chart.s = chart;
    return OK;
}

static Status fill_truth(Report *p, Error *err)
{
    const TruthReport *t = &p->run->report.truth;
    const struct {
        const char *name;
        PairCounts counts;
    } rows[] = {{"Candidates (compared)", t->candidates}, {"Pairs at the threshold", t->pairs},
        {"Pairs inside clusters", t->clusters}, {"Pairs at the best threshold", t->best}};
    TmplMatchReportTruth *out = NULL;
    if (!p->run->report.has_truth)
        return OK;
    p->page.has_truth = true;
    TRY(count(p, t->records, &p->page.truth_records, err));
    TRY(count(p, t->persons, &p->page.truth_persons, err));
    TRY(arena_format(&p->arena, &p->page.truth_best, err, "The best threshold is known only in hindsight: %.4g.",
        weight_probability(t->best_from)));
    TRY(arena_new(&p->arena, TmplMatchReportTruth, COUNT_OF(rows), &out, err));
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        TRY(truth_row(p, rows[i].name, rows[i].counts, &out[i], err));
    p->page.truth = out;
    p->page.truth_count = COUNT_OF(rows);
    return fill_bins(p, t, err);
}

/* --- fields --------------------------------------------------------------------------------------------------------
 */

static Status fill_levels(Report *p, uint32_t segment, uint32_t field, TmplMatchReportSegmentsFields *out, Error *err)
{
    const MatchConfig *c = &p->run->config;
    uint32_t n = match_level_count(c, field);
    LevelView views[MATCH_LEVELS_MAX];
    TmplMatchReportSegmentsFieldsLevels *rows = NULL;
    TRY(arena_new(&p->arena, TmplMatchReportSegmentsFieldsLevels, n, &rows, err));
    for (uint32_t l = 1; l < n; l++) {
        TmplMatchReportSegmentsFieldsLevels *row = &rows[l - 1];
        match_level_view(p->run->model, c, segment, field, l, &views[l - 1]);
        const LevelView *v = &views[l - 1];
        row->name = v->name;
        row->is_default = v->is_default;
        TRY(arena_format(&p->arena, &row->match, err, "%.3g", v->match));
        TRY(arena_format(&p->arena, &row->stranger, err, "%.3g", v->stranger));
        TRY(arena_format(&p->arena, &row->evidence, err, "%.0f", v->evidence));
        TRY(bits(p, v->weight, &row->weight, err));
    }
    out->levels = rows;
    out->levels_count = n - 1;
    Buf b;
    Slice chart, id, title;
    buf_init(&b, 0);
    TRY(arena_format(&p->arena, &id, err, "w-%" PRIu32 "-%" PRIu32, segment, field));
    TRY(arena_format(&p->arena, &title, err, "Weights of %.*s", SLICE_ARG(c->fields[field].name)));
    chart_weights(&b, id.ptr, title, views, n - 1);
    TRY(keep(p, &b, &chart, err));
    out->chart.s = chart;
    return OK;
}

static double filled_share(const Report *p, const FieldSpec *f)
{
    uint64_t filled = 0;
    uint32_t records = match_record_count(p->run->table);
    for (uint32_t r = 0; r < records; r++) {
        bool any = false;
        for (uint32_t k = 0; k < f->column_count; k++)
            any = any || match_cell_text(p->run->table, r, f->columns[k]).len > 0;
        filled += any;
    }
    return records ? 100.0 * (double)filled / records : 0;
}

static Status describe_field(Report *p, const FieldSpec *f, TmplMatchReportSegmentsFields *out, Error *err)
{
    Buf b;
    buf_init(&b, 0);
    for (uint32_t k = 0; k < f->column_count; k++) {
        buf_adds(&b, k == 0 ? "" : f->combine ? " + " : ", ");
        buf_add(&b, p->run->config.columns[f->columns[k]]);
    }
    TRY(keep(p, &b, &out->columns, err));
    out->name = f->name;
    out->kind = slice_of(field_kind_name(f->kind));
    out->note = f->term_frequency && f->shared ? SLICE("Common values weigh less; households share it.")
                : f->term_frequency            ? SLICE("Common values weigh less.")
                : f->shared                    ? SLICE("Households share it.")
                                               : (Slice){"", 0};
    return arena_format(&p->arena, &out->filled, err, "%.1f %%", filled_share(p, f));
}

static Status fill_segment(Report *p, uint32_t segment, TmplMatchReportSegments *out, Error *err)
{
    const MatchConfig *c = &p->run->config;
    static const char *const classes[CLASS_COUNT] = {"one person", "strangers", "neighbours", "a household", "twins"};
    TmplMatchReportSegmentsFields *fields = NULL;
    Buf b;
    buf_init(&b, 0);
    match_segment_name(c, segment, &b);
    TRY(keep(p, &b, &out->name, err));
    buf_init(&b, 0);
    buf_adds(&b, "Of all pairs that may be compared are: ");
    for (unsigned k = 0; k < CLASS_COUNT; k++)
        buf_addf(&b, "%s%s %.3g", k ? ", " : "", classes[k], match_class_share(p->run->model, segment, (PairClass)k));
    buf_addc(&b, '.');
    TRY(keep(p, &b, &out->classes, err));
    TRY(arena_new(&p->arena, TmplMatchReportSegmentsFields, c->field_count, &fields, err));
    for (uint32_t f = 0; f < c->field_count; f++) {
        TRY(describe_field(p, &c->fields[f], &fields[f], err));
        TRY(fill_levels(p, segment, f, &fields[f], err));
    }
    out->fields = fields;
    out->fields_count = c->field_count;
    return OK;
}

static Status fill_segments(Report *p, Error *err)
{
    uint32_t n = match_segment_count(&p->run->config);
    TmplMatchReportSegments *out = NULL;
    TRY(arena_new(&p->arena, TmplMatchReportSegments, n, &out, err));
    for (uint32_t s = 0; s < n; s++)
        TRY(fill_segment(p, s, &out[s], err));
    p->page.segments = out;
    p->page.segments_count = n;
    return OK;
}

/* --- passes and training -------------------------------------------------------------------------------------------
 */

static Status fill_passes(Report *p, Error *err)
{
    const PairsReport *r = &p->run->report.pairs;
    const TrainReport *t = &p->run->report.training;
    TmplMatchReportPasses *out = NULL;
    TRY(arena_new(&p->arena, TmplMatchReportPasses, (size_t)r->pass_count + 1, &out, err));
    for (uint32_t i = 0; i < r->pass_count; i++) {
        const PassReport *s = &r->passes[i];
        out[i].name = match_pass_name(p->run->model, i);
        TRY(count(p, s->keys, &out[i].keys, err));
        TRY(count(p, s->blocks, &out[i].blocks, err));
        TRY(count(p, s->largest_block, &out[i].largest, err));
        TRY(count(p, s->pairs, &out[i].pairs, err));
        TRY(count(p, s->refined, &out[i].refined, err));
        TRY(count(p, s->uncompared, &out[i].uncompared, err));
        TRY(arena_format(&p->arena, &out[i].alone, err, "%.1f", s->matches_only_here));
    }
    p->page.passes = out;
    p->page.passes_count = r->pass_count;
    if (!p->run->report.trained)
        return arena_format(
            &p->arena, &p->page.expected_recall, err, "not estimated, because the model was read from a file");
    double all = t->matches + t->missed;
    return arena_format(&p->arena, &p->page.expected_recall, err, "%.4f", all > 0 ? t->matches / all : 1);
}

static Status add_training(Report *p, const char *name, Slice value, Error *err)
{
    TmplMatchReportTraining *rows = NULL;
    if (!p->page.training)
        TRY(arena_new(&p->arena, TmplMatchReportTraining, 16, &rows, err));
    else
        rows = (TmplMatchReportTraining *)(uintptr_t)p->page.training;
    rows[p->page.training_count++] = (TmplMatchReportTraining){.name = slice_of(name), .value = value};
    p->page.training = rows;
    return OK;
}

static Status fill_training(Report *p, Error *err)
{
    const TrainReport *t = &p->run->report.training;
    const struct {
        const char *name;
        uint64_t value;
    } counts[] = {{"Random pairs for u", t->random_pairs}, {"Candidate pairs for m", t->candidate_pairs},
        {"Different patterns", t->patterns}, {"Iterations", t->iterations},
        {"Levels at their default", t->default_levels}};
    Slice value;
    if (!p->run->report.trained)
        return add_training(p, "Model", SLICE("read from a file"), err);
    for (size_t i = 0; i < COUNT_OF(counts); i++) {
        TRY(count(p, counts[i].value, &value, err));
        TRY(add_training(p, counts[i].name, value, err));
    }
    TRY(add_training(p, "Converged", t->converged ? SLICE("yes") : SLICE("no"), err));
    TRY(arena_format(&p->arena, &value, err, "%.2g", t->change));
    TRY(add_training(p, "Largest change in the last iteration", value, err));
    TRY(arena_format(&p->arena, &value, err, "%.1f", t->matches));
    TRY(add_training(p, "Expected matches among the pairs compared", value, err));
    TRY(arena_format(&p->arena, &value, err, "%.1f", t->missed));
    return add_training(p, "Expected matches that no pass brings together", value, err);
}

static Status fill_defaults(Report *p, Error *err)
{
    const MatchConfig *c = &p->run->config;
    uint32_t segments = match_segment_count(c);
    TmplMatchReportDefaults *out = NULL;
    size_t n = 0;
    TRY(arena_new(
        &p->arena, TmplMatchReportDefaults, (size_t)segments * MATCH_FIELDS_MAX * MATCH_LEVELS_MAX, &out, err));
    for (uint32_t s = 0; s < segments; s++)
        for (uint32_t f = 0; f < c->field_count; f++)
            for (uint32_t l = 1; l < match_level_count(c, f); l++) {
                LevelView v;
                match_level_view(p->run->model, c, s, f, l, &v);
                if (!v.is_default)
                    continue;
                Slice name = p->page.segments[s].name;
                TRY(arena_format(&p->arena, &out[n++].text, err, "%.*s: %.*s%s%.*s%s", SLICE_ARG(c->fields[f].name),
                    SLICE_ARG(v.name), name.len ? " (" : "", SLICE_ARG(name), name.len ? ")" : ""));
            }
    p->page.defaults = out;
    p->page.defaults_count = n;
    return OK;
}

/* --- scores --------------------------------------------------------------------------------------------------------
 */

static Status fill_scores(Report *p, Error *err)
{
    Band bands[BANDS_MAX];
    uint32_t n = 0;
    const MatchRun *r = p->run;
    TmplMatchReportBands *out = NULL;
    /* two bits each, so that even odds are a border */
    for (int from = WEIGHT_MIN / WEIGHT_BIT; from < WEIGHT_MAX / WEIGHT_BIT; from += 2)
        bands[n++] = (Band){.from = from, .to = from + 2, .match = from * WEIGHT_BIT >= r->config.match_from};
    for (size_t i = 0; i < r->pairs.len; i++) {
        int64_t at = ((int64_t)r->pairs.at[i].odds - WEIGHT_MIN) / (2 * WEIGHT_BIT);
        bands[at < 0 ? 0 : at >= n ? n - 1 : at].pairs++;
    }
    uint32_t first = 0, last = n;
    while (first < last && bands[first].pairs == 0)
        first++;
    while (last > first && bands[last - 1].pairs == 0)
        last--;
    TRY(arena_new(&p->arena, TmplMatchReportBands, n, &out, err));
    for (uint32_t i = first; i < last; i++) {
        TmplMatchReportBands *row = &out[i - first];
        TRY(arena_format(&p->arena, &row->range, err, "%d to %d", bands[i].from, bands[i].to));
        TRY(count(p, bands[i].pairs, &row->pairs, err));
        const char *low = run_decision(r, bands[i].from * WEIGHT_BIT);
        const char *high = run_decision(r, bands[i].to * WEIGHT_BIT - 1);
        TRY(low == high ? arena_format(&p->arena, &row->decision, err, "%s", low)
                        : arena_format(&p->arena, &row->decision, err, "%s, %s", low, high));
    }
    p->page.bands = out;
    p->page.bands_count = last - first;
    Buf b;
    Slice chart;
    buf_init(&b, 0);
    chart_bands(&b, bands + first, last - first);
    TRY(keep(p, &b, &chart, err));
    p->page.histogram.s = chart;
    return OK;
}

/* --- clusters ------------------------------------------------------------------------------------------------------
 */

static Status fill_sizes(Report *p, Error *err)
{
    const MatchRun *r = p->run;
    uint64_t sizes[SIZES_MAX + 1] = {0};
    TmplMatchReportSizes *out = NULL;
    size_t n = 0;
    for (uint32_t c = 0; c < r->clusters.count; c++)
        sizes[r->cluster_size[c] < SIZES_MAX ? r->cluster_size[c] : SIZES_MAX]++;
    TRY(arena_new(&p->arena, TmplMatchReportSizes, SIZES_MAX + 1, &out, err));
    for (uint32_t s = 1; s <= SIZES_MAX; s++) {
        if (sizes[s] == 0)
            continue;
        TRY(arena_format(&p->arena, &out[n].records, err, "%" PRIu32 "%s", s, s == SIZES_MAX ? " and more" : ""));
        TRY(count(p, sizes[s], &out[n++].clusters, err));
    }
    p->page.sizes = out;
    p->page.sizes_count = n;
    return OK;
}

typedef struct Ranked {
    int64_t key; /* smallest first */
    uint32_t cluster;
} Ranked;

static int by_key(const void *a, const void *b)
{
    const Ranked *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return x->cluster < y->cluster ? -1 : x->cluster > y->cluster;
}

/* Keeps the SHOWN_CLUSTERS smallest keys, sorted. */
static void rank_in(Ranked *top, size_t *n, Ranked what)
{
    if (*n == SHOWN_CLUSTERS && by_key(&what, &top[*n - 1]) > 0)
        return;
    if (*n < SHOWN_CLUSTERS)
        ++*n;
    top[*n - 1] = what;
    for (size_t i = *n - 1; i > 0 && by_key(&top[i], &top[i - 1]) < 0; i--) {
        Ranked other = top[i];
        top[i] = top[i - 1];
        top[i - 1] = other;
    }
}

static void add_record_name(const MatchRun *r, uint32_t record, Buf *out)
{
    if (r->config.source_count > 1) {
        buf_add(out, r->config.sources[match_record_source(r->table, record)].name);
        buf_addc(out, ':');
    }
    buf_add(out, match_record_id(r->table, record));
}

static Status cluster_row(Report *p, uint32_t cluster, TmplMatchReportLargest *out, Error *err)
{
    const MatchRun *r = p->run;
    Buf b;
    uint32_t shown = 0;
    buf_init(&b, 0);
    for (uint32_t i = 0; i < match_record_count(r->table) && shown <= SHOWN_MEMBERS; i++) {
        uint32_t record = r->order[i];
        if (r->clusters.cluster[record] != cluster)
            continue;
        buf_adds(&b, shown ? ", " : "");
        if (shown++ == SHOWN_MEMBERS)
            buf_addf(&b, "and %" PRIu32 " more", r->cluster_size[cluster] - SHOWN_MEMBERS);
        else
            add_record_name(r, record, &b);
    }
    TRY(keep(p, &b, &out->members, err));
    buf_init(&b, 0);
    add_cluster_name(r, cluster, &b);
    TRY(keep(p, &b, &out->name, err));
    TRY(count(p, r->cluster_size[cluster], &out->records, err));
    return arena_format(&p->arena, &out->weakest, err, "%.4f", weight_probability(r->clusters.weakest[cluster]));
}

static Status fill_clusters(Report *p, Error *err)
{
    const MatchRun *r = p->run;
    Ranked largest[SHOWN_CLUSTERS], weakest[SHOWN_CLUSTERS];
    size_t largest_count = 0, weakest_count = 0;
    TmplMatchReportLargest *top = NULL;
    TmplMatchReportWeakest *low = NULL;
    for (uint32_t c = 0; c < r->clusters.count; c++) {
        if (r->cluster_size[c] < 2)
            continue;
        rank_in(largest, &largest_count, (Ranked){-(int64_t)r->cluster_size[c], c});
        rank_in(weakest, &weakest_count, (Ranked){r->clusters.weakest[c], c});
    }
    TRY(arena_new(&p->arena, TmplMatchReportLargest, SHOWN_CLUSTERS, &top, err));
    TRY(arena_new(&p->arena, TmplMatchReportWeakest, SHOWN_CLUSTERS, &low, err));
    for (size_t i = 0; i < largest_count; i++)
        TRY(cluster_row(p, largest[i].cluster, &top[i], err));
    for (size_t i = 0; i < weakest_count; i++) {
        TmplMatchReportLargest row;
        TRY(cluster_row(p, weakest[i].cluster, &row, err));
        low[i] = (TmplMatchReportWeakest){
            .name = row.name, .records = row.records, .weakest = row.weakest, .members = row.members};
    }
    p->page.largest = top;
    p->page.largest_count = largest_count;
    p->page.weakest = low;
    p->page.weakest_count = weakest_count;
    return fill_sizes(p, err);
}

/* --- pairs ---------------------------------------------------------------------------------------------------------
 */

static Status pair_fields(Report *p, const Explanation *e, bool swapped, TmplMatchReportPairs *out, Error *err)
{
    TmplMatchReportPairsFields *rows = NULL;
    TRY(arena_new(&p->arena, TmplMatchReportPairsFields, (size_t)e->field_count + 1, &rows, err));
    for (uint32_t f = 0; f < e->field_count; f++) {
        const FieldReason *x = &e->fields[f];
        rows[f].field = x->field;
        rows[f].left = swapped ? x->right : x->left;
        rows[f].right = swapped ? x->left : x->right;
        rows[f].level = x->level;
        TRY(bits(p, x->weight, &rows[f].weight, err));
    }
    out->fields = rows;
    out->fields_count = e->field_count;
    return OK;
}

static Status pair_steps(Report *p, const Explanation *e, Weight odds, TmplMatchReportPairs *out, Error *err)
{
    const struct {
        const char *name;
        Weight weight;
        bool always;
    } steps[] = {{"Before looking", e->prior, true},
        {"They may be neighbours, relatives or twins", e->household, false}, {"Calibration", e->calibration, false},
        {"Rule", e->ruled, false}, {"Others compete for the same record", odds - e->odds, false}, {"Odds", odds, true}};
    TmplMatchReportPairsSteps *rows = NULL;
    size_t n = 0;
    TRY(arena_new(&p->arena, TmplMatchReportPairsSteps, COUNT_OF(steps), &rows, err));
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        if (!steps[i].always && steps[i].weight == 0)
            continue;
        rows[n].name = slice_of(steps[i].name);
        TRY(bits(p, steps[i].weight, &rows[n++].weight, err));
    }
    out->steps = rows;
    out->steps_count = n;
    return OK;
}

static Status pair_row(Report *p, MatchLook *x, const MatchPair *pair, TmplMatchReportPairs *out, Error *err)
{
    MatchRun *r = p->run;
    Explanation e;
    Buf b;
    bool swapped = r->rank[pair->a] > r->rank[pair->b];
    match_look_explain(x, pair->a, pair->b, &e);
    buf_init(&b, 0);
    add_record_name(r, swapped ? pair->b : pair->a, &b);
    buf_adds(&b, " and ");
    add_record_name(r, swapped ? pair->a : pair->b, &b);
    TRY(keep(p, &b, &out->title, err));
    buf_init(&b, 0);
    add_passes(&b, r->model, pair->passes);
    TRY(keep(p, &b, &out->passes, err));
    out->decision = slice_of(run_decision(r, pair->odds));
    TRY(arena_format(&p->arena, &out->probability, err, "%.4f", weight_probability(pair->odds)));
    TRY(pair_fields(p, &e, swapped, out, err));
    return pair_steps(p, &e, pair->odds, out, err);
}

static bool is_closer(const MatchRun *r, const MatchPair *a, const MatchPair *b)
{
    int64_t x = llabs((int64_t)a->odds - r->config.match_from), y = llabs((int64_t)b->odds - r->config.match_from);
    if (x != y)
        return x < y;
    uint64_t ra = r->rank[a->a] < r->rank[a->b] ? r->rank[a->a] : r->rank[a->b];
    uint64_t rb = r->rank[b->a] < r->rank[b->b] ? r->rank[b->a] : r->rank[b->b];
    return ra != rb ? ra < rb : (uint64_t)r->rank[a->a] + r->rank[a->b] < (uint64_t)r->rank[b->a] + r->rank[b->b];
}

static Status fill_pairs(Report *p, Error *err)
{
    MatchRun *r = p->run;
    const MatchPair *near[SHOWN_PAIRS];
    size_t n = 0;
    MatchLook *x = NULL;
    TmplMatchReportPairs *out = NULL;
    for (size_t i = 0; i < r->pairs.len; i++) {
        const MatchPair *pair = &r->pairs.at[i];
        if (n == SHOWN_PAIRS && !is_closer(r, pair, near[n - 1]))
            continue;
        if (n < SHOWN_PAIRS)
            n++;
        size_t at = n - 1;
        for (; at > 0 && is_closer(r, pair, near[at - 1]); at--)
            near[at] = near[at - 1];
        near[at] = pair;
    }
    TRY(arena_new(&p->arena, TmplMatchReportPairs, SHOWN_PAIRS, &out, err));
    TRY(match_look_new(r->table, r->model, &x, err));
    Status st = OK;
    for (size_t i = 0; st == OK && i < n; i++)
        st = pair_row(p, x, near[i], &out[i], err);
    match_look_free(x);
    p->page.pairs = out;
    p->page.pairs_count = n;
    return st;
}

/* --- the page ------------------------------------------------------------------------------------------------------
 */

static Status fill_page(Report *p, Error *err)
{
    Buf config;
    p->page.language = SLICE("en");
    p->page.version = slice_of(CAIRN_VERSION);
    TRY(run_order(p->run, err));
    TRY(fill_summary(p, err));
    TRY(fill_sources(p, err));
    TRY(fill_truth(p, err));
    TRY(fill_segments(p, err));
    TRY(fill_passes(p, err));
    TRY(fill_training(p, err));
    TRY(fill_defaults(p, err));
    TRY(fill_scores(p, err));
    TRY(fill_clusters(p, err));
    TRY(fill_pairs(p, err));
    buf_init(&config, 0);
    match_config_write(&p->run->config, &p->run->input, &config);
    return keep(p, &config, &p->page.config, err);
}

Status write_report(MatchRun *r, const char *path, Error *err)
{
    Report p = {.run = r};
    Buf html;
    buf_init(&html, 0);
    arena_init(&p.arena, 0);
    Status st = fill_page(&p, err);
    if (st == OK) {
        tmpl_match_report(&html, &p.page);
        st = buf_status(&html, err);
    }
    if (st == OK)
        st = file_write(path, buf_slice(&html), MODE_PRIVATE, err);
    buf_free(&html);
    arena_free(&p.arena);
    return st;
}
