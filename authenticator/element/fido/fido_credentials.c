/* SPDX-License-Identifier: Apache-2.0 */
#include "data_fields.h"
#include "element_internal.h"
#include "fido_certificate.h"

/* A credential as it is stored, version 3: version (1), algorithm (1), flags (1), credProtect (1), id (32),
 * rpIdHash (32), then each behind its length (1): key, RP ID, user id, user name, display name, seeds,
 * largeBlobKey, credBlob. The key is the private one, or of a certificate credential what it is bound to
 * (fido_certificate.h). Version 2 ended with the display name, and its key had always 32 bytes without a
 * length; version 1 had no credProtect either. They are read as they are, and written as version 3 when they
 * are changed. The counter stands apart, so that counting does not rewrite keys; one that is not there is 0.
 */
enum {
        RECORD_VERSION = 3,
        RECORD_WITHOUT_EXTENSIONS = 2,
        RECORD_WITHOUT_PROTECTION = 1,
        FLAG_DISCOVERABLE = 0x01,
        FLAG_PAYMENT = 0x02,
        COUNTER_BLOCK = 64,
        FORMER_KEY_SIZE = 32,
};

enum {
        RECORD_MAX = 4 + FIDO_CREDENTIAL_ID_SIZE + FIDO_HASH_SIZE + 8 + SIGNING_KEY_MAX + FIDO_RP_ID_MAX +
                     3 * FIDO_TEXT_MAX + FIDO_SEEDS_SIZE + FIDO_BLOB_KEY_SIZE + FIDO_BLOB_MAX
};

static mitome_status read_text(reader *r, slice *ret)
{
        uint8_t size;
        MITOME_TRY(read_u8(r, "credential.text", &size));
        return read_bytes(r, "credential.text", size, ret);
}

static mitome_status read_protection(reader *r, uint8_t version, uint8_t *ret)
{
        if (version == RECORD_WITHOUT_PROTECTION)
                *ret = FIDO_PROTECT_NONE;
        else
                MITOME_TRY(read_u8(r, "credential.credProtect", ret));
        return *ret >= FIDO_PROTECT_NONE && *ret <= FIDO_PROTECT_VERIFIED
                       ? ok()
                       : reader_fail(r, MITOME_E_VALUE, "credential.credProtect");
}

static mitome_status read_key(reader *r, uint8_t version, slice *ret)
{
        if (version == RECORD_VERSION)
                return read_text(r, ret);
        return read_bytes(r, "credential.key", FORMER_KEY_SIZE, ret);
}

static mitome_status read_head(reader *r, uint8_t version, struct fido_credential *ret)
{
        uint8_t flags;
        MITOME_TRY(read_u8(r, "credential.algorithm", &ret->algorithm));
        MITOME_TRY(read_u8(r, "credential.flags", &flags));
        MITOME_TRY(read_protection(r, version, &ret->protection));
        MITOME_TRY(read_bytes(r, "credential.id", FIDO_CREDENTIAL_ID_SIZE, &ret->id));
        MITOME_TRY(read_bytes(r, "credential.rpIdHash", FIDO_HASH_SIZE, &ret->rp_id_hash));
        ret->discoverable = flags & FLAG_DISCOVERABLE;
        ret->payment = flags & FLAG_PAYMENT;
        return read_key(r, version, &ret->key);
}

