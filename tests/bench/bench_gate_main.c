/* SPDX-License-Identifier: Apache-2.0 */
/* What the biometric gate adds to a signature: figures, never a verdict on a build. And, with --soak, whether
 * anything grows in the core's process while its matcher is used and replaced: that is a verdict. */
#include "bench_ctap.h"
#include "bench_gate.h"
#include "bench_gate_soak.h"
#include "bench_lines.h"
#include "bench_memory.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { VALUES_MAX = 20000, ROUNDS_MIN = 5, PATH_SIZE = 160 };

static const double goal_us = 2000, goal_enrol_us = 2e6;

static const char usage[] =
        "usage: bench_gate --matcher PROGRAM --folder DIR [--seconds N] [--soak N]\n\n"
        "  --matcher PROGRAM  mitome-matcher\n"
        "  --folder DIR       an empty folder for what the matcher writes, durably, on whatever disk that is\n"
        "  --seconds N        how long to measure, with either sensor (10)\n"
        "  --soak N           instead: log in N times by the scripted sensor, with a matcher that is replaced\n"
        "                     again and again, and fail if anything has grown or anybody has noticed\n";

struct options {
        const char *matcher, *folder;
        double seconds;
        unsigned long soak;
};

/* ---- figures ---- */

/* One figure of many rounds. */
struct figure {
        size_t count;
        double values[VALUES_MAX];
};

static void add(struct figure *figure, double value)
{
        if (figure->count < VALUES_MAX)
                figure->values[figure->count++] = value;
}

static void print_head(const char *what)
{
        printf("%-62s %10s %10s %10s\n", what, "least", "median", "computing");
}

/* The least and the median by the wall's clock, and the median of the computing time, of both processes and
 * also of what the matcher still does once it has answered. A goal is held against the median. */
static void print_row(const char *name, struct figure *wall, struct figure *computing, double goal)
{
        const double middle = bench_middle(wall->values, wall->count), least = wall->values[0];
        printf("%-62s %10.0f %10.0f %10.0f us", name, least, middle,
                bench_middle(computing->values, computing->count));
        if (goal > 0)
                printf("   %s under %.0f", middle < goal ? "met:" : "MISSED:", goal);
        puts("");
}

/* ---- the scripted sensor ---- */

enum subject {
        RAW_ES256,
        RAW_RS256,
        QUESTION,
        BY_TOUCH,
        BY_FINGER,
        BY_FINGER_RS256,
        BEYOND,
        BEYOND_RS256,
        SUBJECTS,
};

static const struct subject_text {
        const char *name;
        bool has_goal;
} subject_texts[SUBJECTS] = {
        [RAW_ES256] = { "ES256 signature, OpenSSL alone", false },
        [RAW_RS256] = { "RS256 signature, OpenSSL alone", false },
        [QUESTION] = { "one question to the matcher's process and its answer", false },
        [BY_TOUCH] = { "login ES256 by touch: core and element alone", false },
        [BY_FINGER] = { "login ES256 by finger: and the gate and the matcher", false },
        [BY_FINGER_RS256] = { "login by the person's certificate (RS256), by finger", false },
        [BEYOND] = { "login ES256 by finger, beyond the signature", true },
        [BEYOND_RS256] = { "login RS256 by finger, beyond the signature", true },
};

struct scripted {
        struct gate_bench gate;
        struct ctap_raw es256, rs256;
        struct figure wall[SUBJECTS], computing[SUBJECTS];
};

