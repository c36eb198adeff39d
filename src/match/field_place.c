/* Levels of street lines, cities and postal codes, over standard texts (standard_place.c). */
#include "kernel/kernel.h"
#include "match/value_impl.h"

/* NUMBER STREET #UNIT, each of which may be absent. */
Address address_cut(Slice s)
{
    Address a = {0};
    size_t mark = slice_find(s, SLICE("#"));
    if (mark < s.len) {
        a.unit = slice_sub(s, mark + 1, s.len);
        s = slice_trim(slice_sub(s, 0, mark));
    }
    if (slice_starts(s, SLICE("PO BOX "))) {
        a.number = slice_sub(s, 7, s.len);
        a.street = slice_sub(s, 0, 6);
        return a;
    }
    size_t blank = slice_find(s, SLICE(" "));
    if (s.len && s.ptr[0] >= '0' && s.ptr[0] <= '9') {
        a.number = slice_sub(s, 0, blank);
        s = slice_sub(s, blank + 1, s.len);
    }
    a.street = s;
    return a;
}

static bool streets_similar(Slice a, Slice b)
{
    if (a.len < 4 || b.len < 4)
        return false;
    return osa(a, b, 1) <= 1 || is_truncated(a, b, 4) || jaro_winkler(a, b) >= BAND_CLOSE;
}

LevelId level_address(Slice a, Slice b)
{
    Address x = address_cut(a), y = address_cut(b);
    bool number = x.number.len && slice_eq(x.number, y.number), street = x.street.len && slice_eq(x.street, y.street);
    bool both_without = !x.number.len && !y.number.len;
    if (street && (number || both_without))
        return LV_BUILDING;
    if ((number || both_without) && streets_similar(x.street, y.street))
        return LV_SIMILAR_STREET;
    if (street && x.number.len && y.number.len && osa(x.number, y.number, 1) <= 1)
        return LV_NUMBER_EDIT;
    if (street && !slice_eq_z(x.street, "PO BOX"))
        return LV_STREET;
    return jaro_winkler(a, b) >= BAND_CLOSE ? LV_CLOSE : LV_DIFFERS;
}

LevelId level_city(Slice a, Slice b)
{
    if (a.len >= 4 && b.len >= 4 && osa(a, b, 1) <= 1)
        return LV_ONE_EDIT;
    if (is_truncated(a, b, 4))
        return LV_TRUNCATED;
    uint32_t score = jaro_winkler(a, b);
    if (score >= BAND_CLOSE)
        return LV_CLOSE;
    return score >= BAND_SIMILAR ? LV_SIMILAR : LV_DIFFERS;
}

/* 80204 or 80204-1234 of the United States, or any other country's. */
static Slice without_extension(Slice code)
{
    return slice_sub(code, 0, slice_find(code, SLICE("-")));
}

LevelId level_postal_code(Slice a, Slice b)
{
    Slice x = without_extension(a), y = without_extension(b);
    if (slice_eq(x, y))
        return LV_FIVE_DIGITS;
    if (is_transposed(x, y))
        return LV_TRANSPOSED;
    if (osa(x, y, 1) <= 1)
        return LV_ONE_EDIT;
    return x.len >= 3 && y.len >= 3 && memcmp(x.ptr, y.ptr, 3) == 0 ? LV_AREA : LV_DIFFERS;
}
