/* cairn match: links and de-duplicates files without a data home. */
#include "cli/commands.h"
#include "matchfile/matchfile.h"

static const Option MATCH_OPTIONS[] = {
    {"config", 'c', "FILE", "what the columns are and how they are compared (default: proposed from the columns)"},
    {"out", 'o', "DIR", "folder for pairs, clusters, model, config and report"},
    {"suggest", 0, NULL, "print a config proposed from the columns, and do nothing else"},
    {"id", 0, "COLUMN", "column that names a record (default: the config's, else the row's number)"},
    {"unique", 0, "SOURCES", "sources that hold nobody twice, parted by commas; all: every one"},
    {"truth", 0, "COLUMN|FILE", "who is who: print precision, recall and F1, all true pairs counted"},
    {"labels", 0, "FILE", "pairs whose truth is known: the stated probabilities are calibrated on them"},
    {"labels-sampled", 0, NULL,
        "the labels were drawn at random or by odds, whatever their answer: each stands for one pair"},
    {"model", 0, "FILE", "use these parameters instead of training"},
    {"threshold", 0, "P", "probability from which on two records are linked (default: the config's, else 0.5)"},
    {"seed", 0, "S", "seed of everything random (default: the config's, else 1)"},
    {"format", 0, "csv|parquet", "format of pairs and clusters (default csv)"},
    {"partitions", 0, "N", "do not score: write the model and N shares for cairn match-worker into DIR"},
    {"scored", 0, "DIR", "do not score: take the workers' answers to the shares in DIR; needs --model"},
    {"why", 0, "ID", "with --with: explain these two records (ID or SOURCE:ID)"},
    {"with", 0, "ID", "the other record of --why"},
    {"policy", 0, "DIR",
        "folder whose identity/nicknames.csv is used (default: CAIRN_POLICY, then the installed Colorado)"},
};

/* --- options -------------------------------------------------------------------------------------------------------
 */

static Status read_threshold(Cli *cli, double *out, Error *err)
{
    const char *text = cli_value(cli, "threshold");
    if (!text)
        return OK;
    if (parse_f64(slice_of(text), out, NULL) != OK || !(*out >= 0 && *out <= 1))
        return error_set(err, ERR_USAGE, "--threshold must be a probability from 0 to 1");
    return OK;
}

/* The table of nicknames is a help, not a need: without a policy folder there is none. */
static Status find_nicknames(Cli *cli, const char **out, Error *err)
{
    const char *dir = NULL, *path = NULL;
    *out = NULL;
    if (cli_policy_dir(cli, &dir, err) != OK) {
        if (cli_value(cli, "policy"))
            return err->status;
        error_clear(err);
        return OK;
    }
    TRY(path_join(&cli->arena, dir, "identity/nicknames.csv", &path, err));
    if (file_exists(path))
        *out = path;
    return OK;
}

static Status read_options(Cli *cli, MatchFileOptions *o, Error *err)
{
    uint64_t threads, memory, seed, partitions;
    *o = (MatchFileOptions)MATCH_FILE_OPTIONS_INIT;
    TRY(cli_number(cli, "threads", 0, 1, 1024, &threads, err));
    TRY(cli_number(cli, "memory", 0, 64, UINT64_C(16) << 20, &memory, err));
    TRY(cli_number(cli, "seed", UINT64_MAX, 0, INT64_MAX, &seed, err));
    TRY(cli_number(cli, "partitions", 0, 1, 9999, &partitions, err));
    TRY(read_threshold(cli, &o->threshold, err));
    TRY(find_nicknames(cli, &o->nicknames, err));
    o->paths = cli->positional;
    o->path_count = cli->positional_count;
    o->config_path = cli_value(cli, "config");
    o->model_path = cli_value(cli, "model");
    o->truth = cli_value(cli, "truth");
    o->labels = cli_value(cli, "labels");
    o->labels_sampled = cli_flag(cli, "labels-sampled");
    o->id = cli_value(cli, "id");
    o->unique = cli_value(cli, "unique");
    o->seed = seed == UINT64_MAX ? -1 : (int64_t)seed;
    o->partitions = (uint32_t)partitions;
    o->scored = cli_value(cli, "scored");
    o->threads = (unsigned)threads;
    o->memory_mb = memory;
    o->log = &cli->log;
    o->progress = cli->progress;
    const char *format = cli_value(cli, "format");
    if (format && strcmp(format, "csv") != 0 && strcmp(format, "parquet") != 0)
        return error_set(err, ERR_USAGE, "--format must be csv or parquet");
    o->format = format && strcmp(format, "parquet") == 0 ? MATCH_PARQUET : MATCH_CSV;
    return OK;
}

/* --- answers -------------------------------------------------------------------------------------------------------
 */

static void say_counts(Cli *cli, const char *what, PairCounts c)
{
    cli_say(cli, "  %-12s %9.5f %9.5f %9.5f   %" PRIu64 " found, %" PRIu64 " right of %" PRIu64 "\n", what,
        pair_precision(c), pair_recall(c), pair_f1(c), c.found, c.right, c.truth);
}

