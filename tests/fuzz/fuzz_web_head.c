/* SPDX-License-Identifier: Apache-2.0 */
/* The head of a request, as libmicrohttpd hands it on: first line, headers, and what follows a blank line as
 * a form. */
#include "web_cut.h"
#include "web_find.h"
#include "web_read.h"

#include <stdlib.h>

static void nothing(void *context, const struct web_request *request, struct web_answer *answer)
{
        (void)context;
        (void)request;
        (void)answer;
}

static const struct web_route routes[] = { { WEB_GET, "/", WEB_HERE, nothing, NULL, 0 },
        { WEB_POST, "/a/:b/c/:d", WEB_HERE, nothing, "application/json", 100 } };

/* What was taken is what the header promises. */
static void judge(const struct web_request *request)
{
        if (request->path.size == 0 || request->path.data[0] != '/' || !slice_is_utf8(request->path))
                abort();
        for (size_t i = 0; i < request->path.size; i++)
                if (request->path.data[i] < 0x20)
                        abort();
        for (size_t i = 0; i < request->query.size; i++)
                if (request->query.data[i] <= 0x20 || request->query.data[i] > 0x7e)
                        abort();
        if (request->host.size == 0)
                abort();
}

static void find(struct web_request *request)
{
        static struct web_table table;
        const struct web_route_set set = { routes, 2, NULL };
        const struct web_config config = { .sets = &set, .set_count = 1 };
        unsigned methods = 0;
        if (failed(web_table_make(&config, &table, NULL)))
                abort();
        const struct web_entry *entry = web_find(&table, request, &methods);
        if (entry && !(methods & entry->route->method))
                abort();
        for (size_t i = 0; entry && entry->route == &routes[1] && i < 2; i++)
                if (request->parts[i].size == 0 || web_has(request->parts[i], '/'))
                        abort();
}

static void read_form(slice form)
{
        uint8_t bytes[64];
        writer w = WRITER(bytes);
        slice value = { 0 };
        if (!failed(web_field(form, "a", &w, &value, NULL)) && !slice_is_utf8(value))
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static struct web_head head;
        static uint8_t bytes[WEB_STORE_SIZE];
        const struct web_rules rules = {
                .authority = slice_text("a.example"), .loopback = true, .trusted_proxy = slice_text("::1")
        };
        writer store = WRITER(bytes);
        slice rest = slice_of(data, size), first = web_cut(&rest, '\n');
        struct web_request request = { 0 };
        uint64_t length = 0;
        unsigned status = 0;
        mitome_error error = { 0 };
        head = (struct web_head){
                .method = web_cut(&first, ' '), .target = first, .peer = slice_text("::1")
        };
        while (rest.size && rest.data[0] != '\n') {
                slice line = web_cut(&rest, '\n');
                if (head.header_count == WEB_HEADERS) {
                        head.too_many = true;
                        break;
                }
                slice name = web_cut(&line, ':');
                head.headers[head.header_count++] = (struct web_pair){ name, line };
        }
        read_form(rest);
        if (failed(web_read_head(&head, &rules, &store, &request, &length, &status, &error))) {
                if (status < 400 || status > 499 || error.code == MITOME_OK)
                        abort();
                return 0;
        }
        judge(&request);
        find(&request);
        (void)web_cookie(&request, "session");
        return 0;
}
