/* SPDX-License-Identifier: Apache-2.0 */
/* Commits that wait for the disk together: nothing is told before it lies there. */
#include "party_rig.h"

#include "post_http.h"
#include "service.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#undef fail /* the one of status.h is meant */

enum { THREADS = 4 };

/* ---- the disk ---- */

/* This program's own disk (SQLite's calls are its library's): it can be held up, and fail. */
static struct {
        pthread_mutex_t mutex;
        pthread_cond_t change;
        unsigned asked;
        bool held, fails;
} disk = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, false, false };

int __real_fdatasync(int file);
int __wrap_fdatasync(int file);
int __wrap_fdatasync(int file)
{
        pthread_mutex_lock(&disk.mutex);
        disk.asked++;
        while (disk.held)
                pthread_cond_wait(&disk.change, &disk.mutex);
        const bool fails = disk.fails;
        pthread_mutex_unlock(&disk.mutex);
        if (fails)
                errno = EIO;
        return fails ? -1 : __real_fdatasync(file);
}

static void set_disk(bool held, bool fails)
{
        pthread_mutex_lock(&disk.mutex);
        disk.held = held;
        disk.fails = fails;
        pthread_cond_broadcast(&disk.change);
        pthread_mutex_unlock(&disk.mutex);
}

static unsigned disk_asked(void)
{
        pthread_mutex_lock(&disk.mutex);
        const unsigned asked = disk.asked;
        pthread_mutex_unlock(&disk.mutex);
        return asked;
}

/* ---- a party on it ---- */

struct stage {
        struct party_rig rig;
        struct service_lock lock; /* of the one who is asked */
        struct service *service;
        struct post_http *http;
        char folder[64];
        unsigned answered; /* the lock's mutex is held for it */
};

static int set_up(void **state)
{
        struct stage *stage = calloc(1, sizeof *stage);
        const struct post nowhere = { NULL, NULL };
        set_disk(false, false);
        snprintf(stage->folder, sizeof stage->folder, "./test-lock-XXXXXX");
        assert_non_null(mkdtemp(stage->folder));
        stage->rig.folders[RIG_ASKED] = stage->folder;
        party_rig_begin(&stage->rig);
        assert_int_equal(service_lock_init(&stage->lock, nowhere, NULL).code, MITOME_OK);
        *state = stage;
        return 0;
}

static int tear_down(void **state)
{
        static const char *const names[] = { "party.db", "party.db-wal", "party.key" };
        struct stage *stage = *state;
        char path[96];
        set_disk(false, false);
        service_close(stage->service);
        party_rig_end(&stage->rig);
        post_http_close(stage->http);
        service_lock_end(&stage->lock);
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
                snprintf(path, sizeof path, "%s/%s", stage->folder, names[i]);
                (void)unlink(path);
        }
        (void)rmdir(stage->folder);
        free(stage);
        return 0;
}

static void serve(struct stage *stage)
{
        const struct service_parts parts = { .party = stage->rig.parties[RIG_ASKED],
                .desks = stage->rig.desks };
        party_rig_shut(&stage->rig, RIG_ASKER);
        assert_int_equal(service_open(&parts, &stage->lock, NULL, 0, &stage->service, NULL).code, MITOME_OK);
        assert_int_equal(post_http_open(0, &stage->http, NULL).code, MITOME_OK);
        stage->rig.post = post_http(stage->http);
        assert_int_equal(party_rig_open(&stage->rig, RIG_ASKER, NULL).code, MITOME_OK);
        struct directory *directory = &stage->rig.network.directory;
        for (size_t i = 0; i < directory->count; i++)
                snprintf(directory->entries[i].url, sizeof directory->entries[i].url, "http://127.0.0.1:%u",
                        (unsigned)service_port(stage->service));
}

static void pause_a_little(void)
{
        const struct timespec pause = { 0, 20000000 };
        nanosleep(&pause, NULL);
}

static unsigned handled(struct stage *stage)
{
        service_lock_take(&stage->lock);
        const unsigned count = stage->rig.handled;
        service_lock_leave(&stage->lock);
        return count;
}

static unsigned answered(struct stage *stage)
{
        service_lock_take(&stage->lock);
        const unsigned count = stage->answered;
        service_lock_leave(&stage->lock);
        return count;
}

static void *ask_by_letter(void *context)
{
        static const uint8_t id[LETTER_ID_SIZE] = { 7 };
        struct stage *stage = context;
        uint64_t sum = 0;
        const bool good = !failed(party_rig_call(&stage->rig, "add", id, 5, &sum, NULL)) && sum == 5;
        service_lock_take(&stage->lock);
        stage->answered += good;
        service_lock_leave(&stage->lock);
        return NULL;
}

