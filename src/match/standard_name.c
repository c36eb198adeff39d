/*
 * Standard text of names and of SSNs.
 *
 * Names: Unicode NFKD without combining marks (utf8proc), upper case, letters
 * only; apostrophes vanish (O'Brien is OBRIEN), every other mark parts words,
 * and generational suffixes are cut off. Words by which an office says that it
 * knows no name (FNU and LNU are US immigration's) are no name: as values they
 * would be the most common agreement of all. SSNs are checked against what the
 * Social Security Administration never issued: area 000, 666 and 9xx, group 00,
 * serial 0000; and against repeated digits and numbers printed in advertisements.
 */
#include "match/value_impl.h"

#include <utf8proc.h>

static const char *const SUFFIXES[] = {"JR", "SR", "II", "III", "IV", "V", "2ND", "3RD", "4TH"};

static const char *const PARTICLES[] = {"DE", "LA", "DEL", "LOS", "LAS", "VAN", "VON", "DER", "DEN", "DA", "DOS", "DI",
    "LE", "EL", "AL", "BIN", "IBN", "MC", "MAC", "ST", "SAN", "TEN", "TER"};

/* First or last name unknown, no middle name or initial, not named yet. */
static const char *const NO_NAMES[] = {"UNKNOWN", "UNK", "FNU", "LNU", "NFN", "NLN", "NMN", "NMI", "NOT AVAILABLE",
    "NOT PROVIDED", "NO NAME", "NO LAST NAME", "NO FIRST NAME", "NO MIDDLE NAME", "BABY BOY", "BABY GIRL", "INFANT BOY",
    "INFANT GIRL", "N A"};

static bool is_one_of(Slice text, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (slice_eq_z(text, list[i]))
            return true;
    return false;
}

static bool is_suffix(Slice word)
{
    return is_one_of(word, SUFFIXES, COUNT_OF(SUFFIXES));
}

bool name_is_particle(Slice word)
{
    return is_one_of(word, PARTICLES, COUNT_OF(PARTICLES));
}

static bool is_no_name(Slice text)
{
    return is_one_of(text, NO_NAMES, COUNT_OF(NO_NAMES));
}

/* Letters that NFKD does not take apart. */
static const char *fold_letter(utf8proc_int32_t c)
{
    switch (c) {
    case 0xC6:
    case 0xE6:
        return "AE";
    case 0xD8:
    case 0xF8:
        return "O";
    case 0xDF:
        return "SS";
    case 0x110:
    case 0x111:
    case 0xD0:
    case 0xF0:
        return "D";
    case 0xDE:
    case 0xFE:
        return "TH";
    case 0x141:
    case 0x142:
        return "L";
    case 0x152:
    case 0x153:
        return "OE";
    case 0x131:
        return "I";
    default:
        return NULL;
    }
}

static bool vanishes(utf8proc_int32_t c)
{
    return c == '\'' || c == '`' || c == 0x2019 || c == 0x2018 || c == 0x2BC || c == 0xB4 || c == '.';
}

static void add_letter(Buf *out, utf8proc_int32_t c, const char *keep)
{
    if (c >= 'a' && c <= 'z')
        buf_addc(out, (char)(c - 'a' + 'A'));
    else if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
        buf_addc(out, (char)c);
    else if (c > 0 && c < 0x80 && *keep && strchr(keep, c))
        buf_addc(out, (char)c);
    else if (fold_letter(c))
        buf_adds(out, fold_letter(c));
    else if (c >= 0x80 && utf8proc_category(c) != UTF8PROC_CATEGORY_ZS &&
             utf8proc_category(c) != UTF8PROC_CATEGORY_PD) {
        /* Letters of other scripts stay as they are, in upper case. */
        utf8proc_uint8_t bytes[4];
        utf8proc_ssize_t n = utf8proc_encode_char(utf8proc_toupper(c), bytes);
        buf_add(out, (Slice){(const char *)bytes, (size_t)n});
    } else if (out->len && out->ptr[out->len - 1] != ' ') {
        buf_addc(out, ' ');
    }
}

static bool is_plain_ascii(Slice raw)
{
    for (size_t i = 0; i < raw.len; i++)
        if ((unsigned char)raw.ptr[i] >= 0x80)
            return false;
    return true;
}

