/* SPDX-License-Identifier: Apache-2.0 */

/* The parties' programs, killed (SIGKILL) while they serve a phone, at one of its words or in mid relay, at
 * once or while they write down what came of it; started again by whoever runs them, they go on. Everything
 * is a process of its own: the element, the maker, the authority, both service managers. */

#include "tale.h"

#include "digest.h"
#include "phone_way_http.h"
#include "random_system.h"

#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#undef fail /* the one of status.h is meant */

enum { SAID_MAX = 8192, HASH_TEXT = 65, NOBODY = TALE_SERVICES };

static struct tale tale;

/* ---- killing ---- */

/* What is between the phone and everybody: it counts, and strikes at the `at`-th point. */
static struct killer {
        unsigned whom; /* enum tale_service */
        bool words;    /* at words; else at commands of a relay */
        unsigned at, count;
        unsigned delay_us; /* how much later */
        pid_t striker;     /* who strikes later */
        bool struck;
        struct mitome_link element;
        struct phone_way sei_tsm, sp_tsm, maker;
} killer;

static void strike(void)
{
        const pid_t victim = tale.services[killer.whom].process;
        killer.struck = true;
        if (!killer.delay_us) {
                kill(victim, SIGKILL);
                return;
        }
        killer.striker = fork();
        if (killer.striker == 0) {
                usleep(killer.delay_us);
                kill(victim, SIGKILL);
                _exit(0);
        }
}

static void pass(bool is_word)
{
        if (killer.whom != NOBODY && !killer.struck && is_word == killer.words && ++killer.count == killer.at)
                strike();
}

static mitome_status tap_element(void *context, mitome_slice command, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        (void)context;
        pass(false);
        return killer.element.transmit(killer.element.context, command, response, capacity, ret_size, error);
}

/* Before the word in every other case, after its answer else. */
static mitome_status tap_call(void *context, const char *kind, slice body, uint8_t *buffer, size_t capacity,
        slice *ret_answer, mitome_error *error)
{
        const struct phone_way *way = context;
        if (killer.at % 2)
                pass(true);
        mitome_status status = way->call(way->context, kind, body, buffer, capacity, ret_answer, error);
        if (killer.at % 2 == 0)
                pass(true);
        return status;
}

static mitome_status tap_relay(
        void *context, slice identity, const struct mitome_link *link, mitome_error *error)
{
        const struct phone_way *way = context;
        return way->relay(way->context, identity, link, error);
}

static struct phone_way tap(struct phone_way *way)
{
        return (struct phone_way){ .context = way, .call = tap_call, .relay = tap_relay };
}

/* ---- the phone ---- */

static int64_t read_clock(void *context)
{
        (void)context;
        return (int64_t)time(NULL);
}

/* Between it and the element is the tap, and between it and the managers. */
static void open_app(struct tale_phone *phone)
{
        static const struct mitome_link tapped = { .transmit = tap_element };
        assert_int_equal(tale_phone_on(&tale, phone, NULL).code, MITOME_OK);
        life_cycle_close(phone->app);
        phone->app = NULL;
        killer.element = phone->link;
        const struct life_config config = { .folder = phone->folder,
                .identity = phone->identity,
                .platform = tapped,
                .app = tale.app,
                .software = tale.software,
                .sei_tsm = tap(&killer.sei_tsm),
                .sp_tsm = tap(&killer.sp_tsm),
                .clock = { .now = read_clock },
                .random = tale.random };
        assert_int_equal(life_cycle_open(&config, &phone->app, NULL).code, MITOME_OK);
}

/* ---- the parties ---- */

static char device_ca[TALE_PATH_MAX], apps[HASH_TEXT];

/* As act_parties started them. */
static void start_again(enum tale_service which)
{
        const char *const authority[] = { "--device-ca", device_ca, NULL };
        const char *const sp[] = { "--maker-ca", device_ca, "--apps", apps, NULL };
        const char *const *const options[TALE_SERVICES] = {
                [TALE_AUTHORITY] = authority, [TALE_SP_TSM] = sp
        };
        assert_int_equal(tale_serve(&tale, which, options[which], NULL).code, MITOME_OK);
}

