/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_steps.h"

#include "authdata.h"
#include "client_data.h"
#include "response_json.h"

#include <stdlib.h>

struct steps {
        slice json, client_data, auth_data, public_key, signature;
        uint8_t hash[SHA256_SIZE];
        struct cose_key key;
        struct cose_verifier *verifier;
        uint8_t *buffer;
};

static void must(bool right)
{
        if (!right)
                abort();
}

struct steps *steps_new(const struct bench_case *one)
{
        const struct rig_response *response = &one->response;
        struct steps *steps = calloc(1, sizeof *steps);
        must(steps != NULL);
        steps->json = rig_json(response);
        steps->client_data = slice_of(response->client_data, response->client_data_size);
        steps->auth_data = slice_of(response->auth_data, response->auth_data_size);
        steps->public_key = slice_of(response->public_key, response->public_key_size);
        steps->signature = slice_of(response->signature, response->signature_size);
        steps->buffer = malloc(MITOME_RP_BUFFER_MAX);
        must(steps->buffer && !failed(cose_verifier_new(&steps->verifier, NULL)));
        must(steps_hashes(steps) && steps_key(steps));
        sha256(&steps->client_data, 1, steps->hash);
        return steps;
}

void steps_free(struct steps *steps)
{
        if (!steps)
                return;
        cose_verifier_free(steps->verifier);
        free(steps->buffer);
        free(steps);
}

bool steps_envelope(void *state)
{
        const struct steps *steps = state;
        struct mitome_response response = { 0 };
        mitome_error error = { 0 };
        writer arena = writer_over(steps->buffer, MITOME_RP_BUFFER_MAX);
        return !failed(response_read_authentication(steps->json, &arena, &response, &error));
}

bool steps_client_data(void *state)
{
        const struct steps *steps = state;
        struct client_data data;
        mitome_error error = { 0 };
        writer arena = writer_over(steps->buffer, MITOME_RP_BUFFER_MAX);
        return !failed(client_data_read(steps->client_data, NULL, &arena, &data, &error));
}

bool steps_hashes(void *state)
{
        const struct steps *steps = state;
        const slice rp_id = slice_text("example.org");
        sha256(&steps->client_data, 1, steps->buffer);
        sha256(&rp_id, 1, steps->buffer);
        return true;
}

bool steps_auth_data(void *state)
{
        const struct steps *steps = state;
        struct authdata data;
        mitome_error error = { 0 };
        return !failed(authdata_read(steps->auth_data, &data, &error));
}

bool steps_key(void *state)
{
        struct steps *steps = state;
        mitome_error error = { 0 };
        struct cbor_reader r = cbor_over(steps->public_key, NULL, &error);
        return !failed(cose_key_parse(&r, "credential.public_key", &steps->key));
}

bool steps_signature(void *state)
{
        const struct steps *steps = state;
        mitome_error error = { 0 };
        const slice parts[] = { steps->auth_data, SLICE(steps->hash) };
        return !failed(cose_verify(
                steps->verifier, &steps->key, parts, 2, steps->signature, "signature", NULL, &error));
}
