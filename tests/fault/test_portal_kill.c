/* SPDX-License-Identifier: Apache-2.0 */

/* The portal's program, killed (SIGKILL) while browsers register, log in and log out, and started again on
 * the same store: five times, with --all a hundred. What it had said must be so:
 *
 *      a registration that it acknowledged still logs in;
 *      a challenge that it has accepted an answer to is accepted by nobody again, and one whose answer it was
 *      killed over, once at most;
 *      who was logged in is logged in, and a session that was ended is not there again.
 *
 * When it is killed is left to chance; what must hold after that is not. With MITOME_STORE its store is in
 * PostgreSQL, which is not killed. */

#include "portal_child.h"
#include "soft_passkey.h"
#include "store_rig.h"
#include "web_talk.h"

#include <ftw.h>
#include <pthread.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum {
        FEW_ROUNDS = 5,
        ALL_ROUNDS = 100,
        BROWSERS = 4,
        KEPT_MAX = 8192,    /* answers, in one round */
        PEOPLE_MAX = 65536, /* in all */
        ANSWER_MAX = 2048,
        LEAST_MS = 60,
        MOST_MS = 400,
};

/* An answer to a challenge, as it was sent, and by which browser. */
struct sent {
        struct web_visitor visitor;
        char body[ANSWER_MAX];
        size_t size;
        bool acknowledged;
        struct web_visitor session; /* what it gave */
        bool ended;                 /* acknowledged: that session was logged out */
        bool ending;                /* .. or was about to be */
};

static struct scene {
        const char *program, *store;
        char folder[64];
        struct portal_child child;
        struct soft_site site;
        uint16_t port;
        pthread_mutex_t lock; /* around the lists */
        struct soft_passkey people[PEOPLE_MAX];
        size_t people_count, people_checked;
        struct sent *answers;
        size_t answer_count;
        bool over;
} scene = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* ---- one browser ---- */

/* For its own dice only: who logs in. */
struct browser {
        struct web_talk talk;
        unsigned dice;
};

static bool register_one(struct browser *browser)
{
        uint8_t body[SOFT_JSON_MAX];
        struct web_reply reply = { 0 };
        struct soft_passkey passkey;
        writer w = WRITER(body);
        soft_passkey_make(&passkey);
        write_slice(&w, slice_text("{\"credential\":"));
        bool good = web_talk_visit(&browser->talk) == 200 &&
                    web_talk_do(&browser->talk, "/api/register/options", slice_text("{\"name\":\"\"}"),
                            &reply) == 200 &&
                    soft_passkey_register(&passkey, &scene.site, reply.body, &w);
        write_slice(&w, slice_text("}"));
        good = good && web_talk_do(&browser->talk, "/api/register", writer_view(&w), &reply) / 100 == 2;
        (void)pthread_mutex_lock(&scene.lock);
        good = good && scene.people_count < PEOPLE_MAX;
        if (good)
                scene.people[scene.people_count++] = passkey;
        (void)pthread_mutex_unlock(&scene.lock);
        if (!good)
                soft_passkey_free(&passkey);
        return good;
}

/* A place for what is about to be sent; NULL: no room left. */
static struct sent *note_sent(const struct web_visitor *visitor, slice body)
{
        struct sent *sent = NULL;
        (void)pthread_mutex_lock(&scene.lock);
        if (scene.answer_count < KEPT_MAX && body.size <= ANSWER_MAX)
                sent = &scene.answers[scene.answer_count++];
        (void)pthread_mutex_unlock(&scene.lock);
        if (!sent)
                return NULL;
        *sent = (struct sent){ .visitor = *visitor, .size = body.size };
        memcpy(sent->body, body.data, body.size);
        return sent;
}

static bool log_in(struct browser *browser, const struct soft_passkey *passkey, struct sent **ret)
{
        uint8_t body[ANSWER_MAX];
        struct web_reply reply = { 0 };
        writer w = WRITER(body);
        if (web_talk_visit(&browser->talk) != 200 ||
                web_talk_do(&browser->talk, "/api/login/options", slice_text("{}"), &reply) != 200 ||
                !soft_passkey_assert(passkey, &scene.site, reply.body, 0, &w))
                return false;
        struct sent *sent = note_sent(&browser->talk.visitor, writer_view(&w));
        if (!sent || web_talk_do(&browser->talk, "/api/login", writer_view(&w), &reply) != 200)
                return false;
        sent->session = browser->talk.visitor;
        sent->acknowledged = true;
        *ret = sent;
        return true;
}

