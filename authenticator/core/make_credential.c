/* SPDX-License-Identifier: Apache-2.0 */
#include "core_internal.h"

/* authenticatorMakeCredential (CTAP 2.1, 6.1). */

enum { PARAMS_MAX = 64, TYPE_MAX = 64, TEXT_MAX = 1024, FORMATS_MAX = 64 };

/* ---- the request ---- */

/* [6.1] an authenticator may cut names to 64 bytes, at the end of a character. */
static slice cut_text(slice text)
{
        size_t size = text.size < CORE_NAME_MAX ? text.size : CORE_NAME_MAX;
        while (size < text.size && size > 0 && (text.data[size] & 0xC0) == 0x80)
                size--;
        return slice_of(text.data, size);
}

/* What is not kept must have its type all the same. */
static mitome_status read_unkept(struct cbor_reader *r, const char *field, void *into)
{
        slice text;
        (void)into;
        return cbor_read_text(r, field, CORE_MESSAGE_MAX, &text);
}

static mitome_status read_rp(struct cbor_reader *r, const char *field, void *into)
{
        static const struct core_member members[] = {
                { .name = "id", .field = "rp.id", .required = true, .read = core_read_rp_id },
                { .name = "icon", .field = "rp.icon", .read = read_unkept },
                { .name = "name", .field = "rp.name", .read = read_unkept },
        };
        return core_read_map(r, field, members, sizeof members / sizeof *members, into);
}

static mitome_status read_user_id(struct cbor_reader *r, const char *field, void *into)
{
        struct core_operation *operation = into;
        slice id;
        MITOME_TRY(cbor_read_bytes(r, field, CORE_USER_ID_MAX, &id));
        if (id.size == 0)
                return reader_fail(&r->bytes, MITOME_E_VALUE, field);
        operation->user_id = id;
        return ok();
}

static mitome_status read_user_name(struct cbor_reader *r, const char *field, void *into)
{
        struct core_operation *operation = into;
        MITOME_TRY(cbor_read_text(r, field, TEXT_MAX, &operation->user_name));
        operation->user_name = cut_text(operation->user_name);
        return ok();
}

static mitome_status read_display_name(struct cbor_reader *r, const char *field, void *into)
{
        struct core_operation *operation = into;
        MITOME_TRY(cbor_read_text(r, field, TEXT_MAX, &operation->display_name));
        operation->display_name = cut_text(operation->display_name);
        return ok();
}

static mitome_status read_user(struct cbor_reader *r, const char *field, void *into)
{
        static const struct core_member members[] = {
                { .name = "id", .field = "user.id", .required = true, .read = read_user_id },
                { .name = "icon", .field = "user.icon", .read = read_unkept },
                { .name = "name", .field = "user.name", .read = read_user_name },
                { .name = "displayName", .field = "user.displayName", .read = read_display_name },
        };
        return core_read_map(r, field, members, sizeof members / sizeof *members, into);
}

struct parameter {
        int64_t algorithm;
        bool is_public_key;
};

static mitome_status read_algorithm(struct cbor_reader *r, const char *field, void *into)
{
        return cbor_read_int(r, field, &((struct parameter *)into)->algorithm);
}

static mitome_status read_type(struct cbor_reader *r, const char *field, void *into)
{
        slice type;
        MITOME_TRY(cbor_read_text(r, field, TYPE_MAX, &type));
        ((struct parameter *)into)->is_public_key = slice_is(type, "public-key");
        return ok();
}

/* The element's number of an algorithm: 0 for one that it does not have. */
static uint8_t element_algorithm(const struct parameter *parameter)
{
        static const struct {
                int cose;
                uint8_t element;
        } known[] = { { -7, ELEMENT_ES256 }, { -8, ELEMENT_EDDSA }, { -35, ELEMENT_ES384 },
                { -257, ELEMENT_RS256 } };
        for (size_t i = 0; parameter->is_public_key && i < sizeof known / sizeof *known; i++) {
                if (known[i].cose == parameter->algorithm)
                        return known[i].element;
        }
        return 0;
}

