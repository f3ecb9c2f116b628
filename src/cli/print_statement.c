/* SPDX-License-Identifier: Apache-2.0 */
/* Attestation statements, WebAuthn L3 8. */
#include "print_statement.h"

#include "print_key.h"
#include "signed_statement.h"

enum { FORMAT_NAME_MAX = 32 };

/* ---- formats ---- */

static const struct format {
        const char *name, *clause, *meaning;
        unsigned required, optional; /* enum statement_member */
        bool empty, parts, free;     /* {}; an array of statements; members that are not known here */
} formats[] = {
        { "none", "WebAuthn L3 8.7", "says nothing of the authenticator", .empty = true },
        { "packed", "WebAuthn L3 8.2",
                "signed by the authenticator's key, or without x5c by the credential's own",
                STATEMENT_ALG | STATEMENT_SIG, STATEMENT_X5C },
        { "fido-u2f", "WebAuthn L3 8.6", "of a U2F token", STATEMENT_SIG | STATEMENT_X5C },
        { "tpm", "WebAuthn L3 8.3", "a TPM certifies the credential's key",
                STATEMENT_ALG | STATEMENT_SIG | STATEMENT_VER | STATEMENT_X5C | STATEMENT_PUB_AREA |
                        STATEMENT_CERT_INFO },
        { "android-key", "WebAuthn L3 8.4", "an Android keystore describes the credential's key",
                STATEMENT_ALG | STATEMENT_SIG | STATEMENT_X5C },
        { "apple", "WebAuthn L3 8.8", "Apple certifies the credential's key, and does not name the device",
                STATEMENT_X5C, STATEMENT_ALG },
        { "compound", "WebAuthn L3 8.9", "several statements about one credential", .parts = true },
        { "mitome-jpki", "mitome-jpki 3",
                "a person's JPKI certificate, and within \"device\" the authenticator",
                STATEMENT_ALG | STATEMENT_SIG | STATEMENT_X5C | STATEMENT_DEVICE },
        { "android-safetynet", "WebAuthn L3 8.5", "its service has ended: it proves nothing any more",
                .free = true },
};

static const struct format *format_named(slice name)
{
        for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
                if (slice_is(name, formats[i].name))
                        return &formats[i];
        return NULL;
}

/* ---- members: each takes its value ---- */

typedef mitome_status print_member(const struct print_place *place, struct cbor_reader *r, const char *name);

static mitome_status print_alg(const struct print_place *place, struct cbor_reader *r, const char *name)
{
        int64_t algorithm;
        MITOME_TRY(cbor_read_int(r, name, &algorithm));
        print_name(place, name);
        print_algorithm(place->out, algorithm);
        fputc('\n', place->out);
        return ok();
}

static mitome_status print_sig(const struct print_place *place, struct cbor_reader *r, const char *name)
{
        slice signature;
        MITOME_TRY(cbor_read_bytes(r, name, SIZE_MAX, &signature));
        print_bytes_line(place, name, signature);
        return ok();
}

static mitome_status print_ver(const struct print_place *place, struct cbor_reader *r, const char *name)
{
        slice version;
        MITOME_TRY(cbor_read_text(r, name, SIZE_MAX, &version));
        print_text_line(place, name, version);
        return ok();
}

/* A byte string that holds a structure. */
static mitome_status print_wrapped(
        const struct print_place *place, struct cbor_reader *r, const char *name, print_printer *printer)
{
        slice bytes;
        MITOME_TRY(cbor_read_bytes(r, name, SIZE_MAX, &bytes));
        print_line(place, name, "%zu bytes", bytes.size);
        print_part(place, printer, bytes, r->bytes.offset - bytes.size);
        return ok();
}

static mitome_status print_pub_area(const struct print_place *place, struct cbor_reader *r, const char *name)
{
        return print_wrapped(place, r, name, print_tpm_public);
}

static mitome_status print_cert_info(const struct print_place *place, struct cbor_reader *r, const char *name)
{
        return print_wrapped(place, r, name, print_tpm_attest);
}

