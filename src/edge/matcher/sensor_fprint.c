/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor_fprint.h"

#include "camera.h"
#include "comparator.h"
#include "decoy_fingers.h"
#include "finger_template.h"
#include "finger_threshold.h"
#include "sample_memory.h"

#include <stdio.h>
#include <string.h>

enum {
        SAMPLES = 5,
        FINGERS_MAX = 10,
        /* Fewer, and libfprint's comparison answers 0 whatever the two prints are. */
        MINUTIAE_MIN = 10,
        /* Of what will open from now on, more is asked. */
        ENROL_MINUTIAE_MIN = 20,
};

struct sensor_fprint {
        struct camera camera;
        struct comparator *comparator;
        struct score_log *log; /* the process's for good: the log writer cannot be taken back */
        struct sample_memory *memory;
        int scores; /* descriptor, or -1 */

        /* What runs. */
        bool runs, enrols, compares, cancelled;
        struct sensor_watcher watcher;
        GPtrArray *gallery; /* an impression an entry: decoys, the known fingers, then the new one */
        size_t known;       /* how many entries are not of the new one */
        size_t fingers;     /* of the set */
        size_t places[COMPARATOR_SCORES_MAX]; /* whose the entries are */
        struct sample_sketch sketch;          /* of the image that is compared */
        struct finger_record enrolment;       /* the sketches of its samples */
        guint again;                          /* it will be asked for another sample */
        enum mitome_gate_hint hint;           /* what that one was refused with */
        guint idle;                           /* it will end */
        enum sensor_outcome outcome;          /* and how */
};

/* ---- the end ---- */

static void end(struct sensor_fprint *sensor, enum sensor_outcome outcome, slice kept)
{
        const struct sensor_watcher watcher = sensor->watcher;
        GPtrArray *gallery = g_steal_pointer(&sensor->gallery);
        if (sensor->scores >= 0 && !sensor->enrols)
                dprintf(sensor->scores, "attempt\n");
        sensor->camera.rest(sensor->camera.context);
        g_clear_handle_id(&sensor->idle, g_source_remove);
        g_clear_handle_id(&sensor->again, g_source_remove);
        sample_memory_begin(sensor->memory);
        bytes_wipe(&sensor->sketch, sizeof sensor->sketch);
        bytes_wipe(&sensor->enrolment, sizeof sensor->enrolment);
        sensor->runs = sensor->compares = sensor->cancelled = false;
        watcher.ended(watcher.context, outcome, kept); /* the next one may begin within */
        if (gallery)
                g_ptr_array_unref(gallery); /* it takes its time: not before it is told */
}

static gboolean on_end(gpointer user_data)
{
        struct sensor_fprint *sensor = user_data;
        sensor->idle = 0;
        end(sensor, sensor->outcome, slice_of(NULL, 0));
        return G_SOURCE_REMOVE;
}

static void end_soon(struct sensor_fprint *sensor, enum sensor_outcome outcome)
{
        g_clear_handle_id(&sensor->idle, g_source_remove);
        sensor->outcome = outcome;
        sensor->idle = g_idle_add(on_end, sensor);
}

/* ---- the scores, for whoever measures ---- */

static void write_scores(const struct sensor_fprint *sensor, const struct comparator_result *result)
{
        int best[FINGERS_MAX] = { 0 };
        g_autoptr(GString) lines = g_string_new(NULL); /* one write: whoever measures is not to wait for it */
        for (size_t i = DECOYS; i < result->count && i < sensor->known; i++)
                if (result->scores[i] > best[sensor->places[i]])
                        best[sensor->places[i]] = result->scores[i];
        for (size_t i = 0; i < sensor->fingers; i++)
                g_string_append_printf(lines, "comparison %zu %d\n", i, best[i]);
        dprintf(sensor->scores, "%slibfprint %" G_GINT64_FORMAT " %" G_GINT64_FORMAT "\n", lines->str,
                result->wall_us, result->cpu_us);
}

/* ---- what a comparison says ---- */

static void ask_again(struct sensor_fprint *sensor, enum mitome_gate_hint hint)
{
        sensor->watcher.retry(sensor->watcher.context, hint);
        if (sensor->runs && !sensor->idle) /* it may have been cancelled within */
                sensor->camera.await(sensor->camera.context);
}

/* The highest of the scores `from` .. `to`; 0: there are none. */
static int best_of(const struct comparator_result *result, size_t from, size_t to)
{
        int best = 0;
        for (size_t i = from; i < to && i < result->count; i++)
                if (result->scores[i] > best)
                        best = result->scores[i];
        return best;
}

