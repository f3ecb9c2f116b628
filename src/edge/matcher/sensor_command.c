/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor_command.h"

#include "command_launcher.h"
#include "command_line.h"
#include "matcher_class.h"

#include <errno.h>
#include <glib-unix.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
        START_MS = 10000, /* its first line */
        ANSWER_MS = 5000, /* what needs no finger: list, remove */
        READY_MS = 10000, /* until it waits for a finger */
        CANCEL_MS = 3000, /* until a cancelled request has ended */
        ATTEMPTS = 2,     /* of a request whose program ends before it was ready */
        CHUNK = 4096,
        WORDS_ROOM = 64,
        FINGER_ROOM = 16 + 2 * GATE_FINGER_ID_SIZE,
};

enum state {
        STATE_IDLE = 0,
        STATE_STARTING = 1,
        STATE_ENROL = 2,
        STATE_VERIFY = 4,
        STATE_LIST = 8,
        STATE_REMOVE = 16,
        STATE_RUNS = STATE_ENROL | STATE_VERIFY,
};

/* Bytes that are wiped before they are given back: templates are among them. */
struct room {
        uint8_t *data;
        size_t capacity, used, at;
};

struct plug {
        gchar **words;
        struct command_launcher launcher;
        int in, out; /* what it reads and what it says; -1: it does not run */
        guint in_watch, out_watch, timer;
        struct room line;    /* what it has said of a line */
        size_t pending;      /* what was read, and not yet heard */
        struct room request; /* what it is told, for the case that it has to be told again */
        enum state state;
        mitome_error why; /* it was given up, if it was */
        /* what it is */
        bool known;
        char name[SENSOR_NAME_MAX + 1];
        uint8_t modality, class, samples;
        /* what runs */
        struct sensor_watcher watcher;
        bool began, waits, cancelled;
        unsigned attempts, wanted;
        uint8_t ids[GATE_FINGERS_MAX][GATE_FINGER_ID_SIZE];
        size_t id_count;
        uint8_t survey[SENSOR_SURVEY_SIZE];
};

static void room_free(struct room *room)
{
        if (room->data)
                bytes_wipe(room->data, room->capacity);
        g_free(room->data);
        *room = (struct room){ 0 };
}

static bool room_make(struct room *room, size_t capacity)
{
        room_free(room);
        room->data = g_try_malloc0(capacity);
        room->capacity = room->data ? capacity : 0;
        return room->data != NULL;
}

/* ---- its life ---- */

static void hang_up(struct plug *plug)
{
        if (plug->out < 0)
                return;
        g_clear_handle_id(&plug->in_watch, g_source_remove);
        g_clear_handle_id(&plug->out_watch, g_source_remove);
        close(plug->in);
        close(plug->out);
        plug->in = plug->out = -1;
        command_launcher_end(&plug->launcher);
        room_free(&plug->line);
}

/* The program is ended; what ran is dealt with by whoever sees that it is. */
static void give_up(struct plug *plug, mitome_code code, const char *what)
{
        hang_up(plug);
        if (plug->why.code == MITOME_OK)
                plug->why = (mitome_error){ .code = code, .at = MITOME_NOWHERE, .field = what };
}

static mitome_status reason(const struct plug *plug, mitome_error *error)
{
        return fail(error, plug->why.code ? plug->why.code : MITOME_E_SENSOR_PROGRAM,
                plug->why.field ? plug->why.field : "the program", plug->why.clause);
}

static void complain(const struct plug *plug)
{
        char text[256];
        mitome_explain(&plug->why, text, sizeof text);
        fprintf(stderr, "mitome-matcher: %s: %s\n", plug->words[0], text);
}

/* ---- telling it ---- */

static void flush(struct plug *plug)
{
        struct room *room = &plug->request;
        while (plug->in >= 0 && room->at < room->used) {
                ssize_t count = write(plug->in, room->data + room->at, room->used - room->at);
                if (count > 0)
                        room->at += (size_t)count;
                else if (count < 0 && errno == EINTR)
                        continue;
                else if (count < 0 && errno == EAGAIN)
                        return;
                else
                        give_up(plug, MITOME_E_SENSOR_PROGRAM, "the program");
        }
}

