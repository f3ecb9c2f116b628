/* SPDX-License-Identifier: Apache-2.0 */

/* The first story: a certificate is issued into the element, a finger opens a key, a relying party verifies
 * the login, and everybody refuses what he must refuse. */

#include "story.h"

#include "print.h"
#include "random_system.h"

#include <errno.h>
#include <ftw.h>
#include <getopt.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Its fingers lie on the sensor in the same way each time it is played. */
enum { FIRST_TOUCH = 2026112100, EXPECTED_CHECKS = 27, EXIT_OTHERWISE = 1, EXIT_NOT_RUN = 2 };

static const char usage[] =
        "usage: first-login --program MITOME --matcher MITOME-MATCHER --policies DIR [--out DIR] [--verbose]\n\n"
        "Plays a first login by finger from the factory to the revocation, with real processes and real clients.\n\n"
        "  --program FILE  the program `mitome`, which runs the element\n"
        "  --matcher FILE  the program `mitome-matcher`\n"
        "  --policies DIR  the folder of the level policies\n"
        "  --out DIR       leave the messages of the story there (default: nothing is left)\n"
        "  --verbose       print every APDU and every CTAP message, decoded\n\n"
        "Exit status: 0 everything came out as it must, 1 something did not, 2 the story could not be played.\n";

struct options {
        const char *program, *matcher, *policies, *out;
        bool verbose, help;
};

static bool read_options(int argc, char **argv, struct options *options)
{
        static const struct option known[] = {
                { "program", required_argument, NULL, 'p' },
                { "matcher", required_argument, NULL, 'm' },
                { "policies", required_argument, NULL, 'l' },
                { "out", required_argument, NULL, 'o' },
                { "verbose", no_argument, NULL, 'v' },
                { "help", no_argument, NULL, 'h' },
                { 0 },
        };
        for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) {
                if (option == 'p')
                        options->program = optarg;
                else if (option == 'm')
                        options->matcher = optarg;
                else if (option == 'l')
                        options->policies = optarg;
                else if (option == 'o')
                        options->out = optarg;
                else if (option == 'v')
                        options->verbose = true;
                else if (option == 'h')
                        options->help = true;
                else
                        return false;
        }
        return options->help || (optind == argc && options->program && options->matcher && options->policies);
}

/* ---- --verbose ---- */

struct tracer {
        FILE *out;
        uint8_t command; /* the CTAP command that was last asked for */
};

static void trace_ctap(void *context, bool request, mitome_slice message)
{
        struct tracer *tracer = context;
        if (request && message.size)
                tracer->command = message.data[0];
        fputs("        ", tracer->out);
        print_ctap(tracer->out, request, tracer->command, message);
}

static void trace_apdu(void *context, bool command, mitome_slice apdu)
{
        struct tracer *tracer = context;
        fputs("          ", tracer->out);
        print_apdu(tracer->out, command, apdu);
}

/* ---- the play ---- */

static const char prologue[] =
        "A first login by finger.\n\n"
        "   authority      J-LIS with its two CAs, in this process           (played; O=JPKI-TEST)\n"
        "   SEI-TSM        holds the issuer's domain, gives the applets away (played)\n"
        "   SP-TSM         holds the provider's domain, personalises, erases (played)\n"
        "   maker          makes the phone, certifies its batch and device   (played)\n"
        "   element        JPKI and FIDO applets, a process of its own       (software, not a chip)\n"
        "   matcher        libfprint's minutiae, a process of its own        (virtual sensor, grown fingers)\n"
        "   phone app      CTAP 2 core behind the access control enforcer, in this process\n"
        "   browser        libfido2 and the browser's JSON, in this process\n"
        "   relying party  the portal without its pages, over libmitome-rp, in this process\n";

static mitome_status play(struct story *story, const struct phone_body_config *phone, mitome_error *error)
{
        fputs(prologue, story->stage.out);
        MITOME_TRY(act_manufacture(story, phone, error));
        MITOME_TRY(act_issue(story, error));
        MITOME_TRY(act_roles(story, error));
        MITOME_TRY(act_enrol(story, error));
        MITOME_TRY(act_register(story, error));
        MITOME_TRY(act_log_in(story, error));
        MITOME_TRY(act_judge(story, error));
        if (story->out)
                MITOME_TRY(story_leave(story, error));
        MITOME_TRY(act_refusals(story, error));
        MITOME_TRY(act_sign(story, error));
        MITOME_TRY(act_revoke(story, error));
        MITOME_TRY(act_state(story, error));
        return act_erase(story, error);
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *place)
{
        (void)about;
        (void)kind;
        (void)place;
        (void)remove(path); /* what stays is found in its folder */
        return 0;
}

static void remove_folder(const char *folder)
{
        enum { OPEN_FOLDERS = 8 };
        (void)nftw(folder, remove_one, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS);
}

static int run(const struct options *options)
{
        static struct story story;
        char folder[] = "/tmp/mitome-story-XXXXXX", text[400];
        mitome_error error = { 0 };
        struct tracer tracer = { .out = stdout };
        if (!mkdtemp(folder)) {
                fprintf(stderr, "first-login: no temporary folder: %s\n", strerror(errno));
                return EXIT_NOT_RUN;
        }
        story.random = random_system();
        story.now = (int64_t)time(NULL);
        story.out = options->out;
        story.policies = options->policies;
        stage_open(&story.stage, stdout);
        struct phone_body_config phone = { .folder = folder,
                .program = options->program,
                .matcher = options->matcher,
                .random = story.random,
                .touch = FIRST_TOUCH };
        if (options->verbose)
                phone.trace =
                        (struct mitome_trace){ .context = &tracer, .ctap = trace_ctap, .apdu = trace_apdu };

        mitome_status status = play(&story, &phone, &error);
        story_portal_close(&story.portal);
        story_phone_end(&story.phone);
        authority_free(story.authority);
        bytes_wipe(&story.issuer, sizeof story.issuer);
        bytes_wipe(&story.first, sizeof story.first);
        bytes_wipe(&story.own, sizeof story.own);
        remove_folder(folder);
        bool right = stage_summary(&story.stage, EXPECTED_CHECKS);
        if (failed(status)) {
                mitome_explain(&error, text, sizeof text);
                fprintf(stderr, "first-login: the story could not go on: %s\n", text);
                return EXIT_NOT_RUN;
        }
        return right ? 0 : EXIT_OTHERWISE;
}

int main(int argc, char **argv)
{
        struct options options = { 0 };
        if (!read_options(argc, argv, &options)) {
                fputs(usage, stderr);
                return EXIT_NOT_RUN;
        }
        if (options.help) {
                fputs(usage, stdout);
                return 0;
        }
        if (sodium_init() < 0)
                return EXIT_NOT_RUN;
        fido_init(0);
        return run(&options);
}
