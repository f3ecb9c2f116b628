/* SPDX-License-Identifier: Apache-2.0 */
#include "verify_trust.h"

#include "trust_files.h"

#include <stdlib.h>

/* One anchor or list of the options, kept as it came: a case with lists of its own needs a snapshot of its
 * own. */
struct material {
        enum verify_trust_kind kind;
        uint8_t *bytes;
        size_t size;
};

struct verify_trust {
        struct mitome_trust *snapshot;
        struct mitome_metadata *metadata;
        struct material *materials;
        size_t count;
};

static const struct {
        const char *label; /* of PEM */
        trust_add *add;
} kinds[VERIFY_KINDS] = {
        [VERIFY_ANCHOR] = { "CERTIFICATE", mitome_trust_add_anchor },
        [VERIFY_JPKI_ANCHOR] = { "CERTIFICATE", mitome_trust_add_jpki_anchor },
        [VERIFY_CRL] = { "X509 CRL", mitome_trust_add_crl },
        [VERIFY_OCSP] = { "OCSP RESPONSE", mitome_trust_add_ocsp },
};

mitome_status verify_trust_new(struct verify_trust **ret, mitome_error *error)
{
        struct verify_trust *trust = calloc(1, sizeof *trust);
        if (!trust)
                return fail(error, MITOME_E_NO_MEMORY, "trust", NULL);
        mitome_status status = mitome_trust_new(&trust->snapshot, error);
        if (failed(status)) {
                free(trust);
                return status;
        }
        *ret = trust;
        return ok();
}

void verify_trust_free(struct verify_trust *trust)
{
        if (!trust)
                return;
        mitome_trust_free(trust->snapshot);
        mitome_metadata_free(trust->metadata);
        for (size_t i = 0; i < trust->count; i++)
                free(trust->materials[i].bytes);
        free(trust->materials);
        free(trust);
}

/* Owns `bytes` when it succeeds. */
static mitome_status keep(struct verify_trust *trust, enum verify_trust_kind kind, uint8_t *bytes,
        size_t size, mitome_error *error)
{
        struct material *grown = realloc(trust->materials, (trust->count + 1) * sizeof *grown);
        if (!grown)
                return fail(error, MITOME_E_NO_MEMORY, "trust", NULL);
        trust->materials = grown;
        trust->materials[trust->count++] = (struct material){ kind, bytes, size };
        return ok();
}

mitome_status verify_trust_add_file(
        struct verify_trust *trust, enum verify_trust_kind kind, const char *path, mitome_error *error)
{
        uint8_t *bytes = NULL;
        slice content;
        MITOME_TRY(trust_read_file(path, &bytes, &content, error));
        mitome_status status =
                trust_add_content(trust->snapshot, content, kinds[kind].label, kinds[kind].add, error);
        if (!failed(status))
                status = keep(trust, kind, bytes, content.size, error);
        if (failed(status))
                free(bytes);
        return status;
}

void verify_trust_set_metadata(struct verify_trust *trust, struct mitome_metadata *metadata)
{
        mitome_metadata_free(trust->metadata);
        trust->metadata = metadata;
        mitome_trust_set_metadata(trust->snapshot, metadata);
}

const struct mitome_metadata *verify_trust_metadata(const struct verify_trust *trust)
{
        return trust->metadata;
}

void verify_trust_believe_models(struct verify_trust *trust)
{
        const struct mitome_metadata_entry *entry;
        for (size_t i = 0; trust->metadata && (entry = mitome_metadata_at(trust->metadata, i)); i++)
                for (size_t root = 0; root < entry->root_count; root++) {
                        /* One that OpenSSL does not read has signed no list that it reads either. */
                        mitome_status status =
                                mitome_trust_add_anchor(trust->snapshot, entry->roots[root], NULL);
                        (void)status;
                }
}

const struct mitome_trust *verify_trust_snapshot(const struct verify_trust *trust)
{
        return trust->snapshot;
}

mitome_status verify_trust_add_lists(
        const struct verify_trust *trust, struct mitome_trust *into, mitome_error *error)
{
        for (size_t i = 0; i < trust->count; i++) {
                const struct material *m = &trust->materials[i];
                if (m->kind == VERIFY_CRL || m->kind == VERIFY_OCSP)
                        MITOME_TRY(trust_add_content(into, slice_of(m->bytes, m->size), kinds[m->kind].label,
                                kinds[m->kind].add, error));
        }
        return ok();
}

/* What is no CA, or says so as certificates of version 1 do, by not being able to, vouches for no person; it
 * may be a maker's all the same. */
static mitome_status add_if_for_persons(struct mitome_trust *trust, slice der, mitome_error *error)
{
        mitome_error own = { 0 };
        mitome_status status = mitome_trust_add_jpki_anchor(trust, der, &own);
        if (!failed(status) || status.code == MITOME_E_ANCHOR_NO_CA)
                return ok();
        error_record(error, status.code, own.at, own.field, own.clause);
        return status;
}

static mitome_status fill(const struct verify_trust *trust, const slice *root_pem, const slice *crls,
        size_t crl_count, struct mitome_trust *made, mitome_error *error)
{
        for (size_t i = 0; i < trust->count; i++) {
                const struct material *m = &trust->materials[i];
                bool anchor = m->kind == VERIFY_ANCHOR || m->kind == VERIFY_JPKI_ANCHOR;
                if (!anchor || !root_pem)
                        MITOME_TRY(trust_add_content(made, slice_of(m->bytes, m->size), kinds[m->kind].label,
                                kinds[m->kind].add, error));
        }
        if (root_pem) {
                MITOME_TRY(trust_add_content(
                        made, *root_pem, kinds[VERIFY_ANCHOR].label, kinds[VERIFY_ANCHOR].add, error));
                MITOME_TRY(trust_add_content(
                        made, *root_pem, kinds[VERIFY_JPKI_ANCHOR].label, add_if_for_persons, error));
        }
        for (size_t i = 0; i < crl_count; i++)
                MITOME_TRY(mitome_trust_add_crl(made, crls[i], error));
        mitome_trust_set_metadata(made, trust->metadata);
        return ok();
}

mitome_status verify_trust_for_case(const struct verify_trust *trust, const slice *root_pem,
        const slice *crls, size_t crl_count, struct mitome_trust **ret, mitome_error *error)
{
        struct mitome_trust *made;
        MITOME_TRY(mitome_trust_new(&made, error));
        mitome_status status = fill(trust, root_pem, crls, crl_count, made, error);
        if (failed(status)) {
                mitome_trust_free(made);
                return status;
        }
        *ret = made;
        return ok();
}
