/* SPDX-License-Identifier: Apache-2.0 */
/* Every byte of a right response changed, every truncation, every two neighbours exchanged: each is refused,
 * or without effect, that is to say that what was found and what was signed are the same to the last byte. */
#include "format_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct format_rig formats;
static struct rig *const rig = &formats.rig;
static struct rig_response built;
static struct mitome_context *context;
static struct mitome_trust *trust;
static uint8_t buffer[MITOME_RP_BUFFER_MAX], first_buffer[MITOME_RP_BUFFER_MAX];

/* ---- one ceremony, as JSON or as bytes ---- */

enum part { PART_JSON, PART_CLIENT_DATA, PART_OBJECT, PART_AUTH_DATA, PART_SIGNATURE, PART_ID, PARTS };

static const char *const part_names[PARTS] = { "JSON", "client data", "attestation object",
        "authenticator data", "signature", "credential ID" };

struct subject {
        bool registration;
        struct mitome_policy policy;
        struct mitome_expectation expected;
        struct mitome_credential record;
        struct mitome_verdict verdict; /* of the right response; its views are of first_buffer and `built` */
};

static mitome_code verify(const struct subject *subject, enum part part, slice edited, uint8_t *space,
        struct mitome_verdict *ret)
{
        mitome_error error = { 0 };
        mitome_status status;
        struct mitome_response response = {
                .credential_id = part == PART_ID ? edited : SLICE(rig->credential_id),
                .client_data = part == PART_CLIENT_DATA ? edited
                                                        : slice_of(built.client_data, built.client_data_size),
                .attestation_object =
                        part == PART_OBJECT ? edited : slice_of(built.object, built.object_size),
                .auth_data =
                        part == PART_AUTH_DATA ? edited : slice_of(built.auth_data, built.auth_data_size),
                .signature =
                        part == PART_SIGNATURE ? edited : slice_of(built.signature, built.signature_size),
                .has_user_handle = subject->record.user_handle.size,
                .user_handle = subject->record.user_handle,
        };
        if (part == PART_JSON && subject->registration)
                status = mitome_verify_registration(context, &subject->policy, &subject->expected, edited,
                        trust, RIG_NOW, space, sizeof buffer, ret, &error);
        else if (part == PART_JSON)
                status = mitome_verify_authentication(context, &subject->policy, &subject->expected, edited,
                        &subject->record, trust, RIG_NOW, space, sizeof buffer, ret, &error);
        else if (subject->registration)
                status = mitome_verify_registration_bytes(context, &subject->policy, &subject->expected,
                        &response, trust, RIG_NOW, space, sizeof buffer, ret, &error);
        else
                status = mitome_verify_authentication_bytes(context, &subject->policy, &subject->expected,
                        &response, &subject->record, trust, RIG_NOW, space, sizeof buffer, ret, &error);
        assert_int_equal(status.code, error.code); /* a refusal says why, an acceptance nothing */
        return status.code;
}

static bool same_extensions(const struct mitome_extensions *a, const struct mitome_extensions *b)
{
        return a->cred_protect == b->cred_protect && a->cred_blob_stored == b->cred_blob_stored &&
               slice_equal(a->cred_blob, b->cred_blob) && a->has_min_pin_length == b->has_min_pin_length &&
               a->min_pin_length == b->min_pin_length && a->hmac_secret == b->hmac_secret &&
               slice_equal(a->hmac_secret_output, b->hmac_secret_output) && a->has_app_id == b->has_app_id &&
               a->app_id == b->app_id && a->has_app_id_exclude == b->has_app_id_exclude &&
               a->app_id_exclude == b->app_id_exclude && a->has_discoverable == b->has_discoverable &&
               a->discoverable == b->discoverable && a->has_prf == b->has_prf &&
               a->prf_enabled == b->prf_enabled && slice_equal(a->prf_first, b->prf_first) &&
               slice_equal(a->prf_second, b->prf_second) && a->has_large_blob == b->has_large_blob &&
               a->large_blob_supported == b->large_blob_supported &&
               a->large_blob_written == b->large_blob_written && slice_equal(a->large_blob, b->large_blob);
}

static bool same_steps(const struct mitome_verdict *a, const struct mitome_verdict *b)
{
        bool same = a->step_count == b->step_count;
        for (size_t i = 0; same && i < a->step_count; i++)
                same = a->steps[i].clause == b->steps[i].clause && a->steps[i].outcome == b->steps[i].outcome;
        return same;
}

