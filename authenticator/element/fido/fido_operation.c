/* SPDX-License-Identifier: Apache-2.0 */
#include "authdata.h"
#include "data_fields.h"
#include "digest.h"
#include "element_internal.h"
#include "tlv.h"
#include "user_pin.h"

/* BEGIN, and how an operation ends: the element is told what is to be done before any finger is read, and its
 * challenge stands for exactly that. */

enum { BEGIN_PRESENCE = 0x01, BEGIN_BUILT_IN = 0x02 };

enum { BIO_MESSAGE_MAX = 1024 }; /* modality, subcommand and parameters of a bioEnrollment */

enum fido_phase fido_phase_of(const struct fido *fido)
{
        const struct fido_operation *operation = &fido->operation;
        if (!operation->open)
                return FIDO_IDLE;
        switch (operation->command) {
        case FIDO_MAKE_CREDENTIAL:
                return operation->built_in ? FIDO_MAKE_UV : operation->by_pin ? FIDO_MAKE_PIN : FIDO_MAKE;
        case FIDO_GET_ASSERTION:
                return operation->built_in ? FIDO_GET_UV : operation->by_pin ? FIDO_GET_PIN : FIDO_GET;
        case FIDO_CLIENT_PIN:
                return FIDO_TOKEN_UV;
        default:
                return FIDO_ENROL;
        }
}

/* [6.2.2 9.4] an assertion without presence leaves the token as it is: platforms look with it first which
 * credential of a list is here. There is no clock in the element, so that it counts how often. */
static bool is_look(const struct fido *fido)
{
        return fido->operation.command == FIDO_GET_ASSERTION && !fido->operation.presence_asked &&
               fido->token.looks < FIDO_LOOKS_MAX;
}

void fido_end_operation(struct fido *fido)
{
        /* Changes of the fingers take no permission: one token enrols, names and removes (CTAP 2.1, 6.7; what
         * takes them is in 6.1.2 and 6.2.2). */
        bool takes = fido->operation.by_pin && fido->operation.command != FIDO_BIO_ENROLMENT;
        if (takes && is_look(fido))
                fido->token.looks++;
        else if (takes)
                fido_token_used(&fido->token);
        bytes_wipe(&fido->operation, sizeof fido->operation);
}

/* ---- BEGIN ---- */

struct begin {
        slice command, rp_id_hash, client_data_hash, options, param, message, permissions, rp_id;
};

static uint16_t read_begin(slice data, struct begin *ret)
{
        const struct field fields[] = {
                { 0x80, FIELD_REQUIRED, 1, 1, &ret->command },
                { 0x81, FIELD_OPTIONAL, FIDO_HASH_SIZE, FIDO_HASH_SIZE, &ret->rp_id_hash },
                { 0x82, FIELD_OPTIONAL, FIDO_HASH_SIZE, FIDO_HASH_SIZE, &ret->client_data_hash },
                { 0x83, FIELD_REQUIRED, 1, 1, &ret->options },
                { 0x84, FIELD_OPTIONAL, FIDO_PARAM_ONE_SIZE, FIDO_PARAM_SIZE, &ret->param },
                { 0x85, FIELD_OPTIONAL, 1, BIO_MESSAGE_MAX, &ret->message },
                { 0x86, FIELD_OPTIONAL, 1, 1, &ret->permissions },
                { 0x87, FIELD_OPTIONAL, 1, FIDO_RP_ID_MAX, &ret->rp_id },
        };
        return fields_read(data, fields, sizeof fields / sizeof *fields);
}

/* Which fields a command has besides command and options. */
enum begin_field {
        HAS_HASHES = 0x01,
        HAS_PARAM = 0x02,
        HAS_MESSAGE = 0x04,
        HAS_PERMISSIONS = 0x08,
        HAS_RP_ID = 0x10
};

static int fields_of(const struct begin *begin)
{
        return (begin->rp_id_hash.data && begin->client_data_hash.data ? HAS_HASHES : 0) |
               (begin->param.data ? HAS_PARAM : 0) | (begin->message.data ? HAS_MESSAGE : 0) |
               (begin->permissions.data ? HAS_PERMISSIONS : 0) | (begin->rp_id.data ? HAS_RP_ID : 0);
}

