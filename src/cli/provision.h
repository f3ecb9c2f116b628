/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROVISION_H
#define PROVISION_H

/* An element personalised for a demonstration, by the parties that `examples/authority` plays. */

#include "bytes.h"
#include "scp03.h"

#include <mitome/element.h>

#define PROVISION_PIN "1234"
#define PROVISION_PASSWORD "PASSWORD1"
#define PROVISION_LISTED "portal.example"

/* provision_make_keys makes a random key set and writes it into `folder`/scp03-keys (mode 0600), in the form
 * that --scp03-keys takes. For a folder that has no element yet: keys that are there are replaced, since the
 * element that they were meant for was never finished. */
MITOME_CHECKED mitome_status provision_make_keys(
        const char *folder, struct mitome_card_keys *ret, mitome_error *error);

/* provision_scp03_keys gives them as the service managers' side takes them. Wipe both. */
MITOME_CHECKED mitome_status provision_scp03_keys(
        const struct mitome_card_keys *keys, struct scp03_keys *ret, mitome_error *error);

/* What the element plays. */
enum provision_personality {
        PROVISION_PHONE,         /* a phone's element: JPKI and FIDO, batch key, device key, lease */
        PROVISION_CARD,          /* a My Number Card: JPKI and no FIDO applet */
        PROVISION_AUTHENTICATOR, /* a phone's element behind CTAP: PROVISION_LISTED gets enterprise
                                    attestation, and key 0017 signs no hash of a host's, so that it may be a
                                    credential */
        PROVISION_PLAIN, /* a plain FIDO authenticator: batch key and device key, and nobody's certificates */
};

/* What is to be made, and the folder that gets the certificates which a verifier needs (demo_roots.h). */
struct provision_order {
        const struct mitome_element_config *element;
        const char *folder;
        enum provision_personality personality;
        slice app;  /* SHA-256 of the certificate of the one app that may reach the applets; empty: every app
                     */
        bool quiet; /* nothing is said on stderr */
};

/* provision_demo makes a new element and, unless it is a plain one, personalises it for an invented person:
 * both keys generated inside, certificates of CAs whose keys are forgotten at once, PIN, password, and a
 * batch key. The storage, which is empty, gets it whole or not at all. Says on stderr what it made. */
MITOME_CHECKED mitome_status provision_demo(
        const struct provision_order *order, const struct mitome_card_keys *keys, mitome_error *error);

#endif
