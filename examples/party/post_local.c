/* SPDX-License-Identifier: Apache-2.0 */
#include "post_local.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct post_local_held {
        const struct directory_entry *to;
        size_t size;
        uint8_t letter[LETTER_MAX];
};

static struct post_local_member *find_member(struct post_local *network, const struct directory_entry *to)
{
        for (size_t i = 0; i < network->directory.count; i++)
                if (strcmp(network->directory.entries[i].name, to->name) == 0)
                        return &network->members[i];
        return NULL;
}

static mitome_status hand_over(
        const struct post_local_member *member, slice letter, writer *answer, mitome_error *error)
{
        if (!member || !member->party ||
                failed(party_receive(member->party, member->desks, letter, answer, NULL)))
                return fail(error, MITOME_E_UNREACHABLE, "addressee", NULL);
        return ok();
}

static mitome_status hold(
        struct post_local *network, const struct directory_entry *to, slice letter, mitome_error *error)
{
        if (network->held_count == POST_HELD_MAX)
                return fail(error, MITOME_E_FULL, "held letters", NULL);
        struct post_local_held *held = malloc(sizeof *held);
        if (!held)
                return fail(error, MITOME_E_NO_MEMORY, "held letter", NULL);
        *held = (struct post_local_held){ .to = to, .size = letter.size };
        network->held[network->held_count++] = held;
        return slice_copy(letter, "letter", held->letter, sizeof held->letter, error);
}

static mitome_status deliver(void *context, const struct directory_entry *to, slice letter, uint8_t *answer,
        size_t capacity, size_t *ret_size, mitome_error *error)
{
        struct post_local *network = context;
        const struct post_local_member *member = find_member(network, to);
        uint8_t lost[LETTER_MAX];
        writer first = WRITER(lost), out = writer_over(answer, capacity);
        network->letters++;
        enum post_fate fate = network->fate
                                      ? network->fate(network->fate_context, to, letter, network->letters)
                                      : POST_PASS;
        if (fate == POST_HOLD)
                MITOME_TRY(hold(network, to, letter, error));
        if (fate == POST_LOSE_ANSWER || fate == POST_TWICE)
                (void)failed(hand_over(member, letter, &first, NULL));
        if (fate != POST_PASS && fate != POST_TWICE)
                return fail(error, MITOME_E_UNREACHABLE, "addressee", NULL);
        MITOME_TRY(hand_over(member, letter, &out, error));
        *ret_size = out.used;
        return ok();
}

struct post post_local(struct post_local *network)
{
        return (struct post){ .context = network, .deliver = deliver };
}

mitome_status post_local_join(
        struct post_local *network, struct party *party, const struct party_desks *desks, mitome_error *error)
{
        size_t at = 0;
        while (at < network->directory.count &&
                strcmp(network->directory.entries[at].name, party_name(party)) != 0)
                at++;
        if (at == DIRECTORY_MAX)
                return fail(error, MITOME_E_FULL, "directory", NULL);
        struct directory_entry *entry = &network->directory.entries[at];
        snprintf(entry->name, sizeof entry->name, "%s", party_name(party));
        party_key(party, entry->key);
        network->members[at] = (struct post_local_member){ party, desks };
        if (at == network->directory.count)
                network->directory.count++;
        return ok();
}

void post_local_leave(struct post_local *network, const char *name)
{
        for (size_t i = 0; i < network->directory.count; i++)
                if (strcmp(network->directory.entries[i].name, name) == 0)
                        network->members[i].party = NULL;
}

void post_local_release(struct post_local *network)
{
        uint8_t lost[LETTER_MAX];
        while (network->held_count > 0) {
                struct post_local_held *held = network->held[--network->held_count];
                writer out = WRITER(lost);
                (void)failed(hand_over(
                        find_member(network, held->to), slice_of(held->letter, held->size), &out, NULL));
                free(held);
        }
}

void post_local_free(struct post_local *network)
{
        while (network->held_count > 0)
                free(network->held[--network->held_count]);
}
