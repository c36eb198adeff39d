/* A script's bytes to lines of words, within stated limits, and the one way to refuse a word. */
#include "cohort/cohort_parts.h"
#include "kernel/kernel.h"

Status script_error_at(Status st, const char *name, uint32_t line, Error *err)
{
    error_at(err, name, 0, NULL);
    if (err)
        err->line = line;
    return st;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

/* The end of the next word from `at`; a comma is a word of its own. */
static size_t word_end(Slice text, size_t at)
{
    if (text.ptr[at] == ',')
        return at + 1;
    while (at < text.len && !is_blank(text.ptr[at]) && text.ptr[at] != ',')
        at++;
    return at;
}

static Status lower(Slice word, Arena *arena, Slice *out, Error *err)
{
    char *text;
    TRY(arena_array_(arena, word.len + 1, 1, (void **)&text, err));
    for (size_t i = 0; i < word.len; i++)
        text[i] = word.ptr[i] >= 'A' && word.ptr[i] <= 'Z' ? (char)(word.ptr[i] - 'A' + 'a') : word.ptr[i];
    *out = (Slice){text, word.len};
    return OK;
}

/* What a comment leaves of a line: '#' begins one at the start or after a blank, outside quotes. */
static Slice without_comment(Slice line)
{
    bool quoted = false;
    for (size_t i = 0; i < line.len; i++) {
        quoted ^= line.ptr[i] == '"';
        if (line.ptr[i] == '#' && !quoted && (i == 0 || is_blank(line.ptr[i - 1])))
            return slice_sub(line, 0, i);
    }
    return line;
}

static Status cut_words(const char *name, ScriptLine *line, Arena *arena, Error *err)
{
    Slice words[WORDS_MAX];
    for (size_t at = 0; at < line->text.len;) {
        if (is_blank(line->text.ptr[at])) {
            at++;
            continue;
        }
        size_t end = word_end(line->text, at);
        if (line->count == WORDS_MAX || end - at > WORD_MAX)
            return script_error_at(
                error_set(err, ERR_LIMIT, "a line has at most %d words of %d bytes", WORDS_MAX, WORD_MAX), name,
                line->line, err);
        TRY(lower(slice_sub(line->text, at, end), arena, &words[line->count++], err));
        at = end;
    }
    TRY(arena_new(arena, Slice, line->count + 1, &line->words, err));
    if (line->count > 0)
        memcpy(line->words, words, line->count * sizeof *words);
    return OK;
}

static bool is_free_text(Slice keyword)
{
    return slice_eq_z(keyword, "cohort") || slice_eq_z(keyword, "note");
}

static Status add_line(Slice raw, uint32_t number, Arena *arena, ScriptLines *out, Error *err)
{
    Slice line = slice_trim(without_comment(raw));
    if (line.len == 0)
        return OK;
    for (size_t i = 0; i < line.len; i++)
        if (is_control(line.ptr[i]) && !is_blank(line.ptr[i]))
            return script_error_at(
                error_set(err, ERR_INVALID, "a control character in the line"), out->name, number, err);
    if (out->count == LINES_MAX)
        return script_error_at(
            error_set(err, ERR_LIMIT, "a script has at most %d lines", LINES_MAX), out->name, number, err);
    ScriptLine *l = &out->at[out->count++];
    size_t end = word_end(line, 0);
    *l = (ScriptLine){.line = number, .text = slice_trim(slice_sub(line, end, line.len))};
    TRY(lower(slice_sub(line, 0, end), arena, &l->keyword, err));
    return is_free_text(l->keyword) ? OK : cut_words(out->name, l, arena, err);
}

Status script_lines(Slice text, const char *name, Arena *arena, ScriptLines *out, Error *err)
{
    uint32_t number = 0;
    size_t bad;
    out->name = name;
    out->count = 0;
    if (text.len > COHORT_SCRIPT_BYTES)
        return error_set(err, ERR_LIMIT, "%s: a script has at most %d bytes", name, COHORT_SCRIPT_BYTES);
    if (!slice_is_utf8(text, &bad))
        return error_set(err, ERR_PARSE, "%s: byte %zu is not UTF-8", name, bad + 1);
    for (Slice rest = text; rest.ptr && number < UINT32_MAX;)
        TRY(add_line(slice_cut(&rest, '\n'), ++number, arena, out, err));
    return OK;
}

/* --- refusing --- */

/* A word that is one slip (two in longer words) away from what was written; empty: none. */
static Slice nearest(Slice word, const Slice *allowed, size_t count)
{
    uint32_t best = word.len > 4 ? 3 : 2;
    Slice found = {0};
    for (size_t i = 0; i < count; i++) {
        uint32_t d = osa(word, allowed[i], best);
        if (d < best && d < allowed[i].len) {
            best = d;
            found = allowed[i];
        }
    }
    return found;
}

Status script_refuse(const char *name, const ScriptLine *line, size_t word, const char *what, const Slice *allowed,
    size_t count, Error *err)
{
    enum { SHOWN = 24 };
    Buf list;
    bool ended = word > line->count;
    Slice found = word == 0 ? line->keyword : ended ? SLICE("the end of the line") : line->words[word - 1];
    buf_init(&list, 0);
    for (size_t i = 0; i < count && i < SHOWN; i++)
        buf_addf(&list, "%s%.*s", i ? ", " : "", SLICE_ARG(allowed[i]));
    if (count > SHOWN)
        buf_addf(&list, " ... (%zu in all)", count);
    error_set(err, ERR_INVALID, "word %zu, %s%.*s%s: %s%s", word + 1, ended ? "" : "\"", SLICE_ARG(found),
        ended ? "" : "\"", what, buf_z(&list));
    Slice near = ended ? (Slice){0} : nearest(found, allowed, count);
    if (near.len > 0)
        error_hint(err, "Did you mean \"%.*s\"?", SLICE_ARG(near));
    buf_free(&list);
    return script_error_at(ERR_INVALID, name, line->line, err);
}
