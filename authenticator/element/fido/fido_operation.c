/* SPDX-License-Identifier: Apache-2.0 */
#include "authdata.h"
#include "data_fields.h"
#include "element_internal.h"
#include "tlv.h"
#include "user_pin.h"

/* BEGIN, and how an operation ends: the element is told what is to be done before any finger is read, and its
 * challenge stands for exactly that. */

enum { BEGIN_PRESENCE = 0x01, BEGIN_BUILT_IN = 0x02 };

/* CTAP 2.1 6.7.4 and 6.7.5: what pinUvAuthParam covers begins with modality and subcommand. */
enum { BIO_FINGERPRINT = 0x01, BIO_ENROL_BEGIN = 0x01, BIO_ENROL_NEXT = 0x02, BIO_MESSAGE_MAX = 1024 };

uint16_t fido_begun(const struct fido *fido, enum fido_ctap_command command)
{
        const struct fido_operation *operation = &fido->operation;
        return operation->open && operation->command == (uint8_t)command ? SW_OK : SW_CONDITIONS;
}

void fido_end_operation(struct fido *fido)
{
        if (fido->operation.by_pin)
                secret_wipe(&fido->pin_token);
        bytes_wipe(&fido->operation, sizeof fido->operation);
}

/* ---- BEGIN ---- */

struct begin {
        slice command, rp_id_hash, client_data_hash, options, param, message;
};

static uint16_t read_begin(slice data, struct begin *ret)
{
        const struct field fields[] = {
                { 0x80, FIELD_REQUIRED, 1, 1, &ret->command },
                { 0x81, FIELD_OPTIONAL, FIDO_HASH_SIZE, FIDO_HASH_SIZE, &ret->rp_id_hash },
                { 0x82, FIELD_OPTIONAL, FIDO_HASH_SIZE, FIDO_HASH_SIZE, &ret->client_data_hash },
                { 0x83, FIELD_REQUIRED, 1, 1, &ret->options },
                { 0x84, FIELD_OPTIONAL, FIDO_PARAM_SIZE, FIDO_PARAM_SIZE, &ret->param },
                { 0x85, FIELD_OPTIONAL, 1, BIO_MESSAGE_MAX, &ret->message },
        };
        return fields_read(data, fields, sizeof fields / sizeof *fields);
}

static bool is_bio_message(slice message, uint8_t subcommand)
{
        return message.size >= 2 && message.data[0] == BIO_FINGERPRINT && message.data[1] == subcommand;
}

/* Whether the fields are those of the command. */
static uint16_t check_shape(const struct begin *begin)
{
        uint8_t options = begin->options.data[0];
        if (options & ~(BEGIN_PRESENCE | BEGIN_BUILT_IN))
                return SW_WRONG_DATA;
        switch (begin->command.data[0]) {
        case FIDO_MAKE_CREDENTIAL:
        case FIDO_GET_ASSERTION:
                /* The user is verified in one way, not in two. */
                return begin->rp_id_hash.data && begin->client_data_hash.data && !begin->message.data &&
                                       !(begin->param.data && options & BEGIN_BUILT_IN)
                               ? SW_OK
                               : SW_WRONG_DATA;
        case FIDO_BIO_ENROLMENT:
                return !begin->rp_id_hash.data && !begin->client_data_hash.data && options == 0 &&
                                       is_bio_message(begin->message, BIO_ENROL_BEGIN)
                               ? SW_OK
                               : SW_WRONG_DATA;
        default:
                /* Documents are not signed by finger, nor anything else that is not here. */
                return SW_FUNCTION_UNSUPPORTED;
        }
}

static uint16_t check_param(const struct fido *fido, const struct begin *begin)
{
        bool bio = begin->command.data[0] == FIDO_BIO_ENROLMENT;
        if (!begin->param.data)
                return bio ? SW_SECURITY_STATUS : SW_OK;
        slice message = bio ? begin->message : begin->client_data_hash;
        return fido_token_authorises(fido, message, begin->param) ? SW_OK : SW_SECURITY_STATUS;
}

/* Spends a try before the challenge for it goes out. */
static uint16_t debit(struct mitome_element *element)
{
        uint8_t tries = user_uv_tries(element);
        if (!element_has(element, OBJECT_ENROLMENT_SET))
                return SW_UNUSABLE;
        if (tries == 0 || user_pin_is_blocked(element))
                return SW_BLOCKED;
        SW_TRY(user_uv_put(element, (uint8_t)(tries - 1)));
        return element_commit(element);
}

