/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NATIVE_H
#define NATIVE_H

/* The applets of this build, as load files: what a LOAD may bring. A load file carries no code, it names one
 * that is here: Header, Directory, Import, Applet and Method component of a CAP file (Java Card VM
 * specification, chapter 6), where the method component's bytes are the applet's name and version. */

#include "bytes.h"

struct applet;

/* Written into the registry: a number is never given a second meaning. */
enum native {
        NATIVE_DOMAIN = 1, /* security domains */
        NATIVE_JPKI = 2,
        NATIVE_FIDO = 3,
        NATIVE_ARA = 4,
        NATIVE_STAND_IN = 5,
};

struct native_file {
        uint8_t number; /* enum native */
        const char *name;
        slice aid;    /* of the load file */
        slice module; /* of its one applet, and of the instance that a new element has */
        uint8_t major, minor;
        const struct applet *applet;
};

enum {
        LOAD_FILE_MAX = 512,      /* bytes of a load file data block here */
        LOAD_FILE_CAP_MAX = 2048, /* of it as a CAP file */
};

/* native_at lists them, native_numbered finds one; NULL: no such. */
const struct native_file *native_at(size_t index);
const struct native_file *native_numbered(unsigned number);
const struct native_file *native_by_aid(slice load_file_aid);

/* native_named finds one by its name in lower case: domain, jpki, fido, ara, stand-in. */
const struct native_file *native_named(const char *name);

/* native_write_load_file writes the load file data block, the value of tag C4 and what INSTALL [for load]
 * gives the hash of; native_write_cap the CAP file (a ZIP archive) that a client reads it from. */
void native_write_load_file(const struct native_file *native, writer *w);
void native_write_cap(const struct native_file *native, writer *w);

#endif
