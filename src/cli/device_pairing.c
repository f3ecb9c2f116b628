/* SPDX-License-Identifier: Apache-2.0 */
#include "device_pairing.h"

#include "card_keys.h"
#include "demo_roots.h"
#include "maker.h"
#include "matcher_class.h"
#include "provision.h"
#include "random_system.h"
#include "sp_tsm.h"

#include <openssl/pem.h>
#include <stdio.h>
#include <time.h>

/* ---- the maker's certificate ---- */

static const char *class_name(uint8_t class)
{
        static const char *const names[] = { "scripted", "convenience", "weak", "strong" };
        return class < sizeof names / sizeof *names ? names[class] : "unknown";
}

/* Whoever reads this knows what the certificate of the demonstration is worth. */
static void say_what_was_certified(const struct tsm_matcher *matcher)
{
        fprintf(stderr,
                "mitome authenticator: the matcher is certified as \"%s\": the demo's maker vouches for a class "
                "that nobody has tested\n",
                class_name(matcher->class));
}

/* The CA goes first: a matcher that has a certificate has one that can be verified. */
static mitome_status certify(struct device *device, const struct tsm_matcher *matcher, mitome_error *error)
{
        const struct mitome_random random = random_system();
        struct maker_matcher made = { 0 };
        MITOME_TRY(maker_certify_matcher(&random, (int64_t)time(NULL), matcher, &made, error));
        const slice ca = slice_of(made.ca.bytes, made.ca.size);
        MITOME_TRY(demo_roots_write(device->config.state, DEMO_ROOTS_MATCHER, "CERTIFICATE", &ca, 1, error));
        MITOME_TRY(matcher_gate_certify(
                device->matcher, slice_of(made.certificate.bytes, made.certificate.size), error));
        if (!device->config.quiet)
                say_what_was_certified(matcher);
        return ok();
}

/* At manufacture, when it has none: of the class that its sensor is built to have. */
static mitome_status certify_if_new(struct device *device, const struct matcher_status *sensor, slice point,
        uint8_t certificate[GATE_CERTIFICATE_MAX], size_t *ret_size, mitome_error *error)
{
        struct tsm_matcher matcher = { .class = sensor->class, .modality = sensor->modality };
        MITOME_TRY(matcher_gate_certificate(device->matcher, certificate, ret_size, error));
        if (*ret_size)
                return ok();
        MITOME_TRY(slice_copy(point, "point", matcher.point, sizeof matcher.point, error));
        MITOME_TRY(certify(device, &matcher, error));
        return matcher_gate_certificate(device->matcher, certificate, ret_size, error);
}

static mitome_status read_ca(const struct device *device, struct authority_der *ret, mitome_error *error)
{
        char path[DEVICE_PATH_MAX];
        unsigned char *der = NULL;
        MITOME_TRY(device_path(device->config.state, DEMO_ROOTS_MATCHER, path, error));
        FILE *file = fopen(path, "re");
        X509 *x509 = file ? PEM_read_X509(file, NULL, NULL, NULL) : NULL;
        int size = x509 ? i2d_X509(x509, &der) : 0;
        mitome_status status = size > 0 ? slice_copy(slice_of(der, (size_t)size), DEMO_ROOTS_MATCHER,
                                                  ret->bytes, sizeof ret->bytes, error)
                                        : fail(error, MITOME_E_FILE_READ, DEMO_ROOTS_MATCHER, NULL);
        ret->size = failed(status) ? 0 : (size_t)size;
        OPENSSL_free(der);
        X509_free(x509);
        if (file)
                fclose(file);
        return status;
}

/* ---- the station ---- */

static bool reads_as(const struct matcher_status *sensor, uint8_t class, uint8_t modality)
{
        return sensor->class >= class && sensor->modality == modality;
}

/* What the element would say with 6985. */
static bool is_untested(uint8_t class, const struct device_state *state)
{
        return class < MATCHER_WEAK && (state->personalised || state->has_user_key);
}

/* What is known of the matcher before it is paired: from its certificate, which is verified first. Its own
 * word can only be worse than that: another sensor was put before it. */
static mitome_status know(
        struct device *device, const struct device_state *state, struct tsm_matcher *ret, mitome_error *error)
{
        struct matcher_status sensor;
        struct authority_der ca = { 0 };
        uint8_t point[PAIRING_POINT_SIZE], certificate[GATE_CERTIFICATE_MAX];
        size_t size;
        MITOME_TRY(matcher_gate_status(device->matcher, &sensor, error));
        if (is_untested(sensor.class, state)) /* before it is certified so, for good */
                return fail(error, MITOME_E_MATCHER_UNTESTED, "the matcher", NULL);
        MITOME_TRY(matcher_gate_point(device->matcher, point, error));
        MITOME_TRY(certify_if_new(device, &sensor, SLICE(point), certificate, &size, error));
        MITOME_TRY(read_ca(device, &ca, error));
        MITOME_TRY(tsm_check_matcher(slice_of(ca.bytes, ca.size), slice_of(certificate, size), SLICE(point),
                (int64_t)time(NULL), ret, error));
        return reads_as(&sensor, ret->class, ret->modality)
                       ? ok()
                       : fail(error, MITOME_E_MATCHER_SENSOR, "the matcher", NULL);
}

static mitome_status open_domain(
        struct device *device, struct mitome_link *link, struct tsm_channel *ret, mitome_error *error)
{
        const struct mitome_random random = random_system();
        struct mitome_card_keys card = { 0 };
        struct scp03_keys keys = { 0 };
        char path[DEVICE_PATH_MAX];
        MITOME_TRY(device_path(device->config.state, "scp03-keys", path, error));
        mitome_status status = card_keys_read(path, &card, error);
        if (!failed(status))
                status = provision_scp03_keys(&card, &keys, error);
        if (!failed(status))
                status = tsm_open(ret, link, &keys, TSM_FIDO, &random, error);
        bytes_wipe(&keys, sizeof keys);
        bytes_wipe(&card, sizeof card);
        return status;
}

mitome_status device_pair(struct device *device, const struct device_state *state, mitome_error *error)
{
        struct tsm_channel channel;
        struct tsm_matcher matcher;
        struct mitome_link link = card_link(device->card);
        uint8_t element_point[PAIRING_POINT_SIZE], confirmation[SHA256_SIZE];
        MITOME_TRY(know(device, state, &matcher, error));
        if (is_untested(matcher.class, state))
                return fail(error, MITOME_E_MATCHER_UNTESTED, "the matcher", NULL);
        MITOME_TRY(open_domain(device, &link, &channel, error));
        mitome_status status = tsm_pair(&channel, &matcher, element_point, error);
        if (!failed(status))
                status = matcher_gate_pair(device->matcher, SLICE(element_point), confirmation, error);
        if (!failed(status))
                status = tsm_confirm_pairing(&channel, confirmation, error);
        tsm_close(&channel);
        return status;
}

mitome_status device_check_sensor(
        struct device *device, const struct device_state *state, mitome_error *error)
{
        struct matcher_status sensor;
        MITOME_TRY(matcher_gate_status(device->matcher, &sensor, error));
        return reads_as(&sensor, (uint8_t)state->matcher_class, (uint8_t)state->matcher_modality)
                       ? ok()
                       : fail(error, MITOME_E_MATCHER_SENSOR, "the matcher", NULL);
}
