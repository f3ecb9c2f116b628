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

/* [6.5.2.1] a use with presence ends all permissions but lbw, and the token with the last one */
void fido_token_used(struct fido_token *token)
{
        token->permissions &= FIDO_LBW;
        if (token->permissions == 0)
                fido_token_wipe(token);
}

/* What the token began ends with it. */
void fido_end_token(struct fido *fido)
{
        if (fido->operation.by_pin)
                fido_end_operation(fido);
        fido_token_wipe(&fido->token);
}

/* [6.5.2.1] when the core's time for it is over */
uint16_t fido_forget_token(struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        (void)answer;
        if (command->data.size)
                return SW_WRONG_DATA;
        fido_end_token(&element->fido);
        return SW_OK;
}

/* ---- issuing ---- */

/* What a token will be for. */
struct grant {
        uint8_t permissions;
        bool has_rp;
        slice rp_id_hash;
        uint8_t modality;
};

static uint16_t seal_token(struct mitome_element *element, const struct fido_shared *shared,
        const struct secret *value, writer *answer)
{
        uint8_t bytes[FIDO_IV_SIZE + FIDO_PIN_TOKEN_SIZE];
        writer sealed = WRITER(bytes);
        SW_TRY(fido_seal(element, shared, secret_view(value), &sealed));
        tlv_write(answer, 0x80, writer_view(&sealed));
        return SW_OK;
}

/* [6.5.5.7.2 12] the persistent token is answered, and nothing else begins or ends */
static uint16_t issue_persistent(
        struct mitome_element *element, const struct fido_shared *shared, writer *answer)
{
        SECRET(value);
        SW_TRY(fido_persistent_value(element, shared->protocol, &value));
        SW_TRY(seal_token(element, shared, &value, answer));
        return element_commit(element); /* of nothing, where it was there already */
}

static uint16_t keep_token(struct fido *fido, const struct fido_shared *shared, const struct secret *value,
        const struct grant *grant)
{
        struct fido_token *token = &fido->token;
        token->protocol = shared->protocol;
        token->permissions = grant->permissions;
        token->has_rp = grant->has_rp;
        token->modality = grant->modality;
        if (grant->has_rp)
                SW_TRY(element_sw(slice_copy(
                        grant->rp_id_hash, "rpIdHash", token->rp_id_hash, sizeof token->rp_id_hash, NULL)));
        return element_sw(secret_set(&token->value, secret_view(value), NULL));
}

/* [6.5.5.7.1 12] [6.5.6 resetPinUvAuthToken] all other tokens end, then a new one is begun, of random bytes
 */
static uint16_t issue_token(struct mitome_element *element, const struct fido_shared *shared,
        const struct grant *grant, writer *answer)
{
        struct fido *fido = &element->fido;
        SECRET(value);
        if (grant->permissions == FIDO_PCMR)
                return issue_persistent(element, shared, answer);
        value.size = FIDO_PIN_TOKEN_SIZE;
        SW_TRY(element_random(element, value.data, value.size));
        SW_TRY(seal_token(element, shared, &value, answer));
        fido_end_token(fido);
        return keep_token(fido, shared, &value, grant);
}

bool fido_permissions_fit(uint8_t permissions)
{
        if (permissions & FIDO_PCMR) /* [6.5.5.7.2 12] alone, or not at all */
                return permissions == FIDO_PCMR;
        return permissions && !(permissions & ~FIDO_PERMISSIONS);
}

/* ---- by PIN ---- */

struct pin_request {
        slice x, y, encrypted, permissions, rp_id, protocol;
};

/* [6.5.5.7.2 3] some, and known ones; getPinToken names neither permissions nor a relying party */
static bool is_permitted(const struct pin_request *request)
{
        return request->permissions.data ? fido_permissions_fit(request->permissions.data[0])
                                         : !request->rp_id.data;
}