/* The user is verified in one way, not in two. */
static bool is_operation(int fields, uint8_t options)
{
        return fields == HAS_HASHES || (fields == (HAS_HASHES | HAS_PARAM) && !(options & BEGIN_BUILT_IN));
}

static uint16_t check_permissions(const struct begin *begin, int fields, uint8_t options)
{
        bool form = (fields & ~HAS_RP_ID) == HAS_PERMISSIONS && options == BEGIN_BUILT_IN;
        uint8_t permissions = form ? begin->permissions.data[0] : 0;
        /* [6.5.5.7.3 3] some, and known ones. What a finger opens the matcher shows: makeCredential
         * and getAssertion want a relying party. */
        if (!fido_permissions_fit(permissions) || (permissions & (FIDO_MC | FIDO_GA) && !begin->rp_id.data))
                return SW_WRONG_DATA;
        /* [6.5.5.7.3 4] uvBioEnroll and uvAcfg are not offered */
        return permissions & ~FIDO_PERMISSIONS_BY_FINGER ? SW_FUNCTION_UNSUPPORTED : SW_OK;
}

/* Whether the fields are those of the command. */
static uint16_t check_shape(const struct begin *begin)
{
        uint8_t options = begin->options.data[0];
        int fields = fields_of(begin);
        bool good = !(options & ~(BEGIN_PRESENCE | BEGIN_BUILT_IN)) &&
                    (begin->rp_id_hash.data != NULL) == (begin->client_data_hash.data != NULL);
        if (!good)
                return SW_WRONG_DATA;
        switch (begin->command.data[0]) {
        case FIDO_MAKE_CREDENTIAL:
        case FIDO_GET_ASSERTION:
                return is_operation(fields, options) ? SW_OK : SW_WRONG_DATA;
        case FIDO_CLIENT_PIN:
                return check_permissions(begin, fields, options);
        case FIDO_BIO_ENROLMENT:
                return (fields & ~HAS_PARAM) == HAS_MESSAGE && options == 0 &&
                                       fido_fingers_change(begin->message)
                               ? SW_OK
                               : SW_WRONG_DATA;
        default:
                /* Documents are not signed by finger, nor anything else that is not here. */
                return SW_FUNCTION_UNSUPPORTED;
        }
}

/* [6.1.2 11.1] [6.2.2 6.1] the token is verified for the command that it was made for */
static uint16_t check_param(struct fido *fido, const struct begin *begin)
{
        uint8_t command = begin->command.data[0];
        bool bio = command == FIDO_BIO_ENROLMENT;
        if (!begin->param.data)
                return bio ? SW_SECURITY_STATUS : SW_OK;
        uint8_t permission = bio ? FIDO_BE : command == FIDO_MAKE_CREDENTIAL ? FIDO_MC : FIDO_GA;
        slice message = bio ? begin->message : begin->client_data_hash;
        return fido_token_authorises(fido, permission, begin->rp_id_hash, message, begin->param)
                       ? SW_OK
                       : SW_SECURITY_STATUS;
}

/* Every challenge has its number. [6.5.3.1] a try of uvRetries is spent before the challenge for it goes out;
 * a match gives all of them back. */
static uint16_t debit(struct mitome_element *element, bool built_in)
{
        SW_TRY(user_challenges_count(element));
        if (built_in)
                SW_TRY(user_uv_debit(element));
        return element_commit(element);
}

static enum unlock_purpose purpose_of(const struct fido_operation *operation)
{
        if (operation->built_in)
                return UNLOCK_VERIFIED;
        return operation->removes ? UNLOCK_REMOVED : UNLOCK_ENROLLED;
}

/* The matcher keeps the time after which the PIN is due again, which the element cannot: what it needs for
 * that is our word, of this challenge, on how often the PIN was entered. And it takes a challenge once, for
 * what it was given for: what it compares, we have counted. */
