/*
 * The header of a CSV file: which sign parts the columns, and what they are called. The sign that occurs most outside
 * quotes is taken, comma before semicolon, tab and bar when two occur alike. Blanks around a name do not count, as some
 * programs write them.
 */
#include "matchfile/people.h"

static char find_delimiter(Slice line)
{
    static const char signs[] = ",;\t|";
    size_t best = 0;
    for (size_t s = 1; s < sizeof signs - 1; s++) {
        size_t counts[2] = {0, 0};
        bool quoted = false;
        for (size_t i = 0; i < line.len; i++) {
            if (line.ptr[i] == '"')
                quoted = !quoted;
            counts[0] += !quoted && line.ptr[i] == signs[best];
            counts[1] += !quoted && line.ptr[i] == signs[s];
        }
        if (counts[1] > counts[0])
            best = s;
    }
    return signs[best];
}

static Status bad_head(const char *file, Error *err, const char *why)
{
    Status st = error_set(err, ERR_PARSE, "%s", why);
    error_at(err, file, 0, NULL);
    if (err)
        err->line = 1;
    return st;
}

/* One name of the header; *at moves behind the delimiter that ends it. */
static Status take_name(Slice line, char delimiter, size_t *at, const char *file, Slice *out, Error *err)
{
    size_t i = *at;
    while (i < line.len && line.ptr[i] == ' ')
        i++;
    if (i == line.len || line.ptr[i] != '"') {
        size_t from = i;
        while (i < line.len && line.ptr[i] != delimiter && line.ptr[i] != '"')
            i++;
        if (i < line.len && line.ptr[i] == '"')
            return bad_head(file, err, "a quote stands inside a column's name");
        *out = slice_trim(slice_sub(line, from, i));
    } else {
        size_t from = ++i;
        while (i < line.len && line.ptr[i] != '"')
            i++;
        if (i == line.len)
            return bad_head(file, err, "a quote is not closed in the header row");
        *out = slice_trim(slice_sub(line, from, i++));
        while (i < line.len && line.ptr[i] == ' ')
            i++;
        if (i < line.len && line.ptr[i] != delimiter)
            return bad_head(file, err, "text follows a quoted column's name");
    }
    *at = i + 1;
    return OK;
}

Status csv_head(Slice line, const char *file, char *delimiter, Slice *names, uint32_t *count, Error *err)
{
    *delimiter = find_delimiter(line);
    *count = 0;
    for (size_t at = 0; at <= line.len;) {
        if (*count == PEOPLE_COLUMNS_MAX) {
            Status st = error_set(err, ERR_LIMIT, "more than %d columns", PEOPLE_COLUMNS_MAX);
            error_at(err, file, 0, NULL);
            return st;
        }
        TRY(take_name(line, *delimiter, &at, file, &names[*count], err));
        ++*count;
    }
    return OK;
}
