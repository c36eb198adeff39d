/* JJ problems, and proofs. */
#include "libprotect/cairn_protect_impl.h"

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
        return library_refuse_null("the object", err);
    if (!text && len > 0)
        return library_refuse_null("the problem", err);
    if (!out)
        return library_refuse_null("out", err);
    Slice *made = call == protect_jj_audit ? &p->words : &p->jj;
    Error e = ERROR_INIT;
    Log log = {0};
    JjReport report;
    Buf b, proof;
    const ProtectOptions options = {.threads = threads,
        .log = &log,
        .proof = p->wants_proof ? &proof : NULL,
        .given_proof = library_proof(p),
        .given_name = "proof"};
    library_forget(p);
    buf_init(&b, 0);
    buf_init(&proof, 0);
    Status st = call(library_text(text, len), "problem", &options, &report, &b, &e);
    if (st == OK)
        st = library_keep(p, &b, made, &e);
    if (st == OK && proof.len > 0)
        st = library_keep(p, &proof, &p->made_proof, &e);
    buf_free(&b);
    buf_free(&proof);
    if (st == OK) {
        tell_report(&report, out);
        p->proof = report.proof;
    }
    return library_tell(st, &e, err);
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

/* --- proofs ------------------------------------------------------------------------------------------------------- */

cairn_protect_code cairn_protect_want_proof(cairn_protect *p, int wanted, cairn_protect_error *err)
{
    if (!p)
        return library_refuse_null("the object", err);
    p->wants_proof = wanted != 0;
    return library_tell(OK, NULL, err);
}

cairn_protect_code cairn_protect_proof(cairn_protect *p, const char *bytes, size_t len, cairn_protect_error *err)
{
    if (!p)
        return library_refuse_null("the object", err);
    if (!bytes && len > 0)
        return library_refuse_null("the proof", err);
    Error e = ERROR_INIT;
    library_forget(p);
    buf_reset(&p->given_proof);
    buf_add(&p->given_proof, library_text(bytes, len));
    return library_tell(buf_status(&p->given_proof, &e), &e, err);
}

cairn_protect_code cairn_protect_proof_state(
    const cairn_protect *p, cairn_protect_proof_report *out, cairn_protect_error *err)
{
    if (!p)
        return library_refuse_null("the object", err);
    if (!out)
        return library_refuse_null("out", err);
    Error e = ERROR_INIT;
    if (!p->proof.given)
        return library_tell(error_set(&e, ERR_USAGE, "there was no audit with a proof"), &e, err);
    *out = (cairn_protect_proof_report){.tables = p->proof.tables, .held = p->proof.held, .foreign = p->proof.foreign};
    if (p->proof.broken.status != OK)
        memcpy(out->broken, p->proof.broken.message, sizeof out->broken - 1);
    return library_tell(OK, &e, err);
}
