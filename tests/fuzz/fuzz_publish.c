/* SPDX-License-Identifier: Apache-2.0 */

/* Paths and requests of anybody's at the authority's pages: there is a page or there is none, and a request
 * about OCSP is always answered. */

#include "publish.h"
#include "random_system.h"

#include <openssl/ocsp.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good)
{
        if (!good)
                abort();
}

static int64_t now_of(void *context)
{
        (void)context;
        return 1800000000;
}

/* Nobody was ever given a certificate. */
static mitome_status say_status(
        void *context, enum authority_kind kind, slice serial, struct ca_status *ret, mitome_error *error)
{
        (void)context, (void)kind, (void)serial, (void)error;
        *ret = (struct ca_status){ .state = CA_UNKNOWN };
        return ok();
}

static mitome_status say_revoked(void *context, enum authority_kind kind, const struct ca_place *place,
        const struct ca_visitor *visitor, mitome_error *error)
{
        (void)context, (void)kind, (void)place, (void)visitor, (void)error;
        return ok();
}

static mitome_status say_number(void *context, enum authority_kind kind, uint64_t *ret, mitome_error *error)
{
        (void)kind, (void)error;
        *ret = ++*(uint64_t *)context;
        return ok();
}

static struct publication *begin(void)
{
        static uint64_t number;
        static struct ca *cas[2];
        struct publication *publication = NULL;
        const struct mitome_random random = random_system();
        for (int kind = 0; kind < 2; kind++)
                must(!failed(ca_make((enum authority_kind)kind, &random, now_of(NULL), &cas[kind], NULL)));
        const struct publish_config config = {
                .cas = { cas[0], cas[1] },
                .source = { &number, say_status, say_revoked, say_number },
                .random = random,
                .now = now_of,
        };
        must(!failed(publish_open(&config, &publication, NULL)));
        return publication;
}

static void look(struct publication *publication, slice path)
{
        slice page = { 0 };
        mitome_status status = publish_list(publication, path, &page, NULL);
        must(failed(status) ? status.code == MITOME_E_VALUE : page.size > 0);
        status = publish_ca(publication, path, &page, NULL);
        must(!failed(status) || status.code == MITOME_E_VALUE);
}

static void ask(struct publication *publication, slice request, bool in_path)
{
        uint8_t bytes[OCSP_RESPONSE_MAX];
        writer w = WRITER(bytes);
        mitome_status status = in_path ? publish_answer_get(publication, request, &w, NULL)
                                       : publish_answer(publication, request, &w, NULL);
        const unsigned char *end = bytes;
        OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &end, (long)w.used);
        must(response && !w.overflowed && end == bytes + w.used);
        must((OCSP_response_status(response) == OCSP_RESPONSE_STATUS_SUCCESSFUL) == !failed(status));
        OCSP_RESPONSE_free(response);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static struct publication *publication;
        if (!publication)
                publication = begin();
        const slice input = slice_of(data, size);
        look(publication, input);
        ask(publication, input, false);
        ask(publication, input, true);
        return 0;
}
