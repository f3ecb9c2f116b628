/* SPDX-License-Identifier: Apache-2.0 */
#include "element_internal.h"

#include "key_sets.h"
#include "registry.h"
#include "user_pin.h"

#include <stdlib.h>

/* ---- creation ---- */

static mitome_status put_first(struct store *store, const struct mitome_card_keys *keys, mitome_error *error)
{
        static const uint8_t pin_tries[] = { USER_PIN_TRIES }, uv_tries[] = { USER_UV_TRIES };
        struct scp03_keys set = { .size = keys->size };
        MITOME_TRY(slice_copy(SLICE(keys->enc), "ENC", set.enc, sizeof set.enc, error));
        MITOME_TRY(slice_copy(SLICE(keys->mac), "MAC", set.mac, sizeof set.mac, error));
        MITOME_TRY(slice_copy(SLICE(keys->dek), "DEK", set.dek, sizeof set.dek, error));
        mitome_status status = key_set_found(store, &set, 0, error);
        bytes_wipe(&set, sizeof set);
        MITOME_TRY(status);
        MITOME_TRY(registry_found(store, keys->i, error));
        MITOME_TRY(store_put(store, OBJECT_PIN_TRIES, SLICE(pin_tries), error));
        MITOME_TRY(store_put(store, OBJECT_UV_TRIES, SLICE(uv_tries), error));
        return store_commit(store, error);
}

/* The first commit puts all of it on the medium in one piece: a power cut leaves nothing or a whole element.
 */
mitome_status mitome_element_create(
        const struct mitome_element_config *config, const struct mitome_card_keys *keys, mitome_error *error)
{
        if (!scp03_keys_fit(&(struct scp03_keys){ .size = keys->size }) || !scp03_knows(keys->i))
                return fail(error, MITOME_E_ARGUMENT, "card keys", "GPC_SPE_014 5.1");
        struct store *store;
        MITOME_TRY(store_create(config, &store, error));
        mitome_status status = put_first(store, keys, error);
        store_close(store);
        return status;
}

/* ---- life ---- */

/* An element of the time before the registry: its one key set, i (u8, or 70) and ENC, MAC, DEK, becomes the
 * issuer's first, and all that it had is installed. */
static mitome_status read_former_keys(slice bytes, uint8_t *ret_i, struct scp03_keys *ret)
{
        enum { FIRST_FORM = 3 * 16, FIRST_I = 0x70 };
        reader r = reader_over(bytes, NULL, NULL);
        *ret_i = FIRST_I;
        if (r.rest.size != FIRST_FORM)
                MITOME_TRY(read_u8(&r, "i", ret_i));
        ret->size = (uint8_t)(r.rest.size / 3);
        if (!scp03_keys_fit(ret) || !scp03_knows(*ret_i))
                return fail(NULL, MITOME_E_STORE_FOREIGN, "keys", NULL);
        MITOME_TRY(read_into(&r, "ENC", ret->enc, ret->size));
        MITOME_TRY(read_into(&r, "MAC", ret->mac, ret->size));
        MITOME_TRY(read_into(&r, "DEK", ret->dek, ret->size));
        return read_end(&r, "keys");
}

static mitome_status migrate(struct mitome_element *element, mitome_error *error)
{
        uint8_t i;
        struct scp03_keys keys = { 0 };
        uint32_t sequence = element_number(element, OBJECT_SCP03_SEQUENCE);
        mitome_status status = read_former_keys(element_object(element, OBJECT_CARD_KEYS), &i, &keys);
        if (failed(status))
                status = fail(error, MITOME_E_STORE_FOREIGN, "state", NULL);
        else
                status = key_set_found(element->store, &keys, sequence, error);
        bytes_wipe(&keys, sizeof keys);
        MITOME_TRY(status);
        MITOME_TRY(registry_found(element->store, i, error));
        MITOME_TRY(store_delete(element->store, OBJECT_CARD_KEYS, error));
        MITOME_TRY(store_delete(element->store, OBJECT_SCP03_SEQUENCE, error));
        return store_commit(element->store, error);
}

static mitome_status expect_card(struct mitome_element *element, mitome_error *error)
{
        if (element_has(element, OBJECT_REGISTRY + REGISTRY_ISSUER))
                return ok();
        if (!element_has(element, OBJECT_CARD_KEYS))
                return fail(error, MITOME_E_STORE_FOREIGN, "state", NULL);
        return migrate(element, error);
}