/* Whether this is like fingers of nobody. */
static bool fits_all(const struct comparator_result *result)
{
        return best_of(result, 0, DECOYS) >= FINGER_LIKENESS;
}

static void decide(struct sensor_fprint *sensor, const struct comparator_result *result)
{
        bool match = best_of(result, DECOYS, sensor->known) >= FINGER_THRESHOLD && !fits_all(result);
        if (sensor->scores >= 0)
                write_scores(sensor, result);
        end(sensor, match ? SENSOR_MATCH : SENSOR_NO_MATCH, slice_of(NULL, 0));
}

static mitome_status write_record(struct sensor_fprint *sensor, writer *w, slice *ret)
{
        GByteArray *template = NULL;
        g_ptr_array_remove_range(sensor->gallery, 0, (guint)sensor->known);
        MITOME_TRY(finger_template_join(sensor->gallery, &template, NULL));
        sensor->enrolment.template = slice_of(template->data, template->len);
        finger_record_write(w, &sensor->enrolment);
        bytes_wipe(template->data, template->len);
        g_byte_array_unref(template);
        return writer_finish(w, "finger", ret, NULL);
}

static void finish_enrolment(struct sensor_fprint *sensor)
{
        uint8_t *room = g_malloc(SENSOR_KEPT_MAX);
        writer w = writer_over(room, SENSOR_KEPT_MAX);
        slice kept;
        if (failed(write_record(sensor, &w, &kept)))
                end(sensor, SENSOR_BROKEN, slice_of(NULL, 0));
        else
                end(sensor, SENSOR_ENROLLED, kept);
        bytes_wipe(room, SENSOR_KEPT_MAX);
        g_free(room);
}

/* What a sample of an enrolment is refused with: it must not be of a finger that is in the set, have enough
 * to be recognised by, and be of the same finger as the samples before it. */
static enum mitome_gate_hint fault_of(
        const struct sensor_fprint *sensor, const struct comparator_result *result)
{
        if (best_of(result, DECOYS, sensor->known) >= FINGER_LIKENESS)
                return MITOME_GATE_HINT_KNOWN;
        if (result->minutiae < ENROL_MINUTIAE_MIN || fits_all(result))
                return MITOME_GATE_HINT_POOR;
        bool first = sensor->gallery->len == sensor->known;
        if (!first && best_of(result, sensor->known, sensor->gallery->len) < FINGER_LIKENESS)
                return MITOME_GATE_HINT_GENERAL;
        return MITOME_GATE_HINT_NONE;
}

static void add_sample(struct sensor_fprint *sensor, const struct comparator_result *result)
{
        enum mitome_gate_hint fault = fault_of(sensor, result);
        if (fault != MITOME_GATE_HINT_NONE) {
                ask_again(sensor, fault);
                return;
        }
        g_ptr_array_add(sensor->gallery, g_object_ref(result->print));
        sensor->enrolment.sketches[sensor->enrolment.sketch_count++] = sensor->sketch;
        size_t taken = sensor->gallery->len - sensor->known;
        sensor->watcher.sample(sensor->watcher.context, (unsigned)(SAMPLES - taken));
        if (!sensor->runs || sensor->idle)
                return;
        if (taken == SAMPLES)
                finish_enrolment(sensor);
        else
                sensor->camera.await(sensor->camera.context);
}

static bool is_unusable(const struct comparator_result *result)
{
        return result->outcome == COMPARATOR_UNUSABLE || result->minutiae < MINUTIAE_MIN;
}

/* Whether all that is to be known of it is known, and written. */
static bool is_settled(struct sensor_fprint *sensor, const struct comparator_result *result)
{
        if (result->outcome == COMPARATOR_FAILED)
                return false;
        return is_unusable(result) || !failed(sample_memory_keep(sensor->memory, &sensor->sketch, NULL));
}

static void on_compared(void *context, const struct comparator_result *result)
{
        struct sensor_fprint *sensor = context;
        const bool unusable = is_unusable(result);
        sensor->compares = false;
        if (!is_settled(sensor, result))
                end(sensor, SENSOR_BROKEN, slice_of(NULL, 0));
        else if (sensor->cancelled && (unusable || sensor->enrols))
                end(sensor, SENSOR_CANCELLED, slice_of(NULL, 0));
        else if (unusable)
                ask_again(sensor, MITOME_GATE_HINT_POOR);
        else if (sensor->enrols)
                add_sample(sensor, result);
        else
                decide(sensor, result); /* a cancellation that comes now comes too late: the try is spent */
}

/* ---- what the camera says ---- */

