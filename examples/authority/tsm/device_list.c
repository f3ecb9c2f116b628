/* SPDX-License-Identifier: Apache-2.0 */
#include "device_list.h"

#include "cbor.h"

#include <stdio.h>
#include <time.h>

/* ---- the table ---- */

static bool is_model(slice model)
{
        for (size_t i = 0; i < model.size; i++) {
                uint8_t c = model.data[i];
                if (!(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-')
                        return false;
        }
        return model.size > 0 && model.size <= DEVICE_LIST_MODEL_MAX;
}

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
        if (!is_model(slice_text(model->model)) || !is_name(model->maker) || !is_name(model->name))
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
        if (!is_model(model)) {
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

/* ---- the letter ---- */

static mitome_status read_question(slice body, slice *ret_model, mitome_error *error)
{
        struct cbor_reader r = cbor_over(body, NULL, error);
        struct cbor_members map;
        struct cbor_key key;
        bool more;
        *ret_model = (slice){ 0 };
        MITOME_TRY(cbor_open_map(&r, "the question", 1, &map));
        MITOME_TRY(cbor_next_key(&r, &map, &key, &more));
        if (more) {
                if (key.is_text || key.number != 1)
                        return fail(error, MITOME_E_VALUE, "the question", NULL);
                MITOME_TRY(cbor_read_text(&r, "the model", DEVICE_LIST_MODEL_MAX, ret_model));
                MITOME_TRY(cbor_next_key(&r, &map, &key, &more));
        }
        return cbor_end(&r, "the question");
}

static void write_model(const struct sql_query *row, writer *w)
{
        const bool ended = !sql_is_null(row, 5);
        cbor_write_map(w, ended ? 6 : 5);
        for (int column = 0; column < 3; column++) {
                cbor_write_uint(w, (uint64_t)column + 1);
                cbor_write_text(w, sql_bytes(row, column));
        }
        cbor_write_uint(w, 4);
        cbor_write_bool(w, sql_integer(row, 3) != 0);
        cbor_write_uint(w, 5);
        cbor_write_int(w, sql_integer(row, 4));
        if (ended) {
                cbor_write_uint(w, 6);
                cbor_write_int(w, sql_integer(row, 5));
        }
}

static mitome_status write_models(
        struct sql_store *store, slice model, size_t *ret_count, writer *w, mitome_error *error)
{
        struct sql_query row;
        const struct sql_value name = { .type = SQL_TEXT, .bytes = model };
        *ret_count = 0;
        MITOME_TRY(sql_ask(store,
                "SELECT model, maker, name, gp_se, since, until FROM device_model"
                " WHERE ? = '' OR model = ? ORDER BY model",
                SQL_VALUES(name, name), &row, error));
        for (; sql_next(&row); (*ret_count)++)
                write_model(&row, w);
        return sql_end(&row);
}

mitome_status device_list_answer(struct sql_store *store, slice body, writer *answer, mitome_error *error)
{
        uint8_t bytes[DEVICE_LIST_MAX * 90];
        writer models = WRITER(bytes);
        slice model, written;
        size_t count;
        MITOME_TRY(read_question(body, &model, error));
        MITOME_TRY(write_models(store, model, &count, &models, error));
        MITOME_TRY(writer_finish(&models, "the device list", &written, error));
        cbor_write_array(answer, count);
        write_slice(answer, written);
        return writer_finish(answer, "the device list", &written, error);
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
