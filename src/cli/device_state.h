/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DEVICE_STATE_H
#define DEVICE_STATE_H

/* How it stands with an element: what its two applets say of themselves to anybody. No try is spent. */

#include "bytes.h"

#include <mitome/enforcer.h>

enum device_jpki {
        DEVICE_JPKI_NONE,   /* no certificates, and there never were */
        DEVICE_JPKI_LOCKED, /* there are, and the management station has locked the applet */
        DEVICE_JPKI_OPEN,
};

struct device_state {
        bool has_batch_key, has_pin, has_matcher, finger_open, personalised, enterprise, certificate_possible;
        bool always_uv, must_change_pin, has_enterprise_list, has_fingers, owes_power_cycle;
        unsigned pin_tries, uv_tries, min_pin, credentials, room;
        unsigned matcher_class, matcher_modality; /* as it was paired; 0 0: the element does not say */
        enum device_jpki jpki;
        bool is_card; /* personality of the plastic card: no lease */
        bool has_user_key, has_user_certificate, has_signing_key, has_signing_certificate;
        int password_tries; /* -1: it does not say */
        unsigned lease;     /* signatures */
        /* Of the matcher's process, where one runs; device_state_read knows nothing of it. */
        bool matcher_lost, matcher_rests;
        unsigned matcher_deaths;
        const char *matcher_last_end; /* what the last one died of; NULL: none has */
};

/* device_state_read selects both applets by itself, on a channel of its own; they must be free. Fails with
 * NOT_AUTHENTICATOR, ACCESS_DENIED, ACCESS_RULES, APDU_STATUS, VALUE or LINK. */
MITOME_CHECKED mitome_status device_state_read(
        const struct mitome_link *link, struct device_state *ret, mitome_error *error);

/* device_state_read_beside asks on the logical channel on which an authenticator has the FIDO applet
 * selected
 * (`channel`, 0 to 3) what disturbs nothing that was begun there, and takes the JPKI applet as above. */
MITOME_CHECKED mitome_status device_state_read_beside(
        const struct mitome_link *link, uint8_t channel, struct device_state *ret, mitome_error *error);

/* The same for an element whose access rules name apps: who asks which applet. `channel` -1: the FIDO applet
 * is free, as of device_state_read. */
struct device_apps {
        struct mitome_app fido, jpki;
};
MITOME_CHECKED mitome_status device_state_read_as(const struct mitome_link *link, int channel,
        const struct device_apps *apps, struct device_state *ret, mitome_error *error);

#endif