static void say_truth(Cli *cli, const TruthReport *t)
{
    cli_say(cli, "\nagainst the truth (%" PRIu64 " records, %" PRIu64 " persons)\n  %-12s %9s %9s %9s\n", t->records,
        t->persons, "", "precision", "recall", "F1");
    say_counts(cli, "candidates", t->candidates);
    say_counts(cli, "pairs", t->pairs);
    say_counts(cli, "clusters", t->clusters);
    say_counts(cli, "best pairs", t->best);
    cli_say(cli, "  best pairs at a probability of %.4f; largest cluster %" PRIu64 ", largest person %" PRIu64 "\n",
        weight_probability(t->best_from), t->largest, t->largest_true);
    cli_say(cli, "\n  %-17s %10s %9s %9s\n", "stated", "pairs", "mean", "right");
    for (size_t i = 0; i < COUNT_OF(t->bins); i++)
        if (t->bins[i].pairs > 0)
            cli_say(cli, "  %7.4f - %7.4f %10" PRIu64 " %9.4f %9.4f\n", t->bins[i].from, t->bins[i].to,
                t->bins[i].pairs, t->bins[i].stated, (double)t->bins[i].right / (double)t->bins[i].pairs);
}

static void say_report(Cli *cli, const MatchRunReport *r)
{
    cli_say(cli, "%" PRIu64 " records of %" PRIu64 " sources%s\n", r->records, r->sources,
        r->proposed ? ", config proposed from the columns" : "");
    cli_say(cli, "compared   %" PRIu64 " pairs under %" PRIu32 " passes\n", r->pairs.compared, r->pairs.pass_count);
    cli_say(cli, "links      %" PRIu64 ", for review %" PRIu64 "\n", r->links, r->review);
    cli_say(cli, "clusters   %" PRIu64 ", of one record %" PRIu64 ", largest %" PRIu64 "; refused links %" PRIu64 "\n",
        r->clusters.clusters, r->clusters.singletons, r->clusters.largest, r->clusters.refused);
    const TrainReport *t = &r->training;
    if (r->trained)
        cli_say(cli,
            "model      %s after %" PRIu32 " iterations; %.1f expected matches, %.1f missed by the passes; %" PRIu32
            " levels at their default\n",
            t->converged ? "converged" : "not converged", t->iterations, t->matches, t->missed, t->default_levels);
    if (r->has_truth)
        say_truth(cli, &r->truth);
}

static void json_counts(Json *j, const char *key, PairCounts c)
{
    json_key(j, key);
    json_open_object(j);
    json_kint(j, "found", (int64_t)c.found);
    json_kint(j, "right", (int64_t)c.right);
    json_kint(j, "truth", (int64_t)c.truth);
    json_key(j, "precision");
    json_num(j, pair_precision(c));
    json_key(j, "recall");
    json_num(j, pair_recall(c));
    json_key(j, "f1");
    json_num(j, pair_f1(c));
    json_end(j);
}

static void json_truth(Json *j, const TruthReport *t)
{
    json_key(j, "truth");
    json_open_object(j);
    json_kint(j, "records", (int64_t)t->records);
    json_kint(j, "persons", (int64_t)t->persons);
    json_counts(j, "candidates", t->candidates);
    json_counts(j, "pairs", t->pairs);
    json_counts(j, "clusters", t->clusters);
    json_counts(j, "best", t->best);
    json_key(j, "best_from");
    json_num(j, weight_probability(t->best_from));
    json_key(j, "calibration");
    json_open_array(j);
    for (size_t i = 0; i < COUNT_OF(t->bins); i++) {
        json_open_object(j);
        json_key(j, "from");
        json_num(j, t->bins[i].from);
        json_key(j, "to");
        json_num(j, t->bins[i].to);
        json_kint(j, "pairs", (int64_t)t->bins[i].pairs);
        json_kint(j, "right", (int64_t)t->bins[i].right);
        json_key(j, "stated");
        json_num(j, t->bins[i].stated);
        json_end(j);
    }
    json_end(j);
    json_end(j);
}

static void json_seconds(Json *j, const char *key, const double seconds[4])
{
    static const char *const steps[] = {"read", "train", "pairs", "clusters"};
    json_key(j, key);
    json_open_object(j);
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        json_key(j, steps[i]);
        json_fixed(j, seconds[i], 2);
    }
    json_end(j);
}

static void answer_json(Cli *cli, const MatchRunReport *r)
{
    Json j;
    cli_json(cli, &j);
    json_kint(&j, "records", (int64_t)r->records);
    json_kint(&j, "sources", (int64_t)r->sources);
    json_kbool(&j, "proposed", r->proposed);
    json_kint(&j, "compared", (int64_t)r->pairs.compared);
    json_kint(&j, "links", (int64_t)r->links);
    json_kint(&j, "review", (int64_t)r->review);
    json_kint(&j, "clusters", (int64_t)r->clusters.clusters);
    json_kint(&j, "largest", (int64_t)r->clusters.largest);
    json_kbool(&j, "converged", r->training.converged);
    json_key(&j, "expected_matches");
    json_num(&j, r->training.matches);
    json_key(&j, "expected_missed");
    json_num(&j, r->training.missed);
    json_seconds(&j, "seconds", r->seconds);
    json_seconds(&j, "cpu_seconds", r->cpu);
    if (r->has_truth)
        json_truth(&j, &r->truth);
    cli_json_end(cli, &j);
}

