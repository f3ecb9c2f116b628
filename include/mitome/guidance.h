/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MITOME_GUIDANCE_H
#define MITOME_GUIDANCE_H

/* What a person is told at a sensor: one short sentence or two for each state, the same wherever it is shown
 * (terminal, notification, phone, a website's page). The texts say nothing of who the person is. */

#include <mitome/gate.h>

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif
#if defined(__GNUC__)
#pragma GCC visibility push(default)
#endif

/* A number is never given a second meaning. "n" is what mitome_guidance_write fills in. */
enum mitome_guidance {
        MITOME_GUIDANCE_NONE = 0,    /* there is nothing to say */
        MITOME_GUIDANCE_TOUCH = 1,   /* the sensor waits */
        MITOME_GUIDANCE_MORE = 2,    /* this one was good, n more are wanted */
        MITOME_GUIDANCE_AGAIN = 3,   /* too short */
        MITOME_GUIDANCE_CENTRE = 4,  /* not in the middle */
        MITOME_GUIDANCE_LIFT = 5,    /* lift the finger first */
        MITOME_GUIDANCE_UNCLEAR = 6, /* not usable, for no reason that would help */
        MITOME_GUIDANCE_SAME = 7,    /* equal, or almost, to one seen before: touch otherwise */
        MITOME_GUIDANCE_POOR = 8,    /* too little to compare: press it flat, or take another finger */
        MITOME_GUIDANCE_KNOWN = 9,   /* enrolling: this finger is there already */
        MITOME_GUIDANCE_NOT_RECOGNISED = 10, /* n tries are left; none: CLOSED is said */
        MITOME_GUIDANCE_CLOSED = 11,         /* no try is left: the PIN */
        MITOME_GUIDANCE_NEW_FINGER = 12,     /* the set was changed: the PIN confirms it */
        MITOME_GUIDANCE_PIN_DUE = 13,        /* the PIN was entered too long ago */
        MITOME_GUIDANCE_WAIT = 14,           /* too many misses: n seconds */
        MITOME_GUIDANCE_RECOGNISED = 15,
        MITOME_GUIDANCE_ENROLLED = 16,
        MITOME_GUIDANCE_REMOVED = 17,
        MITOME_GUIDANCE_ABSENT = 18,   /* nobody came in time */
        MITOME_GUIDANCE_DECLINED = 19, /* the user would not */
        MITOME_GUIDANCE_NONE_ENROLLED = 20,
        MITOME_GUIDANCE_FULL = 21,        /* no more fingers fit */
        MITOME_GUIDANCE_NO_SENSOR = 22,   /* there is none, or it was taken away: the PIN */
        MITOME_GUIDANCE_BROKEN = 23,      /* it failed: again, or the PIN */
        MITOME_GUIDANCE_PIN_LOCKED = 24,  /* and the fingers with it */
        MITOME_GUIDANCE_PIN_OR_WAIT = 25, /* PIN_DUE or WAIT: a platform is not told which */
        MITOME_GUIDANCE_NOT_DONE = 26,    /* it came to nothing, and a website is not told why */
        MITOME_GUIDANCE_COUNT = 27,
};

enum mitome_language { MITOME_ENGLISH = 0, MITOME_JAPANESE = 1, MITOME_LANGUAGES = 2 };

enum { MITOME_GUIDANCE_MAX = 256 }; /* bytes that hold any of the texts, with its terminator */

/* mitome_guidance_write writes the text, in UTF-8 and terminated, into `text`. `number` is n, where the text
 * has one. Fails with VALUE for a state or language that there is not, and NONE; with BUFFER_FULL when it
 * does not fit: then `text` is left alone. */
MITOME_CHECKED mitome_status mitome_guidance_write(enum mitome_guidance state, enum mitome_language language,
        unsigned number, char *text, size_t capacity, mitome_error *error);

/* mitome_guidance_name is the state as a word for programs ("not-recognised"); NULL where there is none. */
const char *mitome_guidance_name(enum mitome_guidance state);

/* mitome_guidance_language reads a locale ("ja", "ja_JP.UTF-8") or a language tag ("ja-JP"); what is not
 * Japanese, or NULL, is English. */
enum mitome_language mitome_guidance_language(const char *locale);

/* mitome_guidance_of_event tells what is to be said of an event of the gate, and fills in n. How many tries
 * are left the gate does not know: after NO_MATCH the state is NOT_RECOGNISED, and n is whatever the caller
 * knows. */
enum mitome_guidance mitome_guidance_of_event(const struct mitome_gate_event *event, unsigned *ret_number);

/* mitome_guidance_of_refusal is the same for the error code of a request that the gate refused. */
enum mitome_guidance mitome_guidance_of_refusal(mitome_code code);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif

#endif
