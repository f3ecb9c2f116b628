/* SPDX-License-Identifier: Apache-2.0 */
#include "authdata.h"
#include "data_fields.h"
#include "element_internal.h"
#include "fido_certificate.h"
#include "tlv.h"

enum { OPTION_PRESENT = 0x02, AUTHDATA_SIZE = 37 };

struct get {
        slice token, options, allowed, data;
};

static uint16_t read_get(slice data, struct get *ret)
{
        const struct field fields[] = {
                { 0x80, FIELD_OPTIONAL, UNLOCK_TOKEN_SIZE, UNLOCK_TOKEN_SIZE, &ret->token },
                { 0x85, FIELD_REQUIRED, 1, 1, &ret->options },
                { 0x87, FIELD_LIST, FIDO_CREDENTIAL_ID_SIZE, FIDO_CREDENTIAL_ID_SIZE, &ret->allowed },
        };
        SW_TRY(fields_read(data, fields, sizeof fields / sizeof *fields));
        ret->data = data;
        return SW_OK;
}

static bool is_present(const struct get *get)
{
        return get->options.data[0] & OPTION_PRESENT;
}

static uint16_t check_get(const struct fido_operation *operation, const struct get *get)
{
        if ((get->options.data[0] & ~OPTION_PRESENT) || (get->token.data != NULL) != operation->built_in)
                return SW_WRONG_DATA;
        bool absent = operation->presence_asked && !operation->built_in && !is_present(get);
        return absent ? SW_CONDITIONS : SW_OK;
}

/* The first of the allow list that is here, or the newest discoverable one; never another relying party's. */
static uint16_t choose(struct mitome_element *element, const struct fido_operation *operation,
        const struct get *get, struct fido_credential *ret)
{
        struct fido_query query = { .rp_id_hash = SLICE(operation->rp_id_hash),
                .verified = operation->built_in || operation->by_pin };
        if (!get->allowed.data) {
                query.discoverable = true;
                return fido_find(element, &query, ret);
        }
        reader list = reader_over(get->data, NULL, NULL);
        while (fields_next(&list, 0x87, &query.id)) {
                uint16_t sw = fido_find(element, &query, ret);
                if (sw != SW_NO_REFERENCE)
                        return sw;
        }
        return SW_NO_REFERENCE;
}

/* A certificate credential signs with the user-verification key. */
static uint16_t sign_with(struct mitome_element *element, const struct fido_credential *credential,
        const slice parts[2], writer *signature)
{
        if (credential->algorithm == SIGNING_RS256)
                return jpki_user_verification_sign(element, parts, 2, signature);
        return element_sw(signing_key_sign(&element->fido.ready[FIDO_READY_CREDENTIAL],
                (enum signing_algorithm)credential->algorithm, credential->key, parts, 2, signature, NULL));
}

static uint16_t sign(struct mitome_element *element, const struct fido_operation *operation,
        const struct fido_credential *credential, const struct authdata *data, writer *answer)
{
        uint8_t authdata_bytes[AUTHDATA_SIZE], signature_bytes[SIGNATURE_MAX];
        slice authdata;
        writer w = WRITER(authdata_bytes), signature = WRITER(signature_bytes);
        authdata_write(&w, data);
        SW_TRY(element_sw(writer_finish(&w, "authData", &authdata, NULL)));
        const slice parts[] = { authdata, SLICE(operation->client_data_hash) };
        SW_TRY(sign_with(element, credential, parts, &signature));
        tlv_write(answer, 0x80, credential->id);
        tlv_write(answer, 0x81, authdata);
        tlv_write(answer, 0x82, writer_view(&signature));
        return SW_OK;
}

/* Names tell who the user is: only whoever verified them may learn them (CTAP 2.1 6.2.2, step 12). */
static void write_user(const struct fido_credential *credential, uint8_t flags, writer *answer)
{
        tlv_write(answer, 0x83, credential->user_id);
        if (credential->discoverable && flags & AUTHDATA_UV) {
                tlv_write(answer, 0x84, credential->user_name);
                tlv_write(answer, 0x85, credential->display_name);
        }
}

static uint16_t assert_with(struct mitome_element *element, const struct fido_operation *operation,
        const struct get *get, const struct fido_credential *chosen, writer *answer)
{
        uint32_t count, place = chosen->place;
        struct fido_credential credential;
        /* Counting may commit, which ends views of the store: read again. */
        SW_TRY(fido_count_signature(element, chosen, &count));
        if (!fido_read_credential(element, place, &credential))
                return SW_UNKNOWN;
        const struct authdata data = {
                .rp_id_hash = SLICE(operation->rp_id_hash),
                .flags = fido_flags(operation, is_present(get)),
                .sign_count = count,
        };
        SW_TRY(sign(element, operation, &credential, &data, answer));
        write_user(&credential, data.flags, answer);
        return SW_OK;
}

uint16_t fido_get_assertion(
        struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        struct get get;
        struct fido_operation operation;
        struct fido_credential credential;
        SW_TRY(read_get(command->data, &get));
        SW_TRY(check_get(&element->fido.operation, &get));
        SW_TRY(fido_spend_operation(element, get.token, &operation));
        SW_TRY(choose(element, &operation, &get, &credential));
        return assert_with(element, &operation, &get, &credential, answer);
}
