/*
 * One run: config, rows, model, pairs, clusters, and how right they are where the truth is known. Every step is the
 * match room's; this file decides what comes from where.
 */
#include "matchfile/run.h"

#include "matchfile/truth_file.h"

/* --- config ------------------------------------------------------------------------------------------------------- */

static Status read_text(Arena *arena, const char *path, size_t max, Slice *out, Error *err)
{
    Buf text;
    buf_init(&text, 0);
    Status st = file_read(path, max, &text, err);
    if (st == OK)
        st = arena_dup(arena, buf_slice(&text), out, err);
    buf_free(&text);
    if (st != OK)
        error_at(err, path_base(path), 0, NULL);
    return st;
}

/* A path in the config is meant from where the config lies. */
static Status read_nicknames(MatchRun *r, Error *err)
{
    const char *path = r->options.nicknames;
    if (r->input.nicknames.len > 0) {
        const char *config = r->options.config_path;
        size_t folder = config ? (size_t)(path_base(config) - config) : 0;
        if (r->input.nicknames.ptr[0] == '/')
            folder = 0;
        TRY(arena_printf(
            &r->arena, &path, err, "%.*s%.*s", (int)folder, config ? config : "", SLICE_ARG(r->input.nicknames)));
    }
    if (!path)
        return OK;
    Slice text;
    TRY(read_text(&r->arena, path, (size_t)64 << 20, &text, err));
    r->config.nickname_csv = text.ptr;
    return OK;
}

static Status use_options(MatchRun *r, Error *err)
{
    const MatchFileOptions *o = &r->options;
    MatchConfig *c = &r->config;
    if (o->id)
        r->input.id = slice_of(o->id);
    for (size_t i = 0; o->truth && i < r->people.file_count; i++)
        if (people_column(&r->people.files[i], slice_of(o->truth)) < PEOPLE_COLUMNS_MAX)
            r->input.truth = slice_of(o->truth);
    if (o->truth && r->input.truth.len == 0 && !file_exists(o->truth)) {
        error_set(err, ERR_NOT_FOUND, "truth \"%s\" is neither a column nor a file", o->truth);
        return ERR_NOT_FOUND;
    }
    if (o->seed >= 0)
        c->seed = (uint64_t)o->seed;
    if (o->threshold >= 0) {
        c->match_from = probability_weight(o->threshold);
        if (c->review_from > c->match_from)
            c->review_from = c->match_from;
        if (c->keep_from > c->review_from)
            c->keep_from = c->review_from;
    }
    return OK;
}

static Status mark_unique(MatchConfig *c, Slice names, Error *err)
{
    while (names.ptr) {
        Slice name = slice_trim(slice_cut(&names, ','));
        bool all = slice_eq_z(name, "all"), found = false;
        for (uint32_t s = 0; s < c->source_count; s++)
            if (all || slice_eq(c->sources[s].name, name)) {
                c->sources[s].unique = found = true;
                c->sources[s].dedupe = false;
            }
        if (!found)
            return error_set(err, ERR_INVALID, "no source is called \"%.*s\"", SLICE_ARG(slice_sub(name, 0, 80)));
    }
    return OK;
}

static Status make_config(MatchRun *r, Error *err)
{
    const MatchFileOptions *o = &r->options;
    if (o->config_path) {
        Slice text;
        TRY(read_text(&r->arena, o->config_path, (size_t)4 << 20, &text, err));
        TRY(match_config_parse(text, path_base(o->config_path), &r->arena, &r->config, &r->input, err));
        TRY(use_options(r, err));
    } else {
        match_config_init(&r->config);
        r->input.other.dedupe = true;
        TRY(use_options(r, err));
        TRY(profile_people(&r->people, &r->profile, err));
        TRY(suggest_config(&r->people, &r->profile, &r->config, &r->input, err));
        r->report.proposed = true;
    }
    TRY(people_sources(&r->people, &r->input, &r->config, o->log, err));
    if (o->unique)
        TRY(mark_unique(&r->config, slice_of(o->unique), err));
    TRY(read_nicknames(r, err));
    Status st = match_config_check(&r->config, err);
    if (st != OK && o->config_path)
        error_at(err, path_base(o->config_path), 0, NULL);
    return st;
}

static Status open_run(const MatchFileOptions *options, MatchRun **out, Error *err)
{
    MatchRun *r = NULL;
    TRY(mem_zalloc(1, sizeof *r, (void **)&r, err));
    arena_init(&r->arena, 0);
    r->options = *options;
    PeopleOptions people = {.paths = options->paths,
        .path_count = options->path_count,
        .threads = options->threads,
        .memory_mb = options->memory_mb};
    Status st = people_open(&people, &r->people, err);
    if (st == OK)
        st = make_config(r, err);
    if (st != OK)
        matchfile_free(r);
    else
        *out = r;
    return st;
}

