/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AAGUID_WORD_H
#define AAGUID_WORD_H

#include "bytes.h"

/* Whose word the AAGUID of a registration is. */
enum aaguid_word {
        /* Nobody's: fido-u2f signs none (WebAuthn L3 8.6), and no flag or extension either. */
        AAGUID_UNSIGNED,
        /* That of whatever runs on the phone or computer: the attestation certifies a credential key, by
         * which an app, or the system, may sign authenticator data of its own making (android-key, tpm,
         * apple); or there is none (none); or each part has its own word (compound). */
        AAGUID_FILLED_IN,
        /* The authenticator's, whose attestation key signed it: packed, mitome-jpki. */
        AAGUID_SIGNED,
};
enum aaguid_word aaguid_word(slice format);

#endif
