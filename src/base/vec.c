/* Vec: the growth that its macros share. Growing by half wastes less than doubling and still amortises. */
#include "base/vec.h"

#include "base/arith.h"
#define VEC_FIRST_CAP ((size_t)8)

Status vec_reserve_(void **at, size_t *cap, size_t need, size_t size, Error *err)
{
    if (need <= *cap)
        return OK;
    size_t grown;
    if (CKD_ADD(&grown, *cap, *cap / 2))
        grown = need;
    if (grown < VEC_FIRST_CAP)
        grown = VEC_FIRST_CAP;
    if (grown < need)
        grown = need;
    TRY(mem_resize(at, grown, size, err));
    *cap = grown;
    return OK;
}
