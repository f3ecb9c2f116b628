/* SPDX-License-Identifier: Apache-2.0 */
#include "trust_files.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FILE_MAX_SIZE = 1 << 30 }; /* a list of ten million certificates has 400 MB */

/* ---- files ---- */

/* `path` names it in what is told: of several files, which one. */
static mitome_status read_open_file(
        FILE *file, const char *path, uint8_t **ret_bytes, slice *ret, mitome_error *error)
{
        struct stat facts;
        if (fstat(fileno(file), &facts) != 0 || !S_ISREG(facts.st_mode))
                return fail(error, MITOME_E_FILE_READ, path, NULL);
        if (facts.st_size > FILE_MAX_SIZE)
                return fail(error, MITOME_E_TOO_LONG, path, NULL);
        size_t size = (size_t)facts.st_size;
        uint8_t *bytes = malloc(size + 1);
        if (!bytes)
                return fail(error, MITOME_E_NO_MEMORY, "trust file", NULL);
        if (fread(bytes, 1, size + 1, file) != size || ferror(file)) {
                free(bytes);
                return fail(error, MITOME_E_FILE_READ, path, NULL);
        }
        *ret_bytes = bytes;
        *ret = slice_of(bytes, size);
        return ok();
}

mitome_status trust_read_file(const char *path, uint8_t **ret_bytes, slice *ret, mitome_error *error)
{
        FILE *file = fopen(path, "rb");
        if (!file)
                return fail(error, MITOME_E_FILE_READ, path, NULL);
        mitome_status status = read_open_file(file, path, ret_bytes, ret, error);
        fclose(file);
        return status;
}

static const char pem_start[] = "-----BEGIN ";

static bool is_der(slice content)
{
        return content.size > 2 && content.data[0] == 0x30 && content.data[1] >= 0x80;
}

bool trust_is_trust_file(const char *path)
{
        uint8_t start[16];
        struct stat facts;
        /* What is read of a pipe to look at it is gone. */
        if (stat(path, &facts) != 0 || !S_ISREG(facts.st_mode))
                return false;
        FILE *file = fopen(path, "rb");
        size_t size = file ? fread(start, 1, sizeof start, file) : 0;
        if (file)
                fclose(file);
        size_t mark = sizeof pem_start - 1;
        return is_der(slice_of(start, size)) || (size >= mark && slice_is(slice_of(start, mark), pem_start));
}

/* ---- certificates and lists ---- */

/* PEM may have text between its blocks, as `openssl x509 -text` writes it. */
static mitome_status add_pem(
        struct mitome_trust *trust, BIO *bio, const char *label, trust_add *add, mitome_error *error)
{
        char *name = NULL, *header = NULL;
        uint8_t *der = NULL;
        long size = 0;
        size_t count = 0;
        mitome_status status = ok();
        (void)ERR_set_mark();
        while (!failed(status) && PEM_read_bio(bio, &name, &header, &der, &size) == 1) {
                status = strcmp(name, label) == 0 ? add(trust, slice_of(der, (size_t)size), error)
                                                  : fail(error, MITOME_E_VALUE, "trust file", NULL);
                OPENSSL_free(name);
                OPENSSL_free(header);
                OPENSSL_free(der);
                count++;
        }
        /* A block that is damaged would end the file before what stands behind it: a list that revokes. */
        bool whole = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
        (void)ERR_pop_to_mark();
        if (failed(status))
                return status;
        return count && whole ? ok() : fail(error, MITOME_E_VALUE, "trust file", NULL);
}

mitome_status trust_add_content(
        struct mitome_trust *trust, slice content, const char *label, trust_add *add, mitome_error *error)
{
        if (is_der(content))
                return add(trust, content, error);
        if (content.size > INT32_MAX)
                return fail(error, MITOME_E_TOO_LONG, "trust file", NULL);
        BIO *bio = BIO_new_mem_buf(content.data, (int)content.size);
        if (!bio)
                return fail(error, MITOME_E_NO_MEMORY, "trust file", NULL);
        mitome_status status = add_pem(trust, bio, label, add, error);
        BIO_free(bio);
        return status;
}

mitome_status trust_add_file(
        struct mitome_trust *trust, const char *path, const char *label, trust_add *add, mitome_error *error)
{
        uint8_t *bytes;
        slice content;
        MITOME_TRY(trust_read_file(path, &bytes, &content, error));
        mitome_status status = trust_add_content(trust, content, label, add, error);
        free(bytes);
        return status;
}

/* ---- metadata ---- */

mitome_status trust_read_metadata(const char *path, const struct mitome_trust *signers, int64_t now,
        bool allow_stale, struct mitome_metadata **ret, mitome_error *error)
{
        uint8_t *bytes;
        slice blob;
        MITOME_TRY(trust_read_file(path, &bytes, &blob, error));
        while (blob.size && (blob.data[blob.size - 1] == '\n' || blob.data[blob.size - 1] == '\r'))
                blob.size--;
        mitome_status status = mitome_metadata_read(blob, signers, now, 0, allow_stale, ret, error);
        free(bytes);
        return status;
}
