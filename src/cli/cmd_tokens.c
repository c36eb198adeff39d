/* Linking without identifiers: encode at the sender's side, match-tokens at the linker's. Neither needs a data home. */
#include "cli/commands.h"
#include "token/token.h"

#include <stdio.h>

/* --- encode -------------------------------------------------------------------------------------------------- */

static const Option ENCODE_OPTIONS[] = {
    {"config", 0, "FILE", "the scheme: which columns, how they are hashed (docs/tokens.md)"},
    {"key", 0, "FILE", "the secret that all senders share"},
    {"out", 'o', "FILE", "token file to write"},
    {"new-key", 0, "FILE", "make a new secret and nothing else"},
};

static Status make_key(Cli *cli, const char *path, Error *err)
{
    TokenKey *key;
    char id[TOKEN_ID_SIZE];
    if (cli->positional_count > 0)
        return error_set(err, ERR_USAGE, "encode --new-key takes no files");
    TRY(token_key_create(path, err));
    TRY(token_key_read(path, &key, err));
    Status st = token_key_id(key, id, err);
    token_key_free(key);
    if (st == OK)
        cli_answer(
            cli, "key_id", slice_of(id), "new key %s in %s: for the senders only, never for the linker", id, path);
    return st;
}

static void say_encoded(Cli *cli, const TokenScheme *scheme, const EncodeReport *r)
{
    if (cli->format == CLI_JSON) {
        Json j;
        cli_json(cli, &j);
        json_kint(&j, "rows", (int64_t)r->rows);
        json_kint(&j, "empty", (int64_t)r->empty);
        json_kstr(&j, "scheme_id", slice_of(r->scheme_id));
        json_kstr(&j, "key_id", slice_of(r->key_id));
        json_key(&j, "missing");
        json_open_object(&j);
        for (size_t i = 0; i < scheme->field_count; i++) {
            char name[80];
            snprintf(name, sizeof name, "%.*s", SLICE_ARG(scheme->fields[i].name));
            json_kint(&j, name, (int64_t)r->missing[i]);
        }
        json_end(&j);
        cli_json_end(cli, &j);
        return;
    }
    cli_say(cli, "%" PRIu64 " rows encoded under scheme %s, key %s; without any field: %" PRIu64 "\n", r->rows,
        r->scheme_id, r->key_id, r->empty);
    for (size_t i = 0; i < scheme->field_count; i++)
        cli_say(
            cli, "  %-24.*s missing or unreadable in %" PRIu64 "\n", SLICE_ARG(scheme->fields[i].name), r->missing[i]);
}

static Status run_encode(Cli *cli, Error *err)
{
    uint64_t threads;
    TokenScheme scheme;
    TokenKey *key;
    EncodeReport report;
    const char *config = cli_value(cli, "config"), *secret = cli_value(cli, "key");
    if (cli_value(cli, "new-key"))
        return make_key(cli, cli_value(cli, "new-key"), err);
    EncodeOptions o = {.files = cli->positional, .file_count = cli->positional_count, .out = cli_value(cli, "out")};
    if (!config || !secret || !o.out || o.file_count == 0)
        return error_set(err, ERR_USAGE, "encode needs files, --config, --key and --out");
    for (size_t i = 0; i < o.file_count; i++)
        if (strcmp(o.files[i], o.out) == 0)
            return error_set(err, ERR_USAGE, "--out would replace %s", path_base(o.out));
    TRY(cli_number(cli, "threads", 0, 1, 1024, &threads, err));
    TRY(token_scheme_read(config, &cli->arena, &scheme, err));
    TRY(token_key_read(secret, &key, err));
    o.scheme = &scheme;
    o.key = key;
    o.threads = (unsigned)threads;
    o.progress = cli->progress;
    Status st = token_encode(&o, &report, err);
    token_key_free(key);
    if (st == OK)
        say_encoded(cli, &scheme, &report);
    return st;
}

