/* SPDX-License-Identifier: Apache-2.0 */
#include "phone_factory.h"

#include "maker_statement.h"
#include "sei_tsm.h"
#include "sp_tsm.h"

/* ---- an element ---- */

static mitome_status transmit(void *context, mitome_slice command, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        struct factory_element *element = context;
        uint8_t bytes[MITOME_APDU_MAX];
        size_t size;
        if (!element->element)
                return fail(error, MITOME_E_LINK, "the element is off", NULL);
        MITOME_TRY(mitome_element_transmit(element->element, command, bytes, &size, error));
        mitome_status status = slice_copy(slice_of(bytes, size), "response", response, capacity, error);
        bytes_wipe(bytes, size);
        MITOME_TRY(status);
        *ret_size = size;
        return ok();
}

static mitome_status reset(void *context, mitome_error *error)
{
        struct factory_element *element = context;
        if (!element->element)
                return fail(error, MITOME_E_LINK, "the element is off", NULL);
        mitome_element_reset(element->element);
        return ok();
}

mitome_status factory_card_keys(
        const struct scp03_keys *keys, struct mitome_card_keys *ret, mitome_error *error)
{
        enum { USUAL = 0x70 };
        ret->size = keys->size;
        ret->i = USUAL;
        MITOME_TRY(slice_copy(slice_of(keys->enc, keys->size), "key", ret->enc, sizeof ret->enc, error));
        MITOME_TRY(slice_copy(slice_of(keys->mac, keys->size), "key", ret->mac, sizeof ret->mac, error));
        return slice_copy(slice_of(keys->dek, keys->size), "key", ret->dek, sizeof ret->dek, error);
}

static mitome_status create(struct factory_element *element, mitome_error *error)
{
        struct mitome_card_keys keys = { 0 };
        const struct mitome_random *random = &element->config.random;
        if (random->fill(random->context, element->config.storage_key, sizeof element->config.storage_key) !=
                0)
                return fail(error, MITOME_E_NO_RANDOMNESS, NULL, NULL);
        MITOME_TRY(tsm_make_keys(&element->issuer, TSM_KEYS_ISSUER, random, error));
        mitome_status status = factory_card_keys(&element->issuer.keys, &keys, error);
        if (!failed(status))
                status = mitome_element_create(&element->config, &keys, error);
        bytes_wipe(&keys, sizeof keys);
        MITOME_TRY(status);
        return mitome_element_open(&element->config, &element->element, error);
}

mitome_status factory_element_make(struct factory_element *element, const struct mitome_random *random,
        const struct mitome_storage *medium, mitome_error *error)
{
        *element = (struct factory_element){ .config = { .storage = medium ? *medium
                                                                           : storage_memory(&element->memory),
                                                     .random = *random },
                .link = { .context = element, .transmit = transmit, .reset = reset } };
        mitome_status status = create(element, error);
        if (failed(status))
                factory_element_end(element);
        return status;
}

mitome_status factory_element_cycle(struct factory_element *element, mitome_error *error)
{
        mitome_element_free(element->element);
        element->element = NULL;
        return mitome_element_open(&element->config, &element->element, error);
}

void factory_element_end(struct factory_element *element)
{
        mitome_element_free(element->element);
        storage_memory_drop(&element->memory);
        bytes_wipe(element, sizeof *element);
}

/* ---- a phone ---- */

static mitome_status equip_fido(const struct phone_factory *factory, struct tsm_channel *channel,
        const char *identity, mitome_error *error)
{
        uint8_t point[MAKER_POINT_SIZE];
        struct authority_der certificate;
        const struct maker_batch *batch = &factory->batch;
        MITOME_TRY(tsm_store_batch_key(channel, SLICE(maker_classes[0].aaguid), SLICE(batch->key),
                slice_of(batch->certificate.bytes, batch->certificate.size), error));
        MITOME_TRY(tsm_make_device_key(channel, point, error));
        MITOME_TRY(factory->certify(factory->context, slice_text(identity), point, &certificate, error));
        return tsm_store_device_certificate(
                channel, identity, slice_of(certificate.bytes, certificate.size), error);
}