static void on_ready(void *context)
{
        struct sensor_fprint *sensor = context;
        if (!sensor->idle)
                sensor->watcher.ready(sensor->watcher.context);
}

static gboolean on_again(gpointer user_data)
{
        struct sensor_fprint *sensor = user_data;
        sensor->again = 0;
        ask_again(sensor, sensor->hint);
        return G_SOURCE_REMOVE;
}

static void ask_again_soon(struct sensor_fprint *sensor, enum mitome_gate_hint hint)
{
        sensor->hint = hint;
        sensor->again = g_idle_add(on_again, sensor);
}

/* Up to where the first score decides. */
static int limit_of(const struct sensor_fprint *sensor)
{
        if (sensor->enrols)
                return FINGER_LIKENESS;
        return sensor->scores >= 0 ? COMPARATOR_ALL : FINGER_THRESHOLD;
}

static uint8_t take_fresh(struct sensor_fprint *sensor, const struct virtual_finger_image *image)
{
        sensor->compares = true;
        comparator_compare(sensor->comparator, image, sensor->gallery, limit_of(sensor), on_compared, sensor);
        return VIRTUAL_FINGER_TAKEN;
}

/* Whoever lays a copy where a finger is to be recognised has had his try. */
static uint8_t refuse_copy(struct sensor_fprint *sensor)
{
        if (sensor->enrols)
                ask_again_soon(sensor, MITOME_GATE_HINT_SAME);
        else
                end_soon(sensor, SENSOR_SAME);
        return VIRTUAL_FINGER_SEEN;
}

static uint8_t on_image(void *context, const struct virtual_finger_image *image)
{
        struct sensor_fprint *sensor = context;
        if (sensor->idle)
                return VIRTUAL_FINGER_NOT_NOW;
        switch (sample_memory_judge(sensor->memory, image, &sensor->sketch)) {
        case SAMPLE_FRESH:
                return take_fresh(sensor, image);
        case SAMPLE_COPY_OF_ONE:
                return refuse_copy(sensor);
        default:
                ask_again_soon(sensor, MITOME_GATE_HINT_POOR);
                return VIRTUAL_FINGER_TAKEN;
        }
}

static void on_retry(void *context, enum mitome_gate_hint hint)
{
        struct sensor_fprint *sensor = context;
        if (!sensor->idle)
                sensor->watcher.retry(sensor->watcher.context, hint);
}

static void on_broken(void *context)
{
        struct sensor_fprint *sensor = context;
        end_soon(sensor, SENSOR_BROKEN);
}

/* ---- the beginning ---- */

/* What a former version kept of a finger is its template alone. Its samples could be laid again, so it opens
 * nothing: it stays in the set until it is removed or enrolled anew. */
static bool is_of_former_version(slice kept)
{
        return slice_begins_with(kept, slice_text("FP3"));
}

static mitome_status add_known(
        struct sensor_fprint *sensor, GPtrArray *gallery, slice kept, mitome_error *error)
{
        struct finger_record record;
        if (is_of_former_version(kept))
                return ok();
        MITOME_TRY(finger_record_read(kept, &record, error));
        MITOME_TRY(finger_template_split(record.template, gallery, error));
        sample_memory_add_finger(sensor->memory, &record);
        bytes_wipe(&record, sizeof record);
        return ok();
}

static mitome_status fill_gallery(
        struct sensor_fprint *sensor, const struct sensor_set *set, mitome_error *error)
{
        g_autoptr(GPtrArray) gallery = g_ptr_array_new_with_free_func(g_object_unref);
        size_t known = DECOYS;
        if (!decoy_fingers_append(gallery))
                return fail(error, MITOME_E_VALUE, "decoy", NULL);
        sample_memory_begin(sensor->memory);
        for (size_t i = 0; i < set->count; i++) {
                MITOME_TRY(add_known(sensor, gallery, set->fingers[i].kept, error));
                for (; known < gallery->len && known < COMPARATOR_SCORES_MAX; known++)
                        sensor->places[known] = i;
        }
        if (set->count > FINGERS_MAX || gallery->len + SAMPLES > COMPARATOR_SCORES_MAX)
                return fail(error, MITOME_E_GATE_FULL, "enrolment set", NULL);
        sensor->known = known;
        sensor->fingers = set->count;
        sensor->gallery = g_steal_pointer(&gallery);
        return ok();
}

