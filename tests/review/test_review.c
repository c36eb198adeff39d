/*
 * Review from queue to decision: what waits, for whom; the second person; CSV out and in; pages; the server's door.
 */
#include "../identity/identity_world.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "review/review_impl.h"

static const char evidence[] =
    "{\"prior\":-14000,\"household\":-500,\"calibration\":100,\"ruled\":0,\"odds\":-400,\"rule\":\"\","
    "\"passes\":[\"last_name+birth_date\"],\"fields\":[[\"last_name\",\"exact\",9000,1200],[\"first_name\",\"one_"
    "edit\","
    "5000,0],[\"birth_date\",\"missing\",0,0]],\"near\":[[\"b\",\"%s\",1000]]}";

/* Five records of five persons; pairs 0-1 and 2-3 wait, the second is worth more. Of the last a number alone is known.
 */
typedef struct Setting {
    World *w;
    RecordTag tags[5];
    ReviewContext ctx;
} Setting;

#define TEN "0123456789"
#define LONG_FORMULA \
    "=" TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static Setting make_setting(World *w)
{
    static const WorldRecord records[] = {
        {"school", "1000000007", NULL, "<b>Ada", "O'Neil", "2001-02-03", "F"},
        {"wage", NULL, "501101001", "Adah", "ONEIL", NULL, NULL},
        {"school", "1000007926", NULL, LONG_FORMULA, "Br\x1b[2Jandt", "2001-05-06", "M"},
        {"wage", NULL, "501101002", "=1+1", "BRANDT", NULL, NULL},
        {"wage", NULL, "501101003", NULL, NULL, NULL, NULL},
    };
    Setting s = {.w = w, .ctx = {.home = w->home, .policy = w->policy, .reviewer = SLICE("Ann")}};
    Links links = {0};
    Journal none = {0};
    ReviewItems items = {0};
    Vault *vault;
    Arena arena;
    int64_t run;
    arena_init(&arena, 0);
    world_add(w, records, 5, s.tags);
    for (unsigned i = 0; i < 5; i++)
        assert_ok(vec_push(&links, ((Link){.tag = s.tags[i], .person = i + 1, .kind = LINK_FOUNDING}), err));
    for (unsigned i = 0; i < 4; i += 2) {
        char text[sizeof evidence + TAG_HEX_SIZE], other[TAG_HEX_SIZE];
        Slice own;
        tag_print(&s.tags[i == 0 ? 4 : 0], other); /* somebody like the right one */
        snprintf(text, sizeof text, evidence, other);
        assert_ok(arena_dup(&arena, slice_of(text), &own, err));
        bool in_order = tag_cmp(&s.tags[i], &s.tags[i + 1]) < 0;
        assert_ok(vec_push(&items,
            ((ReviewItem){.a = s.tags[in_order ? i : i + 1],
                .b = s.tags[in_order ? i + 1 : i],
                .odds = -400,
                .value = i,
                .reason = REVIEW_UNCERTAIN,
                .evidence = own}),
            err));
    }
    const LinkWrite write = {.kind = RUN_FULL,
        .model = SLICE("m"),
        .links = &links,
        .journal = &none,
        .queue = &items,
        .queue_mode = QUEUE_REPLACE,
        .report = SLICE("{}")};
    assert_ok(vault_open(w->home, &vault, err));
    assert_ok(vault_put_links(vault, &write, &run, err));
    vault_close(vault);
    vec_free(&links);
    vec_free(&items);
    arena_free(&arena);
    return s;
}

static size_t waiting(const Setting *s, size_t *mine)
{
    ReviewList list;
    assert_ok(review_list(&s->ctx, &list, err));
    size_t n = list.at.len;
    *mine = 0;
    for (size_t i = 0; i < n; i++)
        *mine += list.at.at[i].mine;
    review_list_free(&list);
    return n;
}

static PairState say(Setting *s, unsigned first, ReviewVerdict verdict, const char *who)
{
    PairState state;
    ReviewContext ctx = s->ctx;
    ctx.reviewer = slice_of(who);
    assert_ok(review_decide(
        &ctx, &(ReviewWord){.a = s->tags[first], .b = s->tags[first + 1], .verdict = verdict}, &state, err));
    return state;
}