static uint16_t open_challenge(
        struct mitome_element *element, struct fido_operation *operation, writer *answer)
{
        if (!element_has(element, OBJECT_PAIRING_KEY))
                return SW_UNUSABLE;
        SW_TRY(element_random(element, operation->challenge, sizeof operation->challenge));
        if (operation->built_in)
                SW_TRY(debit(element));
        operation->has_challenge = true;
        tlv_write(answer, 0x80, SLICE(operation->challenge));
        return SW_OK;
}

static uint16_t take_hashes(const struct begin *begin, struct fido_operation *operation)
{
        if (operation->command == FIDO_BIO_ENROLMENT)
                return SW_OK; /* zeros */
        SW_TRY(element_sw(
                slice_copy(begin->rp_id_hash, "rpIdHash", operation->rp_id_hash, FIDO_HASH_SIZE, NULL)));
        return element_sw(slice_copy(begin->client_data_hash, "clientDataHash", operation->client_data_hash,
                FIDO_HASH_SIZE, NULL));
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

/* In the order of PROTOCOL.md: MAC, form, challenge, operation, set. */
static uint16_t check_token(const struct mitome_element *element, const struct fido_operation *operation,
        slice bytes, enum unlock_purpose purpose, struct unlock_token *ret)
{
        slice key = element_object(element, OBJECT_PAIRING_KEY);
        mitome_status status = unlock_token_open(bytes, key, ret, NULL);
        if (key.size == 0 || status.code == MITOME_E_TOKEN_MAC)
                return SW_TOKEN_MAC;
        if (failed(status) || ret->purpose != (uint8_t)purpose)
                return SW_TOKEN_FORM;
        return compare_token(element, operation, ret);
}

uint16_t fido_spend_operation(struct mitome_element *element, slice bytes, struct fido_operation *ret)
{
        struct unlock_token token;
        *ret = element->fido.operation;
        fido_end_operation(&element->fido);
        if (!ret->built_in)
                return SW_OK;
        if (user_pin_is_blocked(element))
                return SW_BLOCKED;
        SW_TRY(check_token(element, ret, bytes, UNLOCK_VERIFIED, &token));
        SW_TRY(user_uv_put(element, USER_UV_TRIES));
        return element_commit(element);
}

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

uint16_t fido_confirm(struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        (void)answer;
        slice bytes;
        struct unlock_token token;
        SW_TRY(fido_begun(&element->fido, FIDO_BIO_ENROLMENT));
        SW_TRY(read_token(command->data, FIELD_REQUIRED, &bytes));
        struct fido_operation operation = element->fido.operation;
        fido_end_operation(&element->fido);
        SW_TRY(check_token(element, &operation, bytes, UNLOCK_ENROLLED, &token));
        SW_TRY(element_put(element, OBJECT_ENROLMENT_SET, SLICE(token.set)));
        SW_TRY(user_uv_put(element, USER_UV_TRIES));
        return element_commit(element);
}

uint16_t fido_check(struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        (void)answer;
        slice param, message;
        const struct field fields[] = {
                { 0x84, FIELD_REQUIRED, FIDO_PARAM_SIZE, FIDO_PARAM_SIZE, &param },
                { 0x85, FIELD_REQUIRED, 1, BIO_MESSAGE_MAX, &message },
        };
        SW_TRY(fido_begun(&element->fido, FIDO_BIO_ENROLMENT));
        SW_TRY(fields_read(command->data, fields, sizeof fields / sizeof *fields));
        if (!is_bio_message(message, BIO_ENROL_NEXT))
                return SW_WRONG_DATA;
        return fido_token_authorises(&element->fido, message, param) ? SW_OK : SW_SECURITY_STATUS;
}

/* Gives back what BEGIN took, when the matcher vouches that no finger was there to be compared. */
static uint16_t refund(struct mitome_element *element, const struct fido_operation *operation)
{
        uint8_t tries = user_uv_tries(element);
        if (!operation->built_in || tries >= USER_UV_TRIES)
                return SW_OK;
        SW_TRY(user_uv_put(element, (uint8_t)(tries + 1)));
        return element_commit(element);
}

uint16_t fido_abandon(struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        (void)answer;
        slice bytes = { 0 };
        struct unlock_token token;
        struct fido_operation operation = element->fido.operation;
        fido_end_operation(&element->fido); /* either way */
        if (!operation.open)
                return SW_CONDITIONS;
        SW_TRY(read_token(command->data, FIELD_OPTIONAL, &bytes));
        if (!bytes.data)
                return SW_OK;
        SW_TRY(check_token(element, &operation, bytes, UNLOCK_ABSENT, &token));
        return refund(element, &operation);
}
