/*
 * What tokens cost in accuracy and time: FEBRL's fourth pair of files (5,000
 * persons, one record with up to several errors each; Christen 2008) linked in
 * clear text and by tokens of several schemes, all pairs and blocked, with all
 * true pairs in the denominator. First whole, where every record has a partner
 * and any threshold does; then with a third of the persons taken from each file,
 * so that half of the records have none.
 *
 * Clear text: the mean similarity of the fields that both records have
 * (Jaro-Winkler for words, exact for numbers, OSA within one for the birth
 * date), linked one-to-one by falling score, at the threshold that is best with
 * the truth in hand. Tokens choose their threshold themselves; `best` is what
 * the truth would have chosen.
 *
 * Usage: bench_tokens FEBRL_FOLDER SCRATCH_FOLDER
 */
#include <stdio.h>
#include <stdlib.h>

#include "token/token.h"

#define HEAD \
    "schema = \"cairn.tokens/1\"\nid = \"rec_id\"\n"
#define NAMES(extra) \
    "[[field]]\nname = \"first\"\ncolumn = \"given_name\"\nhashes = 16\n" extra \
    "[[field]]\nname = \"last\"\ncolumn = \"surname\"\nhashes = 16\n" extra
#define REST \
    "[[field]]\nname = \"birth\"\ncolumn = \"date_of_birth\"\nkind = \"date\"\nhashes = 16\n" \
    "[[field]]\nname = \"zip\"\ncolumn = \"postcode\"\nkind = \"digits\"\nhashes = 10\n" \
    "[[field]]\nname = \"suburb\"\nhashes = 6\n" \
    "[[field]]\nname = \"street\"\ncolumn = \"address_1\"\nhashes = 6\n" \
    "[[field]]\nname = \"number\"\ncolumn = \"street_number\"\nkind = \"digits\"\nhashes = 6\n"
#define SSN "[[field]]\nname = \"ssn\"\ncolumn = \"soc_sec_id\"\nkind = \"digits\"\nhashes = 16\n"
#define BLOCKS \
    "[[block]]\nname = \"name_year\"\nparts = [\"last/soundex\", \"birth/year\"]\n" \
    "[[block]]\nname = \"first_zip\"\nparts = [\"first/soundex\", \"zip/whole\"]\n" \
    "[[block]]\nname = \"born\"\nparts = [\"birth/whole\"]\n"

static const struct {
    const char *name, *toml;
} SCHEMES[] = {
    {"plain", HEAD NAMES("") REST BLOCKS},
    {"plain, with SSN", HEAD NAMES("") REST SSN BLOCKS},
    {"2048 bits", HEAD "bits = 2048\n" NAMES("") REST BLOCKS},
    {"names salted by year of birth", HEAD NAMES("salted = true\n") REST BLOCKS "[hardening]\nsalt = \"birth\"\n"},
    {"two steps", HEAD NAMES("") REST BLOCKS "[hardening]\ntwo_step = true\n"},
    {"folded once (512 bits)", HEAD NAMES("") REST BLOCKS "[hardening]\nfolds = 1\n"},
    {"2 % noise", HEAD NAMES("") REST BLOCKS "[hardening]\nnoise_ppm = 20000\n"},
    {"salted, 2 % noise", HEAD NAMES("salted = true\n") REST BLOCKS
                          "[hardening]\nsalt = \"birth\"\nnoise_ppm = 20000\n"},
    {"by field, 512 bits each", HEAD "level = \"field\"\nbits = 512\n" NAMES("") REST BLOCKS},
};

typedef struct Tally {
    uint64_t links, right, truth;
} Tally;

static void say(const char *name, const char *way, Tally t, double best, double reach, double seconds)
{
    double p = t.links ? (double)t.right / (double)t.links : 0, r = (double)t.right / (double)t.truth;
    double f1 = p + r > 0 ? 2 * p * r / (p + r) : 0;
    printf("%-32s %-8s %9.4f %9.4f %9.4f %9.4f %9.4f %8.2f\n", name, way, p, r, f1, best, reach, seconds);
}

/* "rec-17-org" and "rec-17-dup-0" are one person. */
static bool same_person(Slice a, Slice b)
{
    for (int cuts = 0; cuts < 2; cuts++)
        if (!slice_eq(slice_cut(&a, '-'), slice_cut(&b, '-')))
            return false;
    return true;
}

