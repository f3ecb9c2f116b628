/* SPDX-License-Identifier: Apache-2.0 */
#include "authdata.h"
#include "data_fields.h"
#include "element_internal.h"
#include "evidence.h"
#include "fido_certificate.h"
#include "fido_extensions.h"
#include "tlv.h"

enum make_option {
        OPTION_DISCOVERABLE = 0x01,
        OPTION_PRESENT = 0x02,
        OPTION_ENTERPRISE = 0x04,
        OPTIONS = 0x07
};

/* authData of a registration: 37 bytes, AAGUID, the id behind its length, a COSE key (RSA's has 272 bytes),
 * and the extensions' outputs. */
enum {
        AUTHDATA_MAX = 37 + FIDO_AAGUID_SIZE + 2 + FIDO_CREDENTIAL_ID_SIZE + 272 + FIDO_OUTPUTS_MAX,
        ALGORITHMS_MAX = 8,
};

/* Field 8C. */
enum make_attestation { ATTESTATION_PACKED = 0x00, ATTESTATION_NONE = 0x01 };

struct make {
        slice token, rp_id, user_id, user_name, display_name, options, algorithms, excluded, data;
        slice protection, blob, extensions, salts, attestation;
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
                { 0x86, FIELD_REQUIRED, 1, ALGORITHMS_MAX, &ret->algorithms },
                { 0x87, FIELD_LIST, FIDO_CREDENTIAL_ID_SIZE, FIDO_CREDENTIAL_ID_SIZE, &ret->excluded },
                { 0x88, FIELD_OPTIONAL, 1, 1, &ret->protection },
                { 0x89, FIELD_OPTIONAL, 0, FIDO_BLOB_MAX, &ret->blob },
                { 0x8A, FIELD_OPTIONAL, 1, 1, &ret->extensions },
                { 0x8B, FIELD_OPTIONAL, 1, FIDO_SALTS_INPUT_MAX, &ret->salts },
                { 0x8C, FIELD_OPTIONAL, 1, 1, &ret->attestation },
        };
        SW_TRY(fields_read(data, fields, sizeof fields / sizeof *fields));
        ret->data = data;
        return SW_OK;
}

static uint8_t extensions_of(const struct make *make)
{
        return make->extensions.data ? make->extensions.data[0] : 0;
}

static bool is_discoverable(const struct make *make)
{
        return make->options.data[0] & OPTION_DISCOVERABLE;
}

static bool is_present(const struct make *make)
{
        return make->options.data[0] & OPTION_PRESENT;
}

static bool are_known(slice algorithms)
{
        for (size_t i = 0; i < algorithms.size; i++)
                if (algorithms.data[i] != SIGNING_RS256 && !signing_algorithm_known(algorithms.data[i]))
                        return false;
        return true;
}

static bool is_protection(slice protection)
{
        return !protection.data ||
               (protection.data[0] >= FIDO_PROTECT_NONE && protection.data[0] <= FIDO_PROTECT_VERIFIED);
}

/* A blob comes with the wish for one, hmac-secret-mc with hmac-secret, a largeBlobKey with a discoverable
 * credential. */
static bool are_extensions(const struct make *make)
{
        uint8_t extensions = extensions_of(make);
        return !(extensions & ~EXTENSIONS_OF_MAKE) && is_protection(make->protection) &&
               (!make->blob.data || extensions & EXTENSION_CRED_BLOB) &&
               (!make->salts.data || extensions & EXTENSION_HMAC_SECRET) &&
               (is_discoverable(make) || !(extensions & EXTENSION_LARGE_BLOB_KEY)) &&
               (!make->attestation.data || make->attestation.data[0] <= ATTESTATION_NONE);
}

static bool is_verified(const struct fido_operation *operation)
{
        return operation->built_in || operation->by_pin;
}

/* Whether this is what BEGIN announced, before anything is spent. */
static uint16_t check_make(
        const struct mitome_element *element, const struct fido_operation *operation, const struct make *make)
{
        uint8_t hash[SHA256_SIZE];
        sha256(&make->rp_id, 1, hash);
        bool good = slice_equal(SLICE(hash), SLICE(operation->rp_id_hash)) && slice_is_utf8(make->rp_id) &&
                    slice_is_utf8(make->user_name) && slice_is_utf8(make->display_name) &&
                    !(make->options.data[0] & ~OPTIONS) && are_known(make->algorithms) &&
                    are_extensions(make) && (make->token.data != NULL) == operation->built_in;
        if (!good)
                return SW_WRONG_DATA;
        /* [6.1.2 6] alwaysUv is the element's to keep, whatever the host thinks of it */
        return fido_always_uv(element) && !is_verified(operation) ? SW_SECURITY_STATUS : SW_OK;
}

