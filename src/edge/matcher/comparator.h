/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMPARATOR_H
#define COMPARATOR_H

/* One image compared with a gallery of prints, with a score for each.
 *
 * libfprint compares only what a device of its own has just read, tells only yes or no, says yes from a score
 * of 40 on, stops there, and puts the score into its debug output. So the comparator lays the image on
 * libfprint's virtual image device (over a socket in the matcher's private folder, unlinked as soon as it is
 * connected), reads the scores from the messages, and lays the image again for what is left of the gallery
 * when libfprint stopped. Each entry of the gallery must hold one impression (finger_template.h): then each
 * has a score of its own, and none is a lower bound. An entry without a score line does not match; a count of
 * lines that is not what was compared is a failure, and so is a print of another image than the one laid.
 *
 * The device is kept open from one comparison to the next. One that overheats (libfprint thinks so after
 * three minutes without a pause), hangs or fails is closed, and the image is laid on a new one. */

#include "virtual_finger.h"

#include <fprint.h>

enum {
        COMPARATOR_SCORES_MAX = 256, /* of a gallery */
        COMPARATOR_ALL = 1 << 20,    /* no score reaches this: the whole gallery is compared */
        /* What the comparison answers where its tables are too small for the two prints, which an image can
         * be made to bring about: it is no score. */
        COMPARATOR_OVERFLOW = 4000,
};

/* The scores that libfprint said. The log writer of the process fills it, on the main loop's thread. */
struct score_log {
        bool verbose; /* pass libfprint's messages on to standard error */
        size_t count;
        int scores[COMPARATOR_SCORES_MAX];
};

/* score_log_listen sets the process's log writer; once, before any call of libfprint. */
void score_log_listen(struct score_log *log);

enum comparator_outcome {
        COMPARATOR_COMPARED,
        COMPARATOR_UNUSABLE, /* libfprint finds no minutiae in this image */
        COMPARATOR_FAILED,
};

struct comparator_result {
        enum comparator_outcome outcome;
        const int *scores; /* of the first `count` entries of the gallery */
        size_t count;      /* fewer than the gallery has: the last one reached the limit */
        FpPrint *print;    /* what is in the image; the comparator's */
        size_t minutiae;   /* of it */
        int64_t wall_us;   /* what libfprint took, from each image that it was asked about to its answer */
        int64_t cpu_us;    /* .. of this process's computing time */
};

struct comparator;

/* comparator_new makes one whose device listens at `path`. libfprint takes that path from the
 * environment (libfprint_context.h). Fails with GATE_NO_SENSOR where libfprint has no virtual image device.
 */
MITOME_CHECKED mitome_status comparator_new(
        const char *path, struct score_log *log, struct comparator **ret, mitome_error *error);

/* comparator_open opens the device now, so that the first comparison need not wait for it. */
void comparator_open(struct comparator *comparator);

/* comparator_compare compares `image` with the gallery until a score reaches `limit`, and tells `done`, once,
 * from the main loop; the views in its result are good for that call. Image and gallery are kept. One runs at
 * a time, and it is not cancelled: it takes tens of milliseconds, seconds where the device has to be
 * replaced. */
void comparator_compare(struct comparator *comparator, const struct virtual_finger_image *image,
        GPtrArray *gallery, int limit, void (*done)(void *context, const struct comparator_result *result),
        void *context);

/* comparator_free ends what runs without a word; NULL is fine. */
void comparator_free(struct comparator *comparator);

#endif
