/* SPDX-License-Identifier: Apache-2.0 */
#include "portal_admin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#undef fail /* the one of status.h is meant */

enum { NOW = 1800000000 };

static char folder[64], path[96];

static int counted(void *context, uint8_t *bytes, size_t size)
{
        uint8_t *drawn = context;
        memset(bytes, ++*drawn, size);
        return 0;
}

static int none(void *context, uint8_t *bytes, size_t size)
{
        (void)context;
        (void)bytes;
        (void)size;
        return -1;
}

static struct admin_desk *open_desk(void)
{
        static uint8_t drawn;
        const struct mitome_random random = { &drawn, counted };
        struct admin_desk *desk = NULL;
        (void)snprintf(folder, sizeof folder, "/tmp/mitome-admin-XXXXXX");
        assert_non_null(mkdtemp(folder));
        (void)snprintf(path, sizeof path, "%s/token", folder);
        assert_int_equal(admin_open(path, &random, &desk, NULL).code, MITOME_OK);
        return desk;
}

static void close_desk(struct admin_desk *desk)
{
        admin_close(desk);
        assert_int_equal(access(path, F_OK), -1); /* a token of a portal that is gone is none */
        assert_int_equal(rmdir(folder), 0);
}

static void read_token(char token[64])
{
        struct stat about;
        FILE *file = fopen(path, "r");
        assert_non_null(file);
        assert_int_equal(fstat(fileno(file), &about), 0);
        assert_int_equal(about.st_mode & 0777, 0600);
        assert_non_null(fgets(token, 64, file));
        token[strcspn(token, "\n")] = '\0';
        (void)fclose(file);
}

static void a_token_lets_in_once(void **state)
{
        (void)state;
        struct admin_desk *desk = open_desk();
        char token[64], next[64], cookie[ADMIN_TOKEN_SIZE], other[ADMIN_TOKEN_SIZE];
        read_token(token);
        assert_int_equal(admin_check(desk, slice_text(token), NOW, NULL).code, MITOME_E_SESSION_NONE);
        assert_int_equal(
                admin_log_in(desk, slice_text("guess"), NOW, cookie, NULL).code, MITOME_E_LOGIN_DENIED);
        assert_int_equal(admin_log_in(desk, slice_text(token), NOW, cookie, NULL).code, MITOME_OK);
        assert_int_equal(admin_check(desk, slice_text(cookie), NOW, NULL).code, MITOME_OK);
        assert_int_equal(admin_log_in(desk, slice_text(token), NOW, other, NULL).code, MITOME_E_LOGIN_DENIED);
        read_token(next);
        assert_string_not_equal(token, next);
        assert_int_equal(admin_log_in(desk, slice_text(next), NOW, other, NULL).code, MITOME_OK);
        assert_int_equal(admin_check(desk, slice_text(cookie), NOW, NULL).code, MITOME_E_SESSION_NONE);
        assert_int_equal(admin_check(desk, slice_text(other), NOW, NULL).code, MITOME_OK);
        assert_int_equal(admin_check(desk, slice_of(NULL, 0), NOW, NULL).code, MITOME_E_SESSION_NONE);
        close_desk(desk);
}

static void an_administrator_who_does_nothing_or_stays_too_long_is_out(void **state)
{
        (void)state;
        struct admin_desk *desk = open_desk();
        char token[64], cookie[ADMIN_TOKEN_SIZE];
        int64_t now = NOW;
        read_token(token);
        assert_int_equal(admin_log_in(desk, slice_text(token), now, cookie, NULL).code, MITOME_OK);
        for (; now < NOW + ADMIN_SECONDS; now += ADMIN_IDLE - 1)
                assert_int_equal(admin_check(desk, slice_text(cookie), now, NULL).code, MITOME_OK);
        assert_int_equal(
                admin_check(desk, slice_text(cookie), NOW + ADMIN_SECONDS, NULL).code, MITOME_E_SESSION_OVER);
        assert_int_equal(admin_check(desk, slice_text(cookie), NOW, NULL).code, MITOME_E_SESSION_NONE);
        read_token(token);
        assert_int_equal(admin_log_in(desk, slice_text(token), NOW, cookie, NULL).code, MITOME_OK);
        assert_int_equal(
                admin_check(desk, slice_text(cookie), NOW + ADMIN_IDLE, NULL).code, MITOME_E_SESSION_OVER);
        close_desk(desk);
}

static void without_randomness_or_a_file_there_is_no_administrator(void **state)
{
        (void)state;
        struct admin_desk *desk = NULL;
        const struct mitome_random broken = { NULL, none };
        uint8_t drawn = 0;
        const struct mitome_random random = { &drawn, counted };
        assert_int_equal(
                admin_open("/nowhere/at/all/token", &broken, &desk, NULL).code, MITOME_E_NO_RANDOMNESS);
        assert_int_equal(admin_open("/nowhere/at/all/token", &random, &desk, NULL).code, MITOME_E_FILE_WRITE);
        assert_null(desk);
        admin_close(NULL);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_token_lets_in_once),
                cmocka_unit_test(an_administrator_who_does_nothing_or_stays_too_long_is_out),
                cmocka_unit_test(without_randomness_or_a_file_there_is_no_administrator),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
