/* SPDX-License-Identifier: Apache-2.0 */
#include "cbor.h"
#include "data_fields.h"
#include "element_internal.h"
#include "tlv.h"
#include "user_pin.h"

/* Changes of the set of fingers (CTAP 2.1, 6.7). The set is the matcher's. What a host may have done to it is
 * said here, by the token's parameter over what CTAP calls fingerprint || subCommand || subCommandParams; the
 * matcher vouches for what came of it, and its new set becomes the confirmed one. */

enum { FINGERPRINT = 0x01, ENROL_BEGIN = 0x01, ENROL_NEXT = 0x02, SET_NAME = 0x05, REMOVE = 0x06 };
enum { HEAD_SIZE = 2, TEMPLATE_ID_MAX = 64, PARAMS_MAX = 16 };

static bool is_of(slice message, uint8_t subcommand)
{
        return message.size >= HEAD_SIZE && message.data[0] == FINGERPRINT && message.data[1] == subcommand;
}

static slice params_of(slice message)
{
        reader r = reader_over(message, NULL, NULL);
        slice head;
        return failed(read_bytes(&r, "head", HEAD_SIZE, &head)) ? (slice){ 0 } : read_rest(&r);
}

/* subCommandParams: 1 templateId; the others are not for a removal, and skipped as CTAP has it. */
static mitome_status read_template_id(slice params, slice *ret)
{
        enum { TEMPLATE_ID = 1 };
        struct cbor_reader r = cbor_over(params, NULL, NULL);
        struct cbor_members map;
        struct cbor_key key;
        slice id = { 0 };
        bool more;
        MITOME_TRY(cbor_open_map(&r, "subCommandParams", PARAMS_MAX, &map));
        MITOME_TRY(cbor_next_key(&r, &map, &key, &more));
        while (more) {
                MITOME_TRY(!key.is_text && key.number == TEMPLATE_ID
                                   ? cbor_read_bytes(&r, "templateId", TEMPLATE_ID_MAX, &id)
                                   : cbor_skip(&r, "subCommandParams"));
                MITOME_TRY(cbor_next_key(&r, &map, &key, &more));
        }
        MITOME_TRY(cbor_end(&r, "subCommandParams"));
        if (!id.size)
                return fail(NULL, MITOME_E_MISSING, "templateId", NULL);
        *ret = id;
        return ok();
}

bool fido_fingers_change(slice message)
{
        slice id;
        /* Not as long as a clientDataHash: a relying party finds a challenge that makes one begin like this,
         * and what a token of both permissions signed for its login would start an enrolment. */
        if (message.size == FIDO_HASH_SIZE)
                return false;
        return is_of(message, ENROL_BEGIN) ||
               (is_of(message, REMOVE) && !failed(read_template_id(params_of(message), &id)));
}

/* It names a finger: a clientDataHash that begins alike does not. */
bool fido_fingers_name(slice message)
{
        slice id;
        return is_of(message, SET_NAME) && !failed(read_template_id(params_of(message), &id));
}

bool fido_fingers_capture(slice message)
{
        return is_of(message, ENROL_NEXT);
}

uint16_t fido_fingers_describe(slice message, struct fido_operation *operation)
{
        slice id = { 0 };
        operation->removes = is_of(message, REMOVE);
        if (!operation->removes)
                return SW_OK; /* the hashes are zeros */
        SW_TRY(element_sw(read_template_id(params_of(message), &id)));
        unlock_removal(id, operation->client_data_hash);
        return SW_OK;
}

/* A set without fingers has no number. */
static uint16_t put_set(struct mitome_element *element, const struct unlock_token *token, bool removes)
{
        static const uint8_t none[UNLOCK_SET_SIZE];
        bool is_empty = slice_equal(SLICE(token->set), SLICE(none));
        if (is_empty && !removes)
                return SW_TOKEN_FORM;
        SW_TRY(user_fingers_forget(element));
        return is_empty ? SW_OK : element_put(element, OBJECT_ENROLMENT_SET, SLICE(token->set));
}

uint16_t fido_confirm(struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        (void)answer;
        slice bytes;
        struct unlock_token token;
        const struct field fields[] = { { 0x80, FIELD_REQUIRED, UNLOCK_TOKEN_SIZE, UNLOCK_TOKEN_SIZE,
                &bytes } };
        SW_TRY(fields_read(command->data, fields, sizeof fields / sizeof *fields));
        struct fido_operation operation = element->fido.operation;
        fido_end_operation(&element->fido);
        enum unlock_purpose purpose = operation.removes ? UNLOCK_REMOVED : UNLOCK_ENROLLED;
        SW_TRY(fido_check_token(element, &operation, bytes, purpose, &token));
        SW_TRY(put_set(element, &token, operation.removes));
        SW_TRY(user_uv_fill(element));
        return element_commit(element);
}
