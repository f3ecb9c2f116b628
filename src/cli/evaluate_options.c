/* SPDX-License-Identifier: Apache-2.0 */
#include "evaluate_options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const char evaluate_usage[] =
        "usage: mitome evaluate --policy NAME.. [OPTION..] --out DIR TARGET\n"
        "       mitome evaluate --replay ID [--out DIR] TARGET\n"
        "       mitome evaluate --render REPORT.json --out DIR\n"
        "       mitome evaluate --list\n"
        "       mitome evaluate hid:\n\n"
        "Attacks an authenticator in many ways, and judges what was seen, and what is declared, by authentication-level\n"
        "policies.\n\n"
        "  TARGET            self (this project's own, on the bench; self:no-anchor: its element without an anchor),\n"
        "                    hid:PATH, pty:PATH, unix:PATH, udp:PORT (CTAPHID), pcsc:READER (a card reader);\n"
        "                    hid: alone lists the keys that are plugged in\n"
        "  --policy NAME     a policy that comes with the program (nist-800-63b-4, android-cdd ..), or a file, with a slash\n"
        "                    in its name or .json at its end; each is judged for itself\n"
        "  --require P:LEVEL the exit status is 1 unless policy P reaches that level\n"
        "  --probe ID        only this probe, or these; all if nothing is said\n"
        "  --evidence FILE   what is declared or was measured elsewhere\n"
        "  --measure N       for self: has its matcher compare N grown fingers, for error rates and their curve, which are\n"
        "                    evidence; 2 to 1000 (10: about half a minute)\n"
        "  --destructive     probes may lock, reset or fill a target that cannot be made anew: what is on it is lost\n"
        "  --simulated       the target is a simulation, and the report says so; what comes by a socket is one anyway\n"
        "  --pin-file FILE   the first line is the target's PIN; a PIN on a command line could be read by everybody\n"
        "  --ask-pin         asks for it on the terminal\n"
        "  --resume          goes on with the journal in DIR; without it a folder with an evaluation in it is refused;\n"
        "                    where the target has refused a PIN, none is used in DIR, nor by --replay: with another,\n"
        "                    begin in another DIR\n"
        "  --at TIME         the time that the report bears and evidence is judged at: 2026-11-22T10:00:00Z\n"
        "  --lang en|ja      what is said on the screen; the report has both, but the reason for a probe's\n"
        "                    result is in English everywhere\n"
        "  --out DIR         keeps there: journal.jsonl, report.json, report.html, report.xccdf.xml, report.oscal.json,\n"
        "                    report.junit.xml, report.sarif; of self also evidence.json and metadata.json, and with --measure\n"
        "                    measurement.json and measurement\n"
        "  --replay ID       tries one probe again, prints each step, and compares with what DIR has of it\n"
        "  --render FILE     draws the forms of a report again\n"
        "  --list            the probes\n"
        "  --matcher PATH    the program mitome-matcher, if it is not beside this one\n\n"
        "Exit status: 0 evaluated, and nothing is broken; 1 something is broken, the target failed, or a level that is\n"
        "required was not reached (--replay: it came out otherwise, or it is broken); 2 could not evaluate, or was\n"
        "interrupted.\n";

static bool say_wrong(const char *text, const char *why)
{
        fprintf(stderr, "mitome evaluate: \"%s\" %s\n", text, why);
        return false;
}

static bool add(const char **list, size_t *count, size_t most, const char *text)
{
        if (*count == most)
                return say_wrong(text, "is one too many");
        list[(*count)++] = text;
        return true;
}

static bool add_probe(struct evaluate_options *options, const char *id)
{
        const struct probe *probe = probe_find(id);
        if (!probe)
                return say_wrong(id, "is no probe; --list has them");
        for (size_t i = 0; i < options->probe_count; i++)
                if (options->probes[i] == probe)
                        return true;
        if (options->probe_count == EVALUATE_PROBES_MAX)
                return say_wrong(id, "is one too many");
        options->probes[options->probe_count++] = probe;
        return true;
}

/* RFC 3339 in UTC and whole seconds, and a day that there is. */
static bool take_time(struct evaluate_options *options, const char *text)
{
        struct tm day = { 0 };
        char again[32];
        const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &day);
        const struct tm wanted = day;
        if (!end || *end || strlen(text) != strlen("2026-11-22T10:00:00Z"))
                return say_wrong(text, "is no time like 2026-11-22T10:00:00Z");
        (void)timegm(&day);
        strftime(again, sizeof again, "%Y-%m-%dT%H:%M:%SZ", &day);
        if (strcmp(again, text) != 0 || wanted.tm_mday != day.tm_mday)
                return say_wrong(text, "is a time that there is not");
        options->at = text;
        return true;
}

static bool take_language(struct evaluate_options *options, const char *text)
{
        options->japanese = strcmp(text, "ja") == 0;
        return options->japanese || strcmp(text, "en") == 0 || say_wrong(text, "is no language: en or ja");
}

static bool take_fingers(struct evaluate_options *options, const char *text)
{
        enum { DIGITS = 4, LEAST = 2, MOST = 1000, BASE = 10 };
        const size_t size = strlen(text);
        if (size == 0 || size > DIGITS || strspn(text, "0123456789") != size)
                return say_wrong(text, "is no number from 2 to 1000");
        options->measure = (unsigned)strtoul(text, NULL, BASE);
        return (options->measure >= LEAST && options->measure <= MOST) ||
               say_wrong(text, "is no number from 2 to 1000");
}

