/* SPDX-License-Identifier: Apache-2.0 */
#include "judge_files.h"

#include "trust_files.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FILE_MAX_SIZE = 1 << 30 }; /* a list of ten million certificates has 400 MB */

/* ---- files ---- */

static mitome_status read_open_file(FILE *file, uint8_t **ret_bytes, slice *ret, mitome_error *error)
{
        struct stat facts;
        if (fstat(fileno(file), &facts) != 0 || !S_ISREG(facts.st_mode))
                return fail(error, MITOME_E_FILE_READ, "the file", NULL);
        if (facts.st_size > FILE_MAX_SIZE)
                return fail(error, MITOME_E_TOO_LONG, "the file", NULL);
        size_t size = (size_t)facts.st_size;
        uint8_t *bytes = malloc(size + 1);
        if (!bytes)
                return fail(error, MITOME_E_NO_MEMORY, "the file", NULL);
        if (fread(bytes, 1, size + 1, file) != size || ferror(file)) {
                free(bytes);
                return fail(error, MITOME_E_FILE_READ, "the file", NULL);
        }
        *ret_bytes = bytes;
        *ret = slice_of(bytes, size);
        return ok();
}

/* The whole of a file; the caller frees *ret_bytes. */
static mitome_status read_file(const char *path, uint8_t **ret_bytes, slice *ret, mitome_error *error)
{
        FILE *file = fopen(path, "rb");
        if (!file)
                return fail(error, MITOME_E_FILE_READ, "the file", NULL);
        mitome_status status = read_open_file(file, ret_bytes, ret, error);
        fclose(file);
        return status;
}

bool judge_is_record_file(const char *path)
{
        uint8_t start[16];
        FILE *file = fopen(path, "rb");
        size_t size = file ? fread(start, 1, sizeof start, file) : 0;
        if (file)
                fclose(file);
        return !trust_looks_like_certificate(slice_of(start, size));
}

/* ---- certificates and lists ---- */

/* PEM may have text between its blocks, as `openssl x509 -text` writes it. */
static mitome_status add_pem(
        struct mitome_trust *trust, BIO *bio, const char *label, judge_add *add, mitome_error *error)
{
        char *name = NULL, *header = NULL;
        uint8_t *der = NULL;
        long size = 0;
        size_t count = 0;
        mitome_status status = ok();
        while (!failed(status) && PEM_read_bio(bio, &name, &header, &der, &size) == 1) {
                status = strcmp(name, label) == 0 ? add(trust, slice_of(der, (size_t)size), error)
                                                  : fail(error, MITOME_E_VALUE, "the file", NULL);
                OPENSSL_free(name);
                OPENSSL_free(header);
                OPENSSL_free(der);
                count++;
        }
        if (failed(status))
                return status;
        return count ? ok() : fail(error, MITOME_E_VALUE, "the file", NULL);
}

static mitome_status add_content(
        struct mitome_trust *trust, slice content, const char *label, judge_add *add, mitome_error *error)
{
        if (content.size && content.data[0] == 0x30)
                return add(trust, content, error);
        BIO *bio = BIO_new_mem_buf(content.data, (int)content.size);
        if (!bio)
                return fail(error, MITOME_E_NO_MEMORY, "the file", NULL);
        mitome_status status = add_pem(trust, bio, label, add, error);
        BIO_free(bio);
        return status;
}

mitome_status judge_add_file(
        struct mitome_trust *trust, const char *path, const char *label, judge_add *add, mitome_error *error)
{
        uint8_t *bytes;
        slice content;
        MITOME_TRY(read_file(path, &bytes, &content, error));
        mitome_status status = add_content(trust, content, label, add, error);
        free(bytes);
        return status;
}

/* ---- metadata ---- */

mitome_status judge_read_metadata(const char *path, const struct mitome_trust *signers, int64_t now,
        bool allow_stale, struct mitome_metadata **ret, mitome_error *error)
{
        uint8_t *bytes;
        slice blob;
        MITOME_TRY(read_file(path, &bytes, &blob, error));
        while (blob.size && (blob.data[blob.size - 1] == '\n' || blob.data[blob.size - 1] == '\r'))
                blob.size--;
        mitome_status status = mitome_metadata_read(blob, signers, now, 0, allow_stale, ret, error);
        free(bytes);
        return status;
}

void judge_believe_roots(struct mitome_trust *trust, const struct mitome_metadata *metadata)
{
        const struct mitome_metadata_entry *entry;
        for (size_t i = 0; (entry = mitome_metadata_at(metadata, i)); i++)
                for (size_t root = 0; root < entry->root_count; root++) {
                        /* One that OpenSSL does not read has signed no list that it reads either. */
                        mitome_status status = mitome_trust_add_anchor(trust, entry->roots[root], NULL);
                        (void)status;
                }
}