Slice standard_cut(Slice raw)
{
    raw = slice_trim(raw);
    if (raw.len <= RAW_MAX)
        return raw;
    size_t end = RAW_MAX;
    while (end > RAW_MAX - 4 && ((unsigned char)raw.ptr[end] & 0xC0) == 0x80)
        end--;
    return slice_trim(slice_sub(raw, 0, end));
}

static void fold(Slice raw, const char *keep, Buf *out)
{
    if (is_plain_ascii(raw)) {
        for (size_t i = 0; i < raw.len; i++)
            if (!vanishes(raw.ptr[i]))
                add_letter(out, raw.ptr[i], keep);
        return;
    }
    /* A character of RAW_MAX bytes decomposes into 18 at the most, of three bytes each; text that needs more is no
     * text. */
    utf8proc_int32_t points[RAW_MAX * 4];
    utf8proc_ssize_t n = utf8proc_decompose((const utf8proc_uint8_t *)raw.ptr, (utf8proc_ssize_t)raw.len, points,
        (utf8proc_ssize_t)COUNT_OF(points),
        UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_STRIPMARK | UTF8PROC_REJECTNA);
    if (n < 0 || n > (utf8proc_ssize_t)COUNT_OF(points))
        return;
    for (utf8proc_ssize_t i = 0; i < n; i++)
        if (!vanishes(points[i]))
            add_letter(out, points[i], keep);
}

static void trim_right(Buf *b)
{
    while (b->len && b->ptr[b->len - 1] == ' ')
        b->ptr[--b->len] = '\0';
}

static void cut_long(Buf *b)
{
    if (b->len <= STANDARD_MAX)
        return;
    size_t end = STANDARD_MAX;
    while (end > 0 && ((unsigned char)b->ptr[end] & 0xC0) == 0x80)
        end--;
    b->len = end;
    b->ptr[end] = '\0';
}

Status standard_words(Slice raw, const char *keep, Buf *out, Error *err)
{
    buf_reset(out);
    fold(standard_cut(raw), keep, out);
    cut_long(out);
    trim_right(out);
    return buf_status(out, err);
}

static Slice last_word(const Buf *b)
{
    size_t cut = b->len;
    while (cut > 0 && b->ptr[cut - 1] != ' ')
        cut--;
    return slice_sub(buf_slice(b), cut, b->len);
}

Status standard_name(Slice raw, Buf *out, Buf *suffix, Error *err)
{
    buf_reset(suffix);
    TRY(standard_words(raw, "", out, err));
    if (is_no_name(buf_slice(out)))
        buf_reset(out);
    for (;;) {
        Slice word = last_word(out);
        if (word.len == out->len || !is_suffix(word))
            break;
        buf_reset(suffix);
        buf_add(suffix, word);
        out->len -= word.len;
        out->ptr[out->len] = '\0';
        trim_right(out);
    }
    return buf_status(suffix, err);
}

/* Published in advertisements and on sample cards, and so found in files (SSA, "Misused SSNs"). */
static const char *const DUMMY_SSNS[] = {"078051120", "219099999", "123456789", "987654321", "457555462"};

Status standard_ssn(Slice raw, char out[10], Error *err)
{
    UNUSED(err);
    size_t n = 0;
    out[0] = '\0';
    char digits[9];
    for (size_t i = 0; i < raw.len; i++) {
        char c = raw.ptr[i];
        if (c == '-' || c == ' ')
            continue;
        if (c < '0' || c > '9' || n == 9)
            return OK;
        digits[n++] = c;
    }
    if (n != 9 || memcmp(digits, "000", 3) == 0 || memcmp(digits, "666", 3) == 0 || digits[0] == '9' ||
        memcmp(digits + 3, "00", 2) == 0 || memcmp(digits + 5, "0000", 4) == 0)
        return OK;
    size_t same = 1;
    while (same < 9 && digits[same] == digits[0])
        same++;
    if (same == 9)
        return OK;
    for (size_t i = 0; i < COUNT_OF(DUMMY_SSNS); i++)
        if (memcmp(digits, DUMMY_SSNS[i], 9) == 0)
            return OK;
    memcpy(out, digits, 9);
    out[9] = '\0';
    return OK;
}

Date standard_birth_date(Slice raw)
{
    Date d;
    return date_parse(raw, DATE_ISO, &d, NULL) == OK ? d : DATE_NONE;
}
