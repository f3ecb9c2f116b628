/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARGET_H
#define TARGET_H

/* An authenticator under evaluation, by whatever way one can reach it. What a target cannot do is a missing
 * ability, never a pretended answer: a probe that needs it is "not testable here".
 *
 *   self         this project's own, with everything in hand (target_self.c); self:no-anchor: its element has
 *                no anchor, as where there is no second place to keep one
 *   hid:PATH ..  anybody's, over CTAPHID: what hid_host.h takes (target_hid.c)
 *   pcsc:READER  anybody's, in a card reader (target_pcsc.c) */

#include "bytes.h"

#include <mitome/gate.h>

enum target_ability {
        TARGET_CTAP = 1 << 0,     /* exchange */
        TARGET_TOUCH = 1 << 1,    /* touch: somebody touches, or not, as the probe wants it */
        TARGET_POWER = 1 << 2,    /* power_cycle */
        TARGET_ELEMENT = 1 << 3,  /* apdu: straight to its secure element */
        TARGET_FINGER = 1 << 4,   /* finger: whose finger lies on the sensor */
        TARGET_MEDIUM = 1 << 5,   /* copy, restore, cut: what the element stores */
        TARGET_CLOCK = 1 << 6,    /* pass: its time goes by without waiting */
        TARGET_PEEK = 1 << 7,     /* search: memory, files and logs of its processes */
        TARGET_EVIDENCE = 1 << 8, /* tamper: the matcher's evidence on its way to the element */
        TARGET_LIFE = 1 << 9, /* it is this project's own, and so are the parties of a certificate's life: a
                                 probe may build a world of its own (examples/events/world.h) */
        TARGET_ABILITIES = 10,
};

enum target_finger {
        TARGET_FINGER_NONE,          /* nobody is there */
        TARGET_FINGER_HOLDER,        /* a new impression of the enrolled finger */
        TARGET_FINGER_STRANGER,      /* a finger that was never enrolled, another one each time */
        TARGET_FINGER_HOLDER_ONCE,   /* as these, but a single time in a trial: whoever is asked .. */
        TARGET_FINGER_STRANGER_ONCE, /* .. to lay the finger again does not: one comparison */
        TARGET_FINGER_SAME,          /* the very sample that was presented last */
        TARGET_FINGER_NEAR,          /* .. a little changed: shifted, turned, fainter, smoothed, with noise */
        TARGET_FINGER_OTHER,         /* a new impression of one certain finger of somebody else */
        TARGET_FINGER_PRINTED, /* an artefact: a new impression of the holder's finger, printed on paper .. */
        TARGET_FINGER_SMOOTHED, /* .. or cast without its finest detail */
};

/* What became of a second device that was to run on a copy. */
enum target_twin {
        TARGET_TWIN_NONE, /* it could not be made: that says nothing */
        TARGET_TWIN_REFUSED,
        TARGET_TWIN_RUNS,
};

/* A message exchange that brought no answer. */
enum target_trouble {
        TARGET_ANSWERED,
        TARGET_SILENT,  /* no answer within the time limit */
        TARGET_DIED,    /* the link broke */
        TARGET_GARBLED, /* what came was no answer of this protocol */
        TARGET_FLOODED, /* more came than the protocol allows */
};

struct scp03_keys;

struct target {
        const char *name;   /* "self", "hid:/dev/hidraw3" */
        unsigned abilities; /* enum target_ability */
        bool simulated;     /* its element is software: every report says so */
        const char *pin;    /* what it is known by, for probes that need it; NULL: not known, or refused */
        bool element_refused_pin;      /* as the PIN of its JPKI applet, which may be another one */
        struct mitome_random random;   /* the machine's, of target_config: for what nobody may guess */
        const struct scp03_keys *keys; /* of the issuer's domain in its element, set 01; NULL: not known */
        bool may_destroy;              /* --destructive: it may be locked, reset, filled */
        void *context;

