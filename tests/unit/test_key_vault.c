/* SPDX-License-Identifier: Apache-2.0 */

/* Key sets of elements at rest. */

#include "key_vault.h"
#include "random_system.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void a_vault_is_a_file_that_nobody_else_may_read(void **state)
{
        (void)state;
        char folder[] = "/tmp/mitome-vault-XXXXXX", path[64];
        const struct mitome_random random = random_system();
        struct key_vault first, again;
        assert_non_null(mkdtemp(folder));
        snprintf(path, sizeof path, "%s/vault.key", folder);
        assert_int_equal(key_vault_open(path, &random, &first, NULL).code, MITOME_OK);
        assert_int_equal(key_vault_open(path, &random, &again, NULL).code, MITOME_OK);
        assert_memory_equal(first.key, again.key, sizeof first.key);
        assert_int_equal(chmod(path, 0640), 0);
        assert_int_equal(key_vault_open(path, &random, &again, NULL).code, MITOME_E_FILE_MODE);
        assert_int_equal(chmod(path, 0600), 0);
        assert_int_equal(truncate(path, 31), 0);
        assert_int_equal(key_vault_open(path, &random, &again, NULL).code, MITOME_E_VALUE);
        assert_int_equal(truncate(path, 33), 0);
        assert_int_equal(key_vault_open(path, &random, &again, NULL).code, MITOME_E_VALUE);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(rmdir(folder), 0);
        assert_int_equal(key_vault_open(path, &random, &again, NULL).code, MITOME_E_FILE_WRITE);
}

static void a_sealed_set_opens_for_its_own_use_only(void **state)
{
        (void)state;
        const struct mitome_random random = random_system();
        struct key_vault vault, other;
        struct tsm_key_set set, opened;
        uint8_t bytes[KEY_VAULT_SEALED_MAX];
        writer w = WRITER(bytes);
        assert_int_equal(key_vault_open(NULL, &random, &vault, NULL).code, MITOME_OK);
        assert_int_equal(key_vault_open(NULL, &random, &other, NULL).code, MITOME_OK);
        assert_int_equal(tsm_make_keys(&set, 0x11, &random, NULL).code, MITOME_OK);
        assert_int_equal(key_vault_seal(&vault, slice_text("own MT-1"), &set, &w, NULL).code, MITOME_OK);
        assert_int_equal(
                key_vault_unseal(&vault, slice_text("own MT-1"), writer_view(&w), &opened, NULL).code,
                MITOME_OK);
        assert_int_equal(opened.version, 0x11);
        assert_memory_equal(opened.keys.enc, set.keys.enc, set.keys.size);
        assert_memory_equal(opened.keys.dek, set.keys.dek, set.keys.size);
        assert_int_equal(
                key_vault_unseal(&vault, slice_text("own MT-2"), writer_view(&w), &opened, NULL).code,
                MITOME_E_STORE_SEAL);
        assert_int_equal(
                key_vault_unseal(&other, slice_text("own MT-1"), writer_view(&w), &opened, NULL).code,
                MITOME_E_STORE_SEAL);
        for (size_t i = 0; i < w.used; i++) {
                bytes[i] ^= 1;
                assert_int_equal(
                        key_vault_unseal(&vault, slice_text("own MT-1"), writer_view(&w), &opened, NULL).code,
                        MITOME_E_STORE_SEAL);
                bytes[i] ^= 1;
                assert_int_equal(
                        key_vault_unseal(&vault, slice_text("own MT-1"), slice_of(bytes, i), &opened, NULL)
                                .code,
                        MITOME_E_STORE_SEAL);
        }
        assert_int_equal(key_vault_read_set(0, slice_of(bytes, 48), &opened, NULL).code, MITOME_E_VALUE);
        assert_int_equal(key_vault_read_set(1, slice_of(bytes, 47), &opened, NULL).code, MITOME_E_VALUE);
        assert_int_equal(key_vault_read_set(1, slice_of(bytes, 51), &opened, NULL).code, MITOME_E_VALUE);
        key_vault_close(&vault);
        key_vault_close(&other);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_vault_is_a_file_that_nobody_else_may_read),
                cmocka_unit_test(a_sealed_set_opens_for_its_own_use_only),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
