/* SPDX-License-Identifier: Apache-2.0 */
#include "web_certificate.h"

#include "small_file.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PEM_MAX = 65536, PATH_SIZE = 4096, DAY = 24 * 3600 };

static const char ca_file[] = "web-ca.pem", certificate_file[] = "web-certificate.pem",
                  key_file[] = "web-key.pem";

void web_certificate_free(struct web_certificate *certificate)
{
        free(certificate->certificate_pem);
        if (certificate->key_pem)
                bytes_wipe(certificate->key_pem, strlen(certificate->key_pem));
        free(certificate->key_pem);
        *certificate = (struct web_certificate){ 0 };
}

/* ---- reading ---- */

MITOME_CHECKED static mitome_status read_text(
        const char *path, const char *field, char **ret, mitome_error *error)
{
        slice text;
        uint8_t *buffer = malloc(PEM_MAX + 1);
        if (!buffer)
                return fail(error, MITOME_E_NO_MEMORY, field, NULL);
        mitome_status status = small_file_read(path, field, buffer, PEM_MAX, &text, error);
        if (failed(status)) {
                bytes_wipe(buffer, PEM_MAX);
                free(buffer);
                return status;
        }
        buffer[text.size] = '\0';
        *ret = (char *)buffer;
        return ok();
}

MITOME_CHECKED static mitome_status check_mode(const char *path, mitome_error *error)
{
        struct stat about;
        if (stat(path, &about) != 0)
                return fail(error, MITOME_E_FILE_READ, "certificate's key", NULL);
        return about.st_mode & (S_IRWXG | S_IRWXO)
                       ? fail(error, MITOME_E_FILE_MODE, "certificate's key", NULL)
                       : ok();
}

static X509 *parse_certificate(const char *pem)
{
        BIO *bio = BIO_new_mem_buf(pem, -1);
        X509 *certificate = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
        BIO_free(bio);
        return certificate;
}

/* No password is asked for: a key under one cannot be used without somebody at the terminal. */
static int no_password(char *buffer, int size, int writing, void *context)
{
        (void)buffer;
        (void)size;
        (void)writing;
        (void)context;
        return -1;
}

static EVP_PKEY *parse_key(const char *pem)
{
        BIO *bio = BIO_new_mem_buf(pem, -1);
        EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL) : NULL;
        BIO_free(bio);
        return key;
}

/* Whether the two go together; and, when `until` is not 0, go on for so long. */
static bool can_be_used(const struct web_certificate *pair, int64_t until)
{
        X509 *certificate = parse_certificate(pair->certificate_pem);
        EVP_PKEY *key = parse_key(pair->key_pem);
        time_t at = (time_t)until;
        bool fine = certificate && key && X509_check_private_key(certificate, key) == 1 &&
                    (until == 0 || X509_cmp_time(X509_get0_notAfter(certificate), &at) > 0);
        X509_free(certificate);
        EVP_PKEY_free(key);
        return fine;
}

mitome_status web_certificate_read(
        const char *certificate, const char *key, struct web_certificate *ret, mitome_error *error)
{
        struct web_certificate pair = { 0 };
        mitome_status status = read_text(certificate, "certificate", &pair.certificate_pem, error);
        if (!failed(status))
                status = check_mode(key, error);
        if (!failed(status))
                status = read_text(key, "certificate's key", &pair.key_pem, error);
        if (!failed(status) && !can_be_used(&pair, 0))
                status = fail(error, MITOME_E_WEB_CERTIFICATE, "certificate", NULL);
        if (failed(status))
                web_certificate_free(&pair);
        else
                *ret = pair;
        return status;
}

/* ---- making ---- */

static bool add_extension(X509 *certificate, X509 *issuer, int kind, const char *value)
{
        X509V3_CTX context;
        X509V3_set_ctx_nodb(&context);
        X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
        X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
        bool added = extension && X509_add_ext(certificate, extension, -1) == 1;
        X509_EXTENSION_free(extension);
        return added;
}

static bool set_serial(X509 *certificate)
{
        uint8_t serial[16];
        if (RAND_bytes(serial, sizeof serial) != 1)
                return false;
        serial[0] = (serial[0] & 0x3f) | 0x40; /* positive, and of full length */
        BIGNUM *number = BN_bin2bn(serial, sizeof serial, NULL);
        bool set = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
        BN_free(number);
        return set;
}

static bool set_name(X509_NAME *name, const char *text)
{
        return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const uint8_t *)text, -1, -1, 0) == 1;
}

static bool set_times(X509 *certificate, int64_t now)
{
        /* An hour back, for a browser whose clock is a little behind. */
        return ASN1_TIME_set(X509_getm_notBefore(certificate), (time_t)(now - 3600)) &&
               ASN1_TIME_set(
                       X509_getm_notAfter(certificate), (time_t)(now + (int64_t)WEB_CERTIFICATE_DAYS * DAY));
}

struct certificate_form {
        const char *name;
        struct {
                int kind;
                const char *value;
        } extensions[6];
};

static const struct certificate_form ca_form = { "Mitome, this machine's own CA",
        { { NID_basic_constraints, "critical,CA:TRUE,pathlen:0" }, { NID_key_usage, "critical,keyCertSign" },
                { NID_subject_key_identifier, "hash" },
                { NID_name_constraints,
                        "critical,permitted;DNS:localhost,permitted;IP:127.0.0.1/255.255.255.255,permitted;IP:0:0:0:"
                        "0:0:0:0:1/ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" } } };

