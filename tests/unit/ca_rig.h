/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CA_RIG_H
#define CA_RIG_H

/* Both CAs with a small register in memory, and the program openssl as a witness. A failure ends the test. */

#include "people.h"

#include <mitome/trust.h>

enum { CA_RIG_MAX = 64 };
extern const int64_t ca_rig_now;

struct ca_rig {
        struct mitome_random random;
        struct ca *cas[2];
        int64_t now;
        mitome_code broken; /* the register fails so */
        uint64_t numbers[2];
        size_t count;
        struct ca_rig_row {
                enum authority_kind kind;
                struct authority_certificate certificate;
                struct ca_place place;
                struct ca_status status;
        } rows[CA_RIG_MAX];
        char folder[64]; /* for files that a program reads */
};

/* ca_rig_open makes the CAs at a time; programs of others know only their own clock. */
void ca_rig_open(struct ca_rig *rig, int64_t now);
void ca_rig_close(struct ca_rig *rig);

struct ca_source ca_rig_source(struct ca_rig *rig);

/* ca_rig_issue issues a certificate and gives the number of its row. */
size_t ca_rig_issue(struct ca_rig *rig, enum authority_kind kind, const struct authority_person *person);
slice ca_rig_der(const struct ca_rig *rig, size_t row);
void ca_rig_set(struct ca_rig *rig, size_t row, enum ca_state state, int reason);

/* ca_rig_file writes bytes into a file of the rig's folder, PEM when it has a label, and gives its path. */
const char *ca_rig_file(struct ca_rig *rig, const char *name, const char *label, slice bytes, char path[96]);

/* ca_rig_run runs a program, with what it says in `output` (may be NULL); -1: there is none. */
int ca_rig_run(const char *const *arguments, char *output, size_t capacity);

#endif
