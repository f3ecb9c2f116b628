/* SPDX-License-Identifier: Apache-2.0 */

/* `mitome check-device --authority`: the program, a phone that answers at a socket, and the authority's
 * register behind a real service, all by their own keys. */

#include "ca.h"
#include "counter_rig.h"
#include "random_system.h"
#include "register.h"
#include "service.h"
#include "unix_socket.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { ERASE_ALL = 0x00, PATH_SIZE = 512, OUTPUT_SIZE = 16384, VISITS = 3 };

static char program[PATH_SIZE]; /* absolute: it is run elsewhere */
static struct counter_rig phone;
static struct mitome_trust *makers;
static char folder[64], output[OUTPUT_SIZE];
static struct directory directory;
static struct service_lock lock;
static struct party *authority;
static struct authority_register *book;
static struct service *service;
static struct ca *cas[2];
static struct register_config config;
static pid_t app;

#define assert_ok(status) assert_int_equal((status).code, MITOME_OK)
#define assert_says(text) assert_non_null(strstr(output, text))

static const char *path_of(const char *name)
{
        static char path[PATH_SIZE];
        (void)snprintf(path, sizeof path, "%s/%s", folder, name);
        return path;
}

static int64_t read_clock(void *context)
{
        (void)context;
        return (int64_t)time(NULL);
}

/* The authority calls nobody here. */
static mitome_status deliver(void *context, const struct directory_entry *to, slice letter, uint8_t *answer,
        size_t capacity, size_t *ret_size, mitome_error *error)
{
        (void)context;
        (void)to;
        (void)letter;
        (void)answer;
        (void)capacity;
        (void)ret_size;
        if (error)
                *error = (mitome_error){ .code = MITOME_E_UNREACHABLE };
        return (mitome_status){ MITOME_E_UNREACHABLE };
}

static const struct post nowhere = { .deliver = deliver };

static struct party *open_party(
        const char *name, const char *at, const char *schema, int version, struct post post)
{
        struct party *party;
        const struct party_config made = { .name = name,
                .folder = at,
                .schema = schema,
                .schema_version = version,
                .directory = &directory,
                .post = post,
                .clock = { .now = read_clock },
                .random = random_system() };
        assert_ok(party_open(&made, &party, NULL));
        return party;
}

static void enter(const struct party *party, const char *name, const char *url)
{
        struct directory_entry *entry = &directory.entries[directory.count++];
        (void)snprintf(entry->name, sizeof entry->name, "%s", name);
        (void)snprintf(entry->url, sizeof entry->url, "%s", url);
        party_key(party, entry->key);
}

/* The shop makes its key before anybody knows it. */
static void enrol_shop(void)
{
        char shop_folder[PATH_SIZE];
        (void)snprintf(shop_folder, sizeof shop_folder, "%s", path_of("shop"));
        assert_int_equal(mkdir(shop_folder, 0700), 0);
        struct party *shop = open_party(PARTY_SHOP, shop_folder, "", 1, nowhere);
        enter(shop, PARTY_SHOP, "");
        party_close(shop);
}

static void open_authority(void)
{
        const struct mitome_random random = random_system();
        char url[64];
        for (int kind = 0; kind < 2; kind++)
                assert_ok(ca_make((enum authority_kind)kind, &random, read_clock(NULL), &cas[kind], NULL));
        assert_ok(service_lock_init(&lock, nowhere, NULL));
        authority = open_party(
                PARTY_AUTHORITY, NULL, register_schema, REGISTER_SCHEMA_VERSION, service_lock_post(&lock));
        config = (struct register_config){ .signing = cas[AUTHORITY_SIGNING],
                .user_verification = cas[AUTHORITY_USER_VERIFICATION],
                .devices = makers };
        assert_ok(register_open(authority, &config, &book, NULL));
        const struct service_parts parts = { .party = authority,
                .desks = { book, register_desks, register_desk_count } };
        assert_ok(service_open(&parts, &lock, NULL, 0, &service, NULL));
        (void)snprintf(url, sizeof url, "http://127.0.0.1:%u", service_port(service));
        enter(authority, PARTY_AUTHORITY, url);
        assert_ok(directory_write(path_of("directory.json"), &directory, NULL));
}

