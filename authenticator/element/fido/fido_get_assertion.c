/* SPDX-License-Identifier: Apache-2.0 */
#include "authdata.h"
#include "data_fields.h"
#include "element_internal.h"
#include "fido_certificate.h"
#include "fido_extensions.h"
#include "tlv.h"

/* GET ASSERTION, and NEXT ASSERTION for the others of a relying party's credentials: a chain remembers what
 * was asked and where it stands, and no list. */

enum { OPTION_PRESENT = 0x02, AUTHDATA_MAX = 37 + FIDO_OUTPUTS_MAX };

struct get {
        slice token, options, allowed, data, extensions, salts;
};

static uint16_t read_get(slice data, struct get *ret)
{
        const struct field fields[] = {
                { 0x80, FIELD_OPTIONAL, UNLOCK_TOKEN_SIZE, UNLOCK_TOKEN_SIZE, &ret->token },
                { 0x85, FIELD_REQUIRED, 1, 1, &ret->options },
                { 0x87, FIELD_LIST, FIDO_CREDENTIAL_ID_SIZE, FIDO_CREDENTIAL_ID_SIZE, &ret->allowed },
                { 0x8A, FIELD_OPTIONAL, 1, 1, &ret->extensions },
                { 0x8B, FIELD_OPTIONAL, 1, FIDO_SALTS_INPUT_MAX, &ret->salts },
        };
        SW_TRY(fields_read(data, fields, sizeof fields / sizeof *fields));
        ret->data = data;
        return SW_OK;
}

static bool is_present(const struct get *get)
{
        return get->options.data[0] & OPTION_PRESENT;
}

static uint8_t extensions_of(const struct get *get)
{
        return get->extensions.data ? get->extensions.data[0] : 0;
}

static bool is_verified(const struct fido_operation *operation)
{
        return operation->built_in || operation->by_pin;
}

static uint16_t check_get(
        const struct mitome_element *element, const struct fido_operation *operation, const struct get *get)
{
        if ((get->options.data[0] & ~OPTION_PRESENT) || (get->token.data != NULL) != operation->built_in ||
                extensions_of(get) & ~EXTENSIONS_OF_GET)
                return SW_WRONG_DATA;
        /* Presence that BEGIN did not ask for is none: without it a token is not used up. */
        if (is_present(get) && !operation->presence_asked)
                return SW_WRONG_DATA;
        /* [12.5 getAssertion] secrets want a user who is there */
        if (get->salts.data && !operation->presence_asked && !operation->built_in)
                return SW_WRONG_DATA;
        /* [6.2.2 5] alwaysUv is the element's to keep: without verification it asserts with up=false only */
        if (fido_always_uv(element) && !is_verified(operation) &&
                (operation->presence_asked || is_present(get)))
                return SW_SECURITY_STATUS;
        bool absent = operation->presence_asked && !operation->built_in && !is_present(get);
        return absent ? SW_CONDITIONS : SW_OK;
}

/* ---- the chain ---- */

void fido_end_chain(struct fido *fido)
{
        if (fido->chain.open)
                bytes_wipe(&fido->chain, sizeof fido->chain);
}

/* What an assertion is made of; NEXT ASSERTION makes others of the same. */
static uint16_t take_request(struct mitome_element *element, const struct fido_operation *operation,
        const struct get *get, struct fido_chain *ret)
{
        ret->operation = *operation;
        ret->flags = fido_flags(operation, is_present(get));
        ret->extensions = extensions_of(get);
        ret->has_salts = get->salts.data;
        return ret->has_salts ? fido_salts_open(&element->fido, get->salts, &ret->salts) : SW_OK;
}

/* ---- choosing ---- */

static struct fido_query query_of(const struct fido_operation *operation)
{
        return (struct fido_query){ .rp_id_hash = SLICE(operation->rp_id_hash),
                .verified = is_verified(operation) };
}

/* What a weak matcher has verified opens other credentials. Where only the person's own fits, the platform
 * hears that the PIN is wanted. */
