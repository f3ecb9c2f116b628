/* SPDX-License-Identifier: Apache-2.0 */
#include "digest.h"
#include "element_internal.h"
#include "tlv.h"

/* The persistent pinUvAuthToken of CTAP 2.2: it stands over power cycles, until a reset or another PIN, and
 * opens the list of credentials to be read, no more. Only whoever holds it can tell this authenticator from
 * others (encIdentifier), and whether its list is still the same (encCredStoreState): getInfo shows both
 * encrypted under keys that are derived from it.
 *
 * Stored: which protocols it was given out by (1: bit 0 for protocol 1, bit 1 for 2), and its value (32). */

enum { IDENTIFIER_SIZE = 16, KEY_SIZE = 16 };

static uint8_t protocol_bit(enum fido_protocol protocol)
{
        return (uint8_t)(1 << (protocol - FIDO_PROTOCOL_ONE));
}

static bool read_persistent(const struct mitome_element *element, uint8_t *ret_protocols, slice *ret_value)
{
        reader r = reader_over(element_object(element, OBJECT_PERSISTENT_TOKEN), NULL, NULL);
        return !failed(read_u8(&r, "persistent.protocols", ret_protocols)) &&
               !failed(read_bytes(&r, "persistent.value", FIDO_PIN_TOKEN_SIZE, ret_value));
}

bool fido_persistent_exists(const struct mitome_element *element)
{
        return element_has(element, OBJECT_PERSISTENT_TOKEN);
}

/* ---- getting it ---- */

static uint16_t put_identifier(struct mitome_element *element)
{
        uint8_t identifier[IDENTIFIER_SIZE];
        if (element_has(element, OBJECT_DEVICE_IDENTIFIER))
                return SW_OK;
        SW_TRY(element_random(element, identifier, sizeof identifier));
        return element_put(element, OBJECT_DEVICE_IDENTIFIER, SLICE(identifier));
}

static uint16_t put_persistent(struct mitome_element *element, uint8_t protocols, const struct secret *value)
{
        SECRET(object);
        writer w = WRITER(object.data);
        write_u8(&w, protocols);
        write_slice(&w, secret_view(value));
        SW_TRY(put_identifier(element));
        return element_put(element, OBJECT_PERSISTENT_TOKEN, writer_view(&w));
}

/* [2.2 6.5.2.1] made when it is first asked for; who asks again gets the same */
uint16_t fido_persistent_value(
        struct mitome_element *element, enum fido_protocol protocol, struct secret *ret_value)
{
        uint8_t protocols = 0;
        slice value;
        if (read_persistent(element, &protocols, &value)) {
                SW_TRY(element_sw(secret_set(ret_value, value, NULL)));
                if (protocols & protocol_bit(protocol))
                        return SW_OK;
        } else {
                ret_value->size = FIDO_PIN_TOKEN_SIZE;
                SW_TRY(element_random(element, ret_value->data, ret_value->size));
        }
        return put_persistent(element, protocols | protocol_bit(protocol), ret_value);
}

/* ---- using it ---- */

/* [2.2 6.8] a parameter has the form of a protocol by which the token was given out */
bool fido_persistent_authorises(const struct mitome_element *element, slice message, slice param)
{
        uint8_t protocols;
        slice bytes;
        SECRET(value);
        enum fido_protocol protocol =
                param.size == FIDO_PARAM_ONE_SIZE ? FIDO_PROTOCOL_ONE : FIDO_PROTOCOL_TWO;
        return read_persistent(element, &protocols, &bytes) && protocols & protocol_bit(protocol) &&
               !failed(secret_set(&value, bytes, NULL)) &&
               fido_param_is(protocol, &value, &message, 1, param);
}

/* ---- what getInfo shows to its holder ---- */

uint16_t fido_store_changed(struct mitome_element *element)
{
        uint8_t bytes[4];
        writer w = WRITER(bytes);
        if (!element_has(element, OBJECT_DEVICE_IDENTIFIER))
                return SW_OK; /* nobody has seen a state that this one could be compared with */
        write_u32(&w, element_number(element, OBJECT_STORE_STATE) + 1);
        return element_put(element, OBJECT_STORE_STATE, SLICE(bytes));
}

/* Another value after each change, which tells nothing of how many there were. */
static void store_state(const struct mitome_element *element, uint8_t ret[SHA256_SIZE])
{
        const slice parts[] = { slice_text("mitome credential store"),
                element_object(element, OBJECT_STORE_STATE) };
        hmac_sha256(element_object(element, OBJECT_DEVICE_IDENTIFIER), parts, 2, ret);
}

/* [2.2 6.4 0x19] [2.3 6.4 0x1E] IV || AES-128-CBC, the key by HKDF from the token, with a name for each */
static uint16_t show(
        struct mitome_element *element, uint8_t tag, const char *name, slice plain, writer *answer)
{
        uint8_t bytes[FIDO_IV_SIZE + IDENTIFIER_SIZE], protocols;
        slice value;
        SECRET(key);
        writer w = WRITER(bytes);
        uint8_t *iv = write_space(&w, FIDO_IV_SIZE), *cipher = write_space(&w, IDENTIFIER_SIZE);
        if (!iv || !cipher || !read_persistent(element, &protocols, &value))
                return SW_UNKNOWN;
        SW_TRY(element_random(element, iv, FIDO_IV_SIZE));
        hkdf_sha256((slice){ 0 }, value, slice_text(name), &key);
        key.size = KEY_SIZE;
        SW_TRY(fido_cbc(&key, iv, 1, plain, cipher));
        tlv_write(answer, tag, writer_view(&w));
        return SW_OK;
}

uint16_t fido_persistent_show(struct mitome_element *element, writer *answer)
{
        uint8_t state[SHA256_SIZE];
        slice identifier = element_object(element, OBJECT_DEVICE_IDENTIFIER);
        if (!fido_persistent_exists(element))
                return SW_OK;
        store_state(element, state);
        SW_TRY(show(element, 0x8B, "encIdentifier", identifier, answer));
        return show(element, 0x8C, "encCredStoreState", slice_of(state, IDENTIFIER_SIZE), answer);
}
