/* SPDX-License-Identifier: Apache-2.0 */
#include "tale.h"

#include "child_process.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { SAID_MAX = 8192 };

static const struct {
        const char *party, *program;
} services[TALE_SERVICES] = {
        [TALE_MAKER] = { PARTY_MAKER, "examples/maker" },
        [TALE_AUTHORITY] = { PARTY_AUTHORITY, "examples/authority/jlis/authority" },
        [TALE_SEI_TSM] = { PARTY_SEI_TSM, "examples/authority/tsm/sei-tsm" },
        [TALE_SP_TSM] = { PARTY_SP_TSM, "examples/authority/tsm/sp-tsm" },
};

/* Those who sit at a counter, and ask. */
static const struct {
        const char *party, *program;
} tellers[] = {
        { PARTY_MUNICIPALITY, "examples/authority/jlis/municipality" },
        { PARTY_CALL_CENTRE, "examples/authority/jlis/call-centre" },
};

/* ---- who is who ---- */

static mitome_status introduce(struct tale *tale, const char *party, const uint8_t key[LETTER_KEY_SIZE],
        const char *url, mitome_error *error)
{
        struct directory_entry *entry = &tale->directory.entries[tale->directory.count];
        if (tale->directory.count == DIRECTORY_MAX)
                return fail(error, MITOME_E_TOO_MANY, "directory", NULL);
        snprintf(entry->name, sizeof entry->name, "%s", party);
        snprintf(entry->url, sizeof entry->url, "%s", url);
        tale->directory.count++;
        return slice_copy(slice_of(key, LETTER_KEY_SIZE), "key", entry->key, sizeof entry->key, error);
}

/* A program makes its key the first time it is asked for it: {"name": "..", "key_hex": ".."} */
static mitome_status ask_identity(
        struct tale *tale, const char *party, const char *program, const char *url, mitome_error *error)
{
        static const char before[] = "\"key_hex\": \"";
        char folder[TALE_PATH_MAX], said[TALE_PATH_MAX], text[SAID_MAX];
        uint8_t key[LETTER_KEY_SIZE];
        size_t size;
        int code;
        MITOME_TRY(tale_path(tale, folder, error, "%s", party));
        MITOME_TRY(tale_path(tale, said, error, "%s.identity.json", party));
        const char *const words[] = { program, "--folder", folder, "--identity", NULL };
        MITOME_TRY(tale_run(tale, said, words, &code, error));
        MITOME_TRY(tale_read(said, text, sizeof text, &size, error));
        const char *hex = strstr(text, before);
        if (code != 0 || !hex ||
                sodium_hex2bin(key, sizeof key, hex + strlen(before), 2 * sizeof key, NULL, &size, NULL) !=
                        0 ||
                size != sizeof key)
                return fail(error, MITOME_E_VALUE, party, NULL);
        return introduce(tale, party, key, url, error);
}

static int64_t read_clock(void *context)
{
        (void)context;
        return (int64_t)time(NULL);
}

/* A party of this process: its store and key are in a folder of its own as well. */
static mitome_status open_own(struct tale *tale, const char *name, const char *schema, int version,
        struct party **ret, mitome_error *error)
{
        char folder[TALE_PATH_MAX];
        MITOME_TRY(tale_path(tale, folder, error, "%s", name));
        mkdir(folder, 0700);
        const struct party_config config = { .name = name,
                .folder = folder,
                .schema = schema,
                .schema_version = version,
                .directory = &tale->directory,
                .post = post_http(tale->http),
                .clock = { .now = read_clock },
                .random = tale->random };
        return party_open(&config, ret, error);
}

static mitome_status introduce_own(struct tale *tale, const struct party *party, mitome_error *error)
{
        uint8_t key[LETTER_KEY_SIZE];
        party_key(party, key);
        return introduce(tale, party_name(party), key, "", error);
}

/* A port that nobody has: given out by the system, and given back (by closing *ret_fd) for the service to
 * take.
 */
static mitome_status find_port(int *ret_fd, uint16_t *ret, mitome_error *error)
{
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t size = sizeof address;
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        bool good = fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
                    getsockname(fd, (struct sockaddr *)&address, &size) == 0;
        if (!good) {
                if (fd >= 0)
                        close(fd);
                return fail(error, MITOME_E_SOCKET, "a port", NULL);
        }
        *ret_fd = fd;
        *ret = ntohs(address.sin_port);
        return ok();
}

/* All at once, so that no two get the same. */
static mitome_status find_ports(struct tale *tale, mitome_error *error)
{
        int fds[TALE_SERVICES];
        unsigned found = 0;
        mitome_status status = ok();
        while (!failed(status) && found < TALE_SERVICES) {
                status = find_port(&fds[found], &tale->services[found].port, error);
                found += !failed(status);
        }
        while (found > 0)
                close(fds[--found]);
        return status;
}

mitome_status tale_introduce(struct tale *tale, mitome_error *error)
{
        struct party *shop;
        MITOME_TRY(find_ports(tale, error));
        for (unsigned i = 0; i < TALE_SERVICES; i++) {
                struct tale_running *service = &tale->services[i];
                snprintf(service->url, sizeof service->url, "http://127.0.0.1:%u", (unsigned)service->port);
                MITOME_TRY(ask_identity(tale, services[i].party, services[i].program, service->url, error));
        }
        for (size_t i = 0; i < sizeof tellers / sizeof tellers[0]; i++)
                MITOME_TRY(ask_identity(tale, tellers[i].party, tellers[i].program, "", error));
        MITOME_TRY(open_own(tale, PARTY_SHOP, "", 1, &shop, error));
        mitome_status status = introduce_own(tale, shop, error);
        party_close(shop);
        MITOME_TRY(status);
        MITOME_TRY(
                open_own(tale, PARTY_PORTAL, account_schema, ACCOUNT_SCHEMA_VERSION, &tale->portal, error));
        MITOME_TRY(introduce_own(tale, tale->portal, error));
        MITOME_TRY(tale_path(tale, tale->directory_path, error, "directory.json"));
        return directory_write(tale->directory_path, &tale->directory, error);
}

