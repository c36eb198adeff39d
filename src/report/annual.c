/* The yearly report: what the policy names, read from the release, written as page and PDF. */
#include "report/report_parts.h"

typedef VEC(Slice) Names;

static Status add_names(const Toml *table, const char *path, Names *out, Error *err)
{
    const Toml *list;
    TRY(toml_array(table, path, "measures", &list, err));
    for (const Toml *n = list->first; n; n = n->next) {
        if (n->type != TOML_STRING)
            return error_set(err, ERR_INVALID, "%s:%u: measures are named by texts", path, n->line);
        TRY(vec_push(out, n->string, err));
    }
    return OK;
}

/* The newest report plan that begins no later than the release's policy day would be a matter of the clock; there is
 * one plan a date range, and the newest counts. */
static Status find_plan(Policy *policy, const PolicyFile **out, Error *err)
{
    PolicyFiles files = {0};
    *out = NULL;
    Status st = policy_list(policy, "report", &files, err);
    for (size_t i = 0; st == OK && i < files.len; i++)
        if (slice_eq_z(files.at[i]->name, "annual"))
            *out = files.at[i];
    vec_free(&files);
    if (st == OK && !*out)
        st = error_set(err, ERR_NOT_FOUND, "the policy has no report named annual");
    return st;
}

static Status plan_names(const PolicyFile *plan, Names *out, Error *err)
{
    const Toml *sections, *equity = toml_get(plan->toml, "equity");
    TRY(toml_array(plan->toml, plan->path, "section", &sections, err));
    for (const Toml *s = sections->first; s; s = s->next)
        TRY(add_names(s, plan->path, out, err));
    return equity ? add_names(equity, plan->path, out, err) : OK;
}

/* When the current release was published: the clock of the PDF. */
static int64_t release_instant(const Released *r, const LedgerEntries *entries)
{
    int64_t at = 0;
    for (size_t i = 0; i < entries->len; i++)
        if (slice_eq_z(entries->at[i].kind, "release.published") && slice_eq(entries->at[i].subject, r->id))
            at = entries->at[i].at;
    return at;
}

static Status write_files(AnnualPage *page, const char *out_dir, AnnualReport *out, Error *err)
{
    Arena *arena = page->released->arena;
    const char *name, *pdf;
    bool there;
    Buf html;
    buf_init(&html, 0);
    Status st = annual_page(page, &html, err);
    if (st == OK && page->shown == 0)
        st = error_set(err, ERR_NOT_FOUND, "the release holds no figure of the report up to %" PRId32, page->year);
    if (st == OK)
        st = dir_make(out_dir, MODE_DIR_PUBLIC, err);
    if (st == OK)
        st = arena_printf(arena, &name, err, "annual-%" PRId32 ".html", page->year);
    if (st == OK)
        st = path_join(arena, out_dir, name, &out->html, err);
    if (st == OK)
        st = file_write(out->html, buf_slice(&html), MODE_PUBLIC, err);
    buf_free(&html);
    TRY(st);
    out->measures = page->shown;
    TRY(arena_printf(arena, &name, err, "annual-%" PRId32 ".pdf", page->year));
    TRY(path_join(arena, out_dir, name, &pdf, err));
    TRY(file_remove(pdf, err)); /* an older one must not stand beside a newer page */
    TRY(pdf_make(out->html, pdf, release_instant(page->released, page->published), &there, err));
    out->pdf = there ? pdf : NULL;
    return OK;
}

Status report_annual(Home *home, Policy *policy, Ledger *ledger, int32_t year, const char *out_dir, Arena *arena,
    AnnualReport *out, Error *err)
{
    Names names = {0};
    Released released = {0};
    LedgerEntries entries = {0};
    AnnualPage page = {.released = &released, .published = &entries, .year = year};
    Status st;
    *out = (AnnualReport){0};
    TRY_OUT(find_plan(policy, &page.plan, err));
    TRY_OUT(policy_get(policy, "i18n", SLICE("en"), page.plan->effective_from, &page.words, err));
    TRY_OUT(plan_names(page.plan, &names, err));
    TRY_OUT(released_open(home, policy, names.at, names.len, arena, &released, err));
    TRY_OUT(ledger_list(ledger, NULL, arena, &entries, err));
    for (size_t i = 0; i < released.tables.len && year == 0; i++) {
        int32_t latest = released_latest(&released.tables.at[i], INT32_MAX);
        page.year = latest > page.year ? latest : page.year;
    }
    memcpy(out->release, released.id.ptr, sizeof out->release - 1);
    out->year = page.year;
    out->missing = released.missing.len;
    st = write_files(&page, out_dir, out, err);
out:
    released_free(&released);
    vec_free(&names);
    vec_free(&entries);
    return st;
}
