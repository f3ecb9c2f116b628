/* SPDX-License-Identifier: Apache-2.0 */
#include "cbor.h"
#include "data_fields.h"
#include "digest.h"
#include "element_internal.h"
#include "reference_data.h"
#include "tlv.h"
#include "user_pin.h"

/* CONFIGURE, the element's side of authenticatorConfig (CTAP 2.1, 6.11), and the settings that it changes.
 * The element reads the subcommand and its parameters out of the message that the token authenticated: what
 * was signed is what is done. */

enum {
        SETTING_ALWAYS_UV = 0x01, /* and USER_PIN_COMPLEX */
        MESSAGE_MAX = 3072,       /* eight RP IDs of 255 bytes */
        RP_IDS_MAX = 8,           /* maxRPIDsForSetMinPINLength */
        CONFIG_HEAD_SIZE = 33,
};

enum config_subcommand { CONFIG_ENTERPRISE = 0x01, CONFIG_ALWAYS_UV = 0x02, CONFIG_MIN_PIN = 0x03 };

/* ---- settings ---- */

/* [7.2] whoever logs in or registers is verified; kept until a reset */
bool fido_always_uv(const struct mitome_element *element)
{
        return element_number(element, OBJECT_FIDO_SETTINGS) & SETTING_ALWAYS_UV;
}

/* [7.4] the relying parties that setMinPINLength named may learn the minimum */
bool fido_min_pin_lists(const struct mitome_element *element, slice rp_id_hash)
{
        slice hash;
        reader r = reader_over(element_object(element, OBJECT_PIN_MIN_LIST), NULL, NULL);
        while (!failed(read_bytes(&r, "minPinLength.rpIdHash", FIDO_HASH_SIZE, &hash)))
                if (slice_equal(hash, rp_id_hash))
                        return true;
        return false;
}

/* [7.4] [7.2] a reset brings back what was at first */
uint16_t fido_delete_settings(struct mitome_element *element)
{
        static const uint32_t objects[] = { OBJECT_PIN_MIN, OBJECT_PIN_MIN_LIST, OBJECT_FIDO_SETTINGS,
                OBJECT_DEVICE_IDENTIFIER, OBJECT_STORE_STATE, OBJECT_UV_COUNT };
        for (size_t i = 0; i < sizeof objects / sizeof *objects; i++)
                SW_TRY(element_delete(element, objects[i]));
        return SW_OK;
}

/* ---- 01 enableEnterpriseAttestation ---- */

/* [6.11.1] enterprise attestation: where it is on it stays on. Only the management station, which writes the
 * list, switches it on: what is shown there is a person. */
static uint16_t enable_enterprise(struct mitome_element *element, slice params)
{
        (void)params;
        if (!fido_enterprise_exists(element))
                return SW_FUNCTION_UNSUPPORTED;
        return fido_enterprise_enabled(element) ? SW_OK : SW_CONDITIONS;
}

/* ---- 02 toggleAlwaysUv ---- */

/* [6.11.2] alwaysUv is switched: on where it was off, off where it was on */
static uint16_t toggle_always_uv(struct mitome_element *element, slice params)
{
        (void)params;
        uint8_t settings = (uint8_t)(element_number(element, OBJECT_FIDO_SETTINGS) ^ SETTING_ALWAYS_UV);
        SW_TRY(element_put(element, OBJECT_FIDO_SETTINGS, slice_of(&settings, 1)));
        return element_commit(element);
}

/* ---- 03 setMinPINLength ---- */

struct min_pin {
        bool has_length, has_list, force, complexity, too_many;
        uint64_t length;
        size_t count;
        uint8_t hashes[RP_IDS_MAX][FIDO_HASH_SIZE];
};

