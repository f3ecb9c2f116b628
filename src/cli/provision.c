/* SPDX-License-Identifier: Apache-2.0 */
#include "provision.h"

#include "card_keys.h"
#include "demo_roots.h"
#include "maker_statement.h"
#include "random_system.h"
#include "sei_tsm.h"
#include "sp_tsm.h"
#include "storage_memory.h"

#include <stdio.h>
#include <time.h>

/* Whoever is made for a demonstration belongs to nobody: neither the name nor the place exists. */
static const struct authority_person invented = {
        .name = "見本 花子",
        .address = "東京都見本区見本町一丁目1番1号",
        .prefecture = "Tokyo-to",
        .city = "Mihon-ku",
        .gender = "2",
        .birth_year = 1990,
        .birth_month = 4,
        .birth_day = 1,
};

/* Which relying parties may learn whose certificate it is. */
static const char *const listed[] = { PROVISION_LISTED };

/* ---- the keys ---- */

static mitome_status random_keys(struct mitome_card_keys *keys, mitome_error *error)
{
        enum { AES_128 = 16 };
        const struct mitome_random random = random_system();
        keys->size = AES_128;
        if (random.fill(random.context, keys->enc, sizeof keys->enc) != 0 ||
                random.fill(random.context, keys->mac, sizeof keys->mac) != 0 ||
                random.fill(random.context, keys->dek, sizeof keys->dek) != 0)
                return fail(error, MITOME_E_NO_RANDOMNESS, NULL, NULL);
        return ok();
}

mitome_status provision_make_keys(const char *folder, struct mitome_card_keys *ret, mitome_error *error)
{
        char path[4096];
        int length = snprintf(path, sizeof path, "%s/scp03-keys", folder);
        if (length < 0 || (size_t)length >= sizeof path)
                return fail(error, MITOME_E_TOO_LONG, "the state's folder", NULL);
        MITOME_TRY(random_keys(ret, error));
        MITOME_TRY(card_keys_write(path, ret, error));
        fprintf(stderr, "mitome element: the keys of its issuer's security domain are in %s\n", path);
        return ok();
}

/* ---- the personalisation ---- */

struct provision {
        struct mitome_random random;
        struct mitome_link link; /* to the element, in this process */
        struct scp03_keys keys;
        enum provision_personality personality;
        const char *folder;
        struct authority *authority;
        int64_t now;
};

static bool is_person(enum provision_personality personality)
{
        return personality != PROVISION_PLAIN;
}

static mitome_status transmit(void *context, mitome_slice command, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        if (capacity < MITOME_APDU_MAX)
                return fail(error, MITOME_E_BUFFER_FULL, "response", NULL);
        return mitome_element_transmit(context, command, response, ret_size, error);
}

/* How many documents a demonstration may sign before its station would look at the certificate again. */
enum { SIGNATURES = 1000 };

static mitome_status issue(struct provision *provision, struct tsm_channel *channel, enum authority_kind kind,
        const char *secret, mitome_error *error)
{
        struct tsm_public_key key;
        struct authority_certificate certificate;
        struct authority_person person = invented;
        person.on_card = provision->personality == PROVISION_CARD;
        MITOME_TRY(tsm_generate_key(channel, kind, &key, error));
        MITOME_TRY(authority_issue(provision->authority, kind, &person, SLICE(key.modulus),
                SLICE(key.exponent), provision->now, &certificate, error));
        MITOME_TRY(tsm_write_certificate(
                channel, kind, slice_of(certificate.der.bytes, certificate.der.size), error));
        MITOME_TRY(tsm_write_ca_certificate(channel, kind, authority_ca(provision->authority, kind), error));
        if (kind == AUTHORITY_SIGNING && !person.on_card)
                MITOME_TRY(tsm_set_lease(channel, SLICE(certificate.serial), SIGNATURES, error));
        return tsm_set_secret(channel, kind, secret, error);
}

