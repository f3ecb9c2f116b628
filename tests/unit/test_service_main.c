/* SPDX-License-Identifier: Apache-2.0 */
/* A party's program, from its command line on: each run is a process. */
#include "post_http.h"
#include "random_system.h"
#include "service_main.h"

#include <setjmp.h>
#include <signal.h>
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

enum { ARGUMENTS = 12, TEXT_MAX = 4096 };

/* ---- the program: it counts what it is asked, and says what its option was ---- */

static const char *const shop_only[] = { PARTY_SHOP, NULL };

struct counter {
        struct party *party;
        const char *word;
};

static mitome_status on_count(
        void *context, const struct party_request *request, writer *answer, mitome_error *error)
{
        struct counter *counter = context;
        (void)request;
        MITOME_TRY(sql_do(
                party_store(counter->party), "UPDATE counts SET value = value + 1", NULL, 0, NULL, error));
        cbor_write_string(answer, counter->word);
        return ok();
}

static const struct party_desk desks[] = { { "count", shop_only, on_count } };

static mitome_status open_counter(struct party *party, const char *folder, const char *const *values,
        struct service_parts *parts, void **ret_context, mitome_error *error)
{
        struct counter *counter = calloc(1, sizeof *counter);
        (void)folder;
        if (values[0] && strcmp(values[0], "bad") == 0) {
                free(counter);
                return fail(error, MITOME_E_VALUE, "--word", NULL);
        }
        *counter = (struct counter){ party, values[0] ? values[0] : "none" };
        parts->desks = (struct party_desks){ counter, desks, 1 };
        *ret_context = counter;
        return ok();
}

static const struct service_option options[] = { { "word", "WORD", "what it says" } };
static const struct service_program program = { .party = PARTY_AUTHORITY,
        .program = "counter",
        .about = "Counts.",
        .schema = "CREATE TABLE counts (value INTEGER); INSERT INTO counts VALUES (0);",
        .schema_version = 1,
        .options = options,
        .option_count = 1,
        .open = open_counter,
        .close = free };

/* ---- running it ---- */

struct folder {
        char root[64], own[96], directory[96], journal[96];
};

static int set_up(void **state)
{
        static struct folder folder;
        snprintf(folder.root, sizeof folder.root, "/tmp/mitome-main-XXXXXX");
        assert_non_null(mkdtemp(folder.root));
        snprintf(folder.own, sizeof folder.own, "%s/own", folder.root);
        snprintf(folder.directory, sizeof folder.directory, "%s/directory.json", folder.root);
        snprintf(folder.journal, sizeof folder.journal, "%s/journal", folder.root);
        *state = &folder;
        return 0;
}

static int tear_down(void **state)
{
        const struct folder *folder = *state;
        static const char *const names[] = { "party.db", "party.db-wal", "party.key" };
        char path[160];
        for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
                snprintf(path, sizeof path, "%s/%s", folder->own, names[n]);
                (void)unlink(path);
        }
        (void)rmdir(folder->own);
        (void)unlink(folder->directory);
        (void)unlink(folder->journal);
        return rmdir(folder->root);
}

struct process {
        pid_t id;
        int out;
};

static struct process start(const char *const *arguments)
{
        struct process process;
        int pipes[2];
        char *argv[ARGUMENTS + 2] = { (char[]){ "counter" } };
        int argc = 1;
        for (; argc <= ARGUMENTS && arguments[argc - 1]; argc++)
                assert_non_null(argv[argc] = strdup(arguments[argc - 1]));
        assert_int_equal(pipe(pipes), 0);
        fflush(NULL);
        process.id = fork();
        assert_true(process.id >= 0);
        if (process.id == 0) {
                dup2(pipes[1], STDOUT_FILENO);
                dup2(pipes[1], STDERR_FILENO);
                close(pipes[0]);
                int result = service_main(&program, argc, argv);
                fflush(NULL);
                _exit(result);
        }
        close(pipes[1]);
        process.out = pipes[0];
        while (argc > 1)
                free(argv[--argc]);
        return process;
}

static int finish(struct process *process, char text[TEXT_MAX])
{
        size_t used = 0;
        int status = 0;
        for (ssize_t got; (got = read(process->out, text + used, TEXT_MAX - 1 - used)) > 0;)
                used += (size_t)got;
        text[used] = '\0';
        close(process->out);
        assert_int_equal(waitpid(process->id, &status, 0), process->id);
        assert_true(WIFEXITED(status));
        return WEXITSTATUS(status);
}

static int run(const char *const *arguments, char text[TEXT_MAX])
{
        struct process process = start(arguments);
        return finish(&process, text);
}