static const struct certificate_form leaf_form = { "localhost",
        { { NID_basic_constraints, "critical,CA:FALSE" }, { NID_key_usage, "critical,digitalSignature" },
                { NID_ext_key_usage, "serverAuth" }, { NID_subject_key_identifier, "hash" },
                { NID_authority_key_identifier, "keyid" },
                { NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1,IP:0:0:0:0:0:0:0:1" } } };

/* `issuer` NULL: by itself. */
static X509 *make_certificate(
        const struct certificate_form *form, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key, int64_t now)
{
        X509 *certificate = X509_new();
        if (!certificate)
                return NULL;
        X509 *by = issuer ? issuer : certificate;
        bool made = X509_set_version(certificate, X509_VERSION_3) == 1 && set_serial(certificate) &&
                    set_times(certificate, now) && set_name(X509_get_subject_name(certificate), form->name) &&
                    X509_set_issuer_name(certificate, X509_get_subject_name(by)) == 1 &&
                    X509_set_pubkey(certificate, key) == 1;
        for (size_t i = 0;
                made && i < sizeof form->extensions / sizeof *form->extensions && form->extensions[i].value;
                i++)
                made = add_extension(certificate, by, form->extensions[i].kind, form->extensions[i].value);
        if (made && X509_sign(certificate, issuer_key, EVP_sha256()) > 0)
                return certificate;
        X509_free(certificate);
        return NULL;
}

/* ---- writing ---- */

/* Under another name first: nobody reads half of it. */
MITOME_CHECKED static mitome_status write_file(
        const char *folder, const char *name, BIO *content, mode_t mode, mitome_error *error)
{
        char path[PATH_SIZE], beside[PATH_SIZE];
        char *data = NULL;
        long size = BIO_get_mem_data(content, &data);
        int named = snprintf(path, sizeof path, "%s/%s", folder, name);
        int named_beside = snprintf(beside, sizeof beside, "%s/.%s.new", folder, name);
        if (named < 0 || (size_t)named >= sizeof path || named_beside < 0 ||
                (size_t)named_beside >= sizeof beside)
                return fail(error, MITOME_E_TOO_LONG, "certificate's folder", NULL);
        (void)unlink(beside); /* of a start that was cut short */
        int file = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
        bool written = file >= 0 && size > 0 && write(file, data, (size_t)size) == size && fsync(file) == 0;
        if (file >= 0)
                written = close(file) == 0 && written;
        return written && rename(beside, path) == 0 ? ok()
                                                    : fail(error, MITOME_E_FILE_WRITE, "certificate", NULL);
}

MITOME_CHECKED static mitome_status write_certificate(
        const char *folder, const char *name, X509 *certificate, mitome_error *error)
{
        BIO *bio = BIO_new(BIO_s_mem());
        mitome_status status = bio && PEM_write_bio_X509(bio, certificate) == 1
                                       ? write_file(folder, name, bio, 0644, error)
                                       : fail(error, MITOME_E_CRYPTO_FAILED, "certificate", NULL);
        BIO_free(bio);
        return status;
}

MITOME_CHECKED static mitome_status write_key(const char *folder, EVP_PKEY *key, mitome_error *error)
{
        BIO *bio = BIO_new(BIO_s_secmem());
        mitome_status status = bio && PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1
                                       ? write_file(folder, key_file, bio, 0600, error)
                                       : fail(error, MITOME_E_CRYPTO_FAILED, "certificate's key", NULL);
        BIO_free(bio);
        return status;
}

MITOME_CHECKED static mitome_status make_pair(const char *folder, int64_t now, mitome_error *error)
{
        EVP_PKEY *ca_key = EVP_EC_gen("P-256"), *key = EVP_EC_gen("P-256");
        X509 *ca = ca_key && key ? make_certificate(&ca_form, ca_key, NULL, ca_key, now) : NULL;
        X509 *leaf = ca ? make_certificate(&leaf_form, key, ca, ca_key, now) : NULL;
        mitome_status status = leaf ? write_key(folder, key, error)
                                    : fail(error, MITOME_E_CRYPTO_FAILED, "certificate", NULL);
        if (!failed(status))
                status = write_certificate(folder, ca_file, ca, error);
        if (!failed(status))
                status = write_certificate(folder, certificate_file, leaf, error);
        X509_free(leaf);
        X509_free(ca);
        EVP_PKEY_free(key);
        EVP_PKEY_free(ca_key);
        return status;
}

mitome_status web_certificate_local(
        const char *folder, int64_t now, struct web_certificate *ret, mitome_error *error)
{
        char certificate[PATH_SIZE], key[PATH_SIZE];
        struct web_certificate pair = { 0 };
        int one = snprintf(certificate, sizeof certificate, "%s/%s", folder, certificate_file),
            two = snprintf(key, sizeof key, "%s/%s", folder, key_file);
        if (one < 0 || (size_t)one >= sizeof certificate || two < 0 || (size_t)two >= sizeof key)
                return fail(error, MITOME_E_TOO_LONG, "certificate's folder", NULL);
        mitome_status status = web_certificate_read(certificate, key, &pair, NULL);
        if (status.code == MITOME_E_FILE_MODE)
                return fail(error, MITOME_E_FILE_MODE, "certificate's key", NULL);
        if (!failed(status) && can_be_used(&pair, now + (int64_t)WEB_CERTIFICATE_LEFT * DAY)) {
                *ret = pair;
                return ok();
        }
        web_certificate_free(&pair);
        MITOME_TRY(make_pair(folder, now, error));
        MITOME_TRY(web_certificate_read(certificate, key, &pair, error));
        pair.made = true;
        *ret = pair;
        return ok();
}