static uint16_t read_pin_request(slice data, struct pin_request *ret)
{
        const struct field fields[] = {
                { 0x80, FIELD_REQUIRED, FIDO_COORDINATE_SIZE, FIDO_COORDINATE_SIZE, &ret->x },
                { 0x81, FIELD_REQUIRED, FIDO_COORDINATE_SIZE, FIDO_COORDINATE_SIZE, &ret->y },
                { 0x82, FIELD_REQUIRED, USER_PIN_HASH_SIZE, FIDO_IV_SIZE + USER_PIN_HASH_SIZE,
                        &ret->encrypted },
                { 0x83, FIELD_OPTIONAL, 1, 1, &ret->permissions },
                { 0x84, FIELD_OPTIONAL, 1, FIDO_RP_ID_MAX, &ret->rp_id },
                { 0x88, FIELD_OPTIONAL, 1, 1, &ret->protocol },
        };
        SW_TRY(fields_read(data, fields, sizeof fields / sizeof *fields));
        return is_permitted(ret) ? SW_OK : SW_WRONG_DATA;
}

/* [6.5.5.7.1 9.1.1] [6.5.6 regenerate] the key agreement is renewed, so that a guess needs an exchange; the
 * third wrong one in a row needs the user to power the authenticator off and on */
static uint16_t refuse_wrong(struct fido *fido, uint16_t sw)
{
        bool out_of_tries = sw == SW_TRIES_LEFT;
        fido->has_agreement = false;
        secret_wipe(&fido->agreement);
        return fido->wrong_in_a_row < FIDO_WRONG_IN_A_ROW_MAX || out_of_tries ? sw : SW_CONDITIONS;
}

uint16_t fido_check_pin(struct mitome_element *element, const struct fido_shared *shared, slice encrypted,
        struct secret *ret_hash)
{
        SW_TRY(fido_unseal(shared, encrypted, ret_hash));
        if (ret_hash->size != USER_PIN_HASH_SIZE)
                return SW_WRONG_DATA; /* not a hash of this protocol: no try */
        uint16_t sw = user_pin_check(element, secret_view(ret_hash));
        return (sw & 0xFFF0) == SW_TRIES_LEFT ? refuse_wrong(&element->fido, sw) : sw;
}

uint16_t fido_get_pin_token(
        struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        struct pin_request request;
        uint8_t rp_id_hash[SHA256_SIZE];
        struct grant grant = { .permissions = FIDO_PERMISSIONS_LEGACY, .modality = FIDO_BY_PIN };
        FIDO_SHARED(shared);
        SECRET(hash);
        SW_TRY(read_pin_request(command->data, &request));
        SW_TRY(fido_agree(&element->fido, request.protocol, request.x, request.y, &shared));
        SW_TRY(fido_check_pin(element, &shared, request.encrypted, &hash));
        /* [6.5.5.7.1 11] [6.5.5.7.2 11] it was the right one, and opens nothing */
        if (user_pin_must_change(element))
                return SW_PIN_CHANGE_FIRST;
        if (request.permissions.data)
                grant.permissions = request.permissions.data[0];
        if (request.rp_id.data) {
                sha256(&request.rp_id, 1, rp_id_hash);
                grant.has_rp = true;
                grant.rp_id_hash = SLICE(rp_id_hash);
        }
        return issue_token(element, &shared, &grant, answer);
}

/* ---- by finger: after BEGIN, whose challenge stood for permissions and relying party ---- */

