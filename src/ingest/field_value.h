/*
 * A field's text to its typed value, strictly: the whole text has the form the
 * contract says, or it is no value. SQL casts are not used for this, because
 * they are kind ('1.5' becomes the integer 2, '1e3' a thousand).
 */
#ifndef CAIRN_INGEST_FIELD_VALUE_H
#define CAIRN_INGEST_FIELD_VALUE_H

#include "contract/contract.h"

/*
 * Formats, joined by '|' where several are allowed:
 *   dates     YYYY-MM-DD (default), YYYYMMDD, MMDDYYYY, M/D/YYYY
 *   integers  YYYYQQ (201904), MMYYYY (122019, the quarter's last month): quarters as year * 4 + quarter - 1, years
 *   1900-2199;
 *             grouped (12,345)
 *   decimals  grouped; percent (a percent sign may follow); rounded (further decimals are rounded, half away from zero)
 *   text and codes: descriptor (uri://...#Text is Text)
 */
typedef enum ValueFormat {
    VALUE_ISO = 1 << 0,
    VALUE_YYYYMMDD = 1 << 1,
    VALUE_MMDDYYYY = 1 << 2,
    VALUE_US_SLASH = 1 << 3,
    VALUE_YYYYQQ = 1 << 4,
    VALUE_MMYYYY = 1 << 5,
    VALUE_GROUPED = 1 << 6,
    VALUE_PERCENT = 1 << 7,
    VALUE_ROUNDED = 1 << 8,
    VALUE_DESCRIPTOR = 1 << 9,
} ValueFormat;

typedef struct ValueReader {
    const Field *field;
    unsigned formats;                /* ValueFormat bits */
    Map codes;                       /* sent code -> index in field->codes */
    Slice *nulls;                    /* field->nulls without spaces around them */
    uint32_t length_max;             /* longest text in bytes that is certainly short enough; 0: none */
    uint32_t digits_min, digits_max; /* a pattern "[0-9]{min,max}" over TYPE_DIGITS; 0: none */
    bool wants_regex;                /* the pattern is left to SQL */
} ValueReader;

/* What a text turned out to be. */
typedef struct Value {
    bool missing;   /* empty or a null spelling */
    bool suspect;   /* breaks a rule of the field, or may: SQL looks at it again and says which */
    Slice text;     /* as sent; empty when missing */
    bool there;     /* one of these holds the value: */
    int64_t number; /* integers and unscaled decimals */
    Date date;
    bool flag;
    Slice string; /* text, digits, codes */
} Value;

/* ERR_INVALID on a format that is unknown or does not suit the type. */
MUST_USE Status value_reader_init(ValueReader *r, const Field *f, ContractFormat format, Error *err);
void value_reader_free(ValueReader *r);

/* Each returns false when the text is no such value. Decimals come unscaled. */
bool value_integer(const ValueReader *r, Slice text, int64_t *out);
bool value_decimal(const ValueReader *r, Slice text, int64_t *out);
bool value_date(const ValueReader *r, Slice text, Date *out);
bool value_boolean(const ValueReader *r, Slice text, bool *out);
/* Text, digits and codes: the slice points into text or into the contract. */
bool value_text(const ValueReader *r, Slice text, Slice *out);

/* All at once: null spellings, type, required, length, range, digits. Conservative: what is not suspect breaks no
 * rule but a regular expression. */
void value_read(const ValueReader *r, Slice text, Value *out);

#endif