/* *at: links and hits of the best threshold. */
static double best_f1(const TokenPair *pairs, const bool *right, size_t n, uint64_t truth, Tally *at)
{
    double best = 0;
    uint64_t count[KERNEL_ONE + 1] = {0}, hit[KERNEL_ONE + 1] = {0}, links = 0, good = 0;
    for (size_t i = 0; i < n; i++) {
        count[pairs[i].score]++;
        hit[pairs[i].score] += right[i];
    }
    for (uint32_t s = KERNEL_ONE; s > 0; s--) {
        links += count[s];
        good += hit[s];
        double f = 2 * (double)good / (double)(links + truth);
        if (f > best) {
            best = f;
            *at = (Tally){links, good, truth};
        }
    }
    return best;
}

/* --- tokens -------------------------------------------------------------------------------------------------- */

static Status count_right(
    const TokenSet *a, const TokenSet *b, const TokenLinks *l, uint64_t truth, Tally *out, double *best, Error *err)
{
    bool *right;
    TRY(mem_zalloc(l->pairs.len, 1, (void **)&right, err));
    *out = (Tally){.links = l->pairs.len, .truth = truth};
    for (size_t i = 0; i < l->pairs.len; i++) {
        right[i] = same_person(token_set_id(a, l->pairs.at[i].a), token_set_id(b, l->pairs.at[i].b));
        out->right += right[i];
    }
    Tally ignored;
    *best = best_f1(l->pairs.at, right, l->pairs.len, truth, &ignored);
    mem_free(right);
    return OK;
}

/* The pairs that are true, for what blocking brings together. Both sets are in the order of their ids. */
static Status true_pairs(const TokenSet *a, const TokenSet *b, TokenPairs *out, Error *err)
{
    Map persons;
    TRY(map_init(&persons, err));
    Status st = OK;
    for (size_t i = 0; i < token_set_count(a) && st == OK; i++) {
        Slice rest = token_set_id(a, i);
        (void)slice_cut(&rest, '-');
        st = map_put(&persons, slice_cut(&rest, '-'), i, NULL, err);
    }
    for (size_t j = 0; j < token_set_count(b) && st == OK; j++) {
        Slice rest = token_set_id(b, j);
        uint64_t i;
        (void)slice_cut(&rest, '-');
        if (map_get(&persons, slice_cut(&rest, '-'), &i))
            st = vec_push(out, ((TokenPair){(uint32_t)i, (uint32_t)j, 0}), err);
    }
    map_free(&persons);
    return st;
}

static Status link_ways(const char *name, const TokenSet *a, const TokenSet *b, double encode_seconds, Error *err)
{
    TokenPairs truth = {0};
    Status st = true_pairs(a, b, &truth, err);
    uint64_t reach = 0;
    if (st == OK)
        st = token_blocking_reach(a, b, truth.at, truth.len, &reach, err);
    for (int way = BLOCKING_ALL; way <= BLOCKING_KEYS && st == OK; way++) {
        TokenLinkOptions o = {.blocking = (TokenBlocking)way, .threads = 1, .progress = PROGRESS_OFF};
        TokenLinks links = {0}, any = {0};
        Tally tally = {0}, unused;
        double best = 0, ignored, start = clock_cpu();
        st = token_link(a, b, &o, &links, err);
        double seconds = clock_cpu() - start + encode_seconds;
        o.threshold = links.floor; /* every link there could be, for the best threshold */
        if (st == OK)
            st = token_link(a, b, &o, &any, err);
        if (st == OK)
            st = count_right(a, b, &links, truth.len, &tally, &ignored, err);
        if (st == OK)
            st = count_right(a, b, &any, truth.len, &unused, &best, err);
        if (st == OK)
            say(name, way == BLOCKING_ALL ? "all" : "blocked", tally, best,
                way == BLOCKING_ALL ? 1.0 : (double)reach / (double)truth.len, seconds);
        token_links_free(&links);
        token_links_free(&any);
    }
    vec_free(&truth);
    return st;
}

static Status encode_file(
    const TokenScheme *scheme, const TokenKey *key, const char *from, const char *to, TokenSet **out, Error *err)
{
    EncodeOptions o = {&from, 1, scheme, key, to, 1, PROGRESS_OFF};
    EncodeReport report;
    TRY(token_encode(&o, &report, err));
    TRY(token_set_read(to, out, err));
    return file_remove(to, err);
}

static Status run_scheme(size_t i, const char *const files[2], const char *scratch, Error *err)
{
    static const uint8_t secret[32] = "no secret: this is a benchmark";
    Arena arena;
    TokenScheme scheme;
    TokenKey *key = NULL;
    TokenSet *a = NULL, *b = NULL;
    const char *to;
    Status st = OK;
    double start = clock_cpu();
    arena_init(&arena, 0);
    TRY_OUT(path_join(&arena, scratch, "tokens.csv", &to, err));
    TRY_OUT(token_scheme_parse(slice_of(SCHEMES[i].toml), SCHEMES[i].name, &arena, &scheme, err));
    TRY_OUT(token_key_from(secret, &key, err));
    TRY_OUT(encode_file(&scheme, key, files[0], to, &a, err));
    TRY_OUT(encode_file(&scheme, key, files[1], to, &b, err));
    TRY_OUT(link_ways(SCHEMES[i].name, a, b, clock_cpu() - start, err));
out:
    token_set_free(a);
    token_set_free(b);
    token_key_free(key);
    arena_free(&arena);
    return st;
}

