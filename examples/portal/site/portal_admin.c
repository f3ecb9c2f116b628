/* SPDX-License-Identifier: Apache-2.0 */
#include "portal_admin.h"

#include "digest.h"

#include <fcntl.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct admin_desk {
        pthread_mutex_t lock;
        struct mitome_random random;
        char path[1024];
        uint8_t token[SHA256_SIZE], cookie[SHA256_SIZE]; /* hashes; cookie: while somebody is there */
        int64_t opened, used;                            /* 0: nobody is there */
};

static void hash_of(slice text, uint8_t ret[SHA256_SIZE])
{
        sha256(&text, 1, ret);
}

static mitome_status draw(struct admin_desk *desk, char ret[ADMIN_TOKEN_SIZE], mitome_error *error)
{
        SECRET(bytes);
        bytes.size = 32;
        if (desk->random.fill(desk->random.context, bytes.data, bytes.size) != 0)
                return fail(error, MITOME_E_NO_RANDOMNESS, "token", NULL);
        (void)sodium_bin2base64(
                ret, ADMIN_TOKEN_SIZE, bytes.data, bytes.size, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
        return ok();
}

/* The file is made anew under another name: who had opened the old one reads the old one. */
static mitome_status write_file(const char *path, const char *token, mitome_error *error)
{
        char fresh[1040];
        if (snprintf(fresh, sizeof fresh, "%s.new", path) >= (int)sizeof fresh)
                return fail(error, MITOME_E_TOO_LONG, "administrator's token file", NULL);
        (void)unlink(fresh);
        const int file = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (file < 0)
                return fail(error, MITOME_E_FILE_WRITE, "administrator's token file", NULL);
        const bool written = dprintf(file, "%s\n", token) == ADMIN_TOKEN_SIZE;
        if (close(file) != 0 || !written || rename(fresh, path) != 0) {
                (void)unlink(fresh);
                return fail(error, MITOME_E_FILE_WRITE, "administrator's token file", NULL);
        }
        return ok();
}

static mitome_status next_token(struct admin_desk *desk, mitome_error *error)
{
        char token[ADMIN_TOKEN_SIZE];
        MITOME_TRY(draw(desk, token, error));
        const mitome_status status = write_file(desk->path, token, error);
        if (!failed(status))
                hash_of(slice_text(token), desk->token);
        bytes_wipe(token, sizeof token);
        return status;
}

mitome_status admin_open(
        const char *path, const struct mitome_random *random, struct admin_desk **ret, mitome_error *error)
{
        struct admin_desk *desk = calloc(1, sizeof *desk);
        if (!desk)
                return fail(error, MITOME_E_NO_MEMORY, "administrator", NULL);
        desk->random = *random;
        mitome_status status = ok();
        if (snprintf(desk->path, sizeof desk->path, "%s", path) >= (int)sizeof desk->path)
                status = fail(error, MITOME_E_TOO_LONG, "administrator's token file", NULL);
        if (!failed(status))
                status = next_token(desk, error);
        if (!failed(status) && pthread_mutex_init(&desk->lock, NULL) != 0)
                status = fail(error, MITOME_E_NO_MEMORY, "administrator", NULL);
        if (failed(status)) {
                free(desk);
                return status;
        }
        *ret = desk;
        return ok();
}

void admin_close(struct admin_desk *desk)
{
        if (!desk)
                return;
        (void)unlink(desk->path);
        (void)pthread_mutex_destroy(&desk->lock);
        bytes_wipe(desk, sizeof *desk);
        free(desk);
}

/* The next token is there before this one counts: a file that cannot be written leaves everything. */
static mitome_status take_token(struct admin_desk *desk, slice token, int64_t now,
        char ret_cookie[ADMIN_TOKEN_SIZE], mitome_error *error)
{
        uint8_t hash[SHA256_SIZE];
        hash_of(token, hash);
        if (!secret_equal(SLICE(hash), SLICE(desk->token)))
                return fail(error, MITOME_E_LOGIN_DENIED, "token", NULL);
        MITOME_TRY(draw(desk, ret_cookie, error));
        MITOME_TRY(next_token(desk, error));
        hash_of(slice_text(ret_cookie), desk->cookie);
        desk->opened = desk->used = now;
        return ok();
}

mitome_status admin_log_in(struct admin_desk *desk, slice token, int64_t now,
        char ret_cookie[ADMIN_TOKEN_SIZE], mitome_error *error)
{
        (void)pthread_mutex_lock(&desk->lock);
        const mitome_status status = take_token(desk, token, now, ret_cookie, error);
        (void)pthread_mutex_unlock(&desk->lock);
        return status;
}

static mitome_status check(struct admin_desk *desk, slice cookie, int64_t now, mitome_error *error)
{
        uint8_t hash[SHA256_SIZE];
        hash_of(cookie, hash);
        if (!desk->opened || !secret_equal(SLICE(hash), SLICE(desk->cookie)))
                return fail(error, MITOME_E_SESSION_NONE, "administrator", NULL);
        if (now - desk->opened >= ADMIN_SECONDS || now - desk->used >= ADMIN_IDLE) {
                desk->opened = 0;
                return fail(error, MITOME_E_SESSION_OVER, "administrator", NULL);
        }
        return ok();
}

mitome_status admin_check(struct admin_desk *desk, slice cookie, int64_t now, mitome_error *error)
{
        (void)pthread_mutex_lock(&desk->lock);
        const mitome_status status = check(desk, cookie, now, error);
        if (!failed(status))
                desk->used = now;
        (void)pthread_mutex_unlock(&desk->lock);
        return status;
}
