/* SPDX-License-Identifier: Apache-2.0 */
#include "cose.h"
#include "data_fields.h"
#include "element_internal.h"
#include "fido_certificate.h"
#include "management_parameters.h"
#include "signing_key.h"
#include "tlv.h"

/* MANAGE CREDENTIALS, what authenticatorCredentialManagement (CTAP 2.1, 6.8) needs of the element. Nothing is
 * listed in memory: a listing is the place where it stands in the store, so that there is no number of
 * credentials that it could not show. Relying parties come in the order of their oldest credential, the
 * credentials of one newest first. */

enum { PUBLIC_KEY_MAX_SIZE = 320 /* a COSE key; RSA's has 272 bytes */ };

struct management {
        slice message, param; /* what the token signed, and how */
        enum management_subcommand subcommand;
        struct management_parameters parameters;
};

/* [6.8.2 verify] [6.8.3 verify] [6.8.4 verify] [6.8.5 verify] [6.8.6 verify] another pinUvAuthParam, or no
 * cm: PIN_AUTH_INVALID. [6.8.2 rpId] [6.8.3 rpId] the token is for a relying party, [6.8.4 rpId] [6.8.5 rpId]
 * [6.8.6 rpId] for another one: PIN_AUTH_INVALID. [2.2 6.8 pcmr] one that may only read will do where nothing
 * is changed */
static bool is_authorised_to_change(
        struct mitome_element *element, const struct management *management, slice rp_id_hash)
{
        return fido_token_authorises(
                &element->fido, FIDO_CM, rp_id_hash, management->message, management->param);
}

static bool is_authorised(
        struct mitome_element *element, const struct management *management, slice rp_id_hash)
{
        struct management_needs needs;
        if (is_authorised_to_change(element, management, rp_id_hash))
                return true;
        return management_needs(management->subcommand, &needs) && needs.reads &&
               fido_persistent_authorises(element, management->message, management->param);
}

void fido_listings_end(struct fido *fido)
{
        fido->relying_parties = (struct fido_listing){ 0 };
        fido->credentials = (struct fido_listing){ 0 };
}

static void write_u16_field(writer *answer, uint32_t tag, size_t number)
{
        uint8_t bytes[2];
        writer w = WRITER(bytes);
        write_u16(&w, (uint16_t)number);
        tlv_write(answer, tag, SLICE(bytes));
}

/* ---- 01: how many there are, and how many more may be ---- */

static uint16_t count_discoverable(struct mitome_element *element, size_t *ret)
{
        const struct fido_index *index;
        size_t count = 0;
        SW_TRY(fido_use_index(element, &index));
        for (size_t i = 0; i < index->count; i++)
                count += (index->entries[i].flags & INDEX_DISCOVERABLE) != 0;
        *ret = count;
        return SW_OK;
}

static uint16_t tell_metadata(
        struct mitome_element *element, const struct management *management, writer *answer)
{
        size_t existing, count = fido_count(element);
        if (!is_authorised(element, management, (slice){ 0 }))
                return SW_SECURITY_STATUS;
        SW_TRY(count_discoverable(element, &existing));
        write_u16_field(answer, 0x80, existing);
        write_u16_field(answer, 0x81, count < FIDO_CREDENTIALS_MAX ? FIDO_CREDENTIALS_MAX - count : 0);
        return SW_OK;
}

/* ---- 02, 03: relying parties ---- */

static bool is_listed(const struct mitome_element *element, uint32_t place, struct fido_credential *ret)
{
        return fido_read_credential(element, place, ret) && ret->discoverable &&
               !fido_certificate_ended(element, ret);
}

/* Whether no older credential is of the same relying party. */
static bool is_first_of_party(const struct mitome_element *element, const struct fido_index *index,
        const struct fido_credential *credential)
{
        size_t first, end;
        struct fido_credential older;
        fido_index_range(index, fido_index_party(credential->rp_id_hash), &first, &end);
        for (; first < end && index->entries[first].place < credential->place; first++) {
                const struct fido_index_entry *entry = &index->entries[first];
                if (entry->flags & INDEX_DISCOVERABLE && is_listed(element, entry->place, &older) &&
                        slice_equal(older.rp_id_hash, credential->rp_id_hash))
                        return false;
        }
        return true;
}

/* The next relying party from a place on, by its oldest credential. */
static bool find_party(const struct mitome_element *element, const struct fido_index *index, uint32_t from,
        struct fido_credential *ret)
{
        for (uint32_t place = from; store_next(element->store, place, OBJECT_CREDENTIAL_LAST, &place);
                place++)
                if (is_listed(element, place, ret) && is_first_of_party(element, index, ret))
                        return true;
        return false;
}

static size_t count_parties(const struct mitome_element *element, const struct fido_index *index)
{
        size_t count = 0;
        struct fido_credential credential = { .place = OBJECT_CREDENTIAL - 1 };
        while (find_party(element, index, credential.place + 1, &credential))
                count++;
        return count;
}

