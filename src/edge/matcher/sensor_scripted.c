/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor_scripted.h"

#include "matcher_class.h"
#include "sensor_words.h"

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { STEPS_MAX = 1024, SCRIPT_MAX = 65536, SAMPLES = 5, DIES_WITH = 70, MIB = 1 << 20 };

enum act {
        ACT_MATCH,
        ACT_MISS,
        ACT_SAME,
        ACT_DISMISS,
        ACT_SAMPLE,
        ACT_RETRY,
        ACT_ABSENT,
        ACT_BROKEN,
        ACT_OVERHEAT,
        ACT_HANG,
        ACT_DIE,
        ACT_WAIT,
        ACT_GROW,
        ACT_SURVEY,
        ACT_COUNT,
};

enum { FOR_VERIFICATION = 1, FOR_ENROLMENT = 2, FOR_BOTH = 3 };

struct step {
        enum act act;
        unsigned value;
};

/* The lines for one kind of operation, and where it is in them. */
struct track {
        struct step steps[STEPS_MAX];
        size_t count, at;
        bool has_touch;
};

struct scripted {
        struct track verification, enrolment;
        uint8_t modality;
        char *position; /* path of the file that says where to go on; NULL: there is no folder */
        bool verbose;
        /* what runs */
        struct sensor_watcher told;
        struct track *track;
        bool runs, has_fingers, waits, cancelled, hangs;
        unsigned wanted; /* samples of an enrolment */
        guint source;
        /* what stays */
        bool hot;
        unsigned survey;
        GPtrArray *grown;
};

/* ---- the script ---- */

struct line {
        const char *word;
        enum act act;
        uint8_t tracks;
        bool is_touch;
        unsigned most; /* of its number; 0: it has none */
};

static const struct line lines[] = {
        { "MATCH", ACT_MATCH, FOR_VERIFICATION, true, 0 },
        { "MISS", ACT_MISS, FOR_VERIFICATION, true, 0 },
        { "SAME", ACT_SAME, FOR_VERIFICATION, true, 0 },
        { "DISMISS", ACT_DISMISS, FOR_BOTH, true, 0 },
        { "SAMPLE", ACT_SAMPLE, FOR_ENROLMENT, true, 0 },
        { "RETRY", ACT_RETRY, FOR_BOTH, true, 0 },
        { "ABSENT", ACT_ABSENT, FOR_BOTH, true, 0 },
        { "BROKEN", ACT_BROKEN, FOR_BOTH, true, 0 },
        { "OVERHEAT", ACT_OVERHEAT, FOR_BOTH, true, 0 },
        { "HANG", ACT_HANG, FOR_BOTH, true, 0 },
        { "DIE", ACT_DIE, FOR_BOTH, true, 0 },
        { "WAIT", ACT_WAIT, FOR_BOTH, false, 600000 },
        { "GROW", ACT_GROW, FOR_BOTH, false, 4096 },
        { "SURVEY", ACT_SURVEY, FOR_VERIFICATION, false, 255 },
};

static const struct line *find_line(const char *word)
{
        for (size_t i = 0; i < G_N_ELEMENTS(lines); i++)
                if (g_str_equal(lines[i].word, word))
                        return &lines[i];
        return NULL;
}

static bool read_value(const struct line *line, const char *text, unsigned *ret)
{
        enum mitome_gate_hint hint;
        if (line->act == ACT_RETRY) {
                if (!text || !sensor_hint_of(slice_text(text), &hint))
                        return false;
                *ret = (unsigned)hint;
                return true;
        }
        if (!line->most)
                return !text;
        return text && sensor_number_of(slice_text(text), line->most, ret);
}

static bool add_step(struct scripted *scripted, const char *const *words, uint8_t track_of)
{
        struct track *track = track_of == FOR_ENROLMENT ? &scripted->enrolment : &scripted->verification;
        const struct line *line = words[0] ? find_line(words[0]) : NULL;
        unsigned value = 0;
        if (!line || !(line->tracks & track_of) || track->count == STEPS_MAX ||
                !read_value(line, words[1], &value) || (words[1] && words[2]))
                return false;
        track->steps[track->count++] = (struct step){ line->act, value };
        track->has_touch |= line->is_touch;
        return true;
}