static void two_people_join(void **state)
{
    Setting s = make_setting(*state);
    size_t mine;
    assert_int_equal(waiting(&s, &mine), 2);
    assert_int_equal(mine, 0);
    assert_int_equal(say(&s, 0, REVIEW_SAME, "Ann"), PAIR_WAITING);
    assert_int_equal(waiting(&s, &mine), 2);
    assert_int_equal(mine, 1);
    assert_int_equal(say(&s, 0, REVIEW_SAME, "Bo"), PAIR_SAME);
    assert_int_equal(waiting(&s, &mine), 1);
    assert_int_equal(say(&s, 2, REVIEW_DIFFERENT, "Ann"), PAIR_DIFFERENT);
    assert_int_equal(waiting(&s, &mine), 0);
    /* what the model said is kept with the decision */
    Vault *vault;
    Arena arena;
    ReviewDecisions all = {0};
    arena_init(&arena, 0);
    assert_ok(vault_open(s.w->home, &vault, err));
    assert_ok(vault_decisions(vault, &arena, &all, err));
    assert_int_equal(all.len, 3);
    assert_int_equal(all.at[0].odds, -400);
    vault_close(vault);
    vec_free(&all);
    arena_free(&arena);
}

static void unknown_pairs_are_refused(void **state)
{
    Setting s = make_setting(*state);
    PairState now;
    ReviewWord word = {.a = {{1}}, .b = {{2}}, .verdict = REVIEW_SAME};
    assert_int_equal(review_decide(&s.ctx, &word, &now, NULL), ERR_NOT_FOUND);
    RecordTag a, b;
    assert_int_equal(review_pair_parse(SLICE("abc"), &a, &b, NULL), ERR_PARSE);
    assert_int_equal(
        review_pair_parse(SLICE("00000000000000000000000000000001-00000000000000000000000000000001"), &a, &b, NULL),
        ERR_PARSE);
}

static size_t reads_of(World *w, const char *who)
{
    LedgerEntries entries = {0};
    Arena arena;
    size_t n = 0;
    char want[64];
    arena_init(&arena, 0);
    snprintf(want, sizeof want, "\"who\":\"%s\"", who);
    assert_ok(ledger_list(w->ledger, "vault.read", &arena, &entries, err));
    for (size_t i = 0; i < entries.len; i++)
        n += slice_find(entries.at[i].body, slice_of(want)) < entries.at[i].body.len;
    vec_free(&entries);
    arena_free(&arena);
    return n;
}

static void csv_out_and_in(void **state)
{
    Setting s = make_setting(*state);
    Buf csv, back;
    uint64_t pairs;
    ReviewImport r;
    char path[100];
    size_t mine;
    buf_init(&csv, 0);
    buf_init(&back, 0);
    assert_ok(review_export(&s.ctx, REVIEW_BLIND, &pairs, &csv, err));
    assert_int_equal(pairs, 2);
    assert_true(reads_of(s.w, "Ann") >= 1);
    assert_int_equal(slice_find(buf_slice(&csv), SLICE("probability")), csv.len);
    assert_int_equal(slice_find(buf_slice(&csv), SLICE("uncertain")), csv.len);
    assert_true(slice_find(buf_slice(&csv), SLICE("'=1+1")) < csv.len);  /* no formula for a spreadsheet */
    assert_true(slice_find(buf_slice(&csv), SLICE("'=" TEN)) < csv.len); /* however long */
    assert_int_equal(slice_find(buf_slice(&csv), SLICE("501101001")), csv.len);
    snprintf(path, sizeof path, "%s/back.csv", s.w->dir);
    char pair[2][PAIR_TEXT_SIZE];
    for (unsigned i = 0; i < 2; i++)
        review_pair_print(&s.tags[2 * i], &s.tags[2 * i + 1], pair[i]);
    /* one bad row: nothing counts */
    buf_addf(&back, "pair,verdict,reviewer\n%s,different,Bo\n%s,perhaps,Bo\n", pair[0], pair[1]);
    assert_ok(file_write(path, buf_slice(&back), MODE_PRIVATE, err));
    ReviewContext anybody = s.ctx;
    anybody.reviewer = (Slice){0};
    Error why = ERROR_INIT;
    assert_int_equal(review_import(&anybody, path, REVIEW_OPEN_EYED, &r, &why), ERR_INVALID);
    assert_int_equal(why.row, 2);
    assert_int_equal(waiting(&s, &mine), 2);
    buf_reset(&back);
    buf_addf(&back, "pair,verdict,reviewer\n%s,different,Bo\n%s,,\n", pair[0], pair[1]);
    assert_ok(file_write(path, buf_slice(&back), MODE_PRIVATE, err));
    assert_ok(review_import(&anybody, path, REVIEW_OPEN_EYED, &r, err));
    assert_int_equal(r.rows, 2);
    assert_int_equal(r.decided, 1);
    assert_int_equal(waiting(&s, &mine), 1);
    buf_reset(&back);
    buf_addf(&back, "pair,verdict\n%s,same\n", pair[1]);
    assert_ok(file_write(path, buf_slice(&back), MODE_PRIVATE, err));
    assert_int_equal(review_import(&anybody, path, REVIEW_OPEN_EYED, &r, NULL), ERR_INVALID); /* whose? */
    buf_free(&csv);
    buf_free(&back);
}

