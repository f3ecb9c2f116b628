/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_RIG_H
#define FORMAT_RIG_H

/* A right registration in every attestation format, over what the ceremony rig builds: what a negative case
 * is one edit away from, and what fuzzing begins with. A failure of the rig aborts. */

#include "statement_rig.h"

enum rig_format {
        RIG_FORMAT_NONE,
        RIG_FORMAT_SELF, /* packed without x5c */
        RIG_FORMAT_PACKED,
        RIG_FORMAT_U2F,
        RIG_FORMAT_TPM,
        RIG_FORMAT_ANDROID,
        RIG_FORMAT_APPLE,
        RIG_FORMAT_JPKI,
        RIG_FORMAT_COMPOUND, /* of packed and packed without x5c */
        RIG_FORMATS,
};

struct format_rig {
        struct rig rig;
        EVP_PKEY *aik, *person; /* P-256, RSA-2048 */
        enum rig_key key;       /* of the credential that was built last */
};

void format_rig_open(struct format_rig *formats);
void format_rig_close(struct format_rig *formats);

/* format_rig_name is the format's identifier. */
const char *format_rig_name(enum rig_format format);

/* format_rig_chain tells whether attStmt has an x5c, of one certificate of the rig's CA. */
bool format_rig_chain(enum rig_format format);

/* format_rig_build builds the registration of a plan with the statement of a format. The plan's own statement
 * is not looked at. The credential's key is ES256's, and may be RS256's or EdDSA's for packed without x5c,
 * packed, android-key, apple and mitome-jpki. */
void format_rig_build(struct format_rig *formats, enum rig_format format, const struct rig_plan *plan,
        struct rig_response *ret);

/* format_rig_state writes the statement over a response that has been built, as it is now. */
void format_rig_state(
        struct format_rig *formats, enum rig_format format, const struct rig_response *response, writer *w);

#endif