static bool log_out(struct browser *browser, struct sent *sent)
{
        struct web_reply reply = { 0 };
        sent->ending = true;
        if (web_talk_do(&browser->talk, "/api/logout", slice_text("{}"), &reply) / 100 != 2)
                return false;
        sent->ended = true;
        return true;
}

static size_t people(void)
{
        (void)pthread_mutex_lock(&scene.lock);
        const size_t count = scene.people_count;
        (void)pthread_mutex_unlock(&scene.lock);
        return count;
}

static size_t answers(void)
{
        (void)pthread_mutex_lock(&scene.lock);
        const size_t count = scene.answer_count;
        (void)pthread_mutex_unlock(&scene.lock);
        return count;
}

static const struct soft_passkey *somebody(struct browser *browser)
{
        const size_t count = people();
        browser->dice = browser->dice * 1103515245u + 12345u;
        return count ? &scene.people[(browser->dice >> 8) % count] : NULL;
}

/* Registers, logs somebody in, and every other one out again, until nobody answers any more. */
static void *browse(void *context)
{
        struct browser *browser = context;
        struct sent *sent = NULL;
        for (unsigned turn = 0;; turn++) {
                const struct soft_passkey *who = somebody(browser);
                if ((turn % 4 == 0 && people() < PEOPLE_MAX - BROWSERS) || !who) {
                        if (!register_one(browser))
                                return NULL;
                        continue;
                }
                if (!log_in(browser, who, &sent) || (turn % 2 == 1 && !log_out(browser, sent)))
                        return NULL;
        }
}

/* ---- a round ---- */

static void sleep_ms(unsigned ms)
{
        const struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };
        (void)nanosleep(&time, NULL);
}

static void start(void)
{
        assert_true(portal_child_start(scene.program, scene.folder, scene.store, scene.port, &scene.child));
        scene.port = scene.child.port;
        scene.site = (struct soft_site){ .rp_id = "localhost", .origin = scene.child.origin };
}

static void work_and_kill(unsigned round)
{
        static struct browser browsers[BROWSERS];
        pthread_t threads[BROWSERS];
        for (unsigned i = 0; i < BROWSERS; i++) {
                web_talk_begin(&browsers[i].talk, scene.site.origin, scene.port);
                browsers[i].dice = round * BROWSERS + i;
                assert_int_equal(pthread_create(&threads[i], NULL, browse, &browsers[i]), 0);
        }
        /* On a busy machine, not before there was something to lose. */
        while (answers() == 0)
                sleep_ms(LEAST_MS);
        sleep_ms(LEAST_MS + randombytes_uniform(MOST_MS - LEAST_MS));
        portal_child_kill(&scene.child);
        for (unsigned i = 0; i < BROWSERS; i++) {
                assert_int_equal(pthread_join(threads[i], NULL), 0);
                web_talk_hang_up(&browsers[i].talk);
        }
}

/* ---- what must hold ---- */

static int send_again(struct web_talk *talk, const struct sent *sent, char code[16])
{
        struct web_reply reply = { 0 };
        talk->visitor = sent->visitor;
        const int status = web_talk_do(talk, "/api/login", slice_of(sent->body, sent->size), &reply);
        const slice said = soft_member(reply.body, "code");
        code[0] = '\0';
        if (said.size && said.size < 16) {
                memcpy(code, said.data, said.size);
                code[said.size] = '\0';
        }
        return status;
}

