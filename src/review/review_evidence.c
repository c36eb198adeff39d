/* Evidence as the identity room wrote it (evidence.c there), read back. It comes from our own vault, but is checked all
 * the same: a page must not fall over a damaged row. */
#include "review/review_impl.h"

#include <jansson.h>

static Status text_of(const json_t *v, Arena *arena, Slice *out, Error *err)
{
    const char *z = json_string_value(v);
    *out = (Slice){"", 0};
    return z ? arena_dup(arena, slice_of(z), out, err) : OK;
}

static int32_t weight_of(const json_t *v)
{
    json_int_t n = json_integer_value(v);
    return n < WEIGHT_MIN * 4 ? WEIGHT_MIN * 4 : n > WEIGHT_MAX * 4 ? WEIGHT_MAX * 4 : (int32_t)n;
}

static Status read_fields(const json_t *list, Arena *arena, Evidence *out, Error *err)
{
    size_t n = json_array_size(list);
    for (size_t i = 0; i < n && out->field_count < MATCH_FIELDS_MAX; i++) {
        const json_t *f = json_array_get(list, i);
        EvidenceField *to = &out->fields[out->field_count];
        if (json_array_size(f) < 4)
            continue;
        TRY(text_of(json_array_get(f, 0), arena, &to->field, err));
        TRY(text_of(json_array_get(f, 1), arena, &to->level, err));
        to->weight = weight_of(json_array_get(f, 2));
        to->frequency = weight_of(json_array_get(f, 3));
        out->field_count++;
    }
    return OK;
}

static Status read_passes(const json_t *list, Arena *arena, Evidence *out, Error *err)
{
    size_t n = json_array_size(list);
    for (size_t i = 0; i < n && out->pass_count < MATCH_PASSES_MAX; i++)
        TRY(text_of(json_array_get(list, i), arena, &out->passes[out->pass_count++], err));
    return OK;
}

static void read_near(const json_t *list, Evidence *out)
{
    size_t n = json_array_size(list);
    for (size_t i = 0; i < n && out->near_count < EVIDENCE_NEAR_MAX; i++) {
        const json_t *v = json_array_get(list, i);
        const char *side = json_string_value(json_array_get(v, 0)), *tag = json_string_value(json_array_get(v, 1));
        EvidenceNear *to = &out->near[out->near_count];
        if (!side || !tag || tag_parse(slice_of(tag), &to->tag, NULL) != OK)
            continue;
        to->of_a = side[0] == 'a';
        to->odds = weight_of(json_array_get(v, 2));
        out->near_count++;
    }
}

Status evidence_read(Slice json, Arena *arena, Evidence *out, Error *err)
{
    *out = (Evidence){.rule = {"", 0}};
    json_t *root = json_loadb(json.ptr, json.len, 0, NULL);
    if (!json_is_object(root)) {
        json_decref(root);
        return error_set(err, ERR_CORRUPT, "the evidence of a pair is damaged");
    }
    out->prior = weight_of(json_object_get(root, "prior"));
    out->household = weight_of(json_object_get(root, "household"));
    out->calibration = weight_of(json_object_get(root, "calibration"));
    out->ruled = weight_of(json_object_get(root, "ruled"));
    out->odds = weight_of(json_object_get(root, "odds"));
    read_near(json_object_get(root, "near"), out);
    Status st = text_of(json_object_get(root, "rule"), arena, &out->rule, err);
    if (st == OK)
        st = read_passes(json_object_get(root, "passes"), arena, out, err);
    if (st == OK)
        st = read_fields(json_object_get(root, "fields"), arena, out, err);
    json_decref(root);
    return st;
}

const char *reason_words(const char *reason)
{
    static const char *const words[REVIEW_REASON_COUNT] = {
        [REVIEW_UNCERTAIN] = "two persons now, who may be one",
        [REVIEW_AMBIGUOUS] = "likely, but somebody else is about as likely",
        [REVIEW_REFUSED] = "likely by itself, but all of the two persons together speaks against it",
        [REVIEW_WEAK] = "one person now, by a link that barely holds",
    };
    for (size_t i = 0; i < REVIEW_REASON_COUNT; i++)
        if (strcmp(reason, review_reason_name((ReviewReason)i)) == 0)
            return words[i];
    return "";
}
