/* SPDX-License-Identifier: Apache-2.0 */

/* The sensor at the real fprintd, on a bus of its own: its reader is libfprint's virtual one, fed with grown
 * fingers, and what polkit would ask a person is answered by a mock. Skips where one of them is missing. */

#include "grow_finger.h"
#include "matcher_class.h"
#include "matcher_gate.h"
#include "p256.h"
#include "random_system.h"
#include "sensor_fprintd.h"
#include "sensor_rig.h"

#include <gio/gio.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum {
        PATIENCE_MS = 40000,
        STAGES = 6 /* the first of them looks whether the finger is known */,
        FINGERS = 3,
        START_MS = 10000,
        STEP_MS = 50
};

static const char fprintd_program[] = "/usr/libexec/fprintd";

struct hand {
        struct finger fingers[FINGERS];
        unsigned laid; /* which one */
        uint64_t touch;
        bool idle; /* lays nothing */
};

struct stage {
        struct sensor_rig rig;
        struct hand hand;
        const char *missing; /* why this cannot be played here */
        char image[96], address[96];
        pid_t bus, polkit, fprintd;
};

/* ---- the other processes ---- */

static pid_t start(const char *const *words, const char *const *environment)
{
        pid_t process = fork();
        if (process != 0)
                return process;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (size_t i = 0; environment && environment[i]; i += 2)
                setenv(environment[i], environment[i + 1], 1);
        if (!freopen("/dev/null", "w", stdout) ||
                (!getenv("MITOME_VERBOSE") && !freopen("/dev/null", "w", stderr)))
                _exit(126);
        execvp(words[0], (char *const *)(uintptr_t)words);
        _exit(127);
}

static void end(pid_t *process)
{
        if (*process <= 0)
                return;
        kill(*process, SIGKILL);
        waitpid(*process, NULL, 0);
        *process = 0;
}

static bool has_owner(const char *name)
{
        GDBusConnection *bus = g_bus_get_sync(G_BUS_TYPE_SYSTEM, NULL, NULL);
        gboolean owned = FALSE;
        if (!bus)
                return false;
        g_dbus_connection_set_exit_on_close(bus, FALSE);
        GVariant *answer = g_dbus_connection_call_sync(bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                "org.freedesktop.DBus", "NameHasOwner", g_variant_new("(s)", name), NULL,
                G_DBUS_CALL_FLAGS_NONE, 1000, NULL, NULL);
        if (answer) {
                g_variant_get(answer, "(b)", &owned);
                g_variant_unref(answer);
        }
        g_object_unref(bus);
        return owned;
}

static bool await_owner(const char *name)
{
        for (int waited = 0; waited < START_MS; waited += STEP_MS) {
                if (has_owner(name))
                        return true;
                g_usleep(STEP_MS * 1000);
        }
        return false;
}

static bool start_bus(struct stage *stage)
{
        char *text = g_strdup_printf(
                "<busconfig><type>system</type><listen>unix:path=%s/bus</listen>"
                "<policy context=\"default\"><allow user=\"*\"/><allow own=\"*\"/>"
                "<allow send_destination=\"*\" eavesdrop=\"true\"/><allow eavesdrop=\"true\"/>"
                "</policy></busconfig>\n",
                stage->rig.folder);
        char *path = sensor_rig_write(&stage->rig, "bus.conf", text, 0600);
        char *option = g_strdup_printf("--config-file=%s", path);
        const char *const words[] = { "dbus-daemon", option, "--nofork", "--nopidfile", NULL };
        snprintf(stage->address, sizeof stage->address, "unix:path=%s/bus", stage->rig.folder);
        setenv("DBUS_SYSTEM_BUS_ADDRESS", stage->address, 1);
        stage->bus = start(words, NULL);
        g_free(option);
        g_free(path);
        g_free(text);
        return stage->bus > 0 && await_owner("org.freedesktop.DBus");
}

static bool start_polkit(struct stage *stage)
{
        const char *const words[] = { "/usr/bin/python3", "-m", "dbusmock", "--system", "--template",
                "polkitd", NULL };
        stage->polkit = start(words, NULL);
        return stage->polkit > 0 && await_owner("org.freedesktop.PolicyKit1");
}

