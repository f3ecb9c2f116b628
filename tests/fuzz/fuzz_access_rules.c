/* SPDX-License-Identifier: Apache-2.0 */
#include "access_decision.h"
#include "apdu.h"
#include "tlv.h"

#include <mitome/enforcer.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- the rules ---- */

/* Whatever rule is taken is written again as the same bytes: there is one encoding of each. */
static void check_same(slice rules)
{
        static uint8_t buffer[65536 + 64];
        reader r = reader_over(rules, NULL, NULL);
        writer w = WRITER(buffer);
        while (r.rest.size) {
                struct tlv tlv;
                struct access_rule rule;
                if (failed(tlv_read(&r, "rule", &tlv)) || failed(access_rule_read(tlv.value, &rule, NULL)))
                        abort();
                access_rule_write(&w, &rule);
        }
        if (w.overflowed || !slice_equal(writer_view(&w), rules))
                abort();
}

/* A rule that says never to everybody who has one shuts out. */
static void check_decision(slice rules, slice aid)
{
        static uint8_t longer[131072];
        static const uint8_t hash[32] = { 1 }, never[] = { 0 };
        const struct access_app app = { SLICE(hash), slice_of(hash, 20), { 0 } };
        const struct access_rule shut = { .reference = { .aid = aid, .hash = SLICE(hash) },
                .apdu = SLICE(never) };
        struct access_decision decision;
        writer w = WRITER(longer);
        access_decide(rules, &app, aid, &decision);
        if (access_allows(&decision, 0x00B00000) && decision.kind == ACCESS_KIND_DENIED)
                abort();
        write_slice(&w, rules);
        access_rule_write(&w, &shut);
        access_decide(writer_view(&w), &app, aid, &decision);
        if (decision.kind != ACCESS_KIND_DENIED)
                abort();
}

/* ---- an element that answers what the input says ---- */

struct forger {
        reader rest;
};

static mitome_status forge(void *context, mitome_slice command, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        struct forger *forger = context;
        writer w = writer_over(response, capacity);
        uint16_t size;
        slice bytes;
        (void)command;
        if (failed(read_u16(&forger->rest, "size", &size)) ||
                failed(read_bytes(&forger->rest, "response", size % 300, &bytes)))
                return fail(error, MITOME_E_LINK, "response", NULL);
        write_slice(&w, bytes);
        *ret_size = w.used;
        return ok();
}

static void check_enforcer(slice input)
{
        static const uint8_t aid[] = { 0xD3, 0x92, 0xF0, 0x00, 0x26 },
                             read[] = { 0x00, 0xB0, 0x00, 0x00, 0x00 };
        struct forger forger = { .rest = reader_over(input, NULL, NULL) };
        const struct mitome_link link = { .context = &forger, .transmit = forge };
        const struct mitome_app app = { .sha256 = { 1 }, .sha1 = { 1 } };
        struct mitome_enforcer *enforcer;
        uint8_t response[512];
        size_t size;
        if (failed(mitome_enforcer_new(&link, &app, &enforcer, NULL)))
                return;
        for (int i = 0; i < 3; i++) {
                bool selected = !failed(mitome_enforcer_select(enforcer, SLICE(aid), NULL));
                size_t before = forger.rest.offset;
                mitome_status status = mitome_enforcer_transmit(
                        enforcer, SLICE(read), response, sizeof response, &size, NULL);
                if (!selected && (status.code != MITOME_E_ACCESS_DENIED || forger.rest.offset != before))
                        abort();
        }
        mitome_enforcer_free(enforcer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const slice input = slice_of(data, size < 65536 ? size : 65536);
        if (access_rules_check(input, NULL).code == MITOME_OK) {
                check_same(input);
                check_decision(input, slice_of("\xD3\x92\xF0\x00\x26", 5));
        }
        check_enforcer(input);
        return 0;
}
