/* SPDX-License-Identifier: Apache-2.0 */
#include "metadata_snapshot.h"

#include "metadata_status.h"

#include <stdalign.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const char clause[] = "FIDO Metadata Service 3.1.6";
static const char entry_clause[] = "FIDO Metadata Service 3.1.1";

enum { BASE64_GROUP = 4 };

/* ---- an entry as it stands in the payload ---- */

/* An array that is read twice: once to count, once to keep. */
struct list {
        struct json_reader at; /* its start */
        size_t count;
        size_t size; /* of its strings, as they stand */
};

/* One MetadataBLOBPayloadEntry, 3.1.1. */
struct draft {
        bool identified; /* by aaid, aaguid or keys */
        bool reported;
        bool has_aaguid, has_inner_aaguid, has_statement;
        uint8_t aaguid[METADATA_AAGUID_SIZE], inner_aaguid[METADATA_AAGUID_SIZE];
        struct list keys, roots;
        struct json_reader description;
        size_t description_size;
        slice statement;
        struct metadata_standing standing;
};

struct entry_reader {
        struct json_reader json;
        int64_t now;
        struct draft draft;
};

static slice span(const struct json_reader *from, const struct json_reader *to)
{
        return slice_of(from->bytes.rest.data, to->bytes.offset - from->bytes.offset);
}

/* Strings shorter than `least` cannot be what the list is of: memory is for those that can. */
static mitome_status read_list(struct json_reader *r, const char *field, size_t least, struct list *ret)
{
        struct list list = { .at = *r };
        struct json_members array;
        slice raw;
        MITOME_TRY(json_open_array(r, field, &array));
        for (bool more;;) {
                MITOME_TRY(json_next_element(r, &array, &more));
                if (!more)
                        break;
                MITOME_TRY(json_read_raw(r, field, &raw));
                if (raw.size < least)
                        return reader_fail(&r->bytes, MITOME_E_VALUE, field);
                list.count++;
                list.size += raw.size;
        }
        *ret = list;
        return ok();
}

static mitome_status read_aaid(struct entry_reader *e)
{
        slice raw;
        e->draft.identified = true;
        return json_read_raw(&e->json, "aaid", &raw);
}

/* All zeros is what authenticators say that have none: no model's name. */
static bool is_zero(const uint8_t aaguid[METADATA_AAGUID_SIZE])
{
        uint8_t bits = 0;
        for (size_t i = 0; i < METADATA_AAGUID_SIZE; i++)
                bits |= aaguid[i];
        return bits == 0;
}

static mitome_status read_aaguid(struct entry_reader *e)
{
        MITOME_TRY(metadata_read_aaguid(&e->json, "aaguid", e->draft.aaguid));
        e->draft.has_aaguid = !is_zero(e->draft.aaguid);
        e->draft.identified = true;
        return ok();
}

static mitome_status read_keys(struct entry_reader *e)
{
        e->draft.identified = true;
        return read_list(&e->json, "attestationCertificateKeyIdentifiers", 2 * METADATA_KEY_IDENTIFIER_SIZE,
                &e->draft.keys);
}

static mitome_status read_reports(struct entry_reader *e)
{
        e->draft.reported = true;
        return metadata_read_reports(&e->json, e->now, &e->draft.standing);
}

static mitome_status read_inner_aaguid(struct entry_reader *e)
{
        MITOME_TRY(metadata_read_aaguid(&e->json, "metadataStatement.aaguid", e->draft.inner_aaguid));
        e->draft.has_inner_aaguid = !is_zero(e->draft.inner_aaguid);
        return ok();
}

static mitome_status read_description(struct entry_reader *e)
{
        slice raw;
        e->draft.description = e->json;
        MITOME_TRY(json_read_raw(&e->json, "description", &raw));
        e->draft.description_size = raw.size;
        return ok();
}

static mitome_status read_roots(struct entry_reader *e)
{
        return read_list(&e->json, "attestationRootCertificates", BASE64_GROUP, &e->draft.roots);
}

struct member {
        const char *name;
        mitome_status (*read)(struct entry_reader *e);
};

