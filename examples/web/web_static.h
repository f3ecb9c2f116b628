/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_STATIC_H
#define WEB_STATIC_H

/* Style sheets, scripts and pictures: a folder's files, read once. */

#include "web.h"

enum { WEB_STATIC_FILES = 64, WEB_STATIC_MAX = 1 << 20 };

struct web_static_file {
        char name[64];
        const char *media_type;
        char etag[40]; /* with its quotes: of the content, so it is another when that is */
        uint8_t *bytes;
        size_t size;
};

struct web_static {
        struct web_static_file files[WEB_STATIC_FILES];
        size_t count;
};

/* web_static_open reads all files of the folder that have one of the endings; others are left alone.
 * FILE_READ, TOO_LONG, TOO_MANY, NO_MEMORY. */
MITOME_CHECKED mitome_status web_static_open(
        const char *folder, struct web_static **ret, mitome_error *error);
void web_static_free(struct web_static *files);

/* web_static_find finds the file of a path "/static/NAME"; NULL: there is none. */
const struct web_static_file *web_static_find(const struct web_static *files, slice path);

/* web_static_answer says what goes with a file, whose bytes are sent from where they are; or 304, when the
 * client has it. */
void web_static_answer(
        const struct web_static_file *file, const struct web_request *request, struct web_answer *answer);

#endif
