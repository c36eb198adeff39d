/*
 * Bytes of an agency file to UTF-8.
 *
 * Two encodings occur: UTF-8 and Windows code page 1252 (what spreadsheets and
 * mainframe extracts on Windows write and call "ANSI" or Latin-1). The five
 * bytes that 1252 leaves open (81 8D 8F 90 9D) are errors, as in Microsoft's
 * table, not the C1 controls that the WHATWG mapping makes of them.
 */
#ifndef CAIRN_INGEST_TEXT_ENCODING_H
#define CAIRN_INGEST_TEXT_ENCODING_H

#include "base/base.h"

typedef enum TextEncoding { TEXT_UTF8, TEXT_WINDOWS_1252 } TextEncoding;

/* "utf-8" or "windows-1252", as contracts write it. */
MUST_USE Status text_encoding_parse(Slice name, TextEncoding *out, Error *err);
/* s as UTF-8: s itself where it is that already, else a copy in scratch (appended). False: s is not of the encoding. */
bool text_to_utf8(TextEncoding encoding, Slice s, Buf *scratch, Slice *out);
bool text_is_ascii(Slice s);

#endif