/* A member that is null is one that is absent. */
static mitome_status read_members(
        struct entry_reader *e, const char *field, const struct member *members, size_t count)
{
        struct json_members object;
        slice name;
        bool null;
        MITOME_TRY(json_open_object(&e->json, field, &object));
        for (bool more;;) {
                MITOME_TRY(json_next_member(&e->json, &object, &name, &more));
                if (!more)
                        return ok();
                MITOME_TRY(metadata_take_null(&e->json, field, &null));
                if (null)
                        continue;
                size_t i = 0;
                while (i < count && !json_name_is(name, members[i].name))
                        i++;
                MITOME_TRY(i < count ? members[i].read(e) : json_skip(&e->json, field));
        }
}

static mitome_status read_statement(struct entry_reader *e)
{
        static const struct member members[] = {
                { "aaguid", read_inner_aaguid },
                { "description", read_description },
                { "attestationRootCertificates", read_roots },
        };
        struct json_reader start = e->json;
        MITOME_TRY(read_members(e, "metadataStatement", members, sizeof members / sizeof members[0]));
        e->draft.statement = span(&start, &e->json);
        e->draft.has_statement = true;
        return ok();
}

static mitome_status read_entry(struct json_reader *r, int64_t now, struct draft *ret)
{
        static const struct member members[] = {
                { "aaid", read_aaid },
                { "aaguid", read_aaguid },
                { "attestationCertificateKeyIdentifiers", read_keys },
                { "metadataStatement", read_statement },
                { "statusReports", read_reports },
        };
        struct entry_reader e = { .json = *r, .now = now };
        e.json.bytes.clause = entry_clause;
        const struct json_reader start = e.json;
        MITOME_TRY(read_members(&e, "entries", members, sizeof members / sizeof members[0]));
        if (!e.draft.identified)
                return reader_fail(&start.bytes, MITOME_E_MISSING, "aaguid");
        if (!e.draft.reported)
                return reader_fail(&start.bytes, MITOME_E_MISSING, "statusReports");
        /* Whose certificates would they be? */
        if (e.draft.has_inner_aaguid &&
                (!e.draft.has_aaguid || !slice_equal(SLICE(e.draft.aaguid), SLICE(e.draft.inner_aaguid))))
                return reader_fail(&start.bytes, MITOME_E_VALUE, "metadataStatement.aaguid");
        e.json.bytes.clause = r->bytes.clause;
        *r = e.json;
        *ret = e.draft;
        return ok();
}

/* ---- the payload, counted ---- */

struct count {
        size_t entries, models, keys, roots;
        size_t bytes; /* of texts and certificates, at most */
};

struct payload {
        bool numbered, dated, listed;
        uint64_t number;
        int64_t next_update;
        struct json_reader entries; /* their array's start */
        struct count count;
};

static void count_entry(struct count *count, const struct draft *draft)
{
        count->entries++;
        count->models += draft->has_aaguid;
        count->keys += draft->keys.count;
        count->roots += draft->roots.count;
        count->bytes += METADATA_AAGUID_SIZE + draft->description_size + draft->roots.size;
}

static mitome_status count_entries(struct json_reader *r, int64_t now, struct payload *payload)
{
        struct json_members array;
        struct draft draft;
        payload->entries = *r;
        payload->listed = true;
        MITOME_TRY(json_open_array(r, "entries", &array));
        for (bool more;;) {
                MITOME_TRY(json_next_element(r, &array, &more));
                if (!more)
                        return ok();
                if (payload->count.entries == MITOME_METADATA_ENTRIES_MAX)
                        return reader_fail(&r->bytes, MITOME_E_TOO_MANY, "entries");
                MITOME_TRY(read_entry(r, now, &draft));
                count_entry(&payload->count, &draft);
        }
}

static mitome_status read_number(struct json_reader *r, struct payload *payload)
{
        struct json_reader start = *r;
        int64_t number;
        MITOME_TRY(json_read_int(r, "no", &number));
        if (number < 0)
                return reader_fail(&start.bytes, MITOME_E_VALUE, "no");
        payload->number = (uint64_t)number;
        payload->numbered = true;
        return ok();
}

