/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DEVICE_LIST_H
#define DEVICE_LIST_H

/* Which models a certificate can be put into (対応端末情報): a table of models, with whether they have a
 * GP-SE and since when they are supported; kept by the SP-TSM, which puts certificates into no others, and
 * shown as a page. The models of the examples are invented. */

#include "device_model.h"
#include "sql_store.h"

/* To be pasted into the schema of whoever keeps it. */
#define DEVICE_LIST_SCHEMA                                                                             \
        "CREATE TABLE device_model (model TEXT PRIMARY KEY, maker TEXT NOT NULL, name TEXT NOT NULL, " \
        "gp_se INTEGER NOT NULL CHECK (gp_se IN (0, 1)), since INTEGER NOT NULL, until INTEGER, "      \
        "CHECK (gp_se = 1 OR until IS NOT NULL)) WITHOUT ROWID;"

enum { DEVICE_LIST_MODEL_MAX = DEVICE_MODEL_MAX, DEVICE_LIST_NAME_MAX = 64, DEVICE_LIST_MAX = 128 };

struct device_model {
        const char *model; /* as the phone itself says it: letters, digits, '-' */
        const char *maker, *name;
        bool gp_se;    /* a secure element that GlobalPlatform's card specification holds for */
        int64_t since; /* when it was put on the list */
        int64_t until; /* 0: supported; else from when on it is not, or never was (since) */
};

/* device_list_put adds a model or replaces what is said of it. VALUE, TOO_MANY. */
MITOME_CHECKED mitome_status device_list_put(
        struct sql_store *store, const struct device_model *model, mitome_error *error);

/* device_list_fill puts the invented models of the examples, where the list is empty. */
MITOME_CHECKED mitome_status device_list_fill(struct sql_store *store, int64_t now, mitome_error *error);

/* device_list_supports: there is such a model, it has a GP-SE, and is supported at `now`. */
MITOME_CHECKED mitome_status device_list_supports(
        struct sql_store *store, slice model, int64_t now, bool *ret, mitome_error *error);

/* device_list_load puts a list in place of what is there, or leaves that: text in UTF-8, a model a line,
 * parted by tabs: model, maker, name, GP-SE ("yes" or "no"), the day since when it is listed, and, where it
 * is not supported any more or never was, the day since when (YYYY-MM-DD). Lines that begin with # say
 * nothing. VALUE, also for a model that is there twice; TOO_MANY. */
MITOME_CHECKED mitome_status device_list_load(struct sql_store *store, slice text, mitome_error *error);

/* device_list_page writes the page for people (HTML, UTF-8, Japanese and English). */
MITOME_CHECKED mitome_status device_list_page(
        struct sql_store *store, int64_t now, writer *out, mitome_error *error);

#endif
