/* Words of the expression language: what expr_lex.c hands to expr.c. */
#ifndef CAIRN_MATCH_EXPR_IMPL_H
#define CAIRN_MATCH_EXPR_IMPL_H

#include "match/value_impl.h"

#define EXPR_TEXT_MAX ((size_t)2000)
#define EXPR_NODES_MAX 200
#define EXPR_DEPTH_MAX 24
#define EXPR_ONE INT64_C(1000000) /* numbers are in millionths */

typedef enum TokenKind {
    TOKEN_END,
    TOKEN_NAME,
    TOKEN_TEXT,   /* between quotes */
    TOKEN_NUMBER, /* value */
    TOKEN_SIGN    /* one of ( ) , + - = and the comparisons */
} TokenKind;

typedef struct Token {
    TokenKind kind;
    Slice text; /* of TOKEN_TEXT: without the quotes around it, those inside still doubled */
    int64_t value;
    size_t at; /* 0-based */
} Token;

typedef struct Lexer {
    Slice text;
    size_t at;
    const char *what;
    Token token; /* the present one */
} Lexer;

/* Reads the first token. ERR_INVALID also when the text is too long. */
MUST_USE Status lexer_init(Lexer *x, Slice text, const char *what, Error *err);
MUST_USE Status lexer_next(Lexer *x, Error *err);
/* Always a failure: "WHAT: position N: ...". */
Status lexer_error(const Lexer *x, size_t at, Error *err, const char *fmt, ...) PRINTF_LIKE(4, 5);
static inline bool token_is(const Lexer *x, const char *sign)
{
    return x->token.kind == TOKEN_SIGN && slice_eq_z(x->token.text, sign);
}
static inline bool token_is_word(const Lexer *x, const char *word)
{
    return x->token.kind == TOKEN_NAME && slice_eq_z(x->token.text, word);
}

#endif
