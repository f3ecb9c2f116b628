/* SPDX-License-Identifier: Apache-2.0 */
#include "element_internal.h"

/* A credential as it is stored: version (1), algorithm (1), flags (1), id (32), rpIdHash (32), private key
 * (32), then RP ID, user id, user name and display name, each behind its length (1). Its counter stands
 * apart, so that counting does not rewrite keys. */
enum { RECORD_VERSION = 1, FLAG_DISCOVERABLE = 0x01, COUNTER_BLOCK = 64, PRIVATE_KEY_SIZE = 32 };

enum { RECORD_MAX = 3 + 32 + 32 + 32 + 1 + FIDO_RP_ID_MAX + 3 * (1 + FIDO_TEXT_MAX) };

static mitome_status read_text(reader *r, slice *ret)
{
        uint8_t size;
        MITOME_TRY(read_u8(r, "credential.text", &size));
        return read_bytes(r, "credential.text", size, ret);
}

static mitome_status read_record(slice record, struct fido_credential *ret)
{
        uint8_t version, flags;
        struct fido_credential credential = { 0 };
        reader r = reader_over(record, NULL, NULL);
        MITOME_TRY(read_u8(&r, "credential.version", &version));
        if (version != RECORD_VERSION)
                return reader_fail(&r, MITOME_E_VALUE, "credential.version");
        MITOME_TRY(read_u8(&r, "credential.algorithm", &credential.algorithm));
        MITOME_TRY(read_u8(&r, "credential.flags", &flags));
        credential.discoverable = flags & FLAG_DISCOVERABLE;
        MITOME_TRY(read_bytes(&r, "credential.id", FIDO_CREDENTIAL_ID_SIZE, &credential.id));
        MITOME_TRY(read_bytes(&r, "credential.rpIdHash", FIDO_HASH_SIZE, &credential.rp_id_hash));
        MITOME_TRY(read_bytes(&r, "credential.key", PRIVATE_KEY_SIZE, &credential.private_key));
        MITOME_TRY(read_text(&r, &credential.rp_id));
        MITOME_TRY(read_text(&r, &credential.user_id));
        MITOME_TRY(read_text(&r, &credential.user_name));
        MITOME_TRY(read_text(&r, &credential.display_name));
        MITOME_TRY(read_end(&r, "credential"));
        *ret = credential;
        return ok();
}

bool fido_read_credential(const struct mitome_element *element, uint32_t place, struct fido_credential *ret)
{
        struct fido_credential credential;
        if (failed(read_record(element_object(element, place), &credential)))
                return false;
        credential.place = place;
        *ret = credential;
        return true;
}

static bool next_place(const struct mitome_element *element, uint32_t from, uint32_t *ret)
{
        return store_next(element->store, from, OBJECT_CREDENTIAL_LAST, ret);
}

size_t fido_count(const struct mitome_element *element)
{
        size_t count = 0;
        for (uint32_t place = OBJECT_CREDENTIAL; next_place(element, place, &place); place++)
                count++;
        return count;
}

static bool fits(const struct fido_credential *credential, const struct fido_query *query)
{
        return slice_equal(credential->rp_id_hash, query->rp_id_hash) &&
               (!query->id.size || slice_equal(credential->id, query->id)) &&
               (!query->user_id.size || slice_equal(credential->user_id, query->user_id)) &&
               (!query->discoverable || credential->discoverable);
}

bool fido_find(
        const struct mitome_element *element, const struct fido_query *query, struct fido_credential *ret)
{
        bool found = false;
        struct fido_credential credential;
        for (uint32_t place = OBJECT_CREDENTIAL; next_place(element, place, &place); place++) {
                if (fido_read_credential(element, place, &credential) && fits(&credential, query)) {
                        *ret = credential;
                        found = true;
                }
        }
        return found;
}

/* ---- counters ---- */

static struct fido_counter *find_counter(struct fido *fido, uint32_t credential)
{
        for (size_t i = 0; i < FIDO_CREDENTIALS_MAX; i++)
                if (fido->counters[i].credential == credential)
                        return &fido->counters[i];
        return NULL;
}

static uint32_t counter_object(uint32_t place)
{
        return place - OBJECT_CREDENTIAL + OBJECT_COUNTER;
}

static uint16_t put_reserved(struct mitome_element *element, uint32_t place, uint32_t reserved)
{
        uint8_t bytes[4];
        writer w = WRITER(bytes);
        write_u32(&w, reserved);
        return element_put(element, counter_object(place), SLICE(bytes));
}

/* The counter in memory; after a power cut all that was reserved counts as used. */
static struct fido_counter *load_counter(struct mitome_element *element, uint32_t place)
{
        struct fido_counter *counter = find_counter(&element->fido, place);
        if (counter)
                return counter;
        counter = find_counter(&element->fido, 0);
        if (!counter)
                return NULL;
        uint32_t reserved = element_number(element, counter_object(place));
        *counter = (struct fido_counter){ place, reserved, reserved };
        return counter;
}

uint16_t fido_count_signature(struct mitome_element *element, uint32_t place, uint32_t *ret)
{
        struct fido_counter *counter = load_counter(element, place);
        if (!counter)
                return SW_UNKNOWN;
        if (counter->used == counter->reserved) {
                if (counter->reserved > UINT32_MAX - COUNTER_BLOCK)
                        return SW_CONDITIONS;
                SW_TRY(put_reserved(element, place, counter->reserved + COUNTER_BLOCK));
                SW_TRY(element_commit(element));
                counter->reserved += COUNTER_BLOCK;
        }
        *ret = ++counter->used;
        return SW_OK;
}

/* ---- changes ---- */

static void write_text(writer *w, slice text)
{
        write_u8(w, (uint8_t)text.size);
        write_slice(w, text);
}

static void write_record(writer *w, const struct fido_credential *credential)
{
        write_u8(w, RECORD_VERSION);
        write_u8(w, credential->algorithm);
        write_u8(w, credential->discoverable ? FLAG_DISCOVERABLE : 0);
        write_slice(w, credential->id);
        write_slice(w, credential->rp_id_hash);
        write_slice(w, credential->private_key);
        write_text(w, credential->rp_id);
        write_text(w, credential->user_id);
        write_text(w, credential->user_name);
        write_text(w, credential->display_name);
}

/* One above the highest that is there: places rise with age. */
static uint32_t new_place(const struct mitome_element *element)
{
        uint32_t next = OBJECT_CREDENTIAL;
        for (uint32_t place = OBJECT_CREDENTIAL; next_place(element, place, &place); place++)
                next = place + 1;
        return next;
}

uint16_t fido_put_credential(struct mitome_element *element, const struct fido_credential *credential)
{
        uint8_t record[RECORD_MAX];
        writer w = WRITER(record);
        uint32_t place = new_place(element);
        if (place > OBJECT_CREDENTIAL_LAST)
                return SW_FULL;
        write_record(&w, credential);
        uint16_t sw = w.overflowed ? SW_UNKNOWN : element_put(element, place, writer_view(&w));
        bytes_wipe(record, sizeof record);
        SW_TRY(sw);
        return put_reserved(element, place, 0);
}

uint16_t fido_delete_credential(struct mitome_element *element, uint32_t place)
{
        struct fido_counter *counter = find_counter(&element->fido, place);
        if (counter)
                *counter = (struct fido_counter){ 0 };
        SW_TRY(element_delete(element, place));
        return element_delete(element, counter_object(place));
}