static size_t decisions_kept(const Setting *s, bool *last_blind)
{
    Vault *vault;
    Arena arena;
    ReviewDecisions all = {0};
    arena_init(&arena, 0);
    assert_ok(vault_open(s->w->home, &vault, err));
    assert_ok(vault_decisions(vault, &arena, &all, err));
    size_t n = all.len;
    *last_blind = n > 0 && all.at[n - 1].blind;
    vault_close(vault);
    vec_free(&all);
    arena_free(&arena);
    return n;
}

/* What only the vault would refuse is found before the first row is written, and has its row; blind stays blind. */
static void import_is_all_or_nothing(void **state)
{
    Setting s = make_setting(*state);
    static const char unknown[] = "00000000000000000000000000000001-00000000000000000000000000000002";
    char pair[PAIR_TEXT_SIZE], path[100], name[102];
    bool blind;
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    review_pair_print(&s.tags[0], &s.tags[1], pair);
    snprintf(path, sizeof path, "%s/back.csv", s.w->dir);
    const struct {
        const char *pair, *reviewer;
        Status want;
    } cases[] = {{pair, name, ERR_INVALID}, {pair, "\xff", ERR_INVALID}, {unknown, "Bo", ERR_NOT_FOUND}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Buf back;
        ReviewImport r;
        Error why = ERROR_INIT;
        ReviewContext anybody = s.ctx;
        anybody.reviewer = (Slice){0};
        buf_init(&back, 0);
        buf_addf(&back, "pair,verdict,reviewer\n%s,same,Bo\n%s,,\n%s,same,%s\n", pair, pair, cases[i].pair,
            cases[i].reviewer);
        assert_ok(file_write(path, buf_slice(&back), MODE_PRIVATE, err));
        Status st = review_import(&anybody, path, REVIEW_BLIND, &r, &why);
        if (i != 1) /* which the reader of the file may refuse already */
            assert_int_equal(st, cases[i].want);
        assert_int_not_equal(st, OK);
        if (i != 1)
            assert_int_equal(why.row, 3);
        assert_int_equal(decisions_kept(&s, &blind), 0);
        buf_reset(&back);
        if (i + 1 == COUNT_OF(cases)) {
            buf_addf(&back, "pair,verdict,reviewer\n%s,same,Bo\n", pair);
            assert_ok(file_write(path, buf_slice(&back), MODE_PRIVATE, err));
            assert_ok(review_import(&anybody, path, REVIEW_BLIND, &r, err));
            assert_int_equal(decisions_kept(&s, &blind), 1);
            assert_true(blind);
        }
        buf_free(&back);
    }
}

