/* SPDX-License-Identifier: Apache-2.0 */
/* A challenge from anywhere opens by no key but its own; a response from anywhere gives one up or does not.
 */
#include "bytes.h"

#include <mitome/challenge.h>
#include <mitome/rp.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static int fill(void *context, uint8_t *bytes, size_t size)
{
        const slice *from = context;
        for (size_t i = 0; i < size; i++)
                bytes[i] = i < from->size ? from->data[i] : 0;
        return 0;
}

static int spend(void *context, const uint8_t id[MITOME_CHALLENGE_ID_SIZE], int64_t expires)
{
        (void)id;
        (void)expires;
        ++*(int *)context;
        return 0;
}

/* What was sealed opens; the same with the input laid over it does not, unless it is the same. */
static void try_challenge(slice input)
{
        static const struct mitome_challenge_key key = { { 7 } };
        const struct mitome_challenge_scope scope = {
                .rp_id = slice_text("example.org"), .purpose = MITOME_CHALLENGE_REGISTRATION, .context = input
        };
        const struct mitome_random random = { &input, fill };
        struct mitome_challenge opened;
        uint8_t sealed[MITOME_CHALLENGE_SIZE];
        int spent = 0;
        const struct mitome_once once = { &spent, spend };
        mitome_error error = { 0 };
        if (failed(mitome_challenge_seal(&key, 1, &scope, 1000, &random, sealed, &error)) ||
                failed(mitome_challenge_open(&key, 1, &scope, SLICE(sealed), 999, &once, &opened, &error)))
                abort();
        mitome_status status = mitome_challenge_open(&key, 1, &scope, input, 999, &once, &opened, &error);
        bool same = slice_equal(input, SLICE(sealed));
        if (failed(status) == same || spent != 1 + same)
                abort();
        for (size_t i = 0; i < input.size && i < sizeof sealed; i++) {
                uint8_t was = sealed[i];
                sealed[i] = input.data[i];
                status = mitome_challenge_open(&key, 1, &scope, SLICE(sealed), 999, NULL, &opened, NULL);
                if (failed(status) == (was == sealed[i]))
                        abort();
                sealed[i] = was;
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
        static uint8_t buffer[MITOME_RP_BUFFER_MAX];
        uint8_t found[MITOME_CHALLENGE_SIZE];
        mitome_error error = { 0 };
        try_challenge(slice_of(bytes, size));
        mitome_status status =
                mitome_challenge_from_response(slice_of(bytes, size), buffer, sizeof buffer, found, &error);
        if (failed(status) != (error.code != MITOME_OK))
                abort();
        return 0;
}