static gboolean on_writable(gint fd, GIOCondition condition, gpointer user_data);

static bool has_to_say(const struct plug *plug)
{
        return plug->in >= 0 && plug->request.at < plug->request.used;
}

/* On, also after it was interrupted by a full pipe. */
static void tell(struct plug *plug)
{
        flush(plug);
        if (has_to_say(plug) && !plug->in_watch)
                plug->in_watch = g_unix_fd_add(plug->in, G_IO_OUT, on_writable, plug);
}

/* One short word in the midst of what runs; a program that does not even take that hangs, and will be seen
 * to.
 */
static void interject(struct plug *plug, const char *word)
{
        size_t size = strlen(word);
        if (plug->in >= 0 && !has_to_say(plug) && write(plug->in, word, size) != (ssize_t)size)
                give_up(plug, MITOME_E_SENSOR_PROGRAM, "the program");
}

static mitome_status write_request(
        struct plug *plug, const struct sensor_set *set, const char *word, slice id, mitome_error *error)
{
        size_t size = WORDS_ROOM + 2 * id.size;
        for (size_t i = 0; i < set->count; i++)
                size += FINGER_ROOM + 2 * set->fingers[i].kept.size;
        if (!room_make(&plug->request, size))
                return fail(error, MITOME_E_NO_MEMORY, "sensor", NULL);
        writer w = writer_over(plug->request.data, size);
        slice written;
        for (size_t i = 0; i < set->count; i++) {
                write_slice(&w, slice_text("finger "));
                command_hex_write(&w, set->fingers[i].id);
                write_u8(&w, ' ');
                command_hex_write(&w, set->fingers[i].kept);
                write_u8(&w, '\n');
        }
        write_slice(&w, slice_text(word));
        if (id.size) {
                write_u8(&w, ' ');
                command_hex_write(&w, id);
        }
        write_u8(&w, '\n');
        MITOME_TRY(writer_finish(&w, "sensor", &written, error));
        plug->request.used = written.size;
        return ok();
}

/* ---- what it says ---- */

static void end_request(struct plug *plug)
{
        plug->state = STATE_IDLE;
        g_clear_handle_id(&plug->timer, g_source_remove);
        room_free(&plug->request);
}

/* The line is done with before the caller hears of it, since the next request may come from there. */
static void end(struct plug *plug, enum sensor_outcome outcome, slice kept)
{
        const struct sensor_watcher watcher = plug->watcher;
        end_request(plug);
        watcher.ended(watcher.context, outcome, kept);
}

static mitome_status hear_sensor(struct plug *plug, const struct command_line *line, mitome_error *error)
{
        const bool same = slice_is(line->name, plug->name) && line->modality == plug->modality &&
                          line->number == plug->samples;
        if (plug->known && !same)
                return fail(error, MITOME_E_SENSOR_LINE, "that it is another sensor than before", NULL);
        MITOME_TRY(slice_copy(line->name, "name", (uint8_t *)plug->name, sizeof plug->name - 1, error));
        plug->modality = line->modality;
        plug->class = line->class;
        plug->samples = (uint8_t)line->number;
        plug->known = true;
        plug->state = STATE_IDLE;
        return ok();
}

static mitome_status hear_ready(struct plug *plug, const struct command_line *line, mitome_error *error)
{
        (void)line;
        if (plug->waits)
                return fail(error, MITOME_E_SENSOR_LINE, "ready twice", NULL);
        if (!plug->cancelled)
                g_clear_handle_id(&plug->timer, g_source_remove);
        plug->began = plug->waits = true;
        plug->watcher.ready(plug->watcher.context);
        return ok();
}

static mitome_status await_again(struct plug *plug, mitome_error *error)
{
        if (!plug->waits)
                return fail(error, MITOME_E_SENSOR_LINE, "what comes after ready", NULL);
        plug->waits = false;
        return ok();
}

static mitome_status hear_sample(struct plug *plug, const struct command_line *line, mitome_error *error)
{
        MITOME_TRY(await_again(plug, error));
        if (line->number + 1 != plug->wanted)
                return fail(error, MITOME_E_SENSOR_LINE, "another number of samples", NULL);
        plug->wanted = line->number;
        plug->watcher.sample(plug->watcher.context, plug->wanted);
        return ok();
}