/* Whoever was struck is started again. */
static void revive(void)
{
        if (!killer.struck)
                return;
        struct tale_running *service = &tale.services[killer.whom];
        if (killer.striker)
                assert_int_equal(waitpid(killer.striker, NULL, 0), killer.striker);
        int status;
        assert_int_equal(waitpid(service->process, &status, 0), service->process);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        service->process = 0;
        start_again((enum tale_service)killer.whom);
        killer.whom = NOBODY;
        killer.striker = 0;
        killer.struck = false;
}

static void aim(enum tale_service whom, bool words, unsigned at, unsigned delay_us)
{
        killer.whom = whom;
        killer.words = words;
        killer.at = at;
        killer.count = 0;
        killer.delay_us = delay_us;
}

/* ---- what the holder does, until it is done ---- */

static bool choose(struct tale_phone *phone, const struct life_state *state)
{
        return (!(state->to_choose & LIFE_USER_VERIFICATION) ||
                       !failed(life_cycle_choose(
                               phone->app, LIFE_USER_VERIFICATION, slice_text(phone->pin), NULL))) &&
               (!(state->to_choose & LIFE_SIGNING) || !failed(life_cycle_choose(phone->app, LIFE_SIGNING,
                                                              slice_text(phone->password), NULL)));
}

static bool apply(struct tale_phone *phone, enum life_purpose purpose)
{
        const struct life_application application = {
                .purpose = purpose,
                .kinds = LIFE_BOTH,
                .card = &tale.people[0].card.link,
                .card_password = slice_text(TALE_CARD_PASSWORD),
                .touched = true,
        };
        return !failed(life_cycle_apply(phone->app, &application, NULL));
}

/* He looks how it stands, and goes on. `applied`: this application has been handed in. */
static bool go_on(struct tale_phone *phone, enum life_purpose purpose, bool *applied)
{
        struct life_state state;
        if (failed(life_cycle_look(phone->app, &state, NULL)))
                return false;
        if (!*applied || state.order == LIFE_ORDER_NONE || state.order == LIFE_ORDER_GIVEN_UP) {
                *applied = apply(phone, purpose);
                if (!*applied)
                        return false;
        }
        if (failed(life_cycle_run(phone->app, &state, NULL)) || !choose(phone, &state) ||
                failed(life_cycle_look(phone->app, &state, NULL)))
                return false;
        return state.order == LIFE_ORDER_DONE && state.present == LIFE_BOTH && state.to_choose == 0;
}

/* For whoever has to find out why. */
static void print_state(struct tale_phone *phone)
{
        struct life_state state = { 0 };
        mitome_error error = { 0 };
        mitome_status status = life_cycle_run(phone->app, &state, &error);
        print_error("struck %u at %u, after %u us: E%d purpose %d order %d E%d trouble E%d present %u to "
                    "choose %u\n",
                killer.whom, killer.at, killer.delay_us, status.code, (int)state.purpose, (int)state.order,
                state.code, state.trouble, state.present, state.to_choose);
}

static void carry_through(struct tale_phone *phone, enum life_purpose purpose)
{
        enum { TURN_MS = 200, TURNS = 200 };
        bool applied = false;
        bool done = false;
        for (unsigned i = 0; i < TURNS && !done; i++) {
                done = go_on(phone, purpose, &applied);
                if (done)
                        break;
                revive();
                tale_pause(TURN_MS);
        }
        if (!done)
                print_state(phone);
        assert_true(done);
}

static void set_back(struct tale_phone *phone)
{
        enum { TURN_MS = 200, TURNS = 200 };
        static const struct mitome_link tapped = { .transmit = tap_element };
        const struct life_reset reset = { .identity = phone->identity,
                .platform = tapped,
                .software = tale.software,
                .maker = tap(&killer.maker),
                .sei_tsm = tap(&killer.sei_tsm) };
        bool confirmed = false;
        for (unsigned i = 0; i < TURNS && !confirmed; i++) {
                bool said = false;
                confirmed = !failed(life_cycle_reset(&reset, &said, NULL)) && said;
                if (confirmed)
                        break;
                revive();
                tale_pause(TURN_MS);
        }
        if (!confirmed)
                print_state(phone);
        assert_true(confirmed);
}

