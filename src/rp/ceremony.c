/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony.h"

#include "digest.h"
#include "read_extensions.h"

enum { CHALLENGE_MIN = 16 }; /* WebAuthn L3 13.4.3 */

static bool is_listed(slice text, const slice *list, size_t count)
{
        bool found = false;
        for (size_t i = 0; list && i < count; i++)
                found = found || slice_equal(text, list[i]);
        return found;
}

/* Texts that are compared with: an empty one would let an empty origin pass. */
static bool are_texts(const slice *list, size_t count)
{
        bool right = list || count == 0;
        for (size_t i = 0; list && i < count; i++)
                right = right && list[i].size;
        return right;
}

/* NULL asks nothing. Beside a count it is a list that was lost on the way. */
static mitome_status check_lists(const struct ceremony *c)
{
        const struct mitome_policy *p = c->policy;
        const struct {
                bool right;
                const char *field;
        } lists[] = {
                { are_texts(c->expected->origins, c->expected->origin_count), "expectation.origins" },
                { c->expected->allowed_credentials || !c->expected->allowed_credential_count,
                        "expectation.allowed_credentials" },
                { are_texts(p->top_origins, p->top_origin_count), "policy.top_origins" },
                { p->algorithms || !p->algorithm_count, "policy.algorithms" },
                { p->formats || !p->format_count, "policy.formats" },
        };
        for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
                if (!lists[i].right)
                        return fail(c->error, MITOME_E_ARGUMENT, lists[i].field, NULL);
        return ok();
}

mitome_status ceremony_begin(struct ceremony *c, struct mitome_verdict *verdict, mitome_error *error)
{
        *verdict = (struct mitome_verdict){ 0 };
        c->verdict = verdict;
        c->error = error;
        size_t least = c->policy->allow_short_challenge ? 1 : CHALLENGE_MIN;
        if (c->expected->rp_id.size == 0)
                return fail(c->error, MITOME_E_ARGUMENT, "expectation.rp_id", NULL);
        if (!c->expected->origins || c->expected->origin_count == 0)
                return fail(c->error, MITOME_E_ARGUMENT, "expectation.origins", NULL);
        if (c->expected->challenge.size < least)
                return fail(c->error, MITOME_E_ARGUMENT, "expectation.challenge", "WebAuthn L3 13.4.3");
        return check_lists(c);
}

/* OpenSSL's, which uses the processor's instructions, where a verifier has it ready. */
static void ceremony_sha256(const struct ceremony *c, slice bytes, uint8_t ret_digest[SHA256_SIZE])
{
        uint8_t digest[COSE_HASH_MAX];
        bool done = c->verifier && cose_hash(c->verifier, COSE_ES256, &bytes, 1, digest) == SHA256_SIZE;
        if (done)
                done = !failed(
                        slice_copy(slice_of(digest, SHA256_SIZE), NULL, ret_digest, SHA256_SIZE, NULL));
        if (!done)
                sha256(&bytes, 1, ret_digest);
}

void ceremony_note(const struct ceremony *c, const char *clause, enum mitome_outcome outcome)
{
        if (c->verdict->step_count < MITOME_STEPS_MAX)
                c->verdict->steps[c->verdict->step_count++] = (struct mitome_step){ clause, outcome };
}

mitome_status ceremony_check_type(
        const struct ceremony *c, const struct client_data *data, const char *type, const char *clause)
{
        if (!slice_is(data->type, type))
                return fail(c->error, MITOME_E_CLIENT_DATA_TYPE, "clientDataJSON.type", clause);
        return ok();
}

mitome_status ceremony_check_challenge(
        const struct ceremony *c, const struct client_data *data, const char *clause)
{
        /* base64url without padding or loose bits has one text for the bytes: equal bytes, equal text */
        if (!slice_equal(data->challenge, c->expected->challenge))
                return fail(c->error, MITOME_E_CHALLENGE_MISMATCH, "clientDataJSON.challenge", clause);
        return ok();
}

