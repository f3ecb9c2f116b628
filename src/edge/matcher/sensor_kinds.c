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
        bool is_many; /* what calls itself otherwise is another sensor */
} kinds[] = {
        { "fingerprint", sensor_fprint_open },
        { "fprintd", sensor_fprintd_open },
        { "command", sensor_command_open, true },
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

static slice name_of(const char *choice)
{
        const char *wanted = choice ? choice : kinds[0].name;
        const char *colon = strchr(wanted, ':');
        return slice_of(wanted, colon ? (size_t)(colon - wanted) : strlen(wanted));
}

static const struct kind *find_kind(const char *choice)
{
        const slice name = name_of(choice);
        for (size_t i = 0; i < KINDS; i++)
                if (slice_is(name, kinds[i].name))
                        return &kinds[i];
        return NULL;
}

mitome_status sensor_open(
        const char *choice, const struct sensor_config *config, struct sensor *ret, mitome_error *error)
{
        const struct kind *kind = find_kind(choice);
        const char *colon = choice ? strchr(choice, ':') : NULL;
        struct sensor_config with = *config;
        if (!kind)
                return fail(error, MITOME_E_GATE_SENSOR_KIND, "--sensor", NULL);
        if (colon)
                with.argument = colon + 1;
        else if (kind != &kinds[0])
                with.argument = NULL;
        return open_kind(kind, &with, ret, error);
}

mitome_status sensor_identity(const char *choice, const struct sensor *sensor,
        char ret_identity[SENSOR_IDENTITY_MAX + 1], mitome_error *error)
{
        const struct kind *kind = find_kind(choice);
        slice identity;
        writer w = writer_over((uint8_t *)ret_identity, SENSOR_IDENTITY_MAX);
        if (!kind)
                return fail(error, MITOME_E_GATE_SENSOR_KIND, "--sensor", NULL);
        write_slice(&w, slice_text(kind->name));
        if (kind->is_many) {
                write_u8(&w, ':');
                write_slice(&w, slice_text(sensor->name));
        }
        MITOME_TRY(writer_finish(&w, "--sensor", &identity, error));
        ret_identity[identity.size] = '\0';
        return ok();
}
