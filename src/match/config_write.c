/*
 * A config as text again: what `cairn match --suggest` prints and what a run leaves beside its results as the config
 * that was used. Only what differs from the defaults is written, so that the text is one a person would have written;
 * match_config_parse reads the same config back (tests/match holds the two together).
 */
#include <math.h>

#include "match/match.h"

bool field_kind_term_frequency(FieldKind kind)
{
    switch (kind) {
    case FIELD_FIRST_NAME:
    case FIELD_MIDDLE_NAME:
    case FIELD_LAST_NAME:
    case FIELD_CITY:
    case FIELD_POSTAL_CODE:
    case FIELD_ADDRESS:
    case FIELD_EMAIL:
    case FIELD_PHONE:
    case FIELD_TEXT:
        return true;
    default:
        return false;
    }
}

bool field_kind_shared(FieldKind kind)
{
    switch (kind) {
    case FIELD_LAST_NAME:
    case FIELD_ADDRESS:
    case FIELD_CITY:
    case FIELD_POSTAL_CODE:
    case FIELD_PHONE:
        return true;
    default:
        return false;
    }
}

/* A basic TOML string. */
static void add_text(Buf *out, Slice s)
{
    buf_addc(out, '"');
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c == '"' || c == '\\')
            buf_addf(out, "\\%c", c);
        else if (c == '\n')
            buf_adds(out, "\\n");
        else if (c == '\t')
            buf_adds(out, "\\t");
        else if (c < 0x20 || c == 0x7f)
            buf_addf(out, "\\u%04X", c);
        else
            buf_addc(out, (char)c);
    }
    buf_addc(out, '"');
}

static void add_key_text(Buf *out, const char *key, Slice s)
{
    buf_addf(out, "%s = ", key);
    add_text(out, s);
    buf_addc(out, '\n');
}

static void add_list(Buf *out, const char *key, const Slice *texts, uint32_t count)
{
    buf_addf(out, "%s = [", key);
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0)
            buf_adds(out, ", ");
        add_text(out, texts[i]);
    }
    buf_adds(out, "]\n");
}

static void add_flag(Buf *out, const char *key, bool value, bool fallback)
{
    if (value != fallback)
        buf_addf(out, "%s = %s\n", key, value ? "true" : "false");
}

/* The shortest probability that reads back as the same weight; a weight has a thousandth of a bit. */
static void add_probability(Buf *out, const char *key, Weight w, Weight fallback)
{
    if (w == fallback)
        return;
    double p = weight_probability(w);
    int digits = 1;
    while (digits < 17) {
        Buf text;
        double back = 0;
        buf_init(&text, 64);
        buf_addf(&text, "%.*g", digits, p);
        bool same = parse_f64(buf_slice(&text), &back, NULL) == OK && probability_weight(back) == w;
        buf_free(&text);
        if (same)
            break;
        digits++;
    }
    Buf text;
    buf_init(&text, 64);
    buf_addf(&text, "%.*g", digits, p);
    bool whole = slice_find(buf_slice(&text), SLICE(".")) == text.len && !memchr(buf_z(&text), 'e', text.len);
    buf_addf(out, "%s = %s%s\n", key, buf_z(&text), whole ? ".0" : "");
    buf_free(&text);
}

void match_pass_describe(const MatchConfig *config, const PassSpec *pass, Buf *out)
{
    for (uint32_t i = 0; i < pass->part_count; i++) {
        const KeyPart *k = &pass->parts[i];
        if (i > 0)
            buf_addc(out, '+');
        buf_add(out, config->fields[k->field].name);
        if (k->transform != KEY_WHOLE)
            buf_addf(out, ":%s", key_transform_name(k->transform));
        if (k->length > 0)
            buf_add_u64(out, k->length);
    }
    if (pass->window > 0) {
        buf_addc(out, '~');
        buf_add_u64(out, pass->window);
    }
}

static void write_limits(const MatchConfig *c, Buf *out)
{
    MatchConfig d;
    match_config_init(&d);
    add_flag(out, "link_sources", c->link_sources, d.link_sources);
    add_probability(out, "match_from", c->match_from, d.match_from);
    /* as the reader does: thresholds below follow one that is lowered */
    Weight review = d.review_from > c->match_from ? c->match_from : d.review_from;
    add_probability(out, "review_from", c->review_from, review);
    Weight keep = d.keep_from > c->review_from ? c->review_from : d.keep_from;
    add_probability(out, "keep_from", c->keep_from, keep);
    if (c->pairs_max != d.pairs_max)
        buf_addf(out, "pairs_max = %" PRIu64 "\n", c->pairs_max);
    if (c->block_max != d.block_max)
        buf_addf(out, "block_max = %" PRIu32 "\n", c->block_max);
    if (c->seed != d.seed)
        buf_addf(out, "seed = %" PRIu64 "\n", c->seed);
    if (c->trait_count > 0)
        add_list(out, "traits", c->traits, c->trait_count);
}

static void write_source(const MatchConfig *c, const SourceSpec *s, Buf *out)
{
    add_flag(out, "unique", s->unique, false);
    add_flag(out, "dedupe", s->dedupe, !s->unique);
    if (s->trait > 0 && s->trait < c->trait_count)
        add_key_text(out, "trait", c->traits[s->trait]);
}

