/* SPDX-License-Identifier: Apache-2.0 */
/* Authenticator data, and the COSE key in it, from anywhere: what is taken is written again as it was. */
#include "authdata.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check_views(slice input, const struct authdata *data)
{
        const slice views[] = { data->rp_id_hash, data->aaguid, data->credential_id, data->public_key_bytes,
                data->public_key.x, data->public_key.y, data->public_key.n, data->public_key.e,
                data->extensions };
        for (size_t i = 0; i < sizeof views / sizeof views[0]; i++)
                if (views[i].size && !slice_contains(input, views[i]))
                        abort();
}

/* Signatures of every kind are judged by the key without a fault; none is right. */
static void check_key(const struct cose_key *key, slice signature)
{
        if (!cose_algorithm_name(key->algorithm))
                abort();
        mitome_error error = { 0 };
        mitome_status status = cose_verify(NULL, key, &signature, 1, signature, "sig", NULL, &error);
        if (error.code != status.code)
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
        static uint8_t buffer[1 << 16];
        slice input = slice_of(bytes, size), written;
        struct authdata data;
        mitome_error error = { 0 };
        mitome_status status = authdata_read(input, &data, &error);
        if (error.code != status.code || (failed(status) && (error.at > size || !error.field)))
                abort();
        if (failed(status) || size > sizeof buffer)
                return 0;
        check_views(input, &data);
        if (data.flags & AUTHDATA_AT)
                check_key(&data.public_key, input);
        for (int by_key = 0; by_key < 2; by_key++) {
                writer w = WRITER(buffer);
                authdata_write(&w, &data);
                if (failed(writer_finish(&w, "authData", &written, NULL)) || !slice_equal(written, input))
                        abort();
                data.public_key_bytes = slice_of(NULL, 0); /* then from the key that was read */
        }
        return 0;
}