/* --- clear text ---------------------------------------------------------------------------------------------- */

typedef enum Way { JARO_WINKLER, EXACT, DATE } Way;
static const struct {
    const char *column;
    Way way;
} CLEAR[] = {{"given_name", JARO_WINKLER}, {"surname", JARO_WINKLER}, {"suburb", JARO_WINKLER},
    {"address_1", JARO_WINKLER}, {"date_of_birth", DATE}, {"postcode", EXACT}, {"street_number", EXACT},
    {"soc_sec_id", EXACT}};
#define CLEAR_FIELDS COUNT_OF(CLEAR)

typedef struct Column {
    Slice *at;
    TextPack *pack;
} Column;

typedef struct Clear {
    Arena arena;
    size_t rows[2];
    Slice *ids[2];
    Column columns[2][CLEAR_FIELDS];
} Clear;

static Status clear_column(Clear *c, int side, const CsvTable *t, const char *name, Slice **out, Error *err)
{
    for (size_t k = 0; k < t->columns; k++) {
        if (!slice_eq_z(slice_trim(t->header[k]), name))
            continue;
        TRY(arena_new(&c->arena, Slice, t->rows, out, err));
        for (size_t r = 0; r < t->rows; r++)
            (*out)[r] = slice_trim(t->cells[r * t->columns + k]);
        c->rows[side] = t->rows;
        return OK;
    }
    return error_set(err, ERR_NOT_FOUND, "no column %s", name);
}

static Status clear_read(Clear *c, const char *const files[2], Error *err)
{
    for (int side = 0; side < 2; side++) {
        CsvTable t;
        TRY(csv_read(files[side], &c->arena, &t, err));
        TRY(clear_column(c, side, &t, "rec_id", &c->ids[side], err));
        for (size_t f = 0; f < CLEAR_FIELDS; f++) {
            Column *column = &c->columns[side][f];
            TRY(clear_column(c, side, &t, CLEAR[f].column, &column->at, err));
            TRY(text_pack_new(column->at, t.rows, SLOT_AUTO, &column->pack, err));
        }
    }
    return OK;
}

static uint32_t clear_similarity(Way way, Slice a, Slice b, uint32_t measured)
{
    if (way == JARO_WINKLER)
        return measured;
    if (way == EXACT)
        return slice_eq(a, b) ? KERNEL_ONE : 0;
    return measured == 0 ? KERNEL_ONE : measured == 1 ? KERNEL_ONE / 2 : 0;
}

/* The scores of record i with all of the other file. */
static void clear_row(const Clear *c, size_t i, size_t fields, uint32_t *measured, uint32_t *sum, uint32_t *count)
{
    const KernelTable *k = kernel_table(KERNEL_BEST);
    memset(sum, 0, c->rows[1] * sizeof *sum);
    memset(count, 0, c->rows[1] * sizeof *count);
    for (size_t f = 0; f < fields; f++) {
        const Column *a = &c->columns[0][f], *b = &c->columns[1][f];
        if (a->at[i].len == 0)
            continue;
        if (CLEAR[f].way != EXACT)
            (CLEAR[f].way == DATE ? k->osa_many : k->jaro_winkler_many)(
                a->at[i], b->pack, (TextPick){.n = c->rows[1]}, measured);
        for (size_t j = 0; j < c->rows[1]; j++)
            if (b->at[j].len > 0) {
                sum[j] += clear_similarity(CLEAR[f].way, a->at[i], b->at[j], measured[j]);
                count[j]++;
            }
    }
}

static int by_score(const void *a, const void *b)
{
    const TokenPair *x = a, *y = b;
    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    if (x->a != y->a)
        return x->a < y->a ? -1 : 1;
    return (x->b > y->b) - (x->b < y->b);
}

