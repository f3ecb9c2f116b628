/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor_kinds.h"

#include "sensor_command.h"
#include "sensor_fprint.h"
#include "sensor_fprintd.h"
#include "sensor_scripted.h"

#include <string.h>

static const struct kind {
        const char *name;
        mitome_status (*open)(const struct sensor_config *config, struct sensor *ret, mitome_error *error);
} kinds[] = {
        { "fingerprint", sensor_fprint_open },
        { "fprintd", sensor_fprintd_open },
        { "command", sensor_command_open },
        { "scripted", sensor_scripted_open },
};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

const char *sensor_kind_name(size_t number)
{
        return number < KINDS ? kinds[number].name : NULL;
}

/* What is not as sensor.h has it is not used. */
static bool is_whole(const struct sensor *sensor)
{
        return sensor->version == SENSOR_VERSION && sensor->name && sensor->name[0] &&
               strlen(sensor->name) <= SENSOR_NAME_MAX && sensor->modality >= UNLOCK_FINGER &&
               sensor->modality <= UNLOCK_IRIS && sensor->class <= MATCHER_STRONG && sensor->samples >= 1 &&
               sensor->samples <= GATE_SAMPLES_MAX && sensor->enrol && sensor->verify && sensor->cancel &&
               sensor->close;
}

static mitome_status open_kind(
        const struct kind *kind, const struct sensor_config *config, struct sensor *ret, mitome_error *error)
{
        struct sensor sensor = { 0 };
        MITOME_TRY(kind->open(config, &sensor, error));
        if (!is_whole(&sensor)) {
                if (sensor.close)
                        sensor.close(sensor.context);
                return fail(error, MITOME_E_GATE_BROKEN, "--sensor", NULL);
        }
        *ret = sensor;
        return ok();
}

mitome_status sensor_open(
        const char *choice, const struct sensor_config *config, struct sensor *ret, mitome_error *error)
{
        const char *wanted = choice ? choice : kinds[0].name;
        const char *colon = strchr(wanted, ':');
        const slice name = slice_of(wanted, colon ? (size_t)(colon - wanted) : strlen(wanted));
        struct sensor_config with = *config;
        if (colon)
                with.argument = wanted + name.size + 1;
        for (size_t i = 0; i < KINDS; i++)
                if (slice_is(name, kinds[i].name))
                        return open_kind(&kinds[i], &with, ret, error);
        return fail(error, MITOME_E_GATE_SENSOR_KIND, "--sensor", NULL);
}
