/* SPDX-License-Identifier: Apache-2.0 */

/* An account goes over to a new phone at the portal, when the authority says that one certificate followed
 * the other; and the file that the portal's keys come from. */

#include "portal_rig.h"

#include "cbor.h"
#include "post_local.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct move_rig {
        struct portal_rig portal;
        struct post_local network;
        struct party *authority;
        bool follows;
        unsigned asked;
};

static mitome_status answer_successor(
        void *context, const struct party_request *request, writer *answer, mitome_error *error)
{
        struct move_rig *rig = context;
        (void)request;
        (void)error;
        rig->asked++;
        cbor_write_map(answer, 1);
        cbor_write_uint(answer, 1);
        cbor_write_bool(answer, rig->follows);
        return ok();
}

static const char *const portals[] = { PARTY_PORTAL, NULL };
static const struct party_desk successor[] = { { "successor", portals, answer_successor } };

static int64_t clock_of(void *context)
{
        const struct move_rig *rig = context;
        return rig->portal.now;
}

static int set_up(void **state)
{
        struct move_rig *rig = calloc(1, sizeof *rig);
        assert_non_null(rig);
        rig->portal.post = post_local(&rig->network);
        rig->portal.names = &rig->network.directory;
        portal_rig_open(&rig->portal, PORTAL_ATTESTED);
        const struct party_config config = { .name = PARTY_AUTHORITY,
                .directory = &rig->network.directory,
                .post = post_local(&rig->network),
                .clock = { .context = rig, .now = clock_of },
                .random = *party_random(rig->portal.party) };
        assert_int_equal(party_open(&config, &rig->authority, NULL).code, MITOME_OK);
        static struct party_desks desks;
        desks = (struct party_desks){ .context = rig, .desks = successor, .count = 1 };
        assert_int_equal(post_local_join(&rig->network, rig->authority, &desks, NULL).code, MITOME_OK);
        assert_int_equal(post_local_join(&rig->network, rig->portal.party, NULL, NULL).code, MITOME_OK);
        *state = rig;
        return 0;
}

static int tear_down(void **state)
{
        struct move_rig *rig = *state;
        party_close(rig->authority);
        portal_rig_close(&rig->portal);
        free(rig);
        return 0;
}

/* The owner, logged in with his old phone, and what the portal calls his account. */
static void settle(struct move_rig *rig, struct portal_browser *old, struct credential_account *ret)
{
        struct ceremony_registered registered;
        struct ceremony_logged_in logged_in;
        portal_rig_visit(&rig->portal, old);
        assert_int_equal(
                portal_rig_register(&rig->portal, old, 0, PORTAL_RIG_CERTIFIED, &registered), MITOME_OK);
        assert_int_equal(portal_rig_log_in(&rig->portal, old, 0, &logged_in), MITOME_OK);
        assert_int_equal(
                credential_account_read(rig->portal.portal, registered.account, ret, NULL).code, MITOME_OK);
        portal_rig_new_certificate(&rig->portal);
}

static mitome_code move(struct move_rig *rig, struct portal_browser *browser, const char *account,
        bool certified, struct ceremony_registered *ret)
{
        struct rig_plan plan = rig_registration_plan();
        uint8_t signature[512];
        mitome_error error = { 0 };
        portal_rig_begin_registration(&rig->portal, browser, 1, &plan);
        struct ceremony_answer answer = { .json = rig_json(&rig->portal.response),
                .name = slice_text("the new telephone"),
                .network = slice_text(browser->address) };
        if (certified) {
                answer.certificate =
                        slice_of(rig->portal.certificate.der.bytes, rig->portal.certificate.der.size);
                answer.signature = portal_rig_sign_binding(&rig->portal, signature);
        }
        return ceremony_move(rig->portal.portal, &browser->session, slice_text(account), &answer, ret, &error)
                .code;
}

static void an_account_goes_over_to_a_new_phone(void **state)
{
        struct move_rig *rig = *state;
        struct portal_browser old = { 0 }, new = { 0 };
        struct credential_account account;
        struct ceremony_registered moved;
        struct ceremony_logged_in logged_in;
        struct credential_list list;
        settle(rig, &old, &account);
        rig->follows = true;
        portal_rig_visit(&rig->portal, &new);
        assert_int_equal(move(rig, &new, account.number, true, &moved), MITOME_OK);
        assert_int_equal(rig->asked, 1);
        assert_int_equal(moved.account, old.session.account);
        assert_true(moved.certificate && !moved.opened);
        /* The old phone is out: its session, and its passkey. */
        assert_int_equal(portal_rig_return(&rig->portal, &old), MITOME_E_SESSION_OVER);
        portal_rig_visit(&rig->portal, &old);
        assert_int_equal(portal_rig_log_in(&rig->portal, &old, 0, &logged_in), MITOME_E_ACCOUNT_ENDED);
        /* What the new one has registered logs in, at once or later, by the account's own handle. */
        assert_int_equal(
                session_log_in(rig->portal.portal, &new.session, &moved.login, &new.session, new.cookie, NULL)
                        .code,
                MITOME_OK);
        assert_int_equal(new.session.account, moved.account);
        assert_int_equal(portal_rig_log_in(&rig->portal, &new, 1, &logged_in), MITOME_OK);
        assert_int_equal(
                credential_list_read(rig->portal.portal, moved.account, &list, NULL).code, MITOME_OK);
        assert_int_equal(list.count, 2);
        assert_true(list.credentials[0].ended && !list.credentials[1].ended);
        assert_string_equal(list.credentials[1].name, "the new telephone");
        /* It cannot be the last that is left. */
        assert_int_equal(
                credential_remove(rig->portal.portal, moved.account, list.credentials[1].row, NULL).code,
                MITOME_E_CREDENTIAL_LAST);
}

