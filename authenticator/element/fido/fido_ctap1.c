/* SPDX-License-Identifier: Apache-2.0 */
#include "authdata.h"
#include "data_fields.h"
#include "element_internal.h"
#include "signing_key.h"
#include "tlv.h"

/* U2F REGISTER and U2F AUTHENTICATE: the two operations of CTAP1 (FIDO U2F Raw Message Formats 1.2), with the
 * credentials of CTAP 2. A key handle is a credential's id, an application parameter the hash of its RP ID or
 * of an AppID. */

enum u2f_option {
        OPTION_UNTOUCHED = 0x01, /* sign also for one who was not there ("dont-enforce-user-presence") */
        OPTION_PRESENT = 0x02,   /* the user has touched, by the host's word */
};

enum { POINT_SIZE = P256_POINT_SIZE, KEY_HANDLE_MAX = 255 };

struct u2f {
        slice challenge, application, key_handle;
        uint8_t options;
};

static uint16_t read_u2f(slice data, bool registers, struct u2f *ret)
{
        slice options;
        uint8_t known = registers ? OPTION_PRESENT : OPTION_PRESENT | OPTION_UNTOUCHED;
        const struct field fields[] = {
                { 0x80, FIELD_REQUIRED, FIDO_HASH_SIZE, FIDO_HASH_SIZE, &ret->challenge },
                { 0x81, FIELD_REQUIRED, FIDO_HASH_SIZE, FIDO_HASH_SIZE, &ret->application },
                { 0x85, FIELD_REQUIRED, 1, 1, &options },
                { 0x82, FIELD_REQUIRED, 1, KEY_HANDLE_MAX, &ret->key_handle },
        };
        enum { FIELDS = sizeof fields / sizeof *fields };
        ret->key_handle = (slice){ 0 };
        SW_TRY(fields_read(data, fields, registers ? FIELDS - 1 : FIELDS));
        ret->options = options.data[0];
        return ret->options & ~known ? SW_WRONG_DATA : SW_OK;
}

/* [7.2.4] U2F knows no user verification: while that is always asked for, it is switched off */
static uint16_t check_allowed(const struct mitome_element *element)
{
        return fido_always_uv(element) ? SW_SECURITY_STATUS : SW_OK;
}

/* ---- U2F REGISTER ---- */

/* What is being made. Do not copy it: it has views into itself. */
struct registration {
        uint8_t id[FIDO_CREDENTIAL_ID_SIZE];
        struct secret private_key;
        struct public_key public_key;
        struct fido_credential credential;
};

static uint16_t prepare(
        struct mitome_element *element, const struct u2f *u2f, struct registration *registration)
{
        SW_TRY(element_random(element, registration->id, sizeof registration->id));
        SW_TRY(element_sw(signing_key_generate(&element->random, SIGNING_ES256, &registration->private_key,
                &registration->public_key, NULL)));
        registration->credential = (struct fido_credential){
                .algorithm = SIGNING_ES256,
                .protection = FIDO_PROTECT_NONE,
                .id = SLICE(registration->id),
                .rp_id_hash = u2f->application,
                .key = secret_view(&registration->private_key),
        };
        return SW_OK;
}

/* The batch key's certificate: U2F has room for one. */
static slice batch_certificate(const struct mitome_element *element)
{
        slice certificate = { 0 };
        reader list = reader_over(element_object(element, OBJECT_BATCH_CERTIFICATES), NULL, NULL);
        (void)fields_next(&list, 0x82, &certificate);
        return certificate;
}

/* By the batch key, over 00 || application || challenge || key handle || public key. It is none of the packed
 * attestations that this key makes too: these end with the hash of client data, and what ends here is a
 * coordinate that was drawn in here. */
static uint16_t attest(struct mitome_element *element, const struct u2f *u2f,
        const struct registration *registration, writer *signature)
{
        static const uint8_t reserved[] = { 0x00 };
        slice aaguid, key;
        reader r = reader_over(element_object(element, OBJECT_BATCH_KEY), NULL, NULL);
        if (failed(read_bytes(&r, "AAGUID", FIDO_AAGUID_SIZE, &aaguid)) ||
                failed(read_bytes(&r, "batch key", SIGNING_KEY_SIZE, &key)))
                return SW_UNKNOWN;
        const slice parts[] = { SLICE(reserved), u2f->application, u2f->challenge, SLICE(registration->id),
                slice_of(registration->public_key.bytes, POINT_SIZE) };
        return element_sw(signing_key_sign(&element->fido.ready[FIDO_READY_BATCH], SIGNING_ES256, key, parts,
                sizeof parts / sizeof *parts, signature, NULL));
}

