/* SPDX-License-Identifier: Apache-2.0 */
#include "hand.h"

#include "grow_finger.h"
#include "pgm_image.h"
#include "random_system.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PRESENT_MS = 10000 };

/* One of the two. */
struct hand_image {
        uint8_t *file; /* what `laid` views */
        struct virtual_finger_image laid;
        struct finger *finger;
        struct finger *other; /* what is laid when that one is enrolled already; NULL: it is not */
        uint64_t seed;
        uint64_t touch; /* no two touches are the same, also of two processes */
};

struct hand {
        struct mitome_gate gate;
        const char *sensor;
        struct prompter *prompter;
        bool awaited; /* the sensor waits for a finger */
        bool allowed; /* the user has agreed to what the finger is for */
        bool refused; /* he has not */
        size_t next, image_count;
        unsigned others; /* fingers that this request has called known */
        struct hand_image images[HAND_IMAGES_MAX];
        uint8_t pressed[FINGER_SIZE];
};

/* ---- the images ---- */

static mitome_status read_file(const char *path, struct hand_image *image, mitome_error *error)
{
        size_t size = 0;
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        image->file = malloc(PGM_IMAGE_FILE_MAX + 1);
        if (!image->file || fd < 0) {
                if (fd >= 0)
                        close(fd);
                return image->file ? fail(error, MITOME_E_FILE_READ, "--finger", NULL)
                                   : fail(error, MITOME_E_NO_MEMORY, "--finger", NULL);
        }
        ssize_t count;
        while ((count = read(fd, image->file + size, PGM_IMAGE_FILE_MAX + 1 - size)) > 0 ||
                (count < 0 && errno == EINTR))
                size += count > 0 ? (size_t)count : 0;
        close(fd);
        return count == 0 ? pgm_image_read(slice_of(image->file, size), &image->laid, error)
                          : fail(error, MITOME_E_FILE_READ, "--finger", NULL);
}

static mitome_status grow_finger(uint64_t seed, struct finger **ret, mitome_error *error)
{
        struct finger *finger = malloc(sizeof *finger);
        if (!finger)
                return fail(error, MITOME_E_NO_MEMORY, "--finger", NULL);
        mitome_status status = finger_grow(seed, finger, error);
        if (failed(status))
                free(finger);
        else
                *ret = finger;
        return status;
}

static mitome_status grow(const char *seed, struct hand_image *image, mitome_error *error)
{
        enum { DIGITS_MAX = 12 };
        const struct mitome_random random = random_system();
        uint8_t start[sizeof image->touch];
        size_t digits = strspn(seed, "0123456789");
        if (digits == 0 || digits > DIGITS_MAX || seed[digits] != '\0')
                return fail(error, MITOME_E_IMAGE_FILE, "--finger", NULL);
        image->seed = strtoull(seed, NULL, 10);
        if (random.fill(random.context, start, sizeof start) != 0)
                return fail(error, MITOME_E_NO_RANDOMNESS, "--finger", NULL);
        reader r = reader_over(SLICE(start), NULL, error);
        MITOME_TRY(read_u64(&r, "touch", &image->touch));
        return grow_finger(image->seed, &image->finger, error);
}

static mitome_status take_image(const char *text, struct hand_image *image, mitome_error *error)
{
        static const char grown[] = "grown:";
        if (strncmp(text, grown, sizeof grown - 1) == 0)
                return grow(text + sizeof grown - 1, image, error);
        return read_file(text, image, error);
}

/* ---- laying one ---- */

static struct virtual_finger_image press(struct hand *hand, struct hand_image *image)
{
        if (!image->finger)
                return image->laid;
        const struct finger_touch touch = finger_usual_touch(image->touch++);
        finger_press(image->other ? image->other : image->finger, &touch, hand->pressed);
        return (struct virtual_finger_image){ FINGER_WIDTH, FINGER_HEIGHT, SLICE(hand->pressed) };
}

/* A hand has more fingers than one: where this one is enrolled already, the next one is laid. */
static mitome_status take_other_finger(struct hand *hand, mitome_error *error)
{
        enum { ANOTHER = 40 };
        const uint64_t other = (uint64_t)++hand->others << ANOTHER;
        for (size_t i = 0; i < hand->image_count; i++) {
                struct hand_image *image = &hand->images[i];
                if (!image->finger)
                        continue;
                free(image->other);
                image->other = NULL;
                MITOME_TRY(grow_finger(image->seed + other, &image->other, error));
        }
        return ok();
}

