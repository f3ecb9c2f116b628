/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PORTAL_API_H
#define PORTAL_API_H

/* The handlers of the JSON API (openapi.json) and of the pages; portal_routes.h has their table. */

#include "portal_site.h"

/* api_session_of is the visit's session as a page is told of it; api_tell_session answers with one. */
json_t *api_session_of(const struct visit *visit);
MITOME_CHECKED mitome_status api_tell_session(
        struct visit *visit, const struct session *session, mitome_error *error);

/* api_enter logs the browser in with what a ceremony has shown, and answers with the new session. */
MITOME_CHECKED mitome_status api_enter(
        struct visit *visit, const struct session_login *login, mitome_error *error);

/* api_account_of describes the session's account, for the API and, in the reader's language where it is
 * text, for its page. */
MITOME_CHECKED mitome_status api_account_of(struct visit *visit, json_t **ret, mitome_error *error);

/* api_qr is a QR code as a path: {"size", "path"}; null where the portal was built without. */
json_t *api_qr(slice text);

/* api_time writes a time as RFC 3339 has it, in UTC; null for 0. */
json_t *api_time(int64_t at);

/* What an answer of JSON is that the core wrote. */
void api_tell(struct visit *visit, slice json);

#define API_HANDLER(name) void name(void *, const struct web_request *, struct web_answer *)
API_HANDLER(api_session);
API_HANDLER(api_logout);
API_HANDLER(api_logout_everywhere);
API_HANDLER(api_register_options);
API_HANDLER(api_register);
API_HANDLER(api_move);
API_HANDLER(api_login_options);
API_HANDLER(api_login);
API_HANDLER(api_account);
API_HANDLER(api_rename);
API_HANDLER(api_remove);
API_HANDLER(api_phone_begin);
API_HANDLER(api_phone_state);
API_HANDLER(api_phone_take);
API_HANDLER(api_phone_look);
API_HANDLER(api_phone_answer);
API_HANDLER(api_document_begin);
API_HANDLER(api_document_state);
API_HANDLER(api_document_sign);
API_HANDLER(api_admin_login);
API_HANDLER(api_admin_figures);
API_HANDLER(page_start);
API_HANDLER(page_register);
API_HANDLER(page_login);
API_HANDLER(page_phone);
API_HANDLER(page_phone_code);
API_HANDLER(page_account);
API_HANDLER(page_document);
API_HANDLER(page_document_link);
API_HANDLER(page_admin);
#undef API_HANDLER

#endif
