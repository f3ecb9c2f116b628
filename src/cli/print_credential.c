/* SPDX-License-Identifier: Apache-2.0 */
#include "authdata.h"
#include "print.h"

#include <openssl/x509.h>

static const struct {
        uint8_t bit;
        const char *name;
} flag_names[] = {
        { AUTHDATA_UP, "UP user present" },
        { AUTHDATA_UV, "UV user verified" },
        { AUTHDATA_BE, "BE backup eligible" },
        { AUTHDATA_BS, "BS backed up" },
        { AUTHDATA_AT, "AT attested credential data" },
        { AUTHDATA_ED, "ED extension data" },
};

static void line(FILE *out, int indent, const char *name)
{
        fprintf(out, "%*s%-14s ", indent, "", name);
}

static void hex_line(FILE *out, int indent, const char *name, slice bytes)
{
        line(out, indent, name);
        print_hex(out, bytes, SIZE_MAX);
        fputc('\n', out);
}

static void print_flags(FILE *out, int indent, uint8_t flags)
{
        const char *separator = " ";
        line(out, indent, "flags");
        fprintf(out, "0x%02x:", flags);
        for (size_t i = 0; i < sizeof flag_names / sizeof flag_names[0]; i++)
                if (flags & flag_names[i].bit) {
                        fprintf(out, "%s%s", separator, flag_names[i].name);
                        separator = ", ";
                }
        fputc('\n', out);
}

static void print_key(FILE *out, int indent, const struct cose_key *key)
{
        const char *name = cose_algorithm_name(key->algorithm);
        line(out, indent, "public key");
        fprintf(out, "%s (%lld)\n", name ? name : "unknown", (long long)key->algorithm);
        const struct {
                const char *name;
                slice value;
        } parts[] = { { "  x", key->x }, { "  y", key->y }, { "  n", key->n }, { "  e", key->e } };
        for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
                if (parts[i].value.size)
                        hex_line(out, indent, parts[i].name, parts[i].value);
}

mitome_status print_cose_key(FILE *out, int indent, slice bytes, mitome_error *error)
{
        struct cose_key key;
        struct cbor_reader r = cbor_over(bytes, "WebAuthn L3 6.5.1.1", error);
        MITOME_TRY(cose_key_read(&r, "COSE key", NULL, &key));
        MITOME_TRY(cbor_end(&r, "COSE key"));
        print_key(out, indent, &key);
        return ok();
}

mitome_status print_authdata(FILE *out, int indent, slice bytes, mitome_error *error)
{
        struct authdata data;
        MITOME_TRY(authdata_read(bytes, &data, error));
        hex_line(out, indent, "rpIdHash", data.rp_id_hash);
        print_flags(out, indent, data.flags);
        line(out, indent, "signCount");
        fprintf(out, "%u\n", data.sign_count);
        if (data.flags & AUTHDATA_AT) {
                hex_line(out, indent, "AAGUID", data.aaguid);
                hex_line(out, indent, "credential id", data.credential_id);
                print_key(out, indent, &data.public_key);
        }
        if (data.flags & AUTHDATA_ED) {
                line(out, indent, "extensions");
                MITOME_TRY(print_cbor(out, data.extensions, NULL, true, error));
                fputc('\n', out);
        }
        return ok();
}

static void print_certificate(FILE *out, int indent, slice der)
{
        const unsigned char *at = der.data;
        X509 *certificate = d2i_X509(NULL, &at, (long)der.size);
        line(out, indent, "certificate");
        if (certificate) {
                BIO *text = BIO_new(BIO_s_mem());
                char *bytes = NULL;
                long size = 0;
                if (text &&
                        X509_NAME_print_ex(text, X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253) >= 0)
                        size = BIO_get_mem_data(text, &bytes);
                fwrite(bytes, 1, size > 0 ? (size_t)size : 0, out);
                BIO_free(text);
        }
        fprintf(out, " (%zu bytes)\n", der.size);
        X509_free(certificate);
}

/* The members of an attestation statement, of whatever format: each on a line, certificates by their subject.
 */
static mitome_status print_statement(FILE *out, int indent, struct cbor_reader *r)
{
        struct cbor_members map, chain;
        struct cbor_key key;
        slice item;
        MITOME_TRY(cbor_open_map(r, "attStmt", 64, &map));
        for (bool more;;) {
                MITOME_TRY(cbor_next_key(r, &map, &key, &more));
                if (!more)
                        return ok();
                if (key.is_text && slice_is(key.text, "x5c")) {
                        MITOME_TRY(cbor_open_array(r, "x5c", 16, &chain));
                        while (cbor_next_element(r, &chain)) {
                                MITOME_TRY(cbor_read_bytes(r, "x5c", SIZE_MAX, &item));
                                print_certificate(out, indent, item);
                        }
                        continue;
                }
                MITOME_TRY(cbor_read_item(r, "attStmt", &item));
                fprintf(out, "%*s", indent, "");
                if (key.is_text)
                        print_text(out, key.text);
                fputs(": ", out);
                MITOME_TRY(print_cbor(out, item, NULL, true, r->bytes.error));
                fputc('\n', out);
        }
}

/* Takes the text key that must come next. */
static mitome_status expect_key(struct cbor_reader *r, struct cbor_members *map, const char *name)
{
        struct cbor_key key;
        bool more;
        MITOME_TRY(cbor_next_key(r, map, &key, &more));
        return more && key.is_text && slice_is(key.text, name)
                       ? ok()
                       : reader_fail(&r->bytes, MITOME_E_MISSING, name);
}

mitome_status print_attestation_object(FILE *out, int indent, slice bytes, mitome_error *error)
{
        struct cbor_reader r = cbor_over(bytes, "WebAuthn L3 6.5.4", error);
        struct cbor_members map;
        struct authdata checked;
        slice format, statement, auth_data;
        MITOME_TRY(cbor_open_map(&r, "attestationObject", 3, &map));
        MITOME_TRY(expect_key(&r, &map, "fmt"));
        MITOME_TRY(cbor_read_text(&r, "fmt", 32, &format));
        MITOME_TRY(expect_key(&r, &map, "attStmt"));
        MITOME_TRY(cbor_read_item(&r, "attStmt", &statement));
        struct cbor_reader in_statement = cbor_within(&r, statement);
        MITOME_TRY(expect_key(&r, &map, "authData"));
        MITOME_TRY(cbor_read_bytes(&r, "authData", UINT16_MAX, &auth_data));
        MITOME_TRY(cbor_end(&r, "attestationObject"));
        mitome_error inner = { 0 };
        if (failed(authdata_read(auth_data, &checked, &inner))) {
                /* offsets count in the whole object */
                size_t start = r.bytes.offset - auth_data.size;
                return fail_at(error, inner.code, inner.at == MITOME_NOWHERE ? inner.at : start + inner.at,
                        inner.field, inner.clause);
        }

        line(out, indent, "format");
        print_text(out, format);
        fprintf(out, "\n%*sstatement\n", indent, "");
        MITOME_TRY(print_statement(out, indent + 2, &in_statement));
        fprintf(out, "%*sauthenticator data, %zu bytes\n", indent, "", auth_data.size);
        return print_authdata(out, indent + 2, auth_data, error);
}