/* What polkit answers to whoever is asked about. */
static void allow(bool allowed)
{
        GDBusConnection *bus = g_bus_get_sync(G_BUS_TYPE_SYSTEM, NULL, NULL);
        assert_non_null(bus);
        GVariant *answer = g_dbus_connection_call_sync(bus, "org.freedesktop.PolicyKit1",
                "/org/freedesktop/PolicyKit1/Authority", "org.freedesktop.DBus.Mock", "AllowUnknown",
                g_variant_new("(b)", allowed), NULL, G_DBUS_CALL_FLAGS_NONE, 5000, NULL, NULL);
        assert_non_null(answer);
        g_variant_unref(answer);
        g_object_unref(bus);
}

static bool start_fprintd(struct stage *stage)
{
        const char *const words[] = { fprintd_program, "-t", NULL };
        const char *const environment[] = { "FP_VIRTUAL_IMAGE", stage->image, "FP_DRIVERS_WHITELIST",
                "virtual_image", "STATE_DIRECTORY", stage->rig.folder, NULL };
        stage->fprintd = start(words, environment);
        return stage->fprintd > 0 && await_owner("net.reactivated.Fprint");
}

static const char *play_all(struct stage *stage)
{
        if (access(fprintd_program, X_OK) != 0)
                return "fprintd is not installed";
        if (!start_bus(stage))
                return "no bus of its own can be started (dbus-daemon)";
        if (!start_polkit(stage))
                return "polkit's mock does not start (python3-dbusmock)";
        allow(true);
        if (!start_fprintd(stage))
                return "fprintd does not start here";
        return NULL;
}

static int set_up(void **state)
{
        struct stage *stage = calloc(1, sizeof *stage);
        if (!stage)
                return -1;
        sensor_rig_open(&stage->rig);
        snprintf(stage->image, sizeof stage->image, "%s/image", stage->rig.folder);
        stage->missing = play_all(stage);
        if (stage->missing)
                print_message("skipped: %s\n", stage->missing);
        for (unsigned i = 0; i < FINGERS; i++)
                if (failed(finger_grow(300 + i, &stage->hand.fingers[i], NULL)))
                        return -1;
        stage->rig.test = &stage->hand;
        *state = stage;
        return 0;
}

static int tear_down(void **state)
{
        struct stage *stage = *state;
        if (!stage)
                return 0;
        end(&stage->fprintd);
        end(&stage->polkit);
        end(&stage->bus);
        sensor_rig_close(&stage->rig);
        free(stage);
        return 0;
}

/* ---- the hand ---- */

static void send_image(const struct stage *stage, const int32_t sides[2], slice grey)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        strcpy(address.sun_path, stage->image);
        assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
        assert_int_equal(write(fd, sides, 2 * sizeof sides[0]), 2 * sizeof sides[0]);
        assert_int_equal(write(fd, grey.data, grey.size), grey.size);
        close(fd);
}

static void lay(const struct stage *stage, const struct finger *finger, uint64_t touch_seed)
{
        static uint8_t image[FINGER_SIZE];
        static const int32_t sides[] = { FINGER_WIDTH, FINGER_HEIGHT };
        const struct finger_touch how = finger_usual_touch(touch_seed);
        finger_press(finger, &how, image);
        send_image(stage, sides, SLICE(image));
}

static struct stage *stage_of(struct sensor_rig *rig)
{
        return (struct stage *)(void *)rig; /* its first member */
}

static void touch(struct sensor_rig *rig)
{
        struct stage *stage = stage_of(rig);
        if (!stage->hand.idle)
                lay(stage, &stage->hand.fingers[stage->hand.laid], stage->hand.touch++);
}

static struct sensor_rig *open_sensor(struct stage *stage)
{
        const struct sensor_config config = { .folder = stage->rig.folder,
                .verbose = getenv("MITOME_VERBOSE") };
        if (stage->missing)
                skip();
        if (!stage->rig.sensor.close)
                assert_int_equal(sensor_fprintd_open(&config, &stage->rig.sensor, NULL).code, MITOME_OK);
        stage->rig.on_ready = touch;
        stage->rig.cancel_at = EVENT_NOTHING;
        stage->hand.idle = false;
        return &stage->rig;
}

