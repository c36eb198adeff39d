/*
 * Standardisation: one spelling for what agencies write in many.
 *
 * Names: Unicode NFKD without combining marks (utf8proc), upper case, letters
 * only; apostrophes vanish (O'Brien is OBRIEN), every other mark parts words,
 * and generational suffixes are cut off. SSNs are checked against what the
 * Social Security Administration never issued: area 000, 666 and 9xx, group 00,
 * serial 0000; and against repeated digits and numbers printed in advertisements.
 */
#include "identity/identity_impl.h"

#include <utf8proc.h>

#define NAME_MAX_BYTES 512

static const char *const SUFFIXES[] = {"JR", "SR", "II", "III", "IV", "V", "2ND", "3RD", "4TH"};

static bool is_suffix(Slice word)
{
    for (size_t i = 0; i < COUNT_OF(SUFFIXES); i++)
        if (slice_eq_z(word, SUFFIXES[i]))
            return true;
    return false;
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

static void add_letter(Buf *out, utf8proc_int32_t c)
{
    if (c >= 'a' && c <= 'z')
        buf_addc(out, (char)(c - 'a' + 'A'));
    else if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
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

static Status fold(Slice raw, Buf *out, Error *err)
{
    if (is_plain_ascii(raw)) {
        for (size_t i = 0; i < raw.len; i++)
            if (!vanishes(raw.ptr[i]))
                add_letter(out, raw.ptr[i]);
        return buf_status(out, err);
    }
    utf8proc_int32_t points[NAME_MAX_BYTES * 4];
    utf8proc_ssize_t n = utf8proc_decompose((const utf8proc_uint8_t *)raw.ptr, (utf8proc_ssize_t)raw.len, points,
        (utf8proc_ssize_t)COUNT_OF(points),
        UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_STRIPMARK | UTF8PROC_REJECTNA);
    if (n < 0 || n > (utf8proc_ssize_t)COUNT_OF(points))
        return OK; /* not text: treated as missing */
    for (utf8proc_ssize_t i = 0; i < n; i++)
        if (!vanishes(points[i]))
            add_letter(out, points[i]);
    return buf_status(out, err);
}

static void trim_right(Buf *b)
{
    while (b->len && b->ptr[b->len - 1] == ' ')
        b->ptr[--b->len] = '\0';
}

Status standard_name(Slice raw, Buf *out, Buf *suffix, Error *err)
{
    buf_reset(out);
    buf_reset(suffix);
    raw = slice_trim(slice_sub(raw, 0, NAME_MAX_BYTES));
    TRY(fold(raw, out, err));
    trim_right(out);
    for (;;) {
        size_t cut = out->len;
        while (cut > 0 && out->ptr[cut - 1] != ' ')
            cut--;
        Slice word = slice_sub(buf_slice(out), cut, out->len);
        if (cut == 0 || !is_suffix(word))
            break;
        buf_reset(suffix);
        buf_add(suffix, word);
        out->len = cut;
        out->ptr[cut] = '\0';
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

uint64_t standard_sasid(Slice raw)
{
    uint64_t v;
    if (raw.len != 10 || parse_u64(raw, &v, NULL) != OK)
        return 0;
    return v;
}