/* ---- how it stands ---- */

/* The call centre finds her certificates that live: of both kinds one, in this phone; or none. */
static void find(struct tale_phone *phone, unsigned expected)
{
        char said[SAID_MAX];
        int code;
        unsigned found = 0;
        const struct tale_person *person = &tale.people[0];
        const char *const words[] = { "find", person->name, person->born, person->address, NULL };
        assert_int_equal(
                tale_teller(&tale, PARTY_CALL_CENTRE, words, said, sizeof said, &code, NULL).code, MITOME_OK);
        assert_int_equal(code, 0);
        for (const char *at = said; (at = strstr(at, phone->identity)); at++)
                found++;
        assert_int_equal(found, expected);
}

/* At its end nobody may be left whom a strike was meant for and did not reach. */
static void is_struck(struct tale_phone *phone, unsigned certificates)
{
        assert_true(killer.struck || killer.whom == NOBODY);
        revive();
        find(phone, certificates);
}

static void a_phone_comes_to_its_certificates_whichever_program_is_killed(void **state)
{
        /* The commands of an issue: some fifty, the SEI-TSM's first. */
        static const struct {
                enum tale_service whom;
                bool words;
                unsigned at, delay_us;
        } strikes[] = {
                { TALE_SEI_TSM, false, 4, 0 },
                { TALE_SP_TSM, false, 30, 0 },
                { TALE_SP_TSM, true, 2, 0 },
                { TALE_SP_TSM, false, 45, 1500 },
                { TALE_AUTHORITY, true, 2, 3000 },
        };
        struct tale_phone *phone = &tale.phones[0];
        (void)state;
        for (size_t i = 0; i < sizeof strikes / sizeof *strikes; i++) {
                /* the first into a new phone, then one phone after the other is set back and begins again */
                aim(strikes[i].whom, strikes[i].words, strikes[i].at, strikes[i].delay_us);
                carry_through(phone, LIFE_ISSUE);
                is_struck(phone, 2);
                set_back(phone);
                find(phone, 0);
        }
}

static void a_renewal_comes_through_whichever_program_is_killed(void **state)
{
        struct tale_phone *phone = &tale.phones[0];
        (void)state;
        killer.whom = NOBODY;
        carry_through(phone, LIFE_ISSUE);
        for (unsigned at = 6; at <= 36; at += 10) {
                aim(at % 4 ? TALE_AUTHORITY : TALE_SP_TSM, false, at, at * 50);
                carry_through(phone, LIFE_RENEW);
                is_struck(phone, 2);
        }
}

static void a_phone_is_set_back_whichever_program_is_killed(void **state)
{
        static const struct {
                enum tale_service whom;
                bool words;
                unsigned at, delay_us;
        } strikes[] = {
                { TALE_MAKER, true, 1, 0 },
                { TALE_MAKER, true, 2, 2000 },
                { TALE_SEI_TSM, false, 5, 0 },
                { TALE_SEI_TSM, false, 8, 1000 },
        };
        struct tale_phone *phone = &tale.phones[0];
        (void)state;
        for (size_t i = 0; i < sizeof strikes / sizeof *strikes; i++) {
                if (i > 0)
                        carry_through(phone, LIFE_ISSUE);
                aim(strikes[i].whom, strikes[i].words, strikes[i].at, strikes[i].delay_us);
                set_back(phone);
                is_struck(phone, 0);
        }
}

static void the_journals_of_those_who_were_killed_are_sound(void **state)
{
        struct tale_journals journals;
        char log[TALE_PATH_MAX];
        const char *words[TALE_WORDS_MAX + 1] = { "mitome", "journal", "verify", "--directory",
                tale.directory_path };
        size_t count = 5;
        int code;
        (void)state;
        for (unsigned i = TALE_SERVICES; i-- > 0;)
                tale_stop(&tale, (enum tale_service)i);
        assert_int_equal(tale_export(&tale, &journals, NULL).code, MITOME_OK);
        for (size_t i = 0; i < journals.count; i++) {
                struct stat facts;
                if (stat(journals.paths[i], &facts) == 0 && facts.st_size > 0)
                        words[count++] = journals.paths[i];
        }
        assert_int_equal(tale_path(&tale, log, NULL, "verified.txt").code, MITOME_OK);
        assert_int_equal(tale_run(&tale, log, words, &code, NULL).code, MITOME_OK);
        assert_int_equal(code, 0);
}

