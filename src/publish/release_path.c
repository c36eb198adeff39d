/* Which names may be inside a release: a list of what is allowed, so that no trick with dots or bytes needs to be
 * foreseen. */
#include "publish/publish.h"

#define PATH_MAX_LEN 200

bool release_id_ok(Slice id)
{
    for (size_t i = 0; i < id.len; i++)
        if (!((id.ptr[i] >= '0' && id.ptr[i] <= '9') || (id.ptr[i] >= 'a' && id.ptr[i] <= 'f')))
            return false;
    return id.len == 12;
}

static bool part_ok(Slice part)
{
    for (size_t i = 0; i < part.len; i++) {
        char c = part.ptr[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
        if (!plain && !(c == '.' && i > 0 && part.ptr[i - 1] != '.'))
            return false;
    }
    return part.len > 0;
}

bool release_path_ok(Slice path)
{
    static const char *const endings[] = {".html", ".css", ".svg", ".csv", ".json", ".sig"};
    if (path.len == 0 || path.len > PATH_MAX_LEN)
        return false;
    Slice rest = path;
    for (size_t parts = 0; rest.ptr; parts++)
        if (parts == 2 || !part_ok(slice_cut(&rest, '/')))
            return false;
    for (size_t i = 0; i < COUNT_OF(endings); i++)
        if (slice_ends(path, slice_of(endings[i])))
            return true;
    return false;
}
