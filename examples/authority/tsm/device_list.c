/* SPDX-License-Identifier: Apache-2.0 */
#include "device_list.h"

#include <string.h>
#include <time.h>

/* ---- the table ---- */

/* What is shown to people, and put into a page as it is. */
static bool is_name(const char *name)
{
        slice text = slice_text(name);
        for (size_t i = 0; i < text.size; i++)
                if (text.data[i] < 0x20 || text.data[i] == 0x7F || text.data[i] == '<' ||
                        text.data[i] == '>' || text.data[i] == '&')
                        return false;
        return text.size > 0 && text.size <= DEVICE_LIST_NAME_MAX && slice_is_utf8(text);
}

static mitome_status count_models(struct sql_store *store, int64_t *ret, mitome_error *error)
{
        struct sql_query row;
        MITOME_TRY(sql_ask(store, "SELECT count(*) FROM device_model", NULL, 0, &row, error));
        int64_t count = sql_next(&row) ? sql_integer(&row, 0) : 0;
        MITOME_TRY(sql_end(&row));
        *ret = count;
        return ok();
}

mitome_status device_list_put(struct sql_store *store, const struct device_model *model, mitome_error *error)
{
        int64_t count;
        if (!device_model_is_plain(slice_text(model->model)) || !is_name(model->maker) ||
                !is_name(model->name))
                return fail(error, MITOME_E_VALUE, "the model", NULL);
        if ((model->until && model->until < model->since) || (!model->gp_se && !model->until))
                return fail(error, MITOME_E_VALUE, "until when it is supported", NULL);
        MITOME_TRY(count_models(store, &count, error));
        if (count >= DEVICE_LIST_MAX)
                return fail(error, MITOME_E_TOO_MANY, "the device list", NULL);
        return sql_do(store,
                "INSERT INTO device_model (model, maker, name, gp_se, since, until) VALUES (?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (model) DO UPDATE SET maker = excluded.maker, name = excluded.name,"
                " gp_se = excluded.gp_se, since = excluded.since, until = excluded.until",
                SQL_VALUES(SQL_STR(model->model), SQL_STR(model->maker), SQL_STR(model->name),
                        SQL_INT(model->gp_se), SQL_INT(model->since),
                        model->until ? SQL_INT(model->until) : SQL_NONE),
                NULL, error);
}

/* Invented, one of each sort: with a GP-SE, without one, no longer supported. */
mitome_status device_list_fill(struct sql_store *store, int64_t now, mitome_error *error)
{
        enum { YEAR = 365 * 86400 };
        const struct device_model models[] = {
                { "MT-1", "Mitome example maker", "Software model 1", true, now - YEAR, 0 },
                { "MT-2", "Mitome example maker", "Software model 2", true, now, 0 },
                { "MT-0", "Mitome example maker", "Software model 0", true, now - 6LL * YEAR, now - YEAR },
                { "NE-1", "Another example maker", "Model without an element", false, now, now },
        };
        int64_t count;
        MITOME_TRY(count_models(store, &count, error));
        for (size_t i = 0; count == 0 && i < sizeof models / sizeof models[0]; i++)
                MITOME_TRY(device_list_put(store, &models[i], error));
        return ok();
}

mitome_status device_list_supports(
        struct sql_store *store, slice model, int64_t now, bool *ret, mitome_error *error)
{
        struct sql_query row;
        if (!device_model_is_plain(model)) {
                *ret = false;
                return ok();
        }
        const struct sql_value name = { .type = SQL_TEXT, .bytes = model };
        MITOME_TRY(sql_ask(store,
                "SELECT 1 FROM device_model WHERE model = ? AND gp_se = 1 AND since <= ?"
                " AND (until IS NULL OR until > ?)",
                SQL_VALUES(name, SQL_INT(now), SQL_INT(now)), &row, error));
        bool found = sql_next(&row);
        MITOME_TRY(sql_end(&row));
        *ret = found;
        return ok();
}

/* ---- the file ---- */

/* One line: model, maker, name, yes or no, and one or two dates, parted by tabs. */
enum { FIELD_MODEL, FIELD_MAKER, FIELD_NAME, FIELD_GP_SE, FIELD_SINCE, FIELD_UNTIL, FIELDS };

struct line {
        size_t count;
        char text[FIELDS][DEVICE_LIST_NAME_MAX + 1];
};

static bool split_line(slice line, struct line *ret)
{
        reader r = reader_over(line, NULL, NULL);
        struct line split = { .count = 1 };
        size_t used = 0;
        slice byte;
        while (!failed(read_bytes(&r, NULL, 1, &byte))) {
                if (byte.data[0] == '\t') {
                        used = 0;
                        if (split.count++ == FIELDS)
                                return false;
                } else if (used == DEVICE_LIST_NAME_MAX || byte.data[0] == 0) {
                        return false;
                } else {
                        split.text[split.count - 1][used++] = (char)byte.data[0];
                }
        }
        *ret = split;
        return split.count >= FIELD_UNTIL;
}

