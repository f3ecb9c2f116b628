/* SPDX-License-Identifier: Apache-2.0 */
/* The pages that anybody may see. */
#include "portal_api.h"

static mitome_status start(struct visit *visit, mitome_error *error)
{
        (void)error;
        visit_show(visit, "start", NULL, page_data(visit));
        return ok();
}

static mitome_status show_register(struct visit *visit, mitome_error *error)
{
        (void)error;
        visit_show(visit, "register", "at_register", page_data(visit));
        return ok();
}

static mitome_status show_login(struct visit *visit, mitome_error *error)
{
        (void)error;
        visit_show(visit, "login", "at_login", page_data(visit));
        return ok();
}

static mitome_status show_phone(struct visit *visit, mitome_error *error)
{
        (void)error;
        visit_show(visit, "phone", "at_login", page_data(visit));
        return ok();
}

/* What a QR code leads a phone's own browser to. Whether the code is open the page asks by itself. */
static mitome_status show_code(struct visit *visit, mitome_error *error)
{
        char code[CROSS_DEVICE_CODE_SIZE + 1];
        MITOME_TRY(cross_device_read_code(visit->request->parts[0], code, error));
        json_t *data = page_data(visit);
        (void)json_object_set_new(data, "code", json_string(code));
        visit_show(visit, "phone_code", NULL, data);
        return ok();
}

static mitome_status show_link(struct visit *visit, mitome_error *error)
{
        uint8_t id[VISIT_ID_SIZE];
        MITOME_TRY(visit_id(visit->request->parts[0], MITOME_E_DOCUMENT_UNKNOWN, id, error));
        visit_show(visit, "document_link", NULL, page_data(visit));
        return ok();
}

VISIT_HANDLER(page_start, VISIT_SESSION | VISIT_PAGE, start)
VISIT_HANDLER(page_register, VISIT_SESSION | VISIT_PAGE, show_register)
VISIT_HANDLER(page_login, VISIT_SESSION | VISIT_PAGE, show_login)
VISIT_HANDLER(page_phone, VISIT_SESSION | VISIT_PAGE, show_phone)
VISIT_HANDLER(page_phone_code, VISIT_SESSION | VISIT_PAGE, show_code)
VISIT_HANDLER(page_document_link, VISIT_SESSION | VISIT_PAGE, show_link)