static mitome_status hear_retry(struct plug *plug, const struct command_line *line, mitome_error *error)
{
        MITOME_TRY(await_again(plug, error));
        plug->watcher.retry(plug->watcher.context, line->hint);
        return ok();
}

static bool is_of_set(const struct plug *plug, slice id)
{
        for (size_t i = 0; i < plug->id_count; i++)
                if (slice_equal(id, SLICE(plug->ids[i])))
                        return true;
        return false;
}

static mitome_status hear_match(struct plug *plug, const struct command_line *line, mitome_error *error)
{
        MITOME_TRY(await_again(plug, error));
        if (!is_of_set(plug, SLICE(line->id)))
                return fail(error, MITOME_E_SENSOR_LINE, "a match with a finger that it was not given", NULL);
        end(plug, SENSOR_MATCH, slice_of(NULL, 0));
        return ok();
}

static mitome_status hear_no_match(struct plug *plug, const struct command_line *line, mitome_error *error)
{
        MITOME_TRY(await_again(plug, error));
        end(plug, line->word == COMMAND_SAME ? SENSOR_SAME : SENSOR_NO_MATCH, slice_of(NULL, 0));
        return ok();
}

static mitome_status hear_enrolled(struct plug *plug, const struct command_line *line, mitome_error *error)
{
        struct room kept = { 0 };
        size_t size = line->hex.size / 2;
        if (plug->wanted)
                return fail(error, MITOME_E_SENSOR_LINE, "enrolled before the last sample", NULL);
        if (!room_make(&kept, size + 1))
                return fail(error, MITOME_E_NO_MEMORY, "sensor", NULL);
        mitome_status status = command_hex_read(line->hex, kept.data, size, error);
        if (!failed(status))
                end(plug, SENSOR_ENROLLED, slice_of(kept.data, size));
        room_free(&kept);
        return status;
}

/* Nothing was compared: only who was asked to stop may say so, it gives a try back. */
static mitome_status hear_cancelled(struct plug *plug, const struct command_line *line, mitome_error *error)
{
        (void)line;
        if (!plug->cancelled)
                return fail(error, MITOME_E_SENSOR_LINE, "cancelled, which it was not", NULL);
        end(plug, SENSOR_CANCELLED, slice_of(NULL, 0));
        return ok();
}

static mitome_status hear_outcome(struct plug *plug, const struct command_line *line, mitome_error *error)
{
        (void)error;
        end(plug, line->word == COMMAND_DISMISSED ? SENSOR_DISMISSED : SENSOR_BROKEN, slice_of(NULL, 0));
        return ok();
}

static mitome_status hear_survey(struct plug *plug, const struct command_line *line, mitome_error *error)
{
        MITOME_TRY(slice_copy(SLICE(line->survey), "survey", plug->survey, sizeof plug->survey, error));
        end_request(plug);
        return ok();
}

static mitome_status hear_removed(struct plug *plug, const struct command_line *line, mitome_error *error)
{
        (void)line;
        (void)error;
        end_request(plug);
        return ok();
}

/* What may be said when. */
static const struct ear {
        unsigned states;
        bool is_last; /* until it is asked something again */
        mitome_status (*hear)(struct plug *plug, const struct command_line *line, mitome_error *error);
} ears[COMMAND_WORDS] = {
        [COMMAND_SENSOR] = { STATE_STARTING, true, hear_sensor },
        [COMMAND_READY] = { STATE_RUNS, false, hear_ready },
        [COMMAND_SAMPLE] = { STATE_ENROL, false, hear_sample },
        [COMMAND_RETRY] = { STATE_RUNS, false, hear_retry },
        [COMMAND_MATCH] = { STATE_VERIFY, true, hear_match },
        [COMMAND_NO_MATCH] = { STATE_VERIFY, true, hear_no_match },
        [COMMAND_SAME] = { STATE_VERIFY, true, hear_no_match },
        [COMMAND_ENROLLED] = { STATE_ENROL, true, hear_enrolled },
        [COMMAND_CANCELLED] = { STATE_RUNS, true, hear_cancelled },
        [COMMAND_DISMISSED] = { STATE_RUNS, true, hear_outcome },
        [COMMAND_BROKEN] = { STATE_RUNS, true, hear_outcome },
        [COMMAND_SURVEY] = { STATE_LIST, true, hear_survey },
        [COMMAND_REMOVED] = { STATE_REMOVE, true, hear_removed },
};

