/* SPDX-License-Identifier: Apache-2.0 */
#include "biometric_source.h"

#include "grow_finger.h"
#include "pgm_image.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
        ENROL_IMAGES = 5,
        GROWN_ENROL_MAX = 20, /* impressions that are laid for one step */
        GROWN_VERIFY_MAX = 3,
        NAME_SIZE = 64,
        IMAGES_MAX = 20000,
};

/* One file of the folder. */
struct image {
        char file[NAME_SIZE]; /* FINGER_NUMBER.pgm */
        char name[NAME_SIZE]; /* FINGER */
        unsigned number;
};

struct biometric_source {
        unsigned fingers;
        char name[NAME_SIZE];
        /* grown */
        uint64_t first;
        struct finger **grown; /* as far as they were needed */
        uint8_t pressed[FINGER_SIZE];
        /* images */
        int folder; /* -1: grown */
        unsigned attempts;
        struct image *images; /* in the order of their names and numbers */
        size_t image_count;
        size_t *firsts; /* of each finger, and behind the last one */
        uint8_t *file;
};

unsigned biometric_source_fingers(const struct biometric_source *source)
{
        return source->fingers;
}

const char *biometric_source_name(const struct biometric_source *source)
{
        return source->name;
}

void biometric_source_free(struct biometric_source *source)
{
        if (!source)
                return;
        for (unsigned i = 0; source->grown && i < source->fingers; i++)
                free(source->grown[i]);
        if (source->folder >= 0)
                close(source->folder);
        free(source->grown);
        free(source->images);
        free(source->firsts);
        free(source->file);
        free(source);
}

/* ---- grown ---- */

mitome_status biometric_source_grown(
        unsigned fingers, uint64_t first, struct biometric_source **ret, mitome_error *error)
{
        struct biometric_source *source = calloc(1, sizeof *source);
        struct finger **grown = calloc(fingers, sizeof(struct finger *));
        if (!source || !grown) {
                free(source);
                free(grown);
                return fail(error, MITOME_E_NO_MEMORY, "fingers", NULL);
        }
        source->fingers = fingers;
        source->first = first;
        source->grown = grown;
        source->folder = -1;
        (void)snprintf(source->name, sizeof source->name, "grown:%llu", (unsigned long long)first);
        *ret = source;
        return ok();
}

static mitome_status need_finger(struct biometric_source *source, unsigned finger, mitome_error *error)
{
        if (source->grown[finger])
                return ok();
        struct finger *grown = malloc(sizeof *grown);
        if (!grown)
                return fail(error, MITOME_E_NO_MEMORY, "fingers", NULL);
        mitome_status status = finger_grow(source->first + finger, grown, error);
        if (failed(status))
                free(grown);
        else
                source->grown[finger] = grown;
        return status;
}

/* No two impressions of a measurement have the same seed. */
static uint64_t seed_of(const struct biometric_source *source, const struct biometric_touch *touch)
{
        return (source->first + touch->step.finger) << 44 ^ (uint64_t)touch->set << 28 ^
               (uint64_t)touch->index << 8 ^ touch->round << 5 ^ touch->presentation;
}

static mitome_status lay_grown(struct biometric_source *source, const struct biometric_touch *touch,
        struct virtual_finger_image *ret, bool *ret_there, mitome_error *error)
{
        const unsigned most = touch->step.kind == BIOMETRIC_ENROL ? GROWN_ENROL_MAX : GROWN_VERIFY_MAX;
        *ret_there = touch->presentation < most;
        if (!*ret_there)
                return ok();
        MITOME_TRY(need_finger(source, touch->step.finger, error));
        const struct finger_touch usual = finger_usual_touch(seed_of(source, touch));
        finger_press(source->grown[touch->step.finger], &usual, source->pressed);
        *ret = (struct virtual_finger_image){ FINGER_WIDTH, FINGER_HEIGHT, SLICE(source->pressed) };
        return ok();
}

/* ---- a folder of images ---- */

/* FINGER_NUMBER.pgm; anything else is no image of a finger. */
static bool read_name(const char *file, struct image *ret)
{
        const char *end = strrchr(file, '.'), *line = strrchr(file, '_');
        if (!end || !line || strcmp(end, ".pgm") != 0 || line == file || end - line < 2 || end - line > 7 ||
                strlen(file) >= NAME_SIZE)
                return false;
        unsigned number = 0;
        for (const char *digit = line + 1; digit < end; digit++) {
                if (*digit < '0' || *digit > '9')
                        return false;
                number = number * 10 + (unsigned)(*digit - '0');
        }
        (void)snprintf(ret->file, sizeof ret->file, "%s", file);
        (void)snprintf(ret->name, sizeof ret->name, "%.*s", (int)(line - file), file);
        ret->number = number;
        return true;
}

static int compare_images(const void *a, const void *b)
{
        const struct image *left = a, *right = b;
        int order = strcmp(left->name, right->name);
        return order ? order : (left->number > right->number) - (left->number < right->number);
}

static mitome_status add_image(
        struct biometric_source *source, const struct image *image, mitome_error *error)
{
        enum { STEP = 64 };
        if (source->image_count == IMAGES_MAX)
                return fail(error, MITOME_E_TOO_MANY, "--images", NULL);
        if (source->image_count % STEP == 0) {
                struct image *more =
                        realloc(source->images, (source->image_count + STEP) * sizeof *source->images);
                if (!more)
                        return fail(error, MITOME_E_NO_MEMORY, "--images", NULL);
                source->images = more;
        }
        source->images[source->image_count++] = *image;
        return ok();
}

