/* SPDX-License-Identifier: Apache-2.0 */
#include "phone_actor_rig.h"

#include <stdio.h>
#include <stdlib.h>

#define MUST(condition)                                                                      \
        do {                                                                                 \
                if (!(condition)) {                                                          \
                        fprintf(stderr, "phone_actor_rig.c:%d: %s\n", __LINE__, #condition); \
                        abort();                                                             \
                }                                                                            \
        } while (0)

enum { MAKE = 0x01, GET = 0x02 };

struct phone_actor *phone_actor_rig_open(void)
{
        const uint8_t pin[] = { 0x80, 4, '1', '2', '3', '4' };
        struct phone_actor *actor = calloc(1, sizeof *actor);
        MUST(actor);
        struct element_rig *element = &actor->ctap.element;
        pthread_mutex_init(&actor->mutex, NULL);
        pthread_cond_init(&actor->changed, NULL);
        element_rig_open(element);
        element_rig_store_batch_key(element);
        MUST(element_rig_channel(element, element_rig_fido, &element_rig_keys) == SW_OK);
        MUST(element_rig_secured(element, 0x80340000, SLICE(pin)) == SW_OK);
        element_rig_pair(element, NULL);
        MUST(element_rig_select(element, element_rig_fido) == SW_OK);
        MUST(element_rig_enrol(element, ELEMENT_RIG_PIN) == SW_OK);
        ctap_rig_open(&actor->ctap);
        return actor;
}

void phone_actor_rig_wait(struct phone_actor *actor)
{
        if (!actor->started)
                return;
        pthread_join(actor->thread, NULL);
        actor->started = false;
}

void phone_actor_rig_close(struct phone_actor *actor)
{
        phone_actor_rig_wait(actor);
        ctap_rig_close(&actor->ctap);
        pthread_cond_destroy(&actor->changed);
        pthread_mutex_destroy(&actor->mutex);
        free(actor);
}

void phone_actor_rig_set_away(struct phone_actor *actor, bool away)
{
        pthread_mutex_lock(&actor->mutex);
        actor->away = away;
        pthread_cond_broadcast(&actor->changed);
        pthread_mutex_unlock(&actor->mutex);
}

static void note(char *to, size_t capacity, const char *text)
{
        snprintf(to, capacity, "%s", text ? text : "");
}

/* Whether somebody is there before the request is cancelled. */
static bool comes(struct phone_actor *actor)
{
        pthread_mutex_lock(&actor->mutex);
        while (actor->away && !actor->cancelled)
                pthread_cond_wait(&actor->changed, &actor->mutex);
        bool came = !actor->cancelled;
        pthread_mutex_unlock(&actor->mutex);
        return came;
}

mitome_status phone_actor_exchange(struct phone_actor *actor, const struct phone_caller *caller,
        slice request, uint8_t *response, size_t capacity, size_t *ret_size, bool *ret_wants_pin,
        mitome_error *error)
{
        writer w = writer_over(response, capacity);
        const bool touches = request.size && (request.data[0] == MAKE || request.data[0] == GET);
        note(actor->origin, sizeof actor->origin, caller->origin);
        actor->exchanges++;
        *ret_wants_pin = false;
        if (touches && !comes(actor)) {
                write_u8(&w, CTAP2_ERR_KEEPALIVE_CANCEL);
        } else {
                write_u8(&w, ctap_rig_request(&actor->ctap, request));
                write_slice(&w, actor->ctap.body);
        }
        *ret_size = w.used;
        return w.overflowed ? fail(error, MITOME_E_BUFFER_FULL, "response", NULL) : ok();
}

mitome_status phone_actor_ask(struct phone_actor *actor, const struct phone_question *question,
        struct phone_answer *ret, mitome_error *error)
{
        *ret = (struct phone_answer){ 0 };
        actor->questions++;
        note(actor->origin, sizeof actor->origin, question->origin);
        note(actor->word, sizeof actor->word, question->word);
        note(actor->number_shown, sizeof actor->number_shown, question->number);
        if (question->kind == PHONE_ASKS_CONSENT) {
                ret->yes = !actor->says_no;
        } else if (actor->pin) {
                ret->yes = true;
                ret->size = slice_text(actor->pin).size;
                return slice_copy(slice_text(actor->pin), "PIN", ret->secret, sizeof ret->secret, error);
        }
        return ok();
}

mitome_status phone_actor_sign(struct phone_actor *actor, const char *origin, slice document,
        struct phone_signature *ret, mitome_error *error)
{
        (void)error;
        MUST(document.size);
        note(actor->signed_origin, sizeof actor->signed_origin, origin);
        actor->signatures++;
        *ret = (struct phone_signature){ .certificate = "certificate", .certificate_size = 11 };
        return ok();
}

static void *run(void *context)
{
        struct phone_actor *actor = context;
        mitome_error error = { 0 };
        mitome_status status = actor->errand.run(actor->errand.context, actor, &error);
        pthread_mutex_lock(&actor->mutex);
        actor->runs = false;
        pthread_mutex_unlock(&actor->mutex);
        actor->errand.done(actor->errand.context, status, &error);
        return NULL;
}

mitome_status phone_actor_begin(struct phone_actor *actor, const struct phone_errand *errand,
        uint64_t *ret_number, mitome_error *error)
{
        pthread_mutex_lock(&actor->mutex);
        bool busy = actor->runs;
        if (!busy) {
                actor->runs = true;
                actor->cancelled = false;
                actor->errand = *errand;
                *ret_number = ++actor->number;
        }
        pthread_mutex_unlock(&actor->mutex);
        if (busy)
                return fail(error, MITOME_E_GATE_BUSY, "errand", NULL);
        phone_actor_rig_wait(actor);
        MUST(pthread_create(&actor->thread, NULL, run, actor) == 0);
        actor->started = true;
        return ok();
}

bool phone_actor_cancel(struct phone_actor *actor, uint64_t number)
{
        pthread_mutex_lock(&actor->mutex);
        const bool right = actor->runs && number == actor->number;
        actor->cancelled = actor->cancelled || right;
        pthread_cond_broadcast(&actor->changed);
        pthread_mutex_unlock(&actor->mutex);
        return right;
}
