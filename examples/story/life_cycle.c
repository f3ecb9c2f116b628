/* SPDX-License-Identifier: Apache-2.0 */

/* The second story: what may happen to a phone and its certificates, with the parties' own programs. */

#include "tale.h"

#include "digest.h"
#include "phone_way_http.h"
#include "random_system.h"

#include <getopt.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { EXPECTED_CHECKS = 30, EXIT_OTHERWISE = 1, EXIT_NOT_RUN = 2 };

static const char usage[] =
        "usage: life-cycle --build DIR --out DIR\n\n"
        "Plays the life of a phone's certificates, with the parties' programs and elements as processes.\n\n"
        "  --build DIR  where the programs are\n"
        "  --out DIR    an empty folder, or none: stores, keys, journals and messages are left there\n\n"
        "Exit status: 0 everything came out as it must, 1 something did not, 2 the story could not be played.\n";

static const char prologue[] =
        "The life of a phone's certificates.\n\n"
        "   authority      J-LIS with its two CAs, its register, lists and responder   (a program; O=JPKI-TEST)\n"
        "   SEI-TSM        prepares and cleans applets                                 (a program)\n"
        "   SP-TSM         takes applications, personalises, erases                    (a program)\n"
        "   maker          makes phones, vouches for their device keys, resets them    (a program)\n"
        "   municipality   tells the authority of people, gives cards                  (a program, when asked)\n"
        "   call centre    is telephoned: finds, holds                                 (a program, when asked)\n"
        "   shop           mitome check-device at its counter                          (a program, when asked)\n"
        "   element        of each phone: a process of its own                         (software, not a chip)\n"
        "   card           her My Number Card, in this process                         (software, not a chip)\n"
        "   phone app      in this process; it reaches the managers over HTTP          (no TLS: all on this machine)\n"
        "   relying party  libmitome-rp, in this process; asks the responder by HTTP\n\n"
        "Who comes to a desk is believed by its clerk; the people are invented; keys lie in files, not in HSMs.\n";

static bool read_options(int argc, char **argv, struct tale *tale, bool *ret_help)
{
        static const struct option known[] = {
                { "build", required_argument, NULL, 'b' },
                { "out", required_argument, NULL, 'o' },
                { "help", no_argument, NULL, 'h' },
                { 0 },
        };
        for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) {
                if (option == 'b')
                        tale->build = optarg;
                else if (option == 'o')
                        tale->out = optarg;
                else if (option == 'h')
                        *ret_help = true;
                else
                        return false;
        }
        return *ret_help || (optind == argc && tale->build && tale->out);
}

static mitome_status (*const acts[])(struct tale *, mitome_error *) = {
        act_parties,
        act_application,
        act_visit,
        act_forgotten,
        act_renewal,
        act_loss,
        act_model_change,
        act_counter,
        act_transfer,
        act_set_back,
        act_journals,
};

static mitome_status play(struct tale *tale, mitome_error *error)
{
        fputs(prologue, tale->stage.out);
        MITOME_TRY(post_http_open(0, &tale->http, error));
        for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++)
                MITOME_TRY(acts[i](tale, error));
        return ok();
}

static void cast(struct tale *tale)
{
        const slice app[] = { slice_text("the certificate of an app that stands for the JPKI app") };
        const slice software[] = { slice_text("the certificate of the phone's own software") };
        sha256(app, 1, tale->app.sha256);
        sha256(software, 1, tale->software.sha256);
        tale->people[0] = (struct tale_person){ .name = "見本 花子",
                .address = "見本県見本市見本町一丁目1番1号",
                .gender = "2",
                .born = "1990-04-01",
                .card_serial = "CARD0001",
                .account = "hanako" };
        tale->people[1] = (struct tale_person){ .name = "見本 太郎",
                .address = "見本県見本市見本町二丁目2番2号",
                .gender = "1",
                .born = "1985-12-24",
                .card_serial = "CARD0002",
                .account = "taro" };
        tale->phones[0] =
                (struct tale_phone){ .identity = "MIHON-0001", .pin = "4649", .password = "HANAKO12" };
        tale->phones[1] =
                (struct tale_phone){ .identity = "MIHON-0002", .pin = "2580", .password = "HANAKO34" };
}

static void leave(struct tale *tale)
{
        for (unsigned i = 0; i < TALE_PHONES; i++)
                tale_phone_end(&tale->phones[i]);
        for (unsigned i = 0; i < TALE_PEOPLE; i++)
                factory_element_end(&tale->people[i].card);
        for (unsigned i = TALE_SERVICES; i-- > 0;)
                tale_stop(tale, (enum tale_service)i);
        phone_way_http_close(tale->sei_way);
        phone_way_http_close(tale->sp_way);
        phone_way_http_close(tale->maker_way);
        if (tale->portal)
                party_close(tale->portal);
        post_http_close(tale->http);
}

static int run(struct tale *tale)
{
        char text[400];
        mitome_error error = { 0 };
        mkdir(tale->out, 0700);
        tale->random = random_system();
        stage_open(&tale->stage, stdout);
        cast(tale);
        mitome_status status = play(tale, &error);
        leave(tale);
        bool right = stage_summary(&tale->stage, EXPECTED_CHECKS);
        if (failed(status)) {
                mitome_explain(&error, text, sizeof text);
                fprintf(stderr, "life-cycle: the story could not go on: %s\n", text);
                return EXIT_NOT_RUN;
        }
        return right ? 0 : EXIT_OTHERWISE;
}

int main(int argc, char **argv)
{
        static struct tale tale;
        bool help = false;
        if (!read_options(argc, argv, &tale, &help)) {
                fputs(usage, stderr);
                return EXIT_NOT_RUN;
        }
        if (help) {
                fputs(usage, stdout);
                return 0;
        }
        if (sodium_init() < 0)
                return EXIT_NOT_RUN;
        fido_init(0);
        signal(SIGPIPE, SIG_IGN);
        return run(&tale);
}
