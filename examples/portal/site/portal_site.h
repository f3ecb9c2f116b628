/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PORTAL_SITE_H
#define PORTAL_SITE_H

/* The portal's side of HTTP: what all its handlers share. A handler is a step, which does its work or fails;
 * around it visit_run finds the session (or makes a visitor), checks what the step needs, and tells a failure
 * as a problem. So no step can forget a check that its row in the table of routes asks for. */

#include "document.h"
#include "portal_admin.h"
#include "session.h"
#include "web.h"

struct portal_site {
        struct portal *portal;
        const struct web_page_set *pages; /* NULL: API alone (tests) */
        const struct document_desk *desk;
        struct admin_desk *admin; /* NULL: no administrator */
};

struct visit {
        const struct portal_site *site;
        struct portal *portal;
        const struct web_request *request;
        struct web_answer *answer;
        struct session session;
};

/* What a step needs. */
enum visit_needs {
        VISIT_SESSION = 0x01, /* whosever; a visitor is made where there is none */
        VISIT_PERSON = 0x02,  /* somebody's who has logged in; a page sends others to the login */
        VISIT_CHANGE =
                0x04, /* it changes something: our page must have sent it (Origin, Sec-Fetch-Site, CSRF) */
        VISIT_PAGE = 0x08, /* it is a page */
        VISIT_COOKIE =
                0x10, /* the session's cookie alone: whose it is, is not asked of the store (WEB_HERE) */
};

typedef mitome_status visit_step(struct visit *visit, mitome_error *error);

void visit_run(void *site, const struct web_request *request, struct web_answer *answer, unsigned needs,
        visit_step *step);

/* VISIT_HANDLER makes a route's handler of a step. */
#define VISIT_HANDLER(name, needs, step)                                                          \
        void name(void *context_, const struct web_request *request_, struct web_answer *answer_) \
        {                                                                                         \
                visit_run(context_, request_, answer_, (needs), (step));                          \
        }

/* visit_status is the HTTP status of a failure: 400 for what the table of portal_site.c does not name. */
unsigned visit_status(mitome_code code);

/* visit_set_session gives the browser a session's cookie. */
void visit_set_session(struct visit *visit, const char *cookie);

/* visit_number reads a part of the path that is a row's number: 0 when it is none. */
int64_t visit_number(slice text);

/* visit_id reads a part of the path that is 16 bytes in hexadecimal, and visit_id_text writes them. */
enum { VISIT_ID_SIZE = 16, VISIT_ID_TEXT = 2 * VISIT_ID_SIZE + 1 };
MITOME_CHECKED mitome_status visit_id(
        slice text, mitome_code otherwise, uint8_t ret_id[VISIT_ID_SIZE], mitome_error *error);
void visit_id_text(const uint8_t id[VISIT_ID_SIZE], char ret[VISIT_ID_TEXT]);

/* page_data is what each page is given: logged_in, name, next (where to go when it is done: a path of this
 * origin, or ""), next_query (the same for an address). NULL: out of memory, which web_page minds. */
json_t *page_data(const struct visit *visit);

/* visit_show answers with a page; `at` marks its entry in the navigation (NULL: none). Takes `data` over. */
void visit_show(struct visit *visit, const char *page, const char *at, json_t *data);

/* site_where_to tells whether a path may be gone to after a login: one of ours, and of nobody else's. */
bool site_where_to(slice path);

#endif