const Command CMD_ENCODE = {
    .name = "encode",
    .synopsis = "[FILE...]",
    .summary = "turn a CSV file's identifiers into keyed tokens, at the sender's side",
    .text = "For an agency that may not send names: writes a file of row ids, Bloom-filter tokens and block tokens. "
            "All senders use the same key and scheme; the office that links gets the token files and never the key. "
            "Needs no data home."
            "\n\nFirst, once: cairn encode --new-key FILE. docs/tokens.md says who keeps the key, what the hardening "
            "options are for, and what a token file still tells.",
    .options = ENCODE_OPTIONS,
    .option_count = COUNT_OF(ENCODE_OPTIONS),
    .positional_max = CLI_MAX_POSITIONAL,
    .run = run_encode,
};

/* --- match-tokens -------------------------------------------------------------------------------------------- */

static const Option MATCH_OPTIONS[] = {
    {"out", 'o', "DIR", "folder for pairs.csv and report.json"},
    {"pairs", 0, "WHICH", "all, blocked, or auto: all while that takes seconds (default auto)"},
    {"threshold", 0, "N", "lowest score of a link, 1 to 10000 (default: chosen from the data)"},
    {"duplicates", 0, NULL, "the files may hold a person more than once: link every pair above the threshold"},
    {"truth", 0, "FILE", "CSV with two columns of ids that belong together: prints precision and recall"},
};

typedef struct Match {
    Cli *cli;
    const char *out_dir;
    TokenSet *sets[CLI_MAX_POSITIONAL];
    size_t set_count;
    TokenLinkOptions options;
    CsvTable truth;
    bool has_truth;
    bool *used; /* a row of the truth */
    TokenQuality quality;
    uint64_t links;
    Buf pairs;
    Buf report;
    Json json;
} Match;

static Status read_options(Match *m, Error *err)
{
    static const char *const words[] = {"auto", "all", "blocked"};
    const char *pairs = cli_value(m->cli, "pairs");
    uint64_t threads, threshold;
    m->out_dir = cli_value(m->cli, "out");
    if (!m->out_dir || m->cli->positional_count < 2)
        return error_set(err, ERR_USAGE, "match-tokens needs two or more token files and --out DIR");
    TRY(cli_number(m->cli, "threads", 0, 1, 1024, &threads, err));
    TRY(cli_number(m->cli, "threshold", 0, 1, KERNEL_ONE, &threshold, err));
    m->options = (TokenLinkOptions){.threads = (unsigned)threads, .threshold = (uint32_t)threshold};
    m->options.progress = m->cli->progress;
    m->options.sources = cli_flag(m->cli, "duplicates") ? SOURCES_WITH_DUPLICATES : SOURCES_DUPLICATE_FREE;
    for (unsigned i = 0; pairs && i < COUNT_OF(words); i++)
        if (strcmp(pairs, words[i]) == 0) {
            m->options.blocking = (TokenBlocking)i;
            pairs = NULL;
        }
    if (pairs)
        return error_set(err, ERR_USAGE, "--pairs is all, blocked or auto");
    return kernel_choose(&m->options.kernels, err);
}

static Status read_files(Match *m, Error *err)
{
    for (size_t i = 0; i < m->cli->positional_count; i++) {
        TRY(token_set_read(m->cli->positional[i], &m->sets[i], err));
        m->set_count++;
        for (size_t k = 0; k < i; k++)
            if (strcmp(token_set_name(m->sets[k]), token_set_name(m->sets[i])) == 0)
                return error_set(err, ERR_USAGE, "two of the files are called %s", token_set_name(m->sets[i]));
    }
    const char *truth = cli_value(m->cli, "truth");
    if (!truth)
        return OK;
    TRY(csv_read(truth, &m->cli->arena, &m->truth, err));
    TRY(arena_new(&m->cli->arena, bool, m->truth.rows, &m->used, err));
    m->has_truth = true;
    return OK;
}

