/* The library's face: protectfile behind names, types and rules of its own. Files are texts that the caller hands over.
 */
#include "libprotect/cairn_protect.h"

#include "protectfile/attack.h"
#include "protectfile/protectfile.h"

#define KEY_MIN 16
#define KEY_MAX 4096

typedef struct File {
    Slice name, text;
} File;

struct cairn_protect {
    Arena arena; /* files and policy text */
    VEC(File) files;
    ProtectionPolicy policy;
    bool has_policy, has_job, has_attack;
    ProtectJob job;
    AttackJob attack;
    Buf key;                /* of rounding and cell keys */
    const char *budget;     /* in arena; NULL */
    VEC(uint32_t) findings; /* cells of the attack */
    Slice jj, words;        /* of a JJ problem, in texts; ptr NULL: there was none */
    Arena texts;            /* handed out */
};

/* --- errors ------------------------------------------------------------------------------------------------------ */

static cairn_protect_code code_of(Status st)
{
    switch (st) {
    case OK:
        return CAIRN_PROTECT_OK;
    case ERR_USAGE:
    case ERR_NOT_FOUND:
        return CAIRN_PROTECT_USAGE;
    case ERR_INVALID:
    case ERR_PARSE:
        return CAIRN_PROTECT_INVALID;
    case ERR_DENIED:
        return CAIRN_PROTECT_EXPOSED;
    case ERR_LIMIT:
        return CAIRN_PROTECT_LIMIT;
    case ERR_NOMEM:
        return CAIRN_PROTECT_NOMEM;
    default:
        return CAIRN_PROTECT_OTHER;
    }
}

static cairn_protect_code tell(Status st, const Error *from, cairn_protect_error *to)
{
    if (to)
        memset(to, 0, sizeof *to);
    if (to && st != OK) {
        to->code = code_of(st);
        to->row = from->row;
        memcpy(to->message, from->message, sizeof to->message - 1);
        memcpy(to->hint, from->hint, sizeof to->hint - 1);
        memcpy(to->file, from->file, sizeof to->file - 1);
        memcpy(to->field, from->field, sizeof to->field - 1);
    }
    return code_of(st);
}

/* A text that is not there, but where it has no length. */
static cairn_protect_code refuse_null(const char *what, cairn_protect_error *err)
{
    Error e = ERROR_INIT;
    return tell(error_set(&e, ERR_USAGE, "%s is a null pointer", what), &e, err);
}

static Slice text_of(const char *text, size_t len)
{
    return (Slice){len > 0 ? text : "", len};
}

/* --- making ------------------------------------------------------------------------------------------------------ */

const char *cairn_protect_version(void)
{
    return CAIRN_VERSION;
}

cairn_protect_code cairn_protect_new(cairn_protect **out, cairn_protect_error *err)
{
    if (!out)
        return refuse_null("out", err);
    Error e = ERROR_INIT;
    cairn_protect *p = NULL;
    Status st = mem_zalloc(1, sizeof *p, (void **)&p, &e);
    if (st == OK) {
        arena_init(&p->arena, 0);
        arena_init(&p->texts, 0);
        buf_init(&p->key, KEY_MAX);
        *out = p;
    }
    return tell(st, &e, err);
}

static void forget_results(cairn_protect *p)
{
    if (p->has_job)
        protect_job_free(&p->job);
    if (p->has_attack)
        attack_free(&p->attack);
    p->has_job = p->has_attack = false;
    p->findings.len = 0;
    p->jj = p->words = (Slice){NULL, 0};
    arena_reset(&p->texts);
}

static void forget_key(cairn_protect *p)
{
    if (p->key.len > 0)
        mem_wipe(p->key.ptr, p->key.len);
    buf_free(&p->key);
}

void cairn_protect_free(cairn_protect *p)
{
    if (!p)
        return;
    forget_results(p);
    if (p->has_policy)
        protection_free(&p->policy);
    vec_free(&p->files);
    vec_free(&p->findings);
    forget_key(p);
    arena_free(&p->texts);
    arena_free(&p->arena);
    mem_free(p);
}

static Status add_file(cairn_protect *p, Slice name, Slice text, Error *err)
{
    File file;
    TRY(arena_dup(&p->arena, name, &file.name, err));
    TRY(arena_dup(&p->arena, text, &file.text, err));
    for (size_t i = 0; i < p->files.len; i++)
        if (slice_eq(p->files.at[i].name, name)) {
            p->files.at[i] = file;
            return OK;
        }
    return vec_push(&p->files, file, err);
}

