/* Paths of requests: decoding and checking, as http_path.h says. */
#include "serve/http_path.h"

/* One character from the front of *rest. A decoded slash is data, not a separator: it becomes NUL, which no name has.
 */
static Status next_char(Slice *rest, char *out, Error *err)
{
    char c = rest->ptr[0];
    size_t used = 1;
    if (c == '%') {
        int high = rest->len >= 3 ? hex_digit(rest->ptr[1]) : -1;
        int low = rest->len >= 3 ? hex_digit(rest->ptr[2]) : -1;
        if (high < 0 || low < 0)
            return error_set(err, ERR_PARSE, "a percent sign is not followed by two hex digits");
        c = (char)(unsigned char)(high * 16 + low);
        used = 3;
        if (c == '/')
            c = '\0';
        else if ((unsigned char)c < 0x20 || c == 0x7F)
            return error_set(err, ERR_PARSE, "the path holds an encoded control character");
    } else if ((unsigned char)c <= 0x20 || (unsigned char)c >= 0x7F) {
        return error_set(err, ERR_PARSE, "the path holds a character that must be encoded");
    }
    *rest = slice_sub(*rest, used, rest->len);
    *out = c;
    return OK;
}

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
}

static bool is_name(Slice s)
{
    if (s.len == 0 || s.len > HTTP_NAME_MAX || s.ptr[0] == '.')
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (!is_name_char(s.ptr[i]))
            return false;
    return true;
}

static Status split_names(Slice text, HttpPath *out, Error *err)
{
    Slice rest = text;
    while (rest.ptr && text.len > 0) {
        Slice name = slice_cut(&rest, '/');
        if (!is_name(name) || out->count == HTTP_NAMES_MAX)
            return error_set(err, ERR_NOT_FOUND, "the path is not one that could be published");
        out->names[out->count++] = name;
    }
    return OK;
}

Status http_path_parse(Slice raw, HttpPath *out, Error *err)
{
    size_t len = 0;
    out->count = 0;
    if (raw.len > HTTP_PATH_MAX)
        return error_set(err, ERR_LIMIT, "the path is longer than %d bytes", HTTP_PATH_MAX);
    if (raw.len == 0 || raw.ptr[0] != '/')
        return error_set(err, ERR_PARSE, "the path does not begin with a slash");
    for (Slice rest = slice_sub(raw, 1, raw.len); rest.len > 0;)
        TRY(next_char(&rest, &out->text[len++], err));
    out->folder = len == 0 || out->text[len - 1] == '/';
    if (len > 0 && out->folder)
        len--;
    out->text[len] = '\0';
    /* "//": what is left of it would look like the root */
    if (len == 0 && raw.len > 1)
        return error_set(err, ERR_NOT_FOUND, "the path is not one that could be published");
    return split_names((Slice){out->text, len}, out, err);
}

Slice http_path_rest(const HttpPath *path, size_t from)
{
    if (from >= path->count)
        return (Slice){path->text, 0};
    const Slice *last = &path->names[path->count - 1];
    const char *begin = path->names[from].ptr;
    return (Slice){begin, (size_t)(last->ptr + last->len - begin)};
}
