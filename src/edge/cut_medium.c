/* SPDX-License-Identifier: Apache-2.0 */
#include "cut_medium.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { IMAGE_MAX = 4 << 20 };
#define MARK UINT64_C(0x6D69746F6D652031) /* "mitome 1" */

/* The file, as both have it mapped. A new one is zeros: nothing stored, power on. */
struct page {
        uint64_t mark, anchor, size;
        uint32_t bare, stored, off, writes, cut_at, moment;
        uint8_t image[IMAGE_MAX];
};

struct cut_medium {
        struct page *page;
};

/* ---- the file ---- */

static struct page *map_page(int fd)
{
        struct stat file;
        if (fstat(fd, &file) != 0 || (file.st_size != 0 && file.st_size != sizeof(struct page)) ||
                ftruncate(fd, sizeof(struct page)) != 0)
                return NULL;
        void *page = mmap(NULL, sizeof(struct page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        return page == MAP_FAILED ? NULL : page;
}

static mitome_status open_page(const char *path, struct page **ret, mitome_error *error)
{
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
                return fail(error, MITOME_E_FILE_WRITE, "the medium", NULL);
        struct page *page = map_page(fd);
        close(fd);
        if (!page)
                return fail(error, MITOME_E_STORE_FOREIGN, "the medium", NULL);
        if (page->mark == 0)
                page->mark = MARK;
        if (page->mark != MARK || page->size > IMAGE_MAX) {
                munmap(page, sizeof *page);
                return fail(error, MITOME_E_STORE_FOREIGN, "the medium", NULL);
        }
        *ret = page;
        return ok();
}

mitome_status cut_medium_open(const char *path, struct cut_medium **ret, mitome_error *error)
{
        struct cut_medium *medium = calloc(1, sizeof *medium);
        if (!medium)
                return fail(error, MITOME_E_NO_MEMORY, "the medium", NULL);
        mitome_status status = open_page(path, &medium->page, error);
        if (failed(status))
                free(medium);
        else
                *ret = medium;
        return status;
}

void cut_medium_close(struct cut_medium *medium)
{
        if (!medium)
                return;
        munmap(medium->page, sizeof *medium->page);
        free(medium);
}

void cut_medium_set_bare(struct cut_medium *medium)
{
        medium->page->bare = 1;
}

/* ---- the storage ---- */

static mitome_status copy_out(const struct page *page, uint8_t **ret, mitome_error *error)
{
        uint8_t *copy = malloc(page->size + 1);
        if (!copy)
                return fail(error, MITOME_E_NO_MEMORY, "state", NULL);
        mitome_status status =
                slice_copy(slice_of(page->image, page->size), "state", copy, page->size, error);
        if (failed(status))
                free(copy);
        else
                *ret = copy;
        return status;
}

static mitome_status load(void *context, uint8_t **ret_image, size_t *ret_size, mitome_error *error)
{
        const struct page *page = ((const struct cut_medium *)context)->page;
        if (page->off)
                return fail(error, MITOME_E_FILE_READ, "state", NULL);
        *ret_image = NULL;
        *ret_size = 0;
        if (!page->stored)
                return ok();
        MITOME_TRY(copy_out(page, ret_image, error));
        *ret_size = page->size;
        return ok();
}

/* Counts a write, and tells whether it is to be carried out. */
static bool begin_write(struct page *page)
{
        page->off = page->off || ++page->writes == page->cut_at;
        return !page->off || page->moment == CUT_AFTER;
}

static mitome_status end_write(const struct page *page, mitome_error *error)
{
        return page->off ? fail(error, MITOME_E_FILE_WRITE, "state", NULL) : ok();
}

static mitome_status put(struct page *page, slice image, mitome_error *error)
{
        if (image.size > IMAGE_MAX)
                return fail(error, MITOME_E_TOO_LONG, "state", NULL);
        MITOME_TRY(slice_copy(image, "state", page->image, IMAGE_MAX, error));
        page->size = image.size;
        page->stored = 1;
        return ok();
}

static mitome_status replace(void *context, mitome_slice image, mitome_error *error)
{
        struct page *page = ((struct cut_medium *)context)->page;
        if (page->off)
                return fail(error, MITOME_E_FILE_WRITE, "state", NULL);
        if (begin_write(page))
                MITOME_TRY(put(page, image, error));
        return end_write(page, error);
}

static mitome_status extend(struct page *page, slice record, mitome_error *error)
{
        if (record.size > IMAGE_MAX - page->size)
                return fail(error, MITOME_E_TOO_LONG, "state", NULL);
        MITOME_TRY(slice_copy(record, "state", &page->image[page->size], record.size, error));
        page->size += record.size;
        return ok();
}

/* By turns the first half of a record, and all of it with zeros where its first half should be. */
static mitome_status extend_torn(struct page *page, slice record, mitome_error *error)
{
        const size_t half = record.size / 2, before = page->size;
        MITOME_TRY(extend(page, record, error));
        if (page->cut_at % 2)
                page->size = before + half;
        else
                bytes_wipe(&page->image[before], half);
        return ok();
}

static mitome_status append(void *context, size_t at, mitome_slice record, mitome_error *error)
{
        struct page *page = ((struct cut_medium *)context)->page;
        if (page->off || !page->stored)
                return fail(error, MITOME_E_FILE_WRITE, "state", NULL);
        if (at != page->size)
                return fail(error, MITOME_E_STORE_APPEND, "state", NULL);
        if (begin_write(page))
                MITOME_TRY(extend(page, record, error));
        else if (page->moment == CUT_TORN)
                MITOME_TRY(extend_torn(page, record, error));
        return end_write(page, error);
}

struct mitome_storage cut_medium_storage(struct cut_medium *medium)
{
        return (struct mitome_storage){
                .context = medium, .load = load, .append = append, .replace = replace
        };
}

/* ---- the anchor ---- */

static mitome_status read_anchor(void *context, uint64_t *ret_value, mitome_error *error)
{
        const struct page *page = ((const struct cut_medium *)context)->page;
        if (page->off)
                return fail(error, MITOME_E_FILE_READ, "anchor", NULL);
        *ret_value = page->anchor;
        return ok();
}

static mitome_status advance_anchor(void *context, uint64_t value, mitome_error *error)
{
        struct page *page = ((struct cut_medium *)context)->page;
        if (page->off)
                return fail(error, MITOME_E_FILE_WRITE, "anchor", NULL);
        if (value != page->anchor + 1)
                return fail(error, MITOME_E_ARGUMENT, "anchor", NULL);
        if (begin_write(page))
                page->anchor = value;
        return end_write(page, error);
}

struct mitome_anchor cut_medium_anchor(struct cut_medium *medium)
{
        if (medium->page->bare)
                return (struct mitome_anchor){ 0 };
        return (struct mitome_anchor){ .context = medium, .read = read_anchor, .advance = advance_anchor };
}

/* ---- who evaluates ---- */

void cut_medium_arm(struct cut_medium *medium, unsigned n, enum cut_moment moment)
{
        medium->page->cut_at = n ? medium->page->writes + n : 0;
        medium->page->moment = moment;
}

bool cut_medium_is_off(const struct cut_medium *medium)
{
        return medium->page->off;
}

void cut_medium_on(struct cut_medium *medium)
{
        medium->page->off = 0;
        medium->page->cut_at = 0;
}

unsigned cut_medium_writes(const struct cut_medium *medium)
{
        return medium->page->writes;
}

slice cut_medium_image(const struct cut_medium *medium)
{
        return slice_of(medium->page->image, medium->page->size);
}

mitome_status cut_medium_put(struct cut_medium *medium, slice image, mitome_error *error)
{
        return put(medium->page, image, error);
}

uint64_t cut_medium_count(const struct cut_medium *medium)
{
        return medium->page->anchor;
}

void cut_medium_set_count(struct cut_medium *medium, uint64_t count)
{
        medium->page->anchor = count;
}
