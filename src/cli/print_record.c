/* SPDX-License-Identifier: Apache-2.0 */
/* Credential records, docs/record.md. */
#include "print_key.h"
#include "print_x509.h"
#include "record_fields.h"

#include <stdlib.h>

/* ---- members that are more than bytes ---- */

static void print_public_key(const struct print_place *place, slice bytes)
{
        struct print_place within = *place;
        within.indent += 2;
        within.at = 0;
        print_key_bytes(&within, bytes);
}

static void print_object(const struct print_place *place, slice bytes)
{
        print_part(place, print_attestation_object, bytes, 0);
}

static void print_issuer(const struct print_place *place, slice bytes)
{
        X509_NAME *name = print_x509_decode(bytes, ASN1_ITEM_rptr(X509_NAME));
        if (name)
                print_x509_name(place, "", name);
        X509_NAME_free(name);
}

static void print_aaguid(const struct print_place *place, slice bytes)
{
        print_aaguid_line(place, "", bytes);
}

static const struct {
        const char *name;
        void (*print)(const struct print_place *place, slice bytes);
} deeper[] = {
        { "public_key_b64url", print_public_key },
        { "aaguid_b64url", print_aaguid },
        { "attestation_object_b64url", print_object },
        { "attestation_issuer_b64url", print_issuer },
        { "certificate_issuer_b64url", print_issuer },
};

static void print_deeper(const struct print_place *place, const char *name, slice bytes)
{
        for (size_t i = 0; i < sizeof deeper / sizeof deeper[0]; i++)
                if (slice_is(slice_text(name), deeper[i].name))
                        deeper[i].print(place, bytes);
}

/* ---- members by their shape ---- */

static void print_bytes(const struct print_place *place, const struct record_field *field, const void *value)
{
        const slice *bytes = value;
        print_bytes_line(place, field->name, *bytes);
        print_deeper(place, field->name, *bytes);
}

static void print_text_member(
        const struct print_place *place, const struct record_field *field, const void *value)
{
        print_text_line(place, field->name, *(const slice *)value);
}

static void print_key_id(const struct print_place *place, const struct record_field *field, const void *value)
{
        print_hex_line(place, field->name, slice_of(value, MITOME_RECORD_KEY_ID_SIZE));
}

static void print_count(const struct print_place *place, const struct record_field *field, const void *value)
{
        mitome_error named = { 0 };
        char text[512];
        uint32_t number = *(const uint32_t *)value;
        if (!slice_is(slice_text(field->name), "standing_code")) {
                print_line(place, field->name, "%u", number);
                return;
        }
        named = (mitome_error){ (mitome_code)number, MITOME_NOWHERE, NULL, NULL };
        mitome_explain(&named, text, sizeof text);
        print_line(place, field->name, "%s", text);
}

static void print_time(const struct print_place *place, const struct record_field *field, const void *value)
{
        print_time_line(place, field->name, *(const int64_t *)value);
}

static void print_flag(const struct print_place *place, const struct record_field *field, const void *value)
{
        print_line(place, field->name, "%s", *(const bool *)value ? "yes" : "no");
}

static void print_answer(const struct print_place *place, const struct record_field *field, const void *value)
{
        enum mitome_answer answer = *(const enum mitome_answer *)value;
        print_line(place, field->name, "%s", answer == MITOME_ANSWER_YES ? "yes" : "no");
}

static void print_word(const struct print_place *place, const struct record_field *field, const void *value)
{
        unsigned number = *(const unsigned *)value;
        const char *word = number <= field->most ? field->words[number] : NULL;
        print_line(place, field->name, "%s", word ? word : "not known");
}

static void print_transports(
        const struct print_place *place, const struct record_field *field, const void *value)
{
        uint32_t bits = *(const uint32_t *)value;
        const char *separator = "";
        print_name(place, field->name);
        for (unsigned i = 0; i < RECORD_TRANSPORT_WORDS; i++)
                if (bits & UINT32_C(1) << i) {
                        fprintf(place->out, "%s%s", separator, record_transport_words[i]);
                        separator = ", ";
                }
        fputc('\n', place->out);
}

static void print_record(const struct print_place *place, const struct mitome_record *record)
{
        static void (*const shapes[RECORD_SHAPES])(
                const struct print_place *place, const struct record_field *field, const void *value) = {
                [RECORD_BYTES] = print_bytes,
                [RECORD_TEXT] = print_text_member,
                [RECORD_KEY_ID] = print_key_id,
                [RECORD_COUNT] = print_count,
                [RECORD_TIME] = print_time,
                [RECORD_BOOL] = print_flag,
                [RECORD_ANSWER] = print_answer,
                [RECORD_WORD] = print_word,
                [RECORD_TRANSPORTS] = print_transports,
        };
        for (size_t i = 0; i < RECORD_FIELDS; i++) {
                const struct record_field *field = &record_fields[i];
                if (!record_is_absent(record, field))
                        shapes[field->shape](place, field, record_get(record, field));
        }
}

mitome_status print_record_json(const struct print_place *place, slice json)
{
        mitome_error inner = { 0 };
        struct mitome_record record;
        uint8_t *space = malloc(json.size + 1);
        if (!space)
                return fail(place->error, MITOME_E_NO_MEMORY, "record", NULL);
        mitome_status status = mitome_record_read_json(json, space, json.size, &record, &inner);
        if (!failed(status))
                print_record(place, &record);
        free(space);
        return print_relay(place, status, &inner);
}

mitome_status print_record_cbor(const struct print_place *place, slice cbor)
{
        mitome_error inner = { 0 };
        struct mitome_record record;
        mitome_status status = mitome_record_read_cbor(cbor, &record, &inner);
        if (!failed(status))
                print_record(place, &record);
        return print_relay(place, status, &inner);
}
