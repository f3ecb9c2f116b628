/* SPDX-License-Identifier: Apache-2.0 */
#include "data_fields.h"
#include "digest.h"
#include "element_internal.h"
#include "registry.h"
#include "tlv.h"
#include "user_pin.h"

/* SIGN DOCUMENT and READ CERTIFICATE: the JPKI applet's key 001A and its certificates for an app that speaks
 * CTAP. What opens them is what opens them there, the signing password and the PIN, and neither a finger nor
 * a token: these commands have no field for one, and nothing that a finger or a token has begun may be open.
 *
 * The secret comes as clientPIN brings a new PIN, encrypted for one key agreement, with an HMAC over what it
 * is to be used for. The agreement ends with each use, so that nothing is used twice. */

enum {
        PADDED_SIZE = 64,
        PASSWORD_MAX = 16,
        SEALED_MAX = FIDO_IV_SIZE + PADDED_SIZE,
        HASH_SIZE = SHA256_SIZE,
        PART_MAX = 3584 /* of a certificate in one answer */
};

/* What shows that the holder wants it. */
struct proof {
        slice protocol, x, y, sealed, param;
};

static uint16_t check_reachable(const struct mitome_element *element)
{
        return element->contactless ? SW_CONDITIONS : SW_OK; /* not for a reader that somebody walks past */
}

static void end_agreement(struct fido *fido)
{
        fido->has_agreement = false;
        secret_wipe(&fido->agreement);
}

/* The key agreement, and that the param is over the command, the sealed secret and `use`. */
static uint16_t agree(struct mitome_element *element, const struct proof *proof, uint8_t ins, slice use,
        struct fido_shared *ret)
{
        const slice parts[] = { slice_of(&ins, 1), proof->sealed, use };
        uint16_t sw = fido_agree(&element->fido, proof->protocol, proof->x, proof->y, ret);
        if (sw != SW_OK)
                return sw;
        end_agreement(&element->fido);
        bool genuine =
                fido_param_is(ret->protocol, &ret->hmac, parts, sizeof parts / sizeof *parts, proof->param);
        return genuine ? SW_OK : SW_SECURITY_STATUS;
}

/* The text before the zeros that pad it; 6A80 when it is none. */
static uint16_t unpad(const struct secret *padded, slice *ret)
{
        size_t size = 0;
        uint8_t behind = 0;
        while (size < padded->size && padded->data[size])
                size++;
        for (size_t i = size; i < padded->size; i++)
                behind |= padded->data[i];
        if (padded->size != PADDED_SIZE || size == 0 || size > PASSWORD_MAX || behind)
                return SW_WRONG_DATA;
        *ret = slice_of(padded->data, size);
        return SW_OK;
}

static uint16_t check_password(struct mitome_element *element, const struct fido_shared *shared, slice sealed)
{
        slice password;
        SECRET(padded);
        SW_TRY(fido_unseal(shared, sealed, &padded));
        SW_TRY(unpad(&padded, &password));
        return jpki_check_password(element, password);
}

static bool is_jpki_alive(const struct mitome_element *element)
{
        struct registry_entry jpki;
        return registry_instance(element, NATIVE_JPKI, &jpki) && registry_is_alive(&jpki);
}

/* ---- SIGN DOCUMENT ---- */

static uint16_t read_document(slice data, struct proof *ret_proof, slice *ret_hash)
{
        const struct field fields[] = {
                { 0x80, FIELD_REQUIRED, FIDO_COORDINATE_SIZE, FIDO_COORDINATE_SIZE, &ret_proof->x },
                { 0x81, FIELD_REQUIRED, FIDO_COORDINATE_SIZE, FIDO_COORDINATE_SIZE, &ret_proof->y },
                { 0x82, FIELD_REQUIRED, PADDED_SIZE, SEALED_MAX, &ret_proof->sealed },
                { 0x83, FIELD_REQUIRED, HASH_SIZE, HASH_SIZE, ret_hash },
                { 0x84, FIELD_REQUIRED, FIDO_PARAM_ONE_SIZE, FIDO_PARAM_SIZE, &ret_proof->param },
                { 0x88, FIELD_OPTIONAL, 1, 1, &ret_proof->protocol },
        };
        return fields_read(data, fields, sizeof fields / sizeof *fields);
}

uint16_t fido_sign_document(
        struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        struct proof proof;
        slice hash;
        uint8_t signature_bytes[JPKI_SIGNATURE_SIZE], left[2];
        writer signature = WRITER(signature_bytes), left_field = WRITER(left);
        FIDO_SHARED(shared);
        SW_TRY(read_document(command->data, &proof, &hash));
        SW_TRY(check_reachable(element));
        if (!is_jpki_alive(element) || !element_has(element, jpki_object(JPKI_SIGN_KEY)))
                return SW_NOT_FOUND;
        SW_TRY(jpki_check_lease(element)); /* before the password costs a try */
        SW_TRY(agree(element, &proof, command->ins, hash, &shared));
        SW_TRY(check_password(element, &shared, proof.sealed));
        SW_TRY(jpki_sign_document(element, hash, &signature));
        tlv_write(answer, 0x80, writer_view(&signature));
        write_u16(&left_field, lease_left(element));
        tlv_write(answer, 0x81, SLICE(left));
        return SW_OK;
}