static mitome_status begin(struct sensor_fprint *sensor, bool enrols, const struct sensor_set *set,
        const struct sensor_watcher *watcher, mitome_error *error)
{
        if (sensor->runs)
                return fail(error, MITOME_E_GATE_BUSY, "sensor", NULL);
        MITOME_TRY(sensor->camera.begin(sensor->camera.context, error));
        mitome_status status = fill_gallery(sensor, set, error);
        if (failed(status)) {
                sensor->camera.rest(sensor->camera.context);
                return status;
        }
        sensor->watcher = *watcher;
        sensor->enrols = enrols;
        sensor->runs = true;
        comparator_open(sensor->comparator);
        sensor->camera.await(sensor->camera.context);
        return ok();
}

static mitome_status enrol(void *context, const struct sensor_set *set, slice id,
        const struct sensor_watcher *watcher, mitome_error *error)
{
        (void)id; /* the device keeps nothing */
        return begin(context, true, set, watcher, error);
}

static mitome_status verify(void *context, const struct sensor_set *set, const struct sensor_watcher *watcher,
        mitome_error *error)
{
        return begin(context, false, set, watcher, error);
}

static void cancel(void *context)
{
        struct sensor_fprint *sensor = context;
        if (sensor->runs && sensor->compares)
                sensor->cancelled = true;
        else if (sensor->runs && !sensor->idle)
                end_soon(sensor, SENSOR_CANCELLED);
}

/* Not what the device keeps, but which samples were seen: where that is lost, those of the enrolment and
 * after could be presented again, and the set is no longer what its owner confirmed. */
static mitome_status list(void *context, const struct sensor_set *set, uint8_t ret_survey[SENSOR_SURVEY_SIZE],
        mitome_error *error)
{
        const struct sensor_fprint *sensor = context;
        (void)set;
        (void)error;
        sample_memory_identity(sensor->memory, ret_survey);
        return ok();
}

/* ---- its life ---- */

static void close_sensor(void *context)
{
        struct sensor_fprint *sensor = context;
        g_clear_handle_id(&sensor->idle, g_source_remove);
        if (sensor->camera.free)
                sensor->camera.free(sensor->camera.context);
        comparator_free(sensor->comparator);
        sample_memory_free(sensor->memory);
        g_clear_handle_id(&sensor->again, g_source_remove);
        g_clear_pointer(&sensor->gallery, g_ptr_array_unref);
        bytes_wipe(sensor, sizeof *sensor);
        g_free(sensor);
}

static const char reader_prefix[] = "reader:";

static bool is_reader(const char *argument)
{
        return !argument || slice_begins_with(slice_text(argument), slice_text(reader_prefix));
}

static mitome_status open_camera(
        struct sensor_fprint *sensor, const struct sensor_config *config, mitome_error *error)
{
        const struct camera_watcher watcher = {
                .context = sensor,
                .ready = on_ready,
                .image = on_image,
                .retry = on_retry,
                .broken = on_broken,
        };
        if (!is_reader(config->argument))
                return camera_socket(config->argument, &watcher, &sensor->camera, error);
        sensor->camera = config->argument ? camera_reader_virtual(
                                                    &config->argument[sizeof reader_prefix - 1], &watcher)
                                          : camera_reader(&watcher);
        return ok();
}

static mitome_status open_parts(
        struct sensor_fprint *sensor, const struct sensor_config *config, mitome_error *error)
{
        g_autofree char *path = g_build_filename(config->folder, "sensor", NULL);
        MITOME_TRY(sample_memory_open(config->folder, config->key, &sensor->memory, error));
        sensor->log = g_new0(struct score_log, 1);
        sensor->log->verbose = config->verbose;
        score_log_listen(sensor->log);
        MITOME_TRY(comparator_new(path, sensor->log, &sensor->comparator, error));
        return open_camera(sensor, config, error);
}

mitome_status sensor_fprint_open(const struct sensor_config *config, struct sensor *ret, mitome_error *error)
{
        if (is_reader(config->argument) && config->scores >= 0)
                return fail(error, MITOME_E_ARGUMENT, "--scores", NULL);
        struct sensor_fprint *sensor = g_new0(struct sensor_fprint, 1);
        sensor->scores = config->scores;
        mitome_status status = open_parts(sensor, config, error);
        if (failed(status)) {
                close_sensor(sensor);
                return status;
        }
        *ret = (struct sensor){
                .version = SENSOR_VERSION,
                .name = config->argument ? "virtual fingerprint reader" : "fingerprint reader",
                .modality = UNLOCK_FINGER,
                .class = MATCHER_STRONG, /* what it is built to be; whether it is, its maker says */
                .samples = SAMPLES,
                .context = sensor,
                .enrol = enrol,
                .verify = verify,
                .cancel = cancel,
                .list = list,
                .close = close_sensor,
        };
        return ok();
}
