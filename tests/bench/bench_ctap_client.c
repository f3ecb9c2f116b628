/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_ctap_client.h"

#ifndef BENCH_FIDO2

struct ctap_client *ctap_client_open(void)
{
        return NULL;
}

void ctap_client_close(struct ctap_client *client)
{
        (void)client;
}

bool ctap_client_get_assertion(void *state)
{
        (void)state;
        return false;
}

#else

#include "bench_medium.h"

#include <fido.h>
#include <fido/es256.h>
#include <mitome/authenticator.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MUST(condition)                                                                        \
        do {                                                                                   \
                if (!(condition)) {                                                            \
                        fprintf(stderr, "bench_ctap_client.c:%d: %s\n", __LINE__, #condition); \
                        exit(2);                                                               \
                }                                                                              \
        } while (0)

struct ctap_client {
        struct element_rig rig;
        struct bench_medium medium;
        struct mitome_authenticator *authenticator;
        fido_dev_t *device;
        fido_assert_t *assertion;
        uint64_t now_ms;
};

/* libfido2's handlers are given no context but the handle that `open` returns. */
static struct ctap_client *opened;

static void *io_open(const char *path)
{
        (void)path;
        return opened;
}

static void io_close(void *handle)
{
        (void)handle;
}

static int io_read(void *handle, unsigned char *buffer, size_t size, int ms)
{
        enum { TRIES = 100 };
        struct ctap_client *client = handle;
        (void)ms;
        for (int i = 0; i < TRIES && size == MITOME_REPORT_SIZE; i++)
                if (mitome_authenticator_send(client->authenticator, 0, ++client->now_ms, buffer))
                        return (int)size;
        return -1;
}

/* The first byte is the report's number. */
static int io_write(void *handle, const unsigned char *buffer, size_t size)
{
        struct ctap_client *client = handle;
        if (size != MITOME_REPORT_SIZE + 1)
                return -1;
        mitome_authenticator_receive(client->authenticator, buffer + 1, client->now_ms);
        return (int)size;
}

static mitome_status transmit(void *context, mitome_slice command, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        struct ctap_client *client = context;
        (void)capacity;
        return mitome_element_transmit(client->rig.element, command, response, ret_size, error);
}

static enum mitome_presence_answer touch(void *context, int wait_ms)
{
        (void)context;
        (void)wait_ms;
        return MITOME_PRESENCE_TOUCHED;
}

static const char rp_id[] = "login.example.go.jp";
static const uint8_t client_data_hash[SHA256_SIZE] = { 0xC0 };

/* The assertion names the credential that is made here. */
static void register_credential(struct ctap_client *client)
{
        static const uint8_t user_id[] = { 1 };
        fido_cred_t *credential = fido_cred_new();
        client->assertion = fido_assert_new();
        MUST(credential && client->assertion);
        MUST(fido_cred_set_type(credential, -7) == FIDO_OK);
        MUST(fido_cred_set_clientdata_hash(credential, client_data_hash, sizeof client_data_hash) == FIDO_OK);
        MUST(fido_cred_set_rp(credential, rp_id, NULL) == FIDO_OK);
        MUST(fido_cred_set_user(credential, user_id, sizeof user_id, "alice", NULL, NULL) == FIDO_OK);
        MUST(fido_dev_make_cred(client->device, credential, NULL) == FIDO_OK);
        MUST(fido_assert_allow_cred(client->assertion, fido_cred_id_ptr(credential),
                     fido_cred_id_len(credential)) == FIDO_OK);
        MUST(fido_assert_set_rp(client->assertion, rp_id) == FIDO_OK);
        MUST(fido_assert_set_clientdata_hash(client->assertion, client_data_hash, sizeof client_data_hash) ==
                FIDO_OK);
        fido_cred_free(&credential);
}

struct ctap_client *ctap_client_open(void)
{
        const fido_dev_io_t io = { io_open, io_close, io_read, io_write };
        struct ctap_client *client = calloc(1, sizeof *client);
        MUST(client);
        opened = client;
        element_rig_open(&client->rig);
        element_rig_store_batch_key(&client->rig);
        element_rig_allow(&client->rig, element_rig_fido, (slice){ 0 });
        bench_medium_move(&client->medium, &client->rig);
        MUST(element_rig_select(&client->rig, element_rig_manager) == SW_OK);
        const struct mitome_authenticator_config config = {
                .element = { .context = client, .transmit = transmit },
                .random = client->rig.random,
                .presence = { .poll = touch },
        };
        MUST(!failed(mitome_authenticator_new(&config, &client->authenticator, NULL)));
        client->device = fido_dev_new();
        MUST(client->device && fido_dev_set_io_functions(client->device, &io) == FIDO_OK &&
                fido_dev_open(client->device, "in memory") == FIDO_OK);
        register_credential(client);
        return client;
}

void ctap_client_close(struct ctap_client *client)
{
        if (!client)
                return;
        fido_assert_free(&client->assertion);
        fido_dev_close(client->device);
        fido_dev_free(&client->device);
        mitome_authenticator_free(client->authenticator);
        element_rig_close(&client->rig);
        free(client->medium.bytes);
        free(client);
        opened = NULL;
}

bool ctap_client_get_assertion(void *state)
{
        const struct ctap_client *client = state;
        return fido_dev_get_assert(client->device, client->assertion, NULL) == FIDO_OK;
}

#endif
