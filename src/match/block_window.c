/*
 * The order of a sorted neighbourhood (Hernandez and Stolfo 1995).
 *
 * Here the text of the key counts, not its hash: close in the alphabet is close
 * in the order, so that SMITH and SMYTHE meet without sharing anything. Texts are
 * sorted by eight bytes at a time (most significant first, each level with the
 * stable radix sort of block_sort.c), equal texts by record.
 */
#include "match/blocks.h"
#include "match/sort_keys.h"

/* Text of entry i: bytes[begin[i]] .. bytes[begin[i + 1] - 1]. */
typedef struct WindowTexts {
    Buf bytes;
    VEC(uint64_t) begin;
    U32List records;
} WindowTexts;

typedef struct WindowSort {
    const WindowTexts *texts;
    uint64_t *keys;
    uint32_t *entries;
    uint64_t *key_scratch;
    uint32_t *entry_scratch;
} WindowSort;

#define WINDOW_BYTES_MAX ((size_t)1 << 36)

static Status collect_texts(const MatchTable *t, const PassSpec *pass, WindowTexts *out, Error *err)
{
    KeyTexts texts;
    Status st = OK;
    key_texts_init(&texts);
    TRY_OUT(vec_push(&out->begin, 0, err));
    for (uint32_t r = 0; r < t->records; r++) {
        if (!record_leads(t, r))
            continue;
        TRY_OUT(record_key_texts(t, pass, r, &texts, err));
        uint32_t begin = 0;
        for (size_t k = 0; k < texts.count; k++) {
            buf_add(&out->bytes, slice_sub(buf_slice(&texts.bytes), begin, texts.ends[k]));
            begin = texts.ends[k];
            TRY_OUT(vec_push(&out->begin, (uint64_t)out->bytes.len, err));
            TRY_OUT(vec_push(&out->records, r, err));
        }
    }
    if (out->records.len > INT32_MAX)
        st = error_set(err, ERR_LIMIT, "a sorted neighbourhood has more than %d entries", INT32_MAX);
    else
        st = buf_status(&out->bytes, err);
out:
    key_texts_free(&texts);
    return st;
}

/* Eight bytes of a text from `at` on, zeros behind its end; texts hold no NUL. */
static uint64_t text_word(const WindowTexts *texts, uint32_t entry, size_t at)
{
    const uint64_t *begin = texts->begin.at;
    size_t length = (size_t)(begin[entry + 1] - begin[entry]);
    const char *text = texts->bytes.ptr + begin[entry];
    uint64_t word = 0;
    for (size_t i = 0; i < sizeof word; i++)
        word = word << 8 | (at + i < length ? (unsigned char)text[at + i] : 0);
    return word;
}

/* Sorts entries [begin, end), which agree on all bytes before `at`. */
static void sort_texts(const WindowSort *s, size_t begin, size_t end, size_t at)
{
    for (size_t i = begin; i < end; i++)
        s->keys[i] = text_word(s->texts, s->entries[i], at);
    sort_keys(s->keys + begin, s->entries + begin, end - begin, s->key_scratch + begin, s->entry_scratch + begin);
    for (size_t i = begin, run; i < end; i = run) {
        for (run = i + 1; run < end && s->keys[run] == s->keys[i];)
            run++;
        /* a last byte of zero: all these texts end here */
        if (run - i > 1 && (s->keys[i] & 0xFF) != 0)
            sort_texts(s, i, run, at + sizeof s->keys[0]);
    }
}

static Status sort_all(const WindowTexts *texts, U32List *order, Error *err)
{
    size_t n = texts->records.len;
    WindowSort s = {.texts = texts};
    Status st = OK;
    TRY_OUT(mem_alloc(n * sizeof s.keys[0], (void **)&s.keys, err));
    TRY_OUT(mem_alloc(n * sizeof s.entries[0], (void **)&s.entries, err));
    TRY_OUT(mem_alloc(n * sizeof s.key_scratch[0], (void **)&s.key_scratch, err));
    TRY_OUT(mem_alloc(n * sizeof s.entry_scratch[0], (void **)&s.entry_scratch, err));
    for (size_t i = 0; i < n; i++)
        s.entries[i] = (uint32_t)i;
    if (n > 0)
        sort_texts(&s, 0, n, 0);
    TRY_OUT(vec_reserve(order, n, err));
    for (size_t i = 0; i < n; i++)
        order->at[i] = texts->records.at[s.entries[i]];
    order->len = n;
out:
    mem_free(s.keys);
    mem_free(s.entries);
    mem_free(s.key_scratch);
    mem_free(s.entry_scratch);
    return st;
}

Status window_order(const MatchTable *t, const PassSpec *pass, U32List *order, Error *err)
{
    WindowTexts texts = {.begin = {0}};
    buf_init(&texts.bytes, WINDOW_BYTES_MAX);
    Status st = collect_texts(t, pass, &texts, err);
    if (st == OK)
        st = sort_all(&texts, order, err);
    buf_free(&texts.bytes);
    vec_free(&texts.begin);
    vec_free(&texts.records);
    return st;
}
