/* SPDX-License-Identifier: Apache-2.0 */
#include "portal_options.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TEXT(member) offsetof(struct portal_options, member)

/* Each option once: what it is called, where it goes, what it says of itself. */
static const struct portal_option {
        const char *name, *placeholder; /* placeholder NULL: a switch */
        size_t place;
        const char *help;
} options[] = {
        { "folder", "DIR", TEXT(folder), "what it remembers, and its keys; made when there is none" },
        { "store", "ADDRESS", TEXT(store),
                "postgres://.. : a PostgreSQL database, for several portals side by side" },
        { "listen", "HOST:PORT", TEXT(listen), "numeric; 127.0.0.1:8080. Port 0: any that is free" },
        { "origin", "URL", TEXT(origin),
                "how browsers call it; http(s)://localhost:PORT. Behind a proxy: the proxy's" },
        { "rp-id", "ID", TEXT(rp_id), "what passkeys are bound to: the origin's host, or a domain above it" },
        { "tls", NULL, TEXT(tls), "HTTPS with a local CA of its own, made in --folder" },
        { "certificate", "FILE", TEXT(certificate), "HTTPS with this certificate (PEM, chain), and" },
        { "key", "FILE", TEXT(key), ".. its key (PEM)" },
        { "proxy", "ADDRESS", TEXT(proxy), "whose X-Forwarded-For is believed: numeric; nobody's" },
        { "trust", "DIR", TEXT(trust),
                "whom it believes (portal_trust.h): makers, certificate authorities, lists, models" },
        { "attested", NULL, TEXT(attested), "refuses passkeys of makers that are not in --trust" },
        { "unattested", NULL, TEXT(unattested),
                "takes passkeys of any maker: they reach less. That is so by default" },
        { "evaluated", NULL, TEXT(evaluated),
                "a level wants an evaluation of the model, by an evaluator of --trust" },
        { "accept-simulation", NULL, TEXT(accept_simulation),
                ".. of an element in software, too, as this project's are" },
        { "directory", "FILE", TEXT(directory),
                "other parties, the authority among them: accounts then survive a new phone" },
        { "policies", "DIR", TEXT(policies), "where the authentication-level policies are" },
        { "pages", "DIR", TEXT(pages), "pages/ and static/ of another look" },
        { "clients", "FILE", TEXT(clients), "who may use it as a login, by OpenID Connect" },
        { "admin-token", "FILE", TEXT(admin_token),
                "where the token for /admin is written; without it there is no administrator" },
        { "unlimited", NULL, TEXT(unlimited), "no limits by network: for measurements, on loopback" },
        { "json-log", NULL, TEXT(json_log), "a line of JSON for each answer, on stderr, without persons" },
        { "help", NULL, TEXT(help), "this" },
};
enum { COUNT = sizeof options / sizeof *options, FIRST = 256 };

void portal_options_help(void)
{
        printf("usage: portal --folder DIR [--trust DIR] [options]\n\n"
               "A relying party to begin a login with: pages in English and Japanese, a JSON API, OpenID\n"
               "Connect. It verifies each signature, path and list for real. What is not real: its keys lie in\n"
               "files of mode 0600, not in an HSM, and the authorities that it is shown with are programs of\n"
               "this project, which nobody stands behind.\n\n");
        for (size_t i = 0; i < COUNT; i++) {
                char name[64];
                (void)snprintf(name, sizeof name, "--%s%s%s", options[i].name,
                        options[i].placeholder ? " " : "",
                        options[i].placeholder ? options[i].placeholder : "");
                printf("  %-21s %s\n", name, options[i].help);
        }
        printf("\nPlain HTTP is served on loopback alone. It prints \"portal listens on URL\" when it does, and\n"
               "serves until SIGINT or SIGTERM.\n");
}

static void take_option(struct portal_options *ret, const struct portal_option *option, const char *value)
{
        uint8_t *base = (uint8_t *)ret;
        if (option->placeholder)
                *(const char **)(void *)&base[option->place] = value;
        else
                *(bool *)(void *)&base[option->place] = true;
}

/* ---- addresses ---- */

static bool split_listen(struct portal_options *ret)
{
        const char *text = ret->listen ? ret->listen : "127.0.0.1:8080", *colon = strrchr(text, ':');
        char *end = NULL;
        if (!colon || colon == text || !colon[1])
                return false;
        const bool in_brackets = text[0] == '[' && colon[-1] == ']';
        const char *from = &text[in_brackets];
        const int length = (int)(colon - from) - in_brackets;
        if (length <= 0 || length >= PORTAL_HOST_MAX)
                return false;
        (void)snprintf(ret->host, sizeof ret->host, "%.*s", length, from);
        errno = 0;
        const unsigned long port = strtoul(&colon[1], &end, 10);
        ret->port = (uint16_t)port;
        return *end == '\0' && errno == 0 && port <= UINT16_MAX && colon[1] >= '0' && colon[1] <= '9';
}