/* ---- services ---- */

mitome_status tale_serve(
        struct tale *tale, enum tale_service which, const char *const *options, mitome_error *error)
{
        struct tale_running *service = &tale->services[which];
        char folder[TALE_PATH_MAX], listen[TALE_URL_MAX], log[TALE_PATH_MAX];
        const char *words[TALE_WORDS_MAX + 1] = { services[which].program, "--folder", folder, "--directory",
                tale->directory_path, "--listen", listen };
        size_t count = 7;
        MITOME_TRY(tale_path(tale, folder, error, "%s", services[which].party));
        MITOME_TRY(tale_path(tale, log, error, "%s.log", services[which].party));
        snprintf(listen, sizeof listen, "127.0.0.1:%u", (unsigned)service->port);
        for (; options && *options && count < TALE_WORDS_MAX; options++)
                words[count++] = *options;
        tale_stop(tale, which);
        MITOME_TRY(tale_start(tale, log, words, &service->process, error));
        return tale_await(log, "listens on", error);
}

void tale_stop(struct tale *tale, enum tale_service which)
{
        child_process_stop(tale->services[which].process);
        tale->services[which].process = 0;
}

mitome_status tale_teller(struct tale *tale, const char *party, const char *const *words, char *said,
        size_t capacity, int *ret_exit, mitome_error *error)
{
        char folder[TALE_PATH_MAX], log[TALE_PATH_MAX];
        const char *all[TALE_WORDS_MAX + 1] = { NULL, "--folder", folder, "--directory",
                tale->directory_path };
        size_t count = 5, size;
        for (size_t i = 0; i < sizeof tellers / sizeof tellers[0]; i++)
                if (strcmp(tellers[i].party, party) == 0)
                        all[0] = tellers[i].program;
        for (; *words && count < TALE_WORDS_MAX; words++)
                all[count++] = *words;
        MITOME_TRY(tale_path(tale, folder, error, "%s", party));
        MITOME_TRY(tale_path(tale, log, error, "%s.said", party));
        MITOME_TRY(tale_run(tale, log, all, ret_exit, error));
        return tale_read(log, said, capacity, &size, error);
}

mitome_status tale_fetch(
        const struct tale *tale, const char *url, const char *request, const char *file, mitome_error *error)
{
        char log[TALE_PATH_MAX];
        int code;
        MITOME_TRY(tale_path(tale, log, error, "fetch.log"));
        const char *const get[] = { "examples/fetch", url, file, NULL };
        const char *const ask[] = { "examples/fetch", "--ocsp", request, url, file, NULL };
        MITOME_TRY(tale_run(tale, log, request ? ask : get, &code, error));
        return code == 0 ? ok() : fail(error, MITOME_E_UNREACHABLE, url, NULL);
}

/* ---- journals ---- */

/* A party that is a program writes its journal out itself, when nobody else has its folder. */
static mitome_status have_written(
        struct tale *tale, const char *party, const char *program, const char *path, mitome_error *error)
{
        char folder[TALE_PATH_MAX], log[TALE_PATH_MAX];
        int code;
        MITOME_TRY(tale_path(tale, folder, error, "%s", party));
        MITOME_TRY(tale_path(tale, log, error, "%s.export", party));
        const char *const words[] = { program, "--folder", folder, "--journal", path, NULL };
        MITOME_TRY(tale_run(tale, log, words, &code, error));
        return code == 0 ? ok() : fail(error, MITOME_E_PROCESS, party, NULL);
}

static mitome_status write_shop(struct tale *tale, const char *path, mitome_error *error)
{
        struct party *shop;
        MITOME_TRY(open_own(tale, PARTY_SHOP, "", 1, &shop, error));
        mitome_status status = journal_export(party_store(shop), path, error);
        party_close(shop);
        return status;
}

mitome_status tale_export(struct tale *tale, struct tale_journals *ret, mitome_error *error)
{
        enum { TELLERS = sizeof tellers / sizeof tellers[0] };
        ret->count = 0;
        for (unsigned i = 0; i < TALE_SERVICES + TELLERS; i++, ret->count++) {
                const bool serves = i < TALE_SERVICES;
                const char *party = serves ? services[i].party : tellers[i - TALE_SERVICES].party;
                const char *program = serves ? services[i].program : tellers[i - TALE_SERVICES].program;
                MITOME_TRY(tale_path(tale, ret->paths[ret->count], error, "%s.journal", party));
                MITOME_TRY(have_written(tale, party, program, ret->paths[ret->count], error));
        }
        MITOME_TRY(tale_path(tale, ret->paths[ret->count], error, "%s.journal", PARTY_SHOP));
        MITOME_TRY(write_shop(tale, ret->paths[ret->count++], error));
        MITOME_TRY(tale_path(tale, ret->paths[ret->count], error, "%s.journal", PARTY_PORTAL));
        return journal_export(party_store(tale->portal), ret->paths[ret->count++], error);
}
