/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PHONE_PAGE_H
#define PHONE_PAGE_H

/* The phone's screen as a page: what is shown, what is touched and typed, and what a developer sees. All of
 * its routes are WEB_HERE, and none of them waits for a person. What is touched or typed names the prompt of
 * /api/screen that it is for, and a cancel the errand: 409 when something else stands there by now.
 *
 *   GET  /                 the page          POST /api/open      {"secret"} -> {"csrf"}
 *   GET  /api/screen       what is shown     GET  /api/state     how it stands with the phone
 *   GET  /api/log?after=N  the developer's   POST /api/reply     {"prompt", "yes", "secret"?}
 *   POST /api/touch        {"prompt", "finger"}    POST /api/pin-instead {"prompt"}
 *   POST /api/touch-image?prompt=N  a PGM   POST /api/wish      {"wish", "id"?, "name"?}
 *   POST /api/cancel       {"errand"}        POST /api/link      {"link"}: log in, or sign */

#include "phone_actor.h"
#include "phone_login.h"
#include "web.h"

struct phone_page_config {
        struct phone_actor *actor;
        const struct web_page_set *pages;
        struct mitome_random random;
        struct phone_login_config login;
        const char *pairing_secret; /* of the browser's extension; NULL: there is none */
};

struct phone_page;
/* The configuration is copied; what it points to must outlive the page. NO_MEMORY, NO_RANDOMNESS. */
MITOME_CHECKED mitome_status phone_page_open(
        const struct phone_page_config *config, struct phone_page **ret, mitome_error *error);
void phone_page_close(struct phone_page *page);

struct web_route_set phone_page_routes(struct phone_page *page);

/* phone_page_secret is the fragment of the page's address. */
const char *phone_page_secret(const struct phone_page *page);

#endif