static mitome_status read_rp_ids(struct cbor_reader *r, struct min_pin *ret)
{
        struct cbor_members ids;
        MITOME_TRY(cbor_open_array(r, "minPinLengthRPIDs", CBOR_MEMBERS, &ids));
        ret->has_list = true;
        while (cbor_next_element(r, &ids)) {
                slice id;
                MITOME_TRY(cbor_read_text(r, "minPinLengthRPIDs", FIDO_RP_ID_MAX, &id));
                ret->too_many |= ret->count == RP_IDS_MAX;
                if (ret->count < RP_IDS_MAX)
                        sha256(&id, 1, ret->hashes[ret->count++]);
        }
        return ok();
}

static mitome_status read_length(struct cbor_reader *r, struct min_pin *ret)
{
        ret->has_length = true;
        return cbor_read_uint(r, "newMinPINLength", UINT32_MAX, &ret->length);
}

static mitome_status read_member(struct cbor_reader *r, const struct cbor_key *key, struct min_pin *ret)
{
        if (key->is_text)
                return cbor_skip(r, "subCommandParams");
        switch (key->number) {
        case 0x01:
                return read_length(r, ret);
        case 0x02:
                return read_rp_ids(r, ret);
        case 0x03:
                return cbor_read_bool(r, "forceChangePin", &ret->force);
        case 0x04:
                return cbor_read_bool(r, "pinComplexityPolicy", &ret->complexity);
        default:
                return cbor_skip(r, "subCommandParams");
        }
}

/* [6.11.4] a canonical map; without parameters there is nothing to set */
static mitome_status read_min_pin(slice params, struct min_pin *ret)
{
        struct cbor_reader r = cbor_over(params, "CTAP 2.1 6.11.4", NULL);
        struct cbor_members members;
        struct cbor_key key;
        bool more;
        if (params.size == 0)
                return ok();
        MITOME_TRY(cbor_open_map(&r, "subCommandParams", CBOR_MEMBERS, &members));
        for (;;) {
                MITOME_TRY(cbor_next_key(&r, &members, &key, &more));
                if (!more)
                        return cbor_end(&r, "subCommandParams");
                MITOME_TRY(read_member(&r, &key, ret));
        }
}

/* Whether it may be, before anything is staged. */
static uint16_t check_min_pin(const struct mitome_element *element, const struct min_pin *request)
{
        uint64_t most = user_pin_is_of_person(element) ? USER_PIN_MIN : REFERENCE_SECRET_MAX;
        /* [6.11.4 minPinLengthRPIDs] more than maxRPIDsForSetMinPINLength: KEY_STORE_FULL */
        if (request->too_many)
                return SW_FULL;
        /* [6.11.4 newMinPINLength] it only grows: else PIN_POLICY_VIOLATION; the user-verification PIN has
         * four digits */
        if (request->has_length && (request->length < user_pin_min(element) || request->length > most))
                return SW_PIN_POLICY;
        /* [2.2 6.11.4 pinComplexityPolicy] refused to a person's authenticator: any four digits may be that
         * PIN, as on the plastic card */
        if (request->complexity && user_pin_is_of_person(element))
                return SW_PIN_POLICY;
        /* [6.11.4 forceChangePin] there has to be a PIN: else PIN_NOT_SET */
        return request->force && !user_pin_is_set(element) ? SW_UNUSABLE : SW_OK;
}

/* Nobody remembers of what characters a PIN is. */
static bool begins_complexity(const struct mitome_element *element, const struct min_pin *request)
{
        return request->complexity && !user_pin_is_complex(element);
}

/* [6.11.4 force] a PIN that is shorter now has to be changed, whether asked for or not; so has
 * one that may be too simple now */
static bool forces(const struct mitome_element *element, const struct min_pin *request)
{
        return user_pin_is_set(element) &&
               (request->force || begins_complexity(element, request) ||
                       (request->has_length && user_pin_length(element) < request->length));
}

/* [2.2 6.11.4 pinComplexityPolicy] once on it stays on, as the minimum only grows */
static uint16_t stage_complexity(struct mitome_element *element, const struct min_pin *request)
{
        uint8_t settings = (uint8_t)(element_number(element, OBJECT_FIDO_SETTINGS) | USER_PIN_COMPLEX);
        return begins_complexity(element, request)
                       ? element_put(element, OBJECT_FIDO_SETTINGS, slice_of(&settings, 1))
                       : SW_OK;
}