mitome_status print_certificates(const struct print_place *place, struct cbor_reader *r)
{
        struct cbor_members array;
        slice der;
        char name[32];
        unsigned number = 0;
        MITOME_TRY(cbor_open_array(r, "x5c", CBOR_MEMBERS, &array));
        if (array.left == 0)
                print_line(place, "x5c", "empty");
        while (cbor_next_element(r, &array)) {
                snprintf(name, sizeof name, "x5c[%u]", number++);
                MITOME_TRY(cbor_read_bytes(r, "x5c", SIZE_MAX, &der));
                print_line(place, name, "certificate, %zu bytes", der.size);
                print_part(place, print_certificate, der, r->bytes.offset - der.size);
        }
        return ok();
}

static mitome_status print_x5c(const struct print_place *place, struct cbor_reader *r, const char *name)
{
        (void)name;
        return print_certificates(place, r);
}

/* DESIGN: a packed statement of the device, which vouches for the flags. */
static mitome_status print_device(const struct print_place *place, struct cbor_reader *r, const char *name)
{
        slice item;
        enum cbor_kind kind;
        MITOME_TRY(cbor_peek(r, name, &kind));
        if (kind != CBOR_KIND_MAP)
                return reader_fail(&r->bytes, MITOME_E_CBOR_TYPE, name);
        MITOME_TRY(cbor_read_item(r, name, &item));
        struct print_place within = *place;
        struct cbor_reader statement = cbor_within(r, item);
        print_line(place, name, "a packed statement");
        within.indent += 2;
        print_statement(&within, slice_text("packed"), &statement);
        return ok();
}

/* What a SafetyNet service had signed, a JWS. */
static mitome_status print_size(const struct print_place *place, struct cbor_reader *r, const char *name)
{
        slice bytes;
        MITOME_TRY(cbor_read_bytes(r, name, SIZE_MAX, &bytes));
        print_line(place, name, "%zu bytes", bytes.size);
        return ok();
}

static const struct member {
        const char *name;
        print_member *print;
} members[] = {
        { "alg", print_alg },
        { "sig", print_sig },
        { "ver", print_ver },
        { "x5c", print_x5c },
        { "pubArea", print_pub_area },
        { "certInfo", print_cert_info },
        { "device", print_device },
        { "response", print_size },
};

static const struct member *member_named(const struct cbor_key *key)
{
        for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
                if (key->is_text && slice_is(key->text, members[i].name))
                        return &members[i];
        return NULL;
}

/* One that is not known, or not of its type, is printed as it is. */
static void print_other(const struct print_place *place, const struct cbor_key *key, struct cbor_reader value)
{
        value.bytes.error = NULL;
        fprintf(place->out, "%*s", place->indent, "");
        if (key->is_text)
                print_text(place->out, key->text);
        else
                fprintf(place->out, "%lld", (long long)key->number);
        fputs(": ", place->out);
        (void)!failed(print_cbor_item(place, &value));
        fputc('\n', place->out);
}

static void print_value(
        const struct print_place *place, const struct cbor_key *key, const struct cbor_reader *value)
{
        const struct member *member = member_named(key);
        struct cbor_reader r = *value;
        mitome_error wrong = { 0 };
        r.bytes.error = &wrong;
        if (member && !failed(member->print(place, &r, member->name)))
                return;
        print_other(place, key, *value);
        if (member)
                print_wrong(place, &wrong);
}

static mitome_status print_members(const struct print_place *place, struct cbor_reader *r)
{
        struct cbor_members map;
        struct cbor_key key;
        slice item;
        MITOME_TRY(cbor_open_map(r, "attStmt", CBOR_MEMBERS, &map));
        if (map.left == 0)
                fprintf(place->out, "%*sempty\n", place->indent, "");
        for (bool more;;) {
                MITOME_TRY(cbor_next_key(r, &map, &key, &more));
                if (!more)
                        return cbor_end(r, "attStmt");
                MITOME_TRY(cbor_read_item(r, "attStmt", &item));
                struct cbor_reader value = cbor_within(r, item);
                print_value(place, &key, &value);
        }
}

