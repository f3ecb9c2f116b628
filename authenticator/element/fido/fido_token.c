/* SPDX-License-Identifier: Apache-2.0 */
#include "data_fields.h"
#include "digest.h"
#include "element_internal.h"
#include "tlv.h"
#include "user_pin.h"

/* pinUvAuthTokens (CTAP 2.1, 6.5.5.7): how one is got, and what it allows. */

enum { MESSAGE_MAX = 1024 };

void fido_token_wipe(struct fido_token *token)
{
        bytes_wipe(token, sizeof *token);
}

/* clearPinUvAuthTokenPermissionsExceptLbw, 6.5.3.3 */
void fido_token_used(struct fido_token *token)
{
        token->permissions &= FIDO_LBW;
        if (token->permissions == 0)
                fido_token_wipe(token);
}

/* ---- issuing ---- */

/* What a token will be for. */
struct grant {
        uint8_t permissions;
        bool has_rp;
        slice rp_id_hash;
};

static uint16_t keep_token(struct fido *fido, const struct secret *value, const struct grant *grant)
{
        struct fido_token token = { .permissions = grant->permissions, .has_rp = grant->has_rp };
        SW_TRY(element_sw(secret_set(&token.value, secret_view(value), NULL)));
        uint16_t sw = grant->has_rp ? element_sw(slice_copy(grant->rp_id_hash, "rpIdHash", token.rp_id_hash,
                                              sizeof token.rp_id_hash, NULL))
                                    : SW_OK;
        if (sw == SW_OK)
                fido->token = token;
        fido_token_wipe(&token);
        return sw;
}

static uint16_t issue_token(
        struct mitome_element *element, const struct secret *key, const struct grant *grant, writer *answer)
{
        struct fido *fido = &element->fido;
        uint8_t sealed_bytes[FIDO_IV_SIZE + FIDO_PIN_TOKEN_SIZE];
        writer sealed = WRITER(sealed_bytes);
        SECRET(value);
        value.size = FIDO_PIN_TOKEN_SIZE;
        SW_TRY(element_random(element, value.data, value.size));
        SW_TRY(fido_seal(element, key, secret_view(&value), &sealed));
        /* 6.5.5.7.1: all other tokens end; what one of them began ends with it. */
        if (fido->operation.by_pin)
                fido_end_operation(fido);
        SW_TRY(keep_token(fido, &value, grant));
        tlv_write(answer, 0x80, writer_view(&sealed));
        return SW_OK;
}

/* ---- by PIN ---- */

struct pin_request {
        slice x, y, encrypted, permissions, rp_id;
};

/* 6.5.5.7.2: permissions are some and known; makeCredential and getAssertion want a relying party. */
static bool is_permitted(const struct pin_request *request)
{
        if (!request->permissions.data)
                return !request->rp_id.data;
        uint8_t permissions = request->permissions.data[0];
        return permissions && !(permissions & ~FIDO_PERMISSIONS) &&
               (request->rp_id.data || !(permissions & (FIDO_MC | FIDO_GA)));
}

static uint16_t read_pin_request(slice data, struct pin_request *ret)
{
        enum { ENCRYPTED_SIZE = FIDO_IV_SIZE + USER_PIN_HASH_SIZE };
        const struct field fields[] = {
                { 0x80, FIELD_REQUIRED, FIDO_COORDINATE_SIZE, FIDO_COORDINATE_SIZE, &ret->x },
                { 0x81, FIELD_REQUIRED, FIDO_COORDINATE_SIZE, FIDO_COORDINATE_SIZE, &ret->y },
                { 0x82, FIELD_REQUIRED, ENCRYPTED_SIZE, ENCRYPTED_SIZE, &ret->encrypted },
                { 0x83, FIELD_OPTIONAL, 1, 1, &ret->permissions },
                { 0x84, FIELD_OPTIONAL, 1, FIDO_RP_ID_MAX, &ret->rp_id },
        };
        SW_TRY(fields_read(data, fields, sizeof fields / sizeof *fields));
        return is_permitted(ret) ? SW_OK : SW_WRONG_DATA;
}

/* 6.5.5.7.1: after a wrong PIN the key agreement is renewed, so that a guess needs an exchange; the third in
 * a row needs the user to power the authenticator off and on. */
static uint16_t count_wrong(struct fido *fido, uint16_t sw)
{
        bool out_of_tries = sw == SW_TRIES_LEFT;
        fido->has_agreement = false;
        secret_wipe(&fido->agreement);
        return ++fido->wrong_in_a_row < FIDO_WRONG_IN_A_ROW_MAX || out_of_tries ? sw : SW_CONDITIONS;
}

static uint16_t check_pin(struct mitome_element *element, const struct secret *key, slice encrypted)
{
        SECRET(hash);
        SW_TRY(fido_unseal(key, encrypted, &hash));
        uint16_t sw = user_pin_check(element, secret_view(&hash));
        if ((sw & 0xFFF0) == SW_TRIES_LEFT)
                return count_wrong(&element->fido, sw);
        SW_TRY(sw);
        element->fido.wrong_in_a_row = 0;
        return SW_OK;
}

