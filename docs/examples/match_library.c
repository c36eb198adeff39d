/*
 * libcairn-match in one page: a hundred made-up people, some of them written down twice, linked without a label.
 *
 *   cc -o match_library match_library.c $(pkg-config --cflags --libs cairn-match)
 */
#include <cairn_match.h>

#include <stdio.h>
#include <string.h>

static const char config[] = "[[field]]\nkind = \"first_name\"\ncolumn = \"first\"\nswap_with = \"last_name\"\n"
                             "[[field]]\nkind = \"last_name\"\ncolumn = \"last\"\n"
                             "[[field]]\nname = \"birth_date\"\nkind = \"date\"\ncolumn = \"born\"\n"
                             "[[field]]\nkind = \"postal_code\"\ncolumn = \"zip\"\n";

static const char *const firsts[] = {
    "MARIA", "JAMES", "ELENA", "ROBERT", "AISHA", "DANIEL", "SOFIA", "PETER", "GRACE", "OMAR"};
static const char *const lasts[] = {
    "HOFFMAN", "GARCIA", "OKAFOR", "LINDQVIST", "TANAKA", "MURPHY", "DUBOIS", "NOVAK", "REYES", "KHAN"};

static int failed(const char *what, const cairn_match_error *e)
{
    fprintf(stderr, "%s: %s\n", what, e->message);
    return 1;
}

/* A number below n that depends on the person and on what it is for. */
static unsigned draw(unsigned p, unsigned what, unsigned n)
{
    uint32_t x = p * 2654435761u + what * 40503u;
    x ^= x >> 15;
    x *= 2246822519u;
    x ^= x >> 13;
    return x % n;
}

/* Person number p; every third stands there a second time, with an error in the last name or the date. */
static int add_person(cairn_match *m, uint32_t source, unsigned p, int copy, cairn_match_error *e)
{
    char id[16], last[32], born[16], zip[8];
    snprintf(id, sizeof id, "%u%s", p, copy ? "b" : "a");
    snprintf(last, sizeof last, "%s", lasts[draw(p, 1, 10)]);
    snprintf(born, sizeof born, "19%02u-%02u-%02u", 40 + draw(p, 2, 60), 1 + draw(p, 3, 12), 1 + draw(p, 4, 28));
    snprintf(zip, sizeof zip, "80%03u", draw(p, 5, 200));
    if (copy && p % 2)
        last[1] = last[2];
    else if (copy)
        born[9] = born[9] == '1' ? '2' : '1';
    const char *values[] = {firsts[draw(p, 6, 10)], last, born, zip};
    const size_t lengths[] = {strlen(values[0]), strlen(last), strlen(born), strlen(zip)};
    return cairn_match_add(m, source, id, strlen(id), values, lengths, e) != CAIRN_MATCH_OK;
}

int main(void)
{
    cairn_match *m = NULL;
    cairn_match_error e;
    uint32_t source = 0;
    if (cairn_match_new(config, strlen(config), NULL, 0, &m, &e))
        return failed("config", &e);
    if (cairn_match_source(m, "people", 6, &source, &e))
        return failed("source", &e);
    for (unsigned p = 0; p < 100; p++)
        for (int copy = 0; copy < (p % 3 == 0 ? 2 : 1); copy++)
            if (add_person(m, source, p, copy, &e))
                return failed("record", &e);
    if (cairn_match_train(m, 1, &e) || cairn_match_link(m, 1, &e))
        return failed("link", &e);
    printf("%u records, %u people\n", cairn_match_record_count(m), cairn_match_cluster_count(m));

    cairn_match_explanation x;
    if (cairn_match_explain(m, 0, 1, &x, &e))
        return failed("explain", &e);
    for (uint32_t i = 0; i < x.reason_count; i++)
        printf("%-12s %-12s %-12s %s\n", x.reasons[i].field, x.reasons[i].left, x.reasons[i].right, x.reasons[i].level);
    printf("%s\n", cairn_match_cluster_of(m, 0) == cairn_match_cluster_of(m, 1) ? "one person" : "two people");
    cairn_match_free(m);
    return 0;
}