cairn_protect_code cairn_protect_file(
    cairn_protect *p, const char *name, const char *text, size_t len, cairn_protect_error *err)
{
    if (!p)
        return refuse_null("the object", err);
    if (!name)
        return refuse_null("the name of the file", err);
    if (!text && len > 0)
        return refuse_null("the text of the file", err);
    Error e = ERROR_INIT;
    forget_results(p); /* results borrow from files */
    return tell(add_file(p, slice_of(name), text_of(text, len), &e), &e, err);
}

static Status set_policy(cairn_protect *p, Slice toml, Error *err)
{
    Slice copy;
    if (p->has_policy)
        protection_free(&p->policy);
    p->has_policy = false;
    TRY(arena_dup(&p->arena, toml, &copy, err));
    Status st = protection_parse(copy, "policy", &p->policy, err);
    if (st == OK)
        p->has_policy = true;
    else
        protection_free(&p->policy);
    return st;
}

cairn_protect_code cairn_protect_policy(cairn_protect *p, const char *toml, size_t len, cairn_protect_error *err)
{
    if (!p)
        return refuse_null("the object", err);
    if (!toml && len > 0)
        return refuse_null("the policy", err);
    Error e = ERROR_INIT;
    forget_results(p);
    return tell(set_policy(p, text_of(toml, len), &e), &e, err);
}

static Status set_key(cairn_protect *p, Slice key, Error *err)
{
    forget_key(p);
    buf_init(&p->key, KEY_MAX);
    if (key.len < KEY_MIN || key.len > KEY_MAX)
        return error_set(err, ERR_USAGE, "a key is %d to %d bytes", KEY_MIN, KEY_MAX);
    buf_add(&p->key, key);
    return buf_status(&p->key, err);
}

cairn_protect_code cairn_protect_key(cairn_protect *p, const char *key, size_t len, cairn_protect_error *err)
{
    if (!p)
        return refuse_null("the object", err);
    if (!key && len > 0)
        return refuse_null("the key", err);
    Error e = ERROR_INIT;
    forget_results(p);
    return tell(set_key(p, text_of(key, len), &e), &e, err);
}

cairn_protect_code cairn_protect_budget(cairn_protect *p, const char *path, cairn_protect_error *err)
{
    if (!p)
        return refuse_null("the object", err);
    if (!path)
        return refuse_null("the path of the budget", err);
    Error e = ERROR_INIT;
    forget_results(p);
    return tell(arena_printf(&p->arena, &p->budget, &e, "%s", path), &e, err);
}

static Status load(void *ctx, Slice name, Arena *arena, Slice *text, Error *err)
{
    const cairn_protect *p = ctx;
    UNUSED(arena);
    for (size_t i = 0; i < p->files.len; i++)
        if (slice_eq(p->files.at[i].name, name)) {
            *text = p->files.at[i].text;
            return OK;
        }
    return error_set(
        err, ERR_NOT_FOUND, "header or policy name a file that was not handed over: %.*s", SLICE_ARG(name));
}

/* --- protecting -------------------------------------------------------------------------------------------------- */

cairn_protect_code cairn_protect_run(
    cairn_protect *p, const char *header, size_t len, unsigned threads, cairn_protect_error *err)
{
    if (!p)
        return refuse_null("the object", err);
    if (!header && len > 0)
        return refuse_null("the header", err);
    Error e = ERROR_INIT;
    Log log = {0};
    const ProtectOptions options = {.threads = threads,
        .log = &log,
        .lane_load = load,
        .lane_ctx = p,
        .secret = buf_slice(&p->key),
        .budget = p->budget};
    Slice own; /* results borrow from the header, which the caller may free */
    forget_results(p);
    if (!p->has_policy)
        return tell(error_set(&e, ERR_USAGE, "a run needs a policy"), &e, err);
    Status st = arena_dup(&p->texts, text_of(header, len), &own, &e);
    p->has_job = st == OK;
    if (st == OK)
        st = protect_job_run(own, "header", load, p, &p->policy, &options, &p->job, &e);
    if (st != OK)
        forget_results(p);
    return tell(st, &e, err);
}

