/* The guard against ambiguous requests; what it is for stands in http_guard.h. */
#include "serve/http_guard.h"

/* RFC 9110 section 5.6.2. */
static bool is_token(Slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c <= 0x20 || c >= 0x7F || strchr("()<>@,;:\\\"/[]?={}", c))
            return false;
    }
    return s.len > 0;
}

static bool is_field_value(Slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if ((c < 0x20 && c != '\t') || c == 0x7F)
            return false;
    }
    return true;
}

/* Host names, IPv4, bracketed IPv6, a port. */
static bool is_host(Slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!plain && (c == '\0' || !strchr(".-_:[]", c)))
            return false;
    }
    return s.len <= 255;
}

/* A sign, a blank, a list or a very long number is where parsers differ. */
static bool is_length(Slice s, bool *above_zero)
{
    if (s.len == 0 || s.len > 18)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
        *above_zero = *above_zero || s.ptr[i] != '0';
    }
    return true;
}

/* A folded line ends up glued to its header's name ("Transfer-Encoding:" and " chunked" to "Transfer-Encodingchunked"),
 * where it would hide a header that says how long the body is. */
static bool is_folded(Slice name, Slice framing)
{
    return name.len > framing.len && slice_eq_nocase(slice_sub(name, 0, framing.len), framing);
}

void guard_header(Guard *g, Slice name, Slice value)
{
    const Slice length = SLICE("content-length");
    const Slice coding = SLICE("transfer-encoding");
    if (!is_token(name) || !is_field_value(value) || is_folded(name, length) || is_folded(name, coding))
        g->bad = true;
    if (slice_eq_nocase(name, SLICE("host"))) {
        g->hosts++;
        g->bad = g->bad || !is_host(value);
    } else if (slice_eq_nocase(name, length)) {
        g->lengths++;
        g->bad = g->bad || !is_length(value, &g->has_body);
    } else if (slice_eq_nocase(name, coding)) {
        g->codings++;
    }
}

static bool is_target(Slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] <= 0x20 || s.ptr[i] == 0x7F || s.ptr[i] == '#')
            return false;
    /* origin form only: an absolute one could name another host than Host does */
    return s.len > 0 && s.ptr[0] == '/';
}

int guard_verdict(const Guard *g, Slice method, Slice target, Slice version)
{
    bool one_one = slice_eq_z(version, "HTTP/1.1");
    if (!one_one && !slice_eq_z(version, "HTTP/1.0"))
        return 505;
    if (g->bad || !is_token(method) || g->hosts > 1 || (one_one && g->hosts == 0) || g->lengths > 1 || g->codings > 0)
        return 400;
    if (g->forms && slice_eq_z(method, "POST"))
        return g->lengths != 1 || !is_target(target) ? 400 : 0;
    if (!slice_eq_z(method, "GET") && !slice_eq_z(method, "HEAD"))
        return 405;
    return g->has_body || !is_target(target) ? 400 : 0;
}
