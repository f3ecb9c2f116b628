/* SPDX-License-Identifier: Apache-2.0 */
#include "hand.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* A gate that says what it is told to say, and a sensor that writes down the first pixel of each image. */

enum { PATH_SIZE = 64, SIDE = 48, POLLS = 50, HEADER = 8 };

static char folder[] = "/tmp/mitome-hand-XXXXXX";
static char sensor[PATH_SIZE], laid[PATH_SIZE], sums[PATH_SIZE], first[PATH_SIZE], second[PATH_SIZE];
static pid_t sensor_process;

static struct double_gate {
        enum mitome_gate_event_kind next;
        enum mitome_gate_hint hint;
        unsigned started, cancelled;
} gate_double;

static mitome_status start(void *context, const struct mitome_gate_request *request, mitome_error *error)
{
        struct double_gate *gate = context;
        (void)request;
        (void)error;
        gate->started++;
        return (mitome_status){ MITOME_OK };
}

static mitome_status poll_gate(void *context, int wait_ms, struct mitome_gate_event *ret, mitome_error *error)
{
        struct double_gate *gate = context;
        (void)error;
        poll(NULL, 0, wait_ms);
        *ret = (struct mitome_gate_event){ .kind = gate->next, .hint = gate->hint };
        gate->next = MITOME_GATE_NOTHING;
        return (mitome_status){ MITOME_OK };
}

static void cancel(void *context)
{
        struct double_gate *gate = context;
        gate->cancelled++;
}

/* ---- the sensor, a process ---- */

static size_t read_image(int fd, uint8_t *image, size_t capacity)
{
        size_t size = 0;
        for (ssize_t count; size < capacity && (count = read(fd, image + size, capacity - size)) > 0;)
                size += (size_t)count;
        return size;
}

static void append_line(const char *path, const char *line, int length)
{
        int out = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        (void)!write(out, line, (size_t)length);
        close(out);
}

/* FNV-1a: tells images apart. */
static uint64_t sum_of(const uint8_t *bytes, size_t size)
{
        uint64_t sum = UINT64_C(0xCBF29CE484222325);
        for (size_t i = 0; i < size; i++)
                sum = (sum ^ bytes[i]) * UINT64_C(0x100000001B3);
        return sum;
}

static _Noreturn void be_sensor(int listener)
{
        static uint8_t image[HEADER + 400 * 400];
        for (;;) {
                const uint8_t taken = 1;
                int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
                size_t size = read_image(fd, image, sizeof image);
                char line[32];
                append_line(sums, line,
                        snprintf(line, sizeof line, "%016llx ", (unsigned long long)sum_of(image, size)));
                append_line(laid, line, snprintf(line, sizeof line, "%zu:%c ", size - HEADER, image[HEADER]));
                (void)!write(fd, &taken, 1);
                close(fd);
        }
}

static void write_image(const char *path, char grey)
{
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        fprintf(file, "P5\n%d %d\n255\n", SIDE, SIDE);
        for (int i = 0; i < SIDE * SIDE; i++)
                fputc(grey, file);
        fclose(file);
}

static int begin(void **state)
{
        struct sockaddr_un here = { .sun_family = AF_UNIX };
        (void)state;
        if (!mkdtemp(folder))
                return -1;
        snprintf(sensor, sizeof sensor, "%s/sensor", folder);
        snprintf(laid, sizeof laid, "%s/laid", folder);
        snprintf(sums, sizeof sums, "%s/sums", folder);
        snprintf(first, sizeof first, "%s/first", folder);
        snprintf(second, sizeof second, "%s/second", folder);
        write_image(first, 'A');
        write_image(second, 'B');
        snprintf(here.sun_path, sizeof here.sun_path, "%s", sensor);
        int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (bind(listener, (const struct sockaddr *)&here, sizeof here) != 0 || listen(listener, 4) != 0)
                return -1;
        sensor_process = fork();
        if (sensor_process == 0)
                be_sensor(listener);
        close(listener);
        return sensor_process > 0 ? 0 : -1;
}

static int finish(void **state)
{
        (void)state;
        kill(sensor_process, SIGKILL);
        waitpid(sensor_process, NULL, 0);
        unlink(sensor);
        unlink(laid);
        unlink(sums);
        unlink(first);
        unlink(second);
        return rmdir(folder);
}

