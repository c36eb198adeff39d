/* Text of an expression to tokens. */
#include <stdio.h>

#include "match/expr_impl.h"

Status lexer_error(const Lexer *x, size_t at, Error *err, const char *fmt, ...)
{
    char why[300];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(why, sizeof why, fmt, args);
    va_end(args);
    return error_set(err, ERR_INVALID, "%s: position %zu: %s", x->what, at + 1, why);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_';
}

/* At most six digits on either side of the point: a number is exact. */
static Status read_number(Lexer *x, Error *err)
{
    size_t at = x->at, whole = 0, places = 0;
    int64_t v = 0;
    for (; at < x->text.len && is_digit(x->text.ptr[at]); at++, whole++)
        if (whole < 10)
            v = v * 10 + (x->text.ptr[at] - '0');
    if (at < x->text.len && x->text.ptr[at] == '.')
        for (at++; at < x->text.len && is_digit(x->text.ptr[at]); at++, places++)
            if (places < 6)
                v = v * 10 + (x->text.ptr[at] - '0');
    if (whole > 9 || places > 6)
        return lexer_error(x, x->at, err, "a number has at most nine digits before and six after the point");
    for (size_t p = places; p < 6; p++)
        v *= 10;
    x->token.kind = TOKEN_NUMBER;
    x->token.value = v;
    x->token.text = slice_sub(x->text, x->at, at);
    x->at = at;
    return OK;
}

/* A quote inside is doubled. */
static Status read_text(Lexer *x, Error *err)
{
    size_t from = x->at + 1, at = from;
    for (;; at++) {
        if (at >= x->text.len)
            return lexer_error(x, x->at, err, "the text that begins here has no closing quote");
        if (x->text.ptr[at] != '\'')
            continue;
        if (at + 1 >= x->text.len || x->text.ptr[at + 1] != '\'')
            break;
        at++;
    }
    x->token.kind = TOKEN_TEXT;
    x->token.text = slice_sub(x->text, from, at);
    x->at = at + 1;
    return OK;
}

static Status read_sign(Lexer *x, Error *err)
{
    static const char *const signs[] = {"<>", "<=", ">=", "=", "<", ">", "(", ")", ",", "+", "-"};
    Slice rest = slice_sub(x->text, x->at, x->text.len);
    for (size_t i = 0; i < COUNT_OF(signs); i++)
        if (slice_starts(rest, slice_of(signs[i]))) {
            x->token.kind = TOKEN_SIGN;
            x->token.text = slice_of(signs[i]);
            x->at += strlen(signs[i]);
            return OK;
        }
    return lexer_error(x, x->at, err, "this character has no meaning here");
}

Status lexer_next(Lexer *x, Error *err)
{
    while (
        x->at < x->text.len && (x->text.ptr[x->at] == ' ' || x->text.ptr[x->at] == '\t' || x->text.ptr[x->at] == '\n'))
        x->at++;
    x->token = (Token){.at = x->at};
    if (x->at >= x->text.len)
        return OK;
    char c = x->text.ptr[x->at];
    if (is_digit(c))
        return read_number(x, err);
    if (c == '\'')
        return read_text(x, err);
    if (!is_name(c))
        return read_sign(x, err);
    size_t from = x->at;
    while (x->at < x->text.len && is_name(x->text.ptr[x->at]))
        x->at++;
    x->token.kind = TOKEN_NAME;
    x->token.text = slice_sub(x->text, from, x->at);
    return OK;
}

Status lexer_init(Lexer *x, Slice text, const char *what, Error *err)
{
    *x = (Lexer){.text = text, .what = what};
    if (text.len > EXPR_TEXT_MAX)
        return lexer_error(x, EXPR_TEXT_MAX, err, "an expression has at most %zu bytes", EXPR_TEXT_MAX);
    return lexer_next(x, err);
}