cairn_protect_code cairn_protect_stats_get(const cairn_protect *p, cairn_protect_stats *out, cairn_protect_error *err)
{
    if (!p)
        return refuse_null("the object", err);
    if (!out)
        return refuse_null("out", err);
    Error e = ERROR_INIT;
    if (!p->has_job)
        return tell(error_set(&e, ERR_USAGE, "there was no run"), &e, err);
    const ProtectStats *s = &p->job.stats;
    *out = (cairn_protect_stats){.shown = s->printed,
        .suppressed = s->suppressed,
        .by_rule = s->sensitive,
        .complementary = s->secondary,
        .equations = s->equations,
        .audited = s->audited};
    return tell(OK, &e, err);
}

static Status write_output(cairn_protect *p, Slice name, Buf *out, Error *err)
{
    const ProtectJob *job = &p->job;
    Slice file, text;
    if (slice_eq_z(name, "tables.toml"))
        return protect_header(job, out, err);
    if (slice_eq_z(name, "audit.json"))
        return protect_audit_json(job, out, err);
    if (slice_eq_z(name, "errors.csv"))
        return protect_errors_csv(job, out, err);
    if (slice_eq_z(name, "suppressed.csv"))
        return protect_reasons_csv(job, out, err);
    if (slice_eq_z(name, "report.html"))
        return protect_report_html(job, out, err);
    for (uint32_t t = 0; t < job->set.table_count; t++)
        if (!job->set.tables[t].released && slice_eq(tables_base_name(job->set.tables[t].file), name))
            return protect_csv(job, t, out, err);
    for (size_t i = 0; tables_code_file(&job->set, i, &file); i++)
        if (slice_eq(tables_base_name(file), name)) {
            TRY(load(p, file, &p->texts, &text, err));
            return tables_write_codes(text, file.ptr, out, err);
        }
    return error_set(err, ERR_USAGE, "a run makes no output of that name");
}

static Status keep(cairn_protect *p, Buf *b, Slice *out, Error *err)
{
    TRY(buf_status(b, err));
    return arena_dup(&p->texts, buf_slice(b), out, err);
}

static Status find_output(cairn_protect *p, Slice name, Slice *out, Error *err)
{
    Buf b;
    *out = slice_eq_z(name, "problem.jj") ? p->jj : slice_eq_z(name, "findings.txt") ? p->words : (Slice){NULL, 0};
    if (out->ptr)
        return OK;
    if (!p->has_job)
        return error_set(err, ERR_USAGE, "there was no run that makes this");
    buf_init(&b, 0);
    Status st = write_output(p, name, &b, err);
    if (st == OK)
        st = keep(p, &b, out, err);
    buf_free(&b);
    return st;
}

cairn_protect_code cairn_protect_output(
    cairn_protect *p, const char *name, const char **text, size_t *len, cairn_protect_error *err)
{
    if (!p)
        return refuse_null("the object", err);
    if (!name)
        return refuse_null("the name of the output", err);
    if (!text || !len)
        return refuse_null("text or len", err);
    Error e = ERROR_INIT;
    Slice out;
    Status st = find_output(p, slice_of(name), &out, &e);
    if (st == OK) {
        *text = out.ptr;
        *len = out.len;
    }
    return tell(st, &e, err);
}

/* --- attacking --------------------------------------------------------------------------------------------------- */

static Status attack(cairn_protect *p, Slice header, uint32_t min_possible, const cairn_protect_audit_limits *limits,
    unsigned threads, Error *err)
{
    AttackOptions o = ATTACK_OPTIONS_INIT;
    if (min_possible < 2)
        return error_set(err, ERR_USAGE, "min_possible is at least 2");
    o.policy = p->has_policy ? &p->policy : NULL;
    o.min_possible = min_possible;
    o.effort.threads = threads;
    o.effort.whole_limit = limits->whole;
    o.conflicts = limits->set_contradictions_aside ? AUDIT_CONFLICTS_SET_ASIDE : AUDIT_CONFLICTS_STAND;
    o.cells = limits->printed_only && !p->has_policy ? ATTACK_PRINTED_CELLS : ATTACK_ALL_CELLS;
    o.explain_most = limits->explain_most;
    p->has_attack = true;
    TRY(attack_run(header, "header", load, p, &o, &p->attack, err));
    for (uint32_t i = 0; i < p->attack.system.cell_count; i++)
        if (attack_exposed(p->attack.verdict[i]))
            TRY(vec_push(&p->findings, i, err));
    return OK;
}

