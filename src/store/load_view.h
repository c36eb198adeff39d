/* A source's rows in force as a view, for whoever asks SQL of them: rules that read other sources, evidence for
 * linking. */
#ifndef CAIRN_STORE_LOAD_VIEW_H
#define CAIRN_STORE_LOAD_VIEW_H

#include "store/db.h"
#include "store/ledger.h"

/* Makes or replaces view `name` over the rows of the source's loads that nothing superseded; columns that only some of
 * them have are NULL elsewhere. Without such a load no view is made and *any is false. loads_dir: home/loads. */
MUST_USE Status load_view(
    Db *db, const char *loads_dir, const Loads *loads, Slice source, Slice name, bool *any, Error *err);

#endif
