/* SPDX-License-Identifier: Apache-2.0 */
#include "core_internal.h"

/* The extensions' inputs (CTAP 2.1, 12, and 2.2). The element keeps what they ask for and encodes the
 * outputs; here they are read, and refused where they contradict the rest of the request. Those that are not
 * in the tables are ignored. */

/* The element's field 8A. */
enum extension_flag {
        ASK_HMAC_SECRET = 0x01,
        ASK_LARGE_BLOB_KEY = 0x02,
        ASK_MIN_PIN_LENGTH = 0x04,
        ASK_PAYMENT = 0x08,
        ASK_JPKI = 0x10,
        ASK_CRED_BLOB = 0x20,
        ASK_COMPLEXITY = 0x40,
};

enum { BLOB_MAX = 64 /* maxCredBlobLength */, SALT_SIZE = 32, IV_SIZE = 16, INPUT_MAX = 1024 };

static struct core_extensions *extensions_of(void *into)
{
        return &((struct core_operation *)into)->extensions;
}

/* What is asked for by true; false asks for nothing. */
static mitome_status read_wish(struct cbor_reader *r, const char *field, int flag, void *into)
{
        bool wanted;
        MITOME_TRY(cbor_read_bool(r, field, &wanted));
        if (wanted)
                extensions_of(into)->flags |= (uint8_t)flag;
        return ok();
}

static mitome_status read_hmac_secret(struct cbor_reader *r, const char *field, void *into)
{
        return read_wish(r, field, ASK_HMAC_SECRET, into);
}

static mitome_status read_min_pin_length(struct cbor_reader *r, const char *field, void *into)
{
        return read_wish(r, field, ASK_MIN_PIN_LENGTH, into);
}

static mitome_status read_payment(struct cbor_reader *r, const char *field, void *into)
{
        return read_wish(r, field, ASK_PAYMENT, into);
}

static mitome_status read_jpki(struct cbor_reader *r, const char *field, void *into)
{
        return read_wish(r, field, ASK_JPKI, into);
}

static mitome_status read_complexity(struct cbor_reader *r, const char *field, void *into)
{
        return read_wish(r, field, ASK_COMPLEXITY, into);
}

static mitome_status read_blob_wish(struct cbor_reader *r, const char *field, void *into)
{
        return read_wish(r, field, ASK_CRED_BLOB, into);
}

static mitome_status read_large_blob_key(struct cbor_reader *r, const char *field, void *into)
{
        struct core_extensions *extensions = extensions_of(into);
        extensions->has_large_blob_key = true;
        MITOME_TRY(cbor_read_bool(r, field, &extensions->large_blob_key));
        if (extensions->large_blob_key)
                extensions->flags |= ASK_LARGE_BLOB_KEY;
        return ok();
}

static mitome_status read_protection(struct cbor_reader *r, const char *field, void *into)
{
        struct core_extensions *extensions = extensions_of(into);
        extensions->has_protection = true;
        return cbor_read_uint(r, field, UINT32_MAX, &extensions->protection);
}

/* [12.2 makeCredential] one that is too long is not stored, and the output says so */
static mitome_status read_blob(struct cbor_reader *r, const char *field, void *into)
{
        struct core_extensions *extensions = extensions_of(into);
        slice blob;
        MITOME_TRY(cbor_read_bytes(r, field, CORE_MESSAGE_MAX, &blob));
        extensions->flags |= ASK_CRED_BLOB;
        extensions->has_blob = blob.size <= BLOB_MAX;
        extensions->blob = blob;
        return ok();
}

/* ---- hmac-secret's salts ---- */

static mitome_status read_salt_key(struct cbor_reader *r, const char *field, void *into)
{
        return core_read_key_agreement(r, field, &((struct core_salts *)into)->key_agreement);
}

static mitome_status read_salt_enc(struct cbor_reader *r, const char *field, void *into)
{
        return cbor_read_bytes(r, field, INPUT_MAX, &((struct core_salts *)into)->salt_enc);
}

static mitome_status read_salt_auth(struct cbor_reader *r, const char *field, void *into)
{
        return cbor_read_bytes(r, field, INPUT_MAX, &((struct core_salts *)into)->salt_auth);
}

static mitome_status read_salt_protocol(struct cbor_reader *r, const char *field, void *into)
{
        struct core_salts *salts = into;
        salts->has_protocol = true;
        return cbor_read_uint(r, field, UINT32_MAX, &salts->protocol);
}

/* [12.5 getAssertion] {1: keyAgreement, 2: saltEnc, 3: saltAuth, 4: pinUvAuthProtocol}; [2.2 12.8]
 * hmac-secret-mc has the same at makeCredential */
static mitome_status read_salts(struct cbor_reader *r, const char *field, void *into)
{
        static const struct core_member members[] = {
                { .number = 1, .field = "hmac-secret.keyAgreement", .required = true, .read = read_salt_key },
                { .number = 2, .field = "hmac-secret.saltEnc", .required = true, .read = read_salt_enc },
                { .number = 3, .field = "hmac-secret.saltAuth", .required = true, .read = read_salt_auth },
                { .number = 4, .field = "hmac-secret.pinUvAuthProtocol", .read = read_salt_protocol },
        };
        struct core_salts *salts = &extensions_of(into)->salts;
        salts->asked = true;
        return core_read_map(r, field, members, sizeof members / sizeof *members, salts);
}

/* ---- the maps ---- */