static void test_wrong_usage_is_said(void **state)
{
        const struct folder *folder = *state;
        char text[TEXT_MAX];
        const char *const cases[][7] = {
                { NULL },
                { "--folder", folder->own, NULL },
                { "--directory", folder->directory, NULL },
                { "--unknown", NULL },
                { "--folder", folder->own, "--identity", "more", NULL },
                { "--folder", folder->own, "--directory", folder->directory, "--listen", "127.0.0.1", NULL },
                { "--folder", folder->own, "--directory", folder->directory, "--listen", ":80", NULL },
                { "--folder", folder->own, "--directory", folder->directory, "--listen", "127.0.0.1:65536",
                        NULL },
                { "--folder", folder->own, "--directory", folder->directory, "--listen", "127.0.0.1:8x",
                        NULL },
        };
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
                assert_int_equal(run(cases[i], text), 2);
        assert_int_equal(run((const char *const[]){ "--help", NULL }, text), 0);
        assert_non_null(strstr(text, "--word WORD"));
        assert_non_null(strstr(text, "not in an HSM"));
}

static void test_what_cannot_be_opened_is_told(void **state)
{
        const struct folder *folder = *state;
        char text[TEXT_MAX];
        const char *const missing[] = { "--folder", folder->own, "--directory", folder->directory, NULL };
        assert_int_equal(run(missing, text), 1);
        assert_non_null(strstr(text, "directory"));
        const struct directory nobody = { 0 };
        assert_int_equal(directory_write(folder->directory, &nobody, NULL).code, MITOME_OK);
        const char *const bad[] = { "--folder", folder->own, "--directory", folder->directory, "--word",
                "bad", NULL };
        assert_int_equal(run(bad, text), 1);
        assert_non_null(strstr(text, "--word"));
        const char *const host[] = { "--folder", folder->own, "--directory", folder->directory, "--listen",
                "no.host:0", NULL };
        assert_int_equal(run(host, text), 1);
}

static int64_t read_clock(void *context)
{
        (void)context;
        return (int64_t)time(NULL);
}

/* The line that it prints when it listens. */
static void read_address(const struct process *process, char url[DIRECTORY_URL_MAX + 1])
{
        char line[256];
        size_t used = 0;
        while (used < sizeof line - 1 && read(process->out, line + used, 1) == 1 && line[used] != '\n')
                used++;
        line[used] = '\0';
        assert_int_equal(sscanf(line, "counter listens on %128s", url), 1);
}

/* Its folder is another process's, which gives the journal out, and goes on. */
static void read_journal_of_one_that_runs(const struct folder *folder, unsigned before)
{
        const char *const journal[] = { "--folder", folder->own, "--journal", folder->journal, NULL };
        const char *const nowhere[] = { "--folder", folder->own, "--journal", "/nowhere/at/all", NULL };
        const char *const again[] = { "--folder", folder->own, "--directory", folder->directory, "--word",
                "hello", NULL };
        static off_t former;
        struct stat facts;
        char text[TEXT_MAX];
        assert_int_equal(run(journal, text), 0);
        assert_int_equal(stat(folder->journal, &facts), 0);
        assert_true(facts.st_size > (before ? former : 200));
        former = facts.st_size;
        assert_int_equal(run(nowhere, text), 1);
        assert_int_equal(run(again, text), 1);
        assert_non_null(strstr(text, "E812"));
}

static void test_it_serves_until_it_is_ended_and_remembers(void **state)
{
        const struct folder *folder = *state;
        char text[TEXT_MAX], hex[80];
        struct directory directory = { 0 };
        struct post_http *http = NULL;
        struct party *shop = NULL;

        /* Who it is. */
        const char *const identity[] = { "--folder", folder->own, "--identity", NULL };
        assert_int_equal(run(identity, text), 0);
        assert_int_equal(sscanf(text, "{\"name\": \"authority\", \"key_hex\": \"%64[0-9a-f]\"}", hex), 1);
        char entries[512];
        FILE *file = fopen(folder->directory, "w");
        assert_non_null(file);
        snprintf(entries, sizeof entries, "{\"parties\": [{\"name\": \"authority\", \"key_hex\": \"%s\"}]}",
                hex);
        assert_true(fputs(entries, file) >= 0 && fclose(file) == 0);
        assert_int_equal(directory_read(folder->directory, &directory, NULL).code, MITOME_OK);

        /* A shop that asks it. */
        assert_int_equal(post_http_open(0, &http, NULL).code, MITOME_OK);
        const struct party_config config = { .name = PARTY_SHOP,
                .directory = &directory,
                .post = post_http(http),
                .clock = { NULL, read_clock },
                .random = random_system() };
        assert_int_equal(party_open(&config, &shop, NULL).code, MITOME_OK);
        struct directory_entry *entry = &directory.entries[directory.count++];
        snprintf(entry->name, sizeof entry->name, PARTY_SHOP);
        party_key(shop, entry->key);
        assert_int_equal(directory_write(folder->directory, &directory, NULL).code, MITOME_OK);

        const char *const serving[] = { "--folder", folder->own, "--directory", folder->directory, "--word",
                "hello", NULL };
        for (uint8_t i = 0; i < 2; i++) {
                const uint8_t id[LETTER_ID_SIZE] = { 1, i };
                uint8_t buffer[LETTER_MAX];
                slice answer = { 0 };
                struct process process = start(serving);
                read_address(&process, directory.entries[0].url);
                assert_int_equal(party_call(shop, PARTY_AUTHORITY, "count", id, slice_of(NULL, 0), buffer,
                                         &answer, NULL, NULL)
                                         .code,
                        MITOME_OK);
                assert_int_equal(answer.size, 6);
                read_journal_of_one_that_runs(folder, i);
                assert_int_equal(kill(process.id, i ? SIGINT : SIGTERM), 0);
                assert_int_equal(finish(&process, text), 0);
        }
        party_close(shop);
        post_http_close(http);

        /* Its journal has both. */
        const char *const journal[] = { "--folder", folder->own, "--journal", folder->journal, NULL };
        struct stat facts;
        assert_int_equal(run(journal, text), 0);
        assert_int_equal(stat(folder->journal, &facts), 0);
        assert_true(facts.st_size > 200);
}