Status matchfile_suggest(const MatchFileOptions *options, Buf *out, Error *err)
{
    MatchRun *r = NULL;
    MatchFileOptions fresh = *options;
    fresh.config_path = NULL;
    TRY(open_run(&fresh, &r, err));
    if (r->input.source.len == 0 && !options->unique)
        r->config.source_count = 0; /* files name their sources by themselves */
    suggest_write(&r->profile, &r->config, &r->input, out);
    matchfile_free(r);
    return buf_status(out, err);
}

/* --- truth and labels --------------------------------------------------------------------------------------------- */

static Status truth_of_rows(MatchRun *r, const RowNotes *notes, Error *err)
{
    uint32_t records = match_record_count(r->table);
    TRY(arena_new(&r->arena, uint32_t, (size_t)records + 1, &r->person, err));
    for (uint32_t i = 0; i < records; i++) {
        uint32_t number = notes->truth.at[match_record_added(r->table, i)];
        r->person[i] = number == ROW_TRUTH_NONE ? MATCH_NONE : number;
    }
    return OK;
}

static Status read_truth(MatchRun *r, const RowNotes *notes, TruthFile *labels, Error *err)
{
    const MatchFileOptions *o = &r->options;
    if (r->input.truth.len > 0)
        TRY(truth_of_rows(r, notes, err));
    bool truth_file = o->truth && r->input.truth.len == 0;
    if (!truth_file && !o->labels)
        return OK;
    RecordNames names;
    TRY(record_names_new(r->table, &r->config, &names, err));
    Status st = OK;
    if (truth_file) {
        TruthFile t;
        st = truth_file_read(o->truth, &names, &t, err);
        if (st == OK) {
            uint32_t records = match_record_count(r->table);
            st = arena_new(&r->arena, uint32_t, (size_t)records + 1, &r->person, err);
            if (st == OK)
                memcpy(r->person, t.person, records * sizeof *r->person);
            truth_file_free(&t);
        }
    }
    if (st == OK && o->labels)
        st = truth_file_read(o->labels, &names, labels, err);
    if (st == OK && o->labels && labels->labels.len == 0) {
        st = error_set(err, ERR_INVALID, "holds no labelled pairs: it needs columns id_a, id_b and match");
        error_at(err, path_base(o->labels), 0, NULL);
    }
    record_names_free(&names);
    return st;
}

/* --- time ----------------------------------------------------------------------------------------------------------
 */

typedef struct Watch {
    double clock, cpu;
} Watch;

static Watch watch_start(void)
{
    return (Watch){clock_monotonic(), clock_cpu()};
}

/* Time since the start, or since it was last taken. */
static void watch_take(Watch *w, MatchRunReport *r, unsigned step)
{
    Watch now = watch_start();
    r->seconds[step] = now.clock - w->clock;
    r->cpu[step] = now.cpu - w->cpu;
    *w = now;
}

/* --- the run ------------------------------------------------------------------------------------------------------ */

static Status make_model(MatchRun *r, const TruthFile *labels, Error *err)
{
    const MatchFileOptions *o = &r->options;
    if (o->model_path) {
        Slice text;
        TRY(read_text(&r->arena, o->model_path, (size_t)64 << 20, &text, err));
        return match_model_parse(text, path_base(o->model_path), &r->config, &r->model, err);
    }
    TrainOptions train = {.threads = o->threads,
        .log = o->log,
        .progress = o->progress,
        .labels = labels->labels.at,
        .label_count = labels->labels.len,
        .blocks = &r->blocks};
    r->report.trained = true;
    return match_train(r->table, &train, &r->model, &r->report.training, err);
}

/* Labels that were drawn fairly do not move the number of matches beyond so many times what training expects, chance
 * apart. */
#define LABELS_OFF 2
#define LABELS_CHANCE 10

/* What is known of how the labels were drawn. Without weights and without a word the number of matches tells, and that
 * is known when all pairs are scored, which a run that is cut into shares leaves to others. */
static Status check_drawing(const MatchRun *r, const TruthFile *labels, Error *err)
{
    if (!r->options.labels || labels->weighted != r->options.labels_sampled) /* said once */
        return OK;
    if (labels->weighted)
        error_set(err, ERR_USAGE, "has a column weight, and --labels-sampled says that each label stands for one pair");
    else if (r->options.partitions == 0)
        return OK;
    else
        error_set(err, ERR_USAGE, "does not say how its labels were drawn, which --partitions cannot find out");
    error_hint(err,
        "Labels drawn at random or by odds: --labels-sampled. Otherwise a column weight: how many pairs each "
        "stands for.");
    error_at(err, path_base(r->options.labels), 0, NULL);
    return ERR_USAGE;
}