static void survey_of(struct sensor_rig *rig, uint8_t survey[SENSOR_SURVEY_SIZE])
{
        assert_int_equal(rig->sensor.list(rig->sensor.context, &rig->set, survey, NULL).code, MITOME_OK);
}

/* ---- the tests; the later ones go on with what the earlier ones left ---- */

static uint8_t kept[2][32];

static void it_is_never_more_than_a_convenience(void **state)
{
        struct sensor_rig *rig = open_sensor(*state);
        assert_string_equal(rig->sensor.name, "fprintd");
        assert_int_equal(rig->sensor.class, MATCHER_CONVENIENCE);
        assert_int_equal(rig->sensor.modality, UNLOCK_FINGER);
        assert_int_equal(rig->sensor.samples, STAGES);
        const struct sensor_config config = { .argument = "something" };
        struct sensor other = { 0 };
        assert_int_equal(sensor_fprintd_open(&config, &other, NULL).code, MITOME_E_VALUE);
}

static void without_fingers_nothing_is_verified(void **state)
{
        struct sensor_rig *rig = open_sensor(*state);
        const struct sensor_watcher nobody = { 0 };
        assert_int_equal(rig->sensor.verify(rig->sensor.context, &rig->set, &nobody, NULL).code,
                MITOME_E_GATE_NO_FINGER);
}

static void a_finger_is_enrolled_at_fprintd(void **state)
{
        struct sensor_rig *rig = open_sensor(*state);
        uint8_t before[SENSOR_SURVEY_SIZE], after[SENSOR_SURVEY_SIZE];
        survey_of(rig, before);
        rig->set.count = 0;
        sensor_rig_enrol(rig, PATIENCE_MS);
        assert_int_equal(rig->ended, 1);
        assert_int_equal(rig->outcome, SENSOR_ENROLLED);
        assert_int_equal(rig->samples, STAGES);
        assert_int_equal(rig->ready, STAGES);
        assert_int_equal(rig->remaining, 0);
        assert_memory_equal(rig->kept, "right-index-finger", rig->kept_size);
        sensor_rig_keep(rig, 0, kept[0]);
        rig->set.count = 1;
        survey_of(rig, after);
        assert_memory_not_equal(before, after, sizeof after);
}

static void it_opens_and_another_one_does_not(void **state)
{
        struct sensor_rig *rig = open_sensor(*state);
        struct stage *stage = *state;
        sensor_rig_verify(rig, PATIENCE_MS);
        assert_int_equal(rig->outcome, SENSOR_MATCH);
        assert_int_equal(rig->ready, 1);
        stage->hand.laid = 1;
        sensor_rig_verify(rig, PATIENCE_MS);
        assert_int_equal(rig->outcome, SENSOR_NO_MATCH);
        stage->hand.laid = 0;
}

/* Somebody on the bus who is not fprintd, but speaks as it does; then comes a finger that is not known. */
static void forge_a_match(struct sensor_rig *rig)
{
        static const char *const paths[] = { "/net/reactivated/Fprint/Device/0",
                "/net/reactivated/Fprint/Device/1" };
        struct stage *stage = stage_of(rig);
        GDBusConnection *bus = g_dbus_connection_new_for_address_sync(stage->address,
                G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                        G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                NULL, NULL, NULL);
        assert_non_null(bus);
        for (size_t i = 0; i < G_N_ELEMENTS(paths); i++)
                assert_true(
                        g_dbus_connection_emit_signal(bus, NULL, paths[i], "net.reactivated.Fprint.Device",
                                "VerifyStatus", g_variant_new("(sb)", "verify-match", TRUE), NULL));
        assert_true(g_dbus_connection_flush_sync(bus, NULL, NULL));
        g_object_unref(bus);
        touch(rig);
}

