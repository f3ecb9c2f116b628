/* SPDX-License-Identifier: Apache-2.0 */
#include "native.h"

#include "element_internal.h"

#define AID_OF(array)                  \
        {                              \
                (array), sizeof(array) \
        }

/* Load files are named under a proprietary prefix of the project's own, except the one that GlobalPlatform
 * itself names for security domains (GPC_SPE_034, appendix H.1.3). */
static const uint8_t domain_file[] = { 0xA0, 0x00, 0x00, 0x01, 0x51, 0x53, 0x50 };
static const uint8_t domain_module[] = { 0xA0, 0x00, 0x00, 0x01, 0x51, 0x53, 0x50, 0x41 };
static const uint8_t jpki_file[] = { 0xF0, 0x4D, 0x49, 0x54, 0x4F, 0x4D, 0x45, 0x80, 0x02 };
static const uint8_t jpki_module[] = { 0xD3, 0x92, 0xF0, 0x00, 0x26, 0x01, 0x00, 0x00, 0x00, 0x01 };
static const uint8_t fido_file[] = { 0xF0, 0x4D, 0x49, 0x54, 0x4F, 0x4D, 0x45, 0x80, 0x03 };
static const uint8_t fido_module[] = { 0xF0, 0x4D, 0x49, 0x54, 0x4F, 0x4D, 0x45, 0x01 };
static const uint8_t ara_file[] = { 0xF0, 0x4D, 0x49, 0x54, 0x4F, 0x4D, 0x45, 0x80, 0x04 };
static const uint8_t ara_module[] = { 0xA0, 0x00, 0x00, 0x01, 0x51, 0x41, 0x43, 0x4C, 0x00 };
static const uint8_t stand_in_file[] = { 0xF0, 0x4D, 0x49, 0x54, 0x4F, 0x4D, 0x45, 0x80, 0x05 };
static const uint8_t stand_in_module[] = { 0xF0, 0x4D, 0x49, 0x54, 0x4F, 0x4D, 0x45, 0x02 };

static const struct native_file files[] = {
        { NATIVE_DOMAIN, "domain", AID_OF(domain_file), AID_OF(domain_module), 1, 0, &security_domain },
        { NATIVE_JPKI, "jpki", AID_OF(jpki_file), AID_OF(jpki_module), 1, 0, &jpki_applet },
        { NATIVE_FIDO, "fido", AID_OF(fido_file), AID_OF(fido_module), 1, 0, &fido_applet },
        { NATIVE_ARA, "ara", AID_OF(ara_file), AID_OF(ara_module), 1, 0, &ara_applet },
        { NATIVE_STAND_IN, "stand-in", AID_OF(stand_in_file), AID_OF(stand_in_module), 1, 0,
                &stand_in_applet },
};

const struct native_file *native_at(size_t index)
{
        return index < sizeof files / sizeof *files ? &files[index] : NULL;
}

const struct native_file *native_numbered(unsigned number)
{
        for (size_t i = 0; i < sizeof files / sizeof *files; i++)
                if (files[i].number == number)
                        return &files[i];
        return NULL;
}

const struct native_file *native_by_aid(slice load_file_aid)
{
        for (size_t i = 0; i < sizeof files / sizeof *files; i++)
                if (slice_equal(files[i].aid, load_file_aid))
                        return &files[i];
        return NULL;
}

const struct native_file *native_named(const char *name)
{
        for (size_t i = 0; i < sizeof files / sizeof *files; i++)
                if (slice_is(slice_text(name), files[i].name))
                        return &files[i];
        return NULL;
}

/* ---- components: Java Card VM specification 2.2, 6.2 to 6.9 ---- */

enum {
        TAG_HEADER = 1,
        TAG_DIRECTORY = 2,
        TAG_APPLET = 3,
        TAG_IMPORT = 4,
        TAG_METHOD = 7,
        DIRECTORY_SIZE = 31
};

static void write_header(const struct native_file *native, writer *w)
{
        enum { FIXED = 10, CAP_MINOR = 1, CAP_MAJOR = 2, ACC_APPLET = 0x04 };
        write_u8(w, TAG_HEADER);
        write_u16(w, (uint16_t)(FIXED + native->aid.size));
        write_u32(w, 0xDECAFFED);
        write_u8(w, CAP_MINOR);
        write_u8(w, CAP_MAJOR);
        write_u8(w, ACC_APPLET);
        write_u8(w, native->minor);
        write_u8(w, native->major);
        write_u8(w, (uint8_t)native->aid.size);
        write_slice(w, native->aid);
}

static void write_import(const struct native_file *native, writer *w)
{
        (void)native;
        write_u8(w, TAG_IMPORT);
        write_u16(w, 1);
        write_u8(w, 0); /* packages */
}

static void write_applet(const struct native_file *native, writer *w)
{
        enum { FIXED = 4, INSTALL_METHOD = 1 };
        write_u8(w, TAG_APPLET);
        write_u16(w, (uint16_t)(FIXED + native->module.size));
        write_u8(w, 1); /* applets */
        write_u8(w, (uint8_t)native->module.size);
        write_slice(w, native->module);
        write_u16(w, INSTALL_METHOD);
}

