/* SPDX-License-Identifier: Apache-2.0 */
#include "party.h"

#include "json.h"
#include "sign1.h"
#include "small_file.h"

#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { FILE_MAX = 16384, HEX_MAX = 2 * LETTER_KEY_SIZE };

const struct directory_entry *directory_find(const struct directory *directory, slice name)
{
        for (size_t i = 0; i < directory->count; i++)
                if (slice_is(name, directory->entries[i].name))
                        return &directory->entries[i];
        return NULL;
}

/* ---- reading ---- */

static mitome_status malformed(const struct json_reader *r, const char *field)
{
        return reader_fail(&r->bytes, MITOME_E_DIRECTORY_FORM, field);
}

static mitome_status read_name(struct json_reader *r, struct directory_entry *entry)
{
        slice name;
        MITOME_TRY(json_read_string(r, "name", (uint8_t *)entry->name, LETTER_NAME_MAX, &name));
        return sign1_is_name(name, LETTER_NAME_MAX) ? ok() : malformed(r, "name");
}

static mitome_status read_key(struct json_reader *r, struct directory_entry *entry)
{
        uint8_t text[HEX_MAX];
        size_t size = 0;
        slice hex;
        MITOME_TRY(json_read_string(r, "key_hex", text, sizeof text, &hex));
        if (hex.size != HEX_MAX ||
                sodium_hex2bin(entry->key, sizeof entry->key, (const char *)hex.data, hex.size, NULL, &size,
                        NULL) != 0 ||
                size != LETTER_KEY_SIZE)
                return malformed(r, "key_hex");
        return ok();
}

/* Scheme, host and port: no path, no user, nothing that would have to be encoded. */
static bool is_url(slice url)
{
        static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789.-:[]";
        slice schemes[] = { slice_text("http://"), slice_text("https://") };
        if (url.size == 0)
                return true;
        for (size_t i = 0; i < 2; i++) {
                if (!slice_begins_with(url, schemes[i]) || url.size == schemes[i].size)
                        continue;
                size_t at = schemes[i].size;
                while (at < url.size && url.data[at] && strchr(plain, url.data[at]))
                        at++;
                return at == url.size;
        }
        return false;
}

static mitome_status read_url(struct json_reader *r, struct directory_entry *entry)
{
        slice url;
        MITOME_TRY(json_read_string(r, "url", (uint8_t *)entry->url, DIRECTORY_URL_MAX, &url));
        return is_url(url) ? ok() : malformed(r, "url");
}

static mitome_status read_entry(struct json_reader *r, struct directory_entry *ret)
{
        static const struct {
                const char *name;
                mitome_status (*read)(struct json_reader *r, struct directory_entry *entry);
        } members[] = { { "name", read_name }, { "key_hex", read_key }, { "url", read_url } };
        struct directory_entry entry = { 0 };
        struct json_members object;
        slice name;
        MITOME_TRY(json_open_object(r, "party", &object));
        for (bool more;;) {
                MITOME_TRY(json_next_member(r, &object, &name, &more));
                if (!more)
                        break;
                size_t i = 0;
                while (i < 3 && !json_name_is(name, members[i].name))
                        i++;
                if (i == 3)
                        return malformed(r, "party");
                MITOME_TRY(members[i].read(r, &entry));
        }
        if (!entry.name[0] || sodium_is_zero(entry.key, sizeof entry.key))
                return malformed(r, "party");
        *ret = entry;
        return ok();
}

static mitome_status read_entries(struct json_reader *r, struct directory *ret)
{
        struct json_members array;
        MITOME_TRY(json_open_array(r, "parties", &array));
        for (bool more;;) {
                struct directory_entry entry;
                MITOME_TRY(json_next_element(r, &array, &more));
                if (!more)
                        return ok();
                MITOME_TRY(read_entry(r, &entry));
                if (directory_find(ret, slice_text(entry.name)))
                        return malformed(r, "name");
                if (ret->count == DIRECTORY_MAX)
                        return reader_fail(&r->bytes, MITOME_E_TOO_MANY, "parties");
                ret->entries[ret->count++] = entry;
        }
}

mitome_status directory_parse(slice text, struct directory *ret, mitome_error *error)
{
        struct json_reader r = json_over(text, "party.h", error);
        struct json_members object;
        struct directory directory = { 0 };
        slice name;
        bool more;
        MITOME_TRY(json_open_object(&r, "directory", &object));
        MITOME_TRY(json_next_member(&r, &object, &name, &more));
        if (!more || !json_name_is(name, "parties"))
                return malformed(&r, "directory");
        MITOME_TRY(read_entries(&r, &directory));
        MITOME_TRY(json_next_member(&r, &object, &name, &more));
        if (more)
                return malformed(&r, "directory");
        MITOME_TRY(json_end(&r, "directory"));
        *ret = directory;
        return ok();
}

mitome_status directory_read(const char *path, struct directory *ret, mitome_error *error)
{
        uint8_t text[FILE_MAX];
        slice whole;
        MITOME_TRY(small_file_read(path, "directory", text, sizeof text, &whole, error));
        return directory_parse(whole, ret, error);
}

/* ---- writing ---- */

static void write_entry(struct json_writer *w, const struct directory_entry *entry)
{
        char hex[HEX_MAX + 1];
        json_write_open_object(w, NULL);
        json_write_string(w, "name", entry->name);
        json_write_string(w, "key_hex", sodium_bin2hex(hex, sizeof hex, entry->key, LETTER_KEY_SIZE));
        if (entry->url[0])
                json_write_string(w, "url", entry->url);
        json_write_close_object(w);
}

static bool write_file(const char *path, slice text)
{
        FILE *file = fopen(path, "wbxe");
        if (!file)
                return false;
        bool done = fwrite(text.data, 1, text.size, file) == text.size && fflush(file) == 0 &&
                    fsync(fileno(file)) == 0;
        return fclose(file) == 0 && done;
}

mitome_status directory_write(const char *path, const struct directory *directory, mitome_error *error)
{
        uint8_t text[FILE_MAX];
        char name[PATH_MAX];
        writer out = WRITER(text);
        struct json_writer w = json_into(&out);
        slice whole;
        json_write_open_object(&w, NULL);
        json_write_open_array(&w, "parties");
        for (size_t i = 0; i < directory->count; i++)
                write_entry(&w, &directory->entries[i]);
        json_write_close_array(&w);
        json_write_close_object(&w);
        write_u8(&out, '\n');
        MITOME_TRY(writer_finish(&out, "directory", &whole, error));
        int length = snprintf(name, sizeof name, "%s.new", path);
        if (length < 0 || length >= PATH_MAX)
                return fail(error, MITOME_E_TOO_LONG, "directory", NULL);
        (void)unlink(name);
        if (write_file(name, whole) && rename(name, path) == 0)
                return ok();
        (void)unlink(name);
        return fail(error, MITOME_E_FILE_WRITE, "directory", NULL);
}