/* A revoked one there is not, and there will be none: the CA's key is forgotten at once. */
static mitome_status leave_jpki_roots(const struct provision *provision, mitome_error *error)
{
        struct authority_der crl;
        const slice ca = authority_ca(provision->authority, AUTHORITY_USER_VERIFICATION);
        MITOME_TRY(authority_last_crl(
                provision->authority, AUTHORITY_USER_VERIFICATION, provision->now, &crl, error));
        const slice list = slice_of(crl.bytes, crl.size);
        MITOME_TRY(demo_roots_write(provision->folder, DEMO_ROOTS_JPKI, "CERTIFICATE", &ca, 1, error));
        return demo_roots_write(provision->folder, DEMO_ROOTS_CRL, "X509 CRL", &list, 1, error);
}

/* What the JPKI applet plays. */
static const struct applet {
        enum tsm_personality personality;
        const char *serial;
} applets[] = {
        [PROVISION_PHONE] = { TSM_PHONE, "" },
        [PROVISION_CARD] = { TSM_CARD, "DEMO-0001" },
        [PROVISION_AUTHENTICATOR] = { TSM_AUTHENTICATOR, "" },
};

static mitome_status personalise(struct provision *provision, mitome_error *error)
{
        struct tsm_channel channel;
        MITOME_TRY(authority_new(&provision->random, provision->now, &provision->authority, error));
        MITOME_TRY(
                tsm_open(&channel, &provision->link, &provision->keys, TSM_JPKI, &provision->random, error));
        const struct applet *applet = &applets[provision->personality];
        mitome_status status = tsm_personalise(&channel, applet->personality, applet->serial, error);
        if (!failed(status))
                status = issue(provision, &channel, AUTHORITY_USER_VERIFICATION, PROVISION_PIN, error);
        if (!failed(status))
                status = issue(provision, &channel, AUTHORITY_SIGNING, PROVISION_PASSWORD, error);
        tsm_close(&channel);
        return failed(status) ? status : leave_jpki_roots(provision, error);
}

/* The device key is made in the element; the maker certifies it and prints an identity on the phone. */
static mitome_status make_device(struct provision *provision, struct tsm_channel *channel,
        const struct maker_batch *batch, mitome_error *error)
{
        uint8_t point[MAKER_POINT_SIZE];
        struct maker_device device;
        MITOME_TRY(tsm_make_device_key(channel, point, error));
        MITOME_TRY(maker_certify_device(&provision->random, provision->now, point, &device, error));
        const slice cas[] = { slice_of(batch->ca.bytes, batch->ca.size),
                slice_of(device.ca.bytes, device.ca.size) };
        MITOME_TRY(demo_roots_write(provision->folder, DEMO_ROOTS_MAKER, "CERTIFICATE", cas, 2, error));
        return tsm_store_device_certificate(
                channel, "DEMO-0001", slice_of(device.certificate.bytes, device.certificate.size), error);
}

/* What the maker does to a phone of its model. */
static mitome_status manufacture(struct provision *provision, mitome_error *error)
{
        struct maker_batch batch;
        struct tsm_channel channel;
        MITOME_TRY(maker_make_batch(&provision->random, provision->now, &batch, error));
        mitome_status status =
                tsm_open(&channel, &provision->link, &provision->keys, TSM_FIDO, &provision->random, error);
        if (!failed(status)) {
                status = tsm_store_batch_key(&channel, SLICE(maker_classes[0].aaguid), SLICE(batch.key),
                        slice_of(batch.certificate.bytes, batch.certificate.size), error);
                if (!failed(status))
                        status = make_device(provision, &channel, &batch, error);
                if (!failed(status) && provision->personality == PROVISION_AUTHENTICATOR)
                        status = tsm_set_enterprise_list(
                                &channel, listed, sizeof listed / sizeof *listed, error);
                tsm_close(&channel);
        }
        bytes_wipe(batch.key, sizeof batch.key);
        return status;
}

/* A demonstration has no app of its own: both applets are for every one, unless one is named. */
static mitome_status allow_app(struct provision *provision, slice app, mitome_error *error)
{
        struct tsm_channel channel;
        MITOME_TRY(
                tsm_open(&channel, &provision->link, &provision->keys, TSM_ARA, &provision->random, error));
        mitome_status status = tsm_allow_app(&channel, TSM_JPKI, app, error);
        if (!failed(status))
                status = tsm_allow_app(&channel, TSM_FIDO, app, error);
        tsm_close(&channel);
        return status;
}

