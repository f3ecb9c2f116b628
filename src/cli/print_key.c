/* SPDX-License-Identifier: Apache-2.0 */
/* COSE keys. */
#include "print_key.h"

#include "cose_table.h"

static const char clause[] = "WebAuthn L3 6.5.1.1";

void print_algorithm(FILE *out, int64_t algorithm)
{
        const char *name = cose_algorithm_name(algorithm);
        fprintf(out, "%s (%lld)", name ? name : "not known here", (long long)algorithm);
}

/* What the parameters are of. */
static const char *form_name(const struct cose_key *key)
{
        static const char *const names[COSE_FORMS] = {
                [COSE_FORM_P256] = "P-256",
                [COSE_FORM_P384] = "P-384",
                [COSE_FORM_P521] = "P-521",
                [COSE_FORM_SECP256K1] = "secp256k1",
                [COSE_FORM_ED25519] = "Ed25519",
                [COSE_FORM_ED448] = "Ed448",
                [COSE_FORM_RSA] = "RSA",
                [COSE_FORM_ML_DSA_44] = "ML-DSA-44",
                [COSE_FORM_ML_DSA_65] = "ML-DSA-65",
                [COSE_FORM_ML_DSA_87] = "ML-DSA-87",
        };
        enum cose_form form;
        return cose_algorithm_form(key->algorithm, &form) ? names[form] : "";
}

static void print_key(const struct print_place *place, const struct cose_key *key)
{
        const struct {
                const char *name;
                slice value;
        } parts[] = { { "  x", key->x }, { "  y", key->y }, { "  n", key->n }, { "  e", key->e } };
        print_name(place, "public key");
        print_algorithm(place->out, key->algorithm);
        fprintf(place->out, ", %s", form_name(key));
        if (key->n.size)
                fprintf(place->out, " of %zu bits", 8 * key->n.size);
        fputc('\n', place->out);
        for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
                if (parts[i].value.size)
                        print_hex_line(place, parts[i].name, parts[i].value);
}

void print_key_bytes(const struct print_place *place, slice bytes)
{
        mitome_error wrong = { 0 };
        struct cbor_reader r = print_cbor_reader(place, bytes, clause), again = r;
        struct cose_key key;
        r.bytes.error = &wrong;
        if (!failed(cose_key_read(&r, "credentialPublicKey", NULL, &key))) {
                print_key(place, &key);
                return;
        }
        print_name(place, "public key");
        again.bytes.error = NULL;
        again.any_order = true;
        if (failed(print_cbor_item(place, &again)))
                print_hex(place->out, bytes, SIZE_MAX);
        fputc('\n', place->out);
        print_wrong(place, &wrong);
}

mitome_status print_cose_key(const struct print_place *place, slice bytes)
{
        struct cose_key key;
        struct cbor_reader r = print_cbor_reader(place, bytes, clause);
        MITOME_TRY(cose_key_read(&r, "COSE key", NULL, &key));
        MITOME_TRY(cbor_end(&r, "COSE key"));
        print_key(place, &key);
        return ok();
}