static uint16_t find_open(struct mitome_element *element, const struct fido_operation *operation,
        struct fido_query *query, struct fido_credential *ret)
{
        struct fido_query any = *query;
        query->no_person = is_verified(operation) && !fido_opens_person(element, operation->modality);
        uint16_t sw = fido_find(element, query, ret);
        if (sw != SW_NO_REFERENCE || !query->no_person)
                return sw;
        sw = fido_find(element, &any, ret);
        return sw == SW_OK ? SW_MATCHER_WEAK : sw;
}

/* [6.2.2 7.1] [6.2.2 11] [6.2.2 11.1] the newest of the list that is here. [6.2.2 7.3] [6.2.2 7.4]
 * [6.2.2 7.5] fido_find leaves out what credProtect hides, and what is another relying party's; [6.2.2 7.6]
 * 6A88 when nothing is left. */
static uint16_t choose_allowed(struct mitome_element *element, const struct fido_operation *operation,
        const struct get *get, struct fido_credential *ret)
{
        struct fido_query query = query_of(operation);
        query.listed = get->data;
        return find_open(element, operation, &query, ret);
}

/* [6.2.2 7.2] no list: all discoverable ones, [6.2.2 7.7] counted, for who is told of several; [6.2.2 12]
 * [6.2.2 12.2] several make a chain; [6.2.2 12.2.1] the newest is the first. */
static uint16_t choose_newest(struct mitome_element *element, const struct fido_operation *operation,
        struct fido_credential *ret, size_t *ret_count)
{
        struct fido_query query = query_of(operation);
        query.discoverable = true;
        SW_TRY(find_open(element, operation, &query, ret));
        return fido_count_found(element, &query, ret_count);
}

/* ---- signing ---- */

/* A certificate credential signs with the user-verification key. */
static uint16_t sign_with(struct mitome_element *element, const struct fido_credential *credential,
        const slice parts[2], writer *signature)
{
        if (credential->algorithm == SIGNING_RS256)
                return jpki_user_verification_sign(element, parts, 2, signature);
        return element_sw(signing_key_sign(&element->fido.ready[FIDO_READY_CREDENTIAL],
                (enum signing_algorithm)credential->algorithm, credential->key, parts, 2, signature, NULL));
}

/* [6.2.2 13] the credential's key signs authData and clientDataHash */
static uint16_t sign(struct mitome_element *element, const struct fido_chain *chain,
        const struct fido_credential *credential, const struct authdata *data, writer *answer)
{
        uint8_t authdata_bytes[AUTHDATA_MAX], signature_bytes[SIGNATURE_MAX];
        slice authdata;
        writer w = WRITER(authdata_bytes), signature = WRITER(signature_bytes);
        authdata_write(&w, data);
        SW_TRY(element_sw(writer_finish(&w, "authData", &authdata, NULL)));
        const slice parts[] = { authdata, SLICE(chain->operation.client_data_hash) };
        SW_TRY(sign_with(element, credential, parts, &signature));
        tlv_write(answer, 0x80, credential->id);
        tlv_write(answer, 0x81, authdata);
        tlv_write(answer, 0x82, writer_view(&signature));
        return SW_OK;
}

/* [6.2.2 12.3] of a discoverable credential the user is told; names tell who it is: only whoever verified
 * them may learn them. Of one that was named the relying party knows it. */
static void write_user(const struct fido_credential *credential, uint8_t flags, writer *answer)
{
        if (!credential->discoverable)
                return;
        tlv_write(answer, 0x83, credential->user_id);
        if (flags & AUTHDATA_UV) {
                tlv_write(answer, 0x84, credential->user_name);
                tlv_write(answer, 0x85, credential->display_name);
        }
}