static uint16_t stage_min_pin(struct mitome_element *element, const struct min_pin *request)
{
        if (request->has_length)
                SW_TRY(user_pin_put_min(element, (uint8_t)request->length));
        /* [6.11.4 minPinLengthRPIDs] the list as a whole anew */
        if (request->has_list)
                SW_TRY(element_put(element, OBJECT_PIN_MIN_LIST,
                        slice_of(request->hashes, request->count * FIDO_HASH_SIZE)));
        SW_TRY(stage_complexity(element, request));
        return forces(element, request) ? user_pin_force_change(element) : SW_OK;
}

static uint16_t set_min_pin(struct mitome_element *element, slice params)
{
        struct min_pin request = { 0 };
        if (failed(read_min_pin(params, &request)))
                return SW_WRONG_DATA;
        SW_TRY(check_min_pin(element, &request));
        bool ends_token = forces(element, &request);
        SW_TRY(stage_min_pin(element, &request));
        SW_TRY(element_commit(element));
        if (ends_token) /* [6.11.4 tokens] the token ends: it was got with a PIN that is not good enough now
                         */
                fido_end_token(&element->fido);
        return SW_OK;
}

/* ---- CONFIGURE ---- */

static const struct subcommand {
        uint8_t number;
        uint16_t (*run)(struct mitome_element *element, slice params);
} subcommands[] = {
        { CONFIG_ENTERPRISE, enable_enterprise },
        { CONFIG_ALWAYS_UV, toggle_always_uv },
        { CONFIG_MIN_PIN, set_min_pin },
};

static uint16_t read_message(slice message, const struct subcommand **ret, slice *ret_params)
{
        static const uint8_t of_config[CONFIG_HEAD_SIZE] = { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x0D };
        slice head;
        uint8_t number;
        reader r = reader_over(message, NULL, NULL);
        if (failed(read_bytes(&r, "head", CONFIG_HEAD_SIZE, &head)) ||
                failed(read_u8(&r, "subCommand", &number)) || !slice_equal(head, SLICE(of_config)))
                return SW_WRONG_DATA;
        *ret_params = read_rest(&r);
        for (size_t i = 0; i < sizeof subcommands / sizeof *subcommands; i++)
                if (subcommands[i].number == number) {
                        *ret = &subcommands[i];
                        return SW_OK;
                }
        return SW_FUNCTION_UNSUPPORTED; /* [6.11 2] vendorPrototype and what else is not here */
}

/* [6.11 3] an authenticator with a PIN, or one that always verifies its user, wants a token; only to
 * switch the latter off again, where there is no PIN to get a token with, it does without */
static bool wants_token(const struct mitome_element *element, const struct subcommand *subcommand)
{
        return user_pin_is_set(element) || element_has(element, OBJECT_ENROLMENT_SET) ||
               (fido_always_uv(element) && subcommand->number != CONFIG_ALWAYS_UV);
}

uint16_t fido_configure(struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        (void)answer;
        slice message, param, params;
        const struct subcommand *subcommand;
        const struct field fields[] = {
                { 0x84, FIELD_OPTIONAL, FIDO_PARAM_ONE_SIZE, FIDO_PARAM_SIZE, &param },
                { 0x85, FIELD_REQUIRED, CONFIG_HEAD_SIZE + 1, MESSAGE_MAX, &message },
        };
        SW_TRY(fields_read(command->data, fields, sizeof fields / sizeof *fields));
        SW_TRY(read_message(message, &subcommand, &params));
        /* [6.11 3.4] [6.11 3.5] the parameter over this message, by a token with acfg */
        if (wants_token(element, subcommand) &&
                !fido_token_authorises(&element->fido, FIDO_ACFG, (slice){ 0 }, message, param))
                return SW_SECURITY_STATUS;
        return subcommand->run(element, params);
}
