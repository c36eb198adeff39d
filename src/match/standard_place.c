/*
 * Street lines and postal codes.
 *
 * A street line becomes NUMBER STREET #UNIT, with the abbreviations of the United
 * States Postal Service for directions and kinds of street (Publication 28,
 * appendix C1), so that a house number, a street and a flat can be compared apart.
 */
#include "match/value_impl.h"

typedef struct Word {
    const char *from, *to;
} Word;

/* Sorted by `from`. Post office words of Canada, Britain and Australia are there where they do not clash. */
static const Word WORDS[] = {{"ALLEY", "ALY"}, {"ALLY", "ALY"}, {"AV", "AVE"}, {"AVEN", "AVE"}, {"AVENUE", "AVE"},
    {"AVN", "AVE"}, {"AVNUE", "AVE"}, {"BEND", "BND"}, {"BOUL", "BLVD"}, {"BOULEVARD", "BLVD"}, {"BOULV", "BLVD"},
    {"BRIDGE", "BRG"}, {"BYPASS", "BYP"}, {"CENTER", "CTR"}, {"CENTRE", "CTR"}, {"CIRC", "CIR"}, {"CIRCL", "CIR"},
    {"CIRCLE", "CIR"}, {"CIRCUIT", "CCT"}, {"CLOSE", "CL"}, {"CORNER", "COR"}, {"COURT", "CT"}, {"COVE", "CV"},
    {"CRCT", "CCT"}, {"CRES", "CRES"}, {"CRESCENT", "CRES"}, {"CROSSING", "XING"}, {"CRT", "CT"}, {"DRIV", "DR"},
    {"DRIVE", "DR"}, {"DRV", "DR"}, {"EAST", "E"}, {"EIGHTH", "8TH"}, {"ESPLANADE", "ESP"}, {"ESTATE", "EST"},
    {"EXPRESSWAY", "EXPY"}, {"FIFTH", "5TH"}, {"FIRST", "1ST"}, {"FOURTH", "4TH"}, {"FREEWAY", "FWY"},
    {"GARDENS", "GDNS"}, {"GROVE", "GRV"}, {"HEIGHTS", "HTS"}, {"HIGHWAY", "HWY"}, {"HIGHWY", "HWY"}, {"HILLS", "HLS"},
    {"JUNCTION", "JCT"}, {"LANDING", "LNDG"}, {"LANE", "LN"}, {"LOOP", "LOOP"}, {"MOUNT", "MT"}, {"MOUNTAIN", "MTN"},
    {"NINTH", "9TH"}, {"NORTH", "N"}, {"NORTHEAST", "NE"}, {"NORTHWEST", "NW"}, {"PARKWAY", "PKWY"}, {"PARKWY", "PKWY"},
    {"PKY", "PKWY"}, {"PLACE", "PL"}, {"PLAZA", "PLZ"}, {"POINT", "PT"}, {"RIDGE", "RDG"}, {"RIVER", "RIV"},
    {"ROAD", "RD"}, {"ROUTE", "RTE"}, {"RTE", "RTE"}, {"SAINT", "ST"}, {"SECOND", "2ND"}, {"SEVENTH", "7TH"},
    {"SIXTH", "6TH"}, {"SOUTH", "S"}, {"SOUTHEAST", "SE"}, {"SOUTHWEST", "SW"}, {"SPRINGS", "SPGS"}, {"SQUARE", "SQ"},
    {"STATION", "STA"}, {"STR", "ST"}, {"STREET", "ST"}, {"STRT", "ST"}, {"SUMMIT", "SMT"}, {"TENTH", "10TH"},
    {"TERRACE", "TER"}, {"TERR", "TER"}, {"THIRD", "3RD"}, {"TRACE", "TRCE"}, {"TRAIL", "TRL"}, {"TURNPIKE", "TPKE"},
    {"VALLEY", "VLY"}, {"VIEW", "VW"}, {"VILLAGE", "VLG"}, {"WAY", "WAY"}, {"WEST", "W"}};

static const char *const UNITS[] = {
    "#", "APT", "APARTMENT", "UNIT", "STE", "SUITE", "FLAT", "RM", "ROOM", "LOT", "TRLR", "TRAILER", "SPC", "SPACE"};