cairn_protect_code cairn_protect_audit_within(cairn_protect *p, const char *header, size_t len, uint32_t min_possible,
    const cairn_protect_audit_limits *limits, unsigned threads, cairn_protect_error *err)
{
    if (!p)
        return refuse_null("the object", err);
    if (!header && len > 0)
        return refuse_null("the header", err);
    if (!limits)
        return refuse_null("limits", err);
    Error e = ERROR_INIT;
    Slice own;
    forget_results(p);
    Status st = arena_dup(&p->texts, text_of(header, len), &own, &e);
    if (st == OK)
        st = attack(p, own, min_possible, limits, threads, &e);
    if (st != OK)
        forget_results(p);
    return tell(st, &e, err);
}

cairn_protect_code cairn_protect_audit(
    cairn_protect *p, const char *header, size_t len, uint32_t min_possible, unsigned threads, cairn_protect_error *err)
{
    const cairn_protect_audit_limits none = {0};
    return cairn_protect_audit_within(p, header, len, min_possible, &none, threads, err);
}

uint64_t cairn_protect_set_aside(const cairn_protect *p)
{
    return p && p->has_attack ? p->attack.result.aside_count : 0;
}

/* --- JJ problems ------------------------------------------------------------------------------------------------- */

static void tell_report(const JjReport *r, cairn_protect_jj_report *out)
{
    *out = (cairn_protect_jj_report){.cells = r->cells,
        .equations = r->equations,
        .sensitive = r->sensitive,
        .secondary = r->secondary,
        .cost_decimals = r->cost_decimals,
        .cost = r->cost,
        .unprotected = r->exposed + r->unproven};
}

typedef Status (*JjCall)(
    Slice text, const char *name, const ProtectOptions *options, JjReport *report, Buf *out, Error *err);

/* What comes out is kept: the words of an audit, otherwise the problem. */
static cairn_protect_code run_jj(cairn_protect *p, JjCall call, const char *text, size_t len, unsigned threads,
    cairn_protect_jj_report *out, cairn_protect_error *err)
{
    if (!p)
        return refuse_null("the object", err);
    if (!text && len > 0)
        return refuse_null("the problem", err);
    if (!out)
        return refuse_null("out", err);
    Slice *made = call == protect_jj_audit ? &p->words : &p->jj;
    Error e = ERROR_INIT;
    Log log = {0};
    JjReport report;
    Buf b;
    const ProtectOptions options = {.threads = threads, .log = &log};
    forget_results(p);
    buf_init(&b, 0);
    Status st = call(text_of(text, len), "problem", &options, &report, &b, &e);
    if (st == OK)
        st = keep(p, &b, made, &e);
    buf_free(&b);
    if (st == OK)
        tell_report(&report, out);
    return tell(st, &e, err);
}

cairn_protect_code cairn_protect_jj(cairn_protect *p, const char *text, size_t len, unsigned threads,
    cairn_protect_jj_report *out, cairn_protect_error *err)
{
    return run_jj(p, protect_jj, text, len, threads, out, err);
}

cairn_protect_code cairn_protect_jj_audit(cairn_protect *p, const char *text, size_t len, unsigned threads,
    cairn_protect_jj_report *out, cairn_protect_error *err)
{
    return run_jj(p, protect_jj_audit, text, len, threads, out, err);
}

uint32_t cairn_protect_finding_count(const cairn_protect *p)
{
    return p ? (uint32_t)p->findings.len : 0;
}

static Status find(cairn_protect *p, uint32_t i, cairn_protect_finding *out, Error *err)
{
    Slice text;
    Buf b;
    if (i >= p->findings.len)
        return error_set(err, ERR_USAGE, "there is no finding of that number");
    uint32_t cell = p->findings.at[i];
    const AuditInference *inference = &p->attack.result.unknowns[cell];
    *out = (cairn_protect_finding){
        .verdict = attack_verdict_name(p->attack.verdict[cell]), .low = inference->low, .high = inference->high};
    buf_init(&b, 1 << 20);
    tables_cell_words(&p->attack.system, cell, &b);
    Status st = keep(p, &b, &text, err);
    out->cell = text.ptr;
    buf_reset(&b);
    if (st == OK)
        st = audit_explain(p->attack.audit, inference, &b, err);
    if (st == OK)
        st = keep(p, &b, &text, err);
    out->why = text.ptr;
    buf_free(&b);
    return st;
}

cairn_protect_code cairn_protect_finding_at(
    cairn_protect *p, uint32_t i, cairn_protect_finding *out, cairn_protect_error *err)
{
    if (!p)
        return refuse_null("the object", err);
    if (!out)
        return refuse_null("out", err);
    Error e = ERROR_INIT;
    return tell(find(p, i, out, &e), &e, err);
}