/* A plain card is not an authenticator. */
static mitome_status remove_fido(struct provision *provision, mitome_error *error)
{
        struct tsm_channel channel;
        MITOME_TRY(tsm_open(
                &channel, &provision->link, &provision->keys, TSM_CARD_MANAGER, &provision->random, error));
        mitome_status status = tsm_delete_fido(&channel, error);
        tsm_close(&channel);
        return status;
}

static void say_what_was_made(enum provision_personality personality)
{
        if (!is_person(personality)) {
                fputs("mitome element: a new plain FIDO authenticator: no PIN, no person; its batch key was made here and\n"
                      "mitome element: its attestation ends at a demonstration CA that nobody trusts\n",
                        stderr);
                return;
        }
        fprintf(stderr,
                "mitome element: a DEMONSTRATION: %s, personalised for %s (born %d-%02d-%02d), who does not exist,\n"
                "mitome element: with certificates of a test hierarchy (O=JPKI-TEST) that nobody trusts;\n"
                "mitome element: user-verification PIN %s, signing password %s\n",
                personality == PROVISION_CARD ? "a My Number Card" : "a phone's element", invented.name,
                invented.birth_year, invented.birth_month, invented.birth_day, PROVISION_PIN,
                PROVISION_PASSWORD);
        if (personality == PROVISION_AUTHENTICATOR)
                fprintf(stderr,
                        "mitome element: listed for enterprise attestation: %s, which may learn whose certificate it is\n",
                        listed[0]);
        if (personality == PROVISION_PHONE)
                fputs("mitome element: no finger yet: that takes a matcher, which an authenticator brings\n",
                        stderr);
}

mitome_status provision_scp03_keys(
        const struct mitome_card_keys *keys, struct scp03_keys *ret, mitome_error *error)
{
        ret->size = keys->size;
        MITOME_TRY(slice_copy(SLICE(keys->enc), "key", ret->enc, sizeof ret->enc, error));
        MITOME_TRY(slice_copy(SLICE(keys->mac), "key", ret->mac, sizeof ret->mac, error));
        return slice_copy(SLICE(keys->dek), "key", ret->dek, sizeof ret->dek, error);
}

static mitome_status fill(struct mitome_element *element, const struct provision_order *order,
        const struct mitome_card_keys *keys, mitome_error *error)
{
        struct provision provision = {
                .random = order->element->random,
                .link = { .context = element, .transmit = transmit },
                .personality = order->personality,
                .folder = order->folder,
                .now = (int64_t)time(NULL),
        };
        mitome_status status = provision_scp03_keys(keys, &provision.keys, error);
        if (!failed(status))
                status = order->personality == PROVISION_CARD ? remove_fido(&provision, error)
                                                              : manufacture(&provision, error);
        if (!failed(status) && is_person(order->personality))
                status = personalise(&provision, error);
        if (!failed(status))
                status = allow_app(&provision, order->app, error);
        authority_free(provision.authority);
        bytes_wipe(&provision.keys, sizeof provision.keys);
        return status;
}

/* ---- until it is whole it is only in memory: whoever is cut short has made nothing ---- */

static mitome_status make_in_memory(
        const struct provision_order *order, const struct mitome_card_keys *keys, mitome_error *error)
{
        struct mitome_element *element;
        MITOME_TRY(mitome_element_create(order->element, keys, error));
        MITOME_TRY(mitome_element_open(order->element, &element, error));
        mitome_status status = fill(element, order, keys, error);
        mitome_element_free(element);
        return status;
}

mitome_status provision_demo(
        const struct provision_order *order, const struct mitome_card_keys *keys, mitome_error *error)
{
        struct storage_memory memory = { 0 };
        struct mitome_element_config in_memory = *order->element;
        struct provision_order made = *order;
        const struct mitome_storage *storage = &order->element->storage;
        in_memory.storage = storage_memory(&memory);
        made.element = &in_memory;
        mitome_status status = make_in_memory(&made, keys, error);
        if (!failed(status))
                status = storage->replace(storage->context, slice_of(memory.image, memory.size), error);
        if (!failed(status) && !order->quiet)
                say_what_was_made(order->personality);
        storage_memory_drop(&memory);
        bytes_wipe(&in_memory, sizeof in_memory);
        return status;
}