static bool has_algorithm(const struct core_operation *operation, uint8_t algorithm)
{
        for (size_t i = 0; i < operation->algorithm_count; i++)
                if (operation->algorithms[i] == algorithm)
                        return true;
        return false;
}

static void add_algorithm(struct core_operation *operation, uint8_t algorithm)
{
        if (algorithm && !has_algorithm(operation, algorithm))
                operation->algorithms[operation->algorithm_count++] = algorithm;
}

/* [6.1.2 3.1.1] each element has its members: else MISSING_PARAMETER, [6.1.2 3.1.2] which have their types:
 * else CBOR_UNEXPECTED_TYPE. [6.1.2 3.1.3] which of those that are supported is the first, the element knows:
 * one of them is for some relying parties only. */
static mitome_status read_params(struct cbor_reader *r, const char *field, void *into)
{
        static const struct core_member members[] = {
                { .name = "alg", .field = "pubKeyCredParams.alg", .required = true, .read = read_algorithm },
                { .name = "type", .field = "pubKeyCredParams.type", .required = true, .read = read_type },
        };
        struct core_operation *operation = into;
        struct cbor_members list;
        MITOME_TRY(cbor_open_array(r, field, PARAMS_MAX, &list));
        while (cbor_next_element(r, &list)) {
                struct parameter parameter = { 0 };
                MITOME_TRY(core_read_map(r, field, members, sizeof members / sizeof *members, &parameter));
                add_algorithm(operation, element_algorithm(&parameter));
        }
        return ok();
}

static mitome_status read_enterprise(struct cbor_reader *r, const char *field, void *into)
{
        struct core_operation *operation = into;
        operation->enterprise = true;
        return cbor_read_uint(r, field, UINT32_MAX, &operation->enterprise_kind);
}

/* [2.2 6.1.2 19] attestationFormatsPreference: the first that can be given. Enterprise attestation has its
 * own format whatever stands here. */
static mitome_status read_formats(struct cbor_reader *r, const char *field, void *into)
{
        struct core_operation *operation = into;
        struct cbor_members list;
        MITOME_TRY(cbor_open_array(r, field, FORMATS_MAX, &list));
        while (cbor_next_element(r, &list)) {
                slice format;
                MITOME_TRY(cbor_read_text(r, field, TEXT_MAX, &format));
                bool none = slice_is(format, "none");
                if (operation->attestation_chosen || (!none && !slice_is(format, "packed")))
                        continue;
                operation->attestation_chosen = true;
                operation->attestation_none = none;
        }
        return ok();
}

static const struct core_member request_members[] = {
        { .number = 1, .field = "clientDataHash", .required = true, .read = core_read_client_data_hash },
        { .number = 2, .field = "rp", .required = true, .read = read_rp },
        { .number = 3, .field = "user", .required = true, .read = read_user },
        { .number = 4, .field = "pubKeyCredParams", .required = true, .read = read_params },
        { .number = 5, .field = "excludeList", .read = core_read_list },
        { .number = 6, .field = "extensions", .read = core_read_make_extensions },
        { .number = 7, .field = "options", .read = core_read_options },
        { .number = 8, .field = "pinUvAuthParam", .read = core_read_pin_uv_param },
        { .number = 9, .field = "pinUvAuthProtocol", .read = core_read_protocol },
        { .number = 10, .field = "enterpriseAttestation", .read = read_enterprise },
        { .number = 11, .field = "attestationFormatsPreference", .read = read_formats },
};

/* ---- the answer: the credential is made and attested by the element ---- */

/* Tags of the element's answer. What a device key says comes only for enterprise attestation. */
enum answer_tag {
        ANSWER_AUTHDATA = 0x80,
        ANSWER_SIGNATURE = 0x81,
        ANSWER_CERTIFICATE = 0x82,
        ANSWER_DEVICE_SIGNATURE = 0x83,
        ANSWER_DEVICE_CERTIFICATE = 0x84,
        ANSWER_LARGE_BLOB_KEY = 0x87,
};

static mitome_status count_certificates(slice data, uint32_t tag, size_t *ret)
{
        size_t count = 0;
        reader r = reader_over(data, NULL, NULL);
        while (r.rest.size) {
                struct tlv item;
                MITOME_TRY(tlv_read(&r, "answer", &item));
                count += item.tag == tag;
        }
        if (count == 0)
                return reader_fail(&r, MITOME_E_TLV_MISSING, "certificate");
        *ret = count;
        return ok();
}