/* --- the command ---------------------------------------------------------------------------------------------------
 */

static Status run_and_answer(Cli *cli, const MatchFileOptions *o, Error *err)
{
    const char *dir = cli_value(cli, "out"), *why = cli_value(cli, "why");
    MatchRun *run = NULL;
    TRY(matchfile_run(o, &run, err));
    Status st = !dir ? OK : o->partitions ? matchfile_partition(run, dir, err) : matchfile_write(run, dir, err);
    if (st == OK && o->partitions)
        cli_answer(cli, "partitions", slice_of(dir), "model and shares are in %s", dir);
    else if (st == OK && why)
        st = matchfile_why(run, slice_of(why), slice_of(cli_value(cli, "with")), &cli->out, err);
    else if (st == OK && cli->format == CLI_JSON)
        answer_json(cli, matchfile_report(run));
    else if (st == OK && !cli_flag(cli, "quiet"))
        say_report(cli, matchfile_report(run));
    matchfile_free(run);
    return st;
}

static Status run_match(Cli *cli, Error *err)
{
    MatchFileOptions o;
    TRY(read_options(cli, &o, err));
    if ((cli_value(cli, "why") != NULL) != (cli_value(cli, "with") != NULL))
        return error_set(err, ERR_USAGE, "--why and --with go together: they name two records");
    if (o.partitions && (!cli_value(cli, "out") || o.scored || cli_value(cli, "why")))
        return error_set(err, ERR_USAGE, "--partitions needs --out, and neither --scored nor --why");
    if (o.scored && !o.model_path)
        return error_set(err, ERR_USAGE, "--scored needs --model: the one that the shares were made with");
    if (o.labels && o.model_path)
        return error_set(err, ERR_USAGE, "--labels calibrates the model that is trained, and --model has one already");
    if (o.labels_sampled && !o.labels)
        return error_set(
            err, ERR_USAGE, "--labels-sampled says how the pairs of --labels were drawn, and there are none");
    if (cli_flag(cli, "suggest"))
        return matchfile_suggest(&o, &cli->out, err);
    if (!cli_value(cli, "out") && !o.truth && !cli_value(cli, "why"))
        return error_set(err, ERR_USAGE, "match needs --out DIR, or --truth, --why or --suggest to print an answer");
    return run_and_answer(cli, &o, err);
}

const Command CMD_MATCH = {
    .name = "match",
    .synopsis = "FILE...",
    .summary = "link and de-duplicate files with persons in them, without a data home",
    .text =
        "Reads CSV and Parquet files, works out which rows are one person, and writes into DIR: pairs (score, level of "
        "each field, why), clusters (a stable id a record), the model, the config as used, and report.html.\n\n"
        "Each file is a source unless the config names a column that tells the source. Without a config one is "
        "proposed from the columns; --suggest prints it. docs/match.md describes the config and the files.\n\n"
        "With --truth, recall counts every true pair, also those that no blocking pass brings together.",
    .options = MATCH_OPTIONS,
    .option_count = COUNT_OF(MATCH_OPTIONS),
    .positional_min = 1,
    .positional_max = CLI_MAX_POSITIONAL,
    .run = run_match,
};

static const Option WORKER_OPTIONS[] = {
    {"model", 0, "FILE", "model.json beside the shares"},
    {"out", 'o', "FILE", "where the scored pairs go (default: standard output)"},
};

static Status run_worker(Cli *cli, Error *err)
{
    const char *model = cli_value(cli, "model"), *path = cli_value(cli, "out");
    if (!model)
        return error_set(err, ERR_USAGE, "match-worker needs --model FILE");
    if (!path)
        return matchfile_score_share(cli->positional[0], model, &cli->out, err);
    Buf text;
    buf_init(&text, (size_t)1 << 36);
    Status st = matchfile_score_share(cli->positional[0], model, &text, err);
    if (st == OK)
        st = file_write(path, buf_slice(&text), MODE_PRIVATE, err);
    buf_free(&text);
    return st;
}

const Command CMD_MATCH_WORKER = {
    .name = "match-worker",
    .synopsis = "SHARE",
    .summary = "score one share of a match, anywhere",
    .text =
        "A share (cairn match --partitions) and the model in, its scored pairs out, sorted: a function of the bytes of "
        "the two files. Any number of workers may run, on one machine or on many; cairn match --scored joins their "
        "answers into the same result as a run in one piece. docs/match.md has examples.",
    .options = WORKER_OPTIONS,
    .option_count = COUNT_OF(WORKER_OPTIONS),
    .positional_min = 1,
    .positional_max = 1,
    .run = run_worker,
};
