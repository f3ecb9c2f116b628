/* SPDX-License-Identifier: Apache-2.0 */
/* Fetches what a relying party verifies from bytes: a metadata BLOB, a revocation list, an OCSP response.
 *
 *      fetch [--max BYTES] [--timeout SECONDS] [--ca FILE] [--plain-http] [--ocsp REQUEST] SOURCE FILE
 *
 * SOURCE is an https address, or a file. All of it arrives, or FILE stays as it was: it is written beside
 * FILE and renamed. Plain http is taken from this machine alone; from others with --plain-http, for lists and
 * responses that carry a signature of their own (most certificates name their lists by http). A redirect is
 * followed from https to https alone. --ocsp posts a request that was made before (`openssl ocsp -reqout`).
 * Exit status: 0 fetched, 1 not fetched, 2 wrong usage.
 *
 * Nothing here says that what came is genuine: that is `mitome verify`, which takes FILE. */
#include <curl/curl.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <libgen.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EXIT_FETCHED, EXIT_NOT_FETCHED, EXIT_WRONG_USAGE };
enum { MEGABYTE = 1 << 20, CONNECT_SECONDS = 10, REDIRECTS_MAX = 3, REQUEST_MAX = 65536 };

struct fetch {
        const char *source, *file, *ca, *request; /* ca, request: NULL where there is none */
        long long most, got;                      /* bytes */
        long seconds;
        bool help, plain_http, local_only, refused; /* refused: an address that is not this machine's */
        int out;
        char name[4096]; /* of what is written */
        char why[256];
};

/* ---- the file: all or nothing ---- */

static bool fail_with(struct fetch *f, const char *what, const char *why)
{
        if (snprintf(f->why, sizeof f->why, "%s: %s", what, why) < 0) /* a long one is cut */
                f->why[0] = '\0';
        return false;
}

static bool open_beside(struct fetch *f)
{
        int length = snprintf(f->name, sizeof f->name, "%s.XXXXXX", f->file);
        if (length < 0 || (size_t)length >= sizeof f->name)
                return fail_with(f, f->file, strerror(ENAMETOOLONG));
        f->out = mkstemp(f->name);
        return f->out >= 0 || fail_with(f, f->file, strerror(errno));
}

static bool take(struct fetch *f, const void *bytes, size_t size)
{
        if ((long long)size > f->most - f->got)
                return fail_with(f, f->source, "longer than --max");
        f->got += (long long)size;
        for (const char *at = bytes; size;) {
                ssize_t written = write(f->out, at, size);
                if (written < 0 && errno == EINTR)
                        continue;
                if (written < 0)
                        return fail_with(f, f->name, strerror(errno));
                at += written;
                size -= (size_t)written;
        }
        return true;
}

/* The rename lasts through a power cut only when the folder is written, too. */
static bool sync_folder(const struct fetch *f)
{
        char copy[4096];
        snprintf(copy, sizeof copy, "%s", f->file);
        int folder = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        bool done = folder >= 0 && fsync(folder) == 0;
        if (folder >= 0)
                close(folder);
        return done;
}

static bool put_in_place(struct fetch *f)
{
        mode_t mask = umask(0);
        umask(mask);
        if (f->got == 0)
                return fail_with(f, f->source, "it is empty");
        if (fchmod(f->out, 0666 & ~mask) != 0 || fsync(f->out) != 0 || rename(f->name, f->file) != 0)
                return fail_with(f, f->file, strerror(errno));
        f->name[0] = '\0'; /* it is FILE now */
        return sync_folder(f) || fail_with(f, f->file, strerror(errno));
}

/* ---- from a file ---- */