static void write_entry(
        const struct mitome_element *element, const struct fido_operation *operation, writer *answer)
{
        uint8_t entry[UNLOCK_ENTRY_SIZE];
        const struct unlock_entry said = { .entered = user_pin_entries(element),
                .number = user_challenges(element) };
        unlock_entry_seal(&said, purpose_of(operation), SLICE(operation->challenge),
                element_object(element, OBJECT_PAIRING_KEY), entry);
        tlv_write(answer, 0x81, SLICE(entry));
}

static uint16_t open_challenge(
        struct mitome_element *element, struct fido_operation *operation, writer *answer)
{
        SW_TRY(element_random(element, operation->challenge, sizeof operation->challenge));
        SW_TRY(debit(element, operation->built_in));
        operation->has_challenge = true;
        tlv_write(answer, 0x80, SLICE(operation->challenge));
        write_entry(element, operation, answer);
        return SW_OK;
}

static uint16_t copy_hash(slice hash, uint8_t ret[FIDO_HASH_SIZE])
{
        return element_sw(slice_copy(hash, "hash", ret, FIDO_HASH_SIZE, NULL));
}

/* What the challenge will stand for. */
static uint16_t take_hashes(const struct begin *begin, struct fido_operation *operation)
{
        if (operation->command == FIDO_BIO_ENROLMENT)
                return fido_fingers_describe(begin->message, operation);
        if (operation->command == FIDO_CLIENT_PIN) {
                operation->permissions = begin->permissions.data[0];
                unlock_permissions(operation->permissions, operation->client_data_hash);
                if (begin->rp_id.data)
                        sha256(&begin->rp_id, 1, operation->rp_id_hash);
                return SW_OK;
        }
        SW_TRY(copy_hash(begin->rp_id_hash, operation->rp_id_hash));
        return copy_hash(begin->client_data_hash, operation->client_data_hash);
}

static enum fido_phase begins(const struct fido_operation *operation)
{
        const struct fido after = { .operation = *operation };
        return fido_phase_of(&after);
}

uint16_t fido_begin(struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        struct begin begin;
        struct fido_operation operation = { .open = true };
        fido_end_operation(&element->fido);
        SW_TRY(read_begin(command->data, &begin));
        SW_TRY(check_shape(&begin));
        SW_TRY(check_param(&element->fido, &begin));
        operation.command = begin.command.data[0];
        operation.presence_asked = begin.options.data[0] & BEGIN_PRESENCE;
        operation.built_in = begin.options.data[0] & BEGIN_BUILT_IN;
        operation.by_pin = begin.param.data;
        operation.modality = operation.by_pin ? element->fido.token.modality : FIDO_UNVERIFIED;
        SW_TRY(fido_allowed(element, command->ins, begins(&operation)));
        SW_TRY(take_hashes(&begin, &operation));
        if (operation.built_in || operation.command == FIDO_BIO_ENROLMENT)
                SW_TRY(open_challenge(element, &operation, answer));
        element->fido.operation = operation;
        bytes_wipe(&operation, sizeof operation);
        return SW_OK;
}

/* ---- unlock tokens ---- */

static uint16_t compare_token(const struct mitome_element *element, const struct fido_operation *operation,
        const struct unlock_token *token)
{
        uint8_t digest[SHA256_SIZE];
        if (!operation->has_challenge || !secret_equal(SLICE(token->challenge), SLICE(operation->challenge)))
                return SW_TOKEN_CHALLENGE;
        /* An enrolment's hashes are zeros, as unlock_digest has it. */
        unlock_digest(
                operation->command, SLICE(operation->rp_id_hash), SLICE(operation->client_data_hash), digest);
        if (!secret_equal(SLICE(token->digest), SLICE(digest)))
                return SW_TOKEN_OPERATION;
        if (token->purpose == UNLOCK_VERIFIED &&
                !secret_equal(SLICE(token->set), element_object(element, OBJECT_ENROLMENT_SET)))
                return SW_TOKEN_SET;
        return SW_OK;
}

/* In the order of PROTOCOL.md: MAC, form, challenge, operation, set. A matcher compares what its maker's
 * certificate says that it compares, and nothing else. */
