/* SPDX-License-Identifier: Apache-2.0 */
#include "entry_book.h"

#include <sodium.h>

enum {
        MAGIC_SIZE = 16,
        NONCE_SIZE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
        TAG_SIZE = crypto_aead_xchacha20poly1305_ietf_ABYTES,
};

_Static_assert(ENTRY_FILE_SIZE == MAGIC_SIZE + NONCE_SIZE + ENTRY_RECORD_SIZE + TAG_SIZE, "size of the file");

static const char magic[] = "mitome entries 1"; /* without its terminator */

static mitome_status seal(const struct entry_book *book, const struct entry_record *record,
        uint8_t image[ENTRY_FILE_SIZE], mitome_error *error)
{
        uint8_t plain[ENTRY_RECORD_SIZE];
        unsigned long long size = 0;
        slice view;
        writer fields = WRITER(plain), w = writer_over(image, ENTRY_FILE_SIZE);
        entry_record_write(&fields, record);
        MITOME_TRY(writer_finish(&fields, "entries", &view, error));
        write_slice(&w, slice_text(magic));
        uint8_t *nonce = write_space(&w, NONCE_SIZE);
        uint8_t *sealed = write_space(&w, view.size + TAG_SIZE);
        if (!nonce || !sealed)
                return fail(error, MITOME_E_BUFFER_FULL, "entries", NULL);
        randombytes_buf(nonce, NONCE_SIZE);
        crypto_aead_xchacha20poly1305_ietf_encrypt(sealed, &size, view.data, view.size,
                slice_text(magic).data, MAGIC_SIZE, NULL, nonce, book->key.data);
        return ok();
}

/* Whatever does not open is lost. */
static mitome_status unseal(const struct entry_book *book, slice image, struct entry_record *ret)
{
        uint8_t plain[ENTRY_RECORD_SIZE];
        unsigned long long size = 0;
        slice name, nonce;
        reader r = reader_over(image, NULL, NULL);
        MITOME_TRY(read_bytes(&r, "name", MAGIC_SIZE, &name));
        MITOME_TRY(read_bytes(&r, "nonce", NONCE_SIZE, &nonce));
        const slice sealed = read_rest(&r);
        if (!slice_is(name, magic) || sealed.size != sizeof plain + TAG_SIZE ||
                crypto_aead_xchacha20poly1305_ietf_decrypt(plain, &size, NULL, sealed.data, sealed.size,
                        slice_text(magic).data, MAGIC_SIZE, nonce.data, book->key.data) != 0)
                return fail(NULL, MITOME_E_STORE_SEAL, "entries", NULL);
        return entry_record_read(slice_of(plain, (size_t)size), ret, NULL);
}

mitome_status entry_book_open(
        const struct mitome_blobs *file, slice key, struct entry_book *ret, mitome_error *error)
{
        struct entry_book book = { .file = *file };
        uint8_t image[ENTRY_FILE_SIZE + 1];
        size_t size = 0;
        if (key.size != crypto_aead_xchacha20poly1305_ietf_KEYBYTES)
                return fail(error, MITOME_E_ARGUMENT, "entries", NULL);
        MITOME_TRY(secret_set(&book.key, key, error));
        if (failed(file->load(file->context, image, sizeof image, &size, NULL)) ||
                failed(unseal(&book, slice_of(image, size), &book.record)))
                book.record = (struct entry_record){ 0 };
        *ret = book;
        secret_wipe(&book.key);
        return ok();
}

static bool is_same(const struct entry_record *a, const struct entry_record *b)
{
        return a->heard == b->heard && a->due == b->due && a->count == b->count && a->number == b->number &&
               slice_equal(SLICE(a->boot), SLICE(b->boot)) && a->entered_ms == b->entered_ms &&
               a->used_ms == b->used_ms && a->missed_ms == b->missed_ms && a->misses == b->misses &&
               a->failures == b->failures;
}

mitome_status entry_book_write(struct entry_book *book, const struct entry_record *next, mitome_error *error)
{
        uint8_t image[ENTRY_FILE_SIZE];
        if (is_same(&book->record, next))
                return ok();
        MITOME_TRY(seal(book, next, image, error));
        MITOME_TRY(book->file.save(book->file.context, SLICE(image), error));
        book->record = *next;
        return ok();
}

void entry_book_close(struct entry_book *book)
{
        bytes_wipe(book, sizeof *book);
}