/* What has been laid since the last call: size and first pixel of each. */
static const char *take_laid(void)
{
        static char text[512];
        int fd = open(laid, O_RDONLY | O_CLOEXEC);
        ssize_t size = fd >= 0 ? read(fd, text, sizeof text - 1) : 0;
        text[size > 0 ? size : 0] = '\0';
        if (fd >= 0)
                close(fd);
        unlink(laid);
        return text;
}

/* ---- the hand ---- */

static struct hand *open_hand(struct prompter *prompter, const char *const *images, size_t count)
{
        struct hand *hand = NULL;
        gate_double = (struct double_gate){ 0 };
        const struct hand_config config = { .gate = { .version = MITOME_GATE_VERSION,
                                                    .context = &gate_double,
                                                    .start = start,
                                                    .poll = poll_gate,
                                                    .cancel = cancel },
                .sensor = sensor,
                .prompter = prompter,
                .images = images,
                .image_count = count };
        assert_int_equal(hand_open(&config, &hand, NULL).code, MITOME_OK);
        return hand;
}

static struct prompter *open_prompter(const char *command)
{
        struct prompter *prompter;
        const struct prompter_config config = { .automatic = !command, .command = command };
        assert_int_equal(prompter_open(&config, &prompter, NULL).code, MITOME_OK);
        return prompter;
}

/* The sensor waits for a finger; then nothing new for a while. */
static void light_up(struct mitome_gate *gate)
{
        struct mitome_gate_event event;
        gate_double.next = MITOME_GATE_AWAITS;
        for (int i = 0; i < POLLS; i++)
                assert_int_equal(gate->poll(gate->context, 10, &event, NULL).code, MITOME_OK);
}

static void begin_request(struct mitome_gate *gate)
{
        const struct mitome_gate_request request = { .purpose = MITOME_GATE_VERIFY };
        assert_int_equal(gate->start(gate->context, &request, NULL).code, MITOME_OK);
}

static void images_are_laid_in_turn_each_time_the_sensor_waits(void **state)
{
        const char *const images[] = { first, second };
        (void)state;
        struct prompter *prompter = open_prompter(NULL);
        struct hand *hand = open_hand(prompter, images, 2);
        struct mitome_gate gate = hand_gate(hand);
        begin_request(&gate);
        assert_string_equal(take_laid(), "");
        for (int i = 0; i < 3; i++)
                light_up(&gate);
        assert_string_equal(take_laid(), "2304:A 2304:B 2304:A ");
        hand_close(hand);
        prompter_close(prompter);
}

/* Touches it a few times, and adds their sums to a list of which no two may be equal. */
static void touch_and_add(struct mitome_gate *gate, unsigned times, uint64_t *list, size_t *count)
{
        unlink(sums);
        for (unsigned i = 0; i < times; i++)
                light_up(gate);
        FILE *file = fopen(sums, "r");
        unsigned long long sum;
        assert_non_null(file);
        while (fscanf(file, "%16llx ", &sum) == 1)
                list[(*count)++] = sum;
        fclose(file);
        assert_non_null(strstr(take_laid(), "92160:")); /* 256 x 360 */
}

/* A matcher that has seen a touch does not take it again, from this process or the next. */
static void a_grown_finger_is_laid_otherwise_each_time_also_after_a_restart(void **state)
{
        const char *const images[] = { "grown:7" };
        uint64_t list[8];
        size_t count = 0;
        (void)state;
        struct prompter *prompter = open_prompter(NULL);
        for (int start = 0; start < 2; start++) {
                struct hand *hand = open_hand(prompter, images, 1);
                struct mitome_gate gate = hand_gate(hand);
                begin_request(&gate);
                touch_and_add(&gate, 2, list, &count);
                hand_close(hand);
        }
        assert_int_equal(count, 4);
        for (size_t i = 0; i < count; i++)
                for (size_t j = 0; j < i; j++)
                        assert_true(list[i] != list[j]);
        prompter_close(prompter);
}

