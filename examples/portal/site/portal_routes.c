/* SPDX-License-Identifier: Apache-2.0 */
#include "portal_routes.h"

#include "portal_api.h"

#define JSON "application/json"
enum { SMALL = 4096, LOGIN = 16384, LARGE = 65536 };

static const struct web_route routes[] = {
        { WEB_GET, "/", WEB_STORE, page_start, NULL, 0 },
        { WEB_GET, "/register", WEB_STORE, page_register, NULL, 0 },
        { WEB_GET, "/login", WEB_STORE, page_login, NULL, 0 },
        { WEB_GET, "/phone", WEB_STORE, page_phone, NULL, 0 },
        { WEB_GET, "/phone/:code", WEB_STORE, page_phone_code, NULL, 0 },
        { WEB_GET, "/account", WEB_STORE, page_account, NULL, 0 },
        { WEB_GET, "/document", WEB_STORE, page_document, NULL, 0 },
        { WEB_GET, "/document/:id", WEB_STORE, page_document_link, NULL, 0 },
        { WEB_GET, "/admin", WEB_STORE, page_admin, NULL, 0 },

        { WEB_GET, "/api/session", WEB_STORE, api_session, NULL, 0 },
        { WEB_POST, "/api/register/options", WEB_STORE, api_register_options, JSON, SMALL },
        { WEB_POST, "/api/register", WEB_STORE, api_register, JSON, LARGE },
        { WEB_POST, "/api/register/move", WEB_ERRAND, api_move, JSON, LARGE },
        { WEB_POST, "/api/login/options", WEB_HERE, api_login_options, JSON, SMALL },
        { WEB_POST, "/api/login", WEB_STORE, api_login, JSON, LOGIN },
        { WEB_POST, "/api/logout", WEB_STORE, api_logout, JSON, SMALL },
        { WEB_POST, "/api/logout-everywhere", WEB_STORE, api_logout_everywhere, JSON, SMALL },
        { WEB_GET, "/api/account", WEB_STORE, api_account, NULL, 0 },
        { WEB_POST, "/api/credentials/:id/rename", WEB_STORE, api_rename, JSON, SMALL },
        { WEB_POST, "/api/credentials/:id/remove", WEB_STORE, api_remove, JSON, SMALL },
        { WEB_POST, "/api/phone", WEB_STORE, api_phone_begin, JSON, SMALL },
        { WEB_GET, "/api/phone/:id", WEB_STORE, api_phone_state, NULL, 0 },
        { WEB_POST, "/api/phone/:id/take", WEB_STORE, api_phone_take, JSON, SMALL },
        { WEB_GET, "/api/phone/code/:code", WEB_STORE, api_phone_look, NULL, 0 },
        { WEB_POST, "/api/phone/code/:code", WEB_STORE, api_phone_answer, JSON, LOGIN },
        { WEB_POST, "/api/document", WEB_STORE, api_document_begin, JSON, LARGE },
        { WEB_GET, "/api/document/:id", WEB_STORE, api_document_state, NULL, 0 },
        { WEB_POST, "/api/document/:id", WEB_ERRAND, api_document_sign, JSON, LARGE },
        { WEB_POST, "/api/admin/login", WEB_ERRAND, api_admin_login, JSON, SMALL },
        { WEB_GET, "/api/admin/figures", WEB_STORE, api_admin_figures, NULL, 0 },
};

struct web_route_set portal_routes(struct portal_site *site)
{
        return (struct web_route_set){ routes, sizeof routes / sizeof *routes, site };
}