static bool copy_file(struct fetch *f)
{
        char bytes[16384];
        struct stat facts;
        int in = open(f->source, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        bool good = in >= 0 && fstat(in, &facts) == 0;
        if (!good)
                fail_with(f, f->source, strerror(errno));
        else if (!S_ISREG(facts.st_mode))
                good = fail_with(f, f->source, "it is no file");
        for (ssize_t size = 1; good && size > 0;) {
                size = read(in, bytes, sizeof bytes);
                good = size < 0 ? fail_with(f, f->source, strerror(errno)) : take(f, bytes, (size_t)size);
        }
        if (in >= 0)
                close(in);
        return good;
}

/* ---- from the network ---- */

static size_t on_bytes(char *bytes, size_t one, size_t size, void *context)
{
        return take(context, bytes, one * size) ? size : 0;
}

/* Where a connection goes, whatever the name resolved to. */
static bool is_this_machine(const struct curl_sockaddr *address)
{
        if (address->family == AF_INET) {
                const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)&address->addr;
                return ntohl(in->sin_addr.s_addr) >> 24 == 127;
        }
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)&address->addr;
        return address->family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
}

static curl_socket_t on_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
        struct fetch *f = context;
        (void)purpose;
        f->refused = f->local_only && !is_this_machine(address);
        return f->refused ? CURL_SOCKET_BAD
                          : socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static bool read_request(struct fetch *f, char *bytes, size_t *ret_size)
{
        FILE *file = fopen(f->request, "rb");
        *ret_size = file ? fread(bytes, 1, REQUEST_MAX, file) : 0;
        bool good = file && !ferror(file) && fgetc(file) == EOF;
        if (file)
                fclose(file);
        return good || fail_with(f, f->request, file ? "longer than a request" : strerror(errno));
}

static bool is_https(const char *source)
{
        return strncmp(source, "https://", 8) == 0;
}

static CURLcode set_limits(CURL *curl, struct fetch *f)
{
        const struct {
                CURLoption option;
                long value;
        } numbers[] = {
                { CURLOPT_NOSIGNAL, 1 },
                { CURLOPT_FAILONERROR, 1 },
                { CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS },
                { CURLOPT_TIMEOUT, f->seconds },
                { CURLOPT_FOLLOWLOCATION, is_https(f->source) },
                { CURLOPT_MAXREDIRS, REDIRECTS_MAX },
                { CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2 },
        };
        CURLcode code = CURLE_OK;
        for (size_t i = 0; code == CURLE_OK && i < sizeof numbers / sizeof numbers[0]; i++)
                code = curl_easy_setopt(curl, numbers[i].option, numbers[i].value);
        if (code == CURLE_OK)
                code = curl_easy_setopt(curl, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)f->most);
        if (code == CURLE_OK)
                code = curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, is_https(f->source) ? "https" : "http");
        return code == CURLE_OK ? curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "https") : code;
}

static CURLcode set_up(CURL *curl, struct fetch *f, struct curl_slist *type, const char *body, size_t size)
{
        const struct {
                CURLoption option;
                const void *value;
        } pointers[] = {
                { CURLOPT_URL, f->source },
                { CURLOPT_WRITEDATA, f },
                { CURLOPT_OPENSOCKETDATA, f },
                { CURLOPT_CAINFO, f->ca },
                { CURLOPT_PROXY, f->local_only ? "" : NULL }, /* NULL: the environment's */
                { CURLOPT_HTTPHEADER, type },
                { CURLOPT_POSTFIELDS, body },
        };
        CURLcode code = set_limits(curl, f);
        for (size_t i = 0; code == CURLE_OK && i < sizeof pointers / sizeof pointers[0]; i++)
                if (pointers[i].value)
                        code = curl_easy_setopt(curl, pointers[i].option, pointers[i].value);
        if (code == CURLE_OK)
                code = curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_bytes);
        if (code == CURLE_OK)
                code = curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, on_socket);
        return code == CURLE_OK && body ? curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)size) : code;
}

