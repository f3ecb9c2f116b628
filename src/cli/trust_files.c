/* SPDX-License-Identifier: Apache-2.0 */
#include "trust_files.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <string.h>

static const char pem_start[] = "-----BEGIN ";

static bool is_der(slice content)
{
        return content.size > 2 && content.data[0] == 0x30 && content.data[1] >= 0x80;
}

bool trust_looks_like_certificate(slice content)
{
        size_t size = sizeof pem_start - 1;
        return is_der(content) || (content.size >= size && slice_is(slice_of(content.data, size), pem_start));
}

/* PEM may have text between its blocks, as `openssl x509 -text` writes it. */
static mitome_status add_pem(struct mitome_trust *trust, BIO *bio, const char *field, mitome_error *error)
{
        char *name = NULL, *header = NULL;
        uint8_t *der = NULL;
        long size = 0;
        size_t count = 0;
        mitome_status status = ok();
        while (!failed(status) && PEM_read_bio(bio, &name, &header, &der, &size) == 1) {
                if (strcmp(name, PEM_STRING_X509) == 0)
                        status = mitome_trust_add_anchor(trust, slice_of(der, (size_t)size), error);
                else
                        status = fail(error, MITOME_E_VALUE, field, NULL);
                OPENSSL_free(name);
                OPENSSL_free(header);
                OPENSSL_free(der);
                count++;
        }
        if (failed(status))
                return status;
        return count ? ok() : fail(error, MITOME_E_VALUE, field, NULL);
}

mitome_status trust_add_certificates(
        struct mitome_trust *trust, slice content, const char *field, mitome_error *error)
{
        if (is_der(content))
                return mitome_trust_add_anchor(trust, content, error);
        if (content.size > INT32_MAX)
                return fail(error, MITOME_E_TOO_LONG, field, NULL);
        BIO *bio = BIO_new_mem_buf(content.data, (int)content.size);
        if (!bio)
                return fail(error, MITOME_E_NO_MEMORY, field, NULL);
        mitome_status status = add_pem(trust, bio, field, error);
        BIO_free(bio);
        return status;
}
