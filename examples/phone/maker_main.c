/* SPDX-License-Identifier: Apache-2.0 */

/* The maker as a program: HTTP around its reset server; and it equips the element of a new phone. */

#include "batch_store.h"
#include "card_keys.h"
#include "card_link.h"
#include "hex_text.h"
#include "phone_factory.h"
#include "reset_server.h"
#include "service_main.h"

#include <stdio.h>
#include <stdlib.h>

enum { OPTION_MAKE, OPTION_ELEMENT, OPTION_KEYS, OPTION_PLATFORM, OPTION_MODEL, OPTIONS };
enum { HASH_SIZE = 32, KEYS_MAX = 3 * SCP03_KEY_MAX, WAIT_MS = 5000, TEXT_MAX = 256 };

static const struct service_option options[OPTIONS] = {
        [OPTION_MAKE] = { "make", "IDENTITY",
                "equips the element of a new phone, which bears this identity" },
        [OPTION_ELEMENT] = { "element", "SOCKET",
                "of --make: where the element listens (mitome element --unix)" },
        [OPTION_KEYS] = { "element-keys", "FILE",
                "of --make: the keys of its issuer, as --scp03-keys has them" },
        [OPTION_MODEL] = { "model", "NAME",
                "what the phone's certificate says of its model (" MAKER_MODEL ")" },
        [OPTION_PLATFORM] = { "platform", "HEX",
                "of --make: SHA-256 of the certificate of the phone's own software, no app's" },
};

/* All that lives as long as the service. */
struct program {
        struct party *party;
        struct reset_server *server;
        struct maker_batch batch; /* of the model */
        bool makes;
        char identity[TEXT_MAX], model[TEXT_MAX], element[TEXT_MAX], keys[TEXT_MAX];
        uint8_t platform[HASH_SIZE];
};

/* ---- a new phone ---- */

static mitome_status certify(void *context, slice identity, const uint8_t point[MAKER_POINT_SIZE],
        struct authority_der *ret, mitome_error *error)
{
        struct program *program = context;
        return reset_server_certify(program->server, identity, slice_text(program->model), point, ret, error);
}

static mitome_status hand_keys(
        void *context, slice identity, const struct tsm_key_set *issuer, mitome_error *error)
{
        struct program *program = context;
        uint8_t bytes[KEYS_MAX];
        writer w = WRITER(bytes);
        write_slice(&w, slice_of(issuer->keys.enc, issuer->keys.size));
        write_slice(&w, slice_of(issuer->keys.mac, issuer->keys.size));
        write_slice(&w, slice_of(issuer->keys.dek, issuer->keys.size));
        mitome_status status =
                reset_server_hand_keys(program->server, identity, issuer->version, writer_view(&w), error);
        bytes_wipe(bytes, sizeof bytes);
        return status;
}

static mitome_status read_keys(const char *path, struct tsm_key_set *ret, mitome_error *error)
{
        struct mitome_card_keys keys = { 0 };
        struct scp03_keys *to = &ret->keys;
        mitome_status status = card_keys_read(path, &keys, error);
        *ret = (struct tsm_key_set){ .version = TSM_KEYS_ISSUER, .keys.size = keys.size };
        if (!failed(status))
                status = slice_copy(slice_of(keys.enc, keys.size), "key", to->enc, sizeof to->enc, error);
        if (!failed(status))
                status = slice_copy(slice_of(keys.mac, keys.size), "key", to->mac, sizeof to->mac, error);
        if (!failed(status))
                status = slice_copy(slice_of(keys.dek, keys.size), "key", to->dek, sizeof to->dek, error);
        bytes_wipe(&keys, sizeof keys);
        return status;
}

static mitome_status equip(struct program *program, const struct tsm_key_set *issuer, mitome_error *error)
{
        struct card_link *card;
        struct phone_factory factory = { .batch = program->batch,
                .random = *party_random(program->party),
                .platform = program->platform,
                .context = program,
                .certify = certify,
                .keys = hand_keys };
        mitome_status status = card_link_open(program->element, WAIT_MS, &card, error);
        if (!failed(status)) {
                const struct mitome_link link = card_link(card);
                status = phone_factory_equip(&factory, &link, issuer, program->identity, error);
                card_link_close(card);
        }
        bytes_wipe(&factory.batch, sizeof factory.batch);
        return status;
}

/* Once: a phone that could not be made is said, and the server goes on. */
static void make_phone(struct program *program)
{
        struct tsm_key_set issuer = { 0 };
        mitome_error error = { 0 };
        mitome_status status = read_keys(program->keys, &issuer, &error);
        if (!failed(status))
                status = equip(program, &issuer, &error);
        bytes_wipe(&issuer, sizeof issuer);
        if (failed(status))
                fprintf(stderr, "maker: the phone %s was not made: E%d, %s\n", program->identity,
                        (int)status.code, error.field ? error.field : "");
        else
                printf("maker made the phone %s\n", program->identity);
        fflush(stdout);
        program->makes = false;
}