static double now_us(clockid_t clock)
{
        struct timespec now;
        clock_gettime(clock, &now);
        return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static bool run_raw(struct ctap_raw *raw, struct gate_times *ret)
{
        const double wall = now_us(CLOCK_MONOTONIC), computing = now_us(CLOCK_THREAD_CPUTIME_ID);
        const bool good = ctap_raw_sign(raw);
        *ret = (struct gate_times){ .wall = now_us(CLOCK_MONOTONIC) - wall,
                .computing = now_us(CLOCK_THREAD_CPUTIME_ID) - computing };
        return good;
}

static bool run_subject(struct scripted *scripted, enum subject subject, struct gate_times *ret)
{
        struct gate_bench *gate = &scripted->gate;
        switch (subject) {
        case RAW_ES256:
                return run_raw(&scripted->es256, ret);
        case RAW_RS256:
                return run_raw(&scripted->rs256, ret);
        case QUESTION:
                return gate_bench_ask(gate, ret);
        case BY_TOUCH:
                return gate_bench_log_in(gate, GATE_ES256, true, ret);
        case BY_FINGER:
                return gate_bench_log_in(gate, GATE_ES256, false, ret);
        case BY_FINGER_RS256:
        default:
                return gate_bench_log_in(gate, GATE_RS256, false, ret);
        }
}

static void note(struct scripted *scripted, enum subject subject, double wall, double computing)
{
        add(&scripted->wall[subject], wall);
        add(&scripted->computing[subject], computing);
}

/* What is left of the logins without what a signature usually takes. */
static void leave(struct scripted *scripted, enum subject left, enum subject of, enum subject without)
{
        const struct figure *wall = &scripted->wall[of], *computing = &scripted->computing[of];
        struct figure *raw = &scripted->wall[without], *raw_computing = &scripted->computing[without];
        const double usual = bench_middle(raw->values, raw->count),
                     usual_computing = bench_middle(raw_computing->values, raw_computing->count);
        for (size_t i = 0; i < wall->count; i++)
                note(scripted, left, wall->values[i] - usual, computing->values[i] - usual_computing);
}

/* Each round begins elsewhere. */
static bool run_round(struct scripted *scripted, size_t round)
{
        struct gate_times times[SUBJECTS];
        for (size_t i = 0; i < BEYOND; i++) {
                const enum subject subject = (enum subject)((i + round) % BEYOND);
                if (!run_subject(scripted, subject, &times[subject])) {
                        printf("%s: did not come out as it must\n", subject_texts[subject].name);
                        return false;
                }
        }
        for (size_t i = 0; i < BEYOND; i++)
                note(scripted, (enum subject)i, times[i].wall, times[i].computing);
        return true;
}

static bool measure_scripted(const struct options *options, const char *folder)
{
        static struct scripted scripted;
        const struct gate_bench_config config = { .matcher = options->matcher, .folder = folder };
        size_t rounds = 0;
        bool good = true;
        gate_bench_open(&scripted.gate, &config);
        gate_bench_enrol(&scripted.gate);
        ctap_raw_open(&scripted.es256, CTAP_ES256);
        ctap_raw_open_rsa(&scripted.rs256);
        for (double end = bench_now() + options->seconds;
                good && rounds < VALUES_MAX && (rounds < ROUNDS_MIN || bench_now() < end); rounds++)
                good = run_round(&scripted, rounds);
        if (good) {
                leave(&scripted, BEYOND, BY_FINGER, RAW_ES256);
                leave(&scripted, BEYOND_RS256, BY_FINGER_RS256, RAW_RS256);
                printf("%zu rounds with the scripted sensor\n", rounds);
                print_head("");
                for (size_t i = 0; i < SUBJECTS; i++)
                        print_row(subject_texts[i].name, &scripted.wall[i], &scripted.computing[i],
                                subject_texts[i].has_goal ? goal_us : 0);
        }
        ctap_raw_close(&scripted.es256);
        ctap_raw_close(&scripted.rs256);
        gate_bench_close(&scripted.gate);
        return good;
}

/* ---- the virtual sensor ---- */

struct virtual
{
        struct gate_bench gate;
        struct ctap_raw raw;
        struct figure whole, whole_computing, libfprint, libfprint_computing, rest, rest_computing, enrol,
                enrol_computing, judged, judged_computing;
        unsigned refused; /* touches that the sensor wanted again, or did not know */
};

static void note_virtual(
        struct virtual *virtual, const struct gate_times *times, const struct gate_times *raw)
{
        add(&virtual->whole, times->wall);
        add(&virtual->whole_computing, times->computing);
        add(&virtual->libfprint, times->libfprint_wall);
        add(&virtual->libfprint_computing, times->libfprint_computing);
        add(&virtual->rest, times->wall - times->libfprint_wall - raw->wall);
        add(&virtual->rest_computing, times->computing - times->libfprint_computing - raw->computing);
}

/* A touch that is not taken is no failure: another follows. */
static bool run_virtual(struct virtual *virtual)
{
        struct gate_times times, raw;
        if (!run_raw(&virtual->raw, &raw))
                return false;
        if (gate_bench_log_in(&virtual->gate, GATE_ES256, false, &times) && times.libfprint_wall > 0)
                note_virtual(virtual, &times, &raw);
        else
                virtual->refused++;
        return virtual->refused < ROUNDS_MIN + virtual->whole.count;
}

static void enrol_all(struct virtual *virtual)
{
        for (unsigned i = 0; i < GATE_FINGERS; i++) {
                const struct gate_times times = gate_bench_enrol(&virtual->gate);
                add(&virtual->enrol, times.wall);
                add(&virtual->enrol_computing, times.computing);
        }
}

static void print_virtual(struct virtual *virtual, const char *when)
{
        printf("%zu logins with the virtual sensor, %s (%u touches not taken)\n", virtual->whole.count, when,
                virtual->refused);
        print_head("");
        for (size_t i = 0; i < GATE_JUDGED; i++) {
                add(&virtual->judged, virtual->gate.judged[i].wall);
                add(&virtual->judged_computing, virtual->gate.judged[i].computing);
        }
        print_row("a print against 306 seen before, and noted down durably", &virtual->judged,
                &virtual->judged_computing, 0);
        print_row("from finger to assertion ES256", &virtual->whole, &virtual->whole_computing, 0);
        print_row("  of these libfprint", &virtual->libfprint, &virtual->libfprint_computing, 0);
        print_row("  of these neither libfprint nor the signature", &virtual->rest, &virtual->rest_computing,
                goal_us);
}

static bool measure_virtual(const struct options *options, const char *folder)
{
        static struct virtual virtual;
        const struct gate_bench_config config = { .matcher = options->matcher,
                .folder = folder,
                .virtual_sensor = true,
                .recycle_requests = VALUES_MAX };
        bool good = true;
        gate_bench_open(&virtual.gate, &config);
        ctap_raw_open(&virtual.raw, CTAP_ES256);
        enrol_all(&virtual);
        for (double end = bench_now() + options->seconds;
                good && (virtual.whole.count < ROUNDS_MIN || bench_now() < end);)
                good = run_virtual(&virtual);
        if (good) {
                print_virtual(&virtual, "ten fingers in the set");
                printf("%u enrolments, the first into an empty set, the last to nine fingers\n",
                        GATE_FINGERS);
                print_head("");
                print_row("an enrolment, five touches", &virtual.enrol, &virtual.enrol_computing,
                        goal_enrol_us);
                printf("%-62s %10s %10.0f\n", "  the longest of them", "",
                        virtual.enrol.values[virtual.enrol.count - 1]);
        }
        ctap_raw_close(&virtual.raw);
        gate_bench_close(&virtual.gate);
        return good;
}

/* ---- the program ---- */

static bool read_options(int argc, char **argv, struct options *options)
{
        static const struct option known[] = {
                { "matcher", required_argument, NULL, 'm' },
                { "folder", required_argument, NULL, 'f' },
                { "seconds", required_argument, NULL, 's' },
                { "soak", required_argument, NULL, 'k' },
                { 0 },
        };
        for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) {
                if (option == 'm')
                        options->matcher = optarg;
                else if (option == 'f')
                        options->folder = optarg;
                else if (option == 's')
                        options->seconds = strtod(optarg, NULL);
                else if (option == 'k')
                        options->soak = strtoul(optarg, NULL, 10);
                else
                        return false;
        }
        return optind == argc && options->seconds > 0 && options->matcher && options->folder;
}