/* Labels that somebody chose by their answer (every match there is, and a few of millions that are none) say nothing of
 * how often odds are right. Where nothing is known of how they were drawn, it shows in the number of matches. */
static Status check_labels(const MatchRun *r, const TruthFile *labels, Error *err)
{
    double stated = 0, expected = r->report.training.matches;
    if (labels->labels.len == 0 || labels->weighted || r->options.labels_sampled)
        return OK;
    for (size_t i = 0; i < r->pairs.len; i++)
        stated += weight_probability(r->pairs.at[i].odds);
    if (stated <= expected * LABELS_OFF + LABELS_CHANCE && stated >= expected / LABELS_OFF - LABELS_CHANCE)
        return OK;
    error_set(err, ERR_INVALID,
        "calibrated on these labels, %.0f pairs would be matches where training expects %.0f: they look drawn by their "
        "answer",
        stated, expected);
    error_hint(err,
        "If they were drawn by odds or at random all the same, say so by --labels-sampled: then the model is far off. "
        "Otherwise add a column weight: how many pairs each stands for. A list of all true pairs is for --truth.");
    error_at(err, path_base(r->options.labels), 0, NULL);
    return ERR_INVALID;
}

static void count_links(MatchRun *r)
{
    for (size_t i = 0; i < r->pairs.len; i++) {
        r->report.links += r->pairs.at[i].odds >= r->config.match_from;
        r->report.review += r->pairs.at[i].odds < r->config.match_from && r->pairs.at[i].odds >= r->config.review_from;
    }
}

static Status link_records(MatchRun *r, const RowNotes *notes, Error *err)
{
    TruthFile labels = {0};
    RunOptions run = {
        .threads = r->options.threads, .log = r->options.log, .progress = r->options.progress, .blocks = &r->blocks};
    MatchRunReport *report = &r->report;
    Status st;
    Watch watch = watch_start();
    TRY_OUT(read_truth(r, notes, &labels, err));
    TRY_OUT(check_drawing(r, &labels, err));
    TRY_OUT(make_model(r, &labels, err));
    watch_take(&watch, report, 1);
    if (r->options.partitions > 0 || r->options.scored) {
        match_blocks_free(r->blocks);
        r->blocks = NULL;
    }
    if (r->options.partitions > 0)
        goto out;
    TRY_OUT(
        r->options.scored ? run_merge(r, err) : match_pairs(r->table, r->model, &run, &r->pairs, &report->pairs, err));
    TRY_OUT(check_labels(r, &labels, err));
    watch_take(&watch, report, 2);
    TRY_OUT(match_clusters(r->table, r->model, &r->pairs, NULL, 0, &run, &r->clusters, &report->clusters, err));
    watch_take(&watch, report, 3);
    count_links(r);
    if (r->person) {
        TRY_OUT(match_truth(
            r->table, r->model, r->person, &r->pairs, report->pairs.compared, &r->clusters, &report->truth, err));
        report->has_truth = true;
    }
out:
    truth_file_free(&labels);
    return st;
}

Status matchfile_run(const MatchFileOptions *options, MatchRun **out, Error *err)
{
    MatchRun *r = NULL;
    RowNotes notes = {0};
    Watch watch = watch_start();
    TRY(open_run(options, &r, err));
    LoadOptions load = {.input = &r->input, .threads = options->threads, .progress = options->progress};
    Status st = people_load(&r->people, &r->config, &load, &r->table, &notes, err);
    if (st == OK) {
        watch_take(&watch, &r->report, 0);
        r->report.records = match_record_count(r->table);
        r->report.sources = r->config.source_count;
        st = link_records(r, &notes, err);
    }
    notes_free(&notes);
    if (st != OK)
        matchfile_free(r);
    else
        *out = r;
    return st;
}

void matchfile_free(MatchRun *r)
{
    if (!r)
        return;
    match_clusters_free(&r->clusters);
    match_blocks_free(r->blocks);
    vec_free(&r->pairs);
    buf_free(&r->names);
    match_model_free(r->model);
    match_table_free(r->table);
    people_close(&r->people);
    arena_free(&r->arena);
    mem_free(r);
}

const MatchRunReport *matchfile_report(const MatchRun *r)
{
    return &r->report;
}

const MatchConfig *matchfile_config(const MatchRun *r)
{
    return &r->config;
}