static bool same_facts(const struct mitome_verdict *a, const struct mitome_verdict *b)
{
        return a->flags == b->flags && a->sign_count == b->sign_count && slice_equal(a->aaguid, b->aaguid) &&
               slice_equal(a->credential_id, b->credential_id) && slice_equal(a->public_key, b->public_key) &&
               a->algorithm == b->algorithm && a->format == b->format && a->trust == b->trust &&
               a->clone_suspected == b->clone_suspected && slice_equal(a->user_handle, b->user_handle) &&
               slice_equal(a->auth_data, b->auth_data) &&
               slice_equal(a->attestation_object, b->attestation_object) &&
               slice_equal(a->attestation_leaf, b->attestation_leaf) &&
               slice_equal(a->device_serial, b->device_serial) &&
               slice_equal(a->certificate.serial, b->certificate.serial) && a->metadata == b->metadata &&
               same_extensions(&a->extensions, &b->extensions) && same_steps(a, b) &&
               memcmp(a->client_data_hash, b->client_data_hash, sizeof a->client_data_hash) == 0;
}

/* ---- mutations ---- */

struct tally {
        size_t refused, without_effect, other;
};

static void try_edit(const struct subject *subject, enum part part, const char *what, size_t at, slice edited,
        struct tally *tally)
{
        struct mitome_verdict verdict;
        if (verify(subject, part, edited, buffer, &verdict) != MITOME_OK) {
                tally->refused++;
                return;
        }
        if (same_facts(&verdict, &subject->verdict)) {
                tally->without_effect++;
                return;
        }
        tally->other++;
        print_error("%s at %zu of the %s is accepted with another effect\n", what, at, part_names[part]);
}

static void mutate(const struct subject *subject, enum part part, slice right, struct tally *tally)
{
        static uint8_t bytes[32768];
        assert_true(right.size && right.size <= sizeof bytes);
        for (size_t at = 0; at < right.size; at++) {
                static const uint8_t masks[] = { 0x01, 0x80 };
                memcpy(bytes, right.data, right.size);
                for (size_t i = 0; i < COUNT(masks); i++) {
                        bytes[at] ^= masks[i];
                        try_edit(subject, part, "a change", at, slice_of(bytes, right.size), tally);
                        bytes[at] ^= masks[i];
                }
                try_edit(subject, part, "a truncation", at, slice_of(bytes, at), tally);
                if (at + 1 == right.size || bytes[at] == bytes[at + 1])
                        continue;
                bytes[at] = right.data[at + 1];
                bytes[at + 1] = right.data[at];
                try_edit(subject, part, "an exchange", at, slice_of(bytes, right.size), tally);
        }
}

static slice part_of(enum part part)
{
        switch (part) {
        case PART_JSON:
                return rig_json(&built);
        case PART_CLIENT_DATA:
                return slice_of(built.client_data, built.client_data_size);
        case PART_OBJECT:
                return slice_of(built.object, built.object_size);
        case PART_AUTH_DATA:
                return slice_of(built.auth_data, built.auth_data_size);
        case PART_SIGNATURE:
                return slice_of(built.signature, built.signature_size);
        default:
                return SLICE(rig->credential_id);
        }
}

static void mutate_parts(const char *name, struct subject *subject, const enum part *parts, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                struct tally tally = { 0 };
                assert_int_equal(
                        verify(subject, parts[i], part_of(parts[i]), first_buffer, &subject->verdict),
                        MITOME_OK);
                mutate(subject, parts[i], part_of(parts[i]), &tally);
                print_message("%s, %s: %zu refused, %zu without effect, %zu with another\n", name,
                        part_names[parts[i]], tally.refused, tally.without_effect, tally.other);
                assert_int_equal(tally.other, 0);
                assert_true(tally.refused > tally.without_effect);
        }
}

static const enum part registration_parts[] = { PART_JSON, PART_CLIENT_DATA, PART_OBJECT, PART_ID };
static const enum part authentication_parts[] = { PART_JSON, PART_CLIENT_DATA, PART_AUTH_DATA, PART_SIGNATURE,
        PART_ID };