mitome_status core_read_make_extensions(struct cbor_reader *r, const char *field, void *into)
{
        static const struct core_member members[] = {
                { .name = "credBlob", .field = "credBlob", .read = read_blob },
                { .name = "credProtect", .field = "credProtect", .read = read_protection },
                { .name = "hmac-secret", .field = "hmac-secret", .read = read_hmac_secret },
                { .name = "mitome-jpki", .field = "mitome-jpki", .read = read_jpki },
                { .name = "largeBlobKey", .field = "largeBlobKey", .read = read_large_blob_key },
                { .name = "minPinLength", .field = "minPinLength", .read = read_min_pin_length },
                { .name = "hmac-secret-mc", .field = "hmac-secret-mc", .read = read_salts },
                { .name = "thirdPartyPayment", .field = "thirdPartyPayment", .read = read_payment },
                { .name = "pinComplexityPolicy", .field = "pinComplexityPolicy", .read = read_complexity },
        };
        return core_read_map(r, field, members, sizeof members / sizeof *members, into);
}

mitome_status core_read_get_extensions(struct cbor_reader *r, const char *field, void *into)
{
        static const struct core_member members[] = {
                { .name = "credBlob", .field = "credBlob", .read = read_blob_wish },
                { .name = "hmac-secret", .field = "hmac-secret", .read = read_salts },
                { .name = "mitome-jpki", .field = "mitome-jpki", .read = read_jpki },
                { .name = "largeBlobKey", .field = "largeBlobKey", .read = read_large_blob_key },
                { .name = "thirdPartyPayment", .field = "thirdPartyPayment", .read = read_payment },
        };
        return core_read_map(r, field, members, sizeof members / sizeof *members, into);
}

/* ---- what speaks against them ---- */

static enum ctap_status check_salts(const struct core_salts *salts)
{
        /* [12.5] hmac-secret: without the member pinUvAuthProtocol it is protocol 1 */
        uint64_t protocol = salts->has_protocol ? salts->protocol : CORE_PROTOCOL_ONE;
        size_t iv = protocol == CORE_PROTOCOL_ONE ? 0 : IV_SIZE, size = salts->salt_enc.size;
        enum ctap_status refusal = core_check_param(true, protocol, salts->salt_auth);
        if (refusal != CTAP2_OK)
                return refusal;
        /* [12.5 getAssertion] one salt or two */
        return size == iv + SALT_SIZE || size == iv + 2 * (size_t)SALT_SIZE ? CTAP2_OK
                                                                            : CTAP1_ERR_INVALID_LENGTH;
}

static enum ctap_status check_make(const struct core_operation *operation)
{
        enum { PROTECTION_FIRST = 1, PROTECTION_LAST = 3 };
        const struct core_extensions *extensions = &operation->extensions;
        /* [12.1] a level that is none of the three: INVALID_OPTION */
        if (extensions->has_protection &&
                (extensions->protection < PROTECTION_FIRST || extensions->protection > PROTECTION_LAST))
                return CTAP2_ERR_INVALID_OPTION;
        /* [12.3 makeCredential] for discoverable credentials, and true, else INVALID_OPTION */
        if (extensions->has_large_blob_key && (!extensions->large_blob_key || operation->rk != OPTION_TRUE))
                return CTAP2_ERR_INVALID_OPTION;
        /* [2.2 12.8] never without hmac-secret */
        return extensions->salts.asked && !(extensions->flags & ASK_HMAC_SECRET) ? CTAP2_ERR_MISSING_PARAMETER
                                                                                 : CTAP2_OK;
}

static enum ctap_status check_get(const struct core_operation *operation)
{
        const struct core_extensions *extensions = &operation->extensions;
        /* [12.3 getAssertion] anything but true: INVALID_OPTION */
        if (extensions->has_large_blob_key && !extensions->large_blob_key)
                return CTAP2_ERR_INVALID_OPTION;
        /* [12.5 getAssertion] secrets want a user who is there */
        return extensions->salts.asked && operation->up == OPTION_FALSE ? CTAP2_ERR_UNSUPPORTED_OPTION
                                                                        : CTAP2_OK;
}

enum ctap_status core_check_extensions(const struct core_operation *operation)
{
        enum ctap_status refusal =
                operation->command == COMMAND_MAKE_CREDENTIAL ? check_make(operation) : check_get(operation);
        if (refusal != CTAP2_OK || !operation->extensions.salts.asked)
                return refusal;
        return check_salts(&operation->extensions.salts);
}

/* ---- for the element ---- */

static void write_salts(writer *data, const struct core_salts *salts)
{
        uint8_t bytes[256];
        writer input = WRITER(bytes);
        tlv_write(&input, 0x80, salts->key_agreement.x);
        tlv_write(&input, 0x81, salts->key_agreement.y);
        tlv_write(&input, 0x82, salts->salt_enc);
        tlv_write(&input, 0x84, salts->salt_auth);
        tlv_write_u8(&input, 0x88, salts->has_protocol ? (uint8_t)salts->protocol : CORE_PROTOCOL_ONE);
        tlv_write(data, 0x8B, writer_view(&input));
}

void core_write_extensions(writer *data, const struct core_operation *operation)
{
        const struct core_extensions *extensions = &operation->extensions;
        if (extensions->has_protection)
                tlv_write_u8(data, 0x88, (uint8_t)extensions->protection);
        if (extensions->has_blob)
                tlv_write(data, 0x89, extensions->blob);
        if (extensions->flags)
                tlv_write_u8(data, 0x8A, extensions->flags);
        if (extensions->salts.asked)
                write_salts(data, &extensions->salts);
}