/* [6.1.2 14] where presence is asked nothing is made without it */
static uint16_t check_presence(const struct fido_operation *operation, const struct make *make)
{
        bool absent = operation->presence_asked && !operation->built_in && !is_present(make);
        return absent ? SW_CONDITIONS : SW_OK;
}

/* ---- what is made ---- */

/* A listed relying party that asks for enterprise attestation, of a user who was verified for it. */
static bool is_enterprise(
        const struct mitome_element *element, const struct fido_operation *operation, const struct make *make)
{
        return make->options.data[0] & OPTION_ENTERPRISE && is_verified(operation) &&
               fido_enterprise_lists(element, SLICE(operation->rp_id_hash));
}

/* What a device key needs to speak, and a person's to be spoken of. */
static bool can_attest_person(const struct mitome_element *element)
{
        return fido_certificate_usable(element) && device_certificates(element).size > 0;
}

/* The person is shown by key 0017, which a weak matcher does not open: with the PIN it is done. */
static uint16_t check_person(
        const struct mitome_element *element, const struct fido_operation *operation, const struct make *make)
{
        bool person = is_enterprise(element, operation, make) && can_attest_person(element);
        return !person || fido_opens_person(element, operation->modality) ? SW_OK : SW_MATCHER_WEAK;
}

/* The first of the algorithms that may be used: RS256 is the certificate's key, for whoever may learn it, and
 * only together with a device key that says what the person's cannot. */
static uint16_t choose_algorithm(const struct mitome_element *element, const struct fido_operation *operation,
        const struct make *make, enum signing_algorithm *ret)
{
        bool certificate = is_enterprise(element, operation, make) && fido_certificate_possible(element) &&
                           can_attest_person(element);
        for (size_t i = 0; i < make->algorithms.size; i++) {
                *ret = make->algorithms.data[i];
                if (*ret != SIGNING_RS256 || certificate)
                        return SW_OK;
        }
        return SW_FUNCTION_UNSUPPORTED;
}

/* [6.1.2 12] a credential of the list is here: [6.1.2 12.1] excluded. [6.1.2 12.2] what credProtect hides
 * from a user who was not verified is not told of, and so excludes nothing. */
static uint16_t check_excluded(
        struct mitome_element *element, const struct make *make, const struct fido_operation *operation)
{
        const struct fido_query query = { .rp_id_hash = SLICE(operation->rp_id_hash),
                .listed = make->data,
                .verified = is_verified(operation) };
        struct fido_credential found;
        if (!make->excluded.data)
                return SW_OK;
        uint16_t sw = fido_find(element, &query, &found);
        return sw == SW_OK ? SW_EXISTS : sw == SW_NO_REFERENCE ? SW_OK : sw;
}

/* [6.1.2 17.2] a discoverable credential of the same user at the same relying party gives way to the new one;
 * [6.1.2 17.4] where it takes no other's place there has to be room */
static uint16_t make_room(struct mitome_element *element, const struct fido_credential *credential)
{
        const struct fido_query query = { .rp_id_hash = credential->rp_id_hash,
                .user_id = credential->user_id,
                .discoverable = true,
                .verified = true };
        struct fido_credential former;
        uint16_t sw = credential->discoverable ? fido_find(element, &query, &former) : SW_NO_REFERENCE;
        if (sw == SW_OK)
                return fido_delete_credential(element, &former);
        if (sw != SW_NO_REFERENCE)
                return sw;
        return fido_count(element) < FIDO_CREDENTIALS_MAX ? SW_OK : SW_FULL;
}

/* ---- attestation ---- */

/* The batch key speaks for the model. */
static uint16_t attest_packed(struct mitome_element *element, const slice parts[2], slice key, writer *answer)
{
        uint8_t bytes[SIGNATURE_MAX];
        writer signature = WRITER(bytes);
        SW_TRY(element_sw(signing_key_sign(
                &element->fido.ready[FIDO_READY_BATCH], SIGNING_ES256, key, parts, 2, &signature, NULL)));
        tlv_write(answer, 0x81, writer_view(&signature));
        write_slice(answer, element_object(element, OBJECT_BATCH_CERTIFICATES));
        return SW_OK;
}

static void write_device_certificates(const struct mitome_element *element, writer *answer)
{
        slice certificate;
        reader list = reader_over(device_certificates(element), NULL, NULL);
        while (fields_next(&list, 0x82, &certificate))
                tlv_write(answer, 0x84, certificate);
}

/* The certificate, and its CA's where the answer has room for it: nobody believes that one (MITOME-JPKI.md,
 * 3, step 8). */
