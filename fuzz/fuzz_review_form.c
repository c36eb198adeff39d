/*
 * Fuzzes what a browser sends to the review page: the form, the pair in the address, and, as two values, what is marked
 * as different between them. Evidence is our own, but read with the same care. Beyond memory safety: a pair that is
 * read prints as it was, and unmarked letters of two values are the same.
 */
#include "review/differences.h"
#include "review/review_impl.h"

static void check_pair(Slice s)
{
    RecordTag a, b;
    char text[PAIR_TEXT_SIZE];
    if (review_pair_parse(s, &a, &b, NULL) != OK)
        return;
    review_pair_print(&a, &b, text);
    ASSERT(slice_eq_nocase(slice_of(text), s));
}

static void check_differences(Slice a, Slice b)
{
    static const size_t most = 300;
    bool a_differs[300], b_differs[300];
    a = slice_sub(a, 0, most);
    b = slice_sub(b, 0, most);
    mark_differences(a, b, a_differs, b_differs);
    if (!slice_is_utf8(a, NULL) || !slice_is_utf8(b, NULL))
        return; /* halves of characters are marked with their other half on one side only */
    for (size_t i = 0; i < a.len && i < DIFFERENCES_MAX && slice_eq(a, b); i++)
        ASSERT(!a_differs[i] && !b_differs[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Slice all = {(const char *)data, size}, rest = all, first = slice_cut(&rest, '\n');
    Evidence *evidence;
    Arena arena;
    arena_init(&arena, 0);
    Slice value = form_value(all, "verdict");
    ASSERT(value.len <= size);
    check_pair(first);
    if (rest.ptr)
        check_differences(first, rest);
    if (arena_new(&arena, Evidence, 1, &evidence, NULL) == OK && evidence_read(all, &arena, evidence, NULL) == OK) {
        Buf svg;
        buf_init(&svg, 0);
        waterfall_svg(evidence, &svg);
        ASSERT(svg.len > 0);
        buf_free(&svg);
    }
    arena_free(&arena);
    return 0;
}