static bool take_words(struct scripted *scripted, const char *const *words)
{
        if (!words[0])
                return true;
        if (g_str_equal(words[0], "MODALITY"))
                return words[1] && !words[2] && sensor_modality_of(slice_text(words[1]), &scripted->modality);
        return g_str_equal(words[0], "ENROL") ? add_step(scripted, words + 1, FOR_ENROLMENT)
                                              : add_step(scripted, words, FOR_VERIFICATION);
}

/* The words of a line, without the empty ones between several blanks. */
static bool take_line(struct scripted *scripted, const char *text)
{
        char **parts = g_strsplit(text, "#", 2);
        char **words = g_strsplit_set(parts[0] ? parts[0] : "", " \t\r", -1);
        size_t kept = 0;
        for (size_t i = 0; words[i]; i++) {
                if (words[i][0] == '\0')
                        g_free(words[i]);
                else
                        words[kept++] = words[i];
        }
        words[kept] = NULL;
        bool taken = take_words(scripted, (const char *const *)words);
        g_strfreev(words);
        g_strfreev(parts);
        return taken;
}

static mitome_status take_script(struct scripted *scripted, const char *text, mitome_error *error)
{
        char **rows = g_strsplit(text, "\n", -1);
        size_t offset = 0;
        mitome_status status = ok();
        for (size_t i = 0; rows[i] && !failed(status); i++) {
                if (!take_line(scripted, rows[i]))
                        status = fail_at(error, MITOME_E_SENSOR_SCRIPT, offset, "the script", NULL);
                offset += strlen(rows[i]) + 1;
        }
        g_strfreev(rows);
        return status;
}

/* A track that is never touched would run in a circle. */
static mitome_status complete(struct track *track, enum act otherwise, mitome_error *error)
{
        if (track->count && !track->has_touch)
                return fail(error, MITOME_E_SENSOR_SCRIPT, "the script", NULL);
        if (!track->count)
                track->steps[track->count++] = (struct step){ otherwise, 0 };
        return ok();
}

static mitome_status read_script(struct scripted *scripted, const char *path, mitome_error *error)
{
        gchar *text = NULL;
        gsize size = 0;
        mitome_status status = ok();
        if (path && path[0] != '\0') {
                if (!g_file_get_contents(path, &text, &size, NULL))
                        return fail(error, MITOME_E_FILE_READ, "the script", NULL);
                status = size <= SCRIPT_MAX && strlen(text) == size
                                 ? take_script(scripted, text, error)
                                 : fail(error, MITOME_E_SENSOR_SCRIPT, "the script", NULL);
                g_free(text);
        }
        if (!failed(status))
                status = complete(&scripted->verification, ACT_MATCH, error);
        return failed(status) ? status : complete(&scripted->enrolment, ACT_SAMPLE, error);
}

/* ---- where the next process goes on ---- */

static void keep_position(const struct scripted *scripted)
{
        char text[64];
        g_snprintf(text, sizeof text, "%zu %zu\n", scripted->verification.at, scripted->enrolment.at);
        if (scripted->position &&
                !g_file_set_contents_full(scripted->position, text, -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL))
                fputs("mitome-matcher: scripted: the place in the script could not be kept\n", stderr);
}

static bool go_to(struct track *track, const char *word)
{
        unsigned at;
        if (!word || !sensor_number_of(slice_text(word), STEPS_MAX, &at) || at >= track->count)
                return false;
        track->at = at;
        return true;
}

static void find_position(struct scripted *scripted)
{
        gchar *text = NULL;
        if (!scripted->position || !g_file_get_contents(scripted->position, &text, NULL, NULL))
                return;
        unlink(scripted->position);
        char **words = g_strsplit_set(text, " \n", 3);
        if (!go_to(&scripted->verification, words[0]) ||
                !go_to(&scripted->enrolment, words[0] ? words[1] : NULL))
                fputs("mitome-matcher: scripted: begins at the script's first line\n", stderr);
        g_strfreev(words);
        g_free(text);
}

/* ---- what a line does ---- */

static gboolean on_turn(gpointer user_data);

static void turn_after(struct scripted *scripted, unsigned ms)
{
        scripted->source = ms ? g_timeout_add(ms, on_turn, scripted) : g_idle_add(on_turn, scripted);
}

static struct step next_step(struct track *track)
{
        struct step step = track->steps[track->at];
        track->at = (track->at + 1) % track->count;
        return step;
}

