/* SPDX-License-Identifier: Apache-2.0 */
#include "core_internal.h"
#include "management_parameters.h"

/* authenticatorCredentialManagement (CTAP 2.1, 6.8). The core reads the parameters only to say what is wrong
 * with them: the element reads them again, with the token's signature over them. */

enum { PARAM_MAX = 64 };

struct request {
        bool has_params, has_protocol, has_param;
        uint64_t subcommand, protocol;
        slice params; /* as encoded: that is what is signed */
        slice param;
};

/* ---- the request ---- */

static mitome_status read_subcommand(struct cbor_reader *r, const char *field, void *into)
{
        return cbor_read_uint(r, field, UINT32_MAX, &((struct request *)into)->subcommand);
}

static mitome_status read_params(struct cbor_reader *r, const char *field, void *into)
{
        struct request *request = into;
        enum cbor_kind kind;
        MITOME_TRY(cbor_peek(r, field, &kind));
        if (kind != CBOR_KIND_MAP)
                return reader_fail(&r->bytes, MITOME_E_CBOR_TYPE, field);
        request->has_params = true;
        return cbor_read_item(r, field, &request->params);
}

static mitome_status read_protocol(struct cbor_reader *r, const char *field, void *into)
{
        struct request *request = into;
        request->has_protocol = true;
        return cbor_read_uint(r, field, UINT32_MAX, &request->protocol);
}

static mitome_status read_param(struct cbor_reader *r, const char *field, void *into)
{
        struct request *request = into;
        request->has_param = true;
        return cbor_read_bytes(r, field, PARAM_MAX, &request->param);
}

static mitome_status read_request(const struct core *core, struct request *ret)
{
        static const struct core_member members[] = {
                { .number = 1, .field = "subCommand", .required = true, .read = read_subcommand },
                { .number = 2, .field = "subCommandParams", .read = read_params },
                { .number = 3, .field = "pinUvAuthProtocol", .read = read_protocol },
                { .number = 4, .field = "pinUvAuthParam", .read = read_param },
        };
        struct cbor_reader r = core_cbor(core, "CTAP 2.1 6.8");
        struct request request = { 0 };
        MITOME_TRY(core_read_map(&r, "request", members, sizeof members / sizeof *members, &request));
        MITOME_TRY(cbor_end(&r, "request"));
        *ret = request;
        return ok();
}

static enum ctap_status check_params(const struct request *request)
{
        struct management_parameters parameters;
        if (!request->has_params)
                return CTAP2_ERR_MISSING_PARAMETER;
        return ctap_status_of_code(management_parameters_read(
                (enum management_subcommand)request->subcommand, request->params, &parameters, NULL)
                                           .code);
}

static enum ctap_status check(const struct request *request, struct management_needs *ret)
{
        /* [6.8 subCommand] one that is not known: INVALID_SUBCOMMAND */
        if (!management_needs(request->subcommand, ret))
                return CTAP2_ERR_INVALID_SUBCOMMAND;
        if (ret->token) {
                /* [6.8.2 no param] [6.8.3 no param] [6.8.4 no param] [6.8.5 no param] [6.8.6 no param] no
                 * pinUvAuthParam: PUAT_REQUIRED */
                if (!request->has_param)
                        return CTAP2_ERR_PUAT_REQUIRED;
                /* [6.8.2 protocol] [6.8.3 protocol] [6.8.4 protocol] [6.8.5 protocol] [6.8.6 protocol] none:
                 * MISSING_PARAMETER, one that is not supported: INVALID_PARAMETER */
                enum ctap_status refusal =
                        core_check_param(request->has_protocol, request->protocol, request->param);
                if (refusal != CTAP2_OK)
                        return refusal;
        }
        /* [6.8.4 missing] no rpIDHash: MISSING_PARAMETER; [6.8.5 missing] no credentialID: MISSING_PARAMETER;
         * [6.8.6 missing] no credentialID or no user: MISSING_PARAMETER */
        return ret->parameters ? check_params(request) : CTAP2_OK;
}

