/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor_fprintd.h"

#include "matcher_class.h"

#include <gio/gio.h>
#include <stdio.h>
#include <string.h>

enum {
        ANSWER_MS = 5000,       /* what needs nobody */
        PERMISSION_MS = 120000, /* what polkit may ask a person about first */
        FINGER_NAME_MAX = 32,
        SAMPLES_UNKNOWN = 5,
};

static const char service[] = "net.reactivated.Fprint";
static const char manager_path[] = "/net/reactivated/Fprint/Manager";
static const char manager_interface[] = "net.reactivated.Fprint.Manager";
static const char device_interface[] = "net.reactivated.Fprint.Device";
static const char properties_interface[] = "org.freedesktop.DBus.Properties";

static const char *const finger_names[] = { "right-index-finger", "left-index-finger", "right-thumb",
        "left-thumb", "right-middle-finger", "left-middle-finger", "right-ring-finger", "left-ring-finger",
        "right-little-finger", "left-little-finger" };

struct device {
        GDBusConnection *bus;
        char *path;
        guint signals[3], watch;
        GCancellable *calls; /* ended when the sensor is closed: no answer comes after that */
        bool verbose;
        uint8_t samples;
        bool says_when; /* it has the property finger-needed */
        /* what runs */
        bool runs, enrols, started, stopping, cancelled, touched;
        unsigned remaining;
        struct sensor_watcher watcher;
        enum sensor_outcome outcome;
        char finger[FINGER_NAME_MAX];
};

/* ---- calls ---- */

/* What came over the bus must not move the cursor. */
static void print_harmless(const char *text)
{
        g_autofree gchar *harmless = g_strescape(text, NULL);
        fprintf(stderr, "mitome-matcher: fprintd: %s\n", harmless);
}

static mitome_status refusal(const struct device *device, const GError *cause, mitome_error *error)
{
        static const struct {
                const char *name;
                mitome_code code;
                const char *text;
        } known[] = {
                { "net.reactivated.Fprint.Error.AlreadyInUse", MITOME_E_SENSOR_SERVICE,
                        "another program has the reader" },
                { "net.reactivated.Fprint.Error.PermissionDenied", MITOME_E_SENSOR_SERVICE,
                        "this user may not" },
                { "net.reactivated.Fprint.Error.NoSuchDevice", MITOME_E_GATE_NO_SENSOR, "fprintd" },
        };
        gchar *name = cause ? g_dbus_error_get_remote_error(cause) : NULL;
        mitome_code code = MITOME_E_SENSOR_SERVICE;
        const char *text = "it does not answer";
        for (size_t i = 0; name && i < G_N_ELEMENTS(known); i++)
                if (g_str_equal(name, known[i].name)) {
                        code = known[i].code;
                        text = known[i].text;
                }
        if (device->verbose)
                print_harmless(cause ? cause->message : text);
        g_free(name);
        return fail(error, code, text, NULL);
}

/* A call that nobody has to be asked about. The answer is the caller's to give back. */
static GVariant *call(struct device *device, const char *path, const char *interface, const char *method,
        GVariant *parameters, GError **cause)
{
        return g_dbus_connection_call_sync(device->bus, service, path, interface, method, parameters, NULL,
                G_DBUS_CALL_FLAGS_NONE, ANSWER_MS, NULL, cause);
}

static mitome_status call_device(
        struct device *device, const char *method, GVariant *parameters, mitome_error *error)
{
        GError *cause = NULL;
        GVariant *answer = call(device, device->path, device_interface, method, parameters, &cause);
        mitome_status status = answer ? ok() : refusal(device, cause, error);
        g_clear_error(&cause);
        if (answer)
                g_variant_unref(answer);
        return status;
}

static mitome_status claim(struct device *device, mitome_error *error)
{
        return call_device(device, "Claim", g_variant_new("(s)", ""), error);
}

static void release(struct device *device)
{
        (void)failed(call_device(device, "Release", NULL, NULL));
}