/* A survey that stands behind a touch counts as soon as that touch is over. */
static void settle(struct scripted *scripted)
{
        struct track *track = &scripted->verification;
        for (size_t i = 0; i < track->count && track->steps[track->at].act == ACT_SURVEY; i++)
                scripted->survey = next_step(track).value;
}

static void end(struct scripted *scripted, enum sensor_outcome outcome)
{
        static const char kept[] = "scripted";
        scripted->runs = false;
        g_clear_handle_id(&scripted->source, g_source_remove);
        settle(scripted);
        scripted->told.ended(scripted->told.context, outcome,
                outcome == SENSOR_ENROLLED ? slice_text(kept) : slice_of(NULL, 0));
}

static void do_match(struct scripted *scripted, unsigned value)
{
        (void)value;
        end(scripted, scripted->has_fingers ? SENSOR_MATCH : SENSOR_NO_MATCH);
}

static void do_miss(struct scripted *scripted, unsigned value)
{
        (void)value;
        end(scripted, SENSOR_NO_MATCH);
}

static void do_same(struct scripted *scripted, unsigned value)
{
        (void)value;
        end(scripted, SENSOR_SAME);
}

static void do_dismiss(struct scripted *scripted, unsigned value)
{
        (void)value;
        end(scripted, SENSOR_DISMISSED);
}

static void await_touch(struct scripted *scripted)
{
        scripted->waits = false;
        turn_after(scripted, 0);
}

static void do_sample(struct scripted *scripted, unsigned value)
{
        (void)value;
        scripted->wanted--;
        if (scripted->wanted)
                await_touch(scripted);
        scripted->told.sample(scripted->told.context, scripted->wanted);
        if (!scripted->wanted)
                end(scripted, SENSOR_ENROLLED);
}

static void do_retry(struct scripted *scripted, unsigned value)
{
        await_touch(scripted); /* before the caller is told: it may cancel */
        scripted->told.retry(scripted->told.context, (enum mitome_gate_hint)value);
}

static void do_absent(struct scripted *scripted, unsigned value)
{
        (void)scripted;
        (void)value; /* until it is cancelled */
}

static void do_broken(struct scripted *scripted, unsigned value)
{
        (void)value;
        end(scripted, SENSOR_BROKEN);
}

static void do_overheat(struct scripted *scripted, unsigned value)
{
        keep_position(scripted);
        scripted->hot = true;
        do_broken(scripted, value);
}

static void do_hang(struct scripted *scripted, unsigned value)
{
        (void)value;
        keep_position(scripted);
        scripted->hangs = true;
}

static void do_die(struct scripted *scripted, unsigned value)
{
        (void)value;
        keep_position(scripted);
        _exit(DIES_WITH);
}

static void do_wait(struct scripted *scripted, unsigned value)
{
        turn_after(scripted, value);
}

/* Zeros that were never written would take no memory. */
static void do_grow(struct scripted *scripted, unsigned value)
{
        for (unsigned i = 0; i < value; i++) {
                uint8_t *block = g_try_malloc(MIB);
                for (size_t at = 0; block && at < MIB; at += 512)
                        block[at] = 1;
                if (block)
                        g_ptr_array_add(scripted->grown, block);
        }
        turn_after(scripted, 0);
}

static void do_survey(struct scripted *scripted, unsigned value)
{
        scripted->survey = value;
        turn_after(scripted, 0);
}

static void perform(struct scripted *scripted, const struct step *step)
{
        static void (*const deeds[ACT_COUNT])(struct scripted *, unsigned) = {
                [ACT_MATCH] = do_match,
                [ACT_MISS] = do_miss,
                [ACT_SAME] = do_same,
                [ACT_DISMISS] = do_dismiss,
                [ACT_SAMPLE] = do_sample,
                [ACT_RETRY] = do_retry,
                [ACT_ABSENT] = do_absent,
                [ACT_BROKEN] = do_broken,
                [ACT_OVERHEAT] = do_overheat,
                [ACT_HANG] = do_hang,
                [ACT_DIE] = do_die,
                [ACT_WAIT] = do_wait,
                [ACT_GROW] = do_grow,
                [ACT_SURVEY] = do_survey,
        };
        for (size_t i = 0; scripted->verbose && i < G_N_ELEMENTS(lines); i++)
                if (lines[i].act == step->act)
                        fprintf(stderr, "mitome-matcher: scripted: %s %u\n", lines[i].word, step->value);
        deeds[step->act](scripted, step->value);
}

