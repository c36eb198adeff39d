/* Records column by column: what compare_stretch compares. */
#include "match/compare_impl.h"

void compare_tile_free(CompareTile *tile)
{
    mem_free(tile->rows);
    mem_free(tile->columns);
    mem_free(tile->letters);
}

Status compare_tile_reserve(const Comparer *c, CompareTile *tile, size_t records, Error *err)
{
    size_t room = records + LANES_SPARE;
    if (room <= tile->room)
        return OK;
    TRY(mem_resize((void **)&tile->rows, room, sizeof *tile->rows, err));
    TRY(mem_resize((void **)&tile->columns, room * c->column_count, sizeof *tile->columns, err));
    if (c->name_count > 0)
        TRY(mem_resize((void **)&tile->letters, room * c->name_count, sizeof *tile->letters, err));
    /* lanes beyond a stretch are computed too, and nobody looks at them */
    memset(tile->columns, 0, room * c->column_count * sizeof *tile->columns);
    tile->room = room;
    return OK;
}

static void load_aliases(const FieldPlan *p, const CompareTile *tile, uint32_t *at, size_t n)
{
    for (size_t i = 0; i < n; i++)
        at[i] = compare_alias_mark(p, tile->rows[i]);
}

static void load_name(const FieldPlan *p, const CompareTile *tile, uint32_t *at, size_t n)
{
    const NameInfo *names = p->dict->names.at;
    const NameLetters *written = p->dict->letters.at;
    const size_t room = tile->room;
    NameLetters *letters = tile->letters + p->name * room;
    for (size_t i = 0; i < n; i++, at++) {
        uint32_t value = tile->rows[i][p->column];
        const NameInfo *x = &names[value];
        float length = x->length;
        at[NAME_VALUE * room] = value;
        at[NAME_LETTERS * room] = x->letters | (uint32_t)x->flags << NAME_FLAGS_SHIFT;
        at[NAME_SOUND * room] = x->sound;
        at[NAME_ROOTS * room] = x->root_mask;
        memcpy(&at[NAME_LENGTH * room], &length, sizeof length);
        at[NAME_REPEATS * room] = x->repeats;
        letters[i] = written[value];
    }
}

static void load_code(const FieldPlan *p, const CompareTile *tile, uint32_t *at, size_t n)
{
    const uint64_t *codes = p->dict->codes.at;
    const size_t room = tile->room;
    /* a date is told by its upper half first */
    const size_t low = (p->way == WAY_DATE ? (size_t)DATE_DAYS : (size_t)CODE_LOW) * room;
    const size_t high = (p->way == WAY_DATE ? (size_t)DATE_WRITTEN : (size_t)CODE_HIGH) * room;
    for (size_t i = 0; i < n; i++, at++) {
        uint32_t value = tile->rows[i][p->column];
        uint64_t code = codes[value];
        at[0] = value;
        at[low] = (uint32_t)code;
        at[high] = (uint32_t)(code >> 32);
    }
}

static void load_value(uint32_t column, const CompareTile *tile, uint32_t *at, size_t n)
{
    for (size_t i = 0; i < n; i++)
        at[i] = tile->rows[i][column];
}

/* The tile's rows are set. */
static void load_columns(const Comparer *c, const CompareTile *tile, size_t n)
{
    for (uint32_t f = 0; f < c->field_count; f++) {
        const FieldPlan *p = &c->plans[f];
        uint32_t *at = tile->columns + (size_t)p->first * tile->room;
        if (p->way == WAY_NAME || p->way == WAY_NAMES)
            load_name(p, tile, at, n);
        else if (p->way == WAY_DATE || p->way == WAY_POSTAL || p->way == WAY_DIGITS)
            load_code(p, tile, at, n);
        else
            load_value(p->column, tile, at, n);
        for (uint32_t k = 1; p->way == WAY_PLAINS && k < p->column_count; k++)
            load_value(p->spec->columns[k], tile, at + k * tile->room, n);
        if (p->way == WAY_NAMES)
            load_aliases(p, tile, at + NAME_COLUMNS * tile->room, n);
    }
}

void compare_tile_load(const Comparer *c, const CompareTile *tile, const uint32_t *records, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        tile->rows[i] = record_cells(c->t, records[i]);
        __builtin_prefetch(tile->rows[i]);
    }
    load_columns(c, tile, n);
}

StretchView compare_tile_view(const CompareTile *tile, size_t first, size_t n)
{
    const NameLetters *letters = tile->letters ? tile->letters + first : NULL;
    return (StretchView){tile->rows + first, tile->columns + first, letters, tile->room, n};
}

void compare_fetch(const MatchTable *t, uint32_t record)
{
    const uint32_t *cells = record_cells(t, record);
    for (uint32_t f = 0; f < t->config->field_count; f++) {
        uint32_t column = t->config->fields[f].columns[0], value = cells[column];
        const Dict *d = t->dict[column];
        if (d->domain == DOMAIN_NAME) {
            __builtin_prefetch(&d->names.at[value]);
            __builtin_prefetch(&d->names.at[value].flags); /* often in the next line */
            __builtin_prefetch(&d->letters.at[value]);
        } else if (d->domain == DOMAIN_CODE) {
            __builtin_prefetch(&d->codes.at[value]);
        } else if (d->domain == DOMAIN_TEXT) {
            __builtin_prefetch(&d->texts_known.at[value]);
        }
    }
}

/* Columns are picked here and there, which costs less than asking the dictionaries anew. */
void compare_tile_pick(Comparer *c, const uint32_t *places, size_t n)
{
    for (size_t i = 0; i < n; i++)
        c->stretch.rows[i] = c->tile.rows[places[i]];
    for (uint32_t k = 0; k < c->column_count; k++) {
        const uint32_t *column = c->tile.columns + k * c->tile.room;
        uint32_t *to = c->stretch.columns + k * c->stretch.room;
        for (size_t i = 0; i < n; i++)
            to[i] = column[places[i]];
    }
    for (uint32_t k = 0; k < c->name_count; k++) {
        const NameLetters *letters = c->tile.letters + k * c->tile.room;
        NameLetters *to = c->stretch.letters + k * c->stretch.room;
        for (size_t i = 0; i < n; i++)
            to[i] = letters[places[i]];
    }
}
