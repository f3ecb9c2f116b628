/* SPDX-License-Identifier: Apache-2.0 */
#include "phone_link.h"

#include "web_client.h"

static bool is_blank(uint8_t c)
{
        return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static slice trim(slice text)
{
        reader r = reader_over(text, NULL, NULL);
        slice one;
        while (r.rest.size && is_blank(r.rest.data[0]) && !failed(read_bytes(&r, "", 1, &one)))
                ;
        size_t size = r.rest.size;
        while (size && is_blank(r.rest.data[size - 1]))
                size--;
        return slice_of(r.rest.data, size);
}

static mitome_status refuse(mitome_error *error)
{
        return fail(error, MITOME_E_LOGIN_LINK, "link", NULL);
}

/* Capitals and digits; what people put between them falls away. Which letters there are, the portal knows. */
static mitome_status read_code(slice text, struct phone_link *link, mitome_error *error)
{
        writer w = writer_over((uint8_t *)link->code, PHONE_LINK_CODE_SIZE);
        for (size_t i = 0; i < text.size; i++) {
                uint8_t c = text.data[i];
                if (c == ' ' || c == '-')
                        continue;
                if (c >= 'a' && c <= 'z')
                        c = (uint8_t)(c - 'a' + 'A');
                if (!(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9'))
                        return refuse(error);
                write_u8(&w, c);
        }
        if (w.overflowed || w.used != PHONE_LINK_CODE_SIZE)
                return refuse(error);
        link->kind = PHONE_LINK_LOGIN;
        return ok();
}

static mitome_status read_number(slice text, struct phone_link *link, mitome_error *error)
{
        writer w = writer_over((uint8_t *)link->code, PHONE_LINK_ID_SIZE);
        for (size_t i = 0; i < text.size; i++) {
                uint8_t c = text.data[i];
                if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f'))
                        return refuse(error);
                write_u8(&w, c);
        }
        if (w.overflowed || w.used != PHONE_LINK_ID_SIZE)
                return refuse(error);
        link->kind = PHONE_LINK_DOCUMENT;
        return ok();
}

static mitome_status set_origin(slice origin, struct phone_link *link, mitome_error *error)
{
        slice domain;
        if (failed(web_client_may_ask(origin, (slice){ 0 }, NULL, &domain, NULL)) ||
                failed(slice_copy(origin, "link", (uint8_t *)link->origin, sizeof link->origin - 1, NULL)))
                return refuse(error);
        return ok();
}

static const struct path {
        const char *start;
        mitome_status (*read)(slice text, struct phone_link *link, mitome_error *error);
} paths[] = {
        { "/phone/", read_code },
        { "/document/", read_number },
};

/* Where the path begins: at the third slash. */
static size_t origin_size(slice text)
{
        unsigned slashes = 0;
        for (size_t i = 0; i < text.size; i++) {
                slashes += text.data[i] == '/';
                if (slashes == 3)
                        return i;
        }
        return text.size;
}

static mitome_status read_link(slice text, struct phone_link *link, mitome_error *error)
{
        reader r = reader_over(text, NULL, error);
        slice origin, start;
        MITOME_TRY(read_bytes(&r, "link", origin_size(text), &origin));
        MITOME_TRY(set_origin(origin, link, error));
        for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
                if (!slice_begins_with(r.rest, slice_text(paths[i].start)))
                        continue;
                MITOME_TRY(read_bytes(&r, "link", slice_text(paths[i].start).size, &start));
                return paths[i].read(read_rest(&r), link, error);
        }
        return refuse(error);
}

mitome_status phone_link_read(slice text, const char *portal, struct phone_link *ret, mitome_error *error)
{
        struct phone_link link = { 0 };
        text = trim(text);
        if (text.size > PHONE_LINK_MAX)
                return refuse(error);
        if (slice_begins_with(text, slice_text("http"))) {
                MITOME_TRY(read_link(text, &link, error));
        } else {
                if (!portal)
                        return refuse(error);
                MITOME_TRY(set_origin(slice_text(portal), &link, error));
                MITOME_TRY(read_code(text, &link, error));
        }
        *ret = link;
        return ok();
}