/* A pair that has left the list is still known: its state, its evidence, whose word it was. */
static void settled_pairs_are_known(void **state)
{
    Setting s = make_setting(*state);
    const RecordTag *pairs[][2] = {{&s.tags[2], &s.tags[3]}, {&s.tags[0], &s.tags[3]}}; /* waiting; chosen freely */
    PairState now;
    for (size_t i = 0; i < COUNT_OF(pairs); i++) {
        const ReviewWord word = {.a = *pairs[i][0], .b = *pairs[i][1], .verdict = REVIEW_DIFFERENT};
        Arena arena;
        ReviewEntry e;
        arena_init(&arena, 0);
        assert_ok(review_decide(&s.ctx, &word, &now, err));
        assert_ok(pair_entry(&s.ctx, pairs[i][1], pairs[i][0], &arena, &e, err));
        assert_int_equal(e.verdict.state, PAIR_DIFFERENT);
        assert_true(e.mine);
        assert_string_equal(e.reason, i == 0 ? "uncertain" : "chosen");
        assert_int_equal(e.evidence.len > 0, i == 0);
        arena_free(&arena);
    }
}

static void shown_in_words(void **state)
{
    Setting s = make_setting(*state);
    Buf out;
    buf_init(&out, 0);
    assert_ok(review_show(&s.ctx, &s.tags[0], &s.tags[1], REVIEW_OPEN_EYED, &out, err));
    assert_true(slice_find(buf_slice(&out), SLICE("O'Neil")) < out.len);
    assert_true(slice_find(buf_slice(&out), SLICE("one_edit")) < out.len);
    assert_int_equal(slice_find(buf_slice(&out), SLICE("501101001")), out.len);
    assert_true(slice_find(buf_slice(&out), SLICE("uncertain")) < out.len);
    buf_reset(&out);
    assert_ok(review_show(&s.ctx, &s.tags[0], &s.tags[1], REVIEW_BLIND, &out, err));
    assert_int_equal(slice_find(buf_slice(&out), SLICE("one_edit")), out.len);
    assert_int_equal(slice_find(buf_slice(&out), SLICE("uncertain")), out.len);
    assert_true(reads_of(s.w, "Ann") >= 2);
    assert_ok(review_show(&s.ctx, &s.tags[2], &s.tags[3], REVIEW_OPEN_EYED, &out, err));
    assert_true(slice_find(buf_slice(&out), SLICE("Br?[2Jandt")) < out.len); /* nothing steers the terminal */
    buf_free(&out);
}