static mitome_status list_images(struct biometric_source *source, mitome_error *error)
{
        int own = dup(source->folder);
        DIR *folder = own < 0 ? NULL : fdopendir(own);
        struct image image;
        mitome_status status = ok();
        if (!folder) {
                if (own >= 0)
                        close(own);
                return fail(error, MITOME_E_FILE_READ, "--images", NULL);
        }
        for (struct dirent *entry; !failed(status) && (entry = readdir(folder));)
                if (read_name(entry->d_name, &image))
                        status = add_image(source, &image, error);
        closedir(folder);
        return status;
}

static bool begins_finger(const struct biometric_source *source, size_t i)
{
        return i == 0 || strcmp(source->images[i - 1].name, source->images[i].name) != 0;
}

/* Every finger has enough of them. */
static mitome_status divide(struct biometric_source *source, mitome_error *error)
{
        source->firsts = calloc(source->image_count + 1, sizeof *source->firsts);
        if (!source->firsts)
                return fail(error, MITOME_E_NO_MEMORY, "--images", NULL);
        for (size_t i = 0; i < source->image_count; i++)
                if (begins_finger(source, i))
                        source->firsts[source->fingers++] = i;
        source->firsts[source->fingers] = source->image_count;
        for (unsigned i = 0; i < source->fingers; i++)
                if (source->firsts[i + 1] - source->firsts[i] < ENROL_IMAGES + source->attempts + 1)
                        return fail(error, MITOME_E_MEASURE_IMAGES, "--images", NULL);
        return source->fingers >= 2 ? ok() : fail(error, MITOME_E_MEASURE_IMAGES, "--images", NULL);
}

static void name_images(struct biometric_source *source)
{
        uint8_t digest[SHA256_SIZE] = { 0 };
        for (size_t i = 0; i < source->image_count; i++) {
                const slice parts[] = { SLICE(digest), slice_text(source->images[i].file) };
                sha256(parts, 2, digest);
        }
        (void)snprintf(source->name, sizeof source->name, "images:%02x%02x%02x%02x%02x%02x%02x%02x",
                digest[0], digest[1], digest[2], digest[3], digest[4], digest[5], digest[6], digest[7]);
}

static mitome_status open_images(struct biometric_source *source, mitome_error *error)
{
        if (source->folder < 0)
                return fail(error, MITOME_E_FILE_READ, "--images", NULL);
        source->file = malloc(PGM_IMAGE_FILE_MAX + 1);
        if (!source->file)
                return fail(error, MITOME_E_NO_MEMORY, "--images", NULL);
        MITOME_TRY(list_images(source, error));
        if (source->image_count == 0)
                return fail(error, MITOME_E_MEASURE_IMAGES, "--images", NULL);
        qsort(source->images, source->image_count, sizeof *source->images, compare_images);
        MITOME_TRY(divide(source, error));
        name_images(source);
        return ok();
}

mitome_status biometric_source_images(
        const char *folder, unsigned attempts, struct biometric_source **ret, mitome_error *error)
{
        struct biometric_source *source = calloc(1, sizeof *source);
        if (!source)
                return fail(error, MITOME_E_NO_MEMORY, "--images", NULL);
        source->attempts = attempts;
        source->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        mitome_status status = open_images(source, error);
        if (failed(status))
                biometric_source_free(source);
        else
                *ret = source;
        return status;
}

/* Which of a finger's `count` images the touch is; `count` when there is none. */
static size_t choose(const struct biometric_source *source, const struct biometric_touch *touch, size_t count)
{
        const size_t last = count - 1, enrolling = last - source->attempts;
        switch (touch->step.kind) {
        case BIOMETRIC_ENROL:
                return touch->presentation < enrolling ? touch->presentation : count;
        case BIOMETRIC_GENUINE:
                return touch->presentation == 0 ? enrolling + touch->step.attempt : count;
        case BIOMETRIC_IMPOSTOR:
                return touch->presentation == 0 ? last : count;
        }
        return count;
}

static mitome_status read_image(
        struct biometric_source *source, const struct image *image, slice *ret, mitome_error *error)
{
        int fd = openat(source->folder, image->file, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return fail(error, MITOME_E_FILE_READ, "--images", NULL);
        size_t size = 0;
        ssize_t count;
        while ((count = read(fd, source->file + size, PGM_IMAGE_FILE_MAX + 1 - size)) > 0 ||
                (count < 0 && errno == EINTR))
                size += count > 0 ? (size_t)count : 0;
        close(fd);
        if (count < 0)
                return fail(error, MITOME_E_FILE_READ, "--images", NULL);
        *ret = slice_of(source->file, size);
        return ok();
}

static mitome_status lay_image(struct biometric_source *source, const struct biometric_touch *touch,
        struct virtual_finger_image *ret, bool *ret_there, mitome_error *error)
{
        const size_t first = source->firsts[touch->step.finger];
        const size_t count = source->firsts[touch->step.finger + 1] - first;
        const size_t chosen = choose(source, touch, count);
        slice file;
        *ret_there = chosen < count;
        if (!*ret_there)
                return ok();
        MITOME_TRY(read_image(source, &source->images[first + chosen], &file, error));
        return pgm_image_read(file, ret, error);
}

mitome_status biometric_source_lay(struct biometric_source *source, const struct biometric_touch *touch,
        struct virtual_finger_image *ret, bool *ret_there, mitome_error *error)
{
        return source->folder < 0 ? lay_grown(source, touch, ret, ret_there, error)
                                  : lay_image(source, touch, ret, ret_there, error);
}