static void take_first_finger(struct hand *hand)
{
        hand->others = 0;
        for (size_t i = 0; i < hand->image_count; i++) {
                free(hand->images[i].other);
                hand->images[i].other = NULL;
        }
}

static void lay(struct hand *hand)
{
        mitome_error cause = { 0 };
        struct hand_image *image = &hand->images[hand->next];
        hand->next = (hand->next + 1) % hand->image_count;
        hand->awaited = false;
        const struct virtual_finger_image laid = press(hand, image);
        if (failed(virtual_finger_present(hand->sensor, &laid, PRESENT_MS, &cause))) {
                char text[256];
                mitome_explain(&cause, text, sizeof text);
                fprintf(stderr, "mitome authenticator: the finger was not taken: %s\n", text);
        }
}

/* What he agreed to is the request; an enrolment's further impressions are not asked for one by one. */
static void ask_leave(struct hand *hand)
{
        if (hand->allowed)
                return;
        switch (prompter_answer(hand->prompter, 0)) {
        case MITOME_PRESENCE_TOUCHED:
                hand->allowed = true;
                break;
        case MITOME_PRESENCE_DECLINED:
                hand->awaited = false;
                hand->refused = true;
                hand->gate.cancel(hand->gate.context);
                break;
        case MITOME_PRESENCE_NOTHING:
                break;
        }
}

/* ---- the gate ---- */

static mitome_status start(void *context, const struct mitome_gate_request *request, mitome_error *error)
{
        struct hand *hand = context;
        hand->awaited = hand->allowed = hand->refused = false;
        return hand->gate.start(hand->gate.context, request, error);
}

static mitome_status poll_gate(void *context, int wait_ms, struct mitome_gate_event *ret, mitome_error *error)
{
        struct hand *hand = context;
        MITOME_TRY(hand->gate.poll(hand->gate.context, wait_ms, ret, error));
        if (ret->kind == MITOME_GATE_RETRY && ret->hint == MITOME_GATE_HINT_KNOWN)
                MITOME_TRY(take_other_finger(hand, error));
        if (ret->kind == MITOME_GATE_AWAITS)
                hand->awaited = true;
        if (ret->kind == MITOME_GATE_ABSENT && hand->refused) /* the matcher has only heard of a cancel */
                ret->kind = MITOME_GATE_DISMISSED;
        if (hand->awaited)
                ask_leave(hand);
        if (hand->awaited && hand->allowed)
                lay(hand);
        return ok();
}

static void cancel(void *context)
{
        struct hand *hand = context;
        hand->awaited = false;
        hand->gate.cancel(hand->gate.context);
}

struct mitome_gate hand_gate(struct hand *hand)
{
        return (struct mitome_gate){ .version = hand->gate.version,
                .context = hand,
                .start = start,
                .poll = poll_gate,
                .cancel = cancel };
}

mitome_status hand_open(const struct hand_config *config, struct hand **ret, mitome_error *error)
{
        if (config->image_count == 0 || config->image_count > HAND_IMAGES_MAX)
                return fail(error, MITOME_E_IMAGE_FILE, "--finger", NULL);
        struct hand *hand = calloc(1, sizeof *hand);
        if (!hand)
                return fail(error, MITOME_E_NO_MEMORY, "--finger", NULL);
        hand->gate = config->gate;
        hand->sensor = config->sensor;
        hand->prompter = config->prompter;
        mitome_status status = ok();
        for (; hand->image_count < config->image_count && !failed(status); hand->image_count++)
                status = take_image(
                        config->images[hand->image_count], &hand->images[hand->image_count], error);
        if (failed(status))
                hand_close(hand);
        else
                *ret = hand;
        return status;
}

void hand_close(struct hand *hand)
{
        if (!hand)
                return;
        take_first_finger(hand);
        for (size_t i = 0; i < hand->image_count; i++) {
                free(hand->images[i].file);
                free(hand->images[i].finger);
        }
        bytes_wipe(hand, sizeof *hand);
        free(hand);
}
