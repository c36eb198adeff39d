/*
 * The engine's explanation of a pair as JSON, to be kept with a pair that waits
 * for a reviewer: the reviewer then sees what the model saw, without anybody
 * reading the rest of the vault to count how common a name is.
 *
 * The column is plain text in the vault. What a value's commonness adds is kept in
 * whole bits, as a thousandth of a bit would tell how many people bear a name, and
 * with that often which name it is; the rest goes into the calibration, so that
 * the parts still add up to the odds.
 */
#include "identity/identity_impl.h"

static Weight whole_bits(Weight w)
{
    Weight half = w < 0 ? -WEIGHT_BIT / 2 : WEIGHT_BIT / 2;
    return (w + half) / WEIGHT_BIT * WEIGHT_BIT;
}

/* In place. */
static void coarsen(Explanation *why)
{
    for (uint32_t f = 0; f < why->field_count; f++) {
        FieldReason *r = &why->fields[f];
        Weight rest = r->frequency - whole_bits(r->frequency);
        r->frequency -= rest;
        r->weight -= rest;
        why->calibration += rest;
    }
}

Status evidence_json(MatchLook *look, const MatchModel *m, uint32_t a, uint32_t b, Buf *out, Error *err)
{
    Explanation why;
    Json j;
    match_look_explain(look, a, b, &why);
    coarsen(&why);
    json_begin(&j, out, JSON_COMPACT);
    json_open_object(&j);
    json_kint(&j, "prior", why.prior);
    json_kint(&j, "household", why.household);
    json_kint(&j, "calibration", why.calibration);
    json_kint(&j, "ruled", why.ruled);
    json_kint(&j, "odds", why.odds);
    json_kstr(&j, "rule", why.rule);
    json_key(&j, "passes");
    json_open_array(&j);
    for (uint32_t p = 0; p < match_pass_count(m); p++)
        if (why.passes >> p & 1)
            json_str(&j, match_pass_name(m, p));
    json_end(&j);
    json_key(&j, "fields");
    json_open_array(&j);
    for (uint32_t f = 0; f < why.field_count; f++) {
        json_open_array(&j);
        json_str(&j, why.fields[f].field);
        json_str(&j, why.fields[f].level);
        json_int(&j, why.fields[f].weight);
        json_int(&j, why.fields[f].frequency);
        json_end(&j);
    }
    json_end(&j);
    json_end(&j);
    return buf_status(out, err);
}
