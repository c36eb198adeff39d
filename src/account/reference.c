/* Published points and participation of what is not held here: a CSV that somebody downloaded and can point to. */
#include "account/account_parts.h"

static Status bad_row(const char *path, size_t row, const char *field, const char *why, Error *err)
{
    Status st = error_set(err, ERR_INVALID, "%s", why);
    error_at(err, path, row + 1, field);
    return st;
}

static Status read_row(
    const char *path, const CsvTable *t, const size_t columns[5], size_t row, ReferenceRow *out, Error *err)
{
    Slice cells[5];
    for (size_t i = 0; i < 5; i++)
        cells[i] = t->cells[row * t->columns + columns[i]];
    *out = (ReferenceRow){.unit = cells[0], .kind = cells[1], .name = cells[2]};
    bool points = slice_eq_z(out->kind, "points");
    if (!points && !slice_eq_z(out->kind, "participation"))
        return bad_row(path, row, "kind", "kind must be points or participation", err);
    if (parse_fixed(cells[3], 6, &out->value, NULL) != OK || out->value < 0 || out->value > 1000000 * MILLION)
        return bad_row(path, row, "value", "value must be a decimal number, not negative, at most 6 places", err);
    if (!points)
        return OK;
    if (parse_fixed(cells[4], 6, &out->possible, NULL) != OK || out->possible <= 0 || out->possible > 1000000 * MILLION)
        return bad_row(path, row, "possible", "possible must be a decimal number above zero, at most 6 places", err);
    return out->value <= out->possible ? OK
                                       : bad_row(path, row, "value", "more points were earned than were possible", err);
}

/* Two rows of one indicator or test: which of them holds, or whether a test counts twice, nobody could say. */
static Status check_single(const char *path, const ReferenceRow *row, size_t at, Map *seen, Buf *key, Error *err)
{
    bool fresh = true;
    buf_reset(key);
    buf_addf(key, "%.*s\x1f%.*s\x1f%.*s", SLICE_ARG(row->unit), SLICE_ARG(row->kind), SLICE_ARG(row->name));
    TRY(buf_status(key, err));
    TRY(map_put(seen, buf_slice(key), at, &fresh, err));
    return fresh ? OK : bad_row(path, at, "name", "an earlier row is of the same unit, kind and name", err);
}

Status reference_read(const char *path, Arena *arena, Reference *out, Error *err)
{
    static const char *const names[5] = {"unit", "kind", "name", "value", "possible"};
    CsvTable t;
    size_t columns[5];
    Map seen = {0};
    Buf key;
    Status st = OK;
    TRY(csv_read(path, arena, &t, err));
    for (size_t i = 0; i < 5; i++) {
        st = csv_column(&t, names[i], &columns[i], err);
        if (st != OK) {
            error_at(err, path, 0, names[i]);
            return st;
        }
    }
    buf_init(&key, 0);
    TRY_OUT(map_init(&seen, err));
    for (size_t r = 0; r < t.rows; r++) {
        ReferenceRow row;
        TRY_OUT(read_row(path, &t, columns, r, &row, err));
        TRY_OUT(check_single(path, &row, r, &seen, &key, err));
        TRY_OUT(vec_push(out, row, err));
    }
out:
    map_free(&seen);
    buf_free(&key);
    return st;
}

static bool takes_points(const Framework *f, Slice name)
{
    for (size_t i = 0; i < f->indicator_count; i++)
        if (!f->indicators[i].held && slice_eq(f->indicators[i].name, name))
            return true;
    return false;
}

Status reference_check(const char *path, const Framework *f, const Reference *reference, Error *err)
{
    for (size_t r = 0; r < reference->len; r++)
        if (slice_eq_z(reference->at[r].kind, "points") && !takes_points(f, reference->at[r].name))
            return bad_row(
                path, r, "name", "the framework has no indicator of that name whose points come from a file", err);
    return OK;
}