static void add_pair(Match *m, const TokenSet *a, const TokenSet *b, const TokenPair *p)
{
    csv_cell(&m->pairs, slice_of(token_set_name(a)));
    buf_addc(&m->pairs, ',');
    csv_cell(&m->pairs, token_set_id(a, p->a));
    buf_addc(&m->pairs, ',');
    csv_cell(&m->pairs, slice_of(token_set_name(b)));
    buf_addc(&m->pairs, ',');
    csv_cell(&m->pairs, token_set_id(b, p->b));
    buf_addf(&m->pairs, ",%" PRIu32 ".%04" PRIu32 "\n", p->score / KERNEL_ONE, p->score % KERNEL_ONE);
}

static double share(uint64_t part, uint64_t whole)
{
    return whole ? (double)part / (double)whole : 0;
}

static double f1_of(const TokenQuality *q)
{
    return share(2 * q->right, q->links + q->truth);
}

static void quality_members(Json *j, const TokenQuality *q)
{
    json_kint(j, "true_pairs", (int64_t)q->truth);
    json_kint(j, "right", (int64_t)q->right);
    json_key(j, "compared_share");
    json_fixed(j, share(q->reached, q->truth), 4);
    json_key(j, "precision");
    json_fixed(j, share(q->right, q->links), 4);
    json_key(j, "recall");
    json_fixed(j, share(q->right, q->truth), 4);
    json_key(j, "f1");
    json_fixed(j, f1_of(q), 4);
}

static void link_members(Json *j, const TokenSet *a, const TokenSet *b, const TokenLinks *l)
{
    json_kstr(j, "a", slice_of(token_set_name(a)));
    json_kstr(j, "b", slice_of(token_set_name(b)));
    json_kstr(j, "pairs", l->all_pairs ? SLICE("all") : SLICE("blocked"));
    json_kint(j, "compared", (int64_t)l->compared);
    json_kint(j, "lowest_score_seen", l->floor);
    json_kint(j, "threshold", l->threshold);
    json_kint(j, "links", (int64_t)l->pairs.len);
    json_kint(j, "expected_false", (int64_t)l->expected_false);
    json_kint(j, "expected_missed_above_lowest_score", (int64_t)l->expected_missed);
}

static void say_links(Match *m, const TokenSet *a, const TokenSet *b, const TokenLinks *l)
{
    if (m->cli->format == CLI_JSON)
        return;
    cli_say(m->cli, "%s with %s: %zu links of at least %.4f, about %" PRIu64 " of them false (%s)\n", token_set_name(a),
        token_set_name(b), l->pairs.len, (double)l->threshold / KERNEL_ONE, l->expected_false,
        l->all_pairs ? "all pairs compared" : "pairs with a block in common compared");
}

static Status link_two(Match *m, const TokenSet *a, const TokenSet *b, Error *err)
{
    TokenLinks links = {0};
    TokenQuality q = {0};
    TRY(token_link(a, b, &m->options, &links, err));
    Status st = m->has_truth ? token_quality(a, b, &links, &m->truth, m->used, &q, err) : OK;
    for (size_t i = 0; i < links.pairs.len && st == OK; i++)
        add_pair(m, a, b, &links.pairs.at[i]);
    json_open_object(&m->json);
    link_members(&m->json, a, b, &links);
    if (m->has_truth)
        quality_members(&m->json, &q);
    json_end(&m->json);
    say_links(m, a, b, &links);
    m->links += links.pairs.len;
    m->quality.truth += q.truth;
    m->quality.links += q.links;
    m->quality.right += q.right;
    m->quality.reached += q.reached;
    token_links_free(&links);
    return st;
}

static void begin_report(Match *m)
{
    buf_init(&m->report, 0);
    buf_init(&m->pairs, (size_t)8 << 30);
    buf_adds(&m->pairs, "file_a,id_a,file_b,id_b,score\n");
    json_begin(&m->json, &m->report, JSON_PRETTY);
    json_open_object(&m->json);
    json_kstr(&m->json, "scheme_id", slice_of(token_set_scheme_id(m->sets[0])));
    json_kstr(&m->json, "key_id", slice_of(token_set_key_id(m->sets[0])));
    json_key(&m->json, "files");
    json_open_array(&m->json);
    for (size_t i = 0; i < m->set_count; i++) {
        json_open_object(&m->json);
        json_kstr(&m->json, "name", slice_of(token_set_name(m->sets[i])));
        json_kint(&m->json, "records", (int64_t)token_set_count(m->sets[i]));
        json_end(&m->json);
    }
    json_end(&m->json);
    json_key(&m->json, "linked");
    json_open_array(&m->json);
}

