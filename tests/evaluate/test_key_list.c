/* SPDX-License-Identifier: Apache-2.0 */
#include "key_list.h"

#include <fido.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The keys that libfido2 finds. What finds them here is this file: its functions stand in for the library's.
 */

static const struct key {
        const char *path, *maker, *product;
        int16_t vendor, number;
} keys[] = {
        { "/dev/hidraw3", "Yubico", "YubiKey OTP+FIDO+CCID", 0x1050, 0x0407 },
        { "/dev/hidraw4", NULL, "Nitrokey 3", 0x20A0, 0x42B2 },
        { "pcsc://slot0", "ACS", "Reader", 0x072F, 0x2200 },
        { "/dev/hidraw5", "Feitian", NULL, 0x096E, (int16_t)0xF00D },
        { "/dev/hidraw6", NULL, NULL, 0, 0 },
        { NULL, "Nobody", "Nothing", 1, 1 },
};

static size_t plugged;
static int answer;
static unsigned lists;

fido_dev_info_t *fido_dev_info_new(size_t n)
{
        assert_int_equal(n, KEY_LIST_MAX);
        lists++;
        return calloc(1, 1);
}

void fido_dev_info_free(fido_dev_info_t **list, size_t n)
{
        assert_int_equal(n, KEY_LIST_MAX);
        lists--;
        free(*list);
        *list = NULL;
}

int fido_dev_info_manifest(fido_dev_info_t *list, size_t n, size_t *found)
{
        assert_non_null(list);
        assert_true(plugged <= n);
        *found = plugged;
        return answer;
}

const fido_dev_info_t *fido_dev_info_ptr(const fido_dev_info_t *list, size_t i)
{
        assert_non_null(list);
        assert_true(i < plugged);
        return (const fido_dev_info_t *)&keys[i];
}

static const struct key *key_of(const fido_dev_info_t *found)
{
        return (const struct key *)found;
}

const char *fido_dev_info_path(const fido_dev_info_t *found)
{
        return key_of(found)->path;
}

const char *fido_dev_info_manufacturer_string(const fido_dev_info_t *found)
{
        return key_of(found)->maker;
}

const char *fido_dev_info_product_string(const fido_dev_info_t *found)
{
        return key_of(found)->product;
}

int16_t fido_dev_info_vendor(const fido_dev_info_t *found)
{
        return key_of(found)->vendor;
}

int16_t fido_dev_info_product(const fido_dev_info_t *found)
{
        return key_of(found)->number;
}

static void keys_at_device_files_are_listed(void **state)
{
        static const struct plugged_key wanted[] = {
                { "/dev/hidraw3", "Yubico YubiKey OTP+FIDO+CCID", 0x1050, 0x0407 },
                { "/dev/hidraw4", "Nitrokey 3", 0x20A0, 0x42B2 },
                { "/dev/hidraw5", "Feitian", 0x096E, 0xF00D },
                { "/dev/hidraw6", "", 0, 0 },
        };
        struct plugged_key list[KEY_LIST_MAX];
        size_t count;
        (void)state;
        plugged = sizeof keys / sizeof *keys;
        answer = FIDO_OK;
        assert_false(failed(key_list(list, &count, NULL)));
        assert_int_equal(count, sizeof wanted / sizeof *wanted);
        for (size_t i = 0; i < count; i++) {
                assert_string_equal(list[i].path, wanted[i].path);
                assert_string_equal(list[i].name, wanted[i].name);
                assert_int_equal(list[i].vendor, wanted[i].vendor);
                assert_int_equal(list[i].product, wanted[i].product);
        }
        assert_int_equal(lists, 0);
}

static void none_is_a_list_and_not_looking_is_none(void **state)
{
        struct plugged_key list[KEY_LIST_MAX];
        size_t count = 7;
        (void)state;
        plugged = 0;
        answer = FIDO_ERR_INTERNAL;
        assert_int_equal(key_list(list, &count, NULL).code, MITOME_E_FILE_READ);
        assert_int_equal(count, 7);
        answer = FIDO_OK;
        assert_false(failed(key_list(list, &count, NULL)));
        assert_int_equal(count, 0);
        assert_int_equal(lists, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(keys_at_device_files_are_listed),
                cmocka_unit_test(none_is_a_list_and_not_looking_is_none),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