static bool make_folder(const struct options *options, const char *name, char ret[PATH_SIZE])
{
        return snprintf(ret, PATH_SIZE, "%s/%s", options->folder, name) < PATH_SIZE && mkdir(ret, 0700) == 0;
}

/* What a matcher tells people, thousands of times here, goes to a file. */
static bool hush_matchers(const char *folder)
{
        char path[PATH_SIZE];
        return snprintf(path, sizeof path, "%s/messages", folder) < PATH_SIZE && freopen(path, "w", stderr);
}

static bool measure(const struct options *options)
{
        char scripted[PATH_SIZE], sensed[PATH_SIZE];
        bench_print_load();
        const bool good = make_folder(options, "scripted", scripted) &&
                          make_folder(options, "virtual", sensed) && measure_scripted(options, scripted) &&
                          measure_virtual(options, sensed);
        bench_print_load();
        return good;
}

int main(int argc, char **argv)
{
        struct options options = { .seconds = 10 };
        char folder[PATH_SIZE];
        const bool counted = bench_memory_start();
        if (!read_options(argc, argv, &options)) {
                fputs(usage, stderr);
                return 2;
        }
        setvbuf(stdout, NULL, _IOLBF, 0);
        bool good = hush_matchers(options.folder);
        if (good && options.soak)
                good = make_folder(&options, "soak", folder) &&
                       gate_soak(options.matcher, folder, options.soak, counted);
        else if (good)
                good = measure(&options);
        return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