uint16_t fido_check_token(const struct mitome_element *element, const struct fido_operation *operation,
        slice bytes, enum unlock_purpose purpose, struct unlock_token *ret)
{
        struct fido_matcher matcher;
        slice key = element_object(element, OBJECT_PAIRING_KEY);
        mitome_status status = unlock_token_open(bytes, key, ret, NULL);
        if (!fido_matcher(element, &matcher) || status.code == MITOME_E_TOKEN_MAC)
                return SW_TOKEN_MAC;
        if (failed(status) || ret->purpose != (uint8_t)purpose || ret->modality != matcher.modality)
                return SW_TOKEN_FORM;
        return compare_token(element, operation, ret);
}

/* The matcher vouches that its set is another one now: the finger path closes, and no further try is spent on
 * it. The next right PIN confirms that set (user_pin_check). Zeros are no set. */
static uint16_t note_other_set(struct mitome_element *element, const struct unlock_token *token)
{
        static const uint8_t none[UNLOCK_SET_SIZE];
        if (slice_equal(SLICE(token->set), SLICE(none)))
                return SW_OK;
        SW_TRY(element_put(element, OBJECT_OTHER_SET, SLICE(token->set)));
        return element_commit(element);
}

uint16_t fido_spend_operation(struct mitome_element *element, slice bytes, struct fido_operation *ret)
{
        struct unlock_token token;
        *ret = element->fido.operation;
        fido_end_operation(&element->fido);
        if (!ret->built_in)
                return SW_OK;
        uint16_t sw = fido_check_token(element, ret, bytes, UNLOCK_VERIFIED, &token);
        if (sw == SW_TOKEN_SET)
                SW_TRY(note_other_set(element, &token));
        SW_TRY(sw);
        ret->modality = token.modality;
        SW_TRY(user_uv_fill(element));
        return element_commit(element);
}

/* [6.1.2 11.1.6] [6.2.2 6.1.6] "uv" by a token or by a finger; "up" by a finger or a touch */
uint8_t fido_flags(const struct fido_operation *operation, bool present)
{
        bool verified = operation->built_in || operation->by_pin;
        return (uint8_t)((operation->built_in || present ? AUTHDATA_UP : 0) | (verified ? AUTHDATA_UV : 0));
}

/* ---- the end of an enrolment, its captures, and of an operation that is given up ---- */

static uint16_t read_token(slice data, enum field_presence presence, slice *ret)
{
        const struct field fields[] = { { 0x80, presence, UNLOCK_TOKEN_SIZE, UNLOCK_TOKEN_SIZE, ret } };
        return fields_read(data, fields, 1);
}

uint16_t fido_check(struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        (void)answer;
        slice param, message;
        const struct field fields[] = {
                { 0x84, FIELD_REQUIRED, FIDO_PARAM_ONE_SIZE, FIDO_PARAM_SIZE, &param },
                { 0x85, FIELD_REQUIRED, 1, BIO_MESSAGE_MAX, &message },
        };
        SW_TRY(fields_read(command->data, fields, sizeof fields / sizeof *fields));
        if (!fido_fingers_capture(message))
                return SW_WRONG_DATA;
        return fido_token_authorises(&element->fido, FIDO_BE, (slice){ 0 }, message, param)
                       ? SW_OK
                       : SW_SECURITY_STATUS;
}

/* [6.5.3.1] gives back what BEGIN took, when the matcher vouches that no finger was there to be compared. */
static uint16_t refund(struct mitome_element *element, const struct fido_operation *operation)
{
        if (!operation->built_in || user_uv_tries(element) >= user_uv_full(element))
                return SW_OK;
        SW_TRY(user_uv_refund(element));
        return element_commit(element);
}

uint16_t fido_abandon(struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        (void)answer;
        slice bytes = { 0 };
        struct unlock_token token;
        struct fido_operation operation = element->fido.operation;
        fido_end_operation(&element->fido); /* either way */
        SW_TRY(read_token(command->data, FIELD_OPTIONAL, &bytes));
        if (!bytes.data)
                return SW_OK;
        SW_TRY(fido_check_token(element, &operation, bytes, UNLOCK_ABSENT, &token));
        return refund(element, &operation);
}
