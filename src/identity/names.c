/*
 * The table of names: each distinct spelling is standardised once, however many
 * million records carry it, and comparisons work on numbers.
 *
 * Double surnames are kept whole and in parts, so that GARCIA LOPEZ, GARCIA-LOPEZ,
 * GARCIALOPEZ and LOPEZ can meet. Particles (DE, LA, VAN ...) are no parts.
 */
#include "identity/identity_impl.h"

Status names_init(NameTable *t, Slice nickname_csv, const char *csv_path, Error *err)
{
    memset(t, 0, sizeof *t);
    arena_init(&t->arena, 0);
    buf_init(&t->scratch, 0);
    buf_init(&t->suffix, 0);
    TRY(map_init(&t->raw, err));
    TRY(map_init(&t->texts, err));
    TRY(nicknames_init(&t->nicknames, nickname_csv, csv_path, err));
    return vec_push(&t->names, (Name){0}, err);
}

void names_free(NameTable *t)
{
    arena_free(&t->arena);
    map_free(&t->raw);
    map_free(&t->texts);
    nicknames_free(&t->nicknames);
    vec_free(&t->names);
    vec_free(&t->formals);
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
        if (word.len >= 3 && !name_is_particle(word) && n->part_count < NAME_PARTS_MAX)
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
    const Slice *formals = nicknames_find(&t->nicknames, word, &n->formal_count);
    n->formal_first = (uint32_t)t->formals.len;
    for (uint32_t i = 0; i < n->formal_count; i++)
        TRY(vec_push(&t->formals, formals[i], err));
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
