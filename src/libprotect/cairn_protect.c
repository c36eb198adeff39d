/* The library's face: protectfile behind names, types and rules of its own. Files are texts that the caller hands over.
 */
#include "libprotect/cairn_protect_impl.h"

#define KEY_MIN 16
#define KEY_MAX 4096

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

cairn_protect_code library_tell(Status st, const Error *from, cairn_protect_error *to)
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
cairn_protect_code library_refuse_null(const char *what, cairn_protect_error *err)
{
    Error e = ERROR_INIT;
    return library_tell(error_set(&e, ERR_USAGE, "%s is a null pointer", what), &e, err);
}

Slice library_text(const char *text, size_t len)
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
        return library_refuse_null("out", err);
    Error e = ERROR_INIT;
    cairn_protect *p = NULL;
    Status st = mem_zalloc(1, sizeof *p, (void **)&p, &e);
    if (st == OK) {
        arena_init(&p->arena, 0);
        arena_init(&p->texts, 0);
        buf_init(&p->key, KEY_MAX);
        buf_init(&p->given_proof, 0);
        *out = p;
    }
    return library_tell(st, &e, err);
}

void library_forget(cairn_protect *p)
{
    if (p->has_job)
        protect_job_free(&p->job);
    if (p->has_attack)
        attack_free(&p->attack);
    p->has_job = p->has_attack = false;
    p->findings.len = 0;
    p->jj = p->words = p->made_proof = (Slice){NULL, 0};
    p->proof = (ProofReport){0};
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
    library_forget(p);
    if (p->has_policy)
        protection_free(&p->policy);
    vec_free(&p->files);
    vec_free(&p->findings);
    forget_key(p);
    buf_free(&p->given_proof);
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
        return library_refuse_null("the object", err);
    if (!name)
        return library_refuse_null("the name of the file", err);
    if (!text && len > 0)
        return library_refuse_null("the text of the file", err);
    Error e = ERROR_INIT;
    library_forget(p); /* results borrow from files */
    return library_tell(add_file(p, slice_of(name), library_text(text, len), &e), &e, err);
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
        return library_refuse_null("the object", err);
    if (!toml && len > 0)
        return library_refuse_null("the policy", err);
    Error e = ERROR_INIT;
    library_forget(p);
    return library_tell(set_policy(p, library_text(toml, len), &e), &e, err);
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
        return library_refuse_null("the object", err);
    if (!key && len > 0)
        return library_refuse_null("the key", err);
    Error e = ERROR_INIT;
    library_forget(p);
    return library_tell(set_key(p, library_text(key, len), &e), &e, err);
}