/* As phones come: the fare that is on it is nobody's business here. */
static mitome_status fill_stand_in(const struct phone_factory *factory, struct tsm_channel *channel,
        const char *identity, mitome_error *error)
{
        (void)factory;
        (void)identity;
        return tsm_order(channel,
                &(struct apdu_command){ .cla = 0x80,
                        .ins = 0xE2,
                        .p1 = 0x80,
                        .data = slice_text("FeliCa stand-in: 1,000 yen") },
                error);
}

static mitome_status allow_platform(const struct phone_factory *factory, struct tsm_channel *channel,
        const char *identity, mitome_error *error)
{
        (void)identity;
        return factory->platform ? tsm_allow_app(channel, TSM_FIDO, slice_of(factory->platform, 32), error)
                                 : ok();
}

mitome_status phone_factory_equip(const struct phone_factory *factory, const struct mitome_link *link,
        const struct tsm_key_set *issuer, const char *identity, mitome_error *error)
{
        static const struct {
                enum tsm_applet applet;
                mitome_status (*work)(
                        const struct phone_factory *, struct tsm_channel *, const char *, mitome_error *);
        } works[] = { { TSM_FIDO, equip_fido }, { TSM_STAND_IN, fill_stand_in },
                { TSM_ARA, allow_platform } };
        for (size_t i = 0; i < sizeof works / sizeof works[0]; i++) {
                struct tsm_channel channel;
                MITOME_TRY(tsm_open_set(&channel, link, issuer, works[i].applet, &factory->random, error));
                mitome_status status = works[i].work(factory, &channel, identity, error);
                tsm_close(&channel);
                MITOME_TRY(status);
        }
        return factory->keys ? factory->keys(factory->context, slice_text(identity), issuer, error) : ok();
}

/* ---- a card ---- */

static mitome_status remove_fido(
        struct factory_element *card, const struct mitome_random *random, mitome_error *error)
{
        struct tsm_channel channel;
        MITOME_TRY(tsm_open_set(&channel, &card->link, &card->issuer, TSM_CARD_MANAGER, random, error));
        mitome_status status = tsm_delete_fido(&channel, error);
        tsm_close(&channel);
        return status;
}

static mitome_status make_card_keys(struct tsm_channel *channel, const char *serial,
        uint8_t moduli[2][FACTORY_MODULUS_SIZE], mitome_error *error)
{
        struct tsm_public_key key;
        MITOME_TRY(tsm_personalise(channel, TSM_CARD, serial, error));
        for (int kind = 0; kind < 2; kind++) {
                MITOME_TRY(tsm_generate_key(channel, (enum authority_kind)kind, &key, error));
                MITOME_TRY(
                        slice_copy(SLICE(key.modulus), "modulus", moduli[kind], FACTORY_MODULUS_SIZE, error));
        }
        return ok();
}

mitome_status card_factory_begin(struct factory_element *card, const char *serial,
        const struct mitome_random *random, uint8_t ret_moduli[2][FACTORY_MODULUS_SIZE], mitome_error *error)
{
        struct tsm_channel channel;
        MITOME_TRY(remove_fido(card, random, error));
        MITOME_TRY(tsm_open_set(&channel, &card->link, &card->issuer, TSM_JPKI, random, error));
        mitome_status status = make_card_keys(&channel, serial, ret_moduli, error);
        tsm_close(&channel);
        return status;
}

static mitome_status write_card(
        struct tsm_channel *channel, const struct card_content *content, mitome_error *error)
{
        const char *const secrets[] = {
                [AUTHORITY_USER_VERIFICATION] = content->pin, [AUTHORITY_SIGNING] = content->password
        };
        for (int i = 0; i < 2; i++) {
                enum authority_kind kind = (enum authority_kind)i;
                if (content->certificates[i].size == 0)
                        continue;
                MITOME_TRY(tsm_write_certificate(channel, kind, content->certificates[i], error));
                MITOME_TRY(tsm_write_ca_certificate(channel, kind, content->cas[i], error));
                MITOME_TRY(tsm_set_secret(channel, kind, secrets[i], error));
        }
        return ok();
}

mitome_status card_factory_finish(struct factory_element *card, const struct card_content *content,
        const struct mitome_random *random, mitome_error *error)
{
        struct tsm_channel channel;
        MITOME_TRY(tsm_open_set(&channel, &card->link, &card->issuer, TSM_JPKI, random, error));
        mitome_status status = write_card(&channel, content, error);
        tsm_close(&channel);
        return status;
}