uint16_t fido_get_uv_token(struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        static const uint8_t none[FIDO_HASH_SIZE];
        slice x, y, token, protocol;
        struct fido_operation operation;
        const struct field fields[] = {
                { 0x80, FIELD_REQUIRED, FIDO_COORDINATE_SIZE, FIDO_COORDINATE_SIZE, &x },
                { 0x81, FIELD_REQUIRED, FIDO_COORDINATE_SIZE, FIDO_COORDINATE_SIZE, &y },
                { 0x82, FIELD_REQUIRED, UNLOCK_TOKEN_SIZE, UNLOCK_TOKEN_SIZE, &token },
                { 0x88, FIELD_OPTIONAL, 1, 1, &protocol },
        };
        FIDO_SHARED(shared);
        SW_TRY(fields_read(command->data, fields, sizeof fields / sizeof *fields));
        SW_TRY(fido_agree(&element->fido, protocol, x, y, &shared));
        SW_TRY(fido_spend_operation(element, token, &operation));
        const struct grant grant = {
                .permissions = operation.permissions,
                .has_rp = !slice_equal(SLICE(operation.rp_id_hash), SLICE(none)),
                .rp_id_hash = SLICE(operation.rp_id_hash),
                .modality = operation.modality,
        };
        return issue_token(element, &shared, &grant, answer);
}

/* ---- using ---- */

/* [6.5.5.7] makeCredential and getAssertion bind a token that has no relying party yet */
static bool is_for(struct fido_token *token, uint8_t permission, slice rp_id_hash)
{
        bool same = slice_equal(SLICE(token->rp_id_hash), rp_id_hash);
        if (permission == FIDO_CM) /* [6.8 rpId] one for a relying party shows nothing of others */
                return !token->has_rp || same;
        if (!(permission & (FIDO_MC | FIDO_GA)))
                return true;
        if (token->has_rp)
                return same;
        token->has_rp = !failed(
                slice_copy(rp_id_hash, "rpIdHash", token->rp_id_hash, sizeof token->rp_id_hash, NULL));
        return token->has_rp;
}

/* [6.1.2 11.1.1] [6.2.2 6.1.1] verified over the message, [6.1.2 11.1.2] [6.2.2 6.1.2] the token has the
 * command's permission, [6.1.2 11.1.3] [6.2.2 6.1.3] it is for no other relying party; [6.1.2 11.1.4]
 * [6.1.2 11.1.5] [6.2.2 6.1.4] [6.2.2 6.1.5] a token that lives has verified its user, for its flag ends with
 * its permissions; [6.1.2 11.1.7] [6.2.2 6.1.7] one that was for none is for this one now */
bool fido_token_authorises(
        struct fido *fido, uint8_t permission, slice rp_id_hash, slice message, slice param)
{
        struct fido_token *token = &fido->token;
        return fido_param_is(token->protocol, &token->value, &message, 1, param) &&
               token->permissions & permission && is_for(token, permission, rp_id_hash);
}

/* ---- commands that the core carries out itself ---- */

/* What a message begins with says which command it is of: nothing signed for one passes for another. */
static const uint8_t of_large_blobs[] = { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
        0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
        0xFF, 0xFF, 0xFF, 0xFF, 0x0C, 0x00 };

/* [6.7.6] enumerateEnrollments has no parameters, [6.7.7] setFriendlyName has */
static bool is_bio_management(slice message)
{
        static const uint8_t enumerate[] = { 0x01, 0x04 };
        return slice_equal(message, SLICE(enumerate)) || fido_fingers_name(message);
}

static uint16_t check_message(uint8_t permission, slice message)
{
        bool good = permission == FIDO_LBW  ? slice_begins_with(message, SLICE(of_large_blobs))
                    : permission == FIDO_BE ? is_bio_management(message)
                                            : false;
        return good ? SW_OK : SW_WRONG_DATA;
}

uint16_t fido_authorise(struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        (void)answer;
        slice permission, param, message;
        const struct field fields[] = {
                { 0x83, FIELD_REQUIRED, 1, 1, &permission },
                { 0x84, FIELD_REQUIRED, FIDO_PARAM_ONE_SIZE, FIDO_PARAM_SIZE, &param },
                { 0x85, FIELD_REQUIRED, 1, MESSAGE_MAX, &message },
        };
        SW_TRY(fields_read(command->data, fields, sizeof fields / sizeof *fields));
        SW_TRY(check_message(permission.data[0], message));
        return fido_token_authorises(&element->fido, permission.data[0], (slice){ 0 }, message, param)
                       ? SW_OK
                       : SW_SECURITY_STATUS;
}