static void write_party(writer *answer, const struct fido_credential *credential)
{
        tlv_write(answer, 0x80, credential->rp_id);
        tlv_write(answer, 0x81, credential->rp_id_hash);
}

static uint16_t list_first_party(
        struct mitome_element *element, const struct management *management, writer *answer)
{
        struct fido_credential credential;
        const struct fido_index *index;
        fido_listings_end(&element->fido);
        if (!is_authorised(element, management, (slice){ 0 }))
                return SW_SECURITY_STATUS;
        SW_TRY(fido_use_index(element, &index));
        if (!find_party(element, index, OBJECT_CREDENTIAL, &credential))
                return SW_NO_REFERENCE; /* [6.8.3 none] no discoverable credential: NO_CREDENTIALS */
        write_party(answer, &credential);
        write_u16_field(answer, 0x82, count_parties(element, index));
        element->fido.relying_parties = (struct fido_listing){ .open = true, .place = credential.place };
        return SW_OK;
}

/* No token: whoever began it showed one. Credentials may be listed in between, as platforms do. */
static uint16_t list_next_party(
        struct mitome_element *element, const struct management *management, writer *answer)
{
        struct fido_listing *listing = &element->fido.relying_parties;
        struct fido_credential credential;
        const struct fido_index *index;
        (void)management;
        if (!listing->open)
                return SW_CONDITIONS;
        SW_TRY(fido_use_index(element, &index));
        if (!find_party(element, index, listing->place + 1, &credential)) {
                *listing = (struct fido_listing){ 0 };
                return SW_CONDITIONS;
        }
        write_party(answer, &credential);
        listing->place = credential.place;
        return SW_OK;
}

/* ---- 04, 05: credentials of a relying party ---- */

static uint16_t write_public_key(
        struct mitome_element *element, const struct fido_credential *credential, writer *answer)
{
        uint8_t bytes[PUBLIC_KEY_MAX_SIZE];
        writer w = WRITER(bytes);
        struct public_key key;
        if (credential->algorithm == SIGNING_RS256)
                SW_TRY(fido_certificate_public_key(element, &key));
        else
                SW_TRY(element_sw(signing_key_public(
                        (enum signing_algorithm)credential->algorithm, credential->key, &key, NULL)));
        cose_key_write(&w, &key.cose);
        tlv_write(answer, 0x81, writer_view(&w));
        return w.overflowed ? SW_UNKNOWN : SW_OK;
}

/* Anybody reads the large-blob array: its keys are not for a token that a host keeps for years. */
static uint16_t write_credential(struct mitome_element *element, const struct fido_credential *credential,
        bool with_key, writer *answer)
{
        tlv_write(answer, 0x80, credential->id);
        SW_TRY(write_public_key(element, credential, answer));
        tlv_write_u8(answer, 0x82, credential->protection);
        tlv_write(answer, 0x83, credential->user_id);
        tlv_write(answer, 0x84, credential->user_name);
        tlv_write(answer, 0x85, credential->display_name);
        if (with_key && credential->blob_key.size)
                tlv_write(answer, 0x86, credential->blob_key);
        tlv_write_u8(answer, 0x87, credential->payment);
        return SW_OK;
}

/* [12.1] whoever shows a token with cm has been verified: nothing is hidden by credProtect */
static struct fido_query all_of(slice rp_id_hash, uint32_t before)
{
        return (struct fido_query){
                .rp_id_hash = rp_id_hash, .discoverable = true, .verified = true, .before = before
        };
}

static uint16_t list_first_credential(
        struct mitome_element *element, const struct management *management, writer *answer)
{
        const struct fido_query query = all_of(management->parameters.rp_id_hash, 0);
        struct fido_listing listing = { .open = true };
        struct fido_credential credential;
        size_t count;
        element->fido.credentials = (struct fido_listing){ 0 };
        if (!is_authorised(element, management, query.rp_id_hash))
                return SW_SECURITY_STATUS;
        /* [6.8.4 none] none of this relying party: NO_CREDENTIALS */
        SW_TRY(fido_find(element, &query, &credential));
        SW_TRY(fido_count_found(element, &query, &count));
        listing.keys = is_authorised_to_change(element, management, query.rp_id_hash);
        SW_TRY(write_credential(element, &credential, listing.keys, answer));
        write_u16_field(answer, 0x88, count);
        SW_TRY(element_sw(slice_copy(
                query.rp_id_hash, "rpIdHash", listing.rp_id_hash, sizeof listing.rp_id_hash, NULL)));
        listing.place = credential.place;
        element->fido.credentials = listing;
        return SW_OK;
}