static void a_match_forged_by_another_one_on_the_bus_opens_nothing(void **state)
{
        struct sensor_rig *rig = open_sensor(*state);
        struct stage *stage = *state;
        rig->on_ready = forge_a_match;
        stage->hand.laid = 1;
        sensor_rig_verify(rig, PATIENCE_MS);
        assert_int_equal(rig->outcome, SENSOR_NO_MATCH);
        stage->hand.laid = 0;
}

static void a_cancelled_verification_frees_the_reader(void **state)
{
        struct sensor_rig *rig = open_sensor(*state);
        struct stage *stage = *state;
        const struct sensor_watcher nobody = { 0 };
        stage->hand.idle = true;
        rig->cancel_at = EVENT_READY;
        sensor_rig_verify(rig, PATIENCE_MS);
        assert_int_equal(rig->ended, 1);
        assert_int_equal(rig->outcome, SENSOR_CANCELLED);
        rig->cancel_at = EVENT_NOTHING;
        sensor_rig_verify(rig, 300); /* nobody comes */
        assert_int_equal(rig->ended, 0);
        assert_int_equal(
                rig->sensor.verify(rig->sensor.context, &rig->set, &nobody, NULL).code, MITOME_E_GATE_BUSY);
        rig->sensor.cancel(rig->sensor.context);
        sensor_rig_wait(rig, PATIENCE_MS);
        assert_int_equal(rig->outcome, SENSOR_CANCELLED);
        stage->hand.idle = false;
        sensor_rig_verify(rig, PATIENCE_MS);
        assert_int_equal(rig->outcome, SENSOR_MATCH);
}

static void a_cancelled_enrolment_adds_nothing(void **state)
{
        struct sensor_rig *rig = open_sensor(*state);
        struct stage *stage = *state;
        uint8_t before[SENSOR_SURVEY_SIZE], after[SENSOR_SURVEY_SIZE];
        survey_of(rig, before);
        stage->hand.laid = 1;
        rig->cancel_at = EVENT_SAMPLE;
        sensor_rig_enrol(rig, PATIENCE_MS);
        assert_int_equal(rig->outcome, SENSOR_CANCELLED);
        assert_int_equal(rig->samples, 1);
        assert_int_equal(rig->kept_size, 0);
        rig->cancel_at = EVENT_NOTHING;
        survey_of(rig, after);
        assert_memory_equal(before, after, sizeof after);
}

static void the_same_finger_is_not_enrolled_twice(void **state)
{
        struct sensor_rig *rig = open_sensor(*state);
        struct stage *stage = *state;
        stage->hand.laid = 0;
        sensor_rig_enrol(rig, PATIENCE_MS);
        assert_int_equal(rig->outcome, SENSOR_CANCELLED);
        assert_int_equal(rig->hint, MITOME_GATE_HINT_KNOWN);
}

/* A finger lies there, and no image is taken of it. */
static void only_touch(struct sensor_rig *rig)
{
        static const int32_t finger_on[] = { -4, 1 };
        send_image(stage_of(rig), finger_on, slice_of(NULL, 0));
}

/* Who lays a finger and is quick to cancel does not get the try back. */
static void a_cancel_with_the_finger_on_the_reader_counts(void **state)
{
        struct sensor_rig *rig = open_sensor(*state);
        rig->on_ready = only_touch;
        sensor_rig_verify(rig, 1500);
        assert_int_equal(rig->ended, 0);
        assert_int_equal(rig->ready, 1);
        rig->sensor.cancel(rig->sensor.context);
        sensor_rig_wait(rig, PATIENCE_MS);
        assert_int_equal(rig->ended, 1);
        assert_int_equal(rig->outcome, SENSOR_NO_MATCH);
}

static void with_two_fingers_either_opens(void **state)
{
        struct sensor_rig *rig = open_sensor(*state);
        struct stage *stage = *state;
        stage->hand.laid = 1;
        sensor_rig_enrol(rig, PATIENCE_MS);
        assert_int_equal(rig->outcome, SENSOR_ENROLLED);
        assert_memory_equal(rig->kept, "left-index-finger", rig->kept_size);
        sensor_rig_keep(rig, 1, kept[1]);
        rig->set.count = 2;
        for (unsigned i = 0; i < FINGERS; i++) {
                stage->hand.laid = i;
                sensor_rig_verify(rig, PATIENCE_MS);
                assert_int_equal(rig->outcome, i < 2 ? SENSOR_MATCH : SENSOR_NO_MATCH);
        }
        stage->hand.laid = 0;
}

