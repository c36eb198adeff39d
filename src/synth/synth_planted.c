/*
 * No more damaged copies than a file is let through with. A contract refuses a file of which more than a share of the
 * rows is in error, and one damaged copy is more than that of a small file (one course in summer of a few thousand
 * people has 18 rows). A refused file would be missing, and the files without their damaged copies are complete: so
 * the last copies of a wave are taken out again where they are more than the share, before rows have their numbers.
 */
#include "synth/synth_files.h"

#define MILLION UINT64_C(1000000)

/* The i'th damaged copy of a sink is taken out of its file and of the rows that are told. */
static void take_out(Sink *s, size_t i)
{
    const PlantedBytes out = s->copies.at[i];
    const uint32_t f = s->refs.at[out.ref].file;
    Buf *b = &s->files[f];
    memmove(b->ptr + out.at, b->ptr + out.at + out.len, b->len - out.at - out.len);
    b->len -= out.len;
    memmove(&s->refs.at[out.ref], &s->refs.at[out.ref + 1], (s->refs.len - out.ref - 1) * sizeof *s->refs.at);
    s->refs.len--;
    for (size_t k = out.ref; k < s->refs.len; k++)
        s->refs.at[k].row -= s->refs.at[k].file == f;
    s->rows[f]--;
    memmove(&s->copies.at[i], &s->copies.at[i + 1], (s->copies.len - i - 1) * sizeof *s->copies.at);
    s->copies.len--;
    for (size_t k = i; k < s->copies.len; k++) {
        s->copies.at[k].ref--;
        if (s->refs.at[s->copies.at[k].ref].file == f)
            s->copies.at[k].at -= out.len;
    }
}

/* Takes out the last copy of a file; false: there is none in this wave. */
static bool take_last(Sink *sinks, size_t wave, uint32_t file)
{
    for (size_t w = wave; w-- > 0;)
        for (size_t i = sinks[w].copies.len; i-- > 0;)
            if (sinks[w].refs.at[sinks[w].copies.at[i].ref].file == file) {
                take_out(&sinks[w], i);
                return true;
            }
    return false;
}

void planted_thin(Plan *p, Sink *sinks, size_t wave)
{
    uint64_t rows[MAX_FILES] = {0};
    for (size_t w = 0; w < wave; w++) {
        for (uint32_t f = 0; f < p->file_count; f++)
            rows[f] += sinks[w].rows[f];
        for (size_t i = 0; i < sinks[w].copies.len; i++)
            p->files[sinks[w].refs.at[sinks[w].copies.at[i].ref].file].planted++;
    }
    for (uint32_t f = 0; f < p->file_count; f++) {
        OutFile *file = &p->files[f];
        while (file->planted > 0 && file->planted * MILLION > (file->rows + rows[f]) * file->layout->error_limit_ppm) {
            if (!take_last(sinks, wave, f))
                break;
            file->planted--;
            rows[f]--;
        }
    }
}