static void a_letter_is_not_answered_before_it_is_on_the_disk(void **state)
{
        struct stage *stage = *state;
        pthread_t thread;
        serve(stage);
        set_disk(true, false);
        assert_int_equal(pthread_create(&thread, NULL, ask_by_letter, stage), 0);
        while (handled(stage) == 0)
                pause_a_little();
        for (int i = 0; i < 10; i++) { /* done, and not yet told */
                pause_a_little();
                assert_int_equal(answered(stage), 0);
        }
        set_disk(false, false);
        pthread_join(thread, NULL);
        assert_int_equal(answered(stage), 1);
        assert_int_equal(party_rig_sum(stage->rig.parties[RIG_ASKED]), 5);
}

/* What the system holds after a failed write-out is not known: to wait again, and have it succeed, says
 * nothing. */
static void a_disk_that_failed_once_is_not_believed_again(void **state)
{
        static const uint8_t id[LETTER_ID_SIZE] = { 8 }, other[LETTER_ID_SIZE] = { 9 };
        struct stage *stage = *state;
        uint64_t sum = 0;
        serve(stage);
        set_disk(false, true);
        assert_int_equal(party_rig_call(&stage->rig, "add", id, 5, &sum, NULL).code, MITOME_E_UNREACHABLE);
        set_disk(false, false);
        assert_int_equal(party_rig_call(&stage->rig, "add", id, 5, &sum, NULL).code, MITOME_E_UNREACHABLE);
        assert_int_equal(party_rig_call(&stage->rig, "add", other, 5, &sum, NULL).code, MITOME_E_UNREACHABLE);
        service_close(stage->service);
        stage->service = NULL;
        party_rig_shut(&stage->rig, RIG_ASKED);
        assert_int_equal(party_rig_open(&stage->rig, RIG_ASKED, NULL).code, MITOME_OK);
        post_http_close(stage->http);
        stage->http = NULL;
        serve(stage); /* started anew: the letter is done once */
        assert_int_equal(party_rig_call(&stage->rig, "add", id, 5, &sum, NULL).code, MITOME_OK);
        assert_int_equal(handled(stage), 2);
        assert_int_equal(party_rig_sum(stage->rig.parties[RIG_ASKED]), 10);
}

/* ---- together ---- */

static void *write_one(void *context)
{
        struct stage *stage = context;
        service_lock_take(&stage->lock);
        mitome_status status = sql_do(party_store(stage->rig.parties[RIG_ASKED]),
                "UPDATE sum SET value = value + 1", NULL, 0, NULL, NULL);
        stage->rig.handled++;
        mitome_status told = service_lock_tell(&stage->lock, NULL);
        service_lock_take(&stage->lock);
        stage->answered += !failed(status) && !failed(told);
        service_lock_leave(&stage->lock);
        return NULL;
}

static void those_who_write_meanwhile_wait_for_the_disk_once(void **state)
{
        struct stage *stage = *state;
        struct party *party = stage->rig.parties[RIG_ASKED];
        pthread_t threads[THREADS];
        assert_int_equal(service_lock_ease(&stage->lock, party, NULL).code, MITOME_OK);
        set_disk(true, false);
        const unsigned before = disk_asked();
        assert_int_equal(pthread_create(&threads[0], NULL, write_one, stage), 0);
        while (disk_asked() == before)
                pause_a_little();
        for (size_t i = 1; i < THREADS; i++)
                assert_int_equal(pthread_create(&threads[i], NULL, write_one, stage), 0);
        while (handled(stage) < THREADS)
                pause_a_little();
        assert_int_equal(answered(stage), 0);
        set_disk(false, false);
        for (size_t i = 0; i < THREADS; i++)
                pthread_join(threads[i], NULL);
        assert_int_equal(answered(stage), THREADS);
        assert_int_equal(disk_asked() - before, 2); /* the first one, and the others together */
        assert_int_equal(party_rig_sum(party), THREADS);
        service_lock_ease_no_more(&stage->lock, party);
}

static void who_has_written_nothing_waits_for_nothing(void **state)
{
        struct stage *stage = *state;
        assert_int_equal(
                service_lock_ease(&stage->lock, stage->rig.parties[RIG_ASKED], NULL).code, MITOME_OK);
        service_lock_take(&stage->lock);
        assert_int_equal(service_lock_tell(&stage->lock, NULL).code, MITOME_OK);
        const unsigned before = disk_asked();
        service_lock_take(&stage->lock);
        assert_int_equal(service_lock_tell(&stage->lock, NULL).code, MITOME_OK);
        assert_int_equal(disk_asked(), before);
        service_lock_ease_no_more(&stage->lock, stage->rig.parties[RIG_ASKED]);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
                TEST(a_letter_is_not_answered_before_it_is_on_the_disk),
                TEST(a_disk_that_failed_once_is_not_believed_again),
                TEST(those_who_write_meanwhile_wait_for_the_disk_once),
                TEST(who_has_written_nothing_waits_for_nothing),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
