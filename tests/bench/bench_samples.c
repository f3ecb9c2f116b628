/* SPDX-License-Identifier: Apache-2.0 */

/* Where the limit of a copy's likeness comes from: touches of one finger, touches of different fingers, and
 * replays of every kind, each compared with what is kept of the first image. And how long it takes.
 *
 * usage: bench_samples [FINGERS [TOUCHES]] */

#include "grow_finger.h"
#include "replay.h"
#include "sample_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { FIRST_FINGER = 5000, FINGERS = 40, TOUCHES = 12, TOUCHES_MAX = 1000, REPLAYED = 4, RING = 306 };

struct series {
        const char *name;
        size_t count[SAMPLE_LIKENESS_MAX + 1];
        size_t total;
};

struct bench {
        struct sample_checker *checker;
        struct finger *finger;
        uint8_t image[FINGER_SIZE], changed[FINGER_SIZE];
        struct sample_sketch own[TOUCHES_MAX], *first; /* of this finger; the first of each */
        struct series same, other, replays[REPLAY_WAYS];
        size_t refused;          /* for their quality */
        size_t touches, doubted; /* that are taken for a copy of one of the RING before them */
};

static double milliseconds(void)
{
        struct timespec now;
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
        return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void note(struct series *series, unsigned likeness)
{
        series->count[likeness]++;
        series->total++;
}

static unsigned at_share(const struct series *series, double share)
{
        size_t wanted = (size_t)(share * (double)(series->total - 1)), seen = 0;
        for (unsigned likeness = 0; likeness <= SAMPLE_LIKENESS_MAX; likeness++) {
                seen += series->count[likeness];
                if (seen > wanted)
                        return likeness;
        }
        return SAMPLE_LIKENESS_MAX;
}

static void show(const struct series *series)
{
        size_t copies = 0;
        if (!series->total)
                return;
        for (unsigned likeness = SAMPLE_COPY; likeness <= SAMPLE_LIKENESS_MAX; likeness++)
                copies += series->count[likeness];
        printf("%-16s %6zu pairs, likeness %4u least %4u middle %4u 99 %% %4u most; copies %zu (%.2f %%)\n",
                series->name, series->total, at_share(series, 0), at_share(series, 0.5),
                at_share(series, 0.99), at_share(series, 1), copies,
                100 * (double)copies / (double)series->total);
}

static bool look(struct bench *bench, const struct replay_image *image, struct sample_sketch *ret)
{
        const struct sample_image looked = { image->width, image->height,
                slice_of(image->grey, image->width * image->height) };
        bool good = sample_look(bench->checker, &looked, ret) == SAMPLE_GOOD;
        bench->refused += !good;
        return good;
}

static void replay(struct bench *bench, const struct sample_sketch *earlier, uint64_t seed)
{
        const struct replay_image image = { FINGER_WIDTH, FINGER_HEIGHT, bench->image };
        struct sample_sketch ignored;
        for (int way = 0; way < REPLAY_WAYS; way++) {
                struct replay_image changed = { .grey = bench->changed };
                replay_make((enum replay_way)way, seed, &image, &changed);
                if (look(bench, &changed, &ignored))
                        note(&bench->replays[way], sample_likeness(bench->checker, earlier));
        }
}

static void compare_with_own(struct bench *bench, size_t touch)
{
        bool doubted = false;
        for (size_t earlier = touch > RING ? touch - RING : 0; earlier < touch; earlier++) {
                unsigned likeness = sample_likeness(bench->checker, &bench->own[earlier]);
                note(&bench->same, likeness);
                doubted = doubted || likeness >= SAMPLE_COPY;
        }
        bench->touches++;
        bench->doubted += doubted;
}

static void touch_finger(struct bench *bench, size_t finger, size_t touches)
{
        for (size_t i = 0; i < touches; i++) {
                const struct finger_touch touch = finger_usual_touch(finger * 1000 + i);
                struct sample_sketch *own = &bench->own[i];
                finger_press(bench->finger, &touch, bench->image);
                if (!look(bench, &(struct replay_image){ FINGER_WIDTH, FINGER_HEIGHT, bench->image }, own))
                        continue;
                compare_with_own(bench, i);
                for (size_t other = 0; other < finger; other++)
                        note(&bench->other, sample_likeness(bench->checker, &bench->first[other]));
                if (i == 0)
                        bench->first[finger] = *own;
                if (i < REPLAYED)
                        replay(bench, own, finger * REPLAYED + i);
        }
}

/* The last image, against a full ring of other touches of its own finger. */
static void measure_time(struct bench *bench, size_t touches)
{
        enum { ROUNDS = 20 };
        struct sample_sketch ignored;
        double looking = 0, comparing = 0;
        unsigned copies = 0;
        for (size_t round = 0; round < ROUNDS; round++) {
                double begun = milliseconds();
                (void)look(
                        bench, &(struct replay_image){ FINGER_WIDTH, FINGER_HEIGHT, bench->image }, &ignored);
                double looked = milliseconds();
                for (size_t i = 0; i < RING; i++)
                        copies += sample_is_copy(bench->checker, &bench->own[i % (touches - 1)]);
                looking += looked - begun;
                comparing += milliseconds() - looked;
        }
        printf("looking %.3f ms, against a full ring of %d (one finger's) %.3f ms; copies %u\n",
                looking / ROUNDS, RING, comparing / ROUNDS, copies);
}

static int run(struct bench *bench, size_t fingers, size_t touches)
{
        bench->same.name = "one finger";
        bench->other.name = "two fingers";
        for (int way = 0; way < REPLAY_WAYS; way++)
                bench->replays[way].name = replay_name((enum replay_way)way);
        for (size_t i = 0; i < fingers; i++) {
                if (failed(finger_grow(FIRST_FINGER + i, bench->finger, NULL)))
                        return EXIT_FAILURE;
                touch_finger(bench, i, touches);
        }
        show(&bench->same);
        show(&bench->other);
        for (int way = 0; way < REPLAY_WAYS; way++)
                show(&bench->replays[way]);
        printf("refused for their quality: %zu; of %zu touches, taken for a copy of one of up to %d before: %zu\n",
                bench->refused, bench->touches, RING, bench->doubted);
        measure_time(bench, touches);
        return EXIT_SUCCESS;
}

int main(int count, char **arguments)
{
        size_t fingers = count > 1 ? strtoul(arguments[1], NULL, 10) : FINGERS;
        size_t touches = count > 2 ? strtoul(arguments[2], NULL, 10) : TOUCHES;
        struct bench *bench = calloc(1, sizeof *bench);
        int result = EXIT_FAILURE;
        if (bench && fingers && touches > 1 && touches <= TOUCHES_MAX) {
                bench->first = calloc(fingers, sizeof *bench->first);
                bench->finger = malloc(sizeof *bench->finger);
                if (bench->first && bench->finger && !failed(sample_checker_new(&bench->checker, NULL)))
                        result = run(bench, fingers, touches);
                sample_checker_free(bench->checker);
                free(bench->first);
                free(bench->finger);
        }
        free(bench);
        return result;
}
