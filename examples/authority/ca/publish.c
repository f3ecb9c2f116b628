/* SPDX-License-Identifier: Apache-2.0 */
#include "publish.h"

#include "ca_profile.h"

#include <stdlib.h>

enum { INTERVAL = 600, DAY = 86400, PART_MAX = 64 };

struct publication {
        struct publish_config config;
        struct ocsp_responder *responder;
        struct kept {
                char path[PUBLISH_PATH_MAX]; /* empty: a free one */
                struct ca_list list;
                int64_t made;
        } lists[PUBLISH_LISTS_MAX];
};

mitome_status publish_open(const struct publish_config *config, struct publication **ret, mitome_error *error)
{
        struct publication *publication = calloc(1, sizeof *publication);
        if (!publication)
                return fail(error, MITOME_E_NO_MEMORY, "publication", NULL);
        publication->config = *config;
        const struct ocsp_responder_config responder = {
                .cas = { config->cas[0], config->cas[1] },
                .source = config->source,
                .random = config->random,
                .seconds = config->ocsp_seconds,
        };
        mitome_status status = ocsp_responder_new(
                &responder, config->now(config->clock_context), &publication->responder, error);
        if (failed(status))
                free(publication);
        else
                *ret = publication;
        return status;
}

void publish_close(struct publication *publication)
{
        if (!publication)
                return;
        for (size_t i = 0; i < PUBLISH_LISTS_MAX; i++)
                ca_list_free(&publication->lists[i].list);
        ocsp_responder_free(publication->responder);
        free(publication);
}

static int64_t now_of(const struct publication *publication)
{
        return publication->config.now(publication->config.clock_context);
}

/* ---- which list ---- */

struct wanted {
        enum authority_kind kind;
        bool parted;
        char prefecture[PART_MAX], city[PART_MAX];
};

static mitome_status no_page(mitome_error *error)
{
        return fail(error, MITOME_E_VALUE, "path", NULL);
}

/* The part of a path until `end`, which is taken, too. */
static mitome_status take_part(reader *r, const char *end, char part[PART_MAX], mitome_error *error)
{
        writer w = writer_over((uint8_t *)part, PART_MAX);
        slice written, skipped;
        uint8_t c;
        while (r->rest.size && !slice_begins_with(r->rest, slice_text(end))) {
                MITOME_TRY(read_u8(r, "path", &c));
                write_u8(&w, c);
        }
        if (!r->rest.size)
                return no_page(error);
        MITOME_TRY(read_bytes(r, "path", slice_text(end).size, &skipped));
        write_u8(&w, '\0');
        return failed(writer_finish(&w, "path", &written, NULL)) ? no_page(error) : ok();
}

static mitome_status find_list(slice path, struct wanted *ret, mitome_error *error)
{
        static const char parted[] = "signing/";
        slice skipped;
        reader r = reader_over(path, NULL, error);
        *ret = (struct wanted){ .kind = AUTHORITY_SIGNING };
        if (slice_is(path, "signing.crl"))
                return ok();
        ret->kind = AUTHORITY_USER_VERIFICATION;
        if (slice_is(path, "user-verification.crl"))
                return ok();
        if (!slice_begins_with(path, slice_text(parted)) || path.size >= PUBLISH_PATH_MAX)
                return no_page(error);
        ret->kind = AUTHORITY_SIGNING;
        ret->parted = true;
        MITOME_TRY(read_bytes(&r, "path", sizeof parted - 1, &skipped));
        MITOME_TRY(take_part(&r, "/", ret->prefecture, error));
        MITOME_TRY(take_part(&r, ".crl", ret->city, error));
        const struct ca_place place = { ret->prefecture, ret->city };
        return r.rest.size || failed(ca_check_place(&place, NULL)) ? no_page(error) : ok();
}

/* ---- lists that were made ---- */

static struct kept *find_kept(struct publication *publication, slice path)
{
        for (size_t i = 0; i < PUBLISH_LISTS_MAX; i++)
                if (publication->lists[i].list.size && slice_is(path, publication->lists[i].path))
                        return &publication->lists[i];
        return NULL;
}

static struct kept *oldest(struct publication *publication)
{
        struct kept *oldest = &publication->lists[0];
        for (size_t i = 0; i < PUBLISH_LISTS_MAX; i++) {
                struct kept *kept = &publication->lists[i];
                if (!kept->list.size)
                        return kept;
                if (kept->made < oldest->made)
                        oldest = kept;
        }
        return oldest;
}

static mitome_status make_list(
        struct publication *publication, slice path, int64_t now, struct kept *kept, mitome_error *error)
{
        const struct publish_config *config = &publication->config;
        struct wanted wanted;
        struct ca_list list;
        MITOME_TRY(find_list(path, &wanted, error));
        const struct ca_place place = { wanted.prefecture, wanted.city };
        MITOME_TRY(ca_crl(config->cas[wanted.kind], &config->source, wanted.parted ? &place : NULL, now,
                now + (config->lifetime ? config->lifetime : DAY), &list, error));
        ca_list_free(&kept->list);
        *kept = (struct kept){ .list = list, .made = now };
        return slice_copy(path, "path", (uint8_t *)kept->path, sizeof kept->path - 1, error);
}

mitome_status publish_list(struct publication *publication, slice path, slice *ret, mitome_error *error)
{
        int64_t now = now_of(publication);
        int64_t interval = publication->config.interval ? publication->config.interval : INTERVAL;
        struct kept *kept = find_kept(publication, path);
        bool fresh = kept && now >= kept->made && now < kept->made + interval;
        if (!fresh) {
                if (!kept)
                        kept = oldest(publication);
                MITOME_TRY(make_list(publication, path, now, kept, error));
        }
        *ret = ca_list_view(&kept->list);
        return ok();
}

/* ---- what else there is ---- */

mitome_status publish_ca(const struct publication *publication, slice path, slice *ret, mitome_error *error)
{
        static const char *const names[] = { "user-verification.cer", "signing.cer" };
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
                if (slice_is(path, names[i])) {
                        *ret = ca_certificate(publication->config.cas[i]);
                        return ok();
                }
        return no_page(error);
}

mitome_status publish_answer(struct publication *publication, slice request, writer *out, mitome_error *error)
{
        return ocsp_responder_answer(publication->responder, request, now_of(publication), out, error);
}

mitome_status publish_answer_get(
        struct publication *publication, slice path, writer *out, mitome_error *error)
{
        return ocsp_responder_get(publication->responder, path, now_of(publication), out, error);
}
