/* SPDX-License-Identifier: Apache-2.0 */
#include "portal_browser.h"

#include "schema_rig.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void must(bool right, const char *what)
{
        if (right)
                return;
        fprintf(stderr, "portal_browser: %s\n", what);
        abort();
}

/* ---- the program ---- */

enum { WORDS = 24 };

static void run(const struct portal_server *server, const char *listen, const char *const *options, int out)
{
        const char *store = getenv("MITOME_STORE");
        const char *words[WORDS] = { getenv("MITOME_PORTAL"), "--folder", server->folder, "--listen", listen,
                "--trust", server->trust, "--admin-token", server->token_file };
        char *copies[WORDS] = { 0 };
        size_t count = 9;
        for (size_t i = 0; options && options[i] && count + 3 < WORDS; i++)
                words[count++] = options[i];
        if (store) {
                words[count++] = "--store";
                words[count++] = store;
        }
        for (size_t i = 0; i < count && words[i]; i++)
                copies[i] = strdup(words[i]);
        (void)prctl(PR_SET_PDEATHSIG, SIGTERM); /* a test that ends in the middle takes it along */
        (void)dup2(out, STDOUT_FILENO);
        if (copies[0])
                execv(copies[0], copies);
        _exit(127);
}

static void read_origin(struct portal_server *server, int in)
{
        static const char says[] = "portal listens on ";
        char line[256];
        FILE *lines = fdopen(in, "r");
        must(lines && fgets(line, sizeof line, lines), "the portal does not start");
        must(strncmp(line, says, sizeof says - 1) == 0, line);
        (void)snprintf(server->origin, sizeof server->origin, "%.*s",
                (int)strcspn(&line[sizeof says - 1], " \n"), &line[sizeof says - 1]);
        (void)fclose(lines);
}

static void make_folders(struct portal_server *server)
{
        *server = (struct portal_server){ 0 };
        (void)snprintf(server->folder, sizeof server->folder, "/tmp/mitome-portal-XXXXXX");
        must(mkdtemp(server->folder) != NULL, "no folder");
        (void)snprintf(server->trust, sizeof server->trust, "%s/trust", server->folder);
        (void)snprintf(server->token_file, sizeof server->token_file, "%s/admin.token", server->folder);
        must(mkdir(server->trust, 0700) == 0, "no trust folder");
        server->openapi = json_load_file(getenv("MITOME_OPENAPI"), 0, NULL);
        server->seen = json_object();
        must(server->openapi != NULL, "no openapi.json");
}

static void start(struct portal_server *server, const char *listen, const char *const *options)
{
        int ends[2];
        must(pipe2(ends, O_CLOEXEC) == 0, "no pipe");
        server->process = fork();
        must(server->process >= 0, "no process");
        if (server->process == 0)
                run(server, listen, options, ends[1]);
        (void)close(ends[1]);
        read_origin(server, ends[0]);
        (void)snprintf(server->address, sizeof server->address, "%s", server->origin);
}

void portal_server_start(struct portal_server *server, const char *const *options)
{
        make_folders(server);
        start(server, "127.0.0.1:0", options);
}

static void copy_key(const struct portal_server *from, const struct portal_server *to, const char *name)
{
        char path[128], bytes[256];
        (void)snprintf(path, sizeof path, "%s/%s", from->folder, name);
        FILE *file = fopen(path, "rb");
        must(file != NULL, "no key to copy");
        const size_t size = fread(bytes, 1, sizeof bytes, file);
        (void)fclose(file);
        (void)snprintf(path, sizeof path, "%s/%s", to->folder, name);
        const int copy = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        must(copy >= 0 && write(copy, bytes, size) == (ssize_t)size, "a key is not copied");
        (void)close(copy);
}

/* Where it listens is chosen here, because it says the origin of both. */
void portal_server_beside(struct portal_server *server, const struct portal_server *first)
{
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t size = sizeof address;
        char listen[32];
        const int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        must(bind(probe, (struct sockaddr *)&address, sizeof address) == 0 &&
                        getsockname(probe, (struct sockaddr *)&address, &size) == 0,
                "no port");
        (void)close(probe);
        make_folders(server);
        copy_key(first, server, "portal.key");
        copy_key(first, server, "party.key");
        (void)snprintf(listen, sizeof listen, "127.0.0.1:%u", (unsigned)ntohs(address.sin_port));
        start(server, listen, (const char *const[]){ "--unlimited", "--origin", first->origin, NULL });
        (void)snprintf(server->address, sizeof server->address, "http://%s", listen);
}