static void numbers_are_hidden(void **state)
{
    UNUSED(state);
    static const struct {
        const char *s, *other, *shown;
    } cases[] = {
        {"501101001", "", "*********"},
        {"501101001", "501101001", "*********"},
        {"501101001", "501101002", "********1"},
        {"501101001", "501101192", "******###"},
        {"501101001", "501101", "******###"},
        {"", "501101001", ""},
        {"1234567890123456789012345678901234567890", "", "********************************"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        HiddenNumber n;
        number_hide(slice_of(cases[i].s), slice_of(cases[i].other), &n);
        assert_int_equal(n.len, strlen(cases[i].shown));
        assert_memory_equal(n.shown, cases[i].shown, n.len);
    }
}

/* What is linked is the model's answer: blind, neither side names the other as a record of its person. */
static void blind_to_links(void **state)
{
    Setting s = make_setting(*state);
    const Link joined[] = {{.tag = s.tags[0], .person = 1, .kind = LINK_FOUNDING},
        {.tag = s.tags[1], .person = 1, .kind = LINK_MODEL, .odds = 9000, .partner = s.tags[0]}};
    Links links = {0};
    Journal none = {0};
    const LinkWrite write = {
        .kind = RUN_FULL, .model = SLICE("m"), .links = &links, .journal = &none, .report = SLICE("{}")};
    Vault *vault;
    int64_t run;
    Buf out;
    for (size_t i = 0; i < COUNT_OF(joined); i++)
        assert_ok(vec_push(&links, joined[i], err));
    assert_ok(vault_open(s.w->home, &vault, err));
    assert_ok(vault_put_links(vault, &write, &run, err));
    vault_close(vault);
    vec_free(&links);
    buf_init(&out, 0);
    assert_ok(review_show(&s.ctx, &s.tags[0], &s.tags[1], REVIEW_OPEN_EYED, &out, err));
    assert_true(slice_find(buf_slice(&out), SLICE("more records")) < out.len);
    buf_reset(&out);
    assert_ok(review_show(&s.ctx, &s.tags[0], &s.tags[1], REVIEW_BLIND, &out, err));
    assert_int_equal(slice_find(buf_slice(&out), SLICE("more records")), out.len);
    assert_int_equal(slice_find(buf_slice(&out), SLICE("person")), out.len);
    buf_free(&out);
}

/* --- the server ------------------------------------------------------------------------------------------------ */

typedef struct Server {
    Setting *s;
    char url[128];
    uint16_t port;
    char root[40];
    pthread_mutex_t lock;
    pthread_cond_t is_ready;
    bool ready;
} Server;

static Status on_ready(const char *url, void *arg, Error *err)
{
    Server *v = arg;
    UNUSED(err);
    pthread_mutex_lock(&v->lock);
    unsigned port;
    assert_int_equal(sscanf(url, "http://127.0.0.1:%u%39[^\n]", &port, v->root), 2);
    v->port = (uint16_t)port;
    v->root[33] = '\0'; /* "/SECRET" without the last slash */
    v->ready = true;
    pthread_cond_signal(&v->is_ready);
    pthread_mutex_unlock(&v->lock);
    return OK;
}

static void *run_server(void *arg)
{
    Server *v = arg;
    const ReviewServe options = {.ready = on_ready, .arg = v};
    Error err = ERROR_INIT;
    (void)!review_serve(&v->s->ctx, &options, &err);
    return NULL;
}

static void ask(
    const Server *v, const char *method, const char *path, const char *headers, const char *body, Buf *answer)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(v->port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    char request[2000];
    int n = snprintf(request, sizeof request, "%s %s HTTP/1.1\r\n%sConnection: close\r\n", method, path, headers);
    if (body)
        n += snprintf(request + n, sizeof request - (size_t)n,
            "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %zu\r\n\r\n%s", strlen(body), body);
    else
        n += snprintf(request + n, sizeof request - (size_t)n, "\r\n");
    assert_int_equal(send(fd, request, (size_t)n, 0), n);
    buf_reset(answer);
    for (;;) {
        char part[4096];
        ssize_t got = recv(fd, part, sizeof part, 0);
        if (got <= 0)
            break;
        buf_add(answer, (Slice){part, (size_t)got});
    }
    close(fd);
}

static int status_of(const Buf *answer)
{
    int status = 0;
    return sscanf(buf_z(answer), "HTTP/1.1 %d", &status) == 1 ? status : 0;
}

static bool has(const Buf *b, const char *text)
{
    return slice_find(buf_slice(b), slice_of(text)) < b->len;
}

static void the_page(void **state)
{
    Setting s = make_setting(*state);
    Server v = {.s = &s, .lock = PTHREAD_MUTEX_INITIALIZER, .is_ready = PTHREAD_COND_INITIALIZER};
    pthread_t thread;
    Buf answer;
    char host[64], path[200], pair[PAIR_TEXT_SIZE], body[200], csrf[33] = "";
    buf_init(&answer, 0);
    assert_int_equal(pthread_create(&thread, NULL, run_server, &v), 0);
    pthread_mutex_lock(&v.lock);
    while (!v.ready)
        pthread_cond_wait(&v.is_ready, &v.lock);
    pthread_mutex_unlock(&v.lock);
    snprintf(host, sizeof host, "Host: 127.0.0.1:%u\r\n", v.port);
    bool in_order = tag_cmp(&s.tags[0], &s.tags[1]) < 0;
    review_pair_print(&s.tags[in_order ? 0 : 1], &s.tags[in_order ? 1 : 0], pair);

    /* who does not know the address, or comes by another name, finds nothing */
    ask(&v, "GET", "/", host, NULL, &answer);
    assert_int_equal(status_of(&answer), 404);
    ask(&v, "GET", "/00000000000000000000000000000000/", host, NULL, &answer);
    assert_int_equal(status_of(&answer), 404);
    snprintf(path, sizeof path, "%s/", v.root);
    ask(&v, "GET", path, "Host: evil.example\r\n", NULL, &answer);
    assert_int_equal(status_of(&answer), 404);
    ask(&v, "GET", path, host, NULL, &answer);
    assert_int_equal(status_of(&answer), 200);
    assert_true(has(&answer, "script-src 'self'") && has(&answer, "no-store"));

    /* values are escaped, differences marked, the number hidden; blind mode is silent about the model */
    snprintf(path, sizeof path, "%s/pair/%s", v.root, pair);
    ask(&v, "GET", path, host, NULL, &answer);
    assert_int_equal(status_of(&answer), 200);
    assert_true(has(&answer, "&lt;") && has(&answer, "<mark>") && has(&answer, "<svg class=\"waterfall\""));
    assert_true(has(&answer, "uncertain: two persons now, who may be one"));
    assert_true(has(&answer, "like the right one: probability 0.667")); /* two to one */
    assert_true(has(&answer, "<span class=\"none\">no name</span>"));
    assert_false(has(&answer, "+0.0</span>")); /* what is missing weighs nothing, and is not said to speak for them */
    assert_false(has(&answer, "<b>Ada"));
    assert_false(has(&answer, "501101001"));
    assert_true(reads_of(s.w, "Ann") >= 1);
    const char *at = strstr(buf_z(&answer), "name=\"csrf\" value=\"");
    assert_non_null(at);
    snprintf(csrf, sizeof csrf, "%.32s", at + strlen("name=\"csrf\" value=\""));
    snprintf(path, sizeof path, "%s/blind/pair/%s", v.root, pair);
    ask(&v, "GET", path, host, NULL, &answer);
    assert_int_equal(status_of(&answer), 200);
    assert_false(has(&answer, "waterfall\"") || has(&answer, "probability") || has(&answer, "uncertain"));
    assert_false(has(&answer, "other records"));

    /* a form must come from the page */
    snprintf(path, sizeof path, "%s/pair/%s", v.root, pair);
    ask(&v, "POST", path, host, "csrf=00000000000000000000000000000000&verdict=same", &answer);
    assert_int_equal(status_of(&answer), 403);
    snprintf(body, sizeof body, "csrf=%s&verdict=same", csrf);
    char foreign[160];
    snprintf(foreign, sizeof foreign, "%sOrigin: http://evil.example\r\n", host);
    ask(&v, "POST", path, foreign, body, &answer);
    assert_int_equal(status_of(&answer), 403);
    snprintf(foreign, sizeof foreign, "%sSec-Fetch-Site: cross-site\r\n", host);
    ask(&v, "POST", path, foreign, body, &answer);
    assert_int_equal(status_of(&answer), 403);
    char wrong[200];
    snprintf(wrong, sizeof wrong, "csrf=%s&verdict=maybe", csrf);
    ask(&v, "POST", path, host, wrong, &answer);
    assert_int_equal(status_of(&answer), 400);
    size_t mine;
    waiting(&s, &mine);
    assert_int_equal(mine, 0);
    ask(&v, "POST", path, host, body, &answer);
    assert_int_equal(status_of(&answer), 303);
    assert_true(has(&answer, "/pair/")); /* on to the next */
    waiting(&s, &mine);
    assert_int_equal(mine, 1);

    /* a form that is too large */
    char *large = malloc(70000);
    memset(large, 'a', 69999);
    large[69999] = '\0';
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(v.port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    char head[400];
    int n = snprintf(head, sizeof head, "POST %s HTTP/1.1\r\n%sContent-Length: 69999\r\n\r\n", path, host);
    assert_int_equal(send(fd, head, (size_t)n, MSG_NOSIGNAL), n);
    (void)!send(fd, large, 69999, MSG_NOSIGNAL);
    char reply[16] = "";
    (void)!recv(fd, reply, 12, MSG_WAITALL);
    assert_string_equal(reply, "HTTP/1.1 413");
    close(fd);
    free(large);

    assert_int_equal(raise(SIGTERM), 0);
    pthread_join(thread, NULL);
    buf_free(&answer);
}

int main(void)
{
#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        IN_WORLD(two_people_join), IN_WORLD(unknown_pairs_are_refused), IN_WORLD(csv_out_and_in),
        IN_WORLD(import_is_all_or_nothing), IN_WORLD(settled_pairs_are_known), IN_WORLD(shown_in_words),
        IN_WORLD(blind_to_links), cmocka_unit_test(numbers_are_hidden),
        IN_WORLD(the_page), /* last: it asks the process to stop */
    };
    cancel_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