static uint16_t list_next_credential(
        struct mitome_element *element, const struct management *management, writer *answer)
{
        struct fido_listing *listing = &element->fido.credentials;
        struct fido_credential credential;
        (void)management;
        if (!listing->open)
                return SW_CONDITIONS;
        const struct fido_query query = all_of(SLICE(listing->rp_id_hash), listing->place);
        uint16_t sw = fido_find(element, &query, &credential);
        if (sw != SW_OK) {
                *listing = (struct fido_listing){ 0 };
                return sw == SW_NO_REFERENCE ? SW_CONDITIONS : sw;
        }
        SW_TRY(write_credential(element, &credential, listing->keys, answer));
        listing->place = credential.place;
        return SW_OK;
}

/* ---- 06, 07: one credential ---- */

/* By its id alone: the platform does not say whose it is. */
static uint16_t find_by_id(struct mitome_element *element, slice id, struct fido_credential *ret)
{
        const struct fido_index *index;
        uint32_t tag = fido_index_tag(id);
        SW_TRY(fido_use_index(element, &index));
        for (size_t i = 0; i < index->count; i++) {
                const struct fido_index_entry *entry = &index->entries[i];
                if (entry->id == tag && entry->flags & INDEX_DISCOVERABLE &&
                        is_listed(element, entry->place, ret) && slice_equal(ret->id, id))
                        return SW_OK;
        }
        return SW_NO_REFERENCE; /* [6.8.5 none] [6.8.6 none] no credential of this id: NO_CREDENTIALS */
}

/* A token for a relying party is for its credentials only, and is not told whether there is
 * another's */
static uint16_t find_authorised(
        struct mitome_element *element, const struct management *management, struct fido_credential *ret)
{
        uint16_t sw = find_by_id(element, management->parameters.credential_id, ret);
        slice rp_id_hash = sw == SW_OK ? ret->rp_id_hash : (slice){ 0 };
        return is_authorised(element, management, rp_id_hash) ? sw : SW_SECURITY_STATUS;
}

static uint16_t commit(struct mitome_element *element, uint16_t staged)
{
        if (staged == SW_OK)
                return fido_commit_credentials(element);
        fido_index_settle(&element->fido.index, false);
        return staged;
}

/* [6.8.5] the credential and its counter go */
static uint16_t delete_one(
        struct mitome_element *element, const struct management *management, writer *answer)
{
        struct fido_credential credential;
        (void)answer;
        SW_TRY(find_authorised(element, management, &credential));
        return commit(element, fido_delete_credential(element, &credential));
}

/* [6.8.6 user] another user id: INVALID_PARAMETER. [6.8.6] a name that is not given is none from now on */
static uint16_t update_user(
        struct mitome_element *element, const struct management *management, writer *answer)
{
        const struct management_parameters *parameters = &management->parameters;
        struct fido_credential credential;
        (void)answer;
        SW_TRY(find_authorised(element, management, &credential));
        if (!slice_equal(credential.user_id, parameters->user_id))
                return SW_WRONG_DATA;
        credential.user_name = parameters->name;
        credential.display_name = parameters->display_name;
        return commit(element, fido_rewrite_credential(element, &credential));
}

/* ---- the command ---- */

static uint16_t read_message(slice message, struct management *ret)
{
        uint8_t subcommand;
        struct management_needs needs;
        reader r = reader_over(message, NULL, NULL);
        if (failed(read_u8(&r, "subCommand", &subcommand)) || !management_needs(subcommand, &needs))
                return SW_WRONG_DATA;
        ret->subcommand = (enum management_subcommand)subcommand;
        if (needs.token != (ret->param.data != NULL) || (!needs.parameters && r.rest.size))
                return SW_WRONG_DATA;
        if (needs.parameters &&
                failed(management_parameters_read(ret->subcommand, r.rest, &ret->parameters, NULL)))
                return SW_WRONG_DATA;
        return SW_OK;
}

uint16_t fido_manage_credentials(
        struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        static uint16_t (*const handlers[])(
                struct mitome_element * element, const struct management *management, writer *answer) = {
                [MANAGEMENT_METADATA] = tell_metadata,
                [MANAGEMENT_FIRST_RP] = list_first_party,
                [MANAGEMENT_NEXT_RP] = list_next_party,
                [MANAGEMENT_FIRST_CREDENTIAL] = list_first_credential,
                [MANAGEMENT_NEXT_CREDENTIAL] = list_next_credential,
                [MANAGEMENT_DELETE] = delete_one,
                [MANAGEMENT_UPDATE_USER] = update_user,
        };
        struct management management = { 0 };
        const struct field fields[] = {
                { 0x84, FIELD_OPTIONAL, 1, FIDO_PARAM_SIZE, &management.param },
                { 0x85, FIELD_REQUIRED, 1, MANAGEMENT_MESSAGE_MAX, &management.message },
        };
        SW_TRY(fields_read(command->data, fields, sizeof fields / sizeof *fields));
        SW_TRY(read_message(management.message, &management));
        struct management_needs needs;
        if (management_needs(management.subcommand, &needs) && !needs.reads)
                fido_listings_end(&element->fido); /* what is listed may not be there any more */
        return handlers[management.subcommand](element, &management, answer);
}
