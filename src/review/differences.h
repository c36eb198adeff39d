/* Private to review: which characters of two values differ. */
#ifndef CAIRN_REVIEW_DIFFERENCES_H
#define CAIRN_REVIEW_DIFFERENCES_H

#include "base/base.h"

#define DIFFERENCES_MAX 200 /* bytes that are looked at; what is beyond counts as different */

/* differs[i]: byte i of the value has no counterpart in a longest common subsequence of the two, case aside. Bytes of
 * one UTF-8 character are marked together. */
void mark_differences(Slice a, Slice b, bool *a_differs, bool *b_differs);

#endif
