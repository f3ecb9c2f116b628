/* SPDX-License-Identifier: Apache-2.0 */
#include "cose.h"
#include "refused.h"
#include "trust.h"

#include <mitome/rp.h>

mitome_status mitome_verify_binding(const struct mitome_verdict *registration, mitome_slice certificate,
        mitome_slice signature, const struct mitome_trust *trust, int64_t now, struct mitome_binding *ret,
        mitome_error *error)
{
        static const char clause[] = "RFC 8017 8.2.2", prefix[] = MITOME_BINDING_PREFIX;
        /* A login's has no key: what would be bound to it? */
        if (registration->auth_data.size == 0 || registration->public_key.size == 0 ||
                verdict_is_refusal(registration))
                return fail(error, MITOME_E_ARGUMENT, "registration", NULL);
        if (!trust)
                return fail(error, MITOME_E_ARGUMENT, "trust", NULL);

        struct jpki_certificate jpki;
        MITOME_TRY(trust_verify_jpki(trust, certificate, now, &jpki, error));
        const struct cose_key key = { .algorithm = COSE_RS256, .n = jpki.modulus, .e = jpki.exponent };
        /* Without the words in front authData would be a login's, which the same key may sign elsewhere. */
        const slice signed_bytes[] = {
                { (const uint8_t *)prefix, sizeof prefix - 1 },
                registration->auth_data,
                SLICE(registration->client_data_hash),
        };
        MITOME_TRY(cose_verify(NULL, &key, signed_bytes, sizeof signed_bytes / sizeof signed_bytes[0],
                signature, "binding signature", clause, error));

        *ret = (struct mitome_binding){
                .serial = jpki.serial,
                .issuer = jpki.issuer,
                .subject_common_name = jpki.subject_common_name,
                .not_after = jpki.not_after,
                .phone = jpki.phone,
        };
        return ok();
}
