/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_element.h"

#include "element_certificate.h"
#include "random_system.h"
#include "storage_file.h"
#include "store.h"

#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MUST(condition)                                                                    \
        do {                                                                               \
                if (!(condition)) {                                                        \
                        fprintf(stderr, "bench_element.c:%d: %s\n", __LINE__, #condition); \
                        exit(2);                                                           \
                }                                                                          \
        } while (0)

enum { OBJECT_COUNTED = 0x0002, MODULUS_SIZE = 256 };

static const slice nothing = { 0 };

/* ---- making ---- */

static void write_apdu(struct element_apdu *ret, struct element_rig *rig, const struct apdu_command *command)
{
        writer w = WRITER(ret->bytes);
        apdu_write_command(&w, command);
        MUST(!w.overflowed);
        ret->rig = rig;
        ret->size = w.used;
}

static void name_rp(unsigned number, char name[32])
{
        snprintf(name, 32, "rp-%u.example", number);
}

static void register_crowd(const struct element_rig *stencil, unsigned count, struct element_crowd *ret)
{
        element_rig_clone(stencil, &ret->rig);
        MUST(element_rig_select(&ret->rig, element_rig_fido) == SW_OK);
        for (unsigned i = 0; i < count && element_rig_state(&ret->rig).room; i++) {
                uint8_t id[ELEMENT_RIG_ID_SIZE];
                char name[32];
                name_rp(i, name);
                MUST(element_rig_register(&ret->rig, name, 0x01, id) == SW_OK);
                ret->count++;
        }
        bench_medium_move(&ret->medium, &ret->rig);
}

/* JPKI: the PIN is verified once, and signing goes on. */
static void prepare_jpki(struct element_bench *bench)
{
        static const uint8_t hash[SHA256_SIZE] = { 1 }, pin_file[] = { 0x00, 0x18 };
        const slice pin = slice_text(ELEMENT_RIG_PIN);
        element_rig_clone(&bench->stencil, &bench->jpki);
        MUST(element_rig_select(&bench->jpki, element_rig_jpki) == SW_OK);
        MUST(element_rig_select_file(&bench->jpki, 0x0018) == SW_OK);
        MUST(element_rig_command(&bench->jpki, 0x00200080, pin) == SW_OK);
        write_apdu(&bench->sign, &bench->jpki,
                &(struct apdu_command){ .cla = 0x80,
                        .ins = 0x2A,
                        .p1 = 0x02,
                        .p2 = 0x97,
                        .data = SLICE(hash),
                        .expected = 256 });
        write_apdu(
                &bench->verify, &bench->jpki, &(struct apdu_command){ .ins = 0x20, .p2 = 0x80, .data = pin });
        write_apdu(&bench->select_file, &bench->jpki,
                &(struct apdu_command){ .ins = 0xA4, .p1 = 0x02, .p2 = 0x0C, .data = SLICE(pin_file) });
}

static void prepare_others(struct element_bench *bench)
{
        element_rig_clone(&bench->stencil, &bench->fido);
        MUST(element_rig_select(&bench->fido, element_rig_fido) == SW_OK);
        write_apdu(&bench->get_state, &bench->fido,
                &(struct apdu_command){ .cla = 0x80, .ins = 0x10, .expected = 256 });
        element_rig_clone(&bench->stencil, &bench->manager);
        write_apdu(&bench->select, &bench->manager,
                &(struct apdu_command){ .ins = 0xA4, .p1 = 0x04, .p2 = 0x0C, .data = element_rig_jpki });
        /* GET DATA, tag 66: what the card recognises itself by */
        element_rig_clone(&bench->stencil, &bench->card);
        write_apdu(&bench->get_data, &bench->card,
                &(struct apdu_command){ .cla = 0x80, .ins = 0xCA, .p2 = 0x66, .expected = 256 });
        element_rig_clone(&bench->stencil, &bench->channel);
        MUST(element_rig_channel(&bench->channel, element_rig_fido, &element_rig_keys) == SW_OK);
}

/* A session that nobody has to keep in step: it is copied before each use. */
static void prepare_channel(struct element_channel *ret)
{
        const struct scp03_keys keys = element_rig_host_keys(&element_rig_keys);
        const struct scp03_offer offer = {
                .key_version = 1, .i = 0x70, .aid = element_rig_fido, .sequence = 1
        };
        static const uint8_t challenge[SCP03_S8] = { 1 };
        uint8_t answer[SCP03_ANSWER_MAX], bytes[64];
        writer w = WRITER(answer), authenticate = WRITER(bytes), wrapped = WRITER(ret->bytes);
        struct apdu_command command;
        MUST(!failed(scp03_card_initialize(&ret->card, &keys, &offer, SLICE(challenge), &w, NULL)));
        MUST(!failed(scp03_host_authenticate(&ret->host, &keys, SCP03_LEVEL_ALL, element_rig_fido,
                SLICE(challenge), writer_view(&w), &authenticate, NULL)));
        MUST(!failed(apdu_read_command(writer_view(&authenticate), &command, NULL)));
        MUST(!failed(scp03_card_authenticate(&ret->card, &command, NULL)));
        const struct apdu_command plain = {
                .cla = 0x80, .ins = 0x10, .data = slice_text("16 bytes of data")
        };
        MUST(!failed(scp03_host_wrap(&ret->host, &plain, &wrapped, NULL)));
        MUST(!failed(apdu_read_command(writer_view(&wrapped), &ret->command, NULL)));
}

static void prepare_raw(struct element_bench *bench)
{
        const slice der = element_certificate_key(0);
        const unsigned char *at = der.data;
        bench->key = d2i_AutoPrivateKey(NULL, &at, (long)der.size);
        bench->raw = EVP_PKEY_CTX_new_from_pkey(NULL, bench->key, NULL);
        MUST(bench->raw && EVP_PKEY_sign_init(bench->raw) == 1 &&
                EVP_PKEY_CTX_set_rsa_padding(bench->raw, RSA_PKCS1_PADDING) == 1 &&
                EVP_PKEY_CTX_set_signature_md(bench->raw, EVP_sha256()) == 1);
}

void element_bench_open(struct element_bench *bench)
{
        element_rig_open(&bench->stencil);
        element_rig_personalise(&bench->stencil);
        element_rig_pair(&bench->stencil, NULL);
        MUST(element_rig_enrol(&bench->stencil, ELEMENT_RIG_PIN) == SW_OK);
        prepare_jpki(bench);
        prepare_others(bench);
        prepare_channel(&bench->wrapped);
        prepare_raw(bench);
        register_crowd(&bench->stencil, ELEMENT_FEW, &bench->few);
        register_crowd(&bench->stencil, ELEMENT_MANY, &bench->many);
}

void element_bench_close(struct element_bench *bench)
{
        struct element_rig *const rigs[] = { &bench->stencil, &bench->jpki, &bench->fido, &bench->manager,
                &bench->card, &bench->channel, &bench->few.rig, &bench->many.rig };
        for (size_t i = 0; i < sizeof rigs / sizeof *rigs; i++)
                element_rig_close(rigs[i]);
        free(bench->few.medium.bytes);
        free(bench->many.medium.bytes);
        EVP_PKEY_CTX_free(bench->raw);
        EVP_PKEY_free(bench->key);
}

/* ---- operations ---- */

bool element_run_raw(void *state)
{
        static const uint8_t hash[SHA256_SIZE] = { 1 };
        struct element_bench *bench = state;
        uint8_t signature[MODULUS_SIZE];
        size_t size = sizeof signature;
        return EVP_PKEY_sign(bench->raw, signature, &size, hash, sizeof hash) == 1;
}

bool element_run_apdu(void *state)
{
        const struct element_apdu *apdu = state;
        uint8_t response[MITOME_APDU_MAX];
        size_t size;
        return !failed(mitome_element_transmit(
                       apdu->rig->element, slice_of(apdu->bytes, apdu->size), response, &size, NULL)) &&
               size >= 2 && response[size - 2] == 0x90 && response[size - 1] == 0x00;
}

/* The holders log in by turns, so that no place in the store is a favourite. */
bool element_run_login(void *state)
{
        enum { STEP = 7 };
        struct element_crowd *crowd = state;
        char name[32];
        name_rp(crowd->next, name);
        crowd->next = (crowd->next + STEP) % crowd->count;
        return element_rig_log_in(&crowd->rig, name, nothing) == SW_OK;
}

/* INITIALIZE UPDATE spends a sequence number before it answers. */
bool element_run_commit(void *state)
{
        static const uint8_t challenge[SCP03_S8] = { 1 };
        struct element_crowd *crowd = state;
        return element_rig_command(&crowd->rig, 0x80500000, SLICE(challenge)) == SW_OK;
}

bool element_run_secured(void *state)
{
        return element_rig_secured(state, 0x80100000, nothing) == SW_OK;
}

bool element_run_unwrap(void *state)
{
        const struct element_channel *channel = state;
        struct scp03_session card = channel->card;
        struct apdu_command plain;
        uint8_t buffer[64], response[64];
        writer w = WRITER(response);
        return !failed(scp03_card_unwrap(&card, &channel->command, buffer, sizeof buffer, &plain, NULL)) &&
               !failed(scp03_card_wrap(&card, plain.data, SW_OK, &w, NULL));
}

/* ---- on a file ---- */

void element_bench_durable(const char *folder, unsigned count, double *ret_middle, double *ret_least)
{
        static struct element_rig rig;
        static const uint8_t challenge[SCP03_S8] = { 1 };
        struct storage_file *file;
        double *each = calloc(count, sizeof *each);
        MUST(each && !failed(storage_file_open(folder, &file, NULL)));
        rig.config =
                (struct mitome_element_config){ .storage = storage_file(file), .random = random_system() };
        MUST(!failed(storage_file_key(file, rig.config.storage_key, NULL)));
        MUST(!failed(mitome_element_create(&rig.config, &element_rig_keys, NULL)));
        MUST(!failed(mitome_element_open(&rig.config, &rig.element, NULL)));
        for (unsigned i = 0; i < count; i++) {
                double began = bench_now();
                MUST(element_rig_command(&rig, 0x80500000, SLICE(challenge)) == SW_OK);
                each[i] = (bench_now() - began) * 1e9;
        }
        *ret_middle = bench_middle(each, count);
        *ret_least = each[0]; /* sorted by now */
        mitome_element_free(rig.element);
        storage_file_close(file);
        free(each);
}
