/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVENT_TABLE_H
#define EVENT_TABLE_H

/* phone_events.json as data: what happens to a phone, what its holder and others do then, what must come of
 * it for each certificate and for the element, and what must not. */

#include "bytes.h"

enum event_step {
        EVENT_APPLY_ON_NEW_PHONE,
        EVENT_APPLY_ON_UNSUPPORTED_PHONE,
        EVENT_OLD_PHONE_ONLINE,
        EVENT_PHONE_IS_SILENT, /* off, lost, broken, without a network */
        EVENT_PHONE_IS_BACK,
        EVENT_REVOKE_BY_CARD, /* the card signs at somebody else's phone */
        EVENT_REVOKE_HERE,    /* the phone alone, no card */
        EVENT_HOLD_BY_TELEPHONE,
        EVENT_RELEASE_BY_TELEPHONE,
        EVENT_RELEASE_IS_REFUSED, /* asked for by telephone, and not granted */
        EVENT_APPLY_AGAIN,        /* with the same phone */
        EVENT_CHANGE_SIM,         /* nothing that reaches the element */
        EVENT_FACTORY_RESET,
        EVENT_CHECK_AT_COUNTER,
        EVENT_STEPS
};

enum event_certificate {
        EVENT_UNCHANGED, /* the same one, good */
        EVENT_REPLACED,  /* revoked, and another one is good in another phone */
        EVENT_REVOKED,   /* revoked, and none is good */
        EVENT_REISSUED,  /* revoked, and another one is good in the same phone */
        EVENT_CERTIFICATES
};

enum event_element {
        EVENT_ELEMENT_UNCHANGED,
        EVENT_ERASED,  /* nothing is left, not even the applet, and the authority has the receipt */
        EVENT_ASKED,   /* erasure was asked for, and is not confirmed: the phone is silent */
        EVENT_CAUGHT,  /* as before, and a counter has seen it */
        EVENT_REKEYED, /* the former key is gone, another one is there */
        EVENT_ELEMENTS
};

enum event_forbidden {
        EVENT_TWO_LIVE,
        EVENT_LOGIN_BY_OLD,
        EVENT_UNSUPPORTED_PHONE,
        EVENT_ANY_CHANGE,
        EVENT_CLAIM_OF_ERASURE,
        EVENT_LOGIN_WHILE_HELD,
        EVENT_KEY_LEFT,
        EVENT_FORBIDDEN
};

/* What a hold on a phone's certificate ends in (struct register_config, phone_release). */
enum event_setting { EVENT_ENDS_BY_REISSUE, EVENT_ENDS_BY_RELEASE, EVENT_SETTINGS };

/* Their words in the file, by number. */
extern const char *const event_step_names[EVENT_STEPS];
extern const char *const event_certificate_names[EVENT_CERTIFICATES];
extern const char *const event_element_names[EVENT_ELEMENTS];
extern const char *const event_forbidden_names[EVENT_FORBIDDEN];
extern const char *const event_setting_names[EVENT_SETTINGS];

enum { EVENT_MAX = 32, EVENT_STEPS_MAX = 8, EVENT_NAME_MAX = 48, EVENT_TITLE_MAX = 160 };

/* What is done, and what must come of it, under the settings that it is played with. */
struct event_play {
        bool settings[EVENT_SETTINGS];
        size_t step_count;
        enum event_step steps[EVENT_STEPS_MAX];
        enum event_certificate user_verification, signing;
        enum event_element element;
};

struct phone_event {
        char name[EVENT_NAME_MAX + 1], ja[EVENT_TITLE_MAX + 1], en[EVENT_TITLE_MAX + 1];
        size_t play_count;
        struct event_play plays[EVENT_SETTINGS]; /* each setting in one of them */
        size_t forbidden_count;
        enum event_forbidden forbidden[EVENT_FORBIDDEN];
};

struct event_table {
        size_t count;
        struct phone_event events[EVENT_MAX];
};

/* event_table_read reads the file, strictly: JSON_SYNTAX, MISSING or VALUE (a member or word that is not
 * known, a setting under which nothing
 * or two things are played), TOO_LONG, TOO_MANY; the field names what. */
MITOME_CHECKED mitome_status event_table_read(const char *path, struct event_table *ret, mitome_error *error);

/* event_play_of is what is played under a setting. */
const struct event_play *event_play_of(const struct phone_event *event, enum event_setting setting);

#endif