static Status clear_link(Clear *c, size_t fields, const char *name, Error *err)
{
    TokenPairs pairs = {0};
    uint32_t *room;
    bool *taken, *right;
    double seconds, start = clock_cpu();
    TRY(arena_new(&c->arena, uint32_t, 3 * c->rows[1], &room, err));
    TRY(arena_new(&c->arena, bool, c->rows[0] + c->rows[1], &taken, err));
    for (size_t i = 0; i < c->rows[0]; i++) {
        uint32_t *sum = room + c->rows[1], *count = sum + c->rows[1];
        clear_row(c, i, fields, room, sum, count);
        for (size_t j = 0; j < c->rows[1]; j++)
            if (count[j] > 0 && sum[j] / count[j] >= 4500)
                TRY(vec_push(&pairs, ((TokenPair){(uint32_t)i, (uint32_t)j, sum[j] / count[j]}), err));
    }
    qsort(pairs.at, pairs.len, sizeof *pairs.at, by_score);
    TRY(arena_new(&c->arena, bool, pairs.len, &right, err));
    size_t kept = 0;
    for (size_t k = 0; k < pairs.len; k++) {
        TokenPair p = pairs.at[k];
        if (taken[p.a] || taken[c->rows[0] + p.b])
            continue;
        taken[p.a] = taken[c->rows[0] + p.b] = true;
        right[kept] = same_person(c->ids[0][p.a], c->ids[1][p.b]);
        pairs.at[kept++] = p;
    }
    seconds = clock_cpu() - start;
    uint64_t truth = 0;
    for (size_t i = 0; i < c->rows[0]; i++)
        for (size_t j = 0; j < c->rows[1]; j++)
            truth += same_person(c->ids[0][i], c->ids[1][j]);
    Tally at = {0};
    double best = best_f1(pairs.at, right, kept, truth, &at);
    say(name, "all", at, best, 1.0, seconds);
    vec_free(&pairs);
    return OK;
}

static Status run_clear(const char *const files[2], Error *err)
{
    Clear c = {0};
    arena_init(&c.arena, 0);
    Status st = clear_read(&c, files, err);
    if (st == OK)
        st = clear_link(&c, CLEAR_FIELDS - 1, "clear text", err);
    if (st == OK)
        st = clear_link(&c, CLEAR_FIELDS, "clear text, with SSN", err);
    for (int side = 0; side < 2; side++)
        for (size_t f = 0; f < CLEAR_FIELDS; f++)
            text_pack_free(c.columns[side][f].pack);
    arena_free(&c.arena);
    return st;
}

/* The file without the persons whose number leaves the given rest when divided by three. */
static Status write_part(const char *from, const char *to, uint64_t rest, Error *err)
{
    Buf text, out;
    buf_init(&text, 0);
    buf_init(&out, 0);
    Status st = file_read(from, 0, &text, err);
    Slice lines = buf_slice(&text);
    while (lines.ptr && st == OK) {
        Slice line = slice_cut(&lines, '\n'), id = line;
        uint64_t number;
        (void)slice_cut(&id, '-');
        if (parse_u64(slice_cut(&id, '-'), &number, NULL) == OK && number % 3 == rest)
            continue;
        buf_add(&out, line);
        buf_adds(&out, lines.ptr ? "\n" : "");
    }
    if (st == OK)
        st = file_write(to, buf_slice(&out), MODE_PRIVATE, err);
    buf_free(&text);
    buf_free(&out);
    return st;
}

static Status run_files(const char *title, const char *const files[2], const char *scratch, Error *err)
{
    printf("%-32s %-8s %9s %9s %9s %9s %9s %8s\n", title, "pairs", "precision", "recall", "F1", "best", "reach",
        "CPU s");
    TRY(run_clear(files, err));
    for (size_t i = 0; i < COUNT_OF(SCHEMES); i++)
        TRY(run_scheme(i, files, scratch, err));
    return OK;
}

static Status run(const char *folder, const char *scratch, Error *err)
{
    static const char *const names[] = {"dataset4a.csv", "dataset4b.csv"};
    Arena arena;
    const char *files[2], *parts[2];
    arena_init(&arena, 0);
    Status st = OK;
    for (int i = 0; i < 2; i++) {
        TRY_OUT(path_join(&arena, folder, names[i], &files[i], err));
        TRY_OUT(path_join(&arena, scratch, names[i], &parts[i], err));
        TRY_OUT(write_part(files[i], parts[i], (uint64_t)i, err));
    }
    TRY_OUT(run_files("FEBRL 4, whole", files, scratch, err));
    TRY_OUT(run_files("FEBRL 4, half in common", parts, scratch, err));
    for (int i = 0; i < 2; i++)
        TRY_OUT(file_remove(parts[i], err));
out:
    arena_free(&arena);
    return st;
}

int main(int argc, char **argv)
{
    Error err = ERROR_INIT;
    if (argc != 3) {
        fprintf(stderr, "usage: bench_tokens FEBRL_FOLDER SCRATCH_FOLDER\n");
        return status_exit_code(ERR_USAGE);
    }
    Status st = run(argv[1], argv[2], &err);
    if (st != OK) {
        char line[1024];
        error_print(&err, line, sizeof line);
        fprintf(stderr, "bench_tokens: %s\n", line);
    }
    return status_exit_code(st);
}
