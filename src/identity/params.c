/* The resolver's parameters from policy/<state>/identity/resolver.toml; their hash and the code's version name the
 * model. */
#include "identity/identity_impl.h"

/* Raised whenever the code can decide otherwise on the same records and parameters. */
#define RESOLVER_VERSION "deterministic/1"

static const char *const KIND_NAMES[RULE_KIND_COUNT] = {
    "founding", "sasid", "ssn_birth_date", "ssn_name", "local_id", "ssn_first_name", "name_birth_date", "ssn_alone"};

static Status load_rule(const Toml *rule, const char *file, Params *out, Error *err)
{
    static const char *const allowed[] = {"name", "score", "text", NULL};
    Slice name;
    double score;
    TRY(toml_only(rule, file, allowed, err));
    TRY(toml_str(rule, file, "name", &name, err));
    TRY(toml_num_or(rule, file, "score", 0, &score, err));
    for (size_t k = RULE_SASID; k < RULE_KIND_COUNT; k++) {
        if (!slice_eq_z(name, KIND_NAMES[k]))
            continue;
        if (score <= 0 || score > 1) {
            error_set(err, ERR_INVALID, "the score of a rule lies above 0 and at most 1");
            error_at(err, file, rule->line, "score");
            return ERR_INVALID;
        }
        out->rule_name[k] = name;
        out->score[k] = score;
        return OK;
    }
    error_set(err, ERR_INVALID, "unknown rule \"%.*s\"", SLICE_ARG(name));
    error_at(err, file, rule->line, "name");
    return ERR_INVALID;
}

static Status load_limits(const Toml *t, const char *file, Params *out, Error *err)
{
    const struct {
        const char *key;
        uint32_t *out;
        int64_t fallback;
    } limits[] = {{"shared_ssn_limit", &out->shared_ssn_limit, 6},
        {"shared_local_id_limit", &out->shared_local_id_limit, 6}, {"truncated_first", &out->truncated_first, 3},
        {"truncated_last", &out->truncated_last, 4}};
    for (size_t i = 0; i < COUNT_OF(limits); i++) {
        int64_t v;
        TRY(toml_int_or(t, file, limits[i].key, limits[i].fallback, &v, err));
        if (v < 1 || v > 1000)
            return error_set(err, ERR_INVALID, "%s: \"%s\" must lie between 1 and 1000", file, limits[i].key);
        *limits[i].out = (uint32_t)v;
    }
    return toml_num_or(t, file, "strong_score", 0.95, &out->strong_score, err);
}

Status params_load(Policy *policy, Date on, Params *out, Error *err)
{
    *out = (Params){0};
    const PolicyFile *file;
    TRY(policy_get(policy, "identity", SLICE("resolver"), on, &file, err));
    const Toml *rules;
    TRY(toml_array(file->toml, file->path, "rule", &rules, err));
    for (const Toml *r = rules ? rules->first : NULL; r; r = r->next)
        TRY(load_rule(r, file->path, out, err));
    out->rule_name[RULE_FOUNDING] = SLICE("founding");
    out->score[RULE_FOUNDING] = 1.0;
    TRY(load_limits(file->toml, file->path, out, err));
    Slice authority;
    TRY(toml_str(file->toml, file->path, "authority", &authority, err));
    out->authority = authority.ptr;
    TRY(policy_data(policy, "identity/nicknames.csv", &out->nickname_csv, &out->nickname_path, err));

    Buf text;
    buf_init(&text, 0);
    buf_adds(&text, RESOLVER_VERSION "\n");
    buf_add(&text, file->text);
    buf_add(&text, out->nickname_csv);
    uint8_t digest[SHA256_SIZE];
    Status st = buf_status(&text, err);
    if (st == OK)
        st = sha256_of(buf_slice(&text), digest, err);
    buf_free(&text);
    if (st == OK)
        hex_encode(digest, sizeof digest, out->model_version);
    return st;
}