static GVariant *property(struct device *device, const char *name, const char *type)
{
        GVariant *answer = call(device, device->path, properties_interface, "Get",
                g_variant_new("(ss)", device_interface, name), NULL);
        GVariant *value = NULL;
        if (!answer)
                return NULL;
        if (g_variant_is_of_type(answer, G_VARIANT_TYPE("(v)")))
                g_variant_get(answer, "(v)", &value);
        g_variant_unref(answer);
        if (value && !g_variant_is_of_type(value, G_VARIANT_TYPE(type))) {
                g_variant_unref(value);
                return NULL;
        }
        return value;
}

/* ---- the fingers that it has ---- */

static bool is_missing(const GError *cause)
{
        gchar *name = g_dbus_error_get_remote_error(cause);
        bool none = g_strcmp0(name, "net.reactivated.Fprint.Error.NoEnrolledPrints") == 0;
        g_free(name);
        return none;
}

/* The names, ended by NULL; NULL, and why, when it does not tell them. */
static gchar **enrolled_fingers(struct device *device, mitome_status *ret_why, mitome_error *error)
{
        GError *cause = NULL;
        gchar **names = NULL;
        GVariant *answer = call(device, device->path, device_interface, "ListEnrolledFingers",
                g_variant_new("(s)", ""), &cause);
        if (answer && g_variant_is_of_type(answer, G_VARIANT_TYPE("(as)")))
                g_variant_get(answer, "(^as)", &names);
        else if (cause && is_missing(cause))
                names = g_new0(gchar *, 1);
        *ret_why = names ? ok() : refusal(device, cause, error);
        g_clear_error(&cause);
        if (answer)
                g_variant_unref(answer);
        return names;
}

static bool keeps(const struct sensor_set *set, const char *finger)
{
        for (size_t i = 0; i < set->count; i++)
                if (slice_is(set->fingers[i].kept, finger))
                        return true;
        return false;
}

/* With one finger it is asked for that one; with more only if it has no other: "any" is any of them. */
static mitome_status choose_verified(
        struct device *device, const struct sensor_set *set, gchar *const *enrolled, mitome_error *error)
{
        const char *chosen = NULL;
        size_t ours = 0, others = 0;
        for (size_t i = 0; enrolled[i]; i++) {
                if (keeps(set, enrolled[i])) {
                        chosen = enrolled[i];
                        ours++;
                } else {
                        others++;
                }
        }
        if (ours == 0)
                return fail(error, MITOME_E_GATE_NO_FINGER, "fprintd", NULL);
        if (ours > 1 && others > 0)
                return fail(error, MITOME_E_SENSOR_OTHERS, "fprintd", NULL);
        g_strlcpy(device->finger, ours > 1 ? "any" : chosen, sizeof device->finger);
        return ok();
}

static mitome_status choose_enrolled(
        struct device *device, const struct sensor_set *set, gchar *const *enrolled, mitome_error *error)
{
        for (size_t i = 0; i < G_N_ELEMENTS(finger_names); i++) {
                const char *name = finger_names[i];
                if (g_strv_contains((const gchar *const *)enrolled, name) || keeps(set, name))
                        continue;
                g_strlcpy(device->finger, name, sizeof device->finger);
                return ok();
        }
        return fail(error, MITOME_E_GATE_FULL, "fprintd", NULL);
}

static mitome_status choose_finger(struct device *device, const struct sensor_set *set, mitome_error *error)
{
        mitome_status status = ok();
        gchar **enrolled = enrolled_fingers(device, &status, error);
        if (!enrolled)
                return status;
        status = device->enrols ? choose_enrolled(device, set, enrolled, error)
                                : choose_verified(device, set, enrolled, error);
        g_strfreev(enrolled);
        return status;
}

/* ---- the end of an operation: stop, release, tell ---- */

static void tell(struct device *device)
{
        const slice kept = slice_text(device->finger);
        device->runs = false;
        device->watcher.ended(device->watcher.context, device->outcome,
                device->outcome == SENSOR_ENROLLED ? kept : slice_of(NULL, 0));
}