/* An erased phone answers some counters, in a process of its own. */
static void start_phone(void)
{
        int listener, line;
        counter_rig_provision(&phone);
        counter_rig_erase(&phone, ERASE_ALL);
        assert_ok(unix_socket_listen(path_of("phone.sock"), &listener, NULL));
        app = fork();
        assert_true(app >= 0);
        if (app == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                alarm(30); /* for a program that never comes */
        }
        for (int visit = 0; app == 0 && visit < VISITS; visit++) {
                phone.port.touched = phone.port.declined = false;
                if (unix_socket_accept(listener, &line, NULL).code != MITOME_OK ||
                        counter_port_serve(&phone.port, line, NULL).code != MITOME_E_LINK)
                        _exit(1);
                close(line);
        }
        if (app == 0)
                _exit(0);
        close(listener);
}

static int set_up(void **state)
{
        (void)state;
        (void)snprintf(folder, sizeof folder, "/tmp/mitome-counter-XXXXXX");
        assert_non_null(mkdtemp(folder));
        counter_rig_make(&phone, &makers);
        FILE *file = fopen(path_of("maker.der"), "wb");
        assert_non_null(file);
        assert_int_equal(
                fwrite(phone.rig.device_ca, 1, phone.rig.device_ca_size, file), phone.rig.device_ca_size);
        assert_int_equal(fclose(file), 0);
        start_phone(); /* before there are threads */
        enrol_shop();
        open_authority();
        return 0;
}

static int tear_down(void **state)
{
        char command[PATH_SIZE];
        (void)state;
        service_close(service);
        register_close(book);
        party_close(authority);
        service_lock_end(&lock);
        ca_close(cas[0]);
        ca_close(cas[1]);
        counter_rig_close(&phone);
        mitome_trust_free(makers);
        (void)snprintf(command, sizeof command, "rm -r '%s'", folder);
        return system(command);
}

static int run(const char *arguments)
{
        char command[2048];
        (void)snprintf(command, sizeof command,
                "cd '%s' && '%s' check-device --identity '" ELEMENT_RIG_IDENTITY
                "' --maker-ca maker.der --phone unix:phone.sock %s --json 2>&1",
                folder, program, arguments);
        FILE *pipe = popen(command, "r");
        assert_non_null(pipe);
        size_t size = fread(output, 1, sizeof output - 1, pipe);
        output[size] = '\0';
        int status = pclose(pipe);
        assert_true(WIFEXITED(status));
        return WEXITSTATUS(status);
}

#define ASKING "--authority shop --directory directory.json"

static void a_receipt_reaches_the_authority_from_the_counter(void **state)
{
        int ended;
        (void)state;
        assert_int_equal(run(ASKING), 0);
        assert_says("\"verdict\": \"erased\"");
        assert_says("\"with_authority\": true");
        /* the phone has forgotten it; who does not ask the authority cannot tell any more */
        assert_int_equal(run(""), 1);
        assert_says("\"verdict\": \"cannot-be-told\"");
        assert_says("\"pending\": 0");
        assert_int_equal(run(ASKING), 0);
        assert_says("\"receipts_with_authority\": 1");
        assert_int_equal(waitpid(app, &ended, 0), app);
        assert_int_equal(ended, 0);
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(
                        a_receipt_reaches_the_authority_from_the_counter, set_up, tear_down),
        };
        char *path = argc == 2 ? realpath(argv[1], NULL) : NULL;
        if (!path)
                return 2;
        (void)snprintf(program, sizeof program, "%s", path);
        free(path);
        signal(SIGPIPE, SIG_IGN);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