        /* exchange sends a CTAP message (command byte, CBOR) and gives the answer (status byte, CBOR), after
         * touch and finger as they were set. Never waits longer than `limit_ms`. */
        enum target_trouble (*exchange)(void *context, slice request, unsigned limit_ms, uint8_t *response,
                size_t capacity, size_t *ret_size);
        /* apdu sends a command APDU to the element, beside the authenticator, which rests meanwhile. Gives
         * the answer with its status word. The authenticator comes back, as after a power cycle, with the
         * next exchange. */
        enum target_trouble (*apdu)(
                void *context, slice command, uint8_t *response, size_t capacity, size_t *ret_size);
        /* touch: whether somebody touches from now on when asked. It begins with yes. */
        void (*touch)(void *context, bool touches);
        /* finger: whose lies on the sensor from now on. It begins with the holder's. An enrolment or a trial
         * has one stranger from its beginning to its end. */
        void (*finger)(void *context, enum target_finger whose);
        bool (*power_cycle)(void *context);
        /* copy keeps what the element stores now in slot 0 to 3; restore, with the power off in between, puts
         * it back: true, it runs with the old copy; false, it would not start with it (an anchor noticed it)
         * and goes on with what it had. */
        bool (*copy)(void *context, unsigned slot);
        bool (*restore)(void *context, unsigned slot);
        /* twin makes a second device of the same make that holds what a slot has, and the key that seals it:
         * all that could be read from where it is stored. `anchor`: and the same count in its anchor, which
         * nobody takes out of a chip; who starts it so sees that nothing else was missing. RUNS: both run at
         * the same time from now on, and *ret is the second, which is to be closed. NULL where there is no
         * second one to be had. */
        enum target_twin (*twin)(void *context, unsigned slot, bool anchor, struct target *ret);
        /* cut turns the power off at the `write`-th write from now on, 1 being the next: `torn` 0 before it,
         * 1 within, 2 after. 0 for `write` calls it off. was_cut tells whether it happened; the
         * power is then off until power_cycle, and probe_ctap and probe_apdu give -1 without holding that
         * against the target. A cut that has not happened yet stays armed over a power cycle, which may then
         * fail. writes counts the writes so far. */
        void (*cut)(void *context, unsigned write, unsigned torn);
        bool (*was_cut)(void *context);
        unsigned (*writes)(void *context);
        /* pass lets time go by on all its clocks, reboot says whether it was off meanwhile, which then is
         * another boot to it. False: a part of its clocks could not be moved (the matcher's take a
         * privilege). */
        bool (*pass)(void *context, uint64_t seconds, bool reboot);
        /* search looks for a pattern in memory, files and logs; *ret_where (static or the target's) says
         * where it was found first. */
        bool (*search)(void *context, slice pattern, const char **ret_where);
        /* tamper is called with each evidence that goes from matcher to element and may change it in place;
         * NULL ends it. */
        void (*tamper)(void *context, void (*change)(void *of, uint8_t *evidence, size_t size), void *of);
        /* sample views the image that was presented last, for who looks where it has been left; false: none
         * was. */
        bool (*sample)(void *context, slice *ret);
        /* restart makes it anew as it was at the beginning: for destructive probes of `self`. */
        bool (*restart)(void *context);
        void (*close)(void *context);
};

struct target_config {
        const char *name;    /* as on the command line */
        const char *pin;     /* --pin-file; NULL: the demonstration's for self, none for others */
        const char *program; /* mitome, which is an element's process; NULL: this program */
        const char *matcher; /* mitome-matcher; NULL: beside this program */
        bool may_destroy;
        bool simulated;                     /* somebody knows that it is */
        const struct mitome_random *random; /* NULL: this machine's */
        /* Asks the person before a foreign authenticator to do something ("touch it now"); may be NULL. */
        void (*tell)(void *context, const char *what);
        /* The person has had enough: a touch is not waited for; may be NULL. */
        bool (*stopped)(void *context);
        void *context;
};

/* target_open opens what the name says. Fails with EVALUATE_TARGET for a name of no kind, and as the kind
 * does. */
MITOME_CHECKED mitome_status target_open(
        const struct target_config *config, struct target *ret, mitome_error *error);

const char *target_ability_name(enum target_ability ability); /* "power cycles" .. for "not testable here" */
const char *target_ability_word(enum target_ability ability); /* "power" .. for reports */

#endif
