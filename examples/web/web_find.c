/* SPDX-License-Identifier: Apache-2.0 */
#include "web_find.h"

#include "web_cut.h"

#include <string.h>

enum { BODY_MAX = 1 << 20 };

static bool can_be(const struct web_route *route, bool has_line)
{
        size_t parts = 0;
        if (!route->path || route->path[0] != '/' || !route->handle)
                return false;
        for (const char *at = strchr(route->path, ':'); at; at = strchr(at + 1, ':'))
                parts++;
        return parts <= WEB_PARTS && route->body_max <= BODY_MAX && (has_line || route->where == WEB_HERE) &&
               (route->method == WEB_POST || (route->method == WEB_GET && !route->body_type)) &&
               (route->body_type || route->body_max == 0);
}

mitome_status web_table_make(const struct web_config *config, struct web_table *table, mitome_error *error)
{
        table->count = 0;
        for (size_t i = 0; i < config->set_count; i++)
                for (size_t j = 0; j < config->sets[i].count; j++) {
                        const struct web_route *route = &config->sets[i].routes[j];
                        if (table->count == WEB_ROUTES || !can_be(route, config->line != NULL))
                                return fail(error, MITOME_E_ARGUMENT, "route", NULL);
                        table->entries[table->count++] = (struct web_entry){ slice_text(route->path),
                                strchr(route->path, ':') == NULL, route, config->sets[i].context };
                }
        return ok();
}

static bool matches(const struct web_entry *entry, slice path, slice parts[WEB_PARTS])
{
        slice rest = web_after(entry->path, 1);
        size_t count = 0;
        if (entry->fixed)
                return slice_equal(path, entry->path);
        if (path.data[path.size - 1] == '/')
                return false;
        path = web_after(path, 1);
        while (rest.size) {
                slice wanted = web_cut(&rest, '/'), segment = web_cut(&path, '/');
                if (segment.size == 0)
                        return false;
                if (wanted.size && wanted.data[0] == ':')
                        parts[count++] = segment;
                else if (!slice_equal(wanted, segment))
                        return false;
        }
        return path.size == 0;
}

const struct web_entry *web_find(
        const struct web_table *table, struct web_request *request, unsigned *ret_methods)
{
        const struct web_entry *found = NULL;
        unsigned methods = 0;
        for (size_t i = 0; i < table->count; i++) {
                const struct web_entry *entry = &table->entries[i];
                slice parts[WEB_PARTS] = { 0 };
                if (!matches(entry, request->path, parts))
                        continue;
                methods |= entry->route->method;
                if (entry->route->method != request->method || (found && !entry->fixed))
                        continue;
                found = entry;
                for (size_t p = 0; p < WEB_PARTS; p++)
                        request->parts[p] = parts[p];
        }
        *ret_methods = methods;
        return found;
}
