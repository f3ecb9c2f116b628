/* SPDX-License-Identifier: Apache-2.0 */
#include "authority.h"

#include <openssl/x509v3.h>
#include <stdlib.h>

enum { DAY = 86400 };

struct authority {
        struct mitome_random random;
        struct authority_ca {
                struct ca *ca;
                uint64_t crl_number;
                size_t revoked_count;
                struct listed {
                        uint8_t serial[AUTHORITY_SERIAL_SIZE];
                        int64_t at;
                        bool hold; /* 一時保留 */
                } revoked[AUTHORITY_REVOKED_MAX];
        } cas[2];
};

mitome_status authority_new(
        const struct mitome_random *random, int64_t now, struct authority **ret, mitome_error *error)
{
        struct authority *authority = calloc(1, sizeof *authority);
        if (!authority)
                return fail(error, MITOME_E_NO_MEMORY, "authority", NULL);
        authority->random = *random;
        mitome_status status = ok();
        for (int kind = 0; !failed(status) && kind < 2; kind++)
                status = ca_make((enum authority_kind)kind, random, now, &authority->cas[kind].ca, error);
        if (failed(status))
                authority_free(authority);
        else
                *ret = authority;
        return status;
}

void authority_free(struct authority *authority)
{
        if (!authority)
                return;
        for (size_t i = 0; i < sizeof authority->cas / sizeof authority->cas[0]; i++)
                ca_close(authority->cas[i].ca);
        free(authority);
}

slice authority_ca(const struct authority *authority, enum authority_kind kind)
{
        return ca_certificate(authority->cas[kind].ca);
}

mitome_status authority_issue(struct authority *authority, enum authority_kind kind,
        const struct authority_person *person, slice modulus, slice exponent, int64_t now,
        struct authority_certificate *ret, mitome_error *error)
{
        static const uint8_t f4[] = { 0x01, 0x00, 0x01 };
        if (!slice_equal(exponent, SLICE(f4)))
                return fail(error, MITOME_E_KEY_WEAK, "public key", "JPKI certificate profile");
        int64_t end;
        MITOME_TRY(ca_fifth_birthday(person, now, &end, error));
        MITOME_TRY(ca_draw_serial(&authority->random, ret->serial, error));
        const struct ca_order order = {
                .person = person,
                .modulus = modulus,
                .serial = SLICE(ret->serial),
                .not_before = now,
                .not_after = end,
        };
        return ca_issue(authority->cas[kind].ca, &order, &authority->random, &ret->der, error);
}

/* ---- revoking ---- */

static struct listed *find_listed(struct authority_ca *ca, const struct authority_certificate *certificate)
{
        for (size_t i = 0; i < ca->revoked_count; i++)
                if (slice_equal(SLICE(ca->revoked[i].serial), SLICE(certificate->serial)))
                        return &ca->revoked[i];
        return NULL;
}

/* A certificate stands on the list once, and what is revoked stays so. */
static mitome_status put_on_list(struct authority_ca *ca, const struct authority_certificate *certificate,
        int64_t now, bool hold, mitome_error *error)
{
        struct listed *entry = find_listed(ca, certificate);
        if (entry && (hold || !entry->hold))
                return ok();
        if (!entry) {
                if (ca->revoked_count == AUTHORITY_REVOKED_MAX)
                        return fail(error, MITOME_E_FULL, "revoked certificate", NULL);
                entry = &ca->revoked[ca->revoked_count];
                MITOME_TRY(slice_copy(
                        SLICE(certificate->serial), "serial", entry->serial, sizeof entry->serial, error));
                ca->revoked_count++;
        }
        entry->at = now;
        entry->hold = hold;
        return ok();
}

mitome_status authority_revoke(struct authority *authority, enum authority_kind kind,
        const struct authority_certificate *certificate, int64_t now, mitome_error *error)
{
        return put_on_list(&authority->cas[kind], certificate, now, false, error);
}

mitome_status authority_hold(struct authority *authority, enum authority_kind kind,
        const struct authority_certificate *certificate, int64_t now, mitome_error *error)
{
        return put_on_list(&authority->cas[kind], certificate, now, true, error);
}

mitome_status authority_release(struct authority *authority, enum authority_kind kind,
        const struct authority_certificate *certificate, mitome_error *error)
{
        struct authority_ca *ca = &authority->cas[kind];
        struct listed *entry = find_listed(ca, certificate);
        if (!entry || !entry->hold)
                return fail(error, MITOME_E_MISSING, "certificate on hold", NULL);
        *entry = ca->revoked[--ca->revoked_count];
        return ok();
}

/* ---- what a register would offer ---- */

static mitome_status show_revoked(void *context, enum authority_kind kind, const struct ca_place *place,
        const struct ca_visitor *visitor, mitome_error *error)
{
        const struct authority *authority = context;
        const struct authority_ca *ca = &authority->cas[kind];
        if (place) /* it does not remember who lives where */
                return fail(error, MITOME_E_ARGUMENT, "place", NULL);
        for (size_t i = 0; i < ca->revoked_count; i++) {
                const struct ca_entry entry = {
                        .serial = SLICE(ca->revoked[i].serial),
                        .reason = ca->revoked[i].hold ? CRL_REASON_CERTIFICATE_HOLD : CRL_REASON_UNSPECIFIED,
                        .at = ca->revoked[i].at,
                };
                MITOME_TRY(visitor->visit(visitor->context, &entry, error));
        }
        return ok();
}

static mitome_status count_on(void *context, enum authority_kind kind, uint64_t *ret, mitome_error *error)
{
        struct authority *authority = context;
        (void)error;
        *ret = ++authority->cas[kind].crl_number;
        return ok();
}

static mitome_status issue_crl(struct authority *authority, enum authority_kind kind, int64_t now,
        int64_t until, struct authority_der *ret, mitome_error *error)
{
        const struct ca_source source = {
                .context = authority,
                .revoked = show_revoked,
                .next_number = count_on,
        };
        struct ca_list list;
        MITOME_TRY(ca_crl(authority->cas[kind].ca, &source, NULL, now, until, &list, error));
        mitome_status status = slice_copy(ca_list_view(&list), "CRL", ret->bytes, sizeof ret->bytes, error);
        if (!failed(status))
                ret->size = list.size;
        ca_list_free(&list);
        return status;
}

mitome_status authority_crl(struct authority *authority, enum authority_kind kind, int64_t now,
        struct authority_der *ret, mitome_error *error)
{
        return issue_crl(authority, kind, now, now + DAY, ret, error);
}

mitome_status authority_last_crl(struct authority *authority, enum authority_kind kind, int64_t now,
        struct authority_der *ret, mitome_error *error)
{
        return issue_crl(authority, kind, now, ca_not_after(authority->cas[kind].ca), ret, error);
}