static bool is_loopback(const char *host)
{
        return strncmp(host, "127.", 4) == 0 || strcmp(host, "::1") == 0;
}

/* The origin is part of what is signed, so that the port is chosen before anything is opened. */
static bool choose_port(struct portal_options *ret)
{
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t size = sizeof address;
        if (ret->port)
                return true;
        const int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const bool found = probe >= 0 && bind(probe, (struct sockaddr *)&address, sizeof address) == 0 &&
                           getsockname(probe, (struct sockaddr *)&address, &size) == 0;
        if (probe >= 0)
                (void)close(probe);
        ret->port = ntohs(address.sin_port);
        return found;
}

/* The host of "https://host:port", small letters; an origin has no path and no user. */
static bool host_of_origin(const char *origin, char ret[PORTAL_URL_MAX])
{
        static const char *const schemes[] = { "https://", "http://" };
        for (size_t i = 0; i < 2; i++) {
                const size_t length = strlen(schemes[i]);
                if (strncmp(origin, schemes[i], length) != 0)
                        continue;
                const char *host = &origin[length];
                const size_t size = strcspn(host, ":");
                if (size == 0 || size >= PORTAL_URL_MAX || strpbrk(host, "/?#@ ") != NULL)
                        return false;
                (void)snprintf(ret, PORTAL_URL_MAX, "%.*s", (int)size, host);
                return true;
        }
        return false;
}

/* The same host, or a domain above it: a browser takes no other. */
static bool is_host_or_above(const char *host, const char *rp_id)
{
        const size_t length = strlen(host), tail = strlen(rp_id);
        if (tail == 0 || tail > length || strcmp(&host[length - tail], rp_id) != 0)
                return false;
        return tail == length || host[length - tail - 1] == '.';
}

static bool rp_id_fits(const struct portal_options *words)
{
        char host[PORTAL_URL_MAX];
        return host_of_origin(words->origin_text, host) && is_host_or_above(host, words->rp_id_text);
}

static bool work_out_origin(struct portal_options *ret)
{
        char host[PORTAL_URL_MAX];
        const bool https = ret->tls || ret->certificate;
        int length = ret->origin ? snprintf(ret->origin_text, PORTAL_URL_MAX, "%s", ret->origin)
                                 : snprintf(ret->origin_text, PORTAL_URL_MAX, "%s://localhost:%u",
                                           https ? "https" : "http", (unsigned)ret->port);
        if (length < 0 || length >= PORTAL_URL_MAX || !host_of_origin(ret->origin_text, host))
                return false;
        length = snprintf(ret->rp_id_text, PORTAL_URL_MAX, "%s", ret->rp_id ? ret->rp_id : host);
        return length > 0 && length < PORTAL_URL_MAX;
}

/* ---- the whole ---- */

static const char *fault_of(struct portal_options *words, int arguments)
{
        if (words->help)
                return NULL;
        if (arguments)
                return "it takes options only";
        if (!words->folder)
                return "--folder is missing";
        if (!words->certificate != !words->key)
                return "--certificate and --key go together";
        if (words->tls && words->certificate)
                return "--tls makes a certificate: it does not go with --certificate";
        if (words->store && strncmp(words->store, "postgres://", 11) != 0)
                return "--store wants postgres://..; without it SQLite is used, in --folder";
        if (words->evaluated && !words->trust)
                return "--evaluated wants --trust: whose evaluations";
        if (words->attested && words->unattested)
                return "--attested or --unattested";
        if (!split_listen(words))
                return "--listen wants HOST:PORT, both as numbers";
        if (words->unlimited && !is_loopback(words->host))
                return "--unlimited is for measurements: it wants --listen 127.0.0.1:PORT or [::1]:PORT";
        if (!choose_port(words))
                return "there is no free port";
        if (!work_out_origin(words))
                return "--origin wants http(s)://HOST[:PORT], and nothing behind it";
        if (!rp_id_fits(words))
                return "--rp-id is the origin's host, or a domain above it: browsers take no other";
        return NULL;
}

bool portal_options_read(int argc, char **argv, struct portal_options *ret, const char **ret_fault)
{
        struct option all[COUNT + 1] = { 0 };
        struct portal_options words = { 0 };
        for (size_t i = 0; i < COUNT; i++)
                all[i] = (struct option){ options[i].name,
                        options[i].placeholder ? required_argument : no_argument, NULL, FIRST + (int)i };
        *ret_fault = NULL;
        for (int option; (option = getopt_long(argc, argv, "", all, NULL)) != -1;) {
                if (option < FIRST)
                        return false;
                take_option(&words, &options[option - FIRST], optarg);
        }
        *ret_fault = fault_of(&words, argc - optind);
        if (*ret_fault)
                return false;
        *ret = words;
        return true;
}