static void attack_taking_an_account_with_any_certificate(void **state)
{
        struct move_rig *rig = *state;
        struct portal_browser old = { 0 }, thief = { 0 };
        struct credential_account account;
        struct ceremony_registered moved;
        struct tally_figures figures;
        settle(rig, &old, &account);
        portal_rig_visit(&rig->portal, &thief);
        assert_int_equal(move(rig, &thief, account.number, true, &moved), MITOME_E_ACCOUNT_NOT_SUCCESSOR);
        assert_int_equal(rig->asked, 1);
        /* He hears the same of an account that is not there, and as late. */
        assert_int_equal(move(rig, &thief, "0000-0000-0000", true, &moved), MITOME_E_ACCOUNT_NOT_SUCCESSOR);
        assert_int_equal(rig->asked, 2);
        assert_int_equal(portal_rig_return(&rig->portal, &old), MITOME_OK);
        assert_int_not_equal(old.session.account, 0);
        assert_int_equal(tally_read(rig->portal.portal, &figures, NULL).code, MITOME_OK);
        assert_int_equal(figures.refused[0].what, TALLY_MOVE);
        assert_int_equal(figures.refused[0].code, MITOME_E_ACCOUNT_NOT_SUCCESSOR);
        assert_int_equal(figures.refused[0].count, 2);
}

static void attack_taking_an_account_without_a_certificate(void **state)
{
        struct move_rig *rig = *state;
        struct portal_browser old = { 0 }, thief = { 0 };
        struct credential_account account;
        struct ceremony_registered moved;
        settle(rig, &old, &account);
        rig->follows = true;
        portal_rig_visit(&rig->portal, &thief);
        assert_int_equal(move(rig, &thief, account.number, false, &moved), MITOME_E_MISSING);
        assert_int_equal(rig->asked, 0);
}

/* ---- keys ---- */

static void the_masters_are_kept_in_files(void **state)
{
        struct move_rig *rig = *state;
        char folder[] = "/tmp/portal_master_XXXXXX", path[64], former[64];
        struct portal_masters first = { 0 }, again = { 0 }, both = { 0 };
        const struct mitome_random *random = party_random(rig->portal.party);
        assert_non_null(mkdtemp(folder));
        snprintf(path, sizeof path, "%s/portal.key", folder);
        snprintf(former, sizeof former, "%s/portal.key.old", folder);
        assert_int_equal(portal_master_keep(path, random, &first, NULL).code, MITOME_OK);
        assert_int_equal(first.count, 1);
        assert_int_equal(portal_master_keep(path, random, &again, NULL).code, MITOME_OK);
        assert_memory_equal(first.bytes[0], again.bytes[0], PORTAL_MASTER_SIZE);
        assert_int_equal(rename(path, former), 0);
        assert_int_equal(portal_master_keep(path, random, &both, NULL).code, MITOME_OK);
        assert_int_equal(both.count, 2);
        assert_memory_equal(both.bytes[1], first.bytes[0], PORTAL_MASTER_SIZE);
        assert_memory_not_equal(both.bytes[0], first.bytes[0], PORTAL_MASTER_SIZE);
        assert_int_equal(chmod(path, 0644), 0);
        assert_int_equal(portal_master_keep(path, random, &both, NULL).code, MITOME_E_FILE_MODE);
        (void)unlink(path);
        (void)unlink(former);
        (void)rmdir(folder);
}

static void purposes_have_keys_of_their_own(void **state)
{
        struct move_rig *rig = *state;
        SECRET(one);
        SECRET(two);
        portal_derive(rig->portal.portal, "one", &one);
        portal_derive(rig->portal.portal, "two", &two);
        assert_int_equal(one.size, 32);
        assert_false(secret_equal(secret_view(&one), secret_view(&two)));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(an_account_goes_over_to_a_new_phone),
                TEST(attack_taking_an_account_with_any_certificate),
                TEST(attack_taking_an_account_without_a_certificate),
                TEST(the_masters_are_kept_in_files),
                TEST(purposes_have_keys_of_their_own),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
