/* SPDX-License-Identifier: Apache-2.0 */

/* A CA's key and certificate in one file (PEM), which is there whole or not at all. */

#include "ca_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_SIZE_MAX = 16384, PATH_SIZE = 4096 };

static const char *const names[] = { "user-verification-ca.pem", "signing-ca.pem" };

/* ---- reading ---- */

static mitome_status parse(BIO *bio, enum authority_kind kind, struct ca **ret, mitome_error *error)
{
        EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, (char[]){ "" });
        X509 *certificate = key ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
        if (certificate)
                return ca_adopt(kind, key, certificate, ret, error);
        EVP_PKEY_free(key);
        return fail(error, MITOME_E_STORE_FOREIGN, "CA", NULL);
}

static mitome_status read_file(int fd, uint8_t bytes[FILE_SIZE_MAX], size_t *ret_size, mitome_error *error)
{
        struct stat facts;
        if (fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode))
                return fail(error, MITOME_E_FILE_READ, "the CA's file", NULL);
        if (facts.st_mode & (S_IRWXG | S_IRWXO))
                return fail(error, MITOME_E_FILE_MODE, "the CA's file", NULL);
        ssize_t count = pread(fd, bytes, FILE_SIZE_MAX, 0);
        if (count < 0 || count != facts.st_size)
                return fail(error, MITOME_E_FILE_READ, "the CA's file", NULL);
        *ret_size = (size_t)count;
        return ok();
}

static mitome_status load(int fd, enum authority_kind kind, struct ca **ret, mitome_error *error)
{
        uint8_t bytes[FILE_SIZE_MAX];
        size_t size = 0;
        mitome_status status = read_file(fd, bytes, &size, error);
        BIO *bio = failed(status) ? NULL : BIO_new_mem_buf(bytes, (int)size);
        if (!failed(status))
                status = bio ? parse(bio, kind, ret, error)
                             : fail(error, MITOME_E_NO_MEMORY, "the CA's file", NULL);
        BIO_free(bio);
        bytes_wipe(bytes, sizeof bytes);
        return status;
}

/* ---- writing ---- */

static bool write_all(int fd, const struct ca *ca)
{
        FILE *file = fdopen(fd, "w");
        if (!file) {
                close(fd);
                return false;
        }
        (void)setvbuf(file, NULL, _IONBF, 0); /* no copy of the key in a buffer that nobody wipes */
        bool written = PEM_write_PKCS8PrivateKey(file, ca->key, NULL, NULL, 0, NULL, NULL) == 1 &&
                       PEM_write_X509(file, ca->certificate) == 1 && fsync(fileno(file)) == 0;
        return fclose(file) == 0 && written;
}

static bool sync_folder(const char *folder)
{
        int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        bool done = fd >= 0 && fsync(fd) == 0;
        if (fd >= 0)
                close(fd);
        return done;
}

/* link and not rename: a CA that another one has made meanwhile is not replaced. */
static mitome_status save(const struct ca *ca, const char *folder, const char *path, mitome_error *error)
{
        char fresh[PATH_SIZE];
        int length = snprintf(fresh, sizeof fresh, "%s.new", path);
        if (length < 0 || (size_t)length >= sizeof fresh)
                return fail(error, MITOME_E_TOO_LONG, "folder", NULL);
        unlink(fresh); /* of one that was killed */
        int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        bool saved = fd >= 0 && write_all(fd, ca) && link(fresh, path) == 0;
        unlink(fresh);
        return saved && sync_folder(folder) ? ok() : fail(error, MITOME_E_FILE_WRITE, "the CA's file", NULL);
}

static mitome_status make(const char *folder, const char *path, enum authority_kind kind,
        const struct mitome_random *random, int64_t now, struct ca **ret, mitome_error *error)
{
        struct ca *ca;
        MITOME_TRY(ca_make(kind, random, now, &ca, error));
        mitome_status status = save(ca, folder, path, error);
        if (failed(status))
                ca_close(ca);
        else
                *ret = ca;
        return status;
}

mitome_status ca_open(const char *folder, enum authority_kind kind, const struct mitome_random *random,
        int64_t now, struct ca **ret, mitome_error *error)
{
        char path[PATH_SIZE];
        int length = snprintf(path, sizeof path, "%s/%s", folder, names[kind]);
        if (length < 0 || (size_t)length >= sizeof path)
                return fail(error, MITOME_E_TOO_LONG, "folder", NULL);
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0 && errno == ENOENT)
                return make(folder, path, kind, random, now, ret, error);
        if (fd < 0)
                return fail(error, MITOME_E_FILE_READ, "the CA's file", NULL);
        mitome_status status = load(fd, kind, ret, error);
        close(fd);
        return status;
}
