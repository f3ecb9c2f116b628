/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SAMPLE_CHECK_H
#define SAMPLE_CHECK_H

/* What a matcher asks of an image before it compares it: is it a print at all, and was this very print seen
 * before? A finger never lies twice in the same way, so an image that is equal or almost equal to an earlier
 * one is no finger but a copy: the enrolment's image, or one that was taken on its way.
 *
 * A sketch of a print is 1,024 bits: at fixed places around the middle, whether ridge or furrow is there.
 * Two sketches are laid upon each other in every position up to 14 pixels across, 18 down and 4 degrees
 * apart. A copy agrees everywhere in one of them; another touch of the same finger only here and there, since
 * skin is soft. What a copy may have gone through: noise, bits flipped, brightness, contrast, smoothing,
 * blocks, a negative, a tenth blanked or cropped off, a shift or a turn. Not noticed: a copy that was warped
 * like soft skin, scaled by more than a few percent, or put together of several.
 *
 * Measured on grown fingers, each touch with its own pull, pressure and roll (tests/bench/bench_samples):
 *
 *   bench_samples 50 12: 14,700 pairs of touches of two fingers: most alike 725, none taken for copies; 200
 *   replays of each of the kinds above: every one noticed, but for 1 of those cropped; of 200 that went
 *   through five of them at once, 196.
 *   bench_samples 5 320: 254,745 pairs of touches of one finger: 25 taken for copies (0.01 %;
 *   one in a hundred over 907); and of 1,600 touches, each against the 306 before it, 20 (1.3 %).
 *   Looking at an image takes 0.3 ms, comparing it with 306 prints of one finger 0.35 ms where the processor
 *   counts bits in eight words at once, else 0.8 to 1 ms.
 *
 * Small sensors see too little of how skin is drawn: of images of 96 pixels a side, 1.7 % of the pairs of one
 * finger's touches are taken for copies, of 128 pixels 0.3 %, and under about 90 pixels most are too small.
 *
 * Grown fingers are no people: how often somebody is asked to lift the finger and touch anew is to be
 * measured with them. */

#include "bytes.h"

enum {
        SAMPLE_SIDE_MIN = 48, /* of an image */
        SAMPLE_SIDE_MAX = 1000,
        SAMPLE_POINTS = 1024,
        SAMPLE_SKETCH_SIZE = 2 * SAMPLE_POINTS / 8,
        SAMPLE_LIKENESS_MAX = 1000,
        SAMPLE_COPY = 975, /* from this likeness on */
};

/* Grey, 0 black to 255 white or the other way, rows from the top, about 500 dpi. */
struct sample_image {
        size_t width, height; /* SAMPLE_SIDE_MIN to SAMPLE_SIDE_MAX */
        slice grey;           /* width * height bytes */
};

enum sample_quality {
        SAMPLE_GOOD,
        SAMPLE_NO_IMAGE, /* its size is not that of an image */
        SAMPLE_FAINT,    /* no contrast to speak of: dry, or hardly touched */
        SAMPLE_SMALL,    /* too little of it shows ridges */
};

/* What is kept of a print; not enough to build it again, but enough to be sealed: it is somebody's. */
struct sample_sketch {
        uint64_t ridge[SAMPLE_POINTS / 64]; /* what is there */
        uint64_t known[SAMPLE_POINTS / 64]; /* whether it can be told */
};

/* The places, and room to work in; made once. */
struct sample_checker;

/* sample_checker_new fails with NO_MEMORY. */
MITOME_CHECKED mitome_status sample_checker_new(struct sample_checker **ret, mitome_error *error);

/* sample_look looks at an image; what was seen of it stays for sample_likeness until the next. *ret_sketch is
 * set where the answer is SAMPLE_GOOD. */
enum sample_quality sample_look(
        struct sample_checker *checker, const struct sample_image *image, struct sample_sketch *ret_sketch);

/* sample_likeness tells how well the image looked at last agrees with an earlier one in the best position:
 * 1000 everywhere, 500 for two that have nothing in common. A negative counts as its positive: a comparison
 * of minutiae does not tell them apart either. Where a first look shows that it is no copy, it is left at
 * that. */
unsigned sample_likeness(struct sample_checker *checker, const struct sample_sketch *earlier);

/* sample_is_copy tells whether that is a copy's likeness. */
bool sample_is_copy(struct sample_checker *checker, const struct sample_sketch *earlier);

/* sample_sketch_write and sample_sketch_read are its form in a file; SAMPLE_SKETCH_SIZE bytes. */
void sample_sketch_write(writer *w, const struct sample_sketch *sketch);
MITOME_CHECKED mitome_status sample_sketch_read(reader *r, struct sample_sketch *ret);

/* sample_checker_forget wipes what is left of the image looked at last. */
void sample_checker_forget(struct sample_checker *checker);

/* sample_checker_free wipes and releases; NULL is fine. */
void sample_checker_free(struct sample_checker *checker);

#endif
