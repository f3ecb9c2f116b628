/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MITOME_ENFORCER_H
#define MITOME_ENFORCER_H

/* The access control enforcer (GlobalPlatform Secure Element Access Control): between an app and the element,
 * it lets pass what the rules in the element's ARA-M allow this app, and nothing else. Whoever calls it must
 * be who the app cannot be: the platform, or the library of an app that answers for itself. */

#include <mitome/link.h>

#ifdef __cplusplus
extern "C" {
#endif
#if defined(__GNUC__)
#pragma GCC visibility push(default)
#endif

/* mitome_app is who an app is, by the platform's word: the hashes of the certificate (DER) that it is signed
 * with. */
struct mitome_app {
        uint8_t sha256[32];
        uint8_t sha1[20];
        const char *package; /* its name, for rules that name one; at most 127 bytes; NULL: it has none */
};

/* mitome_enforcer_app hashes a signing certificate. */
MITOME_CHECKED mitome_status mitome_enforcer_app(
        mitome_slice certificate, struct mitome_app *ret, mitome_error *error);

struct mitome_enforcer;

/* mitome_enforcer_new makes one for one app and one applet at a time. It sends nothing yet. `element` and
 * `app` are copied; the link's context must outlive the enforcer. */
MITOME_CHECKED mitome_status mitome_enforcer_new(const struct mitome_link *element,
        const struct mitome_app *app, struct mitome_enforcer **ret, mitome_error *error);

/* mitome_enforcer_select reads the rules, unless the refresh tag says that they are known, and selects the
 * applet if one lets the app reach it. It uses a logical channel of its own where the element has such; one
 * that has none serves one enforcer at a time, for another's selection takes the place of this one's, which
 * is not told. What the rules say now holds until the next selection: one that is taken away ends no
 * selection. Errors:
 * ACCESS_DENIED no rule lets the app in, or the element has no rules at all, and nothing that the app asked
 * for was sent; ACCESS_RULES the rules cannot be read or are not well-formed: nobody is let in; APDU_STATUS
 * the element does not select the applet; LINK; NO_MEMORY; ARGUMENT an AID is 5 to 16 bytes. After any of
 * them nothing is selected. */
MITOME_CHECKED mitome_status mitome_enforcer_select(
        struct mitome_enforcer *enforcer, mitome_slice aid, mitome_error *error);

/* mitome_enforcer_transmit passes one command on to the applet that is selected, on its channel. Refused with
 * ACCESS_DENIED, and not sent, is one that the rule does not allow, and whatever could reach another applet:
 * SELECT by name, MANAGE CHANNEL, a class that names a channel or that ISO 7816-4 does not know; with
 * APDU_LENGTH or INPUT_ENDS one that is no command. */
MITOME_CHECKED mitome_status mitome_enforcer_transmit(struct mitome_enforcer *enforcer, mitome_slice command,
        uint8_t *response, size_t capacity, size_t *ret_size, mitome_error *error);

/* mitome_enforcer_link is mitome_enforcer_transmit as a link; it lives as long as the enforcer. */
struct mitome_link mitome_enforcer_link(struct mitome_enforcer *enforcer);

/* mitome_enforcer_close ends the selection and gives the channel back: an applet that others wait for, or one
 * that is not needed for a while. A later selection opens another channel. Whoever resets the element closes
 * all enforcers of it first: the reset ends their channels behind their backs, and a number may then be
 * another's. */
void mitome_enforcer_close(struct mitome_enforcer *enforcer);

/* mitome_enforcer_free gives the channel back and releases; NULL is fine. */
void mitome_enforcer_free(struct mitome_enforcer *enforcer);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif

#endif