static mitome_status hear(struct plug *plug, slice text, mitome_error *error)
{
        struct command_line line = { 0 };
        MITOME_TRY(command_line_read(text, &line, error));
        if (!(ears[line.word].states & plug->state) || (ears[line.word].is_last && plug->pending))
                return fail(error, MITOME_E_SENSOR_LINE, "what nobody asked it", NULL);
        return ears[line.word].hear(plug, &line, error);
}

/* A line is taken out of the room before it is heard: what it sets off may be the next request. */
static void take_line(struct plug *plug)
{
        struct room line = plug->line;
        mitome_error error = { 0 };
        plug->line = (struct room){ 0 };
        if (!room_make(&plug->line, COMMAND_LINE_MAX))
                give_up(plug, MITOME_E_NO_MEMORY, "sensor");
        else if (failed(hear(plug, slice_of(line.data, line.used), &error)))
                give_up(plug, error.code, error.field);
        room_free(&line);
}

static void take_bytes(struct plug *plug, slice bytes)
{
        for (size_t i = 0; i < bytes.size && plug->out >= 0; i++) {
                plug->pending = bytes.size - i - 1;
                if (bytes.data[i] != '\n' && plug->line.used == plug->line.capacity)
                        give_up(plug, MITOME_E_SENSOR_LINE, "a line that is too long");
                else if (bytes.data[i] != '\n')
                        plug->line.data[plug->line.used++] = bytes.data[i];
                else
                        take_line(plug);
        }
}

/* False once there is nothing to read now. */
static bool listen_once(struct plug *plug)
{
        uint8_t chunk[CHUNK];
        if (plug->out < 0)
                return false;
        ssize_t count = read(plug->out, chunk, sizeof chunk);
        if (count < 0 && (errno == EAGAIN || errno == EINTR))
                return errno == EINTR;
        if (count <= 0)
                give_up(plug, MITOME_E_SENSOR_PROGRAM, "the program");
        else
                take_bytes(plug, slice_of(chunk, (size_t)count));
        bytes_wipe(chunk, sizeof chunk);
        return count > 0;
}

/* ---- waiting for what needs no finger ---- */

static void attend(struct plug *plug, int64_t until)
{
        struct pollfd both[] = { { .fd = plug->out, .events = POLLIN },
                { .fd = plug->in, .events = has_to_say(plug) ? POLLOUT : 0 } };
        int64_t left = (until - g_get_monotonic_time()) / 1000;
        int count = left > 0 ? poll(both, G_N_ELEMENTS(both), (int)left) : 0;
        if (count < 0 && errno == EINTR)
                return;
        if (count <= 0) {
                give_up(plug, MITOME_E_SENSOR_SILENT, "the sensor's program");
                return;
        }
        if (both[0].revents)
                listen_once(plug);
        flush(plug);
}

static mitome_status await_answer(struct plug *plug, mitome_error *error)
{
        const int limit_ms = plug->state == STATE_STARTING ? START_MS : ANSWER_MS;
        int64_t until = g_get_monotonic_time() + (int64_t)limit_ms * 1000;
        while (plug->state != STATE_IDLE && plug->out >= 0)
                attend(plug, until);
        if (plug->out >= 0)
                return ok();
        end_request(plug);
        return reason(plug, error);
}

static gboolean on_said(gint fd, GIOCondition condition, gpointer user_data);

static mitome_status start_program(struct plug *plug, mitome_error *error)
{
        const enum state before = plug->state;
        plug->why = (mitome_error){ 0 };
        if (!room_make(&plug->line, COMMAND_LINE_MAX))
                return fail(error, MITOME_E_NO_MEMORY, "sensor", NULL);
        MITOME_TRY(command_launcher_begin(&plug->launcher, &plug->in, &plug->out, error));
        plug->state = STATE_STARTING;
        struct room request = plug->request; /* waits for a program */
        plug->request = (struct room){ 0 };
        mitome_status status = await_answer(plug, error);
        plug->request = request;
        plug->state = before;
        if (!failed(status))
                plug->out_watch = g_unix_fd_add(plug->out, G_IO_IN | G_IO_HUP | G_IO_ERR, on_said, plug);
        return status;
}