static void a_finger_that_is_known_gives_way_to_the_next_one(void **state)
{
        const char *const images[] = { "grown:7", first };
        struct mitome_gate_event event;
        (void)state;
        struct prompter *prompter = open_prompter(NULL);
        struct hand *hand = open_hand(prompter, images, 2);
        struct mitome_gate gate = hand_gate(hand);
        begin_request(&gate);
        for (int i = 0; i < 3; i++) {
                gate_double.next = MITOME_GATE_RETRY;
                gate_double.hint = MITOME_GATE_HINT_KNOWN;
                assert_int_equal(gate.poll(gate.context, 0, &event, NULL).code, MITOME_OK);
                assert_int_equal(event.hint, MITOME_GATE_HINT_KNOWN); /* and the core hears of it */
                gate_double.hint = MITOME_GATE_HINT_NONE;
                light_up(&gate);
        }
        assert_non_null(strstr(take_laid(), "2304:A")); /* files are laid as they are */
        begin_request(&gate);
        light_up(&gate);
        assert_non_null(strstr(take_laid(), ":")); /* the first finger again */
        hand_close(hand);
        prompter_close(prompter);
}

static void ask(struct prompter *prompter)
{
        const struct mitome_presence presence = prompter_presence(prompter);
        presence.ask(presence.context, &(struct mitome_prompt){ .why = MITOME_PROMPT_LOGIN, .finger = true });
}

/* One yes stands for the request, and for no other one. */
static void nothing_is_laid_before_the_user_agrees(void **state)
{
        const char *const images[] = { first };
        (void)state;
        struct prompter *prompter = open_prompter("true");
        struct hand *hand = open_hand(prompter, images, 1);
        struct mitome_gate gate = hand_gate(hand);
        begin_request(&gate);
        light_up(&gate); /* nobody has been asked */
        assert_string_equal(take_laid(), "");
        ask(prompter);
        light_up(&gate);
        light_up(&gate);
        assert_string_equal(take_laid(), "2304:A 2304:A ");
        begin_request(&gate);
        light_up(&gate);
        assert_string_equal(take_laid(), "");
        hand_close(hand);
        prompter_close(prompter);
}

static void a_no_ends_the_request(void **state)
{
        const char *const images[] = { first };
        (void)state;
        struct prompter *prompter = open_prompter("false");
        struct hand *hand = open_hand(prompter, images, 1);
        struct mitome_gate gate = hand_gate(hand);
        begin_request(&gate);
        ask(prompter);
        light_up(&gate);
        assert_string_equal(take_laid(), "");
        assert_int_equal(gate_double.cancelled, 1);
        /* What the matcher then says is "nothing came"; that it was the user's will, the hand knows. */
        struct mitome_gate_event event;
        gate_double.next = MITOME_GATE_ABSENT;
        assert_int_equal(gate.poll(gate.context, 10, &event, NULL).code, MITOME_OK);
        assert_int_equal(event.kind, MITOME_GATE_DISMISSED);
        begin_request(&gate);
        gate_double.next = MITOME_GATE_ABSENT; /* of a request that he was not asked for yet */
        assert_int_equal(gate.poll(gate.context, 10, &event, NULL).code, MITOME_OK);
        assert_int_equal(event.kind, MITOME_GATE_ABSENT);
        hand_close(hand);
        prompter_close(prompter);
}

static void what_is_no_finger_is_refused(void **state)
{
        static const struct {
                const char *image;
                mitome_code code;
        } wrong[] = {
                { "grown:", MITOME_E_IMAGE_FILE },
                { "grown:1x", MITOME_E_IMAGE_FILE },
                { "grown:1234567890123", MITOME_E_IMAGE_FILE },
                { "/nonexistent/image", MITOME_E_FILE_READ },
                { "/dev/null", MITOME_E_IMAGE_FILE },
        };
        (void)state;
        for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
                struct hand *hand;
                const char *const images[] = { first, wrong[i].image };
                const struct hand_config config = { .images = images, .image_count = 2 };
                assert_int_equal(hand_open(&config, &hand, NULL).code, wrong[i].code);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(images_are_laid_in_turn_each_time_the_sensor_waits),
                cmocka_unit_test(a_grown_finger_is_laid_otherwise_each_time_also_after_a_restart),
                cmocka_unit_test(a_finger_that_is_known_gives_way_to_the_next_one),
                cmocka_unit_test(nothing_is_laid_before_the_user_agrees),
                cmocka_unit_test(a_no_ends_the_request),
                cmocka_unit_test(what_is_no_finger_is_refused),
        };
        return cmocka_run_group_tests(tests, begin, finish);
}