mitome_status ceremony_check_origin(
        const struct ceremony *c, const struct client_data *data, const char *clause)
{
        slice origin = data->origin;
        bool slash = origin.size && origin.data[origin.size - 1] == '/';
        bool listed = is_listed(origin, c->expected->origins, c->expected->origin_count);
        if (!listed && slash && (c->policy->switches & MITOME_SWITCH_ORIGIN_SLASH))
                listed = is_listed(slice_of(origin.data, origin.size - 1), c->expected->origins,
                        c->expected->origin_count);
        if (!listed)
                return fail(c->error, MITOME_E_ORIGIN_UNEXPECTED, "clientDataJSON.origin", clause);
        return ok();
}

mitome_status ceremony_check_cross_origin(
        const struct ceremony *c, const struct client_data *data, const char *clause)
{
        if (data->cross_origin && !c->policy->allow_cross_origin)
                return fail(c->error, MITOME_E_CROSS_ORIGIN, "clientDataJSON.crossOrigin", clause);
        return ok();
}

mitome_status ceremony_check_top_origin(
        const struct ceremony *c, const struct client_data *data, const char *clause)
{
        if (!data->has_top_origin)
                return ok();
        if (!c->policy->allow_cross_origin ||
                !is_listed(data->top_origin, c->policy->top_origins, c->policy->top_origin_count))
                return fail(c->error, MITOME_E_TOP_ORIGIN, "clientDataJSON.topOrigin", clause);
        return ok();
}

mitome_status ceremony_read_extension_results(struct ceremony *c)
{
        return extensions_read_results(
                c->response.extension_results, &c->arena, &c->verdict->extensions, c->error);
}

void ceremony_hash_client_data(struct ceremony *c)
{
        ceremony_sha256(c, c->response.client_data, c->verdict->client_data_hash);
}

mitome_status ceremony_read_auth_data(struct ceremony *c, slice auth_data)
{
        const struct authdata_rules rules = {
                .verifier = c->verifier,
                .left_over = c->policy->switches & MITOME_SWITCH_AUTH_DATA_LEFT_OVER,
                .any_order = c->policy->switches & MITOME_SWITCH_AUTH_DATA_ANY_ORDER,
        };
        MITOME_TRY(authdata_read_by(auth_data, &rules, &c->data, c->error));
        c->verdict->auth_data = auth_data;
        c->verdict->flags = c->data.flags;
        c->verdict->sign_count = c->data.sign_count;
        extensions_read_outputs(c->data.extensions, &c->verdict->extensions);
        return ok();
}

mitome_status ceremony_check_rp_id(const struct ceremony *c, slice id, const char *clause)
{
        uint8_t digest[SHA256_SIZE];
        ceremony_sha256(c, id, digest);
        if (!slice_equal(c->data.rp_id_hash, SLICE(digest)))
                return fail(c->error, MITOME_E_RP_ID_HASH, "authData.rpIdHash", clause);
        return ok();
}

mitome_status ceremony_check_user_present(const struct ceremony *c, const char *clause)
{
        if (!(c->data.flags & AUTHDATA_UP))
                return fail(c->error, MITOME_E_USER_NOT_PRESENT, "authData.flags.UP", clause);
        return ok();
}

mitome_status ceremony_check_user_verified(const struct ceremony *c, const char *clause)
{
        if (c->policy->require_user_verification && !(c->data.flags & AUTHDATA_UV))
                return fail(c->error, MITOME_E_USER_NOT_VERIFIED, "authData.flags.UV", clause);
        return ok();
}

mitome_status ceremony_check_algorithm(
        const struct ceremony *c, int64_t algorithm, bool allow_broken, const char *field, const char *clause)
{
        const struct mitome_policy *p = c->policy;
        bool listed = false;
        for (size_t i = 0; p->algorithms && i < p->algorithm_count; i++)
                listed = listed || p->algorithms[i] == algorithm;
        if (p->algorithms && !listed)
                return fail(c->error, MITOME_E_ALGORITHM_NOT_ALLOWED, field, clause);
        if (!listed && !allow_broken && cose_algorithm_is_broken(algorithm))
                return fail(c->error, MITOME_E_ALGORITHM_UNSUPPORTED, field, clause);
        return ok();
}
