/* SPDX-License-Identifier: Apache-2.0 */

/* What a TSM and the authority issue a second: SP-TSM, SEI-TSM and authority, each with a store in a file and
 * the lock of its service, written durably, and as many phones at once as there are. The phones are elements
 * in memory, in this process: what they compute is in the figure, too, but for their RSA keys, which are made
 * beforehand (as are the cards').
 *
 * bench_issuance --folder FOLDER [--rounds N] */

#include "service_lock.h"
#include "tsm_rig.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS_MAX = 20, PATH_SIZE = 256, KINDS = 2, POOL = (ROUNDS_MAX + 1) * KINDS * TSM_RIG_PHONES };

struct bench;

/* A party's place in the crowd. */
struct place {
        struct bench *bench;
        struct service_lock lock;
        struct post way; /* its lock's */
};

struct visitor {
        struct bench *bench;
        unsigned which;
        struct mitome_link element;
        struct service_lock *held; /* by the TSM that speaks to it */
        int64_t rounds;
        pthread_t thread;
};

struct bench {
        struct tsm_rig rig;
        struct place places[TSM_RIG_PARTIES];
        struct visitor visitors[TSM_RIG_PHONES];
        bool crowded; /* many threads: each way lets its lock go */
        char folders[TSM_RIG_PARTIES][PATH_SIZE];
};

/* ---- keys ---- */

static struct {
        pthread_mutex_t mutex;
        EVP_PKEY *keys[POOL];
        size_t count;
} pool = { .mutex = PTHREAD_MUTEX_INITIALIZER };

EVP_PKEY *__real_EVP_PKEY_Q_keygen(OSSL_LIB_CTX *context, const char *query, const char *type, ...);
EVP_PKEY *__wrap_EVP_PKEY_Q_keygen(OSSL_LIB_CTX *context, const char *query, const char *type, ...);

/* An RSA key comes from the pool while there is one; each is given once. */
EVP_PKEY *__wrap_EVP_PKEY_Q_keygen(OSSL_LIB_CTX *context, const char *query, const char *type, ...)
{
        va_list arguments;
        EVP_PKEY *key = NULL;
        va_start(arguments, type);
        if (strcmp(type, "RSA") != 0) {
                key = __real_EVP_PKEY_Q_keygen(context, query, type, va_arg(arguments, const char *));
        } else {
                pthread_mutex_lock(&pool.mutex);
                if (pool.count > 0)
                        key = pool.keys[--pool.count];
                pthread_mutex_unlock(&pool.mutex);
                if (!key)
                        key = __real_EVP_PKEY_Q_keygen(context, query, type, va_arg(arguments, size_t));
        }
        va_end(arguments);
        return key;
}

static void fill_pool(size_t count)
{
        for (size_t i = 0; i < count; i++)
                pool.keys[i] = __real_EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
        pool.count = count;
}

/* ---- the parties ---- */