/* The desktop's settings know nothing of us. */
static void a_finger_added_at_the_desktop_changes_the_survey(void **state)
{
        struct sensor_rig *rig = open_sensor(*state);
        struct stage *stage = *state;
        const struct sensor_watcher nobody = { 0 };
        uint8_t before[SENSOR_SURVEY_SIZE], after[SENSOR_SURVEY_SIZE];
        survey_of(rig, before);
        stage->hand.laid = 2;
        sensor_rig_enrol(rig, PATIENCE_MS); /* as if another program had */
        assert_int_equal(rig->outcome, SENSOR_ENROLLED);
        survey_of(rig, after);
        assert_memory_not_equal(before, after, sizeof after);
        /* "any" would open to that one, too. */
        assert_int_equal(rig->sensor.verify(rig->sensor.context, &rig->set, &nobody, NULL).code,
                MITOME_E_SENSOR_OTHERS);
        rig->set.count = 1; /* one can be asked for by name */
        sensor_rig_verify(rig, PATIENCE_MS);
        assert_int_equal(rig->outcome, SENSOR_NO_MATCH);
        stage->hand.laid = 0;
        sensor_rig_verify(rig, PATIENCE_MS);
        assert_int_equal(rig->outcome, SENSOR_MATCH);
        static const uint8_t theirs[] = "right-thumb";
        const struct sensor_finger third = { .id = SLICE(rig->ids[1]), .kept = slice_of(theirs, 11) };
        assert_int_equal(rig->sensor.remove(rig->sensor.context, &third, NULL).code, MITOME_OK);
        survey_of(rig, after);
        assert_memory_equal(before, after, sizeof after);
}

static void a_removed_finger_is_gone_from_fprintd(void **state)
{
        struct sensor_rig *rig = open_sensor(*state);
        const struct sensor_watcher nobody = { 0 };
        assert_int_equal(rig->sensor.remove(rig->sensor.context, &rig->fingers[1], NULL).code, MITOME_OK);
        assert_int_equal(rig->sensor.remove(rig->sensor.context, &rig->fingers[1], NULL).code, MITOME_OK);
        const struct sensor_set gone = { &rig->fingers[1], 1 };
        assert_int_equal(
                rig->sensor.verify(rig->sensor.context, &gone, &nobody, NULL).code, MITOME_E_GATE_NO_FINGER);
        /* A handle that is none removes nothing. */
        const struct sensor_finger odd = { .id = SLICE(rig->ids[1]), .kept = slice_text("any") };
        assert_int_equal(rig->sensor.remove(rig->sensor.context, &odd, NULL).code, MITOME_OK);
        rig->set.count = 1;
        sensor_rig_verify(rig, PATIENCE_MS);
        assert_int_equal(rig->outcome, SENSOR_MATCH);
}

static void what_polkit_denies_is_said_and_costs_nothing(void **state)
{
        struct sensor_rig *rig = open_sensor(*state);
        const struct sensor_watcher nobody = { 0 };
        mitome_error error = { 0 };
        allow(false);
        assert_int_equal(rig->sensor.verify(rig->sensor.context, &rig->set, &nobody, &error).code,
                MITOME_E_SENSOR_SERVICE);
        assert_string_equal(error.field, "this user may not");
        allow(true);
        sensor_rig_verify(rig, PATIENCE_MS);
        assert_int_equal(rig->outcome, SENSOR_MATCH);
}

static void kill_it(struct sensor_rig *rig)
{
        end(&stage_of(rig)->fprintd);
}

