/* SPDX-License-Identifier: Apache-2.0 */
/* The document /.well-known/webauthn, WebAuthn L3 5.11, as the relying party that publishes it reads it. */
#include "domain_name.h"
#include "json_object.h"

#include <mitome/related_origins.h>

static const char clause[] = "WebAuthn L3 5.11";

static const char scheme[] = "https://";

enum {
        ORIGIN_MAX = sizeof scheme - 1 + DOMAIN_NAME_MAX + 6, /* ":65535" */
        SCHEME_PORT = 443,                                    /* is not written */
        ESCAPED_MAX = 6 * ORIGIN_MAX,                         /* each character as \u0061 */
};

/* Takes `origin` apart, HTML "serialization of an origin". An address (127.0.0.1, [::1]) is an origin too,
 * but has no registrable domain and is no place for WebAuthn. */
static mitome_status read_origin(slice origin, slice *ret_host)
{
        reader r = reader_over(origin, clause, NULL);
        slice start, host;
        uint32_t port;
        MITOME_TRY(read_bytes(&r, "origins[]", sizeof scheme - 1, &start));
        if (!slice_is(start, scheme) || !domain_name_read_authority(r.rest, &host, &port) ||
                port == SCHEME_PORT)
                return reader_fail(&r, MITOME_E_ORIGIN_FORM, "origins[]");
        *ret_host = host;
        return ok();
}

/* Takes the next text of the list, escapes undone, into `space`. */
static mitome_status read_element(struct json_reader *r, uint8_t *space, size_t size, slice *ret)
{
        slice raw, origin, host;
        enum json_kind kind;
        MITOME_TRY(json_peek(r, "origins[]", &kind)); /* past the white space */
        const struct json_reader start = *r;
        struct json_reader ahead = *r;
        MITOME_TRY(json_read_raw(&ahead, "origins[]", &raw));
        if (raw.size > size)
                return reader_fail(&start.bytes, MITOME_E_TOO_LONG, "origins[]");
        MITOME_TRY(json_read_string(r, "origins[]", space, size, &origin));
        if (failed(read_origin(origin, &host)))
                return reader_fail(&start.bytes, MITOME_E_ORIGIN_FORM, "origins[]");
        *ret = origin;
        return ok();
}

/* What is done with each origin; the view ends with the call. */
typedef mitome_status take_origin(void *target, const struct json_reader *r, slice origin);

struct listing {
        take_origin *take;
        void *target;
};

/* 5.11: "whose value MUST be an array of one or more strings containing web origins". */
static mitome_status read_list(struct json_reader *r, writer *arena, const struct json_field *field)
{
        (void)arena;
        const struct listing *listing = field->target;
        uint8_t space[ESCAPED_MAX];
        struct json_members array;
        slice origin;
        MITOME_TRY(json_open_array(r, "origins", &array));
        for (size_t count = 0;; count++) {
                bool more;
                MITOME_TRY(json_next_element(r, &array, &more));
                if (!more)
                        return count ? ok() : reader_fail(&r->bytes, MITOME_E_MISSING, "origins[]");
                if (count == MITOME_RELATED_ORIGINS_MAX)
                        return reader_fail(&r->bytes, MITOME_E_TOO_MANY, "origins");
                MITOME_TRY(read_element(r, space, sizeof space, &origin));
                MITOME_TRY(listing->take(listing->target, r, origin));
        }
}

static mitome_status read_document(slice document, take_origin *take, void *target, mitome_error *error)
{
        struct listing listing = { take, target };
        const struct json_field fields[] = {
                { "origins", "origins", read_list, .required = true, .target = &listing },
        };
        const struct json_object object = { .field = "document", .fields = fields, .count = 1 };
        writer nothing = writer_over(NULL, 0);
        if (document.size > MITOME_RELATED_DOCUMENT_MAX)
                return fail(error, MITOME_E_TOO_LONG, "document", clause);
        struct json_reader r = json_over(document, clause, error);
        MITOME_TRY(json_object_read(&r, &nothing, &object));
        return json_end(&r, "document");
}

struct collection {
        writer space;
        slice *origins;
        size_t capacity, count;
};

static mitome_status collect(void *target, const struct json_reader *r, slice origin)
{
        struct collection *c = target;
        if (c->count == c->capacity)
                return reader_fail(&r->bytes, MITOME_E_TOO_MANY, "origins");
        uint8_t *space = write_space(&c->space, origin.size);
        if (!space)
                return reader_fail(&r->bytes, MITOME_E_BUFFER_FULL, "origins[]");
        MITOME_TRY(slice_copy(origin, "origins[]", space, origin.size, r->bytes.error));
        c->origins[c->count++] = slice_of(space, origin.size);
        return ok();
}

mitome_status mitome_related_origins_read(mitome_slice document, uint8_t *space, size_t size,
        mitome_slice *origins, size_t capacity, size_t *ret_count, mitome_error *error)
{
        struct collection c = { .space = writer_over(space, size), .origins = origins, .capacity = capacity };
        MITOME_TRY(read_document(document, collect, &c, error));
        *ret_count = c.count;
        return ok();
}

struct wanted {
        slice origin;
        bool found;
};

static mitome_status compare(void *target, const struct json_reader *r, slice origin)
{
        (void)r;
        struct wanted *wanted = target;
        wanted->found = wanted->found || slice_equal(origin, wanted->origin);
        return ok();
}

mitome_status mitome_related_origins_allow(
        mitome_slice document, mitome_slice origin, bool *ret_allowed, mitome_error *error)
{
        struct wanted wanted = { .origin = origin };
        MITOME_TRY(read_document(document, compare, &wanted, error));
        *ret_allowed = wanted.found;
        return ok();
}

/* The first label of the last `size` bytes of `host`. `size` comes from a caller's hook: it may be wrong. */
static mitome_status read_label(slice host, size_t size, slice *ret, mitome_error *error)
{
        reader r = reader_over(host, clause, NULL);
        slice before = { 0 };
        size_t label = 0;
        if (size > host.size || failed(read_bytes(&r, "host", host.size - size, &before)) ||
                (before.size && before.data[before.size - 1] != '.'))
                return fail(error, MITOME_E_ARGUMENT, "registrable.find", clause);
        while (label < r.rest.size && r.rest.data[label] != '.')
                label++;
        return read_bytes(&r, "host", label, ret);
}

static bool is_among(slice label, const slice *labels, size_t count)
{
        bool found = false;
        for (size_t i = 0; i < count; i++)
                found = found || slice_equal(label, labels[i]);
        return found;
}

mitome_status mitome_related_origins_labels(const mitome_slice *origins, size_t count,
        const struct mitome_registrable *registrable, size_t *ret_labels, mitome_error *error)
{
        slice labels[MITOME_RELATED_ORIGINS_MAX], label, host;
        size_t seen = 0;
        if (count > MITOME_RELATED_ORIGINS_MAX)
                return fail(error, MITOME_E_TOO_MANY, "origins", clause);
        for (size_t i = 0; i < count; i++) {
                if (failed(read_origin(origins[i], &host)))
                        return fail(error, MITOME_E_ORIGIN_FORM, "origins[]", clause);
                size_t size = registrable->find(registrable->context, host);
                if (size == 0)
                        continue;
                MITOME_TRY(read_label(host, size, &label, error));
                if (!is_among(label, labels, seen))
                        labels[seen++] = label;
        }
        *ret_labels = seen;
        return ok();
}