static bool is_unit_word(Slice word)
{
    for (size_t i = 0; i < COUNT_OF(UNITS); i++)
        if (slice_eq_z(word, UNITS[i]))
            return true;
    return false;
}

static Slice short_word(Slice word)
{
    size_t low = 0, high = COUNT_OF(WORDS);
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = slice_cmp(slice_of(WORDS[middle].from), word);
        if (order == 0)
            return slice_of(WORDS[middle].to);
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return word;
}

static void add_word(Buf *b, Slice word)
{
    if (b->len)
        buf_addc(b, ' ');
    buf_add(b, word);
}

/* P O BOX, POB and the like, at *rest: cut off. */
static bool take_box(Slice *rest)
{
    static const char *const spellings[] = {"P O BOX ", "PO BOX ", "POBOX ", "POB ", "POST OFFICE BOX "};
    for (size_t i = 0; i < COUNT_OF(spellings); i++)
        if (slice_starts(*rest, slice_of(spellings[i]))) {
            *rest = slice_sub(*rest, strlen(spellings[i]), rest->len);
            return true;
        }
    return false;
}

/* Words to *line; the flat to *unit. */
static void sort_words(Slice rest, Buf *line, Buf *unit)
{
    if (take_box(&rest))
        buf_adds(line, "PO BOX");
    while (rest.ptr) {
        Slice word = slice_cut(&rest, ' ');
        if (word.len > 1 && word.ptr[0] == '#') {
            buf_add(unit, slice_sub(word, 1, word.len));
        } else if (is_unit_word(word) && rest.ptr) {
            Slice number = slice_cut(&rest, ' ');
            if (slice_eq_z(number, "#") && rest.ptr)
                number = slice_cut(&rest, ' ');
            buf_add(unit, number.len && number.ptr[0] == '#' ? slice_sub(number, 1, number.len) : number);
        } else if (!slice_eq_z(word, "#")) {
            add_word(line, short_word(word));
        }
    }
}

Status standard_address(Slice raw, Buf *out, Error *err)
{
    Buf folded, unit;
    buf_init(&folded, 0);
    buf_init(&unit, 0);
    Status st = standard_words(raw, "#", &folded, err);
    if (st == OK && folded.len) {
        sort_words(buf_slice(&folded), out, &unit);
        if (unit.len) {
            buf_adds(out, out->len ? " #" : "#");
            buf_add(out, buf_slice(&unit));
        }
        st = buf_status(&unit, err);
    }
    buf_free(&folded);
    buf_free(&unit);
    return st == OK ? buf_status(out, err) : st;
}

static bool all_digits(Slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
    return s.len > 0;
}

/* US codes as 80204 or 80204-1234; a lost first zero is put back (Massachusetts begins with 0); others as written,
 * without blanks. */
Status standard_postal_code(Slice raw, Buf *out, Error *err)
{
    TRY(standard_words(raw, "-", out, err));
    char text[16];
    size_t n = 0;
    for (size_t i = 0; i < out->len && n < sizeof text; i++)
        if (out->ptr[i] != ' ' && out->ptr[i] != '-')
            text[n++] = out->ptr[i];
    size_t dash = slice_find(buf_slice(out), SLICE("-"));
    Slice code = {text, n};
    buf_reset(out);
    if (n == 0 || n == sizeof text)
        return OK;
    size_t zeros = 0;
    while (zeros < n && text[zeros] == '0')
        zeros++;
    if (zeros == n || (n >= 5 && all_digits(code) && memcmp(text, "99999", 5) == 0))
        return OK;
    if (n == 8 && dash == 4 && all_digits(code))
        buf_addc(out, '0');
    size_t first = n == 8 && dash == 4 ? 4 : 5;
    bool plus_four = all_digits(code) && (n == 9 || first == 4);
    buf_add(out, plus_four ? slice_sub(code, 0, first) : code);
    if (plus_four && memcmp(text + first, "0000", 4) != 0) {
        buf_addc(out, '-');
        buf_add(out, slice_sub(code, first, n));
    }
    return buf_status(out, err);
}