/* A day begins where Japan is. */
static bool read_day(const char *text, int64_t *ret)
{
        enum { JST_S = 9 * 3600, SIZE = 10 };
        char again[SIZE + 1];
        struct tm tm = { 0 };
        const char *end = strptime(text, "%Y-%m-%d", &tm);
        if (!end || *end || strlen(text) != SIZE)
                return false;
        *ret = (int64_t)timegm(&tm) - JST_S; /* which also makes one of February the 30th */
        return strftime(again, sizeof again, "%Y-%m-%d", &tm) == SIZE && strcmp(again, text) == 0;
}

static mitome_status put_line(struct sql_store *store, slice line, mitome_error *error)
{
        struct line split;
        struct device_model model;
        if (!split_line(line, &split))
                return fail(error, MITOME_E_VALUE, "a line of the device list", NULL);
        model = (struct device_model){ .model = split.text[FIELD_MODEL],
                .maker = split.text[FIELD_MAKER],
                .name = split.text[FIELD_NAME],
                .gp_se = strcmp(split.text[FIELD_GP_SE], "yes") == 0 };
        if ((!model.gp_se && strcmp(split.text[FIELD_GP_SE], "no") != 0) ||
                !read_day(split.text[FIELD_SINCE], &model.since) ||
                (split.count == FIELDS && !read_day(split.text[FIELD_UNTIL], &model.until)))
                return fail(error, MITOME_E_VALUE, "a line of the device list", NULL);
        return device_list_put(store, &model, error);
}

static bool next_line(reader *r, slice *ret)
{
        slice rest = r->rest, byte;
        size_t size = 0;
        if (!rest.size)
                return false;
        while (!failed(read_bytes(r, NULL, 1, &byte)) && byte.data[0] != '\n')
                size++;
        *ret = slice_of(rest.data, size);
        return true;
}

static mitome_status replace_list(struct sql_store *store, slice text, mitome_error *error)
{
        reader r = reader_over(text, NULL, NULL);
        slice line;
        int64_t lines = 0, models;
        MITOME_TRY(sql_do(store, "DELETE FROM device_model", NULL, 0, NULL, error));
        while (next_line(&r, &line)) {
                if (!line.size || line.data[0] == '#')
                        continue;
                MITOME_TRY(put_line(store, line, error));
                lines++;
        }
        MITOME_TRY(count_models(store, &models, error));
        return models == lines ? ok() : fail(error, MITOME_E_VALUE, "a model that is there twice", NULL);
}

mitome_status device_list_load(struct sql_store *store, slice text, mitome_error *error)
{
        MITOME_TRY(sql_begin(store, error));
        return sql_settle(store, replace_list(store, text, error), error);
}

/* ---- the page ---- */

static void write_cell(writer *w, slice text)
{
        write_slice(w, slice_text("<td>"));
        write_slice(w, text);
        write_slice(w, slice_text("</td>"));
}

static void write_date(writer *w, int64_t at)
{
        char text[16] = "";
        time_t seconds = (time_t)at;
        struct tm tm;
        if (gmtime_r(&seconds, &tm))
                (void)strftime(text, sizeof text, "%Y-%m-%d", &tm);
        write_cell(w, slice_text(text));
}

static void write_row(const struct sql_query *row, int64_t now, writer *w)
{
        const bool gp_se = sql_integer(row, 3) != 0;
        const bool ended = !sql_is_null(row, 5) && sql_integer(row, 5) <= now;
        const bool begun = sql_integer(row, 4) <= now;
        write_slice(w, slice_text("<tr>"));
        for (int column = 0; column < 3; column++)
                write_cell(w, sql_bytes(row, column));
        write_cell(w, slice_text(gp_se ? "あり yes" : "なし no"));
        write_cell(w, slice_text(gp_se && begun && !ended ? "対応 supported" : "非対応 not supported"));
        write_date(w, sql_integer(row, 4));
        write_slice(w, slice_text("</tr>\n"));
}

mitome_status device_list_page(struct sql_store *store, int64_t now, writer *out, mitome_error *error)
{
        struct sql_query row;
        slice page;
        write_slice(out,
                slice_text("<!DOCTYPE html>\n<html lang=\"ja\"><head><meta charset=\"utf-8\">"
                           "<title>対応端末 Supported devices</title></head><body>\n"
                           "<h1>対応端末 Supported devices</h1>\n<table>\n<tr><th>型番 Model</th>"
                           "<th>メーカー Maker</th><th>名称 Name</th><th>GP-SE</th><th>対応状況 Status</th>"
                           "<th>掲載日 Since</th></tr>\n"));
        MITOME_TRY(sql_ask(store,
                "SELECT model, maker, name, gp_se, since, until FROM device_model ORDER BY model", NULL, 0,
                &row, error));
        while (sql_next(&row))
                write_row(&row, now, out);
        MITOME_TRY(sql_end(&row));
        write_slice(out, slice_text("</table>\n</body></html>\n"));
        return writer_finish(out, "the page", &page, error);
}
