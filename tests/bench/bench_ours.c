/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_ours.h"

#include "many_keys.h"

#include <mitome/trust.h>

#include <stdlib.h>
#include <string.h>

static void must(bool right)
{
        if (!right)
                abort();
}

_Static_assert(MANY_KEYS >= 4 * COSE_RSA_KEYS, "a cold key must be cold");

static slice keep(slice bytes)
{
        uint8_t *copy = malloc(bytes.size);
        must(copy != NULL);
        memcpy(copy, bytes.data, bytes.size);
        return slice_of(copy, bytes.size);
}

static void add(struct ours *ours, const struct rig_response *response)
{
        ours->list[ours->count++] = (struct our_response){
                .json = keep(rig_json(response)),
                .public_key = keep(slice_of(response->public_key, response->public_key_size)),
        };
}

static struct ours *ours_open(const struct bench_cases *cases, const struct bench_case *one, size_t count)
{
        struct ours *ours = calloc(1, sizeof *ours);
        must(ours != NULL);
        ours->cases = cases;
        ours->registration = one->registration;
        ours->trusted = one->trusted;
        ours->list = calloc(count, sizeof *ours->list);
        ours->buffer = malloc(MITOME_RP_BUFFER_MAX);
        must(ours->list && ours->buffer);
        if (one->trusted) {
                const slice root = slice_of(cases->root_der, cases->root_der_size);
                must(!failed(mitome_trust_new(&ours->trust, NULL)));
                must(!failed(mitome_trust_add_anchor(ours->trust, root, NULL)));
        }
        return ours;
}

struct ours *ours_new(const struct bench_cases *cases, const struct bench_case *one, enum ours_context kind)
{
        struct ours *ours = ours_open(cases, one, 1);
        add(ours, &one->response);
        if (kind == OURS_CONTEXT)
                must(!failed(mitome_context_new(&ours->context, NULL)));
        return ours;
}

struct ours *ours_new_cold(const struct bench_cases *cases, enum bench_case_id id)
{
        const struct bench_case *one = &cases->list[id];
        struct ours *ours = ours_open(cases, one, MANY_KEYS);
        struct many_keys *keys = many_keys_new(one->key);
        struct bench_case *response = malloc(sizeof *response);
        must(response != NULL);
        struct bench_cases others = *cases;
        EVP_PKEY *list[RIG_KEYS] = { NULL };
        others.rig.credential = list;
        for (size_t i = 0; i < MANY_KEYS; i++) {
                list[one->key] = many_keys_get(keys, i);
                bench_case_build(&others, id, response);
                add(ours, &response->response);
        }
        free(response);
        many_keys_free(keys);
        must(!failed(mitome_context_new(&ours->context, NULL)));
        return ours;
}

void ours_free(struct ours *ours)
{
        if (!ours)
                return;
        for (size_t i = 0; i < ours->count; i++) {
                free((void *)(uintptr_t)ours->list[i].json.data);
                free((void *)(uintptr_t)ours->list[i].public_key.data);
        }
        mitome_context_free(ours->context);
        mitome_trust_free(ours->trust);
        free(ours->list);
        free(ours->buffer);
        free(ours);
}

static mitome_status verify(struct ours *ours, const struct our_response *response,
        struct mitome_verdict *verdict, mitome_error *error)
{
        const struct mitome_policy policy = { .require_trust = ours->trusted };
        const struct mitome_expectation expectation = rig_expectation(&ours->cases->rig);
        const struct mitome_credential record = {
                .id = SLICE(ours->cases->rig.credential_id),
                .public_key = response->public_key,
                .sign_count = 1,
        };
        if (ours->registration)
                return mitome_verify_registration(ours->context, &policy, &expectation, response->json,
                        ours->trust, RIG_NOW, ours->buffer, MITOME_RP_BUFFER_MAX, verdict, error);
        return mitome_verify_authentication(ours->context, &policy, &expectation, response->json, &record,
                ours->trust, RIG_NOW, ours->buffer, MITOME_RP_BUFFER_MAX, verdict, error);
}

mitome_code ours_code(struct ours *ours, mitome_error *error)
{
        struct mitome_verdict verdict;
        const struct our_response *response = &ours->list[ours->next];
        ours->next = ours->next + 1 < ours->count ? ours->next + 1 : 0;
        mitome_status status = verify(ours, response, &verdict, error);
        if (failed(status))
                return status.code;
        return !ours->trusted || verdict.trust == MITOME_TRUST_VERIFIED ? MITOME_OK : MITOME_E_ARGUMENT;
}

bool ours_run(void *state)
{
        mitome_error error = { 0 };
        return ours_code(state, &error) == MITOME_OK;
}
