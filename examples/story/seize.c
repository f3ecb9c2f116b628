/* SPDX-License-Identifier: Apache-2.0 */

/* Whoever has taken the phone apart: the element's file as it lies on the medium, and the key that seals it.
 * An element in software cannot keep him from that; what was erased must be gone even so. (What he copied
 * before that, he has: that is what a chip is for.) */

#include "story.h"

#include "storage_file.h"
#include "store.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 512, FILE_MAX = 1 << 20 };

static mitome_status copy_file(const char *from, const char *to, const char *name, mitome_error *error)
{
        static uint8_t bytes[FILE_MAX];
        char path[PATH_SIZE];
        snprintf(path, sizeof path, "%s/%s", from, name);
        int source = open(path, O_RDONLY | O_CLOEXEC);
        snprintf(path, sizeof path, "%s/%s", to, name);
        int copy = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        ssize_t size = source >= 0 ? read(source, bytes, sizeof bytes) : -1;
        bool done = size > 0 && size < FILE_MAX && copy >= 0 && write(copy, bytes, (size_t)size) == size;
        if (source >= 0)
                close(source);
        if (copy >= 0)
                close(copy);
        bytes_wipe(bytes, sizeof bytes);
        return done ? ok() : fail(error, MITOME_E_FILE_READ, "the element's folder", NULL);
}

/* Every object that OpenSSL takes for a private RSA key. */
static unsigned count_keys(const struct store *store)
{
        unsigned keys = 0;
        uint32_t id;
        for (uint32_t from = 0; store_next(store, from, UINT32_MAX, &id); from = id + 1) {
                bool found;
                slice object = store_get(store, id, &found);
                const unsigned char *at = object.data;
                EVP_PKEY *key = d2i_PrivateKey(EVP_PKEY_RSA, NULL, &at, (long)object.size);
                keys += key != NULL;
                EVP_PKEY_free(key);
        }
        return keys;
}

static mitome_status open_copy(
        struct story *story, struct storage_file *file, unsigned *ret_keys, mitome_error *error)
{
        struct mitome_element_config config = { .storage = storage_file(file), .random = story->random };
        struct store *store = NULL;
        MITOME_TRY(storage_file_key(file, config.storage_key, error));
        mitome_status status = store_open(&config, &store, error);
        bytes_wipe(config.storage_key, sizeof config.storage_key);
        MITOME_TRY(status);
        *ret_keys = count_keys(store);
        store_close(store);
        return ok();
}

mitome_status story_seize(struct story *story, unsigned *ret_keys, mitome_error *error)
{
        char element[PATH_SIZE], seized[PATH_SIZE];
        struct storage_file *file;
        snprintf(element, sizeof element, "%s/element", story->phone.body.folder);
        snprintf(seized, sizeof seized, "%s/seized", story->phone.body.folder);
        (void)mkdir(seized, 0700); /* if it is not there, the copy fails */
        MITOME_TRY(copy_file(element, seized, "state", error));
        MITOME_TRY(copy_file(element, seized, "key", error));
        MITOME_TRY(storage_file_open(seized, &file, error));
        mitome_status status = open_copy(story, file, ret_keys, error);
        storage_file_close(file);
        return status;
}