static mitome_status write_certificates(writer *w, slice data, uint32_t tag)
{
        size_t count = 0;
        MITOME_TRY(count_certificates(data, tag, &count));
        cbor_write_array(w, count);
        reader r = reader_over(data, NULL, NULL);
        while (r.rest.size) {
                struct tlv item;
                MITOME_TRY(tlv_read(&r, "answer", &item));
                if (item.tag == tag)
                        cbor_write_bytes(w, item.value);
        }
        return ok();
}

/* The members alg, sig and x5c of a statement that begins with a map of `members`. */
static mitome_status write_statement(writer *w, slice data, size_t members, int algorithm,
        uint32_t signature_tag, uint32_t certificate_tag)
{
        slice signature;
        MITOME_TRY(tlv_find(data, signature_tag, "signature", &signature, NULL));
        cbor_write_map(w, members);
        cbor_write_string(w, "alg");
        cbor_write_int(w, algorithm);
        cbor_write_string(w, "sig");
        cbor_write_bytes(w, signature);
        cbor_write_string(w, "x5c");
        return write_certificates(w, data, certificate_tag);
}

enum { ES256 = -7, RS256 = -257 };

/* "packed" by the batch key, with certificates (WebAuthn L3 8.2). */
static mitome_status write_packed(writer *w, slice data)
{
        return write_statement(w, data, 3, ES256, ANSWER_SIGNATURE, ANSWER_CERTIFICATE);
}

/* "mitome-jpki" (MITOME-JPKI.md, 1): the person's key, and in "device" a packed statement of the device's. */
static mitome_status write_jpki(writer *w, slice data)
{
        MITOME_TRY(write_statement(w, data, 4, RS256, ANSWER_SIGNATURE, ANSWER_CERTIFICATE));
        cbor_write_string(w, "device");
        return write_statement(w, data, 3, ES256, ANSWER_DEVICE_SIGNATURE, ANSWER_DEVICE_CERTIFICATE);
}

/* "none" (WebAuthn L3 8.7). CTAP 2.2 lets the empty statement be left out, and clients do not. */
static mitome_status write_none(writer *w, slice data)
{
        (void)data;
        cbor_write_map(w, 0);
        return ok();
}

struct statement {
        const char *format;
        mitome_status (*write)(writer *w, slice data);
        bool enterprise;
};

/* What the element has signed tells which it is; only where "none" was asked for it signs nothing. */
static mitome_status choose_statement(slice data, bool none_asked, struct statement *ret)
{
        static const struct statement none = { "none", write_none, false },
                                      packed = { "packed", write_packed, false },
                                      person = { "mitome-jpki", write_jpki, true };
        slice signature, device;
        MITOME_TRY(tlv_find_optional(data, ANSWER_SIGNATURE, "signature", &signature, NULL));
        MITOME_TRY(tlv_find_optional(data, ANSWER_DEVICE_SIGNATURE, "device", &device, NULL));
        *ret = device.size ? person : signature.size || !none_asked ? packed : none;
        return ok();
}

/* [6.1.2 19] {1: fmt, 2: authData, 3: attStmt, 4: epAtt, 5: largeBlobKey} */
static mitome_status write_attestation(writer *w, slice data, bool none_asked)
{
        slice authdata, blob_key;
        struct statement statement;
        MITOME_TRY(tlv_find(data, ANSWER_AUTHDATA, "authData", &authdata, NULL));
        MITOME_TRY(tlv_find_optional(data, ANSWER_LARGE_BLOB_KEY, "largeBlobKey", &blob_key, NULL));
        MITOME_TRY(choose_statement(data, none_asked, &statement));
        cbor_write_map(w, 3 + (size_t)statement.enterprise + (blob_key.size > 0));
        cbor_write_uint(w, 1);
        cbor_write_string(w, statement.format);
        cbor_write_uint(w, 2);
        cbor_write_bytes(w, authdata);
        cbor_write_uint(w, 3);
        MITOME_TRY(statement.write(w, data));
        if (statement.enterprise) {
                cbor_write_uint(w, 4);
                cbor_write_bool(w, true); /* [6.1.2 9.2.3] epAtt: that is what was given */
        }
        if (blob_key.size) {
                cbor_write_uint(w, 5);
                cbor_write_bytes(w, blob_key);
        }
        return ok();
}