static void write_person(const struct mitome_element *element, writer *answer)
{
        enum { HEAD_MAX = 5 };
        slice ca = element_object(element, jpki_object(JPKI_AUTH_CA));
        tlv_write(answer, 0x82, element_object(element, jpki_object(JPKI_AUTH_CERTIFICATE)));
        if (ca.size && answer->capacity - answer->used >= ca.size + HEAD_MAX)
                tlv_write(answer, 0x82, ca);
}

/* "mitome-jpki": the person's key and the device's, over the same. An attestation begins with the SHA-256 of
 * an RP ID, which no other signature of the device key does. */
static uint16_t attest_person(struct mitome_element *element, const slice parts[2], writer *answer)
{
        uint8_t person_bytes[SIGNATURE_MAX], device_bytes[SIGNATURE_MAX];
        writer person = WRITER(person_bytes), device = WRITER(device_bytes);
        SW_TRY(jpki_user_verification_sign(element, parts, 2, &person));
        SW_TRY(device_key_sign(element, parts, 2, &device));
        tlv_write(answer, 0x81, writer_view(&person));
        tlv_write(answer, 0x83, writer_view(&device));
        write_device_certificates(element, answer);
        write_person(element, answer);
        return SW_OK;
}

/* [6.1.2 19] authData, and the signatures over it and the client data. [2.2 6.1.2 19] "none", where the
 * platform prefers it, has no signature; whoever asks for enterprise attestation and gets it wants it. */
static uint16_t attest(struct mitome_element *element, const struct fido_operation *operation,
        const struct make *make, struct authdata *data, writer *answer)
{
        bool none = make->attestation.data && make->attestation.data[0] == ATTESTATION_NONE;
        uint8_t bytes[AUTHDATA_MAX];
        slice key, authdata;
        writer w = WRITER(bytes);
        reader r = reader_over(element_object(element, OBJECT_BATCH_KEY), NULL, NULL);
        if (failed(read_bytes(&r, "AAGUID", FIDO_AAGUID_SIZE, &data->aaguid)) ||
                failed(read_bytes(&r, "batch key", SIGNING_KEY_SIZE, &key)))
                return SW_UNKNOWN;
        authdata_write(&w, data);
        SW_TRY(element_sw(writer_finish(&w, "authData", &authdata, NULL)));
        const slice parts[] = { authdata, SLICE(operation->client_data_hash) };
        tlv_write(answer, 0x80, authdata);
        if (is_enterprise(element, operation, make) && can_attest_person(element))
                SW_TRY(attest_person(element, parts, answer));
        else if (!none)
                SW_TRY(attest_packed(element, parts, key, answer));
        return answer->overflowed ? SW_UNKNOWN : SW_OK;
}

/* ---- making it ---- */

/* What is being made. Do not copy it: it has views into itself. */
struct candidate {
        uint8_t id[FIDO_CREDENTIAL_ID_SIZE], seeds[FIDO_SEEDS_SIZE], blob_key[FIDO_BLOB_KEY_SIZE];
        uint8_t binding[FIDO_HASH_SIZE], outputs[FIDO_OUTPUTS_MAX];
        struct fido_salts salts;
        struct secret private_key;
        struct public_key public_key;
        struct fido_credential credential;
        struct authdata data;
};

/* A certificate credential has no key of its own, and shows itself to a verified user only. */
static uint16_t make_key(
        struct mitome_element *element, enum signing_algorithm algorithm, struct candidate *candidate)
{
        if (algorithm != SIGNING_RS256) {
                SW_TRY(element_sw(signing_key_generate(
                        &element->random, algorithm, &candidate->private_key, &candidate->public_key, NULL)));
                candidate->credential.key = secret_view(&candidate->private_key);
                return SW_OK;
        }
        SW_TRY(fido_certificate_public_key(element, &candidate->public_key));
        fido_certificate_binding(element, candidate->binding);
        candidate->credential.key = SLICE(candidate->binding);
        candidate->credential.protection = FIDO_PROTECT_VERIFIED;
        return SW_OK;
}

static uint16_t write_outputs(struct mitome_element *element, const struct fido_operation *operation,
        const struct make *make, struct candidate *candidate)
{
        writer w = WRITER(candidate->outputs);
        const struct fido_asked asked = {
                .flags = extensions_of(make),
                .protection = make->protection.data,
                .blob_kept = make->blob.data && is_discoverable(make),
                .modality = operation->modality,
                .salts = make->salts.data ? &candidate->salts : NULL,
        };
        /* [2.2 12.8] hmac-secret-mc: as hmac-secret of an assertion, with the secrets that are made now */
        if (make->salts.data)
                SW_TRY(fido_salts_open(&element->fido, make->salts, &candidate->salts));
        SW_TRY(fido_write_make_outputs(element, &asked, &candidate->credential, &w));
        candidate->data.extensions = writer_view(&w);
        if (w.used > 0)
                candidate->data.flags |= AUTHDATA_ED;
        return SW_OK;
}