static uint16_t write_answer(struct mitome_element *element, const struct fido_chain *chain,
        const struct fido_credential *credential, uint32_t count, writer *answer)
{
        uint8_t outputs[FIDO_OUTPUTS_MAX];
        writer w = WRITER(outputs);
        const struct fido_asked asked = {
                .flags = chain->extensions,
                .modality = chain->operation.modality,
                .salts = chain->has_salts ? &chain->salts : NULL,
        };
        /* [6.2.2 10] the extensions' outputs, into authData */
        SW_TRY(fido_write_get_outputs(element, &asked, credential, &w));
        const struct authdata data = {
                .rp_id_hash = SLICE(chain->operation.rp_id_hash),
                .flags = (uint8_t)(chain->flags | (w.used > 0 ? AUTHDATA_ED : 0)),
                .sign_count = count,
                .extensions = writer_view(&w),
        };
        SW_TRY(sign(element, chain, credential, &data, answer));
        write_user(credential, chain->flags, answer);
        /* [12.3 getAssertion] largeBlobKey is told beside authData, where the credential has one */
        if (chain->extensions & EXTENSION_LARGE_BLOB_KEY && credential->blob_key.size)
                tlv_write(answer, 0x87, credential->blob_key);
        return answer->overflowed ? SW_UNKNOWN : SW_OK;
}

static uint16_t assert_with(struct mitome_element *element, const struct fido_chain *chain,
        const struct fido_credential *chosen, writer *answer)
{
        uint32_t count, place = chosen->place;
        struct fido_credential credential;
        /* Counting may commit, which ends views of the store: read again. */
        SW_TRY(fido_count_signature(element, chosen, &count));
        if (!fido_read_credential(element, place, &credential))
                return SW_UNKNOWN;
        return write_answer(element, chain, &credential, count, answer);
}

/* ---- the commands ---- */

/* [6.2.2 12.2.2] several: the request is remembered, and where the next one stands. A chain of one ends at
 * once. */
static uint16_t assert_first(struct mitome_element *element, const struct fido_operation *operation,
        const struct get *get, writer *answer)
{
        struct fido_chain *chain = &element->fido.chain;
        struct fido_credential credential;
        size_t count = 1;
        if (get->allowed.data)
                SW_TRY(choose_allowed(element, operation, get, &credential));
        else
                SW_TRY(choose_newest(element, operation, &credential, &count));
        chain->open = true;
        SW_TRY(take_request(element, operation, get, chain));
        chain->before = credential.place;
        SW_TRY(assert_with(element, chain, &credential, answer));
        if (count > 1) {
                const uint8_t number[] = { (uint8_t)(count >> 8), (uint8_t)count };
                tlv_write(answer, 0x86, SLICE(number));
        } else {
                fido_end_chain(&element->fido); /* [6.2.2 11.2] [6.2.2 12.1] one that was named, or one alone:
                                                   no number */
        }
        return SW_OK;
}

uint16_t fido_get_assertion(
        struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        struct get get;
        struct fido_operation operation;
        SW_TRY(read_get(command->data, &get));
        SW_TRY(check_get(element, &element->fido.operation, &get));
        SW_TRY(fido_spend_operation(element, get.token, &operation));
        uint16_t sw = assert_first(element, &operation, &get, answer);
        if (sw != SW_OK)
                fido_end_chain(&element->fido);
        bytes_wipe(&operation, sizeof operation);
        return sw;
}

/* [6.3 4] the next older credential is chosen, [6.3 5] its user told, [6.3 6] it signs the same request; [6.3
 * 8] the chain stands behind it then */
static uint16_t assert_next(struct mitome_element *element, struct fido_chain *chain, writer *answer)
{
        struct fido_credential credential;
        struct fido_query query = query_of(&chain->operation);
        query.discoverable = true;
        query.before = chain->before;
        query.no_person = query.verified && !fido_opens_person(element, chain->operation.modality);
        SW_TRY(fido_find(element, &query, &credential));
        chain->before = credential.place;
        return assert_with(element, chain, &credential, answer);
}

/* [6.3 1] nothing is remembered, [6.3 2] or no credential is left: 6985. What fails ends the chain. */
uint16_t fido_next_assertion(
        struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        struct fido *fido = &element->fido;
        if (command->data.size)
                return SW_WRONG_DATA;
        if (!fido->chain.open)
                return SW_CONDITIONS;
        uint16_t sw = assert_next(element, &fido->chain, answer);
        if (sw != SW_OK)
                fido_end_chain(fido);
        return sw == SW_NO_REFERENCE ? SW_CONDITIONS : sw;
}