/* [6.1.2 12.1] a credential of the excludeList is here: CREDENTIAL_EXCLUDED, after the touch, whatever it
 * came to. [6.1.2 17.4] no room: KEY_STORE_FULL. */
static void refuse(struct core *core, uint16_t sw)
{
        if (core->operation.refused && sw == SW_CONDITIONS)
                core_close(core, CTAP2_ERR_OPERATION_DENIED); /* [6.1.2 14.2.1] */
        else if (sw == SW_OK)
                core_close(core, CTAP1_ERR_OTHER); /* made without the user: not by this element */
        else
                core_close(core, ctap_status_of_sw(INS_MAKE_CREDENTIAL, sw));
}

static void take_credential(struct core *core, slice data, uint16_t sw)
{
        core->begun = core->operation.refused; /* then the element still has it open */
        if (sw != SW_OK || core->operation.refused) {
                refuse(core, sw);
                return;
        }
        core_operation_done(core);
        writer w = core_body(core);
        if (failed(write_attestation(&w, data, core->operation.attestation_none)))
                core_answer(core, CTAP1_ERR_OTHER);
        else
                core_send(core, &w);
}

/* [6.1.2 3.1.3] the certificate's algorithm is one only where enterprise attestation is asked and can be
 * given; behind the first that is for everybody, none is looked at. */
static void choose_algorithms(const struct core *core, writer *ret)
{
        const struct core_operation *operation = &core->operation;
        bool certificate = operation->enterprise && core->state.enterprise && core->state.certificate;
        for (size_t i = 0; i < operation->algorithm_count; i++) {
                bool everybody = operation->algorithms[i] != ELEMENT_RS256;
                if (everybody || certificate)
                        write_u8(ret, operation->algorithms[i]);
                if (everybody)
                        break;
        }
}

static bool has_algorithms(const struct core *core)
{
        uint8_t algorithms[ELEMENT_ALGORITHMS];
        writer chosen = WRITER(algorithms);
        choose_algorithms(core, &chosen);
        return chosen.used > 0;
}

/* One command of the element, which sets "uv" and "up" itself.
 * [6.1.2 12] the excludeList is looked through
 * [6.1.2 15] the extensions' outputs are made
 * [6.1.2 16] the key is made
 * [6.1.2 17] "rk" true: the credential is discoverable
 * [6.1.2 18] else it is kept all the same, and found by its id only
 * [6.1.2 19] it is attested */
static void perform(struct core *core)
{
        const struct core_operation *operation = &core->operation;
        uint8_t algorithms[ELEMENT_ALGORITHMS];
        writer chosen = WRITER(algorithms);
        uint8_t options = (uint8_t)((operation->rk == OPTION_TRUE ? DO_DISCOVERABLE : 0) |
                                    (operation->present ? DO_PRESENT : 0) |
                                    (operation->enterprise ? DO_ENTERPRISE : 0));
        choose_algorithms(core, &chosen);
        writer *data = core_data(core);
        core_write_token(data, operation);
        tlv_write(data, 0x81, operation->rp_id);
        tlv_write(data, 0x82, operation->user_id);
        tlv_write(data, 0x83, operation->user_name);
        tlv_write(data, 0x84, operation->display_name);
        tlv_write_u8(data, 0x85, options);
        tlv_write(data, 0x86, writer_view(&chosen));
        core_write_ids(data, operation);
        core_write_extensions(data, operation);
        if (operation->attestation_none)
                tlv_write_u8(data, 0x8C, 0x01);
        core_transmit(core, INS_MAKE_CREDENTIAL, take_credential);
}

/* ---- what is checked before anybody is asked, in the order of 6.1.2 ---- */

