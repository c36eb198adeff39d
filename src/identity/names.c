/*
 * The table of names: each distinct spelling is standardised once, however many
 * million records carry it, and comparisons work on numbers.
 *
 * Double surnames are kept whole and in parts, so that GARCIA LOPEZ, GARCIA-LOPEZ,
 * GARCIALOPEZ and LOPEZ can meet. Particles (DE, LA, VAN ...) are no parts.
 */
#include "identity/identity_impl.h"

static const char *const PARTICLES[] = {"DE", "LA", "DEL", "LOS", "LAS", "VAN", "VON", "DER", "DEN", "DA", "DOS", "DI",
    "LE", "EL", "AL", "BIN", "IBN", "MC", "MAC", "ST", "SAN", "TEN", "TER"};

static bool is_particle(Slice word)
{
    for (size_t i = 0; i < COUNT_OF(PARTICLES); i++)
        if (slice_eq_z(word, PARTICLES[i]))
            return true;
    return false;
}

static Status load_nicknames(NameTable *t, Slice csv, const char *path, Error *err)
{
    CsvTable table;
    size_t nick, formal;
    TRY(csv_parse(csv, path, &t->arena, &table, err));
    TRY(csv_column(&table, "nickname", &nick, err));
    TRY(csv_column(&table, "formal", &formal, err));
    Slice last = {0};
    for (size_t r = 0; r < table.rows; r++) {
        const Slice *row = table.cells + r * table.columns;
        if (r > 0 && slice_cmp(row[nick], last) < 0) {
            error_set(err, ERR_INVALID, "nicknames are not sorted");
            error_at(err, path, r + 1, "nickname");
            return ERR_INVALID;
        }
        if (r == 0 || !slice_eq(row[nick], last)) {
            TRY(map_put(&t->nicknames, row[nick], t->nickname_counts.len, NULL, err));
            TRY(vec_push(&t->nickname_counts, (uint32_t)t->nickname_forms.len, err));
            last = row[nick];
        }
        TRY(vec_push(&t->nickname_forms, row[formal], err));
    }
    return vec_push(&t->nickname_counts, (uint32_t)t->nickname_forms.len, err);
}

Status names_init(NameTable *t, Slice nickname_csv, const char *csv_path, Error *err)
{
    memset(t, 0, sizeof *t);
    arena_init(&t->arena, 0);
    buf_init(&t->scratch, 0);
    buf_init(&t->suffix, 0);
    TRY(map_init(&t->raw, err));
    TRY(map_init(&t->texts, err));
    TRY(map_init(&t->nicknames, err));
    TRY(load_nicknames(t, nickname_csv, csv_path, err));
    return vec_push(&t->names, (Name){0}, err);
}

void names_free(NameTable *t)
{
    arena_free(&t->arena);
    map_free(&t->raw);
    map_free(&t->texts);
    map_free(&t->nicknames);
    vec_free(&t->names);
    vec_free(&t->formals);
    vec_free(&t->nickname_forms);
    vec_free(&t->nickname_counts);
    buf_free(&t->scratch);
    buf_free(&t->suffix);
}

static Status cut_parts(NameTable *t, Name *n, Error *err)
{
    Slice rest = n->text;
    Buf joined;
    buf_init(&joined, 0);
    while (rest.ptr) {
        Slice word = slice_cut(&rest, ' ');
        buf_add(&joined, word);
        if (word.len >= 3 && !is_particle(word) && n->part_count < NAME_PARTS_MAX)
            n->parts[n->part_count++] = word;
    }
    Status st = buf_status(&joined, err);
    if (st == OK)
        st = arena_dup(&t->arena, buf_slice(&joined), &n->joined, err);
    buf_free(&joined);
    return st;
}

/* Formal names of the first word: BOB JAMES may be ROBERT. */
static Status add_formals(NameTable *t, Name *n, Error *err)
{
    Slice rest = n->text;
    Slice word = slice_cut(&rest, ' ');
    uint64_t at;
    n->formal_first = (uint32_t)t->formals.len;
    if (!map_get(&t->nicknames, word, &at))
        return OK;
    for (uint32_t i = t->nickname_counts.at[at]; i < t->nickname_counts.at[at + 1]; i++)
        TRY(vec_push(&t->formals, t->nickname_forms.at[i], err));
    n->formal_count = (uint32_t)t->formals.len - n->formal_first;
    return OK;
}

Status names_add(NameTable *t, Slice raw, uint32_t *out, Error *err)
{
    uint64_t known;
    *out = 0;
    if (raw.len == 0)
        return OK;
    if (map_get(&t->raw, raw, &known)) {
        *out = (uint32_t)known;
        return OK;
    }
    TRY(standard_name(raw, &t->scratch, &t->suffix, err));
    if (t->scratch.len && !map_get(&t->texts, buf_slice(&t->scratch), &known)) {
        Name n = {0};
        TRY(arena_dup(&t->arena, buf_slice(&t->scratch), &n.text, err));
        TRY(cut_parts(t, &n, err));
        TRY(add_formals(t, &n, err));
        known = t->names.len;
        TRY(vec_push(&t->names, n, err));
        TRY(map_put(&t->texts, n.text, known, NULL, err));
    } else if (!t->scratch.len) {
        known = 0;
    }
    *out = (uint32_t)known;
    return map_put(&t->raw, raw, known, NULL, err);
}