static void remove_folder(const char *folder)
{
        const pid_t process = fork();
        if (process == 0) {
                execlp("rm", "rm", "-rf", folder, (char *)NULL);
                _exit(127);
        }
        (void)waitpid(process, NULL, 0);
}

void portal_server_stop(struct portal_server *server)
{
        int status = 0;
        must(kill(server->process, SIGTERM) == 0, "the portal is gone");
        must(waitpid(server->process, &status, 0) == server->process, "no portal to wait for");
        must(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the portal did not end well");
        json_decref(server->openapi);
        json_decref(server->seen);
        remove_folder(server->folder);
}

/* ---- asking ---- */

struct taken {
        char *text;
        size_t used, capacity;
};

static size_t take(char *bytes, size_t size, size_t count, void *context)
{
        struct taken *taken = context;
        must(taken->used + size * count < taken->capacity, "an answer is too long");
        memcpy(&taken->text[taken->used], bytes, size * count);
        taken->used += size * count;
        taken->text[taken->used] = '\0';
        return size * count;
}

void portal_browser_open(struct portal_browser *browser, struct portal_server *server, uint8_t passkey)
{
        char ca[128];
        *browser = (struct portal_browser){ .server = server, .from = server->origin };
        rig_open(&browser->rig);
        browser->rig.credential_id[31] = passkey;
        browser->curl = curl_easy_init();
        must(browser->curl != NULL, "no libcurl");
        curl_easy_setopt(browser->curl, CURLOPT_COOKIEFILE, "");
        curl_easy_setopt(browser->curl, CURLOPT_NOPROXY, "*");
        curl_easy_setopt(browser->curl, CURLOPT_TIMEOUT_MS, 60000L);
        (void)snprintf(ca, sizeof ca, "%s/web-ca.pem", server->folder);
        curl_easy_setopt(browser->curl, CURLOPT_CAINFO, ca);
        curl_easy_setopt(browser->curl, CURLOPT_WRITEFUNCTION, take);
        curl_easy_setopt(browser->curl, CURLOPT_HEADERFUNCTION, take);
}

void portal_browser_close(struct portal_browser *browser)
{
        curl_easy_cleanup(browser->curl);
        rig_close(&browser->rig);
}

static struct curl_slist *headers_of(const struct portal_browser *browser, bool post)
{
        char line[256];
        struct curl_slist *list = curl_slist_append(NULL, "Expect:");
        if (!post)
                return list;
        list = curl_slist_append(list, "Content-Type: application/json");
        if (browser->from) {
                (void)snprintf(line, sizeof line, "Origin: %s", browser->from);
                list = curl_slist_append(list, line);
        }
        if (browser->csrf[0]) {
                (void)snprintf(line, sizeof line, "X-CSRF: %s", browser->csrf);
                list = curl_slist_append(list, line);
        }
        return list;
}

static void ask(struct portal_browser *browser, const char *path, const char *body)
{
        char url[512];
        struct taken text = { browser->text, 0, sizeof browser->text };
        struct taken head = { browser->head, 0, sizeof browser->head };
        struct curl_slist *headers = headers_of(browser, body != NULL);
        browser->text[0] = browser->head[0] = '\0';
        (void)snprintf(url, sizeof url, "%s%s", browser->server->address, path);
        curl_easy_setopt(browser->curl, CURLOPT_URL, url);
        curl_easy_setopt(browser->curl, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(browser->curl, CURLOPT_WRITEDATA, &text);
        curl_easy_setopt(browser->curl, CURLOPT_HEADERDATA, &head);
        curl_easy_setopt(browser->curl, CURLOPT_HTTPGET, 1L);
        if (body)
                curl_easy_setopt(browser->curl, CURLOPT_POSTFIELDS, body);
        const CURLcode done = curl_easy_perform(browser->curl);
        must(done == CURLE_OK, curl_easy_strerror(done));
        curl_easy_getinfo(browser->curl, CURLINFO_RESPONSE_CODE, &browser->status);
        curl_slist_free_all(headers);
}

/* What was answered is as the file says, or the test ends here. */
static void hold_against_file(
        struct portal_browser *browser, const char *method, const char *path, json_t *answer)
{
        char why[128];
        json_t *document = browser->server->openapi;
        json_t *operation = schema_operation(document, method, path, NULL);
        if (!operation)
                return;
        json_t *schema = schema_of_answer(document, operation, browser->status);
        const bool fits = schema && answer && schema_fits(document, schema, answer, why, sizeof why);
        if (!fits)
                fprintf(stderr, "%s %s answers %ld, which is not as openapi.json says: %s\n%s\n", method,
                        path, browser->status, schema && answer ? why : "no JSON", browser->text);
        must(fits, "openapi.json");
        if (browser->status == 200)
                json_object_set_new(browser->server->seen,
                        json_string_value(json_object_get(operation, "operationId")), json_true());
}

json_t *portal_browser_get(struct portal_browser *browser, const char *path)
{
        ask(browser, path, NULL);
        json_t *answer = json_loads(browser->text, JSON_REJECT_DUPLICATES, NULL);
        hold_against_file(browser, "get", path, answer);
        return answer;
}

json_t *portal_browser_post(struct portal_browser *browser, const char *path, json_t *body)
{
        char *text = json_dumps(body, JSON_COMPACT | JSON_ENCODE_ANY);
        must(text != NULL, "no body");
        ask(browser, path, text);
        free(text);
        json_decref(body);
        json_t *answer = json_loads(browser->text, JSON_REJECT_DUPLICATES, NULL);
        hold_against_file(browser, "post", path, answer);
        json_t *session = json_object_get(answer, "session");
        const char *csrf = json_string_value(json_object_get(session ? session : answer, "csrf"));
        if (csrf)
                (void)snprintf(browser->csrf, sizeof browser->csrf, "%s", csrf);
        return answer;
}

void portal_browser_cookie(struct portal_browser *browser, const char *name, char *ret, size_t capacity)
{
        struct curl_slist *list = NULL;
        ret[0] = '\0';
        curl_easy_getinfo(browser->curl, CURLINFO_COOKIELIST, &list);
        for (const struct curl_slist *one = list; one; one = one->next) {
                const char *value = strrchr(one->data, '\t'); /* Netscape's file: name TAB value at the end */
                const size_t length = strlen(name);
                const size_t before = value ? (size_t)(value - one->data) : 0;
                if (before > length && one->data[before - length - 1] == '\t' &&
                        strncmp(&one->data[before - length], name, length) == 0)
                        (void)snprintf(ret, capacity, "%s", &value[1]);
        }
        curl_slist_free_all(list);
}

void portal_browser_meet(struct portal_browser *browser)
{
        json_t *session = portal_browser_get(browser, "/api/session");
        const char *csrf = json_string_value(json_object_get(session, "csrf"));
        must(browser->status == 200 && csrf != NULL, "no session");
        (void)snprintf(browser->csrf, sizeof browser->csrf, "%s", csrf);
        json_decref(session);
}

/* ---- the passkey ---- */

static json_t *answer_to(struct portal_browser *browser, struct rig_plan *plan, json_t *options)
{
        static struct rig_response response;
        response = (struct rig_response){ 0 };
        plan->origin = browser->server->origin;
        plan->rp_id = "localhost";
        plan->sign_count = ++browser->count;
        plan->challenge = json_string_value(json_object_get(options, "challenge"));
        must(plan->challenge != NULL, "no challenge");
        rig_build(&browser->rig, plan, &response);
        return json_loadb((const char *)response.json, response.json_size, 0, NULL);
}

json_t *portal_browser_make(struct portal_browser *browser, json_t *options)
{
        struct rig_plan plan = rig_registration_plan();
        json_t *user = json_object_get(options, "user");
        plan.attestation = RIG_SELF;
        (void)snprintf(browser->user, sizeof browser->user, "\"%s\"",
                json_string_value(json_object_get(user, "id")));
        return answer_to(browser, &plan, options);
}

json_t *portal_browser_sign(struct portal_browser *browser, json_t *options)
{
        struct rig_plan plan = rig_authentication_plan();
        plan.user_handle = browser->user;
        return answer_to(browser, &plan, options);
}

long portal_browser_register(struct portal_browser *browser, const char *name)
{
        json_t *options =
                portal_browser_post(browser, "/api/register/options", json_pack("{s:s}", "name", name));
        if (browser->status == 200) {
                json_t *credential = portal_browser_make(browser, options);
                json_decref(portal_browser_post(browser, "/api/register",
                        json_pack("{s:o, s:s}", "credential", credential, "name", name)));
        }
        json_decref(options);
        return browser->status;
}

long portal_browser_log_in(struct portal_browser *browser)
{
        json_t *options = portal_browser_post(browser, "/api/login/options", json_object());
        if (browser->status == 200)
                json_decref(
                        portal_browser_post(browser, "/api/login", portal_browser_sign(browser, options)));
        json_decref(options);
        return browser->status;
}
