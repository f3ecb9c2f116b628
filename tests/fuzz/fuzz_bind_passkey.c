/* SPDX-License-Identifier: Apache-2.0 */
/* What a page shows the JPKI app: client data (its size on two bytes before it) and authenticator data, whose
 * RP ID hash is put right when the first byte says so. Whatever comes out names its use, ends with the hash
 * of that client data, and is of a page under the RP ID. */
#include "bind_passkey.h"
#include "digest.h"
#include "jpki_message.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#define RP_ID "example.org"

static void check(slice message, slice client_data, slice auth_data)
{
        uint8_t hash[SHA256_SIZE], use;
        reader r = reader_over(message, NULL, NULL);
        slice prefix, made;
        sha256(&client_data, 1, hash);
        if (failed(read_bytes(&r, NULL, sizeof JPKI_MESSAGE_PREFIX - 1, &prefix)) ||
                !slice_is(prefix, JPKI_MESSAGE_PREFIX) || failed(read_u8(&r, NULL, &use)) ||
                use != JPKI_USE_BINDING || failed(read_bytes(&r, NULL, auth_data.size, &made)) ||
                !slice_equal(made, auth_data) || !slice_equal(read_rest(&r), SLICE(hash)))
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
        static uint8_t buffer[BINDING_MESSAGE_MAX], made[65536];
        const slice rp_id = slice_text(RP_ID);
        uint8_t hash[SHA256_SIZE], right;
        uint16_t length;
        slice client_data, wrong_hash, message;
        mitome_error error = { 0 };
        reader r = reader_over(slice_of(bytes, size), NULL, NULL);
        writer w = WRITER(made);
        if (failed(read_u8(&r, NULL, &right)) || failed(read_u16(&r, NULL, &length)) ||
                failed(read_bytes(&r, NULL, length, &client_data)))
                return 0;
        if (right & 1 && !failed(read_bytes(&r, NULL, SHA256_SIZE, &wrong_hash))) {
                sha256(&rp_id, 1, hash);
                write_slice(&w, SLICE(hash));
        }
        write_slice(&w, r.rest);
        const struct passkey_made passkey = { RP_ID, writer_view(&w), client_data };
        mitome_status status = binding_compose(&passkey, buffer, &message, &error);
        if (failed(status) != (error.code != MITOME_OK))
                abort();
        if (!failed(status))
                check(message, client_data, passkey.auth_data);
        return 0;
}
