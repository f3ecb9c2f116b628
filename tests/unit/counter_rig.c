/* SPDX-License-Identifier: Apache-2.0 */
#include "counter_rig.h"
#include "sei_tsm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MUST(condition)                                                                  \
        do {                                                                             \
                if (!(condition)) {                                                      \
                        fprintf(stderr, "counter_rig.c:%d: %s\n", __LINE__, #condition); \
                        abort();                                                         \
                }                                                                        \
        } while (0)
#define DONE(call) MUST((call).code == MITOME_OK)

static const struct mitome_app app = { .sha256 = { 0x01 } };
static const slice nothing = { 0 };

static mitome_status transmit(void *context, mitome_slice command, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        struct counter_rig *phone = context;
        MUST(capacity >= MITOME_APDU_MAX);
        return mitome_element_transmit(phone->rig.element, command, response, ret_size, error);
}

static bool touch(void *context)
{
        struct counter_rig *phone = context;
        phone->touches++;
        return !phone->declines;
}

static mitome_status keep(void *context, uint32_t number, slice receipt, mitome_error *error)
{
        struct counter_rig *phone = context;
        (void)number;
        if (phone->full)
                return fail(error, MITOME_E_FILE_WRITE, "receipt", NULL);
        struct counter_piece *piece = &phone->kept[phone->kept_count++];
        piece->size = receipt.size;
        return slice_copy(receipt, "receipt", piece->bytes, sizeof piece->bytes, error);
}

/* A fixed sequence does for the host's challenges here. */
static int fill(void *context, uint8_t *bytes, size_t size)
{
        (void)context;
        memset(bytes, 0x5C, size);
        return 0;
}

const struct mitome_random counter_rig_random = { .fill = fill };

static void allow(struct counter_rig *phone)
{
        struct tsm_channel channel;
        const struct scp03_keys keys = element_rig_host_keys(&element_rig_keys);
        DONE(tsm_open(&channel, &phone->link, &keys, TSM_ARA, &counter_rig_random, NULL));
        DONE(tsm_allow_app(&channel, TSM_FIDO, SLICE(app.sha256), NULL));
        tsm_close(&channel);
        mitome_element_reset(phone->rig.element);
}

static void connect_app(struct counter_rig *phone)
{
        phone->link = (struct mitome_link){ .context = phone, .transmit = transmit };
        DONE(mitome_enforcer_new(&phone->link, &app, &phone->enforcer, NULL));
        phone->port = (struct counter_port){
                .enforcer = phone->enforcer, .context = phone, .touch = touch, .keep = keep
        };
}

void counter_rig_make(struct counter_rig *phone, struct mitome_trust **ret_makers)
{
        *phone = (struct counter_rig){ 0 };
        element_rig_open(&phone->rig);
        element_rig_make_device(&phone->rig);
        connect_app(phone);
        allow(phone);
        DONE(mitome_trust_new(ret_makers, NULL));
        DONE(mitome_trust_add_anchor(
                *ret_makers, (mitome_slice){ phone->rig.device_ca, phone->rig.device_ca_size }, NULL));
}

void counter_rig_clone(const struct counter_rig *phone, struct counter_rig *ret)
{
        *ret = (struct counter_rig){ 0 };
        element_rig_clone(&phone->rig, &ret->rig);
        connect_app(ret);
}

void counter_rig_close(struct counter_rig *phone)
{
        mitome_enforcer_free(phone->enforcer);
        element_rig_close(&phone->rig);
}

void counter_rig_provision(struct counter_rig *phone)
{
        element_rig_personalise(&phone->rig);
        mitome_element_reset(phone->rig.element);
}

void counter_rig_again(struct counter_rig *phone)
{
        MUST(element_rig_channel(&phone->rig, element_rig_jpki, &element_rig_keys) == SW_OK);
        element_rig_generate(&phone->rig, 0x97);
        MUST(element_rig_channel(&phone->rig, element_rig_jpki, &element_rig_keys) == SW_OK);
        element_rig_certify(&phone->rig, 0x000A, 1250);
        mitome_element_reset(phone->rig.element);
}

void counter_rig_erase(struct counter_rig *phone, uint8_t p2)
{
        MUST(element_rig_channel(&phone->rig, element_rig_jpki, &element_rig_keys) == SW_OK);
        MUST(element_rig_secured(&phone->rig, 0x800E0000u | p2, nothing) == SW_OK);
        mitome_element_reset(phone->rig.element);
}

/* ---- as the counter sees it ---- */

static struct counter_answer say(
        struct counter_rig *phone, const struct counter_question *question, uint8_t *buffer, size_t capacity)
{
        uint8_t bytes[256];
        writer w = WRITER(bytes), answer = writer_over(buffer, capacity);
        struct counter_answer ret;
        counter_write_question(&w, question);
        MUST(!w.overflowed);
        DONE(counter_port_answer(&phone->port, writer_view(&w), &answer, NULL));
        DONE(counter_read_answer(writer_view(&answer), &ret, NULL));
        return ret;
}

static mitome_status fetch(void *context, enum evidence_kind kind, slice nonce, uint8_t buffer[EVIDENCE_MAX],
        size_t *ret_size, mitome_error *error)
{
        struct counter_rig *phone = context;
        uint8_t bytes[COUNTER_MESSAGE_MAX];
        bool receipt = kind == EVIDENCE_RECEIPT;
        const struct counter_question question = {
                .kind = receipt ? COUNTER_ASKS_RECEIPT : COUNTER_ASKS_STATEMENT, .nonce = nonce
        };
        struct counter_answer answer = say(phone, &question, bytes, sizeof bytes);
        if (receipt && phone->hides)
                answer = (struct counter_answer){ .kind = COUNTER_NONE };
        if (receipt && phone->replays)
                answer.evidence = slice_of(phone->old.bytes, phone->old.size);
        if (answer.kind != COUNTER_GIVEN && !(receipt && answer.kind == COUNTER_NONE))
                return fail(error, MITOME_E_COUNTER_PHONE, "evidence", NULL);
        *ret_size = answer.kind == COUNTER_NONE ? 0 : answer.evidence.size;
        DONE(slice_copy(answer.evidence, "evidence", buffer, EVIDENCE_MAX, error));
        if (*ret_size && (receipt ? phone->forges_receipt : phone->forges_statement))
                buffer[*ret_size - 1] ^= 0x01; /* of the signature */
        return ok();
}

static mitome_status acknowledge(
        void *context, uint32_t number, const uint8_t digest[SHA256_SIZE], mitome_error *error)
{
        struct counter_rig *phone = context;
        uint8_t bytes[COUNTER_MESSAGE_MAX];
        const struct counter_question question = {
                .kind = COUNTER_ACKNOWLEDGES, .number = number, .digest = slice_of(digest, SHA256_SIZE)
        };
        struct counter_answer answer = say(phone, &question, bytes, sizeof bytes);
        phone->acknowledged += answer.kind == COUNTER_GIVEN;
        return answer.kind == COUNTER_GIVEN ? ok() : fail(error, MITOME_E_COUNTER_PHONE, "receipt", NULL);
}

struct counter_phone counter_rig_phone(struct counter_rig *phone)
{
        return (struct counter_phone){ .context = phone, .fetch = fetch, .acknowledge = acknowledge };
}