/* ---- READ CERTIFICATE ---- */

struct reading {
        struct proof proof;
        enum jpki_ef file, guard;
        uint16_t offset;
        slice use; /* file and offset, as they came: what the param is over */
};

static uint16_t read_reading(slice data, struct reading *ret)
{
        enum { USE_SIZE = 4 };
        uint16_t file;
        const struct field fields[] = {
                { 0x80, FIELD_OPTIONAL, FIDO_COORDINATE_SIZE, FIDO_COORDINATE_SIZE, &ret->proof.x },
                { 0x81, FIELD_OPTIONAL, FIDO_COORDINATE_SIZE, FIDO_COORDINATE_SIZE, &ret->proof.y },
                { 0x82, FIELD_OPTIONAL, USER_PIN_HASH_SIZE, SEALED_MAX, &ret->proof.sealed },
                { 0x84, FIELD_OPTIONAL, FIDO_PARAM_ONE_SIZE, FIDO_PARAM_SIZE, &ret->proof.param },
                { 0x85, FIELD_REQUIRED, USE_SIZE, USE_SIZE, &ret->use },
                { 0x88, FIELD_OPTIONAL, 1, 1, &ret->proof.protocol },
        };
        SW_TRY(fields_read(data, fields, sizeof fields / sizeof *fields));
        reader r = reader_over(ret->use, NULL, NULL);
        if (failed(read_u16(&r, "file", &file)) || failed(read_u16(&r, "offset", &ret->offset)))
                return SW_WRONG_DATA;
        ret->file = (enum jpki_ef)file;
        return SW_OK;
}

/* The PIN's counter is CTAP's: three wrong ones in a row want a power cycle here too. */
static uint16_t check_pin(struct mitome_element *element, const struct fido_shared *shared, slice sealed)
{
        SECRET(hash);
        if (!user_pin_is_set(element))
                return SW_UNUSABLE;
        if (user_pin_is_blocked(element))
                return SW_BLOCKED;
        if (element->fido.wrong_in_a_row >= FIDO_WRONG_IN_A_ROW_MAX)
                return SW_CONDITIONS;
        SW_TRY(fido_check_pin(element, shared, sealed, &hash));
        return user_pin_must_change(element) ? SW_PIN_CHANGE_FIRST : SW_OK;
}

static uint16_t check_guard(struct mitome_element *element, const struct reading *reading, uint8_t ins)
{
        const struct proof *proof = &reading->proof;
        FIDO_SHARED(shared);
        bool whole = proof->x.data && proof->y.data && proof->sealed.data && proof->param.data;
        bool any = proof->x.data || proof->y.data || proof->sealed.data || proof->param.data ||
                   proof->protocol.data;
        if (reading->guard == JPKI_NO_EF)
                return any ? SW_WRONG_DATA : SW_OK;
        if (!whole)
                return any ? SW_WRONG_DATA : SW_SECURITY_STATUS;
        SW_TRY(agree(element, proof, ins, reading->use, &shared));
        return reading->guard == JPKI_SIGN_PASSWORD ? check_password(element, &shared, proof->sealed)
                                                    : check_pin(element, &shared, proof->sealed);
}

uint16_t fido_read_certificate(
        struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        struct reading reading = { 0 };
        uint8_t total_bytes[2];
        writer total = WRITER(total_bytes);
        slice before, part;
        SW_TRY(read_reading(command->data, &reading));
        SW_TRY(check_reachable(element));
        if (!jpki_find_certificate(element, reading.file, &reading.guard))
                return SW_NOT_FOUND;
        if (!is_jpki_alive(element) || !element_has(element, jpki_object(reading.file)))
                return SW_NOT_FOUND;
        SW_TRY(check_guard(element, &reading, command->ins));
        /* Only now: a check may commit, which ends views of the store. */
        slice certificate = element_object(element, jpki_object(reading.file));
        reader r = reader_over(certificate, NULL, NULL);
        if (reading.offset >= certificate.size ||
                failed(read_bytes(&r, "certificate", reading.offset, &before)))
                return SW_OFFSET;
        if (failed(read_bytes(&r, "certificate", r.rest.size < PART_MAX ? r.rest.size : PART_MAX, &part)))
                return SW_UNKNOWN;
        write_u16(&total, (uint16_t)certificate.size);
        tlv_write(answer, 0x80, part);
        tlv_write(answer, 0x81, SLICE(total_bytes));
        return SW_OK;
}