static void write_method(const struct native_file *native, writer *w)
{
        const slice text = slice_text("mitome native applet "), name = slice_text(native->name);
        write_u8(w, TAG_METHOD);
        write_u16(w, (uint16_t)(1 + text.size + name.size));
        write_u8(w, 0); /* exception handlers */
        write_slice(w, text);
        write_slice(w, name);
}

static uint16_t size_of(void (*write)(const struct native_file *, writer *), const struct native_file *native)
{
        uint8_t bytes[LOAD_FILE_MAX];
        writer w = WRITER(bytes);
        write(native, &w);
        return (uint16_t)(w.used - 3); /* without tag and size */
}

static void write_directory(const struct native_file *native, writer *w)
{
        const uint16_t sizes[] = { size_of(write_header, native), DIRECTORY_SIZE,
                size_of(write_applet, native), size_of(write_import, native), 0, 0,
                size_of(write_method, native), 0, 0, 0, 0 };
        write_u8(w, TAG_DIRECTORY);
        write_u16(w, DIRECTORY_SIZE);
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
                write_u16(w, sizes[i]);
        write_u32(w, 0); /* static fields: images, arrays */
        write_u16(w, 0); /* their bytes */
        write_u8(w, 0);  /* imports */
        write_u8(w, 1);  /* applets */
        write_u8(w, 0);  /* custom components */
}

/* In the order in which they are loaded (6.2.2), which all clients keep. */
static const struct {
        const char *name;
        void (*write)(const struct native_file *native, writer *w);
} components[] = {
        { "Header", write_header },
        { "Directory", write_directory },
        { "Import", write_import },
        { "Applet", write_applet },
        { "Method", write_method },
};

enum { COMPONENT_COUNT = sizeof components / sizeof *components };

void native_write_load_file(const struct native_file *native, writer *w)
{
        for (size_t i = 0; i < COMPONENT_COUNT; i++)
                components[i].write(native, w);
}

/* ---- the archive: PKWARE APPNOTE 4.3, entries stored as they are ---- */

static void write_little_u16(writer *w, size_t value)
{
        write_u8(w, (uint8_t)value);
        write_u8(w, (uint8_t)(value >> 8));
}

static void write_little_u32(writer *w, size_t value)
{
        write_little_u16(w, value);
        write_little_u16(w, value >> 16);
}

static uint32_t crc_32(slice bytes)
{
        uint32_t crc = UINT32_MAX;
        for (size_t i = 0; i < bytes.size; i++) {
                crc ^= bytes.data[i];
                for (int bit = 0; bit < 8; bit++)
                        crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320 : 0);
        }
        return ~crc;
}

/* What local and central headers say alike: from the version that is needed to the length of extra fields. */
static void write_entry(writer *w, slice content, size_t name_size)
{
        enum { VERSION = 10, NEW_YEAR_1980 = 0x0021 };
        write_little_u16(w, VERSION);
        write_little_u16(w, 0); /* flags */
        write_little_u16(w, 0); /* stored */
        write_little_u16(w, 0); /* time: the same file comes from every build */
        write_little_u16(w, NEW_YEAR_1980);
        write_little_u32(w, crc_32(content));
        write_little_u32(w, content.size);
        write_little_u32(w, content.size);
        write_little_u16(w, name_size);
        write_little_u16(w, 0);
}

static slice entry_name(const struct native_file *native, size_t component, uint8_t buffer[64])
{
        writer w = writer_over(buffer, 64);
        write_slice(&w, slice_text("mitome/"));
        write_slice(&w, slice_text(native->name));
        write_slice(&w, slice_text("/javacard/"));
        write_slice(&w, slice_text(components[component].name));
        write_slice(&w, slice_text(".cap"));
        return writer_view(&w);
}

void native_write_cap(const struct native_file *native, writer *w)
{
        enum { LOCAL = 0x04034B50, CENTRAL = 0x02014B50, END = 0x06054B50, CENTRAL_REST = 10 };
        uint8_t directory[LOAD_FILE_CAP_MAX], content[LOAD_FILE_MAX], name_bytes[64];
        writer central = WRITER(directory);
        size_t start = w->used;
        for (size_t i = 0; i < COMPONENT_COUNT; i++) {
                writer c = WRITER(content);
                slice name = entry_name(native, i, name_bytes);
                size_t at = w->used - start;
                components[i].write(native, &c);
                write_little_u32(w, LOCAL);
                write_entry(w, writer_view(&c), name.size);
                write_slice(w, name);
                write_slice(w, writer_view(&c));
                write_little_u32(&central, CENTRAL);
                write_little_u16(&central, 10); /* made by */
                write_entry(&central, writer_view(&c), name.size);
                for (int j = 0; j < CENTRAL_REST; j++)
                        write_u8(&central, 0); /* comment, disk, attributes */
                write_little_u32(&central, at);
                write_slice(&central, name);
        }
        size_t at = w->used - start;
        write_slice(w, writer_view(&central));
        write_little_u32(w, END);
        write_little_u32(w, 0); /* disks */
        write_little_u16(w, COMPONENT_COUNT);
        write_little_u16(w, COMPONENT_COUNT);
        write_little_u32(w, central.used);
        write_little_u32(w, at);
        write_little_u16(w, 0);
}