static void write_input(const MatchConfig *c, const MatchInput *in, Buf *out)
{
    Buf text;
    buf_init(&text, 0);
    if (in->id.len > 0)
        add_key_text(&text, "id", in->id);
    if (in->source.len > 0)
        add_key_text(&text, "source", in->source);
    if (in->truth.len > 0)
        add_key_text(&text, "truth", in->truth);
    if (in->nicknames.len > 0)
        add_key_text(&text, "nicknames", in->nicknames);
    if (in->missing_count > 0)
        add_list(&text, "missing", in->missing, in->missing_count);
    write_source(c, &in->other, &text);
    if (text.len > 0) {
        buf_adds(out, "\n[input]\n");
        buf_add(out, buf_slice(&text));
    }
    buf_free(&text);
}

static void write_field(const MatchConfig *c, const FieldSpec *f, Buf *out)
{
    buf_adds(out, "\n[[field]]\n");
    if (!slice_eq_z(f->name, field_kind_name(f->kind)))
        add_key_text(out, "name", f->name);
    add_key_text(out, "kind", slice_of(field_kind_name(f->kind)));
    if (f->column_count == 1)
        add_key_text(out, "column", c->columns[f->columns[0]]);
    else {
        Slice names[MATCH_ALIASES_MAX];
        for (uint32_t i = 0; i < f->column_count; i++)
            names[i] = c->columns[f->columns[i]];
        add_list(out, "columns", names, f->column_count);
    }
    add_flag(out, "combine", f->combine, false);
    if (f->swap_with != MATCH_NONE)
        add_key_text(out, "swap_with", c->fields[f->swap_with].name);
    if (f->neutral_beside) {
        Slice names[MATCH_FIELDS_MAX];
        uint32_t count = 0;
        for (uint32_t i = 0; i < c->field_count; i++)
            if (f->neutral_beside >> i & 1)
                names[count++] = c->fields[i].name;
        add_list(out, "neutral_beside", names, count);
    }
    add_flag(out, "term_frequency", f->term_frequency, field_kind_term_frequency(f->kind));
    add_flag(out, "shared", f->shared, field_kind_shared(f->kind));
    if (f->neutral.len)
        add_key_text(out, "neutral", f->neutral);
    for (uint32_t i = 0; i < f->level_count; i++) {
        buf_adds(out, "[[field.level]]\n");
        add_key_text(out, "name", f->levels[i].name);
        add_key_text(out, "when", f->levels[i].when);
    }
}

static void write_pass(const MatchConfig *c, const PassSpec *p, Buf *out)
{
    Buf described;
    Slice keys[MATCH_KEY_PARTS_MAX];
    size_t ends[MATCH_KEY_PARTS_MAX] = {0};
    buf_init(&described, 0);
    match_pass_describe(c, p, &described);
    buf_adds(out, "\n[[pass]]\n");
    if (!slice_eq(buf_slice(&described), p->name))
        add_key_text(out, "name", p->name);
    buf_reset(&described);
    for (uint32_t i = 0; i < p->part_count; i++) {
        PassSpec one = {.part_count = 1};
        one.parts[0] = p->parts[i];
        match_pass_describe(c, &one, &described);
        ends[i] = described.len;
    }
    for (uint32_t i = 0; i < p->part_count; i++)
        keys[i] = slice_sub(buf_slice(&described), i ? ends[i - 1] : 0, ends[i]);
    add_list(out, "keys", keys, p->part_count);
    if (p->window > 0)
        buf_addf(out, "window = %" PRIu32 "\n", p->window);
    buf_free(&described);
}

void match_config_write(const MatchConfig *config, const MatchInput *input, Buf *out)
{
    write_limits(config, out);
    if (input)
        write_input(config, input, out);
    for (uint32_t i = 0; i < config->field_count; i++)
        write_field(config, &config->fields[i], out);
    for (uint32_t i = 0; i < config->pass_count; i++)
        write_pass(config, &config->passes[i], out);
    for (uint32_t i = 0; i < config->trait_count; i++)
        if (config->trait_within[i]) {
            buf_adds(out, "\n[[trait]]\n");
            add_key_text(out, "name", config->traits[i]);
            add_key_text(out, "within", config->traits[config->trait_within[i] - 1]);
        }
    for (uint32_t i = 0; i < config->source_count; i++) {
        buf_adds(out, "\n[[dataset]]\n");
        add_key_text(out, "name", config->sources[i].name);
        write_source(config, &config->sources[i], out);
    }
    for (uint32_t i = 0; i < config->rule_count; i++) {
        const RuleSpec *r = &config->rules[i];
        buf_adds(out, "\n[[rule]]\n");
        add_key_text(out, "name", r->name);
        add_key_text(out, "effect", r->effect == RULE_MUST ? SLICE("must") : SLICE("must_not"));
        add_key_text(out, "when", r->when);
    }
    if (config->left_step > 0) {
        buf_adds(out, "\n[left_over]\n");
        add_key_text(out, "field", config->fields[config->left_field].name);
        buf_addf(out, "step = %" PRIu32 "\n", config->left_step);
    }
}
