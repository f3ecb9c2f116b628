/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer_internal.h"

#include "tlv.h"

#include <stdlib.h>

/* Reading the rules out of the ARA-M. The element's answers are untrusted bytes like any others: a list has a
 * bounded size and a bounded number of pieces, and is believed only when it is well-formed to its end. */

static const char clause[] = "GPD_SPE_013 4.1";

static mitome_status unreadable(mitome_error *error, const char *field)
{
        return fail(error, MITOME_E_ACCESS_RULES, field, clause);
}

static mitome_status get_data(struct mitome_enforcer *enforcer, uint16_t tag,
        uint8_t response[ENFORCER_RESPONSE_MAX], slice *ret_data, uint16_t *ret_sw, mitome_error *error)
{
        const struct apdu_command command = {
                .cla = 0x80 | enforcer->channel,
                .ins = 0xCA,
                .p1 = (uint8_t)(tag >> 8),
                .p2 = (uint8_t)tag,
                .expected = 256,
        };
        return enforcer_ask(enforcer, &command, response, ret_data, ret_sw, error);
}

static mitome_status read_refresh(
        struct mitome_enforcer *enforcer, uint8_t ret[ACCESS_REFRESH_SIZE], mitome_error *error)
{
        uint8_t response[ENFORCER_RESPONSE_MAX];
        slice data, tag;
        uint16_t sw;
        MITOME_TRY(get_data(enforcer, ACCESS_REFRESH, response, &data, &sw, error));
        if (sw != SW_OK ||
                failed(tlv_find_fixed(data, ACCESS_REFRESH, "refresh tag", ACCESS_REFRESH_SIZE, &tag, NULL)))
                return unreadable(error, "refresh tag");
        return slice_copy(tag, "refresh tag", ret, ACCESS_REFRESH_SIZE, error);
}

/* ---- the list, piece by piece ---- */

/* What has come of it: `size` bytes of rules are to come, `writer` holds those that did. */
struct list {
        uint8_t *bytes;
        size_t size;
        writer writer;
};

static mitome_status take_piece(struct list *list, slice piece, mitome_error *error)
{
        if (piece.size > list->size - list->writer.used)
                return unreadable(error, "rules");
        write_slice(&list->writer, piece);
        return ok();
}

/* The first piece tells how long the whole is. */
static mitome_status begin_list(struct list *list, slice first, mitome_error *error)
{
        reader r = reader_over(first, NULL, NULL);
        uint32_t tag;
        size_t size;
        if (failed(tlv_read_head(&r, "rules", &tag, &size)) || tag != ACCESS_ALL || size > ENFORCER_RULES_MAX)
                return unreadable(error, "rules");
        if (size == 0)
                return read_rest(&r).size ? unreadable(error, "rules") : ok();
        list->bytes = malloc(size);
        if (!list->bytes)
                return fail(error, MITOME_E_NO_MEMORY, "rules", NULL);
        list->size = size;
        list->writer = writer_over(list->bytes, size);
        return take_piece(list, read_rest(&r), error);
}

/* *ret_changed: the rules are others since the list was begun. */
static mitome_status read_list(
        struct mitome_enforcer *enforcer, struct list *list, bool *ret_changed, mitome_error *error)
{
        uint8_t response[ENFORCER_RESPONSE_MAX];
        slice data;
        uint16_t sw;
        *ret_changed = false;
        MITOME_TRY(get_data(enforcer, ACCESS_ALL, response, &data, &sw, error));
        if (sw == SW_NO_REFERENCE)
                return ok();
        if (sw != SW_OK)
                return unreadable(error, "rules");
        MITOME_TRY(begin_list(list, data, error));
        for (size_t pieces = 1; list->writer.used < list->size; pieces++) {
                MITOME_TRY(get_data(enforcer, ACCESS_NEXT, response, &data, &sw, error));
                *ret_changed = sw == SW_UNUSABLE;
                if (*ret_changed)
                        return ok();
                if (sw != SW_OK || !data.size || pieces == ENFORCER_CHUNKS_MAX)
                        return unreadable(error, "rules");
                MITOME_TRY(take_piece(list, data, error));
        }
        return ok();
}

static mitome_status read_checked(
        struct mitome_enforcer *enforcer, struct list *list, bool *ret_changed, mitome_error *error)
{
        MITOME_TRY(read_list(enforcer, list, ret_changed, error));
        if (*ret_changed)
                return ok();
        return failed(access_rules_check(slice_of(list->bytes, list->size), NULL))
                       ? unreadable(error, "rules")
                       : ok();
}

static void keep(struct mitome_enforcer *enforcer, const struct list *list)
{
        free(enforcer->rules);
        enforcer->rules = list->bytes;
        enforcer->rules_size = list->size;
}

/* The tag is read before the list: rules that change in between are only read once more than needed. */
mitome_status enforcer_refresh_rules(struct mitome_enforcer *enforcer, mitome_error *error)
{
        for (int reading = 0; reading < ENFORCER_READINGS_MAX; reading++) {
                uint8_t refresh[ACCESS_REFRESH_SIZE];
                struct list list = { 0 };
                bool changed;
                MITOME_TRY(read_refresh(enforcer, refresh, error));
                if (enforcer->known && slice_equal(SLICE(refresh), SLICE(enforcer->refresh)))
                        return ok();
                enforcer->known = false;
                mitome_status status = read_checked(enforcer, &list, &changed, error);
                if (failed(status) || changed) {
                        free(list.bytes);
                        MITOME_TRY(status);
                        continue;
                }
                keep(enforcer, &list);
                enforcer->known = true;
                return slice_copy(
                        SLICE(refresh), "refresh tag", enforcer->refresh, ACCESS_REFRESH_SIZE, error);
        }
        return unreadable(error, "rules");
}