static gboolean on_turn(gpointer user_data)
{
        struct scripted *scripted = user_data;
        scripted->source = 0;
        if (scripted->cancelled) {
                end(scripted, SENSOR_CANCELLED);
        } else if (scripted->hot) {
                end(scripted, SENSOR_BROKEN);
        } else if (!scripted->waits) {
                scripted->waits = true;
                turn_after(scripted, 0);
                scripted->told.ready(scripted->told.context);
        } else {
                const struct step step = next_step(scripted->track);
                perform(scripted, &step);
        }
        return G_SOURCE_REMOVE;
}

/* ---- the sensor ---- */

static mitome_status begin(struct scripted *scripted, const struct sensor_watcher *watcher,
        struct track *track, mitome_error *error)
{
        if (scripted->runs)
                return fail(error, MITOME_E_GATE_BUSY, "sensor", NULL);
        scripted->told = *watcher;
        scripted->runs = true;
        scripted->track = track;
        scripted->waits = scripted->cancelled = false;
        turn_after(scripted, 0);
        return ok();
}

static mitome_status enrol(void *context, const struct sensor_set *set, slice id,
        const struct sensor_watcher *watcher, mitome_error *error)
{
        struct scripted *scripted = context;
        (void)set;
        (void)id;
        MITOME_TRY(begin(scripted, watcher, &scripted->enrolment, error));
        scripted->wanted = SAMPLES;
        return ok();
}

static mitome_status verify(void *context, const struct sensor_set *set, const struct sensor_watcher *watcher,
        mitome_error *error)
{
        struct scripted *scripted = context;
        MITOME_TRY(begin(scripted, watcher, &scripted->verification, error));
        scripted->has_fingers = set->count != 0;
        return ok();
}

static void cancel(void *context)
{
        struct scripted *scripted = context;
        if (!scripted->runs || scripted->hangs || scripted->cancelled)
                return;
        scripted->cancelled = true;
        g_clear_handle_id(&scripted->source, g_source_remove);
        turn_after(scripted, 0);
}

static mitome_status list(void *context, const struct sensor_set *set, uint8_t ret_survey[SENSOR_SURVEY_SIZE],
        mitome_error *error)
{
        const struct scripted *scripted = context;
        (void)set;
        (void)error;
        for (size_t i = 0; i < SENSOR_SURVEY_SIZE; i++)
                ret_survey[i] = (uint8_t)scripted->survey;
        return ok();
}

static mitome_status remove_finger(void *context, const struct sensor_finger *finger, mitome_error *error)
{
        (void)context;
        (void)finger;
        (void)error;
        return ok();
}

static void close_scripted(void *context)
{
        struct scripted *scripted = context;
        if (!scripted)
                return;
        g_clear_handle_id(&scripted->source, g_source_remove);
        g_ptr_array_unref(scripted->grown);
        g_free(scripted->position);
        g_free(scripted);
}

static const struct sensor sensor_scripted = {
        .version = SENSOR_VERSION,
        .name = "scripted",
        .class = MATCHER_SCRIPTED,
        .samples = SAMPLES,
        .enrol = enrol,
        .verify = verify,
        .cancel = cancel,
        .list = list,
        .remove = remove_finger,
        .close = close_scripted,
};

mitome_status sensor_scripted_open(
        const struct sensor_config *config, struct sensor *ret, mitome_error *error)
{
        struct scripted *scripted = g_new0(struct scripted, 1);
        scripted->modality = UNLOCK_FINGER;
        scripted->verbose = config->verbose;
        scripted->grown = g_ptr_array_new_with_free_func(g_free);
        if (config->folder)
                scripted->position = g_build_filename(config->folder, "script-position", NULL);
        mitome_status status = read_script(scripted, config->argument, error);
        if (failed(status)) {
                close_scripted(scripted);
                return status;
        }
        find_position(scripted);
        settle(scripted);
        fputs("mitome-matcher: the sensor is scripted: nothing is read and nothing compared; for tests only\n",
                stderr);
        *ret = sensor_scripted;
        ret->modality = scripted->modality;
        ret->context = scripted;
        return ok();
}