/* An answer to a call that was not waited for; NULL once the sensor is closed. */
static struct device *answered(
        GObject *bus, GAsyncResult *result, gpointer user_data, bool *ret_well, GError **ret_cause)
{
        GError *cause = NULL;
        GVariant *answer = g_dbus_connection_call_finish(G_DBUS_CONNECTION(bus), result, &cause);
        bool closed = cause && g_error_matches(cause, G_IO_ERROR, G_IO_ERROR_CANCELLED);
        *ret_well = answer != NULL;
        if (answer)
                g_variant_unref(answer);
        if (ret_cause)
                *ret_cause = cause;
        else
                g_clear_error(&cause);
        return closed ? NULL : user_data;
}

static void call_later(struct device *device, const char *method, GVariant *parameters, int limit_ms,
        GAsyncReadyCallback callback)
{
        g_dbus_connection_call(device->bus, service, device->path, device_interface, method, parameters, NULL,
                G_DBUS_CALL_FLAGS_NONE, limit_ms, device->calls, callback, device);
}

static void on_released(GObject *bus, GAsyncResult *result, gpointer user_data)
{
        bool well;
        struct device *device = answered(bus, result, user_data, &well, NULL);
        if (device && device->runs)
                tell(device);
}

static void on_stopped(GObject *bus, GAsyncResult *result, gpointer user_data)
{
        bool well;
        struct device *device = answered(bus, result, user_data, &well, NULL);
        if (device && device->runs)
                call_later(device, "Release", NULL, ANSWER_MS, on_released);
}

/* Signals that were sent before fprintd heard this still come before its answer, and still count. */
static void stop(struct device *device)
{
        if (device->stopping)
                return;
        device->stopping = true;
        call_later(device, device->enrols ? "EnrollStop" : "VerifyStop", NULL, ANSWER_MS, on_stopped);
}

/* ---- what it says ---- */

struct word {
        const char *text;
        enum sensor_outcome outcome;
        enum mitome_gate_hint hint; /* not NONE: this touch does not count */
};

static const struct word verify_words[] = {
        { "verify-match", SENSOR_MATCH, MITOME_GATE_HINT_NONE },
        { "verify-no-match", SENSOR_NO_MATCH, MITOME_GATE_HINT_NONE },
        { "verify-retry-scan", SENSOR_BROKEN, MITOME_GATE_HINT_GENERAL },
        { "verify-swipe-too-short", SENSOR_BROKEN, MITOME_GATE_HINT_TOO_SHORT },
        { "verify-finger-not-centered", SENSOR_BROKEN, MITOME_GATE_HINT_CENTRE },
        { "verify-remove-and-retry", SENSOR_BROKEN, MITOME_GATE_HINT_LIFT },
};

static const struct word enrol_words[] = {
        { "enroll-completed", SENSOR_ENROLLED, MITOME_GATE_HINT_NONE },
        { "enroll-duplicate", SENSOR_CANCELLED, MITOME_GATE_HINT_KNOWN },
        { "enroll-retry-scan", SENSOR_BROKEN, MITOME_GATE_HINT_GENERAL },
        { "enroll-swipe-too-short", SENSOR_BROKEN, MITOME_GATE_HINT_TOO_SHORT },
        { "enroll-finger-not-centered", SENSOR_BROKEN, MITOME_GATE_HINT_CENTRE },
        { "enroll-remove-and-retry", SENSOR_BROKEN, MITOME_GATE_HINT_LIFT },
};

/* fprintd calls a verification that was stopped one without a match, and an enrolment one that failed. */
static bool is_echo(const struct device *device, const struct word *word)
{
        return device->cancelled && word->outcome != SENSOR_MATCH && word->outcome != SENSOR_ENROLLED;
}

/* What is not known, a reader that was unplugged among it, is a broken one. */
static struct word look_up(const struct device *device, const char *text)
{
        const struct word *words = device->enrols ? enrol_words : verify_words;
        size_t count = device->enrols ? G_N_ELEMENTS(enrol_words) : G_N_ELEMENTS(verify_words);
        for (size_t i = 0; i < count; i++)
                if (g_str_equal(words[i].text, text))
                        return words[i];
        return (struct word){ text, SENSOR_BROKEN, MITOME_GATE_HINT_NONE };
}