static void check_challenges(struct web_talk *talk)
{
        char code[16], spent[16];
        (void)snprintf(spent, sizeof spent, "E%d", (int)MITOME_E_CHALLENGE_SPENT);
        for (size_t i = 0; i < scene.answer_count; i++) {
                const struct sent *sent = &scene.answers[i];
                int accepted = sent->acknowledged;
                for (int again = 0; again < 2; again++) {
                        const int status = send_again(talk, sent, code);
                        assert_int_not_equal(status, 0);
                        accepted += status == 200;
                        if (status != 200)
                                assert_string_equal(code, spent);
                }
                assert_true(accepted <= 1);
        }
}

static bool is_person(struct web_talk *talk, const struct web_visitor *session)
{
        struct web_reply reply = { 0 };
        talk->visitor = *session;
        assert_int_equal(web_talk_do(talk, "/api/session", slice_of(NULL, 0), &reply), 200);
        return memmem(reply.body.data, reply.body.size, "\"person\":true", 13) ||
               memmem(reply.body.data, reply.body.size, "\"person\": true", 14);
}

static void check_sessions(struct web_talk *talk)
{
        for (size_t i = 0; i < scene.answer_count; i++) {
                const struct sent *sent = &scene.answers[i];
                if (sent->ended)
                        assert_false(is_person(talk, &sent->session));
                else if (sent->acknowledged && !sent->ending)
                        assert_true(is_person(talk, &sent->session));
        }
}

static void check_registrations(struct web_talk *talk)
{
        uint8_t body[ANSWER_MAX];
        for (; scene.people_checked < scene.people_count; scene.people_checked++) {
                struct web_reply reply = { 0 };
                writer w = WRITER(body);
                assert_int_equal(web_talk_visit(talk), 200);
                assert_int_equal(web_talk_do(talk, "/api/login/options", slice_text("{}"), &reply), 200);
                assert_true(soft_passkey_assert(
                        &scene.people[scene.people_checked], &scene.site, reply.body, 0, &w));
                assert_int_equal(web_talk_do(talk, "/api/login", writer_view(&w), &reply), 200);
        }
}

static void check_all(void)
{
        static struct web_talk talk;
        web_talk_begin(&talk, scene.site.origin, scene.port);
        check_sessions(&talk);
        check_challenges(&talk);
        check_registrations(&talk);
        web_talk_hang_up(&talk);
}

static unsigned rounds = FEW_ROUNDS;

static void nothing_that_the_portal_said_is_undone_by_killing_it(void **state)
{
        (void)state;
        size_t registered = 0, answered = 0, ended = 0;
        start();
        for (unsigned round = 0; round < rounds; round++) {
                scene.answer_count = 0;
                work_and_kill(round);
                start();
                check_all();
                for (size_t i = 0; i < scene.answer_count; i++) {
                        answered += scene.answers[i].acknowledged;
                        ended += scene.answers[i].ended;
                }
        }
        registered = scene.people_count;
        print_message("killed %u times: %zu registrations, %zu logins and %zu logouts acknowledged\n", rounds,
                registered, answered, ended);
        assert_true(registered > 0 && answered > 0 && ended > 0);
        assert_int_equal(portal_child_end(&scene.child), 0);
}

/* ---- around it ---- */

static int remove_one(const char *path, const struct stat *facts, int kind, struct FTW *walk)
{
        (void)facts;
        (void)kind;
        (void)walk;
        return remove(path);
}

static int begin(void **state)
{
        (void)state;
        strcpy(scene.folder, "/tmp/mitome-portal-XXXXXX");
        scene.answers = calloc(KEPT_MAX, sizeof *scene.answers);
        scene.store = store_rig_fresh();
        return mkdtemp(scene.folder) && scene.answers ? 0 : -1;
}

static int end(void **state)
{
        (void)state;
        portal_child_kill(&scene.child);
        for (size_t i = 0; i < scene.people_count; i++)
                soft_passkey_free(&scene.people[i]);
        free(scene.answers);
        return nftw(scene.folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = { cmocka_unit_test_setup_teardown(
                nothing_that_the_portal_said_is_undone_by_killing_it, begin, end) };
        if (argc < 2)
                return 2;
        scene.program = argv[1];
        if (argc > 2 && strcmp(argv[2], "--all") == 0)
                rounds = ALL_ROUNDS;
        return cmocka_run_group_tests(tests, NULL, NULL);
}
