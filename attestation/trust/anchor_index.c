/* SPDX-License-Identifier: Apache-2.0 */
/* Anchors by name: a snapshot may have those of every maker there is, and a million records be looked up. */
#include "trust_internal.h"

#include <stdlib.h>

static bool hash_name(const X509_NAME *name, unsigned long *ret)
{
        int right = 0;
        *ret = X509_NAME_hash_ex(name, NULL, NULL, &right);
        return right == 1;
}

mitome_status anchor_index_add(struct mitome_trust *trust, X509 *anchor, mitome_error *error)
{
        struct anchor_place *places =
                reallocarray(trust->places, trust->place_count + 1, sizeof trust->places[0]);
        struct anchor_place place = { .anchor = anchor };
        if (!places)
                return fail(error, MITOME_E_NO_MEMORY, "anchor", NULL);
        trust->places = places;
        if (!hash_name(X509_get_subject_name(anchor), &place.name))
                return fail(error, MITOME_E_CRYPTO_FAILED, "anchor", NULL);
        size_t at = trust->place_count++;
        for (; at > 0 && places[at - 1].name > place.name; at--)
                places[at] = places[at - 1];
        places[at] = place;
        return ok();
}

void anchor_index_drop(struct mitome_trust *trust, const X509 *anchor)
{
        size_t kept = 0;
        for (size_t i = 0; i < trust->place_count; i++)
                if (trust->places[i].anchor != anchor)
                        trust->places[kept++] = trust->places[i];
        trust->place_count = kept;
}

bool anchor_index_find(
        const struct mitome_trust *trust, const X509_NAME *name, size_t *ret_first, size_t *ret_behind)
{
        size_t low = 0, high = trust->place_count;
        unsigned long wanted;
        if (!hash_name(name, &wanted))
                return false;
        while (low < high) {
                size_t middle = low + (high - low) / 2;
                if (trust->places[middle].name < wanted)
                        low = middle + 1;
                else
                        high = middle;
        }
        *ret_first = *ret_behind = low;
        while (*ret_behind < trust->place_count && trust->places[*ret_behind].name == wanted)
                ++*ret_behind;
        return true;
}