mitome_status mitome_element_open(
        const struct mitome_element_config *config, struct mitome_element **ret, mitome_error *error)
{
        struct mitome_element *element = calloc(1, sizeof *element);
        if (!element)
                return fail(error, MITOME_E_NO_MEMORY, "element", NULL);
        element->random = config->random;
        mitome_status status = store_open(config, &element->store, error);
        if (!failed(status))
                status = expect_card(element, error);
        if (failed(status)) {
                mitome_element_free(element);
                return status;
        }
        card_manager_reset(element);
        *ret = element;
        return ok();
}

void mitome_element_reset(struct mitome_element *element)
{
        card_manager_reset(element);
}

void mitome_element_set_contactless(struct mitome_element *element, int contactless)
{
        element->contactless = contactless != 0;
        card_manager_reset(element);
}

mitome_status mitome_element_transmit(struct mitome_element *element, mitome_slice command,
        uint8_t response[MITOME_APDU_MAX], size_t *ret_size, mitome_error *error)
{
        bool was_broken = element->broken;
        writer w = writer_over(response, MITOME_APDU_MAX);
        if (!was_broken)
                card_manager_process(element, command, &w);
        store_rollback(element->store); /* what a refused command had prepared */
        bytes_wipe(element->plain, sizeof element->plain);
        bytes_wipe(element->answer, sizeof element->answer);
        if (element->broken) {
                w = writer_over(response, MITOME_APDU_MAX);
                write_u16(&w, SW_MEMORY_FAILURE);
        }
        *ret_size = w.used;
        if (!element->broken || was_broken)
                return ok();
        const mitome_error *failure = &element->failure;
        return fail_at(error, failure->code, failure->at, failure->field, failure->clause);
}

mitome_slice mitome_element_atr(void)
{
        /* The one that the JPKI drivers of OpenSC know. */
        static const uint8_t atr[] = { 0x3B, 0xE0, 0x00, 0xFF, 0x81, 0x31, 0xFE, 0x45, 0x14 };
        return SLICE(atr);
}

void mitome_element_free(struct mitome_element *element)
{
        if (!element)
                return;
        jpki_drop_keys(element);
        fido_drop_keys(element);
        store_close(element->store);
        fido_index_forget(&element->fido.index);
        bytes_wipe(element, sizeof *element);
        free(element);
}

/* ---- stored objects ---- */

slice element_object(const struct mitome_element *element, uint32_t id)
{
        bool found;
        return store_get(element->store, id, &found);
}

bool element_has(const struct mitome_element *element, uint32_t id)
{
        bool found;
        (void)store_get(element->store, id, &found);
        return found;
}

uint32_t element_number(const struct mitome_element *element, uint32_t id)
{
        slice bytes = element_object(element, id);
        uint32_t number = 0;
        for (size_t i = 0; i < bytes.size && i < sizeof number; i++)
                number = number << 8 | bytes.data[i];
        return number;
}

uint16_t element_sw(mitome_status status)
{
        switch (status.code) {
        case MITOME_OK:
                return SW_OK;
        case MITOME_E_NO_MEMORY:
        case MITOME_E_NO_RANDOMNESS:
        case MITOME_E_CRYPTO_FAILED:
        case MITOME_E_BUFFER_FULL:
                return SW_UNKNOWN;
        case MITOME_E_FULL:
        case MITOME_E_TOO_LONG:
                return SW_FULL;
        default:
                return SW_WRONG_DATA;
        }
}

uint16_t element_put(struct mitome_element *element, uint32_t id, slice bytes)
{
        return element_sw(store_put(element->store, id, bytes, NULL));
}

uint16_t element_delete(struct mitome_element *element, uint32_t id)
{
        return element_sw(store_delete(element->store, id, NULL));
}

uint16_t element_erase(struct mitome_element *element, uint32_t first, uint32_t last)
{
        uint32_t id;
        while (first <= last && store_next(element->store, first, last, &id)) {
                SW_TRY(element_delete(element, id));
                if (id == last)
                        break;
                first = id + 1;
        }
        return SW_OK;
}

uint16_t element_commit(struct mitome_element *element)
{
        element->failure = (mitome_error){ 0 };
        mitome_status status = store_commit(element->store, &element->failure);
        if (!failed(status))
                return SW_OK;
        if (!store_is_broken(element->store)) /* nothing was written: the command is refused, no more */
                return element_sw(status);
        if (element->failure.code == MITOME_OK)
                element->failure = (mitome_error){ .code = status.code, .at = MITOME_NOWHERE };
        element->broken = true;
        return SW_MEMORY_FAILURE;
}

uint16_t element_random(struct mitome_element *element, uint8_t *bytes, size_t size)
{
        return element->random.fill(element->random.context, bytes, size) == 0 ? SW_OK : SW_UNKNOWN;
}

bool element_is_personalised(const struct mitome_element *element)
{
        return element_has(element, OBJECT_JPKI_FILE + JPKI_AUTH_CERTIFICATE);
}
