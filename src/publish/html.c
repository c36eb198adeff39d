/* Escaping for the three places a template may put a value (OWASP cross-site scripting prevention, rules 1, 2 and 5).
 */
#include "publish/html.h"

static void escape(Buf *out, Slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        switch (s.ptr[i]) {
        case '&':
            buf_adds(out, "&amp;");
            break;
        case '<':
            buf_adds(out, "&lt;");
            break;
        case '>':
            buf_adds(out, "&gt;");
            break;
        case '"':
            buf_adds(out, "&quot;");
            break;
        case '\'':
            buf_adds(out, "&#39;");
            break;
        default:
            buf_addc(out, s.ptr[i]);
        }
    }
}

void html_text(Buf *out, Slice s)
{
    escape(out, s);
}

void html_attribute(Buf *out, Slice s)
{
    escape(out, s);
}

/* A colon before any slash, question mark or number sign makes a scheme (RFC 3986 section 4.2). */
static bool has_foreign_scheme(Slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (c == '/' || c == '?' || c == '#')
            return false;
        if (c == ':') {
            Slice scheme = slice_sub(s, 0, i);
            return !slice_eq_nocase(scheme, SLICE("https")) && !slice_eq_nocase(scheme, SLICE("http")) &&
                   !slice_eq_nocase(scheme, SLICE("mailto"));
        }
    }
    return false;
}

void html_url(Buf *out, Slice s)
{
    static const char hex[] = "0123456789ABCDEF";
    if (has_foreign_scheme(s)) {
        buf_addc(out, '#');
        return;
    }
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c <= ' ' || c >= 127 || c == '"' || c == '<' || c == '>' || c == '\\' || c == '`' || c == '\'') {
            char code[3] = {'%', hex[c >> 4], hex[c & 15]};
            buf_add(out, (Slice){code, 3});
        } else if (c == '&') {
            buf_adds(out, "&amp;");
        } else {
            buf_addc(out, (char)c);
        }
    }
}

void html_raw(Buf *out, Html h)
{
    buf_add(out, h.s);
}

Html html_of(const Buf *b)
{
    return (Html){buf_slice(b)};
}