static mitome_status see_that_it_runs(struct plug *plug, mitome_error *error)
{
        const bool ran = plug->out >= 0;
        while (listen_once(plug))
                ;
        if (plug->out >= 0)
                return ok();
        if (ran)
                complain(plug);
        return start_program(plug, error);
}

/* ---- what runs ---- */

static gboolean on_time_up(gpointer user_data);

/* The request goes on with a new program where the former one had not come to ask for a finger. */
static bool begin_again(struct plug *plug)
{
        mitome_error error = { 0 };
        if (plug->began || plug->cancelled || plug->attempts >= ATTEMPTS ||
                failed(start_program(plug, &error)))
                return false;
        plug->attempts++;
        plug->request.at = 0;
        g_clear_handle_id(&plug->timer, g_source_remove);
        plug->timer = g_timeout_add(READY_MS, on_time_up, plug);
        tell(plug);
        return plug->out >= 0;
}

/* To be called wherever the program may have been given up. */
static void see_to(struct plug *plug)
{
        if (plug->out >= 0 || plug->why.code == MITOME_OK)
                return;
        complain(plug);
        if ((plug->state & STATE_RUNS) && !begin_again(plug)) {
                hang_up(plug);
                end(plug, plug->began || !plug->cancelled ? SENSOR_BROKEN : SENSOR_CANCELLED,
                        slice_of(NULL, 0));
        }
}

