/* The names of identity roles, as file contracts write them. */
#include "store/vault.h"

static const char *const role_names[ID_ROLE_COUNT] = {
    [ID_SASID] = "sasid",
    [ID_SSN] = "ssn",
    [ID_LOCAL] = "local_id",
    [ID_LOCAL_ORG] = "local_id_org",
    [ID_LAST] = "last_name",
    [ID_FIRST] = "first_name",
    [ID_MIDDLE] = "middle_name",
    [ID_SUFFIX] = "suffix",
    [ID_OTHER_LAST] = "other_last_name",
    [ID_BIRTH_DATE] = "birth_date",
    [ID_SEX] = "sex",
    [ID_ADDRESS] = "address",
    [ID_CITY] = "city",
    [ID_ZIP] = "postal_code",
    [ID_PHONE] = "phone",
    [ID_EMAIL] = "email",
};

const char *identity_role_name(IdentityRole role)
{
    ASSERT(role < ID_ROLE_COUNT);
    return role_names[role];
}

Status identity_role_parse(Slice name, IdentityRole *out, Error *err)
{
    for (unsigned i = 0; i < ID_ROLE_COUNT; i++)
        if (slice_eq_z(name, role_names[i])) {
            *out = (IdentityRole)i;
            return OK;
        }
    return error_set(err, ERR_INVALID, "%.*s is not an identity role", SLICE_ARG(name));
}