static mitome_status read_next_update(struct json_reader *r, struct payload *payload)
{
        payload->dated = true;
        return metadata_read_day(r, "nextUpdate", &payload->next_update);
}

static mitome_status read_payload(struct json_reader *r, int64_t now, struct payload *ret)
{
        struct payload payload = { 0 };
        struct json_members object;
        slice name;
        MITOME_TRY(json_open_object(r, "metadata BLOB payload", &object));
        for (bool more;;) {
                MITOME_TRY(json_next_member(r, &object, &name, &more));
                if (!more)
                        break;
                if (json_name_is(name, "no"))
                        MITOME_TRY(read_number(r, &payload));
                else if (json_name_is(name, "nextUpdate"))
                        MITOME_TRY(read_next_update(r, &payload));
                else if (json_name_is(name, "entries"))
                        MITOME_TRY(count_entries(r, now, &payload));
                else
                        MITOME_TRY(json_skip(r, "metadata BLOB payload"));
        }
        MITOME_TRY(json_end(r, "metadata BLOB payload"));
        if (!payload.numbered)
                return fail(r->bytes.error, MITOME_E_MISSING, "no", clause);
        if (!payload.dated)
                return fail(r->bytes.error, MITOME_E_MISSING, "nextUpdate", clause);
        if (!payload.listed)
                return fail(r->bytes.error, MITOME_E_MISSING, "entries", clause);
        *ret = payload;
        return ok();
}

/* ---- the block ---- */

/* What lies in it, in this order. */
enum part { HOLDING, METADATA, ENTRIES, STATEMENTS, ROOTS, MODELS, KEYS, BYTES, PARTS };

static size_t measure(const struct count *count, size_t signer_size, size_t sizes[PARTS])
{
        const size_t unit = alignof(max_align_t);
        const size_t exact[PARTS] = {
                [HOLDING] = sizeof(struct metadata_holding),
                [METADATA] = sizeof(struct mitome_metadata),
                [ENTRIES] = count->entries * sizeof(struct mitome_metadata_entry),
                [STATEMENTS] = count->entries * sizeof(struct metadata_statement),
                [ROOTS] = count->roots * sizeof(slice),
                [MODELS] = count->models * sizeof(struct mitome_metadata_entry *),
                [KEYS] = count->keys * sizeof(struct metadata_key),
                [BYTES] = count->bytes + signer_size,
        };
        size_t whole = 0;
        for (size_t i = 0; i < PARTS; i++) {
                sizes[i] = (exact[i] + unit - 1) / unit * unit;
                whole += sizes[i];
        }
        return whole;
}

/* A block that is being filled. */
struct shelf {
        struct mitome_metadata *metadata;
        struct mitome_metadata_entry *entries;
        struct metadata_statement *statements;
        slice *roots;
        size_t root_count;
        writer bytes;
        writer *scratch;
        mitome_error *error;
};

static mitome_status build_shelf(
        const struct count *count, size_t signer_size, struct shelf *ret, mitome_error *error)
{
        size_t sizes[PARTS], whole = measure(count, signer_size, sizes);
        uint8_t *space = calloc(1, whole);
        if (!space)
                return fail(error, MITOME_E_NO_MEMORY, "metadata BLOB", NULL);
        writer block = writer_over(space, whole);
        void *parts[PARTS];
        for (size_t i = 0; i < PARTS; i++)
                parts[i] = write_space(&block, sizes[i]);
        ret->metadata = parts[METADATA];
        ret->metadata->holding = parts[HOLDING];
        ret->entries = parts[ENTRIES];
        ret->statements = parts[STATEMENTS];
        ret->roots = parts[ROOTS];
        ret->root_count = 0;
        ret->metadata->entries = ret->entries;
        ret->metadata->models = parts[MODELS];
        ret->metadata->keys = parts[KEYS];
        ret->bytes = writer_over(parts[BYTES], sizes[BYTES]);
        ret->error = error;
        return ok();
}