static void say_ready(struct device *device)
{
        if (!device->stopping)
                device->watcher.ready(device->watcher.context);
}

static void await_again(struct device *device)
{
        if (!device->says_when)
                say_ready(device);
}

static void count_sample(struct device *device)
{
        if (device->remaining > 0)
                device->remaining--;
        device->watcher.sample(device->watcher.context, device->remaining);
}

/* Nothing takes back what it has said; after a cancellation it may still say what came of the finger. */
static bool has_decided(const struct device *device)
{
        return device->stopping && !device->cancelled;
}

static void hear(struct device *device, const char *text, bool done)
{
        const struct word word = look_up(device, text);
        if (has_decided(device))
                return;
        if (device->verbose)
                print_harmless(text);
        if (device->enrols && g_str_equal(text, "enroll-stage-passed")) {
                count_sample(device);
                await_again(device);
                return;
        }
        if (is_echo(device, &word))
                return;
        if (word.hint != MITOME_GATE_HINT_NONE)
                device->watcher.retry(device->watcher.context, word.hint);
        if (word.hint != MITOME_GATE_HINT_NONE && !done) {
                await_again(device);
                return;
        }
        if (word.outcome == SENSOR_ENROLLED)
                count_sample(device);
        device->outcome = word.outcome;
        stop(device);
}

static void on_status(GDBusConnection *bus, const gchar *sender, const gchar *path, const gchar *interface,
        const gchar *signal, GVariant *parameters, gpointer user_data)
{
        struct device *device = user_data;
        const gchar *text = NULL;
        gboolean done = FALSE;
        (void)bus;
        (void)sender;
        (void)path;
        (void)interface;
        const bool of_enrolment = g_str_equal(signal, "EnrollStatus");
        if (!device->runs || of_enrolment != device->enrols ||
                !g_variant_is_of_type(parameters, G_VARIANT_TYPE("(sb)")))
                return;
        g_variant_get(parameters, "(&sb)", &text, &done);
        hear(device, text, done);
}

static void on_properties(GDBusConnection *bus, const gchar *sender, const gchar *path,
        const gchar *interface, const gchar *signal, GVariant *parameters, gpointer user_data)
{
        struct device *device = user_data;
        gboolean value = FALSE;
        (void)bus;
        (void)sender;
        (void)path;
        (void)interface;
        (void)signal;
        if (!device->runs || !g_variant_is_of_type(parameters, G_VARIANT_TYPE("(sa{sv}as)")))
                return;
        GVariant *changed = g_variant_get_child_value(parameters, 1);
        if (g_variant_lookup(changed, "finger-present", "b", &value) && value)
                device->touched = true;
        if (g_variant_lookup(changed, "finger-needed", "b", &value) && value)
                say_ready(device);
        g_variant_unref(changed);
}

/* Their answers are not heard any more. */
static void forget_calls(struct device *device)
{
        g_cancellable_cancel(device->calls);
        g_object_unref(device->calls);
        device->calls = g_cancellable_new();
}

/* It went away in the middle: there is nothing left to stop and release. */
static void on_vanished(GDBusConnection *bus, const gchar *name, gpointer user_data)
{
        struct device *device = user_data;
        (void)bus;
        (void)name;
        if (!device->runs)
                return;
        forget_calls(device);
        device->outcome = SENSOR_BROKEN;
        tell(device);
}

/* ---- operations ---- */

/* What a person at fprintd's own dialogue declines has compared nothing. */
static void on_started(GObject *bus, GAsyncResult *result, gpointer user_data)
{
        bool well;
        GError *cause = NULL;
        struct device *device = answered(bus, result, user_data, &well, &cause);
        if (device && device->runs && !well) {
                mitome_error error = { 0 };
                (void)failed(refusal(device, cause, &error));
                fprintf(stderr, "mitome-matcher: fprintd: %s\n", error.field);
                device->outcome = SENSOR_CANCELLED;
                device->stopping = true;
                call_later(device, "Release", NULL, ANSWER_MS, on_released);
        } else if (device && device->runs) {
                device->started = true;
                await_again(device);
        }
        g_clear_error(&cause);
}