static bool take_option(struct evaluate_options *options, int option)
{
        switch (option) {
        case 'p':
                return add(options->policies, &options->policy_count, EVALUATE_POLICIES_MAX, optarg);
        case 'q':
                return add(options->requirements, &options->requirement_count, EVALUATE_POLICIES_MAX, optarg);
        case 'e':
                return add(options->evidence, &options->evidence_count, EVALUATE_EVIDENCE_MAX, optarg);
        case 'i':
                return add_probe(options, optarg);
        case 'b':
                return take_fingers(options, optarg);
        case 't':
                return take_time(options, optarg);
        case 'l':
                return take_language(options, optarg);
        case 'o':
                options->out = optarg;
                return true;
        case 'y':
                options->replay = optarg;
                return true;
        case 'r':
                options->render = optarg;
                return true;
        case 'm':
                options->matcher = optarg;
                return true;
        case 'f':
                options->pin_file = optarg;
                return true;
        case 'a':
                return options->ask_pin = true;
        case 'd':
                return options->destructive = true;
        case 'v':
                return options->simulated = true;
        case 'u':
                return options->resume = true;
        case 's':
                return options->list = true;
        case 'h':
                return options->help = true;
        default:
                return false;
        }
}

/* What only an evaluation reads: what is said and not heeded would be believed to have been done. */
static bool asks_for_judging(const struct evaluate_options *options)
{
        return options->policy_count || options->requirement_count || options->evidence_count ||
               options->probe_count || options->measure || options->at || options->resume;
}

static bool asks_for_target(const struct evaluate_options *options)
{
        return options->pin_file || options->ask_pin || options->destructive || options->simulated;
}

static const char *wrong_in_render(const struct evaluate_options *options, int left)
{
        if (left || options->replay || asks_for_judging(options) || asks_for_target(options))
                return "--render takes --out, and no target or option of one";
        return options->out ? NULL : "--out DIR is missing";
}

/* What may be said together: NULL, or what is wrong with it. */
static const char *find_wrong(const struct evaluate_options *options, int left)
{
        if (options->help || options->list)
                return left == 0 ? NULL : "neither --help nor --list takes a target";
        if (options->render)
                return wrong_in_render(options, left);
        if (left != 1)
                return left ? "one target, not several" : "TARGET is missing";
        if (options->pin_file && options->ask_pin)
                return "--pin-file or --ask-pin, not both";
        if (options->keys)
                return NULL;
        if (options->replay)
                return asks_for_judging(options)
                               ? "--replay judges nothing: only --out and how to reach the target go with it"
                               : NULL;
        if (options->policy_count == 0)
                return "--policy NAME is missing";
        return options->out ? NULL : "--out DIR is missing";
}

/* False: it was said what is wrong. */
static bool is_complete(struct evaluate_options *options, int argc, char **argv)
{
        const int left = argc - optind;
        options->target = left == 1 ? argv[optind] : NULL;
        options->keys = options->target && strcmp(options->target, "hid:") == 0;
        const char *wrong = find_wrong(options, left);
        if (wrong) {
                fprintf(stderr, "%s\nmitome evaluate: %s\n", evaluate_usage, wrong);
                return false;
        }
        if (!options->target)
                return true;
        if (options->measure && strncmp(options->target, "self", strlen("self")) != 0)
                return say_wrong("--measure", "is for self: another's matcher cannot be measured here");
        return !options->replay || options->keys || probe_find(options->replay) ||
               say_wrong(options->replay, "is no probe; --list has them");
}

/* False: getopt, or who took it, said what is wrong. */
static bool take_options(struct evaluate_options *options, int argc, char **argv, const struct option *known)
{
        char name[] = "mitome evaluate"; /* which getopt begins with */
        char *const called = argv[0];
        bool taken = true;
        argv[0] = name;
        for (int option; taken && (option = getopt_long(argc, argv, "", known, NULL)) != -1;)
                taken = take_option(options, option);
        argv[0] = called;
        return taken;
}

bool evaluate_options_read(int argc, char **argv, struct evaluate_options *ret)
{
        static const struct option known[] = {
                { "policy", required_argument, NULL, 'p' },
                { "require", required_argument, NULL, 'q' },
                { "evidence", required_argument, NULL, 'e' },
                { "probe", required_argument, NULL, 'i' },
                { "measure", required_argument, NULL, 'b' },
                { "at", required_argument, NULL, 't' },
                { "lang", required_argument, NULL, 'l' },
                { "out", required_argument, NULL, 'o' },
                { "replay", required_argument, NULL, 'y' },
                { "render", required_argument, NULL, 'r' },
                { "matcher", required_argument, NULL, 'm' },
                { "pin-file", required_argument, NULL, 'f' },
                { "ask-pin", no_argument, NULL, 'a' },
                { "destructive", no_argument, NULL, 'd' },
                { "simulated", no_argument, NULL, 'v' },
                { "resume", no_argument, NULL, 'u' },
                { "list", no_argument, NULL, 's' },
                { "help", no_argument, NULL, 'h' },
                { 0 },
        };
        struct evaluate_options options = { 0 };
        if (!take_options(&options, argc, argv, known) || !is_complete(&options, argc, argv))
                return false;
        *ret = options;
        return true;
}
