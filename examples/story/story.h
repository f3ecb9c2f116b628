/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORY_H
#define STORY_H

/* What the acts of the first story share: the parties, and what they have made so far. */

#include "apdu.h" /* before fido.h, which has macros of the same names */
#include "authority.h"
#include "browser.h"
#include "grow_finger.h"
#include "jpki_app.h"
#include "maker.h"
#include "phone.h"
#include "portal.h"
#include "stage.h"
#include "tsm.h"

enum { STORY_TOUCHES = 8, STORY_ENROLMENT = 5 };

/* A person's finger, and how it lies on the sensor each time. */
struct story_hand {
        struct finger finger;
        uint8_t touches[STORY_TOUCHES][FINGER_SIZE];
};

struct story {
        struct stage stage;
        struct mitome_random random;
        int64_t now;
        const char *out;      /* folder for what the story leaves behind, or NULL */
        const char *policies; /* folder of the level policies */

        struct maker_batch batch;
        struct scp03_keys keys;
        struct authority *authority;
        struct authority_certificate certificates[2]; /* by enum authority_kind */
        struct phone phone;
        struct story_hand owner, stranger;
        struct portal portal;

        struct browser_answer registration, login;
        uint8_t verdict_buffer[MITOME_RP_BUFFER_MAX];
        struct mitome_verdict verdict;
        uint8_t credential_id[64];
        size_t credential_id_size;
};

/* The names of the parties, as the stage prints them. */
#define AUTHORITY "authority"
#define TSM "TSM"
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
#define USER_PIN "1234"
#define SIGNING_PASSWORD "PASSWORD1"

/* The acts. A failure is one that the story cannot go on after; what came out otherwise than it must is on
 * the stage. */
MITOME_CHECKED mitome_status act_manufacture(
        struct story *story, const struct phone_config *phone, mitome_error *error);
MITOME_CHECKED mitome_status act_allow(struct story *story, mitome_error *error);
MITOME_CHECKED mitome_status act_issue(struct story *story, mitome_error *error);
MITOME_CHECKED mitome_status act_enrol(struct story *story, mitome_error *error);
MITOME_CHECKED mitome_status act_register(struct story *story, mitome_error *error);
MITOME_CHECKED mitome_status act_log_in(struct story *story, mitome_error *error);
MITOME_CHECKED mitome_status act_judge(struct story *story, mitome_error *error);
MITOME_CHECKED mitome_status act_refusals(struct story *story, mitome_error *error);
MITOME_CHECKED mitome_status act_sign(struct story *story, mitome_error *error);
MITOME_CHECKED mitome_status act_revoke(struct story *story, mitome_error *error);

/* story_touch lays the owner's or the stranger's finger on the sensor at the next call for one. */
void story_touch(struct story *story, const struct story_hand *hand, unsigned touch);

/* story_attempt asks the phone for a login at an RP ID, through a browser whose page has `origin`. */
MITOME_CHECKED mitome_status story_attempt(struct story *story, const char *rp_id, const char *origin,
        struct browser_answer *ret, mitome_error *error);

/* story_sign_app makes a certificate that a developer signs an app with, and says who the app then is. */
MITOME_CHECKED mitome_status story_sign_app(
        struct story *story, const char *developer, struct mitome_app *ret, mitome_error *error);

/* story_refuse_apps: what apps must not do to the element. */
MITOME_CHECKED mitome_status story_refuse_apps(struct story *story, mitome_error *error);

/* story_reason is what the explanation of a cause says, without its advice, in `text`. */
const char *story_reason(const mitome_error *cause, char text[STAGE_TEXT_MAX]);

/* story_leave writes what a reader may want to look at into the folder `out`. */
MITOME_CHECKED mitome_status story_leave(const struct story *story, mitome_error *error);

#endif
