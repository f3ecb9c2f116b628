/* SPDX-License-Identifier: Apache-2.0 */
#include "phone_client.h"

#include "public_suffix.h"
#include "random_system.h"

static mitome_status exchange(void *context, slice request, uint8_t *response, size_t capacity,
        size_t *ret_size, bool *ret_wants_pin, mitome_error *error)
{
        const struct phone_client *phone = context;
        return phone_actor_exchange(
                phone->actor, &phone->caller, request, response, capacity, ret_size, ret_wants_pin, error);
}

static void wipe_answer(struct phone_answer *answer)
{
        bytes_wipe(answer, sizeof *answer);
}

static mitome_status ask_pin(void *context, unsigned tries, struct secret *ret_pin, mitome_error *error)
{
        const struct phone_client *phone = context;
        const struct phone_question question = {
                .kind = PHONE_ASKS_PIN, .origin = phone->caller.origin, .word = "client-pin", .tries = tries
        };
        __attribute__((cleanup(wipe_answer))) struct phone_answer answer = { 0 };
        MITOME_TRY(phone_actor_ask(phone->actor, &question, &answer, error));
        if (!answer.yes || answer.size == 0)
                return ok(); /* not given */
        return secret_set(ret_pin, slice_of(answer.secret, answer.size), error);
}

void phone_client_open(struct phone_client *ret, struct phone_actor *actor, const char *origin, bool native)
{
        *ret = (struct phone_client){ .actor = actor, .caller = { .origin = origin } };
        ret->client = (struct web_client){ .context = ret,
                .exchange = exchange,
                .ask_pin = ask_pin,
                .random = random_system(),
                .registrable = &public_suffix_list,
                .native = native };
}
