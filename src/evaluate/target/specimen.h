/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SPECIMEN_H
#define SPECIMEN_H

/* This project's authenticator on the bench: made anew in a folder of its own and personalised for an
 * invented person, as `mitome authenticator --provision-demo` does it. The element is a process of its own,
 * with its storage in a file that is in our hands (cut_medium.h); the matcher is the real one, before it a
 * virtual sensor on which grown fingers lie; the authenticator between them is in this process, and its time
 * is ours.
 *
 * One thread owns it. */

#include "blob_file.h"
#include "cut_medium.h"
#include "device.h"
#include "specimen_clock.h"
#include "specimen_files.h"
#include "specimen_hand.h"

#include <mitome/authenticator.h>

/* The app that its authenticator is a part of, and that alone may reach its applets: this is what is hashed
 * in the place of a certificate. */
#define SPECIMEN_APP "mitome: the app of a specimen"

enum { SPECIMEN_SLOTS = 4, SPECIMEN_PATH_MAX = 256 };

struct specimen_config {
        const char *program; /* mitome */
        const char *matcher; /* mitome-matcher; NULL: no finger */
        bool bare;           /* the element has no anchor */
        struct mitome_random random;
};

/* What an element stored. */
struct specimen_image {
        uint8_t *bytes;
        size_t size;
};

struct specimen {
        struct specimen_config config;
        char folder[SPECIMEN_PATH_MAX], medium_path[SPECIMEN_PATH_MAX + 16], sensor[SPECIMEN_PATH_MAX + 16];
        char matcher_folder[SPECIMEN_PATH_MAX + 16];
        int lock;                     /* of the folder */
        int log;                      /* what its processes say on standard error, in the folder */
        struct mitome_card_keys keys; /* of its issuer's domain */
        struct device device;         /* its parts, where they run */
        struct cut_medium *medium;
        struct blob_file *blobs;
        struct mitome_gate to_matcher, gate; /* the matcher's, and the hand's before it */
        struct specimen_hand hand;
        struct specimen_clock clock;
        struct mitome_authenticator *authenticator; /* NULL: it rests, or the power is off */
        bool powered, has_finger, was_reset, touches;
        uint64_t hurried_ms; /* while somebody was awaited who is not there, its time went by faster */
        uint8_t command;     /* the one that is being done */
        struct specimen_image slots[SPECIMEN_SLOTS], pristine;
        uint64_t slot_counts[SPECIMEN_SLOTS]; /* of the anchor, as the slots were kept */
        uint64_t pristine_count, pristine_touch;
        struct specimen_files matcher_files; /* as at the beginning */
};

/* specimen_open makes one, switches it on, and enrols the holder's finger. Close it with specimen_close, also
 * after a failure. Do not move it. Fails with FILE_WRITE, PROCESS, or as element and matcher do. */
MITOME_CHECKED mitome_status specimen_open(
        struct specimen *specimen, const struct specimen_config *config, mitome_error *error);
void specimen_close(struct specimen *specimen);

/* specimen_power_off takes the power from everything: nobody is asked. specimen_power_on switches on again
 * what was off; an element that does not start, because of its storage, is LINK or as the authenticator says
 * it. */
void specimen_power_off(struct specimen *specimen);
MITOME_CHECKED mitome_status specimen_power_on(struct specimen *specimen, mitome_error *error);

/* specimen_wake has the authenticator answer, specimen_rest gives its element to somebody else. */
MITOME_CHECKED mitome_status specimen_wake(struct specimen *specimen, mitome_error *error);
MITOME_CHECKED mitome_status specimen_rest(struct specimen *specimen, mitome_error *error);

/* specimen_renew makes it what it was when it had just been made. */
MITOME_CHECKED mitome_status specimen_renew(struct specimen *specimen, mitome_error *error);

/* specimen_stop_matcher ends the matcher's process; the next request starts another. */
void specimen_stop_matcher(struct specimen *specimen);

/* specimen_link is the way to its element. */
struct mitome_link specimen_link(struct specimen *specimen);

/* specimen_image_keep copies in the place of what was kept; specimen_image_drop wipes. */
MITOME_CHECKED mitome_status specimen_image_keep(
        slice image, struct specimen_image *ret, mitome_error *error);
void specimen_image_drop(struct specimen_image *image);

uint64_t specimen_now(const struct specimen *specimen);

#endif