/* ---- what the element says, as CTAP has it ---- */

/* A member of the answer: what is there of the element's tags, in canonical order. */
struct told {
        uint8_t key;
        uint32_t tag;
        void (*write)(writer *w, slice value);
};

static uint64_t number_of(slice value)
{
        uint64_t number = 0;
        for (size_t i = 0; i < value.size; i++)
                number = number << 8 | value.data[i];
        return number;
}

static void write_number(writer *w, slice value)
{
        cbor_write_uint(w, number_of(value));
}

static void write_flag(writer *w, slice value)
{
        cbor_write_bool(w, number_of(value) != 0);
}

static void write_party(writer *w, slice rp_id)
{
        cbor_write_map(w, 1);
        cbor_write_string(w, "id");
        cbor_write_text(w, rp_id);
}

static void write_descriptor(writer *w, slice id)
{
        cbor_write_map(w, 2);
        cbor_write_string(w, "id");
        cbor_write_bytes(w, id);
        cbor_write_string(w, "type");
        cbor_write_string(w, "public-key");
}

/* [6.8.2] how many are there, and how many more may be */
static const struct told of_metadata[] = {
        { 0x01, 0x80, write_number },
        { 0x02, 0x81, write_number },
};

/* [6.8.3] the relying party, the hash of its RP ID, and at first how many there are */
static const struct told of_party[] = {
        { 0x03, 0x80, write_party },
        { 0x04, 0x81, cbor_write_bytes },
        { 0x05, 0x82, write_number },
};

/* [6.8.4] user, credentialID, publicKey, at first how many, credProtect, largeBlobKey; [2.2 6.8.4]
 * thirdPartyPayment */
static const struct told of_credential[] = {
        { 0x07, 0x80, write_descriptor },
        { 0x08, 0x81, write_slice }, /* a COSE key, encoded */
        { 0x09, 0x88, write_number },
        { 0x0A, 0x82, write_number },
        { 0x0B, 0x86, cbor_write_bytes },
        { 0x0C, 0x87, write_flag },
};

static mitome_status find_told(slice data, const struct told *told, slice *ret)
{
        return tlv_find_optional(data, told->tag, "answer", ret, NULL);
}

static mitome_status count_told(slice data, const struct told *told, size_t count, size_t *ret)
{
        slice value;
        *ret = 0;
        for (size_t i = 0; i < count; i++) {
                MITOME_TRY(find_told(data, &told[i], &value));
                *ret += value.data != NULL;
        }
        return ok();
}

static mitome_status write_told(writer *w, slice data, const struct told *told, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                slice value;
                MITOME_TRY(find_told(data, &told[i], &value));
                if (!value.data)
                        continue;
                cbor_write_uint(w, told[i].key);
                told[i].write(w, value);
        }
        return ok();
}

/* 06: {"id", "name"?, "displayName"?}. */
static mitome_status write_user(writer *w, slice data)
{
        slice id, name, display_name;
        MITOME_TRY(tlv_find(data, 0x83, "user id", &id, NULL));
        MITOME_TRY(tlv_find_optional(data, 0x84, "name", &name, NULL));
        MITOME_TRY(tlv_find_optional(data, 0x85, "display name", &display_name, NULL));
        cbor_write_uint(w, 0x06);
        cbor_write_map(w, 1 + (name.size > 0) + (display_name.size > 0));
        cbor_write_string(w, "id");
        cbor_write_bytes(w, id);
        if (name.size) {
                cbor_write_string(w, "name");
                cbor_write_text(w, name);
        }
        if (display_name.size) {
                cbor_write_string(w, "displayName");
                cbor_write_text(w, display_name);
        }
        return ok();
}

static mitome_status write_answer(writer *w, slice data, const struct told *told, size_t count)
{
        size_t members;
        bool user = told == of_credential;
        MITOME_TRY(count_told(data, told, count, &members));
        cbor_write_map(w, members + user);
        if (user)
                MITOME_TRY(write_user(w, data));
        return write_told(w, data, told, count);
}