/* ---- */

static void make_cast(void)
{
        const slice app[] = { slice_text("the certificate of an app that stands for the JPKI app") };
        const slice software[] = { slice_text("the certificate of the phone's own software") };
        sha256(app, 1, tale.app.sha256);
        sha256(software, 1, tale.software.sha256);
        tale.people[0] = (struct tale_person){ .name = "見本 花子",
                .address = "見本県見本市見本町一丁目1番1号",
                .gender = "2",
                .born = "1990-04-01",
                .card_serial = "CARD0001",
                .account = "hanako" };
        tale.people[1] = (struct tale_person){ .name = "見本 太郎",
                .address = "見本県見本市見本町二丁目2番2号",
                .gender = "1",
                .born = "1985-12-24",
                .card_serial = "CARD0002",
                .account = "taro" };
        tale.phones[0] =
                (struct tale_phone){ .identity = "MIHON-0001", .pin = "4649", .password = "HANAKO12" };
        tale.phones[1] =
                (struct tale_phone){ .identity = "MIHON-0002", .pin = "2580", .password = "HANAKO34" };
}

static char folder[64];

static int begin(void **state)
{
        mitome_error error = { 0 };
        (void)state;
        tale.out = folder;
        tale.build = getenv("MITOME_BUILD");
        tale.random = random_system();
        stage_open(&tale.stage, fopen("/dev/null", "w"));
        make_cast();
        mitome_status status = post_http_open(0, &tale.http, &error);
        if (!failed(status))
                status = act_parties(&tale, &error);
        if (failed(status)) {
                print_error("E%d %s\n", status.code, error.field ? error.field : "");
                return -1;
        }
        killer.whom = NOBODY;
        killer.sei_tsm = phone_way_http(tale.sei_way);
        killer.sp_tsm = phone_way_http(tale.sp_way);
        killer.maker = phone_way_http(tale.maker_way);
        sodium_bin2hex(apps, sizeof apps, tale.app.sha256, sizeof tale.app.sha256);
        if (failed(tale_path(&tale, device_ca, NULL, "device-ca.cer")))
                return -1;
        open_app(&tale.phones[0]);
        return 0;
}

static int drop(const char *path, const struct stat *facts, int kind, struct FTW *where)
{
        (void)facts;
        (void)kind;
        (void)where;
        return remove(path);
}

static int end(void **state)
{
        enum { OPEN_AT_ONCE = 8 };
        (void)state;
        for (unsigned i = 0; i < TALE_PHONES; i++)
                tale_phone_end(&tale.phones[i]);
        for (unsigned i = 0; i < TALE_PEOPLE; i++)
                factory_element_end(&tale.people[i].card);
        for (unsigned i = TALE_SERVICES; i-- > 0;)
                tale_stop(&tale, (enum tale_service)i);
        phone_way_http_close(tale.sei_way);
        phone_way_http_close(tale.sp_way);
        phone_way_http_close(tale.maker_way);
        if (tale.portal)
                party_close(tale.portal);
        post_http_close(tale.http);
        return nftw(folder, drop, OPEN_AT_ONCE, FTW_DEPTH | FTW_PHYS);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_phone_comes_to_its_certificates_whichever_program_is_killed),
                cmocka_unit_test(a_renewal_comes_through_whichever_program_is_killed),
                cmocka_unit_test(a_phone_is_set_back_whichever_program_is_killed),
                cmocka_unit_test(the_journals_of_those_who_were_killed_are_sound),
        };
        snprintf(folder, sizeof folder, "/tmp/mitome-kill-XXXXXX");
        if (!mkdtemp(folder) || sodium_init() < 0)
                return 1;
        signal(SIGPIPE, SIG_IGN);
        return cmocka_run_group_tests(tests, begin, end);
}
