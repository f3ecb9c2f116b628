/* SPDX-License-Identifier: Apache-2.0 */

/* What phones and push services say, of anybody's. The first byte chooses. A token is never given up on
 * anything but a 404, an acceptance never read out of anything but a 200, an access token never holds what
 * would leave its header. */

#include "fcm_form.h"
#include "push_queue.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int64_t fixed_now(void *context)
{
        (void)context;
        return 1763700000;
}

static int fixed_bytes(void *context, uint8_t *bytes, size_t size)
{
        (void)context;
        memset(bytes, 1, size);
        return 0;
}

static void try_send(const uint8_t *data, size_t size)
{
        static const long all[] = { 200, 302, 400, 401, 404, 429, 503 };
        const struct fcm_account account = { .project = "mihon-1" };
        for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
                const struct fcm_answer answer = { .status = all[i], .body = slice_of(data, size) };
                const enum fcm_verdict verdict = fcm_read_send(&account, &answer);
                if ((verdict == FCM_DONE && all[i] != 200) || (verdict == FCM_GONE && all[i] != 404))
                        abort();
        }
}

static void try_bearer(const uint8_t *data, size_t size)
{
        const struct fcm_answer answer = { .status = 200, .body = slice_of(data, size) };
        struct fcm_bearer bearer = { 0 };
        if (fcm_read_bearer(&answer, 1763700000, &bearer) != FCM_DONE)
                return;
        if (bearer.until <= 1763700000 || !bearer.text[0] || strpbrk(bearer.text, " \r\n\t\"\\"))
                abort();
}

static void try_account(const uint8_t *data, size_t size)
{
        struct fcm_account account = { 0 };
        if (fcm_account_read(slice_of(data, size), &account, NULL).code != MITOME_OK)
                return;
        if (!account.key || strpbrk(account.project, "/.%?#"))
                abort();
        fcm_account_free(&account);
}

static void try_words(const uint8_t *data, size_t size)
{
        uint8_t buffer[2048];
        writer answer = WRITER(buffer);
        struct push_queue queue = { .clock = { .now = fixed_now }, .random = { .fill = fixed_bytes } };
        if (sql_open(NULL, SQL_SCHEMA(1, PUSH_QUEUE_SCHEMA), &queue.store, NULL).code != MITOME_OK)
                abort();
        /* Nobody has a box here. */
        if (push_queue_poll(&queue, slice_of(data, size), &answer, NULL).code == MITOME_OK)
                abort();
        if (push_queue_register(&queue, slice_of(data, size), &answer, NULL).code == MITOME_OK &&
                !(size == 1 && data[0] == 0xa0))
                abort();
        sql_close(queue.store);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static void (*const tries[])(
                const uint8_t *, size_t) = { try_send, try_bearer, try_account, try_words };
        if (size > 0)
                tries[data[0] % 4](data + 1, size - 1);
        return 0;
}