cairn_protect_code cairn_protect_budget(cairn_protect *p, const char *path, cairn_protect_error *err)
{
    if (!p)
        return library_refuse_null("the object", err);
    if (!path)
        return library_refuse_null("the path of the budget", err);
    Error e = ERROR_INIT;
    library_forget(p);
    return library_tell(arena_printf(&p->arena, &p->budget, &e, "%s", path), &e, err);
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

Status library_keep(cairn_protect *p, Buf *b, Slice *out, Error *err)
{
    TRY(buf_status(b, err));
    return arena_dup(&p->texts, buf_slice(b), out, err);
}

static Status prove_tables(cairn_protect *p, unsigned threads, Error *err)
{
    Buf b;
    buf_init(&b, 0);
    Status st = protect_proof(&p->job, load, p, threads, &b, err);
    if (st == OK)
        st = library_keep(p, &b, &p->made_proof, err);
    buf_free(&b);
    return st;
}

cairn_protect_code cairn_protect_run(
    cairn_protect *p, const char *header, size_t len, unsigned threads, cairn_protect_error *err)
{
    if (!p)
        return library_refuse_null("the object", err);
    if (!header && len > 0)
        return library_refuse_null("the header", err);
    Error e = ERROR_INIT;
    Log log = {0};
    const ProtectOptions options = {.threads = threads,
        .log = &log,
        .lane_load = load,
        .lane_ctx = p,
        .secret = buf_slice(&p->key),
        .budget = p->budget};
    Slice own; /* results borrow from the header, which the caller may free */
    library_forget(p);
    if (!p->has_policy)
        return library_tell(error_set(&e, ERR_USAGE, "a run needs a policy"), &e, err);
    Status st = arena_dup(&p->texts, library_text(header, len), &own, &e);
    p->has_job = st == OK;
    if (st == OK)
        st = protect_job_run(own, "header", load, p, &p->policy, &options, &p->job, &e);
    if (st == OK && p->wants_proof)
        st = prove_tables(p, threads, &e);
    if (st != OK)
        library_forget(p);
    return library_tell(st, &e, err);
}

cairn_protect_code cairn_protect_stats_get(const cairn_protect *p, cairn_protect_stats *out, cairn_protect_error *err)
{
    if (!p)
        return library_refuse_null("the object", err);
    if (!out)
        return library_refuse_null("out", err);
    Error e = ERROR_INIT;
    if (!p->has_job)
        return library_tell(error_set(&e, ERR_USAGE, "there was no run"), &e, err);
    const ProtectStats *s = &p->job.stats;
    *out = (cairn_protect_stats){.shown = s->printed,
        .suppressed = s->suppressed,
        .by_rule = s->sensitive,
        .complementary = s->secondary,
        .equations = s->equations,
        .audited = s->audited};
    return library_tell(OK, &e, err);
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

static Status find_output(cairn_protect *p, Slice name, Slice *out, Error *err)
{
    Buf b;
    *out = slice_eq_z(name, "problem.jj")     ? p->jj
           : slice_eq_z(name, "findings.txt") ? p->words
           : slice_eq_z(name, "proof")        ? p->made_proof
                                              : (Slice){NULL, 0};
    if (out->ptr)
        return OK;
    if (!p->has_job)
        return error_set(err, ERR_USAGE, "there was no run that makes this");
    buf_init(&b, 0);
    Status st = write_output(p, name, &b, err);
    if (st == OK)
        st = library_keep(p, &b, out, err);
    buf_free(&b);
    return st;
}

cairn_protect_code cairn_protect_output(
    cairn_protect *p, const char *name, const char **text, size_t *len, cairn_protect_error *err)
{
    if (!p)
        return library_refuse_null("the object", err);
    if (!name)
        return library_refuse_null("the name of the output", err);
    if (!text || !len)
        return library_refuse_null("text or len", err);
    Error e = ERROR_INIT;
    Slice out;
    Status st = find_output(p, slice_of(name), &out, &e);
    if (st == OK) {
        *text = out.ptr;
        *len = out.len;
    }
    return library_tell(st, &e, err);
}

/* --- attacking --------------------------------------------------------------------------------------------------- */

Slice library_proof(const cairn_protect *p)
{
    return p->given_proof.len > 0 ? buf_slice(&p->given_proof) : (Slice){NULL, 0};
}

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
    o.given_proof = library_proof(p);
    o.given_name = "proof";
    p->has_attack = true;
    TRY(attack_run(header, "header", load, p, &o, &p->attack, err));
    p->proof = p->attack.proof;
    for (uint32_t i = 0; i < p->attack.system.cell_count; i++)
        if (attack_exposed(p->attack.verdict[i]))
            TRY(vec_push(&p->findings, i, err));
    return OK;
}

cairn_protect_code cairn_protect_audit_within(cairn_protect *p, const char *header, size_t len, uint32_t min_possible,
    const cairn_protect_audit_limits *limits, unsigned threads, cairn_protect_error *err)
{
    if (!p)
        return library_refuse_null("the object", err);
    if (!header && len > 0)
        return library_refuse_null("the header", err);
    if (!limits)
        return library_refuse_null("limits", err);
    Error e = ERROR_INIT;
    Slice own;
    library_forget(p);
    Status st = arena_dup(&p->texts, library_text(header, len), &own, &e);
    if (st == OK)
        st = attack(p, own, min_possible, limits, threads, &e);
    if (st != OK)
        library_forget(p);
    return library_tell(st, &e, err);
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
    Status st = library_keep(p, &b, &text, err);
    out->cell = text.ptr;
    buf_reset(&b);
    if (st == OK)
        st = audit_explain(p->attack.audit, inference, &b, err);
    if (st == OK)
        st = library_keep(p, &b, &text, err);
    out->why = text.ptr;
    buf_free(&b);
    return st;
}

cairn_protect_code cairn_protect_finding_at(
    cairn_protect *p, uint32_t i, cairn_protect_finding *out, cairn_protect_error *err)
{
    if (!p)
        return library_refuse_null("the object", err);
    if (!out)
        return library_refuse_null("out", err);
    Error e = ERROR_INIT;
    return library_tell(find(p, i, out, &e), &e, err);
}