/* What is random in a credential. [12.5 makeCredential] the seeds of hmac-secret are made with every
 * credential, whether they are asked for now or not. */
static uint16_t draw(struct mitome_element *element, struct candidate *candidate)
{
        SW_TRY(element_random(element, candidate->id, sizeof candidate->id));
        SW_TRY(element_random(element, candidate->seeds, sizeof candidate->seeds));
        return element_random(element, candidate->blob_key, sizeof candidate->blob_key);
}

static void describe(const struct fido_operation *operation, const struct make *make,
        enum signing_algorithm algorithm, struct candidate *candidate)
{
        uint8_t extensions = extensions_of(make);
        bool discoverable = is_discoverable(make);
        slice none = { 0 };
        candidate->credential = (struct fido_credential){
                .algorithm = (uint8_t)algorithm,
                /* [12.1] absent: userVerificationOptional */
                .protection = make->protection.data ? make->protection.data[0] : FIDO_PROTECT_NONE,
                .discoverable = discoverable,
                /* [2.2 12.9 makeCredential] it may be used at others' wish */
                .payment = extensions & EXTENSION_PAYMENT,
                .id = SLICE(candidate->id),
                .rp_id_hash = SLICE(operation->rp_id_hash),
                .rp_id = make->rp_id,
                .user_id = make->user_id,
                .user_name = make->user_name,
                .display_name = make->display_name,
                .seeds = SLICE(candidate->seeds),
                .blob_key = extensions & EXTENSION_LARGE_BLOB_KEY ? SLICE(candidate->blob_key) : none,
                .blob = discoverable ? make->blob : none, /* [12.2] of discoverable credentials only */
        };
}

static uint16_t prepare(struct mitome_element *element, const struct fido_operation *operation,
        const struct make *make, enum signing_algorithm algorithm, struct candidate *candidate)
{
        SW_TRY(draw(element, candidate));
        describe(operation, make, algorithm, candidate);
        SW_TRY(make_key(element, algorithm, candidate)); /* [6.1.2 16] a key pair of the chosen algorithm */
        /* The counter begins at zero, WebAuthn L3 6.3.2; nothing here is ever backed up. */
        candidate->data = (struct authdata){
                .rp_id_hash = candidate->credential.rp_id_hash,
                .flags = fido_flags(operation, is_present(make)) | AUTHDATA_AT,
                .credential_id = candidate->credential.id,
                .public_key = candidate->public_key.cose,
        };
        return write_outputs(element, operation, make, candidate);
}

/* [6.1.2 17.1] [6.1.2 17.3] [6.1.2 18] key, user and relying party are kept, discoverable or not */
static uint16_t keep(struct mitome_element *element, struct fido_credential *credential)
{
        SW_TRY(make_room(element, credential));
        SW_TRY(fido_put_credential(element, credential));
        return fido_commit_credentials(element);
}

static uint16_t create(struct mitome_element *element, const struct fido_operation *operation,
        const struct make *make, writer *answer)
{
        struct candidate candidate = { 0 };
        enum signing_algorithm algorithm;
        SW_TRY(choose_algorithm(element, operation, make, &algorithm));
        uint16_t sw = prepare(element, operation, make, algorithm, &candidate);
        if (sw == SW_OK)
                sw = attest(element, operation, make, &candidate.data, answer);
        if (sw == SW_OK) {
                if (candidate.credential.blob_key.size)
                        tlv_write(answer, 0x87, candidate.credential.blob_key);
                sw = answer->overflowed ? SW_UNKNOWN : keep(element, &candidate.credential);
                if (sw != SW_OK)
                        fido_index_settle(&element->fido.index, false);
        }
        bytes_wipe(&candidate, sizeof candidate);
        return sw;
}

/* [6.1.2 12.1] a credential of the list is told of whether the user has touched or not: the answer to that
 * stands before the one to the touch. */
static uint16_t refuse_absent(
        struct mitome_element *element, const struct make *make, const struct fido_operation *operation)
{
        SW_TRY(check_excluded(element, make, operation));
        return SW_CONDITIONS;
}

uint16_t fido_make_credential(
        struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        struct make make;
        struct fido_operation operation;
        SW_TRY(read_make(command->data, &make));
        SW_TRY(check_make(element, &element->fido.operation, &make));
        if (check_presence(&element->fido.operation, &make) != SW_OK)
                return refuse_absent(element, &make, &element->fido.operation);
        SW_TRY(fido_spend_operation(element, make.token, &operation));
        SW_TRY(check_excluded(element, &make, &operation));
        SW_TRY(check_person(element, &operation, &make));
        return create(element, &operation, &make, answer);
}
