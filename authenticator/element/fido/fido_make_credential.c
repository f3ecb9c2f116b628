/* SPDX-License-Identifier: Apache-2.0 */
#include "authdata.h"
#include "data_fields.h"
#include "element_internal.h"
#include "signing_key.h"
#include "tlv.h"

enum { OPTION_DISCOVERABLE = 0x01, OPTION_PRESENT = 0x02 };

/* authData of a registration: 37 bytes, AAGUID, the id behind its length, and a COSE key of at most 77. */
enum { AUTHDATA_MAX = 37 + FIDO_AAGUID_SIZE + 2 + FIDO_CREDENTIAL_ID_SIZE + 77 };

struct make {
        slice token, rp_id, user_id, user_name, display_name, options, algorithm, excluded, data;
};

static uint16_t read_make(slice data, struct make *ret)
{
        const struct field fields[] = {
                { 0x80, FIELD_OPTIONAL, UNLOCK_TOKEN_SIZE, UNLOCK_TOKEN_SIZE, &ret->token },
                { 0x81, FIELD_REQUIRED, 1, FIDO_RP_ID_MAX, &ret->rp_id },
                { 0x82, FIELD_REQUIRED, 1, FIDO_TEXT_MAX, &ret->user_id },
                { 0x83, FIELD_REQUIRED, 0, FIDO_TEXT_MAX, &ret->user_name },
                { 0x84, FIELD_REQUIRED, 0, FIDO_TEXT_MAX, &ret->display_name },
                { 0x85, FIELD_REQUIRED, 1, 1, &ret->options },
                { 0x86, FIELD_REQUIRED, 1, 1, &ret->algorithm },
                { 0x87, FIELD_LIST, FIDO_CREDENTIAL_ID_SIZE, FIDO_CREDENTIAL_ID_SIZE, &ret->excluded },
        };
        SW_TRY(fields_read(data, fields, sizeof fields / sizeof *fields));
        ret->data = data;
        return SW_OK;
}

static bool is_present(const struct make *make)
{
        return make->options.data[0] & OPTION_PRESENT;
}

/* Whether this is what BEGIN announced, before anything is spent. */
static uint16_t check_make(const struct fido_operation *operation, const struct make *make)
{
        uint8_t hash[SHA256_SIZE];
        sha256(&make->rp_id, 1, hash);
        bool good = slice_equal(SLICE(hash), SLICE(operation->rp_id_hash)) && slice_is_utf8(make->rp_id) &&
                    slice_is_utf8(make->user_name) && slice_is_utf8(make->display_name) &&
                    !(make->options.data[0] & ~(OPTION_DISCOVERABLE | OPTION_PRESENT)) &&
                    signing_algorithm_known(make->algorithm.data[0]) &&
                    (make->token.data != NULL) == operation->built_in;
        if (!good)
                return SW_WRONG_DATA;
        bool absent = operation->presence_asked && !operation->built_in && !is_present(make);
        return absent ? SW_CONDITIONS : SW_OK;
}

static uint16_t check_excluded(
        const struct mitome_element *element, const struct make *make, slice rp_id_hash)
{
        struct fido_query query = { .rp_id_hash = rp_id_hash };
        struct fido_credential found;
        reader list = reader_over(make->data, NULL, NULL);
        while (fields_next(&list, 0x87, &query.id))
                if (fido_find(element, &query, &found))
                        return SW_EXISTS;
        return SW_OK;
}

/* A discoverable credential of the same user at the same relying party gives way to the new one. */
static uint16_t make_room(struct mitome_element *element, const struct fido_credential *credential)
{
        const struct fido_query query = {
                .rp_id_hash = credential->rp_id_hash, .user_id = credential->user_id, .discoverable = true
        };
        struct fido_credential former;
        if (credential->discoverable && fido_find(element, &query, &former))
                return fido_delete_credential(element, former.place);
        return fido_count(element) < FIDO_CREDENTIALS_MAX ? SW_OK : SW_FULL;
}

/* The batch key speaks for the model: authData and the signature over it and the client data. */
static uint16_t attest(const struct mitome_element *element, const struct fido_operation *operation,
        struct authdata *data, writer *answer)
{
        uint8_t authdata_bytes[AUTHDATA_MAX], signature_bytes[SIGNATURE_MAX];
        slice key, authdata;
        writer w = WRITER(authdata_bytes), signature = WRITER(signature_bytes);
        reader r = reader_over(element_object(element, OBJECT_BATCH_KEY), NULL, NULL);
        if (failed(read_bytes(&r, "AAGUID", FIDO_AAGUID_SIZE, &data->aaguid)) ||
                failed(read_bytes(&r, "batch key", SIGNING_KEY_SIZE, &key)))
                return SW_UNKNOWN;
        authdata_write(&w, data);
        SW_TRY(element_sw(writer_finish(&w, "authData", &authdata, NULL)));
        const slice parts[] = { authdata, SLICE(operation->client_data_hash) };
        SW_TRY(element_sw(signing_key_sign(SIGNING_ES256, key, parts, 2, &signature, NULL)));
        tlv_write(answer, 0x80, authdata);
        tlv_write(answer, 0x81, writer_view(&signature));
        write_slice(answer, element_object(element, OBJECT_BATCH_CERTIFICATES));
        return answer->overflowed ? SW_UNKNOWN : SW_OK;
}

static uint16_t create(struct mitome_element *element, const struct fido_operation *operation,
        const struct make *make, writer *answer)
{
        uint8_t id[FIDO_CREDENTIAL_ID_SIZE];
        SECRET(private_key);
        struct public_key public_key;
        enum signing_algorithm algorithm = make->algorithm.data[0];
        SW_TRY(element_random(element, id, sizeof id));
        SW_TRY(element_sw(
                signing_key_generate(&element->random, algorithm, &private_key, &public_key, NULL)));
        const struct fido_credential credential = {
                .algorithm = make->algorithm.data[0],
                .discoverable = make->options.data[0] & OPTION_DISCOVERABLE,
                .id = SLICE(id),
                .rp_id_hash = SLICE(operation->rp_id_hash),
                .private_key = secret_view(&private_key),
                .rp_id = make->rp_id,
                .user_id = make->user_id,
                .user_name = make->user_name,
                .display_name = make->display_name,
        };
        /* The counter begins at zero, WebAuthn L3 6.3.2; no extensions, and nothing here is ever backed up.
         */
        struct authdata data = {
                .rp_id_hash = credential.rp_id_hash,
                .flags = fido_flags(operation, is_present(make)) | AUTHDATA_AT,
                .credential_id = credential.id,
                .public_key = public_key.cose,
        };
        SW_TRY(attest(element, operation, &data, answer));
        SW_TRY(make_room(element, &credential));
        SW_TRY(fido_put_credential(element, &credential));
        return element_commit(element);
}

uint16_t fido_make_credential(
        struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        struct make make;
        struct fido_operation operation;
        SW_TRY(fido_begun(&element->fido, FIDO_MAKE_CREDENTIAL));
        if (!element_has(element, OBJECT_BATCH_KEY))
                return SW_CONDITIONS;
        SW_TRY(read_make(command->data, &make));
        SW_TRY(check_make(&element->fido.operation, &make));
        SW_TRY(fido_spend_operation(element, make.token, &operation));
        SW_TRY(check_excluded(element, &make, SLICE(operation.rp_id_hash)));
        return create(element, &operation, &make, answer);
}