/* ---- the subcommands ---- */

static void tell(struct core *core, slice data, const struct told *told, size_t count)
{
        writer w = core_body(core);
        if (failed(write_answer(&w, data, told, count)))
                core_answer(core, CTAP1_ERR_OTHER);
        else
                core_send(core, &w);
}

static void take_metadata(struct core *core, slice data, uint16_t sw)
{
        if (sw != SW_OK)
                core_answer(core, ctap_status_of_sw(INS_MANAGE_CREDENTIALS, sw));
        else
                tell(core, data, of_metadata, sizeof of_metadata / sizeof *of_metadata);
}

/* Lists of relying parties and of credentials are one sequence: a platform may look at the credentials of a
 * relying party before it asks for the next. Which one has been begun the element knows. */
static void take_listed(struct core *core, slice data, uint16_t sw, const struct told *told, size_t count)
{
        if (sw != SW_OK) {
                core_answer(core, ctap_status_of_sw(INS_MANAGE_CREDENTIALS, sw));
                return;
        }
        core_begin_sequence(core, SEQUENCE_CREDENTIALS);
        tell(core, data, told, count);
}

static void take_party(struct core *core, slice data, uint16_t sw)
{
        take_listed(core, data, sw, of_party, sizeof of_party / sizeof *of_party);
}

static void take_credential(struct core *core, slice data, uint16_t sw)
{
        take_listed(core, data, sw, of_credential, sizeof of_credential / sizeof *of_credential);
}

static void take_change(struct core *core, slice data, uint16_t sw)
{
        (void)data;
        core_answer(core, ctap_status_of_sw(INS_MANAGE_CREDENTIALS, sw));
}

static core_on_answer *const takers[] = {
        [MANAGEMENT_METADATA] = take_metadata,
        [MANAGEMENT_FIRST_RP] = take_party,
        [MANAGEMENT_NEXT_RP] = take_party,
        [MANAGEMENT_FIRST_CREDENTIAL] = take_credential,
        [MANAGEMENT_NEXT_CREDENTIAL] = take_credential,
        [MANAGEMENT_DELETE] = take_change,
        [MANAGEMENT_UPDATE_USER] = take_change,
};

static void transmit(struct core *core, const struct request *request, const struct management_needs *needs)
{
        writer *data = core_data(core);
        size_t params = needs->parameters ? request->params.size : 0;
        if (1 + params > MANAGEMENT_MESSAGE_MAX) {
                core_answer(core, CTAP2_ERR_LIMIT_EXCEEDED);
                return;
        }
        tlv_write_head(data, 0x85, 1 + params);
        write_u8(data, (uint8_t)request->subcommand);
        if (needs->parameters)
                write_slice(data, request->params);
        if (needs->token)
                tlv_write(data, 0x84, request->param);
        core_transmit(core, INS_MANAGE_CREDENTIALS, takers[request->subcommand]);
}

/* The request is read again: an enrolment may have had to end in between. */
static void carry_out(struct core *core)
{
        struct request request;
        struct management_needs needs;
        mitome_status status = read_request(core, &request);
        if (failed(status) || !management_needs(request.subcommand, &needs))
                core_answer(core, CTAP1_ERR_OTHER);
        else
                transmit(core, &request, &needs);
}

void core_credential_management(struct core *core)
{
        struct request request;
        struct management_needs needs = { 0 };
        mitome_status status = read_request(core, &request);
        enum ctap_status refusal =
                failed(status) ? ctap_status_of_code(status.code) : check(&request, &needs);
        if (refusal == CTAP2_OK && !needs.token && !core_continues(core, SEQUENCE_CREDENTIALS))
                refusal = CTAP2_ERR_NOT_ALLOWED; /* [6.8.3 next] [6.8.4 next] nothing was begun, or too long
                                                    ago */
        if (refusal != CTAP2_OK)
                core_answer(core, refusal);
        else
                core_wind_down(core, (slice){ 0 }, carry_out);
}
