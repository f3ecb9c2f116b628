/* SPDX-License-Identifier: Apache-2.0 */
#include "phone_way_local.h"

#include "phone_channels.h"

static enum phone_way_fate next_fate(struct phone_way_local *local, const char *kind)
{
        local->messages++;
        return local->fate ? local->fate(local->fate_context, kind, local->messages) : PHONE_WAY_PASS;
}

static mitome_status say(
        struct phone_way_local *local, const char *kind, slice body, writer *answer, mitome_error *error)
{
        mitome_error cause = { 0 };
        mitome_status status = phone_desks_answer(&local->desks, slice_text(kind), body, answer, &cause);
        return failed(status) ? phone_refuse(status.code, cause.field, error) : ok();
}

static mitome_status call(void *context, const char *kind, slice body, uint8_t *buffer, size_t capacity,
        slice *ret_answer, mitome_error *error)
{
        struct phone_way_local *local = context;
        writer answer = writer_over(buffer, capacity);
        enum phone_way_fate fate = next_fate(local, kind);
        if (fate == PHONE_WAY_DROP)
                return fail(error, MITOME_E_UNREACHABLE, "TSM", NULL);
        if (fate == PHONE_WAY_TWICE) {
                writer first = answer;
                (void)failed(say(local, kind, body, &first, NULL));
        }
        mitome_status status = say(local, kind, body, &answer, fate == PHONE_WAY_LOSE_ANSWER ? NULL : error);
        if (fate == PHONE_WAY_LOSE_ANSWER)
                return fail(error, MITOME_E_UNREACHABLE, "TSM", NULL);
        MITOME_TRY(status);
        return writer_finish(&answer, "answer", ret_answer, error);
}

/* The phone's element as the TSM reaches it, until the line is cut. */
struct line {
        struct phone_way_local *local;
        const struct mitome_link *link;
        bool cut, broken; /* broken: by the phone's own link */
};

static mitome_status transmit(void *context, mitome_slice command, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        struct line *line = context;
        if (line->cut || line->broken)
                return fail(error, MITOME_E_LINK, "phone", NULL);
        enum phone_way_fate fate = next_fate(line->local, "relay");
        line->cut = fate == PHONE_WAY_DROP || fate == PHONE_WAY_LOSE_ANSWER;
        if (fate == PHONE_WAY_DROP)
                return fail(error, MITOME_E_LINK, "phone", NULL);
        mitome_status status =
                line->link->transmit(line->link->context, command, response, capacity, ret_size, error);
        line->broken = failed(status);
        if (line->cut || line->broken)
                return fail(error, MITOME_E_LINK, "phone", NULL);
        return ok();
}

static mitome_status relay(void *context, slice identity, const struct mitome_link *link, mitome_error *error)
{
        struct phone_way_local *local = context;
        struct phone_channels channels = { .below = link };
        const struct mitome_link watched = phone_channels_link(&channels);
        struct line line = { .local = local, .link = &watched };
        const struct mitome_link far = { .context = &line, .transmit = transmit };
        mitome_error cause = { 0 };
        if (!local->relay.serve || !phone_identity_is_plain(identity))
                return phone_refuse(MITOME_E_LETTER_KIND, "relay", error);
        mitome_status status = local->relay.serve(local->relay.context, identity, &far, &cause);
        phone_channels_close(&channels);
        if (line.cut)
                return fail(error, MITOME_E_UNREACHABLE, "TSM", NULL);
        if (line.broken)
                return fail(error, MITOME_E_LINK, "element", NULL);
        return failed(status) ? phone_refuse(status.code, cause.field, error) : ok();
}

struct phone_way phone_way_local(struct phone_way_local *local)
{
        return (struct phone_way){ .context = local, .call = call, .relay = relay };
}
