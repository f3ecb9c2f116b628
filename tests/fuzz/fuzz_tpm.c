/* SPDX-License-Identifier: Apache-2.0 */

/* The structures of a TPM, and the certificate of its attestation key; the first byte tells which. What is
 * read lies in the input, and nothing can be left out of it or follow it. */

#include "aik_certificate.h"
#include "leaf_certificate.h"
#include "tpm_structures.h"

#include <mitome/rp.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool right)
{
        if (!right)
                abort();
}

static bool lies_in(slice input, slice part)
{
        return part.size == 0 || slice_contains(input, part);
}

static bool read_public(slice input)
{
        struct tpm_public public;
        mitome_error error = { 0 };
        reader r = reader_over(input, "clause", &error);
        if (failed(tpm_public_read(&r, &public))) {
                must(error.field && error.at <= input.size);
                return false;
        }
        must(slice_equal(public.whole, input) && lies_in(input, public.policy));
        must(lies_in(input, public.modulus) && lies_in(input, public.x) && lies_in(input, public.y));
        must(public.type == TPM_ALG_RSA ? public.exponent && public.modulus.size * 8 == public.key_bits
                                        : public.curve && public.x.size <= 66 && public.y.size <= 66);
        return true;
}

static bool read_attest(slice input)
{
        struct tpm_attest attest;
        mitome_error error = { 0 };
        reader r = reader_over(input, "clause", &error);
        if (failed(tpm_attest_read(&r, &attest))) {
                must(error.field && error.at <= input.size);
                return false;
        }
        must(lies_in(input, attest.qualified_signer) && lies_in(input, attest.extra_data));
        must(lies_in(input, attest.name) && lies_in(input, attest.qualified_name));
        return true;
}

/* Nobody's key but the leaf's own is asked, so that the fuzzer needs no signature. */
static void check_certificate(slice input)
{
        const struct attestation_input none = { 0 };
        X509 *aik;
        mitome_error error = { 0 };
        if (failed(leaf_read(&none, input, "field", "clause", &aik, &error)))
                return;
        bool lax = !failed(aik_certificate_check(aik, 0, &error));
        must(lax || (error.field && error.clause));
        bool strict = !failed(aik_certificate_check(aik, MITOME_SWITCH_TPM_MANUFACTURER, NULL));
        must(lax || !strict);
        X509_free(aik);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static bool (*const readers[])(slice input) = { read_public, read_attest };
        reader r = reader_over(slice_of(data, size), NULL, NULL);
        uint8_t which;
        if (failed(read_u8(&r, NULL, &which)))
                return 0;
        const slice input = read_rest(&r);
        if (which % 3 == 2) {
                check_certificate(input);
                return 0;
        }
        if (readers[which % 3](input))
                for (size_t shorter = 0; shorter < input.size; shorter++)
                        must(!readers[which % 3](slice_of(input.data, shorter)));
        return 0;
}
