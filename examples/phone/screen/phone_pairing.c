/* SPDX-License-Identifier: Apache-2.0 */
#include "phone_pairing.h"

#include "maker.h"
#include "small_file.h"
#include "whole_file.h"

#include <stdio.h>

#define MATCHER_CA "matcher-ca.der"

static mitome_status ca_path(const struct phone_body *body, char path[PHONE_FOLDER_MAX + 32])
{
        snprintf(path, PHONE_FOLDER_MAX + 32, "%s/" MATCHER_CA, body->folder);
        return ok();
}

/* At manufacture. The CA goes first: a matcher that has a certificate has one that can be verified. */
static mitome_status certify(
        struct phone_body *body, int64_t now, const struct tsm_matcher *matcher, mitome_error *error)
{
        char path[PHONE_FOLDER_MAX + 32];
        struct maker_matcher made = { 0 };
        MITOME_TRY(maker_certify_matcher(&body->config.random, now, matcher, &made, error));
        MITOME_TRY(ca_path(body, path));
        MITOME_TRY(whole_file_write(path, slice_of(made.ca.bytes, made.ca.size), error));
        return matcher_gate_certify(
                body->matcher, slice_of(made.certificate.bytes, made.certificate.size), error);
}

static mitome_status certify_if_new(
        struct phone_body *body, int64_t now, const uint8_t point[PAIRING_POINT_SIZE], mitome_error *error)
{
        uint8_t certificate[GATE_CERTIFICATE_MAX];
        struct matcher_status sensor;
        size_t size;
        MITOME_TRY(matcher_gate_certificate(body->matcher, certificate, &size, error));
        if (size)
                return ok();
        MITOME_TRY(matcher_gate_status(body->matcher, &sensor, error));
        struct tsm_matcher matcher = { .class = sensor.class, .modality = sensor.modality };
        MITOME_TRY(slice_copy(
                slice_of(point, PAIRING_POINT_SIZE), "point", matcher.point, sizeof matcher.point, error));
        return certify(body, now, &matcher, error);
}

static mitome_status pair(
        void *context, const uint8_t element_point[65], uint8_t ret_confirmation[32], mitome_error *error)
{
        struct phone_body *body = context;
        return matcher_gate_pair(
                body->matcher, slice_of(element_point, PAIRING_POINT_SIZE), ret_confirmation, error);
}

mitome_status phone_pairing_know(
        struct phone_body *body, int64_t now, struct sp_matcher *ret, mitome_error *error)
{
        uint8_t point[PAIRING_POINT_SIZE], certificate[GATE_CERTIFICATE_MAX], ca_bytes[AUTHORITY_DER_MAX];
        char path[PHONE_FOLDER_MAX + 32];
        struct sp_matcher matcher = { .context = body, .pair = pair };
        size_t size;
        slice ca;
        MITOME_TRY(matcher_gate_point(body->matcher, point, error));
        MITOME_TRY(certify_if_new(body, now, point, error));
        MITOME_TRY(matcher_gate_certificate(body->matcher, certificate, &size, error));
        MITOME_TRY(ca_path(body, path));
        MITOME_TRY(small_file_read(path, MATCHER_CA, ca_bytes, sizeof ca_bytes, &ca, error));
        MITOME_TRY(
                tsm_check_matcher(ca, slice_of(certificate, size), SLICE(point), now, &matcher.known, error));
        *ret = matcher;
        return ok();
}