/* A status that is none of an error is not yet success: 204, or a redirect that is not followed. */
static bool perform(struct fetch *f, CURL *curl)
{
        char text[CURL_ERROR_SIZE] = "";
        long status = 0;
        (void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, text);
        CURLcode code = curl_easy_perform(curl);
        (void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, NULL);
        (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
        if (f->refused)
                return fail_with(f, f->source, "plain http only from this machine; see --plain-http");
        if (code != CURLE_OK)
                return f->why[0] ? false : fail_with(f, f->source, text[0] ? text : curl_easy_strerror(code));
        if (status == 200)
                return true;
        snprintf(text, sizeof text, "the server answered with status %ld", status);
        return fail_with(f, f->source, text);
}

static bool download(struct fetch *f)
{
        static char body[REQUEST_MAX];
        size_t size = 0;
        f->local_only = !is_https(f->source) && !f->plain_http;
        if (f->request && !read_request(f, body, &size))
                return false;
        CURL *curl = curl_easy_init();
        struct curl_slist *type =
                f->request ? curl_slist_append(NULL, "Content-Type: application/ocsp-request") : NULL;
        bool good = false;
        if (!curl || (f->request && !type))
                fail_with(f, f->source, strerror(ENOMEM));
        else if (set_up(curl, f, type, f->request ? body : NULL, size) != CURLE_OK)
                fail_with(f, f->source, "this libcurl cannot do it");
        else
                good = perform(f, curl);
        curl_slist_free_all(type);
        curl_easy_cleanup(curl);
        return good;
}

static bool fetch(struct fetch *f)
{
        bool network = is_https(f->source) || strncmp(f->source, "http://", 7) == 0;
        if (!network && strstr(f->source, "://"))
                return fail_with(f, f->source, "neither https nor a file");
        bool good = open_beside(f) && (network ? download(f) : copy_file(f)) && put_in_place(f);
        if (f->out >= 0)
                close(f->out);
        if (!good && f->name[0] && f->out >= 0)
                unlink(f->name);
        return good;
}

/* ---- the program ---- */

static bool read_number(const char *text, long long most, long long *ret)
{
        char *end;
        errno = 0;
        *ret = strtoll(text, &end, 10);
        return *text >= '0' && *text <= '9' && !*end && !errno && *ret > 0 && *ret <= most;
}

static const char usage[] =
        "usage: fetch [--max BYTES] [--timeout SECONDS] [--ca FILE] [--plain-http] [--ocsp REQUEST] SOURCE FILE\n";

static bool read_options(struct fetch *f, int argc, char **argv)
{
        static const struct option known[] = {
                { "max", required_argument, NULL, 'm' },
                { "timeout", required_argument, NULL, 't' },
                { "ca", required_argument, NULL, 'c' },
                { "plain-http", no_argument, NULL, 'p' },
                { "ocsp", required_argument, NULL, 'o' },
                { "help", no_argument, NULL, 'h' },
                { 0 },
        };
        long long seconds = f->seconds;
        bool good = true;
        for (int option; good && (option = getopt_long(argc, argv, "", known, NULL)) != -1;) {
                if (option == 'm')
                        good = read_number(optarg, 1LL << 40, &f->most);
                else if (option == 't')
                        good = read_number(optarg, 86400, &seconds);
                else if (option == 'c')
                        f->ca = optarg;
                else if (option == 'o')
                        f->request = optarg;
                else if (option == 'p')
                        f->plain_http = true;
                else if (option == 'h')
                        return f->help = true;
                else
                        good = false;
        }
        if (!good || argc - optind != 2)
                return false;
        f->seconds = (long)seconds;
        f->source = argv[optind];
        f->file = argv[optind + 1];
        return true;
}

int main(int argc, char **argv)
{
        struct fetch f = { .most = 32LL * MEGABYTE, .seconds = 60, .out = -1 };
        if (!read_options(&f, argc, argv)) {
                fputs(usage, stderr);
                return EXIT_WRONG_USAGE;
        }
        if (f.help) {
                fputs(usage, stdout);
                return EXIT_FETCHED;
        }
        if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
                return EXIT_NOT_FETCHED;
        bool good = fetch(&f);
        if (!good)
                fprintf(stderr, "fetch: %s\n", f.why);
        curl_global_cleanup();
        return good ? EXIT_FETCHED : EXIT_NOT_FETCHED;
}
