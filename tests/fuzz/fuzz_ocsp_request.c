/* SPDX-License-Identifier: Apache-2.0 */

/* OCSP requests of anybody's: what this reader takes, OpenSSL reads as well, and finds the same in it. */

#include "ocsp_request.h"

#include <openssl/ocsp.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good)
{
        if (!good)
                abort();
}

static bool is_same(slice magnitude, ASN1_INTEGER *serial)
{
        BIGNUM *number = ASN1_INTEGER_to_BN(serial, NULL);
        bool given = number && !BN_is_negative(number) && !BN_is_zero(number) &&
                     BN_num_bytes(number) <= OCSP_SERIAL_MAX;
        uint8_t bytes[OCSP_SERIAL_MAX];
        bool same = !given ? magnitude.size == 0
                           : slice_equal(magnitude, slice_of(bytes, (size_t)BN_bn2bin(number, bytes)));
        BN_free(number);
        return same;
}

static void compare(const struct ocsp_request *ours, OCSP_REQUEST *theirs)
{
        must((size_t)OCSP_request_onereq_count(theirs) == ours->count);
        for (size_t i = 0; i < ours->count; i++) {
                ASN1_OCTET_STRING *name, *key;
                ASN1_INTEGER *serial;
                OCSP_CERTID *id = OCSP_onereq_get0_id(OCSP_request_onereq_get0(theirs, (int)i));
                must(OCSP_id_get0_info(&name, NULL, &key, &serial, id) == 1);
                must(slice_equal(ours->ids[i].name_hash,
                        slice_of(ASN1_STRING_get0_data(name), (size_t)ASN1_STRING_length(name))));
                must(slice_equal(ours->ids[i].key_hash,
                        slice_of(ASN1_STRING_get0_data(key), (size_t)ASN1_STRING_length(key))));
                must(is_same(ours->ids[i].serial, serial));
        }
        must((ours->nonce.size != 0) ==
                (OCSP_REQUEST_get_ext_by_NID(theirs, NID_id_pkix_OCSP_Nonce, -1) >= 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct ocsp_request request;
        if (size > OCSP_REQUEST_MAX ||
                ocsp_request_read(slice_of(data, size), &request, NULL).code != MITOME_OK)
                return 0;
        must(request.count > 0 && request.count <= OCSP_CERTIFICATES_MAX &&
                request.nonce.size <= OCSP_NONCE_MAX);
        const unsigned char *end = data;
        OCSP_REQUEST *theirs = d2i_OCSP_REQUEST(NULL, &end, (long)size);
        if (theirs) /* a name or a signature that we read over may be none */
                compare(&request, theirs);
        OCSP_REQUEST_free(theirs);
        return 0;
}
