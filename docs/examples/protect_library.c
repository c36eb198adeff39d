/*
 * Protects a small table with libcairn-protect, prints what may be published, and attacks it as an outsider would; then
 * attacks the same table as somebody might have published it who only blanked the small cell.
 *
 *   cc protect_library.c $(pkg-config --cflags --libs cairn-protect)
 */
#include <cairn_protect.h>

#include <stdio.h>
#include <string.h>

static const char HEADER[] = "schema = \"cairn.tables/1\"\n"
                             "name = \"class\"\n"
                             "[markers]\n"
                             "suppressed = [\"*\"]\n"
                             "[[dimension]]\nname = \"school\"\ntotal = \"all\"\ncodes = [\"A\", \"B\", \"C\"]\n"
                             "[[dimension]]\nname = \"group\"\ntotal = \"all\"\ncodes = [\"x\", \"y\"]\n"
                             "[[table]]\nname = \"students\"\nfile = \"students.csv\"\n"
                             "[[table.by]]\ndimension = \"school\"\ncolumn = \"school\"\n"
                             "[[table.by]]\ndimension = \"group\"\ncolumn = \"group\"\n"
                             "[[table.count]]\nname = \"students\"\n";
static const char TABLE[] = "school,group,students\n"
                            "all,all,150\nall,x,60\nall,y,90\n"
                            "A,all,40\nA,x,4\nA,y,36\nB,all,50\nB,x,26\nB,y,24\nC,all,60\nC,x,30\nC,y,30\n";
static const char BLANKED[] = "school,group,students\n"
                              "all,all,150\nall,x,60\nall,y,90\n"
                              "A,all,40\nA,x,*\nA,y,36\nB,all,50\nB,x,26\nB,y,24\nC,all,60\nC,x,30\nC,y,30\n";
static const char POLICY[] =
    "schema = \"cairn.protection/1\"\nname = \"ten\"\nversion = \"1\"\ntitle = \"At least ten\"\n"
    "effective_from = 2026-01-01\nstatus = \"assumed\"\nsource = \"an example\"\n"
    "[[parameter]]\nname = \"min_n\"\nvalue = 10\nstatus = \"assumed\"\nsource = \"an example\"\n";

static int fail(const cairn_protect_error *e)
{
    fprintf(stderr, "%s row %llu: %s\n", e->file, (unsigned long long)e->row, e->message);
    return 1;
}

int main(void)
{
    cairn_protect *p;
    cairn_protect_error e;
    cairn_protect_finding f;
    const char *text;
    size_t len;
    if (cairn_protect_new(&p, &e) != CAIRN_PROTECT_OK)
        return fail(&e);
    if (cairn_protect_policy(p, POLICY, strlen(POLICY), &e) != CAIRN_PROTECT_OK ||
        cairn_protect_file(p, "students.csv", TABLE, strlen(TABLE), &e) != CAIRN_PROTECT_OK ||
        cairn_protect_run(p, HEADER, strlen(HEADER), 1, &e) != CAIRN_PROTECT_OK ||
        cairn_protect_output(p, "students.csv", &text, &len, &e) != CAIRN_PROTECT_OK)
        return fail(&e);
    printf("%.*s", (int)len, text);
    cairn_protect_stats stats;
    if (cairn_protect_stats_get(p, &stats, &e) != CAIRN_PROTECT_OK)
        return fail(&e);
    printf("suppressed: %llu by rule, %llu to protect\n", (unsigned long long)stats.by_rule,
        (unsigned long long)stats.complementary);
    if (cairn_protect_file(p, "students.csv", BLANKED, strlen(BLANKED), &e) != CAIRN_PROTECT_OK ||
        cairn_protect_audit(p, HEADER, strlen(HEADER), 2, 1, &e) != CAIRN_PROTECT_OK)
        return fail(&e);
    printf("findings: %u\n", cairn_protect_finding_count(p));
    for (uint32_t i = 0; i < cairn_protect_finding_count(p); i++)
        if (cairn_protect_finding_at(p, i, &f, &e) == CAIRN_PROTECT_OK && strcmp(f.verdict, "exact") == 0)
            printf("%s is exactly %lld\n", f.cell, (long long)f.low);
    cairn_protect_free(p);
    return 0;
}