static gboolean on_said(gint fd, GIOCondition condition, gpointer user_data)
{
        struct plug *plug = user_data;
        const guint watch = plug->out_watch;
        (void)fd;
        (void)condition;
        listen_once(plug);
        see_to(plug);
        return plug->out_watch == watch ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static gboolean on_writable(gint fd, GIOCondition condition, gpointer user_data)
{
        struct plug *plug = user_data;
        const guint watch = plug->in_watch;
        (void)fd;
        (void)condition;
        flush(plug);
        see_to(plug);
        if (plug->in_watch != watch)
                return G_SOURCE_REMOVE;
        if (has_to_say(plug))
                return G_SOURCE_CONTINUE;
        plug->in_watch = 0;
        return G_SOURCE_REMOVE;
}

static gboolean on_time_up(gpointer user_data)
{
        struct plug *plug = user_data;
        plug->timer = 0;
        give_up(plug, MITOME_E_SENSOR_SILENT, "the sensor's program");
        see_to(plug);
        return G_SOURCE_REMOVE;
}

static gboolean on_given_up(gpointer user_data)
{
        struct plug *plug = user_data;
        plug->timer = 0;
        see_to(plug);
        return G_SOURCE_REMOVE;
}

static mitome_status remember_ids(struct plug *plug, const struct sensor_set *set, mitome_error *error)
{
        plug->id_count = 0;
        for (size_t i = 0; i < set->count && i < GATE_FINGERS_MAX; i++) {
                MITOME_TRY(slice_copy(set->fingers[i].id, "id", plug->ids[i], sizeof plug->ids[i], error));
                plug->id_count++;
        }
        return ok();
}

static mitome_status begin(struct plug *plug, enum state state, const struct sensor_set *set, slice id,
        const struct sensor_watcher *watcher, mitome_error *error)
{
        if (plug->state != STATE_IDLE)
                return fail(error, MITOME_E_GATE_BUSY, "sensor", NULL);
        MITOME_TRY(see_that_it_runs(plug, error));
        MITOME_TRY(remember_ids(plug, set, error));
        MITOME_TRY(write_request(plug, set, state == STATE_ENROL ? "enrol" : "verify", id, error));
        plug->watcher = *watcher;
        plug->began = plug->waits = plug->cancelled = false;
        plug->attempts = 1;
        plug->wanted = plug->samples;
        plug->state = state;
        plug->timer = g_timeout_add(READY_MS, on_time_up, plug);
        tell(plug);
        if (plug->out < 0) { /* it died just now; the caller does not expect to hear of it here */
                g_clear_handle_id(&plug->timer, g_source_remove);
                plug->timer = g_idle_add(on_given_up, plug);
        }
        return ok();
}

static mitome_status enrol(void *context, const struct sensor_set *set, slice id,
        const struct sensor_watcher *watcher, mitome_error *error)
{
        return begin(context, STATE_ENROL, set, id, watcher, error);
}

static mitome_status verify(void *context, const struct sensor_set *set, const struct sensor_watcher *watcher,
        mitome_error *error)
{
        return begin(context, STATE_VERIFY, set, slice_of(NULL, 0), watcher, error);
}

static void cancel(void *context)
{
        struct plug *plug = context;
        if (!(plug->state & STATE_RUNS) || plug->cancelled)
                return;
        plug->cancelled = true;
        interject(plug, "cancel\n");
        g_clear_handle_id(&plug->timer, g_source_remove);
        plug->timer =
                plug->out >= 0 ? g_timeout_add(CANCEL_MS, on_time_up, plug) : g_idle_add(on_given_up, plug);
}

/* ---- what needs no finger ---- */

static mitome_status ask(struct plug *plug, enum state state, const struct sensor_set *set, const char *word,
        slice id, mitome_error *error)
{
        if (plug->state != STATE_IDLE)
                return fail(error, MITOME_E_GATE_BUSY, "sensor", NULL);
        MITOME_TRY(see_that_it_runs(plug, error));
        MITOME_TRY(write_request(plug, set, word, id, error));
        plug->state = state;
        tell(plug);
        mitome_status status = await_answer(plug, error);
        if (failed(status))
                complain(plug);
        return status;
}

static mitome_status list(void *context, const struct sensor_set *set, uint8_t ret_survey[SENSOR_SURVEY_SIZE],
        mitome_error *error)
{
        struct plug *plug = context;
        MITOME_TRY(ask(plug, STATE_LIST, set, "list", slice_of(NULL, 0), error));
        return slice_copy(SLICE(plug->survey), "survey", ret_survey, SENSOR_SURVEY_SIZE, error);
}

static mitome_status remove_finger(void *context, const struct sensor_finger *finger, mitome_error *error)
{
        return ask(context, STATE_REMOVE, &(struct sensor_set){ finger, 1 }, "remove", finger->id, error);
}

/* ---- opening it ---- */

static void close_plug(void *context)
{
        struct plug *plug = context;
        if (!plug)
                return;
        g_clear_handle_id(&plug->timer, g_source_remove);
        if (plug->launcher.process)
                hang_up(plug);
        command_launcher_stop(&plug->launcher);
        room_free(&plug->line);
        room_free(&plug->request);
        g_strfreev(plug->words);
        g_free(plug);
}

static const struct sensor sensor_command = {
        .version = SENSOR_VERSION,
        .enrol = enrol,
        .verify = verify,
        .cancel = cancel,
        .list = list,
        .remove = remove_finger,
        .close = close_plug,
};

/* Whoever has tested a sensor says so in the certificate of its matcher, not the sensor of itself. */
static void limit_class(struct plug *plug)
{
        if (plug->class <= MATCHER_CONVENIENCE)
                return;
        fprintf(stderr,
                "mitome-matcher: %s declares a class that it cannot give itself: taken as convenience\n",
                plug->name);
        plug->class = MATCHER_CONVENIENCE;
}

static mitome_status open_plug(struct plug *plug, const char *words, mitome_error *error)
{
        plug->words = g_strsplit(words, " ", -1);
        MITOME_TRY(command_launcher_start(plug->words, &plug->launcher, error));
        MITOME_TRY(start_program(plug, error));
        limit_class(plug);
        return ok();
}

mitome_status sensor_command_open(const struct sensor_config *config, struct sensor *ret, mitome_error *error)
{
        struct plug *plug = g_new0(struct plug, 1);
        plug->in = plug->out = -1;
        mitome_status status = open_plug(plug, config->argument ? config->argument : "", error);
        if (failed(status)) {
                close_plug(plug);
                return status;
        }
        *ret = sensor_command;
        ret->name = plug->name;
        ret->modality = plug->modality;
        ret->class = plug->class;
        ret->samples = plug->samples;
        ret->context = plug;
        return ok();
}
