/* SPDX-License-Identifier: Apache-2.0 */
/* Metadata BLOBs, FIDO Metadata Service 3. */
#include "metadata_signature.h"
#include "metadata_snapshot.h"
#include "print_json.h"

#include <stdlib.h>

enum { IDENTIFIER_SIZE = METADATA_KEY_IDENTIFIER_SIZE, SPARE = 64 };

/* Where a decoded part begins in the BLOB is told in its line; offsets within count in its decoded bytes. */

/* ---- the header, RFC 7515 4.1 ---- */

static mitome_status print_chain(
        const struct print_place *place, struct json_reader *r, writer *scratch, writer *space)
{
        struct json_members array;
        unsigned number = 0;
        char name[32];
        slice der;
        MITOME_TRY(json_open_array(r, "x5c", &array));
        for (bool more;;) {
                MITOME_TRY(json_next_element(r, &array, &more));
                if (!more)
                        return ok();
                MITOME_TRY(metadata_read_base64(r, "x5c", scratch, space, &der));
                snprintf(name, sizeof name, "x5c[%u]", number++);
                print_line(place, name, "certificate, %zu bytes", der.size);
                print_part(place, print_certificate, der, 0);
        }
}

static mitome_status print_header(const struct print_place *place, slice json, writer *scratch, writer *space)
{
        static const char *const known[] = { "alg", "typ", "x5c", NULL };
        struct json_reader r = json_over(json, "RFC 7515 4.1", place->error);
        struct json_members object;
        slice name;
        print_json_line(place, json, "alg");
        print_json_line(place, json, "typ");
        MITOME_TRY(json_open_object(&r, "metadata BLOB header", &object));
        for (bool more;;) {
                MITOME_TRY(json_next_member(&r, &object, &name, &more));
                if (!more)
                        break;
                if (json_name_is(name, "x5c"))
                        MITOME_TRY(print_chain(place, &r, scratch, space));
                else
                        MITOME_TRY(json_skip(&r, "metadata BLOB header"));
        }
        print_json_others(place, json, known, PRINT_JSON_SHOWN);
        return json_end(&r, "metadata BLOB header");
}

/* ---- the payload ---- */

/* The keys by which U2F models are known, one for each entry: 1 + its place among the snapshot's keys. */
static size_t *first_keys(const struct mitome_metadata *metadata)
{
        size_t *first = calloc(metadata->entry_count + 1, sizeof *first);
        for (size_t i = 0; first && i < metadata->key_count; i++) {
                size_t entry = (size_t)(metadata->keys[i].entry - metadata->entries);
                if (first[entry] == 0)
                        first[entry] = i + 1;
        }
        return first;
}

static const char *level_name(unsigned level)
{
        static const char *const names[] = { "no level", "L1", "L1plus", "L2", "L2plus", "L3", "L3plus" };
        return level < sizeof names / sizeof names[0] ? names[level] : "another level";
}

static void print_uuid(FILE *out, slice aaguid)
{
        for (size_t i = 0; i < aaguid.size; i++)
                fprintf(out, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", aaguid.data[i]);
}

static void print_entry(const struct print_place *place, const struct mitome_metadata_entry *entry,
        const struct metadata_key *key)
{
        fprintf(place->out, "%*s", place->indent, "");
        if (entry->aaguid.size)
                print_uuid(place->out, entry->aaguid);
        else if (key)
                print_hex(place->out, slice_of(key->identifier, IDENTIFIER_SIZE), SIZE_MAX);
        else
                fputs("no AAGUID, no key", place->out);
        fputc(' ', place->out);
        print_text(place->out, entry->description);
        fprintf(place->out, ", %s, %s%s\n", mitome_metadata_status_name(entry->status),
                level_name(entry->certification_level), entry->compromised ? ", COMPROMISED" : "");
}

static void print_entries(const struct print_place *place, const struct mitome_metadata *metadata)
{
        size_t *first = first_keys(metadata);
        for (size_t i = 0; i < metadata->entry_count; i++) {
                const struct metadata_key *key = first && first[i] ? &metadata->keys[first[i] - 1] : NULL;
                print_entry(place, &metadata->entries[i], key);
        }
        free(first);
}

/* As of all its reports, those that begin later among them: nothing here asks for the time. */
static mitome_status print_payload(const struct print_place *place, slice json, writer *scratch)
{
        mitome_error inner = { 0 };
        struct mitome_metadata *metadata;
        mitome_status status =
                metadata_snapshot_read(json, slice_of(NULL, 0), INT64_MAX, scratch, &metadata, &inner);
        if (failed(status))
                return print_relay(place, status, &inner);
        const struct mitome_metadata_info info = mitome_metadata_describe(metadata);
        print_line(place, "no", "%llu", (unsigned long long)info.number);
        print_time_line(place, "nextUpdate", info.next_update);
        print_line(place, "entries", "%zu", info.entry_count);
        struct print_place within = *place;
        within.indent += 2;
        print_entries(&within, metadata);
        mitome_metadata_free(metadata);
        return ok();
}

/* ---- the BLOB ---- */

/* What is wrong in a part: said there, with offsets in its decoded bytes. */
static void end_part(const struct print_place *place, mitome_status status, const mitome_error *wrong)
{
        if (failed(status))
                print_wrong(place, wrong);
        else if (wrong->code != MITOME_OK)
                error_record(place->error, wrong->code, wrong->at, wrong->field, wrong->clause);
}

static mitome_status print_parts(const struct print_place *place, slice jws, writer *space, writer *scratch)
{
        mitome_error inner = { 0 }, wrong_header = { 0 }, wrong_payload = { 0 };
        struct metadata_jws parts;
        slice header, payload, signature;
        mitome_status status = metadata_jws_split(jws, &parts, &inner);
        if (!failed(status))
                status = metadata_jws_decode(parts.header, "metadata BLOB header", space, &header, &inner);
        if (!failed(status))
                status = metadata_jws_decode(parts.payload, "metadata BLOB payload", space, &payload, &inner);
        if (!failed(status))
                status = metadata_jws_decode(
                        parts.signature, "metadata BLOB signature", space, &signature, &inner);
        if (failed(status))
                return print_relay(place, status, &inner);
        struct print_place within = { place->out, place->indent + 2, 0, &wrong_header };
        print_line(place, "header", "%zu bytes", header.size);
        end_part(place, print_header(&within, header, scratch, space), &wrong_header);
        within.error = &wrong_payload;
        print_line(place, "payload", "%zu bytes", payload.size);
        end_part(place, print_payload(&within, payload, scratch), &wrong_payload);
        print_line(place, "signature", "%zu bytes, not verified", signature.size);
        return ok();
}

mitome_status print_metadata_blob(const struct print_place *place, slice jws)
{
        /* Three quarters for the parts decoded, as much again for certificates, a little for last groups. */
        size_t room = jws.size / 2 * 3 + SPARE;
        uint8_t *space = malloc(room), *scratch = malloc(jws.size + 1);
        mitome_status status;
        if (space && scratch) {
                writer s = writer_over(space, room), t = writer_over(scratch, jws.size);
                status = print_parts(place, jws, &s, &t);
        } else {
                status = fail(place->error, MITOME_E_NO_MEMORY, "metadata BLOB", NULL);
        }
        free(space);
        free(scratch);
        return status;
}