static double now_us(void)
{
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void must(bool good, const char *what)
{
        if (good)
                return;
        fprintf(stderr, "bench_issuance: %s\n", what);
        exit(1);
}

/* To the other one's service: in his lock, and told when it is on his disk. */
static mitome_status hand_over(void *context, const struct directory_entry *to, slice letter, uint8_t *answer,
        size_t capacity, size_t *ret_size, mitome_error *error)
{
        struct bench *bench = context;
        writer out = writer_over(answer, capacity);
        for (int i = 0; i < TSM_RIG_PARTIES; i++) {
                if (strcmp(party_name(bench->rig.parties[i]), to->name) != 0)
                        continue;
                service_lock_take(&bench->places[i].lock);
                mitome_status status =
                        party_receive(bench->rig.parties[i], &bench->rig.desks[i], letter, &out, error);
                mitome_status told = service_lock_tell(&bench->places[i].lock, error);
                *ret_size = out.used;
                return failed(status) ? status : told;
        }
        return fail(error, MITOME_E_UNREACHABLE, "to", NULL);
}

static mitome_status deliver(void *context, const struct directory_entry *to, slice letter, uint8_t *answer,
        size_t capacity, size_t *ret_size, mitome_error *error)
{
        struct place *place = context;
        const struct post way = place->bench->crowded ? place->way : post_local(&place->bench->rig.network);
        return way.deliver(way.context, to, letter, answer, capacity, ret_size, error);
}

static mitome_status transmit(void *context, mitome_slice command, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        struct visitor *visitor = context;
        if (!visitor->held)
                return visitor->element.transmit(
                        visitor->element.context, command, response, capacity, ret_size, error);
        mitome_status status = service_lock_tell(visitor->held, error);
        if (!failed(status))
                status = visitor->element.transmit(
                        visitor->element.context, command, response, capacity, ret_size, error);
        service_lock_take(visitor->held);
        return status;
}

static void open_rig(struct bench *bench, const char *folder)
{
        static const char *const names[TSM_RIG_PARTIES] = {
                [TSM_RIG_AUTHORITY] = "authority", [TSM_RIG_SEI] = "sei-tsm", [TSM_RIG_SP] = "sp-tsm"
        };
        const struct post inner = { bench, hand_over };
        for (int i = 0; i < TSM_RIG_PARTIES; i++) {
                bench->places[i].bench = bench;
                must(!failed(service_lock_init(&bench->places[i].lock, inner, NULL)), "lock");
                bench->places[i].way = service_lock_post(&bench->places[i].lock);
                bench->rig.posts[i] = (struct post){ &bench->places[i], deliver };
                if (!names[i])
                        continue;
                must(snprintf(bench->folders[i], PATH_SIZE, "%s/%s", folder, names[i]) < PATH_SIZE, folder);
                bench->rig.folders[i] = bench->folders[i];
        }
        bench->rig.sp_folder = bench->folders[TSM_RIG_SP];
        tsm_rig_open(&bench->rig);
        for (int i = 0; i < TSM_RIG_PARTIES; i++)
                must(!failed(service_lock_ease(&bench->places[i].lock, bench->rig.parties[i], NULL)), "disk");
        for (unsigned i = 0; i < TSM_RIG_PHONES; i++) {
                struct visitor *visitor = &bench->visitors[i];
                *visitor =
                        (struct visitor){ .bench = bench, .which = i, .element = bench->rig.phones[i].link };
                bench->rig.phones[i].link = (struct mitome_link){ visitor, transmit };
        }
        bench->crowded = true;
}

static void close_rig(struct bench *bench)
{
        for (int i = 0; i < TSM_RIG_PARTIES; i++)
                service_lock_ease_no_more(&bench->places[i].lock, bench->rig.parties[i]);
        bench->crowded = false;
        tsm_rig_close(&bench->rig);
        for (int i = 0; i < TSM_RIG_PARTIES; i++)
                service_lock_end(&bench->places[i].lock);
        while (pool.count > 0)
                EVP_PKEY_free(pool.keys[--pool.count]);
}

/* ---- a phone ---- */

/* A relay to a TSM, and the letters that follow from it. A trouble is one that the next relay mends. */
static void relay(struct visitor *visitor, int to)
{
        struct bench *bench = visitor->bench;
        const slice identity = slice_text(bench->rig.phones[visitor->which].identity);
        const struct mitome_link *link = &bench->rig.phones[visitor->which].link;
        size_t left;
        visitor->held = &bench->places[to].lock;
        service_lock_take(visitor->held);
        (void)failed(to == TSM_RIG_SEI ? sei_tsm_serve(bench->rig.sei, identity, link, NULL)
                                       : sp_tsm_serve(bench->rig.sp, identity, link, NULL));
        (void)failed(party_flush(bench->rig.parties[to], &left, NULL));
        must(!failed(service_lock_tell(visitor->held, NULL)), "the disk");
        visitor->held = NULL;
}

static void relay_until(struct visitor *visitor, const uint8_t order[SP_ID_SIZE], unsigned wanted)
{
        enum { TRIES = 50 };
        struct bench *bench = visitor->bench;
        struct service_lock *lock = &bench->places[TSM_RIG_SP].lock;
        const struct timespec pause = { 0, 2000000 };
        for (int i = 0; i < TRIES; i++) {
                relay(visitor, TSM_RIG_SEI);
                relay(visitor, TSM_RIG_SP);
                service_lock_take(lock);
                const unsigned state = tsm_rig_state(&bench->rig, order).state;
                must(!failed(service_lock_tell(lock, NULL)), "the disk");
                if (state == wanted)
                        return;
                nanosleep(&pause, NULL);
        }
        must(false, "an order is not done");
}

static void told(struct service_lock *lock)
{
        must(!failed(service_lock_tell(lock, NULL)), "the disk");
}

/* The holder's own PIN or password in place of the temporary one. */
static void choose(
        struct visitor *visitor, const struct tsm_rig_session *session, unsigned kind, const char *own)
{
        struct tsm_rig *rig = &visitor->bench->rig;
        struct service_lock *lock = &visitor->bench->places[TSM_RIG_SP].lock;
        struct tsm_rig_answer answer;
        slice temporary;
        service_lock_take(lock);
        must(tsm_rig_temporary(rig, session, kind, &answer, &temporary) == MITOME_OK, "temporary secret");
        told(lock);
        tsm_rig_replace(rig, session->phone, kind, temporary, own);
}

/* An application for both certificates, from its beginning to the order that is done. The SP-TSM's lock is
 * held while the SP-TSM works, not while the phone and the card do. */
static void issue_once(struct visitor *visitor)
{
        struct bench *bench = visitor->bench;
        struct tsm_rig *rig = &bench->rig;
        struct service_lock *lock = &bench->places[TSM_RIG_SP].lock;
        const unsigned which = visitor->which;
        uint8_t cms_bytes[TSM_RIG_DER_MAX * 2], statement_bytes[4096], order[SP_ID_SIZE];
        struct tsm_rig_session session;
        service_lock_take(lock);
        must(tsm_rig_begin(rig, which, "issue", 1U << SP_SIGNING | 1U << SP_USER_VERIFICATION, &session) ==
                        MITOME_OK,
                "begin");
        told(lock);
        const slice cms = tsm_rig_sign(rig, which, &session, cms_bytes);
        const slice statement = tsm_rig_statement(rig, &session, cms, statement_bytes);
        service_lock_take(lock);
        must(tsm_rig_apply(rig, &session, cms, statement, order) == MITOME_OK, "apply");
        told(lock);
        relay_until(visitor, order, SP_ORDER_HOLDER);
        choose(visitor, &session, SP_SIGNING, "PASSWORD1");
        choose(visitor, &session, SP_USER_VERIFICATION, "1234");
        relay_until(visitor, order, SP_ORDER_DONE);
}

static void *visit(void *context)
{
        struct visitor *visitor = context;
        for (int64_t i = 0; i < visitor->rounds; i++)
                issue_once(visitor);
        return NULL;
}

static double all_visit(struct bench *bench, int64_t rounds)
{
        const double begin = now_us();
        for (unsigned i = 0; i < TSM_RIG_PHONES; i++) {
                bench->visitors[i].rounds = rounds;
                must(pthread_create(&bench->visitors[i].thread, NULL, visit, &bench->visitors[i]) == 0,
                        "thread");
        }
        for (unsigned i = 0; i < TSM_RIG_PHONES; i++)
                pthread_join(bench->visitors[i].thread, NULL);
        return (double)rounds * KINDS * TSM_RIG_PHONES * 1e6 / (now_us() - begin);
}

int main(int argc, char **argv)
{
        static struct bench bench;
        const char *folder = NULL;
        int64_t rounds = 5;
        for (int i = 1; i + 1 < argc; i += 2) {
                if (strcmp(argv[i], "--folder") == 0)
                        folder = argv[i + 1];
                else if (strcmp(argv[i], "--rounds") == 0)
                        rounds = strtoll(argv[i + 1], NULL, 10);
        }
        if (!folder || argc % 2 == 0 || rounds < 1 || rounds > ROUNDS_MAX) {
                fprintf(stderr, "usage: bench_issuance --folder FOLDER [--rounds N]\n");
                return 2;
        }
        open_rig(&bench, folder);
        fill_pool((size_t)(rounds + 1) * KINDS * TSM_RIG_PHONES);
        (void)all_visit(&bench, 1); /* makes what lasts: domain, applet, keys of the channel */
        printf("%-46s %10.0f /s  (%d phones at once, no key made)\n", "certificates issued into phones",
                all_visit(&bench, rounds), TSM_RIG_PHONES);
        close_rig(&bench);
        return 0;
}