/* ---- the directory ---- */

static void test_a_directory_is_read_strictly(void **state)
{
        const struct folder *folder = *state;
#define KEY "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define ONE "{\"name\": \"shop\", \"key_hex\": \"" KEY "\""
        static const struct {
                const char *text;
                mitome_code code;
        } cases[] = {
                { "{\"parties\": [" ONE "}]}", MITOME_OK },
                { "{\"parties\": []}", MITOME_OK },
                { "{\"parties\": [" ONE ", \"url\": \"http://127.0.0.1:80\"}]}", MITOME_OK },
                { "{\"parties\": [" ONE ", \"url\": \"https://[::1]:80\"}]}", MITOME_OK },
                { "{\"parties\": [" ONE ", \"url\": \"\"}]}", MITOME_OK },
                { "{\"parties\": [" ONE ", \"url\": \"http://\"}]}", MITOME_E_DIRECTORY_FORM },
                { "{\"parties\": [" ONE ", \"url\": \"file:///etc/passwd\"}]}", MITOME_E_DIRECTORY_FORM },
                { "{\"parties\": [" ONE ", \"url\": \"http://a@b\"}]}", MITOME_E_DIRECTORY_FORM },
                { "{\"parties\": [" ONE ", \"url\": \"http://a/b\"}]}", MITOME_E_DIRECTORY_FORM },
                { "{\"parties\": [" ONE "}, " ONE "}]}", MITOME_E_DIRECTORY_FORM },
                { "{\"parties\": [" ONE ", \"more\": 1}]}", MITOME_E_DIRECTORY_FORM },
                { "{\"parties\": [{\"name\": \"shop\"}]}", MITOME_E_DIRECTORY_FORM },
                { "{\"parties\": [{\"key_hex\": \"" KEY "\"}]}", MITOME_E_DIRECTORY_FORM },
                { "{\"parties\": [{\"name\": \"Shop\", \"key_hex\": \"" KEY "\"}]}",
                        MITOME_E_DIRECTORY_FORM },
                { "{\"parties\": [{\"name\": \"shop\", \"key_hex\": \"0011\"}]}", MITOME_E_DIRECTORY_FORM },
                { "{\"parties\": [], \"more\": 1}", MITOME_E_DIRECTORY_FORM },
                { "{}", MITOME_E_DIRECTORY_FORM },
                { "[]", MITOME_E_JSON_TYPE },
                { "{\"parties\": []} x", MITOME_E_TRAILING_BYTES },
                { "", MITOME_E_INPUT_ENDS },
        };
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                struct directory directory;
                FILE *file = fopen(folder->directory, "w");
                assert_non_null(file);
                assert_true(fputs(cases[i].text, file) >= 0 && fclose(file) == 0);
                assert_int_equal(directory_read(folder->directory, &directory, NULL).code, cases[i].code);
        }
        struct directory directory;
        assert_int_equal(directory_read("/nowhere/at/all", &directory, NULL).code, MITOME_E_FILE_READ);
        assert_int_equal(directory_read(folder->root, &directory, NULL).code, MITOME_E_FILE_READ);
        assert_int_equal(truncate(folder->directory, 20000), 0);
        assert_int_equal(directory_read(folder->directory, &directory, NULL).code, MITOME_E_TOO_LONG);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
                TEST(test_wrong_usage_is_said),
                TEST(test_what_cannot_be_opened_is_told),
                TEST(test_it_serves_until_it_is_ended_and_remembers),
                TEST(test_a_directory_is_read_strictly),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