void mitome_metadata_free(struct mitome_metadata *metadata)
{
        if (metadata)
                free(metadata->holding); /* where the block begins */
}

/* ---- the entries, kept ---- */

static slice keep(struct shelf *s, slice bytes)
{
        uint8_t *space = write_space(&s->bytes, bytes.size);
        writer w = writer_over(space, space ? bytes.size : 0);
        write_slice(&w, bytes);
        return writer_view(&w);
}

static mitome_status keep_description(struct shelf *s, const struct draft *draft, slice *ret)
{
        struct json_reader at = draft->description;
        if (draft->description_size == 0)
                return ok();
        uint8_t *space = write_space(&s->bytes, draft->description_size);
        if (!space)
                return fail(s->error, MITOME_E_BUFFER_FULL, "description", entry_clause);
        return json_read_string(&at, "description", space, draft->description_size, ret);
}

static mitome_status keep_roots(
        struct shelf *s, const struct draft *draft, struct mitome_metadata_entry *entry)
{
        static const char field[] = "attestationRootCertificates";
        struct json_reader at = draft->roots.at;
        struct json_members array;
        if (draft->roots.count == 0)
                return ok();
        entry->roots = &s->roots[s->root_count];
        entry->root_count = draft->roots.count;
        MITOME_TRY(json_open_array(&at, field, &array));
        for (bool more;;) {
                MITOME_TRY(json_next_element(&at, &array, &more));
                if (!more)
                        return ok();
                MITOME_TRY(metadata_read_base64(&at, field, s->scratch, &s->bytes, &s->roots[s->root_count]));
                s->root_count++;
        }
}

static mitome_status keep_keys(
        struct shelf *s, const struct draft *draft, const struct mitome_metadata_entry *entry)
{
        static const char field[] = "attestationCertificateKeyIdentifiers";
        struct json_reader at = draft->keys.at;
        struct json_members array;
        if (draft->keys.count == 0)
                return ok();
        MITOME_TRY(json_open_array(&at, field, &array));
        for (bool more;;) {
                MITOME_TRY(json_next_element(&at, &array, &more));
                if (!more)
                        return ok();
                struct metadata_key *key = &s->metadata->keys[s->metadata->key_count];
                MITOME_TRY(metadata_read_key_identifier(&at, field, key->identifier));
                key->entry = entry;
                s->metadata->key_count++;
        }
}

static mitome_status keep_entry(struct shelf *s, const struct draft *draft)
{
        struct mitome_metadata *metadata = s->metadata;
        struct mitome_metadata_entry *entry = &s->entries[metadata->entry_count];
        struct metadata_statement *statement = &s->statements[metadata->entry_count];
        entry->compromised = draft->standing.compromised;
        entry->status = draft->standing.status;
        entry->certification_level = draft->standing.certification_level;
        MITOME_TRY(keep_description(s, draft, &entry->description));
        MITOME_TRY(keep_roots(s, draft, entry));
        MITOME_TRY(keep_keys(s, draft, entry));
        if (draft->has_statement &&
                !failed(metadata_statement_read_in_blob(draft->statement, statement, NULL)))
                entry->statement = statement;
        if (draft->has_aaguid) {
                entry->aaguid = keep(s, SLICE(draft->aaguid));
                metadata->models[metadata->model_count++] = entry;
        }
        metadata->entry_count++;
        return ok();
}

static mitome_status keep_entries(struct shelf *s, const struct payload *payload, int64_t now)
{
        struct json_reader at = payload->entries;
        struct json_members array;
        struct draft draft;
        MITOME_TRY(json_open_array(&at, "entries", &array));
        for (bool more;;) {
                MITOME_TRY(json_next_element(&at, &array, &more));
                if (!more)
                        return ok();
                MITOME_TRY(read_entry(&at, now, &draft));
                MITOME_TRY(keep_entry(s, &draft));
        }
}

/* ---- indices ---- */

static int compare_models(const void *left, const void *right)
{
        const struct mitome_metadata_entry *const *a = left, *const *b = right;
        return memcmp((*a)->aaguid.data, (*b)->aaguid.data, METADATA_AAGUID_SIZE);
}