/* ---- compound ---- */

struct inner {
        slice format;
        struct cbor_reader statement;
        bool has_format, has_statement;
};

static mitome_status read_inner(struct cbor_reader *r, struct inner *ret)
{
        const struct cbor_reader start = *r;
        struct inner inner = { 0 };
        struct cbor_members map;
        struct cbor_key key;
        slice item;
        MITOME_TRY(cbor_open_map(r, "attStmt[]", CBOR_MEMBERS, &map));
        for (bool more;;) {
                MITOME_TRY(cbor_next_key(r, &map, &key, &more));
                if (!more)
                        break;
                if (key.is_text && slice_is(key.text, "fmt")) {
                        inner.has_format = true;
                        MITOME_TRY(cbor_read_text(r, "attStmt[].fmt", FORMAT_NAME_MAX, &inner.format));
                        continue;
                }
                MITOME_TRY(cbor_read_item(r, "attStmt[]", &item));
                if (key.is_text && slice_is(key.text, "attStmt")) {
                        inner.has_statement = true;
                        inner.statement = cbor_within(r, item);
                }
        }
        if (!inner.has_format || !inner.has_statement)
                return reader_fail(&start.bytes, MITOME_E_MISSING,
                        inner.has_format ? "attStmt[].attStmt" : "attStmt[].fmt");
        *ret = inner;
        return ok();
}

static mitome_status print_parts(const struct print_place *place, struct cbor_reader *r)
{
        const struct cbor_reader start = *r;
        struct cbor_members array;
        unsigned number = 0;
        MITOME_TRY(cbor_open_array(r, "attStmt", CBOR_MEMBERS, &array));
        while (cbor_next_element(r, &array)) {
                struct inner inner;
                MITOME_TRY(read_inner(r, &inner));
                fprintf(place->out, "%*sstatement %u\n", place->indent, "", ++number);
                struct print_place within = *place;
                within.indent += 2;
                /* "nonCompoundAttStmt" */
                if (slice_is(inner.format, "compound"))
                        return reader_fail(&start.bytes, MITOME_E_COMPOUND_NESTED, "attStmt[].fmt");
                print_statement(&within, inner.format, &inner.statement);
        }
        if (number < 2)
                return reader_fail(&start.bytes, MITOME_E_COMPOUND_TOO_FEW, "attStmt");
        return cbor_end(r, "attStmt");
}

/* ---- what the format asks for ---- */

static mitome_status check_empty(struct cbor_reader *r)
{
        const struct cbor_reader start = *r;
        struct cbor_members map;
        MITOME_TRY(cbor_open_map(r, "attStmt", CBOR_MEMBERS, &map));
        return map.left ? reader_fail(&start.bytes, MITOME_E_STATEMENT_NOT_EMPTY, "attStmt") : ok();
}

static mitome_status check_members(struct cbor_reader *r, const struct format *format)
{
        struct signed_statement statement;
        return format->free    ? ok()
               : format->empty ? check_empty(r)
                               : signed_statement_read(r, format->required, format->optional, &statement);
}

void print_statement(const struct print_place *place, slice name, const struct cbor_reader *statement)
{
        const struct format *format = format_named(name);
        mitome_error wrong = { 0 }, unfit = { 0 };
        struct cbor_reader r = *statement, again = *statement;
        print_text_line(place, "format", name);
        if (format)
                print_line(place, "", "%s (%s)", format->meaning, format->clause);
        else
                print_line(place, "", "not a format that is known here");
        struct print_place within = *place;
        within.indent += 2;
        if (format)
                r.bytes.clause = again.bytes.clause = format->clause;
        r.bytes.error = &wrong;
        again.bytes.error = &unfit;
        mitome_status status =
                format && format->parts ? print_parts(&within, &r) : print_members(&within, &r);
        if (failed(status))
                print_wrong(&within, &wrong);
        else if (format && !format->parts && failed(check_members(&again, format)))
                print_wrong(&within, &unfit);
}
