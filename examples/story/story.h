/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORY_H
#define STORY_H

/* What the acts of the first story share: the parties, and what they have made so far. */

/* Before fido.h, which has macros of the same names. */
#include "apdu.h"
#include "verify_evidence.h"

#include "authority.h"
#include "browser.h"
#include "browser_device.h"
#include "evidence_app.h"
#include "jpki_app.h"
#include "maker.h"
#include "sei_tsm.h"
#include "sp_tsm.h"
#include "stage.h"
#include "story_phone.h"
#include "story_portal.h"

/* The phone's holder is one of the hand's fingers (phone_hand.h); the stranger is PHONE_HAND_STRANGER. */
enum { STORY_OWNER = 0, STORY_ENROLMENT = 5 };

struct story {
        struct stage stage;
        struct mitome_random random;
        int64_t now;
        const char *out;      /* folder for what the story leaves behind, or NULL */
        const char *policies; /* folder of the level policies */

        struct maker_batch batch;
        struct maker_device device;
        struct maker_matcher matcher;
        struct tsm_key_set issuer, first, own; /* the SEI-TSM's, what it gave the SP-TSM, the SP-TSM's */
        struct authority *authority;
        struct authority_certificate certificates[2]; /* by enum authority_kind */
        struct story_phone phone;
        struct story_portal portal;

        struct browser_answer registration, login;
        struct ceremony_registered registered;
        struct ceremony_logged_in logged_in;
};

/* The names of the parties, as the stage prints them. */
#define AUTHORITY "authority"
#define SEI_TSM "SEI-TSM"
#define SP_TSM "SP-TSM"
#define MAKER "maker"
#define ELEMENT "element"
#define MATCHER "matcher"
#define BROWSER "browser"
#define PORTAL "relying party"
#define APP "phone app"
#define HAND "hand"
#define ENFORCER "enforcer"

#define PORTAL_RP_ID "portal.example"
#define PORTAL_ORIGIN "https://portal.example"
#define PHONE_IDENTITY "STORY-0001" /* as it is printed on the phone */
#define USER_PIN "1234"
#define SIGNING_PASSWORD "PASSWORD1"

/* The acts. A failure is one that the story cannot go on after; what came out otherwise than it must is on
 * the stage. */
MITOME_CHECKED mitome_status act_manufacture(
        struct story *story, const struct phone_body_config *phone, mitome_error *error);
MITOME_CHECKED mitome_status act_allow(struct story *story, mitome_error *error);
MITOME_CHECKED mitome_status act_issue(struct story *story, mitome_error *error);
MITOME_CHECKED mitome_status act_roles(struct story *story, mitome_error *error);
MITOME_CHECKED mitome_status act_enrol(struct story *story, mitome_error *error);
MITOME_CHECKED mitome_status act_register(struct story *story, mitome_error *error);
MITOME_CHECKED mitome_status act_log_in(struct story *story, mitome_error *error);
MITOME_CHECKED mitome_status act_judge(struct story *story, mitome_error *error);
MITOME_CHECKED mitome_status act_refusals(struct story *story, mitome_error *error);
MITOME_CHECKED mitome_status act_sign(struct story *story, mitome_error *error);
MITOME_CHECKED mitome_status act_revoke(struct story *story, mitome_error *error);
MITOME_CHECKED mitome_status act_state(struct story *story, mitome_error *error);
MITOME_CHECKED mitome_status act_erase(struct story *story, mitome_error *error);

/* story_list gives the relying party today's revocation list of the authority; it opens with the first one.
 */
MITOME_CHECKED mitome_status story_list(struct story *story, size_t *ret_size, mitome_error *error);

/* story_account gives what the relying party has of the passkey. */
MITOME_CHECKED mitome_status story_account(
        const struct story *story, struct account_login *ret, mitome_error *error);

/* story_page says what the relying party's page says: the authenticator's own words, as far as a page can
 * know. A browser tells it one error for a finger that was not recognised, one that never came and a user who
 * would not (or any website could try who is there): there is one sentence for all of them. */
void story_page(enum mitome_guidance state, enum mitome_language language, char text[MITOME_GUIDANCE_MAX]);

/* story_attempt asks the phone for a login at an RP ID, through a browser whose page has `origin`. */
MITOME_CHECKED mitome_status story_attempt(struct story *story, const char *rp_id, const char *origin,
        struct browser_answer *ret, mitome_error *error);

/* story_sign_app makes a certificate that a developer signs an app with, and says who the app then is. */
MITOME_CHECKED mitome_status story_sign_app(
        struct story *story, const char *developer, struct mitome_app *ret, mitome_error *error);

/* story_refuse_apps: what apps must not do to the element. */
MITOME_CHECKED mitome_status story_refuse_apps(struct story *story, mitome_error *error);

/* story_open_provider opens a channel with the keys that the SP-TSM alone knows. */
MITOME_CHECKED mitome_status story_open_provider(
        struct story *story, enum tsm_applet applet, struct tsm_channel *ret, mitome_error *error);

/* story_reach_fido selects the FIDO applet for the app, behind the enforcer; free it, to give the applet
 * back. */
MITOME_CHECKED mitome_status story_reach_fido(
        struct story *story, struct mitome_enforcer **ret, mitome_error *error);

/* story_believe verifies evidence of the story's phone; story_names_both tells whether it lists both of the
 * person's certificates. */
MITOME_CHECKED mitome_status story_believe(const struct story *story, enum evidence_kind kind, slice cose,
        slice nonce, struct evidence *ret, mitome_error *error);
bool story_names_both(const struct story *story, const struct evidence *evidence);

/* story_seize copies the element's file and its key, opens the copy, and counts the RSA keys in it. */
MITOME_CHECKED mitome_status story_seize(struct story *story, unsigned *ret_keys, mitome_error *error);

/* What is signed, and the line about one who tried to sign and must have been refused. */
extern const slice story_document;
void story_check_signing(
        struct story *story, const char *what, mitome_status status, uint16_t sw, uint16_t expected);

/* story_reason is what the explanation of a cause says, without its advice, in `text`. */
const char *story_reason(const mitome_error *cause, char text[STAGE_TEXT_MAX]);

/* story_leave writes what a reader may want to look at into the folder `out`. */
MITOME_CHECKED mitome_status story_leave(const struct story *story, mitome_error *error);

/* story_leave_file adds one file to it; it does nothing where nothing is to be left. */
MITOME_CHECKED mitome_status story_leave_file(
        const struct story *story, const char *name, slice content, mitome_error *error);

#endif