/* [6.1.2 7] makeCredUvNotRqd is not offered: it counts as false. [6.1.2 8] Any credential wants a verified
 * user where there is a way to verify one. [6.1.2 8.1] Without one: PUAT_REQUIRED when a PIN is set,
 * [6.1.2 8.2] OPERATION_DENIED when there is only a finger. [6.1.2 10] no credential is excepted, only an
 * authenticator without PIN and finger; [6.1.2 11] an authenticator that is protected verifies its user. */
static enum ctap_status check_protection(const struct core *core)
{
        const struct core_operation *operation = &core->operation;
        bool verifies = operation->has_pin_uv_param || core_wants_built_in_uv(operation);
        if (verifies || !core_is_protected(core))
                return CTAP2_OK;
        return core->state.pin_set ? CTAP2_ERR_PUAT_REQUIRED : CTAP2_ERR_OPERATION_DENIED;
}

static enum ctap_status check_enterprise(const struct core *core)
{
        enum { VENDOR_FACILITATED = 1, PLATFORM_MANAGED = 2 };
        const struct core_operation *operation = &core->operation;
        if (!operation->enterprise)
                return CTAP2_OK;
        /* [6.1.2 9] enterpriseAttestation is asked for; [6.1.2 9.1] not capable of it, or disabled:
         * INVALID_PARAMETER */
        if (!core->state.enterprise)
                return CTAP1_ERR_INVALID_PARAMETER;
        /* [6.1.2 9.2.1] neither 1 nor 2: INVALID_OPTION. [6.1.2 9.2.2] 2 counts as 1 where the list is all
         * there is; [6.1.2 9.2.3] whether the relying party is on it, the element knows. */
        return operation->enterprise_kind == VENDOR_FACILITATED ||
                               operation->enterprise_kind == PLATFORM_MANAGED
                       ? CTAP2_OK
                       : CTAP2_ERR_INVALID_OPTION;
}

static enum ctap_status check_options(struct core *core)
{
        const struct core_operation *operation = &core->operation;
        /* [6.1.2 5.3] "uv" true, and no such verification or none enabled: INVALID_OPTION */
        enum ctap_status refusal = core_check_built_in_uv(core);
        if (refusal != CTAP2_OK)
                return refusal;
        /* [6.1.2 5.4] "rk" is supported, [6.1.2 5.5] "rk" absent counts as false */
        /* [6.1.2 5.6] "up" false: INVALID_OPTION, [6.1.2 5.7] "up" absent counts as true */
        if (operation->up == OPTION_FALSE)
                return CTAP2_ERR_INVALID_OPTION;
        /* [6.1.2 6] alwaysUv: no credential without a verified user; [6.1.2 6.1] makeCredUvNotRqd counts as
         * false anyway */
        return core->state.always_uv ? core_require_uv(core) : check_protection(core);
}

static enum ctap_status check_request(struct core *core)
{
        const struct core_operation *operation = &core->operation;
        /* [6.1.2 2] pinUvAuthProtocol, when there is a pinUvAuthParam */
        enum ctap_status refusal = core_check_protocol(operation);
        if (refusal != CTAP2_OK)
                return refusal;
        /* [6.1.2 3] each of pubKeyCredParams was looked at; [6.1.2 3.2] no algorithm was chosen:
         * UNSUPPORTED_ALGORITHM */
        if (!has_algorithms(core))
                return CTAP2_ERR_UNSUPPORTED_ALGORITHM;
        /* [6.1.2 4] "uv" and "up" begin as false: the element's flags do */
        refusal = check_options(core);
        if (refusal != CTAP2_OK)
                return refusal;
        refusal = check_enterprise(core);
        /* [6.1.2 15] extensions that contradict the rest are refused before anybody is asked to touch */
        return refusal != CTAP2_OK ? refusal : core_check_extensions(operation);
}

static void check(struct core *core)
{
        enum ctap_status refusal = check_request(core);
        if (refusal != CTAP2_OK)
                core_answer(core, refusal);
        else
                core_authorise(core);
}

void core_make_credential(struct core *core)
{
        if (core_read_request(core, COMMAND_MAKE_CREDENTIAL, request_members,
                    sizeof request_members / sizeof *request_members))
                core_begin_operation(core, check, perform);
}