uint16_t fido_get_pin_token(
        struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        struct pin_request request;
        uint8_t hash[SHA256_SIZE];
        struct grant grant = { .permissions = FIDO_PERMISSIONS_LEGACY };
        SECRET(key);
        SW_TRY(read_pin_request(command->data, &request));
        SW_TRY(fido_agree(&element->fido, request.x, request.y, &key));
        SW_TRY(check_pin(element, &key, request.encrypted));
        if (request.permissions.data)
                grant.permissions = request.permissions.data[0];
        if (request.rp_id.data) {
                sha256(&request.rp_id, 1, hash);
                grant.has_rp = true;
                grant.rp_id_hash = SLICE(hash);
        }
        return issue_token(element, &key, &grant, answer);
}

/* ---- by finger: after BEGIN, whose challenge stood for permissions and relying party ---- */

uint16_t fido_get_uv_token(struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        static const uint8_t none[FIDO_HASH_SIZE];
        slice x, y, token;
        struct fido_operation operation;
        const struct field fields[] = {
                { 0x80, FIELD_REQUIRED, FIDO_COORDINATE_SIZE, FIDO_COORDINATE_SIZE, &x },
                { 0x81, FIELD_REQUIRED, FIDO_COORDINATE_SIZE, FIDO_COORDINATE_SIZE, &y },
                { 0x82, FIELD_REQUIRED, UNLOCK_TOKEN_SIZE, UNLOCK_TOKEN_SIZE, &token },
        };
        SECRET(key);
        SW_TRY(fields_read(command->data, fields, sizeof fields / sizeof *fields));
        SW_TRY(fido_agree(&element->fido, x, y, &key));
        SW_TRY(fido_spend_operation(element, token, &operation));
        const struct grant grant = {
                .permissions = operation.permissions,
                .has_rp = !slice_equal(SLICE(operation.rp_id_hash), SLICE(none)),
                .rp_id_hash = SLICE(operation.rp_id_hash),
        };
        return issue_token(element, &key, &grant, answer);
}

/* ---- using ---- */

static bool is_genuine(const struct fido_token *token, slice message, slice param)
{
        uint8_t expected[SHA256_SIZE];
        if (token->value.size == 0)
                return false;
        hmac_sha256(secret_view(&token->value), &message, 1, expected);
        bool equal = secret_equal(SLICE(expected), param);
        bytes_wipe(expected, sizeof expected);
        return equal;
}

/* 6.1.2 step 11.1 and 6.2.2 step 6.1: makeCredential and getAssertion bind a token to their relying party. */
static bool is_for(struct fido_token *token, uint8_t permission, slice rp_id_hash)
{
        bool same = slice_equal(SLICE(token->rp_id_hash), rp_id_hash);
        if (permission == FIDO_CM) /* 6.8: one for a relying party shows nothing of others */
                return !token->has_rp || same;
        if (!(permission & (FIDO_MC | FIDO_GA)))
                return true;
        if (token->has_rp)
                return same;
        token->has_rp = !failed(
                slice_copy(rp_id_hash, "rpIdHash", token->rp_id_hash, sizeof token->rp_id_hash, NULL));
        return token->has_rp;
}

bool fido_token_authorises(
        struct fido *fido, uint8_t permission, slice rp_id_hash, slice message, slice param)
{
        struct fido_token *token = &fido->token;
        return is_genuine(token, message, param) && token->permissions & permission &&
               is_for(token, permission, rp_id_hash);
}

/* ---- commands that the core carries out itself ---- */

/* What a message begins with says which command it is of: nothing signed for one passes for another. */
static const uint8_t of_large_blobs[] = { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
        0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
        0xFF, 0xFF, 0xFF, 0xFF, 0x0C, 0x00 };
static const uint8_t of_config[] = { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
        0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
        0xFF, 0xFF, 0xFF, 0x0D };

static const struct {
        uint8_t permission;
        slice prefix;
} checks[] = {
        { FIDO_CM, { NULL, 0 } },
        { FIDO_LBW, { of_large_blobs, sizeof of_large_blobs } },
        { FIDO_ACFG, { of_config, sizeof of_config } },
};

enum { CHECK_COUNT = sizeof checks / sizeof *checks };

/* CTAP 2.1 6.8: a subcommand of credential management, alone or before its parameters. */
static bool is_management(slice message)
{
        enum { SUBCOMMAND_FIRST = 0x01, SUBCOMMAND_LAST = 0x07 };
        return message.data[0] >= SUBCOMMAND_FIRST && message.data[0] <= SUBCOMMAND_LAST &&
               message.size != FIDO_HASH_SIZE;
}

static uint16_t check_message(uint8_t permission, slice message)
{
        for (size_t i = 0; i < CHECK_COUNT; i++)
                if (checks[i].permission == permission && slice_begins_with(message, checks[i].prefix) &&
                        (permission != FIDO_CM || is_management(message)))
                        return SW_OK;
        return SW_WRONG_DATA;
}

uint16_t fido_authorise(struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        (void)answer;
        slice rp_id_hash, permission, param, message;
        const struct field fields[] = {
                { 0x81, FIELD_OPTIONAL, FIDO_HASH_SIZE, FIDO_HASH_SIZE, &rp_id_hash },
                { 0x83, FIELD_REQUIRED, 1, 1, &permission },
                { 0x84, FIELD_REQUIRED, FIDO_PARAM_SIZE, FIDO_PARAM_SIZE, &param },
                { 0x85, FIELD_REQUIRED, 1, MESSAGE_MAX, &message },
        };
        SW_TRY(fields_read(command->data, fields, sizeof fields / sizeof *fields));
        SW_TRY(check_message(permission.data[0], message));
        return fido_token_authorises(&element->fido, permission.data[0], rp_id_hash, message, param)
                       ? SW_OK
                       : SW_SECURITY_STATUS;
}