static void an_fprintd_that_dies_breaks_the_request_and_is_found_again(void **state)
{
        struct sensor_rig *rig = open_sensor(*state);
        struct stage *stage = *state;
        const struct sensor_watcher nobody = { 0 };
        rig->on_ready = kill_it;
        sensor_rig_verify(rig, PATIENCE_MS);
        assert_int_equal(rig->ended, 1);
        assert_int_equal(rig->outcome, SENSOR_BROKEN);
        assert_int_equal(rig->sensor.verify(rig->sensor.context, &rig->set, &nobody, NULL).code,
                MITOME_E_SENSOR_SERVICE);
        unlink(stage->image);
        assert_true(start_fprintd(stage));
        rig->on_ready = touch;
        sensor_rig_verify(rig, PATIENCE_MS);
        assert_int_equal(rig->outcome, SENSOR_MATCH);
}

/* ---- the whole way: the matcher's process, sealed off as it is, and this side its core and its element ----
 */

struct client {
        struct matcher_gate *matcher;
        struct mitome_gate gate;
        struct secret key;
        uint8_t challenge[UNLOCK_CHALLENGE_SIZE];
        uint8_t entry[UNLOCK_ENTRY_SIZE];
        struct mitome_gate_event event; /* the last one */
};

static void connect_client(struct client *client, const struct stage *stage)
{
        const struct mitome_random random = random_system();
        char *state = g_build_filename(stage->rig.folder, "matcher", NULL);
        char *bus = g_strdup_printf("DBUS_SYSTEM_BUS_ADDRESS=%s", stage->address);
        const char *const environment[] = { bus, "ASAN_OPTIONS=detect_leaks=0", NULL };
        const struct matcher_gate_config config = { .program = getenv("MITOME_MATCHER"),
                .state = state,
                .sensor = "fprintd",
                .environment = environment };
        struct secret scalar;
        uint8_t element[PAIRING_POINT_SIZE], point[PAIRING_POINT_SIZE], confirmation[SHA256_SIZE];
        assert_int_equal(matcher_gate_start(&config, &client->matcher, NULL).code, MITOME_OK);
        client->gate = matcher_gate(client->matcher);
        assert_int_equal(p256_generate(&random, &scalar, element, NULL).code, MITOME_OK);
        assert_int_equal(matcher_gate_point(client->matcher, point, NULL).code, MITOME_OK);
        assert_int_equal(
                matcher_gate_pair(client->matcher, SLICE(element), confirmation, NULL).code, MITOME_OK);
        assert_int_equal(pairing_derive(secret_view(&scalar), SLICE(point), SLICE(element), SLICE(point),
                                 &client->key, NULL)
                                 .code,
                MITOME_OK);
        g_free(bus);
        g_free(state);
}

/* What was asked, to its end; the hand touches whenever a finger is awaited. */
static void ask(struct client *client, struct stage *stage, enum mitome_gate_purpose purpose)
{
        static const uint8_t hash[SHA256_SIZE] = { 0xC1 }, id[GATE_FINGER_ID_SIZE] = { 0x1D };
        const bool verifies = purpose == MITOME_GATE_VERIFY;
        memset(client->challenge, client->challenge[0] + 1, sizeof client->challenge);
        unlock_entry_seal(&(struct unlock_entry){ .entered = 1, .number = client->challenge[0] },
                verifies ? UNLOCK_VERIFIED : UNLOCK_ENROLLED, SLICE(client->challenge),
                secret_view(&client->key), client->entry);
        const struct mitome_gate_request request = { .purpose = purpose,
                .command = verifies ? 0x02 : 0x09,
                .rp_id = verifies ? slice_text("portal.example.jp") : slice_of(NULL, 0),
                .client_data_hash = verifies ? SLICE(hash) : slice_of(NULL, 0),
                .finger_id = verifies ? slice_of(NULL, 0) : SLICE(id),
                .challenge = SLICE(client->challenge),
                .entry = SLICE(client->entry),
                .timeout_ms = PATIENCE_MS };
        assert_int_equal(client->gate.start(client->gate.context, &request, NULL).code, MITOME_OK);
        do {
                assert_int_equal(
                        client->gate.poll(client->gate.context, 1000, &client->event, NULL).code, MITOME_OK);
                if (client->event.kind == MITOME_GATE_AWAITS)
                        lay(stage, &stage->hand.fingers[stage->hand.laid], stage->hand.touch++);
        } while (!MITOME_GATE_IS_FINAL(client->event.kind));
}

