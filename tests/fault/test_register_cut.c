/* SPDX-License-Identifier: Apache-2.0 */

/* The authority's register, cut at every write: never two live certificates, never one revoked of which the
 * service manager does not hear, and what was asked is done when it is asked again. */

#include "register_rig.h"
#include "sql_cut.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { CUTS_MAX = 200 };

static const enum register_kind kind = REGISTER_USER_VERIFICATION;

struct scene {
        struct register_rig rig;
        struct register_rig_card card;
        struct authority_der former; /* in the old phone */
        const struct register_rig_key *key;
        uint8_t digest[32]; /* of the application for the new one */
        char root[64], folder[96];
};

static void remove_folder(const struct scene *scene)
{
        static const char *const names[] = { "party.db", "party.db-wal", "party.db-journal", "party.key" };
        char path[160];
        for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
                snprintf(path, sizeof path, "%s/%s", scene->folder, names[n]);
                (void)unlink(path);
        }
        assert_int_equal(rmdir(scene->folder), 0);
        assert_int_equal(rmdir(scene->root), 0);
}

/* A person with a phone, who has applied for another. */
static void prepare(struct scene *scene)
{
        uint8_t buffer[8192];
        const struct register_rig_application application = { .device = "MT-1 0002", .nonce = "second" };
        snprintf(scene->root, sizeof scene->root, "/tmp/mitome-cut-XXXXXX");
        assert_non_null(mkdtemp(scene->root));
        snprintf(scene->folder, sizeof scene->folder, "%s/authority", scene->root);
        register_rig_begin(&scene->rig);
        scene->rig.folder = scene->folder;
        register_rig_open(&scene->rig);
        register_rig_holder(&scene->rig, &register_rig_hanako, &scene->card);
        register_rig_phone(&scene->rig, &scene->card, "MT-1 0001", "first", kind, &scene->former);
        slice cms = register_rig_sign(&scene->rig, &scene->card, &application, buffer);
        assert_int_equal(register_rig_check(&scene->rig, cms, &application, scene->digest), MITOME_OK);
        scene->key = register_rig_key(&scene->rig);
}

static void finish(struct scene *scene)
{
        register_rig_end(&scene->rig);
        remove_folder(scene);
        free(scene);
}

static mitome_code issue(struct scene *scene, struct authority_der *ret)
{
        return register_rig_issue(
                &scene->rig, scene->card.person, kind, scene->key, "MT-1 0002", scene->digest, ret);
}

static mitome_code end_card(struct scene *scene)
{
        return register_rig_revoke(&scene->rig, RIG_MUNICIPALITY, kind,
                register_rig_der(&scene->card.certificates[kind]), 5, NULL);
}

/* The model change, and then the card is given back; refusals and failures are looked at later. */
static void run_flow(struct scene *scene)
{
        size_t left;
        (void)issue(scene, NULL);
        (void)failed(party_flush(scene->rig.authority, &left, NULL));
        (void)end_card(scene);
        (void)failed(party_flush(scene->rig.authority, &left, NULL));
}

static void check_whole(struct scene *scene)
{
        struct register_rig *rig = &scene->rig;
        assert_true(register_rig_count(
                            rig, "SELECT count(*) FROM certificate WHERE place = 2 AND status < 2") <= 1);
        /* an issued one has its document and its links, or nothing of it is there */
        assert_int_equal(
                register_rig_count(rig,
                        "SELECT count(*) FROM certificate WHERE number NOT IN (SELECT certificate FROM "
                        "document)"),
                0);
        assert_int_equal(
                register_rig_count(rig,
                        "SELECT count(*) FROM certificate WHERE place = 2 AND number NOT IN (SELECT phone "
                        "FROM link)"),
                0);
}

/* Asked again, by new letters: the card may be gone already, and then there is nothing to issue. */
static void check_after(struct scene *scene)
{
        struct register_rig *rig = &scene->rig;
        register_rig_open(rig);
        check_whole(scene);
        rig->now += 3600;
        mitome_code code = issue(scene, NULL);
        assert_true(code == MITOME_OK || code == MITOME_E_AUTHORITY_SPENT || code == MITOME_E_AUTHORITY_CARD);
        assert_int_equal(end_card(scene), MITOME_OK);
        register_rig_flush(rig);
        check_whole(scene);
        assert_int_equal(
                register_rig_status(rig, kind, register_rig_der(&scene->former)).status, REGISTER_REVOKED);
        assert_int_equal(
                register_rig_count(rig, "SELECT count(*) FROM certificate WHERE place = 2 AND status < 2"),
                0);
        /* each that ended in a phone was told, in a letter of its own or in one with the other */
        assert_true((int64_t)rig->told >=
                    register_rig_count(rig, "SELECT count(*) FROM certificate WHERE place = 2"));
}

static unsigned cut_each(enum sql_cut_how how)
{
        for (unsigned n = 1; n < CUTS_MAX; n++) {
                struct scene *scene = calloc(1, sizeof *scene);
                prepare(scene);
                sql_cut_arm("authority/party.db", n, how);
                run_flow(scene);
                register_rig_shut(&scene->rig); /* without power */
                bool was_cut = sql_cut_on();
                check_after(scene);
                finish(scene);
                if (!was_cut)
                        return n - 1;
        }
        fail_msg("the flow does not come to its end");
        return 0;
}

static void test_every_write_of_the_register_can_fail(void **state)
{
        (void)state;
        assert_true(cut_each(SQL_CUT_FAILS) >= 6);
}

static void test_every_write_of_the_register_can_be_torn(void **state)
{
        (void)state;
        assert_true(cut_each(SQL_CUT_TORN) >= 6);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_write_of_the_register_can_fail),
                cmocka_unit_test(test_every_write_of_the_register_can_be_torn),
        };
        sql_cut_begin();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