/* The first tick makes the phone: by then the party serves, and may write letters. */
static mitome_status tick(void *context, mitome_error *error)
{
        struct program *program = context;
        if (program->makes)
                make_phone(program);
        return reset_server_tick(program->server, error);
}

static mitome_status take_text(const char *text, const char *name, char to[TEXT_MAX], mitome_error *error)
{
        if (!text)
                return fail(error, MITOME_E_MISSING, name, NULL);
        return slice_copy(slice_text(text), name, (uint8_t *)to, TEXT_MAX - 1, error);
}

static mitome_status read_options(const char *const *values, struct program *program, mitome_error *error)
{
        slice hash;
        program->makes = values[OPTION_MAKE] != NULL;
        if (!program->makes)
                return ok();
        MITOME_TRY(take_text(values[OPTION_MAKE], "--make", program->identity, error));
        MITOME_TRY(take_text(
                values[OPTION_MODEL] ? values[OPTION_MODEL] : MAKER_MODEL, "--model", program->model, error));
        MITOME_TRY(take_text(values[OPTION_ELEMENT], "--element", program->element, error));
        MITOME_TRY(take_text(values[OPTION_KEYS], "--element-keys", program->keys, error));
        if (!phone_identity_is_plain(slice_text(program->identity)))
                return fail(error, MITOME_E_VALUE, "--make", NULL);
        if (!values[OPTION_PLATFORM])
                return fail(error, MITOME_E_MISSING, "--platform", NULL);
        MITOME_TRY(hex_text_decode(slice_text(values[OPTION_PLATFORM]), "--platform", program->platform,
                sizeof program->platform, &hash, error));
        return hash.size == HASH_SIZE ? ok() : fail(error, MITOME_E_VALUE, "--platform", NULL);
}

/* ---- pages ---- */

/* Whoever believes this maker's phones begins here. */
static mitome_status show(slice ca, uint8_t **ret_body, size_t *ret_size, mitome_error *error)
{
        uint8_t *body = malloc(ca.size);
        if (!body)
                return fail(error, MITOME_E_NO_MEMORY, "page", NULL);
        mitome_status status = slice_copy(ca, "page", body, ca.size, error);
        if (failed(status)) {
                free(body);
                return status;
        }
        *ret_body = body;
        *ret_size = ca.size;
        return ok();
}

static mitome_status show_device_ca(void *context, const struct service_asked *asked, uint8_t **ret_body,
        size_t *ret_size, mitome_error *error)
{
        const struct program *program = context;
        (void)asked;
        return show(reset_server_ca(program->server), ret_body, ret_size, error);
}

static mitome_status show_attestation_ca(void *context, const struct service_asked *asked, uint8_t **ret_body,
        size_t *ret_size, mitome_error *error)
{
        const struct program *program = context;
        (void)asked;
        return show(slice_of(program->batch.ca.bytes, program->batch.ca.size), ret_body, ret_size, error);
}

static const struct service_page pages[] = {
        { "/device-ca", SERVICE_GET, "application/pkix-cert", show_device_ca },
        { "/attestation-ca", SERVICE_GET, "application/pkix-cert", show_attestation_ca },
};

static void close_parts(void *context)
{
        struct program *program = context;
        if (!program)
                return;
        reset_server_close(program->server);
        bytes_wipe(&program->batch, sizeof program->batch);
        free(program);
}

static mitome_status open_parts(struct party *party, const char *folder, const char *const *values,
        struct service_parts *parts, void **ret_context, mitome_error *error)
{
        struct program *program = calloc(1, sizeof *program);
        (void)folder;
        if (!program)
                return fail(error, MITOME_E_NO_MEMORY, "maker", NULL);
        program->party = party;
        mitome_status status = read_options(values, program, error);
        if (!failed(status))
                status = reset_server_open(party, &program->server, error);
        if (!failed(status))
                status = batch_store_take(party, &program->batch, error);
        if (failed(status)) {
                close_parts(program);
                return status;
        }
        parts->phone = (struct phone_desks){ program->server, reset_server_phone_desks,
                reset_server_phone_desk_count };
        parts->pages = pages;
        parts->page_count = sizeof pages / sizeof pages[0];
        parts->page_context = program;
        parts->tick = tick;
        parts->tick_context = program;
        *ret_context = program;
        return ok();
}

int main(int argc, char **argv)
{
        const struct service_program program = {
                .party = PARTY_MAKER,
                .program = "maker",
                .about =
                        "Plays the maker of phones: vouches for their device keys, and has an element erased when its\n"
                        "phone is set back, if the phone itself asks. The CA of the device keys is at /device-ca, the\n"
                        "one of the passkeys' attestation at /attestation-ca; keys lie in the store, where real ones\n"
                        "would be in an HSM.",
                .schema = reset_server_schema,
                .schema_version = RESET_SERVER_SCHEMA_VERSION,
                .options = options,
                .option_count = OPTIONS,
                .open = open_parts,
                .close = close_parts,
        };
        return service_main(&program, argc, argv);
}