static void expect_token(const struct client *client, enum unlock_purpose purpose)
{
        struct unlock_token token = { 0 };
        assert_int_equal(client->event.kind, MITOME_GATE_EVIDENCE);
        assert_int_equal(
                unlock_token_open(SLICE(client->event.evidence), secret_view(&client->key), &token, NULL)
                        .code,
                MITOME_OK);
        assert_int_equal(token.purpose, purpose);
        assert_memory_equal(token.challenge, client->challenge, sizeof token.challenge);
}

static void the_matcher_enrols_and_opens_through_fprintd(void **state)
{
        struct sensor_rig *rig = open_sensor(*state);
        struct stage *stage = *state;
        struct client client = { 0 };
        struct matcher_status status, after;
        connect_client(&client, stage);
        assert_int_equal(matcher_gate_status(client.matcher, &status, NULL).code, MITOME_OK);
        assert_string_equal(status.sensor, "fprintd");
        assert_int_equal(status.class, MATCHER_CONVENIENCE);
        stage->hand.laid = 2;
        ask(&client, stage, MITOME_GATE_ENROL);
        expect_token(&client, UNLOCK_ENROLLED);
        ask(&client, stage, MITOME_GATE_VERIFY);
        expect_token(&client, UNLOCK_VERIFIED);
        stage->hand.laid = 0; /* enrolled at the desktop, not here */
        ask(&client, stage, MITOME_GATE_VERIFY);
        assert_int_equal(client.event.kind, MITOME_GATE_NO_MATCH);
        /* Somebody takes a finger away at the desktop: another set, which the element does not know. */
        assert_int_equal(matcher_gate_status(client.matcher, &status, NULL).code, MITOME_OK);
        assert_int_equal(rig->sensor.remove(rig->sensor.context, &rig->fingers[0], NULL).code, MITOME_OK);
        stage->hand.laid = 2;
        ask(&client, stage, MITOME_GATE_VERIFY);
        assert_int_equal(matcher_gate_status(client.matcher, &after, NULL).code, MITOME_OK);
        assert_memory_not_equal(status.set, after.set, sizeof after.set);
        matcher_gate_close(client.matcher);
}

static void without_fprintd_there_is_no_sensor(void **state)
{
        struct stage *stage = *state;
        struct sensor other = { 0 };
        const struct sensor_config config = { 0 };
        if (stage->missing)
                skip();
        end(&stage->fprintd);
        assert_int_equal(sensor_fprintd_open(&config, &other, NULL).code, MITOME_E_SENSOR_SERVICE);
        assert_null(other.close);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(it_is_never_more_than_a_convenience),
                cmocka_unit_test(without_fingers_nothing_is_verified),
                cmocka_unit_test(a_finger_is_enrolled_at_fprintd),
                cmocka_unit_test(it_opens_and_another_one_does_not),
                cmocka_unit_test(a_match_forged_by_another_one_on_the_bus_opens_nothing),
                cmocka_unit_test(a_cancelled_verification_frees_the_reader),
                cmocka_unit_test(a_cancelled_enrolment_adds_nothing),
                cmocka_unit_test(the_same_finger_is_not_enrolled_twice),
                cmocka_unit_test(a_cancel_with_the_finger_on_the_reader_counts),
                cmocka_unit_test(with_two_fingers_either_opens),
                cmocka_unit_test(a_finger_added_at_the_desktop_changes_the_survey),
                cmocka_unit_test(a_removed_finger_is_gone_from_fprintd),
                cmocka_unit_test(what_polkit_denies_is_said_and_costs_nothing),
                cmocka_unit_test(an_fprintd_that_dies_breaks_the_request_and_is_found_again),
                cmocka_unit_test(the_matcher_enrols_and_opens_through_fprintd),
                cmocka_unit_test(without_fprintd_there_is_no_sensor),
        };
        return cmocka_run_group_tests(tests, set_up, tear_down);
}
