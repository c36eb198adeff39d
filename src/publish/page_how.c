/* How this was made: inputs, rules with their hashes, protection and its audit. */
#include "publish/view.h"

#include "publish/templates.h"

typedef VEC(TmplPageHowSources) Sources;
typedef VEC(TmplPageHowParameters) Parameters;
typedef VEC(TmplPageHowFamilies) Families;
typedef VEC(TmplPageHowPolicies) Policies;

/* Files of one source, summed: a state sends hundreds. */
static Status add_sources(const Release *r, Sources *out, Error *err)
{
    const ReleasePlan *plan = r->plan;
    for (size_t from = 0, to; from < plan->source_count; from = to) {
        uint64_t rows = 0;
        for (to = from; to < plan->source_count && slice_eq(plan->sources[to].source, plan->sources[from].source); to++)
            rows += plan->sources[to].rows;
        TmplPageHowSources s = {.name = plan->sources[from].source};
        TRY(view_count(r, to - from, &s.files, err));
        TRY(view_count(r, release_rows_told(rows), &s.rows, err));
        TRY(vec_push(out, s, err));
    }
    return OK;
}

static Status add_parameters(const Release *r, Parameters *out, Error *err)
{
    const PolicyFile *rule = r->plan->figures->policy;
    const Toml *list = toml_get(rule->toml, "parameter");
    for (const Toml *p = list ? list->first : NULL; p; p = p->next) {
        int64_t value;
        TRY(toml_int(p, rule->path, "value", &value, err));
        TmplPageHowParameters row = {.meaning = words_in(p, "meaning"), .source = words_in(p, "source")};
        row.verified = slice_eq_z(words_in(p, "status"), "verified");
        row.assumed = !row.verified;
        TRY(view_printf(r, &row.value, err, "%lld", (long long)value));
        TRY(vec_push(out, row, err));
    }
    return OK;
}

static Status measure_titles(const Release *r, const Toml *family, Slice *out, Error *err)
{
    const Toml *measures = toml_get(family, "measures");
    *out = (Slice){"", 0};
    for (const Toml *m = measures ? measures->first : NULL; m; m = m->next) {
        const MeasureInfo *info = view_measure(r, m->string);
        if (info)
            TRY(view_printf(
                r, out, err, "%.*s%s%.*s", SLICE_ARG(*out), out->len > 0 ? ", " : "", SLICE_ARG(info->title)));
    }
    return OK;
}

static Status add_families(const Release *r, Families *out, Error *err)
{
    const Toml *list = toml_get(r->plan->figures->policy->toml, "family");
    for (const Toml *f = list ? list->first : NULL; f; f = f->next) {
        TmplPageHowFamilies row = {0};
        Slice coarsens = words_in(f, "coarsens");
        row.suppressed = slice_eq_z(words_in(f, "protection"), "suppress");
        TRY(measure_titles(r, f, &row.measures, err));
        for (const Toml *g = list->first; g && coarsens.len > 0; g = g->next)
            if (slice_eq(words_in(g, "name"), coarsens))
                TRY(measure_titles(r, g, &row.builds_on, err));
        if (row.measures.len > 0)
            TRY(vec_push(out, row, err));
    }
    return OK;
}

static Status add_policies(const Release *r, Policies *out, Error *err)
{
    for (size_t i = 0; i < r->policies.len; i++) {
        const PolicyFile *f = r->policies.at[i];
        TmplPageHowPolicies row = {.path = slice_of(f->path),
            .title = f->title,
            .version = f->version,
            .source = f->source,
            .hash = slice_sub(slice_of(f->sha256), 0, 12)};
        row.verified = slice_eq_z(f->status, "verified");
        row.assumed = !row.verified;
        TRY(vec_push(out, row, err));
    }
    return OK;
}

Status page_how_write(Release *r, Error *err)
{
    const Protected *figures = r->plan->figures;
    TmplPageHow v = {.site = words_text(&r->words, "site"),
        .version = SLICE(CAIRN_VERSION),
        .protection = figures->rule,
        .rule_title = figures->policy->title,
        .rule_path = slice_of(figures->policy->path)};
    Sources sources = {0};
    Parameters parameters = {0};
    Families families = {0};
    Policies policies = {0};
    Buf body;
    buf_init(&body, 0);
    Status st;
    v.pools = figures->pools;
    v.suppresses = figures->suppresses;
    TRY_OUT(view_count(r, r->plan->attack.hidden, &v.hidden, err));
    TRY_OUT(view_count(r, r->plan->audited, &v.audited, err));
    TRY_OUT(view_count(r, figures->withheld_count, &v.withheld_count, err));
    TRY_OUT(view_count(r, r->plan->source_count, &v.source_count, err));
    TRY_OUT(add_sources(r, &sources, err));
    TRY_OUT(add_parameters(r, &parameters, err));
    TRY_OUT(add_families(r, &families, err));
    TRY_OUT(add_policies(r, &policies, err));
    v.sources = sources.at;
    v.sources_count = sources.len;
    v.parameters = parameters.at;
    v.parameters_count = parameters.len;
    v.families = families.at;
    v.families_count = families.len;
    v.policies = policies.at;
    v.policies_count = policies.len;
    tmpl_page_how(&body, &v);
    st = page_write(r, "how.html", SLICE("How this was made"), figures->rule, &body, err);
out:
    vec_free(&sources);
    vec_free(&parameters);
    vec_free(&families);
    vec_free(&policies);
    buf_free(&body);
    return st;
}
