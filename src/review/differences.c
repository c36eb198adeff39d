/*
 * Differences of two short values: what is not in their longest common
 * subsequence (Wagner and Fischer 1974, without substitutions), so that a letter
 * left out or added shows as that letter and not as everything after it.
 */
#include "review/differences.h"

static char fold(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static bool continues(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

/* A character is different when any byte of it is. */
static void whole_characters(Slice s, bool *differs)
{
    for (size_t i = 0, end; i < s.len; i = end) {
        bool any = differs[i];
        for (end = i + 1; end < s.len && continues(s.ptr[end]); end++)
            any = any || differs[end];
        for (size_t k = i; k < end; k++)
            differs[k] = any;
    }
}

void mark_differences(Slice a, Slice b, bool *a_differs, bool *b_differs)
{
    uint8_t common[DIFFERENCES_MAX + 1][DIFFERENCES_MAX + 1];
    size_t n = a.len < DIFFERENCES_MAX ? a.len : DIFFERENCES_MAX, m = b.len < DIFFERENCES_MAX ? b.len : DIFFERENCES_MAX;
    for (size_t i = 0; i <= n; i++)
        for (size_t k = 0; k <= m; k++) {
            if (i == 0 || k == 0)
                common[i][k] = 0;
            else if (fold(a.ptr[n - i]) == fold(b.ptr[m - k]))
                common[i][k] = (uint8_t)(common[i - 1][k - 1] + 1);
            else
                common[i][k] = common[i - 1][k] > common[i][k - 1] ? common[i - 1][k] : common[i][k - 1];
        }
    for (size_t i = 0; i < a.len; i++)
        a_differs[i] = true;
    for (size_t k = 0; k < b.len; k++)
        b_differs[k] = true;
    for (size_t i = 0, k = 0; i < n && k < m;) {
        if (fold(a.ptr[i]) == fold(b.ptr[k])) {
            a_differs[i++] = false;
            b_differs[k++] = false;
        } else if (common[n - i - 1][m - k] >= common[n - i][m - k - 1]) {
            i++;
        } else {
            k++;
        }
    }
    whole_characters(a, a_differs);
    whole_characters(b, b_differs);
}