/* Of those that share a key the compromised first, then as they stand in the BLOB. */
static int compare_keys(const void *left, const void *right)
{
        const struct metadata_key *a = left, *b = right;
        int order = memcmp(a->identifier, b->identifier, METADATA_KEY_IDENTIFIER_SIZE);
        if (order == 0)
                order = b->entry->compromised - a->entry->compromised;
        if (order == 0)
                order = (a->entry > b->entry) - (a->entry < b->entry);
        return order;
}

/* Two entries of one model might say different things, and a lookup would find either. */
static mitome_status sort_indices(struct mitome_metadata *metadata, mitome_error *error)
{
        qsort(metadata->models, metadata->model_count, sizeof(struct mitome_metadata_entry *),
                compare_models);
        qsort(metadata->keys, metadata->key_count, sizeof(struct metadata_key), compare_keys);
        for (size_t i = 1; i < metadata->model_count; i++)
                if (compare_models(&metadata->models[i - 1], &metadata->models[i]) == 0)
                        return fail(error, MITOME_E_METADATA_TWICE, "aaguid", entry_clause);
        return ok();
}

static mitome_status fill(struct shelf *s, const struct payload *payload, slice signer, int64_t now)
{
        s->metadata->number = payload->number;
        s->metadata->next_update = payload->next_update;
        s->metadata->signer = keep(s, signer);
        MITOME_TRY(keep_entries(s, payload, now));
        return sort_indices(s->metadata, s->error);
}

mitome_status metadata_snapshot_read(slice json, slice signer, int64_t now, writer *scratch,
        struct mitome_metadata **ret, mitome_error *error)
{
        struct json_reader r = json_over(json, clause, error);
        struct payload payload;
        struct shelf shelf;
        MITOME_TRY(read_payload(&r, now, &payload));
        MITOME_TRY(build_shelf(&payload.count, signer.size, &shelf, error));
        shelf.scratch = scratch;
        mitome_status status = fill(&shelf, &payload, signer, now);
        if (failed(status))
                mitome_metadata_free(shelf.metadata);
        else
                *ret = shelf.metadata;
        return status;
}

/* ---- questions ---- */

static int compare_model_with(const void *aaguid, const void *model)
{
        const struct mitome_metadata_entry *const *entry = model;
        return memcmp(aaguid, (*entry)->aaguid.data, METADATA_AAGUID_SIZE);
}

const struct mitome_metadata_entry *mitome_metadata_find(
        const struct mitome_metadata *metadata, mitome_slice aaguid)
{
        if (aaguid.size != METADATA_AAGUID_SIZE || metadata->model_count == 0)
                return NULL;
        const struct mitome_metadata_entry *const *found = bsearch(aaguid.data, metadata->models,
                metadata->model_count, sizeof(struct mitome_metadata_entry *), compare_model_with);
        return found ? *found : NULL;
}

/* The first of those that share the key: where it would stand if nothing came before it. */
const struct mitome_metadata_entry *mitome_metadata_find_key(
        const struct mitome_metadata *metadata, mitome_slice key_identifier)
{
        size_t low = 0, high = metadata->key_count;
        if (key_identifier.size != METADATA_KEY_IDENTIFIER_SIZE)
                return NULL;
        while (low < high) {
                size_t middle = low + (high - low) / 2;
                if (memcmp(metadata->keys[middle].identifier, key_identifier.data,
                            METADATA_KEY_IDENTIFIER_SIZE) < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        const struct metadata_key *key = low < metadata->key_count ? &metadata->keys[low] : NULL;
        return key && slice_equal(SLICE(key->identifier), key_identifier) ? key->entry : NULL;
}

const struct mitome_metadata_entry *mitome_metadata_at(const struct mitome_metadata *metadata, size_t index)
{
        return index < metadata->entry_count ? &metadata->entries[index] : NULL;
}

struct mitome_metadata_info mitome_metadata_describe(const struct mitome_metadata *metadata)
{
        return (struct mitome_metadata_info){ metadata->number, metadata->next_update,
                metadata->entry_count };
}