static void mutate_registration(enum rig_format format, const char *name)
{
        static const uint8_t extensions[] = { 0xA1, 0x6B, 'c', 'r', 'e', 'd', 'P', 'r', 'o', 't', 'e', 'c',
                't', 2 };
        struct rig_plan plan = rig_registration_plan();
        struct subject subject = { .registration = true, .expected = rig_expectation(rig) };
        plan.flags |= AUTHDATA_ED;
        plan.extensions = SLICE(extensions);
        format_rig_build(&formats, format, &plan, &built);
        subject.policy.require_trust = format_rig_chain(format);
        mutate_parts(name, &subject, registration_parts, COUNT(registration_parts));
}

static void registrations_with_a_path_are_whole(void **state)
{
        (void)state;
        mutate_registration(RIG_FORMAT_PACKED, "packed");
}

static void registrations_with_self_attestation_are_whole(void **state)
{
        (void)state;
        mutate_registration(RIG_FORMAT_SELF, "packed, self");
}

/* What signs there is a certificate, a hash within it, or a structure of its own. */
static void registrations_of_other_formats_are_whole(void **state)
{
        (void)state;
        mutate_registration(RIG_FORMAT_TPM, "tpm");
        mutate_registration(RIG_FORMAT_ANDROID, "android-key");
        mutate_registration(RIG_FORMAT_APPLE, "apple");
}

static void mutate_authentication(enum rig_key key, const char *name)
{
        static const uint8_t handle[] = { 'u', 's', 'e', 'r' };
        struct rig_plan plan = rig_authentication_plan();
        plan.key = key;
        plan.user_handle = "\"dXNlcg\"";
        rig_build(rig, &plan, &built);
        struct subject subject = { .expected = rig_expectation(rig), .record = rig_record(rig, &built) };
        subject.record.user_handle = SLICE(handle);
        subject.policy.require_user_verification = true;
        /* The handle is signed by nobody: without this a name that is misspelt takes it away. */
        subject.expected.user_unidentified = true;
        mutate_parts(name, &subject, authentication_parts, COUNT(authentication_parts));
}

static void logins_are_whole(void **state)
{
        (void)state;
        mutate_authentication(RIG_ES256, "ES256");
        mutate_authentication(RIG_EDDSA, "EdDSA");
        mutate_authentication(RIG_RS256, "RS256");
}

/* Where the user is known, the handle may be left out (7.2 #6); it never becomes another. */
static void a_user_handle_is_the_right_one_or_none(void **state)
{
        (void)state;
        static const uint8_t handle[] = { 'u', 's', 'e', 'r' };
        static uint8_t bytes[32768];
        struct rig_plan plan = rig_authentication_plan();
        size_t without = 0;
        plan.user_handle = "\"dXNlcg\"";
        rig_build(rig, &plan, &built);
        struct subject subject = { .expected = rig_expectation(rig), .record = rig_record(rig, &built) };
        subject.record.user_handle = SLICE(handle);
        const slice right = rig_json(&built);
        for (size_t at = 0; at < right.size; at++)
                for (unsigned mask = 0x01; mask <= 0x80; mask <<= 1) {
                        struct mitome_verdict verdict;
                        memcpy(bytes, right.data, right.size);
                        bytes[at] ^= (uint8_t)mask;
                        if (verify(&subject, PART_JSON, slice_of(bytes, right.size), buffer, &verdict))
                                continue;
                        without += verdict.user_handle.size == 0;
                        assert_true(verdict.user_handle.size == 0 ||
                                    slice_equal(verdict.user_handle, SLICE(handle)));
                }
        assert_in_range(without, 1, 8 * 10); /* the name's ten letters */
}

static int open_all(void **state)
{
        (void)state;
        format_rig_open(&formats);
        return mitome_context_new(&context, NULL).code || mitome_trust_new(&trust, NULL).code ||
               mitome_trust_add_anchor(trust, slice_of(rig->ca_der, rig->ca_der_size), NULL).code;
}

static int close_all(void **state)
{
        (void)state;
        mitome_trust_free(trust);
        mitome_context_free(context);
        format_rig_close(&formats);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(registrations_with_a_path_are_whole),
                cmocka_unit_test(registrations_with_self_attestation_are_whole),
                cmocka_unit_test(registrations_of_other_formats_are_whole),
                cmocka_unit_test(logins_are_whole),
                cmocka_unit_test(a_user_handle_is_the_right_one_or_none),
        };
        return cmocka_run_group_tests(tests, open_all, close_all);
}