static mitome_status read_record(slice record, struct fido_credential *ret)
{
        uint8_t version;
        struct fido_credential credential = { 0 };
        slice *const texts[] = { &credential.rp_id, &credential.user_id, &credential.user_name,
                &credential.display_name, &credential.seeds, &credential.blob_key, &credential.blob };
        enum { FORMER_TEXTS = 4, TEXTS = sizeof texts / sizeof *texts };
        reader r = reader_over(record, NULL, NULL);
        MITOME_TRY(read_u8(&r, "credential.version", &version));
        if (version < RECORD_WITHOUT_PROTECTION || version > RECORD_VERSION)
                return reader_fail(&r, MITOME_E_VALUE, "credential.version");
        MITOME_TRY(read_head(&r, version, &credential));
        for (size_t i = 0; i < (version == RECORD_VERSION ? (size_t)TEXTS : (size_t)FORMER_TEXTS); i++)
                MITOME_TRY(read_text(&r, texts[i]));
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

/* ---- the index ---- */

static uint32_t counter_object(uint32_t place)
{
        return place - OBJECT_CREDENTIAL + OBJECT_COUNTER;
}

/* Relying parties choose user ids: their first bytes tell nothing. */
static uint32_t user_tag(slice user_id)
{
        uint8_t hash[SHA256_SIZE];
        sha256(&user_id, 1, hash);
        return fido_index_tag(SLICE(hash));
}

/* After a power cut all that was reserved counts as used. */
static struct fido_index_entry entry_of(
        const struct mitome_element *element, const struct fido_credential *credential)
{
        int flags = (credential->discoverable ? INDEX_DISCOVERABLE : 0) |
                    (credential->algorithm == SIGNING_RS256 ? INDEX_CERTIFICATE : 0);
        return (struct fido_index_entry){
                .rp = fido_index_party(credential->rp_id_hash),
                .id = fido_index_tag(credential->id),
                .user = user_tag(credential->user_id),
                .place = credential->place,
                .used = element_number(element, counter_object(credential->place)),
                .flags = (uint8_t)flags,
                .protection = credential->protection,
        };
}

static bool next_place(const struct mitome_element *element, uint32_t from, uint32_t *ret)
{
        return store_next(element->store, from, OBJECT_CREDENTIAL_LAST, ret);
}

static mitome_status build(const struct mitome_element *element, struct fido_index *ret)
{
        uint32_t place = OBJECT_CREDENTIAL;
        struct fido_credential credential;
        for (; next_place(element, place, &place); place++) {
                if (!fido_read_credential(element, place, &credential))
                        continue;
                MITOME_TRY(fido_index_reserve(ret, NULL));
                const struct fido_index_entry entry = entry_of(element, &credential);
                fido_index_append(ret, &entry);
        }
        fido_index_sort(ret);
        ret->built = true;
        return ok();
}

/* Makes the index, if it is not there. */
static uint16_t make_index(struct mitome_element *element)
{
        struct fido_index fresh = { .next_place = OBJECT_CREDENTIAL };
        if (!element->fido.index.built) {
                mitome_status status = build(element, &fresh);
                if (failed(status)) {
                        fido_index_forget(&fresh);
                        return element_sw(status);
                }
                fido_index_forget(&element->fido.index);
                element->fido.index = fresh;
        }
        return SW_OK;
}

uint16_t fido_use_index(struct mitome_element *element, const struct fido_index **ret)
{
        SW_TRY(make_index(element));
        *ret = &element->fido.index;
        return SW_OK;
}

size_t fido_count(const struct mitome_element *element)
{
        size_t count = 0;
        if (element->fido.index.built)
                return element->fido.index.count;
        for (uint32_t place = OBJECT_CREDENTIAL; next_place(element, place, &place); place++)
                count++;
        return count;
}

size_t fido_count_certificate(const struct mitome_element *element)
{
        size_t count = 0;
        struct fido_credential credential;
        for (uint32_t place = OBJECT_CREDENTIAL; next_place(element, place, &place); place++)
                count += fido_read_credential(element, place, &credential) &&
                         credential.algorithm == SIGNING_RS256;
        return count;
}

size_t fido_count_discoverable(const struct mitome_element *element)
{
        size_t count = 0;
        struct fido_credential credential;
        if (element->fido.index.built)
                return element->fido.index.discoverable;
        for (uint32_t place = OBJECT_CREDENTIAL; next_place(element, place, &place); place++)
                count += fido_read_credential(element, place, &credential) && credential.discoverable;
        return count;
}

/* ---- finding ---- */

/* What the index is asked for. A list is a set of bits: one pass over a relying party's credentials finds
 * those of it, however many there are of both. */
struct tags {
        uint32_t id, user;
        uint64_t listed[64]; /* where the last 12 bits of an id's tag have their bit */
};

static struct tags tags_of(const struct fido_query *query)
{
        struct tags tags = { .id = fido_index_tag(query->id) };
        slice id;
        reader list = reader_over(query->listed, NULL, NULL);
        while (fields_next(&list, 0x87, &id)) {
                uint32_t tag = fido_index_tag(id);
                tags.listed[tag >> 6 & 63] |= UINT64_C(1) << (tag & 63);
        }
        if (query->user_id.size)
                tags.user = user_tag(query->user_id);
        return tags;
}

static bool is_listed(const struct fido_query *query, slice wanted)
{
        slice id;
        reader list = reader_over(query->listed, NULL, NULL);
        while (fields_next(&list, 0x87, &id))
                if (slice_equal(id, wanted))
                        return true;
        return false;
}

/* CTAP 2.1 12.1: what credProtect lets be found, which without verification is at most what was named. */
static bool is_shown(uint8_t protection, const struct fido_query *query)
{
        bool named = query->id.size > 0 || query->listed.size > 0;
        uint8_t most = query->verified ? FIDO_PROTECT_VERIFIED
                       : named         ? FIDO_PROTECT_NAMED
                                       : FIDO_PROTECT_NONE;
        return protection <= most;
}

static bool fits(const struct fido_credential *credential, const struct fido_query *query)
{
        return slice_equal(credential->rp_id_hash, query->rp_id_hash) &&
               (!query->id.size || slice_equal(credential->id, query->id)) &&
               (!query->listed.size || is_listed(query, credential->id)) &&
               (!query->user_id.size || slice_equal(credential->user_id, query->user_id)) &&
               (!query->discoverable || credential->discoverable) &&
               !(query->no_person && credential->algorithm == SIGNING_RS256) &&
               is_shown(credential->protection, query);
}

/* What the index can tell of it. */
static bool may_fit(
        const struct fido_index_entry *entry, const struct fido_query *query, const struct tags *tags)
{
        return !(entry->flags & INDEX_DOOMED) && (!query->id.size || entry->id == tags->id) &&
               (!query->listed.size || tags->listed[entry->id >> 6 & 63] >> (entry->id & 63) & 1) &&
               (!query->user_id.size || entry->user == tags->user) &&
               (!query->before || entry->place < query->before) &&
               (!query->discoverable || entry->flags & INDEX_DISCOVERABLE) &&
               !(query->no_person && entry->flags & INDEX_CERTIFICATE) && is_shown(entry->protection, query);
}

/* The record itself says the rest. */
static bool read_fitting(const struct mitome_element *element, const struct fido_index_entry *entry,
        const struct fido_query *query, struct fido_credential *ret)
{
        return fido_read_credential(element, entry->place, ret) && fits(ret, query) &&
               !fido_certificate_ended(element, ret);
}

uint16_t fido_find(
        struct mitome_element *element, const struct fido_query *query, struct fido_credential *ret)
{
        struct fido_index *index = &element->fido.index;
        struct fido_credential credential;
        size_t first, end;
        const struct tags tags = tags_of(query);
        SW_TRY(make_index(element));
        fido_index_range(index, fido_index_party(query->rp_id_hash), &first, &end);
        while (end-- > first) {
                const struct fido_index_entry *entry = &index->entries[end];
                if (may_fit(entry, query, &tags) && read_fitting(element, entry, query, &credential)) {
                        *ret = credential;
                        return SW_OK;
                }
        }
        return SW_NO_REFERENCE;
}

/* Only a query for an id or a user, or a certificate's end, is not answered by the index alone. */
uint16_t fido_count_found(struct mitome_element *element, const struct fido_query *query, size_t *ret)
{
        struct fido_index *index = &element->fido.index;
        struct fido_credential credential;
        size_t first, end, count = 0;
        const struct tags tags = tags_of(query);
        SW_TRY(make_index(element));
        fido_index_range(index, fido_index_party(query->rp_id_hash), &first, &end);
        for (size_t i = first; i < end; i++) {
                const struct fido_index_entry *entry = &index->entries[i];
                bool read = query->id.size || query->listed.size || query->user_id.size ||
                            entry->flags & INDEX_CERTIFICATE;
                count += may_fit(entry, query, &tags) &&
                         (!read || read_fitting(element, entry, query, &credential));
        }
        *ret = count;
        return SW_OK;
}

/* ---- counters ---- */

static uint16_t put_reserved(struct mitome_element *element, uint32_t place, uint32_t reserved)
{
        uint8_t bytes[4];
        writer w = WRITER(bytes);
        write_u32(&w, reserved);
        return element_put(element, counter_object(place), SLICE(bytes));
}

uint16_t fido_count_signature(
        struct mitome_element *element, const struct fido_credential *credential, uint32_t *ret)
{
        struct fido_index *index = &element->fido.index;
        SW_TRY(make_index(element));
        struct fido_index_entry *entry =
                fido_index_at(index, fido_index_party(credential->rp_id_hash), credential->place);
        if (!entry)
                return SW_UNKNOWN;
        if (entry->left == 0) {
                if (entry->used > UINT32_MAX - COUNTER_BLOCK)
                        return SW_CONDITIONS;
                SW_TRY(put_reserved(element, entry->place, entry->used + COUNTER_BLOCK));
                SW_TRY(element_commit(element));
                entry->left = COUNTER_BLOCK;
        }
        entry->left--;
        *ret = ++entry->used;
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
        write_u8(w, (uint8_t)((credential->discoverable ? FLAG_DISCOVERABLE : 0) |
                              (credential->payment ? FLAG_PAYMENT : 0)));
        write_u8(w, credential->protection);
        write_slice(w, credential->id);
        write_slice(w, credential->rp_id_hash);
        write_text(w, credential->key);
        write_text(w, credential->rp_id);
        write_text(w, credential->user_id);
        write_text(w, credential->user_name);
        write_text(w, credential->display_name);
        write_text(w, credential->seeds);
        write_text(w, credential->blob_key);
        write_text(w, credential->blob);
}

static uint16_t put_record(struct mitome_element *element, const struct fido_credential *credential)
{
        uint8_t record[RECORD_MAX];
        writer w = WRITER(record);
        write_record(&w, credential);
        uint16_t sw = w.overflowed ? SW_UNKNOWN : element_put(element, credential->place, writer_view(&w));
        bytes_wipe(record, sizeof record);
        return sw;
}

uint16_t fido_put_credential(struct mitome_element *element, struct fido_credential *credential)
{
        struct fido_index *index = &element->fido.index;
        SW_TRY(make_index(element));
        SW_TRY(element_sw(fido_index_reserve(index, NULL)));
        credential->place = index->next_place;
        if (credential->place > OBJECT_CREDENTIAL_LAST)
                return SW_FULL;
        SW_TRY(put_record(element, credential));
        if (credential->discoverable)
                SW_TRY(fido_store_changed(element));
        index->added = entry_of(element, credential);
        index->has_added = true;
        return SW_OK;
}

uint16_t fido_rewrite_credential(struct mitome_element *element, const struct fido_credential *credential)
{
        if (credential->discoverable)
                SW_TRY(fido_store_changed(element));
        return put_record(element, credential);
}

void fido_drop_keys(struct mitome_element *element)
{
        for (size_t i = 0; i < FIDO_READY_KEYS; i++)
                signing_ready_forget(&element->fido.ready[i]);
}

static uint16_t doom(struct mitome_element *element, struct fido_index_entry *entry)
{
        fido_drop_keys(element);
        entry->flags |= INDEX_DOOMED;
        if (entry->flags & INDEX_DISCOVERABLE)
                SW_TRY(fido_store_changed(element));
        SW_TRY(element_delete(element, entry->place));
        return element_delete(element, counter_object(entry->place));
}

uint16_t fido_delete_credential(struct mitome_element *element, const struct fido_credential *credential)
{
        struct fido_index *index = &element->fido.index;
        SW_TRY(make_index(element));
        struct fido_index_entry *entry =
                fido_index_at(index, fido_index_party(credential->rp_id_hash), credential->place);
        return entry ? doom(element, entry) : SW_UNKNOWN;
}

uint16_t fido_end_certificate_credentials(struct mitome_element *element)
{
        uint32_t place = OBJECT_CREDENTIAL;
        struct fido_credential credential;
        for (; next_place(element, place, &place); place++) {
                if (!fido_read_credential(element, place, &credential) ||
                        credential.algorithm != SIGNING_RS256)
                        continue;
                SW_TRY(fido_store_changed(element));
                SW_TRY(element_delete(element, place));
                SW_TRY(element_delete(element, counter_object(place)));
                fido_index_forget(&element->fido.index); /* made anew from what will be there */
        }
        return SW_OK;
}

uint16_t fido_commit_credentials(struct mitome_element *element)
{
        uint16_t sw = element_commit(element);
        fido_index_settle(&element->fido.index, sw == SW_OK);
        return sw;
}
