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

Status reference_read(const char *path, Arena *arena, Reference *out, Error *err)
{
    static const char *const names[5] = {"unit", "kind", "name", "value", "possible"};
    CsvTable t;
    size_t columns[5];
    TRY(csv_read(path, arena, &t, err));
    for (size_t i = 0; i < 5; i++) {
        Status st = csv_column(&t, names[i], &columns[i], err);
        if (st != OK) {
            error_at(err, path, 0, names[i]);
            return st;
        }
    }
    for (size_t r = 0; r < t.rows; r++) {
        ReferenceRow row;
        TRY(read_row(path, &t, columns, r, &row, err));
        TRY(vec_push(out, row, err));
    }
    return OK;
}
