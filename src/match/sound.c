/*
 * How a name sounds: NYSIIS, the code of the New York State Identification and
 * Intelligence System (Taft 1970), which parts European and Hispanic surnames
 * better than Soundex does. Six letters, as published; packed five bits each.
 */
#include "match/value_impl.h"

#define SOUND_LETTERS 6
#define LETTERS_MAX 64

static bool is_vowel(char c)
{
    return c == 'A' || c == 'E' || c == 'I' || c == 'O' || c == 'U';
}

static bool begins(const char *s, const char *with)
{
    return strncmp(s, with, strlen(with)) == 0;
}

/* The rules for a name's beginning and its end, in place. */
static size_t change_ends(char *s, size_t n)
{
    if (begins(s, "MAC"))
        s[1] = 'C';
    else if (begins(s, "KN"))
        s[0] = 'N';
    else if (s[0] == 'K')
        s[0] = 'C';
    else if (begins(s, "PH") || begins(s, "PF"))
        s[0] = s[1] = 'F';
    else if (begins(s, "SCH"))
        s[1] = s[2] = 'S';
    if (n < 2)
        return n;
    const char *end = s + n - 2;
    if (begins(end, "EE") || begins(end, "IE"))
        s[n - 2] = 'Y';
    else if (begins(end, "DT") || begins(end, "RT") || begins(end, "RD") || begins(end, "NT") || begins(end, "ND"))
        s[n - 2] = 'D';
    else
        return n;
    s[n - 1] = '\0';
    return n - 1;
}

/* Changes the letter at i, i > 0, and those that belong to it. */
static void change_letter(char *s, size_t i)
{
    char *at = s + i;
    if (begins(at, "EV"))
        at[0] = 'A', at[1] = 'F';
    else if (is_vowel(*at))
        *at = 'A';
    else if (*at == 'Q')
        *at = 'G';
    else if (*at == 'Z')
        *at = 'S';
    else if (*at == 'M')
        *at = 'N';
    else if (*at == 'K')
        *at = at[1] == 'N' ? 'N' : 'C';
    else if (begins(at, "SCH"))
        at[1] = at[2] = 'S';
    else if (begins(at, "PH"))
        at[0] = at[1] = 'F';
    else if (*at == 'H' && (!is_vowel(at[-1]) || !is_vowel(at[1])))
        *at = at[-1];
    else if (*at == 'W' && is_vowel(at[-1]))
        *at = at[-1];
}

static uint32_t pack(const char *key, size_t n)
{
    uint32_t code = 0;
    for (size_t i = 0; i < SOUND_LETTERS; i++)
        code = code << 5 | (i < n ? (uint32_t)(key[i] - 'A' + 1) : 0);
    return code;
}

uint32_t name_sound(Slice name)
{
    char s[LETTERS_MAX + 4] = {0}, key[LETTERS_MAX + 1];
    size_t n = 0, k = 0;
    for (size_t i = 0; i < name.len && n < LETTERS_MAX; i++)
        if (name.ptr[i] >= 'A' && name.ptr[i] <= 'Z')
            s[n++] = name.ptr[i];
    if (n == 0)
        return 0;
    n = change_ends(s, n);
    key[k++] = s[0];
    for (size_t i = 1; i < n; i++) {
        change_letter(s, i);
        if (s[i] != key[k - 1])
            key[k++] = s[i];
    }
    if (k > 1 && key[k - 1] == 'S')
        k--;
    if (k > 2 && key[k - 1] == 'Y' && key[k - 2] == 'A')
        key[--k - 1] = 'Y';
    if (k > 1 && key[k - 1] == 'A')
        k--;
    return pack(key, k);
}

void name_sound_print(uint32_t sound, char out[7])
{
    size_t n = 0;
    for (int shift = 25; shift >= 0; shift -= 5)
        if (sound >> shift & 31)
            out[n++] = (char)('A' + (int)(sound >> shift & 31) - 1);
    out[n] = '\0';
}
