/* SPDX-License-Identifier: Apache-2.0 */
#include "card_keys.h"

#include "bytes.h"
#include "hex_text.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Three lines of 64 digits, each with its end. */
enum { KEY_FILE_MAX = 3 * (2 * MITOME_SCP03_KEY_MAX + 1) };

/* Takes the next line, which must hold one key: digits of `size` bytes. */
static mitome_status read_key(reader *r, size_t size, uint8_t key[MITOME_SCP03_KEY_MAX], mitome_error *error)
{
        slice digits, bytes;
        uint8_t end;
        MITOME_TRY(read_bytes(r, "the key file", 2 * size, &digits));
        MITOME_TRY(hex_text_decode(digits, "the key file", key, size, &bytes, error));
        if (bytes.size != size) /* white space among the digits */
                return fail(error, MITOME_E_VALUE, "the key file", NULL);
        if (r->rest.size == 0) /* the last line may lack its end */
                return ok();
        MITOME_TRY(read_u8(r, "the key file", &end));
        return end == '\n' ? ok() : fail(error, MITOME_E_VALUE, "the key file", NULL);
}

/* The first line says how long all three keys are. */
static mitome_status key_size(slice text, uint8_t *ret, mitome_error *error)
{
        size_t digits = 0;
        while (digits < text.size && text.data[digits] != '\n')
                digits++;
        if (digits != 2 * 16 && digits != 2 * 24 && digits != 2 * 32)
                return fail(error, MITOME_E_VALUE, "the key file", NULL);
        *ret = (uint8_t)(digits / 2);
        return ok();
}

static mitome_status parse_keys(slice text, struct mitome_card_keys *keys, mitome_error *error)
{
        reader r = reader_over(text, NULL, error);
        MITOME_TRY(key_size(text, &keys->size, error));
        MITOME_TRY(read_key(&r, keys->size, keys->enc, error));
        MITOME_TRY(read_key(&r, keys->size, keys->mac, error));
        MITOME_TRY(read_key(&r, keys->size, keys->dek, error));
        return read_end(&r, "the key file");
}

/* Reads without stdio, whose buffers nobody wipes. */
mitome_status card_keys_read(const char *path, struct mitome_card_keys *keys, mitome_error *error)
{
        uint8_t text[KEY_FILE_MAX + 1];
        struct stat status;
        int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
        if (fd < 0)
                return fail(error, MITOME_E_FILE_READ, "the key file", NULL);
        mitome_status result = ok();
        ssize_t size = 0;
        if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
                result = fail(error, MITOME_E_FILE_READ, "the key file", NULL);
        else if (status.st_mode & (S_IRWXG | S_IRWXO))
                result = fail(error, MITOME_E_FILE_MODE, "the key file", NULL);
        else if ((size = read(fd, text, sizeof text)) < 0)
                result = fail(error, MITOME_E_FILE_READ, "the key file", NULL);
        close(fd);
        if (!failed(result))
                result = parse_keys(slice_of(text, (size_t)size), keys, error);
        bytes_wipe(text, sizeof text);
        return result;
}

static void print_key(FILE *file, const uint8_t *key, size_t size)
{
        for (size_t i = 0; i < size; i++)
                fprintf(file, "%02x", key[i]);
        fputc('\n', file);
}

mitome_status card_keys_write(const char *path, const struct mitome_card_keys *keys, mitome_error *error)
{
        char buffer[1024];
        (void)unlink(path);
        int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
        if (!file)
                return fail(error, MITOME_E_FILE_WRITE, "the key file", NULL);
        setvbuf(file, buffer, _IOFBF, sizeof buffer); /* the keys are wiped with it */
        print_key(file, keys->enc, keys->size);
        print_key(file, keys->mac, keys->size);
        print_key(file, keys->dek, keys->size);
        bool written = fflush(file) == 0 && fsync(fd) == 0;
        written = fclose(file) == 0 && written;
        bytes_wipe(buffer, sizeof buffer);
        return written ? ok() : fail(error, MITOME_E_FILE_WRITE, "the key file", NULL);
}