static uint16_t write_registration(struct mitome_element *element, const struct u2f *u2f,
        const struct registration *registration, writer *answer)
{
        enum { LEGACY = 0x05 };
        uint8_t signature_bytes[SIGNATURE_MAX];
        writer signature = WRITER(signature_bytes);
        slice certificate = batch_certificate(element);
        SW_TRY(attest(element, u2f, registration, &signature));
        tlv_write_head(answer, 0x80,
                1 + POINT_SIZE + 1 + sizeof registration->id + certificate.size + signature.used);
        write_u8(answer, LEGACY);
        write_slice(answer, slice_of(registration->public_key.bytes, POINT_SIZE));
        write_u8(answer, sizeof registration->id);
        write_slice(answer, SLICE(registration->id));
        write_slice(answer, certificate);
        write_slice(answer, writer_view(&signature));
        return answer->overflowed ? SW_UNKNOWN : SW_OK;
}

static uint16_t keep(struct mitome_element *element, struct fido_credential *credential)
{
        if (fido_count(element) >= FIDO_CREDENTIALS_MAX)
                return SW_FULL;
        uint16_t sw = fido_put_credential(element, credential);
        if (sw == SW_OK)
                return fido_commit_credentials(element);
        fido_index_settle(&element->fido.index, false);
        return sw;
}

uint16_t fido_u2f_register(struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        struct u2f u2f;
        struct registration registration = { 0 };
        SW_TRY(read_u2f(command->data, true, &u2f));
        SW_TRY(check_allowed(element));
        if (!(u2f.options & OPTION_PRESENT))
                return SW_CONDITIONS;
        uint16_t sw = prepare(element, &u2f, &registration);
        if (sw == SW_OK)
                sw = write_registration(element, &u2f, &registration, answer);
        if (sw == SW_OK)
                sw = keep(element, &registration.credential);
        bytes_wipe(&registration, sizeof registration);
        return sw;
}

/* ---- U2F AUTHENTICATE ---- */

/* [10.2] [10.3] a credential of CTAP 2 signs for U2F, and one of U2F for CTAP 2: it is one list. But U2F
 * knows P-256 only, and [12.1] no user who is verified: what credProtect keeps for one is not there */
static uint16_t find(struct mitome_element *element, const struct u2f *u2f, struct fido_credential *ret)
{
        const struct fido_query query = { .rp_id_hash = u2f->application, .id = u2f->key_handle };
        if (query.id.size != FIDO_CREDENTIAL_ID_SIZE)
                return SW_NO_REFERENCE;
        SW_TRY(fido_find(element, &query, ret));
        return ret->algorithm == SIGNING_ES256 ? SW_OK : SW_NO_REFERENCE;
}

/* The same bytes that an assertion of CTAP 2 has: application, flags, counter, challenge. */
static uint16_t sign(
        struct mitome_element *element, const struct u2f *u2f, slice key, uint32_t counter, writer *answer)
{
        enum { MADE_MAX = 1 + 4 + SIGNATURE_MAX };
        uint8_t bytes[MADE_MAX];
        writer w = WRITER(bytes);
        write_u8(&w, u2f->options & OPTION_PRESENT ? AUTHDATA_UP : 0);
        write_u32(&w, counter);
        const slice parts[] = { u2f->application, writer_view(&w), u2f->challenge };
        SW_TRY(element_sw(signing_key_sign(
                &element->fido.ready[FIDO_READY_CREDENTIAL], SIGNING_ES256, key, parts, 3, &w, NULL)));
        tlv_write(answer, 0x80, writer_view(&w));
        return answer->overflowed || w.overflowed ? SW_UNKNOWN : SW_OK;
}

uint16_t fido_u2f_authenticate(
        struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        struct u2f u2f;
        struct fido_credential credential;
        uint32_t counter;
        SW_TRY(read_u2f(command->data, false, &u2f));
        SW_TRY(check_allowed(element));
        SW_TRY(find(element, &u2f, &credential));
        if (!u2f.options) /* "check-only": it is there, and a touch is missing */
                return SW_CONDITIONS;
        uint32_t place = credential.place;
        SW_TRY(fido_count_signature(element, &credential, &counter));
        /* Counting may commit, which ends views of the store: read again. */
        if (!fido_read_credential(element, place, &credential))
                return SW_UNKNOWN;
        return sign(element, &u2f, credential.key, counter, answer);
}