static mitome_status begin(struct device *device, bool enrols, const struct sensor_set *set,
        const struct sensor_watcher *watcher, mitome_error *error)
{
        if (device->runs)
                return fail(error, MITOME_E_GATE_BUSY, "sensor", NULL);
        device->enrols = enrols;
        MITOME_TRY(claim(device, error));
        mitome_status status = choose_finger(device, set, error);
        if (failed(status)) {
                release(device);
                return status;
        }
        device->watcher = *watcher;
        device->runs = true;
        device->started = device->stopping = device->cancelled = device->touched = false;
        device->remaining = device->samples;
        call_later(device, enrols ? "EnrollStart" : "VerifyStart", g_variant_new("(s)", device->finger),
                PERMISSION_MS, on_started);
        return ok();
}

static mitome_status enrol(void *context, const struct sensor_set *set, slice id,
        const struct sensor_watcher *watcher, mitome_error *error)
{
        (void)id;
        return begin(context, true, set, watcher, error);
}

static mitome_status verify(void *context, const struct sensor_set *set, const struct sensor_watcher *watcher,
        mitome_error *error)
{
        return begin(context, false, set, watcher, error);
}

/* A finger that lay on the reader may have been compared, though nobody says with what result. */
static void cancel(void *context)
{
        struct device *device = context;
        if (!device->runs || device->cancelled || device->stopping)
                return;
        device->cancelled = true;
        device->outcome = device->touched && !device->enrols ? SENSOR_NO_MATCH : SENSOR_CANCELLED;
        if (!device->started)
                forget_calls(device); /* whether it begins at all is of no interest any more */
        stop(device);
}

static gint by_name(gconstpointer one, gconstpointer other)
{
        return g_strcmp0(*(const gchar *const *)one, *(const gchar *const *)other);
}

static mitome_status list(void *context, const struct sensor_set *set, uint8_t ret_survey[SENSOR_SURVEY_SIZE],
        mitome_error *error)
{
        static const char label[] = "mitome fprintd 1";
        struct device *device = context;
        mitome_status status = ok();
        (void)set;
        gchar **enrolled = enrolled_fingers(device, &status, error);
        if (!enrolled)
                return status;
        GPtrArray *names = g_ptr_array_new();
        for (size_t i = 0; enrolled[i]; i++)
                g_ptr_array_add(names, enrolled[i]);
        g_ptr_array_sort(names, by_name);
        g_ptr_array_add(names, NULL);
        gchar *line = g_strjoinv("\n", (gchar **)names->pdata);
        const slice parts[] = { SLICE(label), slice_text(line) };
        sha256(parts, G_N_ELEMENTS(parts), ret_survey);
        g_free(line);
        g_ptr_array_unref(names);
        g_strfreev(enrolled);
        return ok();
}

static bool is_finger_name(slice kept)
{
        for (size_t i = 0; i < G_N_ELEMENTS(finger_names); i++)
                if (slice_is(kept, finger_names[i]))
                        return true;
        return false;
}

/* One that fprintd does not have any more is removed already. */
static mitome_status remove_finger(void *context, const struct sensor_finger *finger, mitome_error *error)
{
        struct device *device = context;
        const struct sensor_set set = { finger, 1 };
        mitome_status status = ok();
        if (device->runs)
                return fail(error, MITOME_E_GATE_BUSY, "sensor", NULL);
        if (!is_finger_name(finger->kept))
                return ok();
        gchar **enrolled = enrolled_fingers(device, &status, error);
        if (!enrolled)
                return status;
        const char *name = NULL;
        for (size_t i = 0; enrolled[i]; i++)
                if (keeps(&set, enrolled[i]))
                        name = enrolled[i];
        if (name) {
                status = claim(device, error);
                if (!failed(status)) {
                        status = call_device(
                                device, "DeleteEnrolledFinger", g_variant_new("(s)", name), error);
                        release(device);
                }
        }
        g_strfreev(enrolled);
        return status;
}

/* ---- opening it ---- */

