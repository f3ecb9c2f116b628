/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

static void notice(struct sensor_rig *rig, enum sensor_event event)
{
        if (rig->cancel_at == event)
                rig->sensor.cancel(rig->sensor.context);
}

static void on_ready(void *context)
{
        struct sensor_rig *rig = context;
        rig->ready++;
        if (rig->on_ready)
                rig->on_ready(rig);
        notice(rig, EVENT_READY);
}

static void on_sample(void *context, unsigned remaining)
{
        struct sensor_rig *rig = context;
        rig->samples++;
        rig->remaining = remaining;
        notice(rig, EVENT_SAMPLE);
}

static void on_retry(void *context, enum mitome_gate_hint hint)
{
        struct sensor_rig *rig = context;
        rig->retries++;
        rig->hint = hint;
        notice(rig, EVENT_RETRY);
}

static void on_ended(void *context, enum sensor_outcome outcome, slice kept)
{
        struct sensor_rig *rig = context;
        rig->ended++;
        rig->outcome = outcome;
        rig->kept_size = kept.size;
        assert_int_equal(slice_copy(kept, "kept", rig->kept, sizeof rig->kept, NULL).code, MITOME_OK);
        g_main_loop_quit(rig->loop);
        if (!rig->lists_at_end)
                return;
        uint8_t survey[SENSOR_SURVEY_SIZE];
        rig->fingers[0].kept = kept;
        rig->listed = rig->sensor.list(rig->sensor.context, &rig->set, survey, NULL).code;
        rig->fingers[0].kept = slice_of(NULL, 0);
}

static struct sensor_watcher begin(struct sensor_rig *rig)
{
        rig->ready = rig->samples = rig->retries = rig->remaining = rig->ended = 0;
        rig->hint = MITOME_GATE_HINT_NONE;
        rig->kept_size = 0;
        return (struct sensor_watcher){ rig, on_ready, on_sample, on_retry, on_ended };
}

static gboolean on_patience(gpointer user_data)
{
        struct sensor_rig *rig = user_data;
        g_main_loop_quit(rig->loop);
        return G_SOURCE_CONTINUE;
}

void sensor_rig_wait(struct sensor_rig *rig, unsigned ms)
{
        guint timer = g_timeout_add(ms, on_patience, rig);
        g_main_loop_run(rig->loop);
        g_source_remove(timer);
}

void sensor_rig_verify(struct sensor_rig *rig, unsigned ms)
{
        const struct sensor_watcher watcher = begin(rig);
        assert_int_equal(rig->sensor.verify(rig->sensor.context, &rig->set, &watcher, NULL).code, MITOME_OK);
        sensor_rig_wait(rig, ms);
}

void sensor_rig_enrol(struct sensor_rig *rig, unsigned ms)
{
        const struct sensor_watcher watcher = begin(rig);
        assert_int_equal(
                rig->sensor.enrol(rig->sensor.context, &rig->set, SLICE(rig->ids[1]), &watcher, NULL).code,
                MITOME_OK);
        sensor_rig_wait(rig, ms);
}

void sensor_rig_keep(struct sensor_rig *rig, size_t at, uint8_t *storage)
{
        memcpy(storage, rig->kept, rig->kept_size);
        rig->fingers[at].kept = slice_of(storage, rig->kept_size);
}

void sensor_rig_open(struct sensor_rig *rig)
{
        *rig = (struct sensor_rig){ .folder = "/tmp/mitome-sensor-XXXXXX" };
        assert_non_null(mkdtemp(rig->folder));
        rig->loop = g_main_loop_new(NULL, FALSE);
        for (size_t i = 0; i < 2; i++) {
                memset(rig->ids[i], 0x71 + (int)i, sizeof rig->ids[i]);
                rig->fingers[i].id = SLICE(rig->ids[i]);
        }
        rig->set = (struct sensor_set){ rig->fingers, 1 };
}

void sensor_rig_close(struct sensor_rig *rig)
{
        char command[128];
        if (rig->sensor.close)
                rig->sensor.close(rig->sensor.context);
        g_main_loop_unref(rig->loop);
        snprintf(command, sizeof command, "rm -r '%s'", rig->folder);
        assert_int_equal(system(command), 0);
}

char *sensor_rig_write(const struct sensor_rig *rig, const char *name, const char *text, int mode)
{
        char *path = g_build_filename(rig->folder, name, NULL);
        assert_true(g_file_set_contents(path, text, -1, NULL));
        assert_int_equal(chmod(path, (mode_t)mode), 0);
        return path;
}
