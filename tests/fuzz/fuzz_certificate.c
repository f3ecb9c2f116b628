/* SPDX-License-Identifier: Apache-2.0 */

/* Certificates, chains, lists and names of anybody's. With no anchor nothing is ever believed; with the input
 * as an anchor of its own, what is read lies in it. */

#include "trust.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The snapshot may remember what it was asked first; the answer is the same, whoever is named as anchor. */
static void ask_again(const struct mitome_trust *trust, slice input, int64_t now)
{
        const slice chain[] = { input, input, input };
        for (size_t count = 1; count <= 3; count++) {
                bool first = false, second = false, third = false;
                mitome_code code = trust_verify_attestation(trust, chain, count, now, &first, NULL).code;
                if (trust_verify_attestation(trust, chain, count, now, &second, NULL).code != code ||
                        trust_verify_attestation_to(trust, &input, 1, chain, count, now, &third, NULL).code !=
                                code ||
                        first != second || first != third)
                        abort();
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const uint8_t serial[] = { 1 };
        enum { NOW = 1800000000 };
        struct mitome_trust *trust;
        struct jpki_certificate certificate;
        const slice input = slice_of(data, size);
        bool anchored = false;
        if (mitome_trust_new(&trust, NULL).code != MITOME_OK)
                return 0;
        (void)!mitome_trust_add_crl(trust, input, NULL).code;
        if (trust_verify_jpki(trust, input, NOW, &certificate, NULL).code == MITOME_OK)
                abort();
        if (trust_verify_attestation(trust, &input, 1, NOW, &anchored, NULL).code == MITOME_OK && anchored)
                abort();
        if (trust_check_serial(trust, input, SLICE(serial), NOW, NULL).code == MITOME_OK)
                abort();
        (void)!mitome_trust_add_anchor(trust, input, NULL).code;
        (void)!mitome_trust_add_jpki_anchor(trust, input, NULL).code;
        ask_again(trust, input, NOW);
        if (trust_verify_jpki(trust, input, NOW, &certificate, NULL).code == MITOME_OK &&
                !(slice_contains(input, certificate.serial) && slice_contains(input, certificate.modulus)))
                abort();
        mitome_trust_free(trust);
        return 0;
}