static void close_reader(void *context)
{
        struct device *device = context;
        if (!device)
                return;
        if (device->runs && device->bus)
                release(device); /* which also ends what it does */
        g_cancellable_cancel(device->calls);
        for (size_t i = 0; i < G_N_ELEMENTS(device->signals); i++)
                if (device->signals[i])
                        g_dbus_connection_signal_unsubscribe(device->bus, device->signals[i]);
        g_clear_handle_id(&device->watch, g_bus_unwatch_name);
        g_object_unref(device->calls);
        g_clear_object(&device->bus);
        g_free(device->path);
        g_free(device);
}

static mitome_status find_device(struct device *device, mitome_error *error)
{
        GError *cause = NULL;
        GVariant *answer = call(device, manager_path, manager_interface, "GetDefaultDevice", NULL, &cause);
        mitome_status status = ok();
        if (answer && g_variant_is_of_type(answer, G_VARIANT_TYPE("(o)")))
                g_variant_get(answer, "(o)", &device->path);
        else
                status = refusal(device, cause, error);
        g_clear_error(&cause);
        if (answer)
                g_variant_unref(answer);
        return status;
}

/* How many samples an enrolment takes it says only to who has claimed it. */
static mitome_status learn(struct device *device, mitome_error *error)
{
        MITOME_TRY(claim(device, error));
        GVariant *stages = property(device, "num-enroll-stages", "i");
        GVariant *needed = property(device, "finger-needed", "b");
        gint32 count = stages ? g_variant_get_int32(stages) : SAMPLES_UNKNOWN;
        device->samples = (uint8_t)(count >= 1 && count <= GATE_SAMPLES_MAX ? count : SAMPLES_UNKNOWN);
        device->says_when = needed != NULL;
        if (stages)
                g_variant_unref(stages);
        if (needed)
                g_variant_unref(needed);
        release(device);
        return ok();
}

static void listen_to(struct device *device)
{
        static const char *const statuses[] = { "VerifyStatus", "EnrollStatus" };
        for (size_t i = 0; i < G_N_ELEMENTS(statuses); i++)
                device->signals[i] = g_dbus_connection_signal_subscribe(device->bus, service,
                        device_interface, statuses[i], device->path, NULL, G_DBUS_SIGNAL_FLAGS_NONE,
                        on_status, device, NULL);
        device->signals[2] = g_dbus_connection_signal_subscribe(device->bus, service, properties_interface,
                "PropertiesChanged", device->path, device_interface, G_DBUS_SIGNAL_FLAGS_NONE, on_properties,
                device, NULL);
        device->watch = g_bus_watch_name_on_connection(
                device->bus, service, G_BUS_NAME_WATCHER_FLAGS_NONE, NULL, on_vanished, device, NULL);
}

static mitome_status open_reader(struct device *device, mitome_error *error)
{
        device->bus = g_bus_get_sync(G_BUS_TYPE_SYSTEM, NULL, NULL);
        if (!device->bus)
                return fail(error, MITOME_E_SENSOR_SERVICE, "there is no system bus", NULL);
        g_dbus_connection_set_exit_on_close(device->bus, FALSE);
        MITOME_TRY(find_device(device, error));
        MITOME_TRY(learn(device, error));
        listen_to(device);
        return ok();
}

static const struct sensor sensor_fprintd = {
        .version = SENSOR_VERSION,
        .name = "fprintd",
        .modality = UNLOCK_FINGER,
        .class = MATCHER_CONVENIENCE,
        .enrol = enrol,
        .verify = verify,
        .cancel = cancel,
        .list = list,
        .remove = remove_finger,
        .close = close_reader,
};

mitome_status sensor_fprintd_open(const struct sensor_config *config, struct sensor *ret, mitome_error *error)
{
        struct device *device = g_new0(struct device, 1);
        device->verbose = config->verbose;
        device->calls = g_cancellable_new();
        mitome_status status =
                config->argument && config->argument[0]
                        ? fail(error, MITOME_E_VALUE, "--sensor fprintd (it takes nothing more)", NULL)
                        : open_reader(device, error);
        if (failed(status)) {
                close_reader(device);
                return status;
        }
        *ret = sensor_fprintd;
        ret->samples = device->samples;
        ret->context = device;
        return ok();
}