static uint64_t unused_truth(const Match *m)
{
    uint64_t n = 0;
    for (size_t r = 0; r < m->truth.rows; r++)
        n += !m->used[r];
    return n;
}

static Status end_report(Match *m, Error *err)
{
    const char *pairs, *report;
    json_end(&m->json);
    if (m->has_truth) {
        json_key(&m->json, "truth");
        json_open_object(&m->json);
        json_kint(&m->json, "rows_not_in_the_files", (int64_t)unused_truth(m));
        quality_members(&m->json, &m->quality);
        json_end(&m->json);
    }
    json_end(&m->json);
    buf_addc(&m->report, '\n');
    TRY(buf_status(&m->pairs, err));
    TRY(buf_status(&m->report, err));
    TRY(dir_make(m->out_dir, MODE_DIR_PRIVATE, err));
    TRY(path_join(&m->cli->arena, m->out_dir, "pairs.csv", &pairs, err));
    TRY(path_join(&m->cli->arena, m->out_dir, "report.json", &report, err));
    TRY(file_write(pairs, buf_slice(&m->pairs), MODE_PRIVATE, err));
    return file_write(report, buf_slice(&m->report), MODE_PRIVATE, err);
}

static void say_end(Match *m)
{
    const TokenQuality *q = &m->quality;
    if (m->cli->format == CLI_JSON) {
        Json j;
        cli_json(m->cli, &j);
        json_kint(&j, "links", (int64_t)m->links);
        if (m->has_truth)
            quality_members(&j, q);
        cli_json_end(m->cli, &j);
        return;
    }
    if (m->has_truth)
        cli_say(m->cli,
            "truth: %" PRIu64 " pairs (%" PRIu64 " more not in these files), %.4f of them compared\n"
            "precision %.4f  recall %.4f  F1 %.4f\n",
            q->truth, unused_truth(m), share(q->reached, q->truth), share(q->right, q->links),
            share(q->right, q->truth), f1_of(q));
    cli_say(m->cli, "pairs in %s/pairs.csv, all figures in %s/report.json\n", m->out_dir, m->out_dir);
}

static Status run_match(Cli *cli, Error *err)
{
    Match m = {.cli = cli};
    Status st = read_options(&m, err);
    if (st == OK)
        st = read_files(&m, err);
    if (st == OK) {
        begin_report(&m);
        for (size_t i = 0; i < m.set_count && st == OK; i++)
            for (size_t j = i + 1; j < m.set_count && st == OK; j++)
                st = link_two(&m, m.sets[i], m.sets[j], err);
        if (st == OK)
            st = end_report(&m, err);
        if (st == OK)
            say_end(&m);
    }
    buf_free(&m.pairs);
    buf_free(&m.report);
    for (size_t i = 0; i < m.set_count; i++)
        token_set_free(m.sets[i]);
    return st;
}

const Command CMD_MATCH_TOKENS = {
    .name = "match-tokens",
    .synopsis = "FILE FILE...",
    .summary = "link files of tokens that senders made with cairn encode",
    .text = "Compares the tokens of each two files and writes which records are taken for one person. Needs no key and "
            "no data home. Files must be of one scheme and one key."
            "\n\nWithout --threshold the data decide: links that the same procedure makes within the files, where none "
            "is true, tell how many of those between the files are false. That supposes files without duplicates; "
            "--duplicates fits two groups of scores instead, which is coarser: look at the scores then.",
    .options = MATCH_OPTIONS,
    .option_count = COUNT_OF(MATCH_OPTIONS),
    .positional_min = 2,
    .positional_max = CLI_MAX_POSITIONAL,
    .run = run_match,
};
