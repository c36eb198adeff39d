/* Windows-1252 table: https://www.unicode.org/Public/MAPPINGS/VENDORS/MICSFT/WINDOWS/CP1252.TXT */
#include "ingest/text_encoding.h"

/* 0x80 .. 0x9F; 0 is undefined. From 0xA0 on code page and Unicode agree. */
static const uint16_t windows_1252_high[32] = {
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178,
};

Status text_encoding_parse(Slice name, TextEncoding *out, Error *err)
{
    if (slice_eq_nocase(name, SLICE("utf-8")) || name.len == 0)
        *out = TEXT_UTF8;
    else if (slice_eq_nocase(name, SLICE("windows-1252")))
        *out = TEXT_WINDOWS_1252;
    else
        return error_set(err, ERR_INVALID, "unknown encoding \"%.*s\": utf-8 and windows-1252 are read",
        SLICE_ARG(name));
    return OK;
}

bool text_is_ascii(Slice s)
{
    size_t i = 0;
    for (; i + 8 <= s.len; i += 8) {
        uint64_t word;
        memcpy(&word, s.ptr + i, 8);
        if (word & UINT64_C(0x8080808080808080))
            return false;
    }
    for (; i < s.len; i++)
        if ((uint8_t)s.ptr[i] >= 128)
            return false;
    return true;
}

static void add_code_point(Buf *out, unsigned c)
{
    if (c < 0x80) {
        buf_addc(out, (char)c);
    } else if (c < 0x800) {
        buf_addc(out, (char)(0xC0 | c >> 6));
        buf_addc(out, (char)(0x80 | (c & 0x3F)));
    } else {
        buf_addc(out, (char)(0xE0 | c >> 12));
        buf_addc(out, (char)(0x80 | (c >> 6 & 0x3F)));
        buf_addc(out, (char)(0x80 | (c & 0x3F)));
    }
}

static bool from_windows_1252(Slice s, Buf *scratch, Slice *out)
{
    size_t begin = scratch->len;
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = (uint8_t)s.ptr[i];
        unsigned code = c < 0x80 || c >= 0xA0 ? c : windows_1252_high[c - 0x80];
        if (code == 0 && c != 0)
            return false;
        add_code_point(scratch, code);
    }
    if (scratch->status != OK)
        return false;
    *out = slice_sub(buf_slice(scratch), begin, scratch->len);
    return true;
}

bool text_to_utf8(TextEncoding encoding, Slice s, Buf *scratch, Slice *out)
{
    *out = s;
    if (text_is_ascii(s))
        return true;
    if (encoding == TEXT_WINDOWS_1252)
        return from_windows_1252(s, scratch, out);
    return slice_is_utf8(s, NULL);
}
