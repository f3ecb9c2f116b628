/* SPDX-License-Identifier: Apache-2.0 */
#include "portal_model.h"

#include "json.h"

#include <stdlib.h>

static const char clause[] = "FIDO Metadata Statements 3.0";

/* ---- icon ---- */

static bool is_base64(slice text)
{
        size_t padding = 0;
        for (size_t i = 0; i < text.size; i++) {
                const uint8_t c = text.data[i];
                const bool digit = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                                   (c >= '0' && c <= '9') || c == '+' || c == '/';
                padding += c == '=';
                if (!digit && (c != '=' || i + 2 < text.size))
                        return false;
                if (digit && padding)
                        return false;
        }
        return text.size > 0 && text.size % 4 == 0;
}

/* What is no picture must not reach a page as the address of one. */
static mitome_status check_icon(slice icon, mitome_error *error)
{
        static const char prefix[] = "data:image/png;base64,";
        const slice begin = slice_of(prefix, sizeof prefix - 1);
        slice digits;
        reader r = reader_over(icon, clause, error);
        if (!slice_begins_with(icon, begin))
                return fail(error, MITOME_E_VALUE, "metadata icon", clause);
        MITOME_TRY(read_bytes(&r, "metadata icon", begin.size, &digits));
        return is_base64(read_rest(&r)) ? ok() : fail(error, MITOME_E_VALUE, "metadata icon", clause);
}

/* ---- what the statement's own reader leaves aside ---- */

struct texts {
        uint8_t *room; /* for both */
        size_t room_size, used;
        slice description, icon;
};

static mitome_status read_text(
        struct json_reader *r, const char *field, size_t most, struct texts *texts, slice *ret)
{
        slice text;
        MITOME_TRY(
                json_read_string(r, field, texts->room + texts->used, texts->room_size - texts->used, &text));
        if (text.size > most)
                return reader_fail(&r->bytes, MITOME_E_TOO_LONG, field);
        texts->used += text.size;
        *ret = text;
        return ok();
}

static mitome_status read_texts(slice json, struct texts *texts, mitome_error *error)
{
        struct json_reader r = json_over(json, clause, error);
        struct json_members object;
        slice name;
        MITOME_TRY(json_open_object(&r, "metadata statement", &object));
        for (bool more;;) {
                MITOME_TRY(json_next_member(&r, &object, &name, &more));
                if (!more)
                        return json_end(&r, "metadata statement");
                if (json_name_is(name, "description"))
                        MITOME_TRY(read_text(&r, "metadata description", 4 * PORTAL_MODEL_DESCRIPTION_MAX,
                                texts, &texts->description));
                else if (json_name_is(name, "icon"))
                        MITOME_TRY(
                                read_text(&r, "metadata icon", PORTAL_MODEL_ICON_MAX, texts, &texts->icon));
                else
                        MITOME_TRY(json_skip(&r, "metadata statement"));
        }
}

/* Memory: the statement itself, its certificates, its texts, each no longer than the whole; and the AAGUID.
 */
static size_t room_for(slice json)
{
        return 3 * json.size + METADATA_AAGUID_SIZE;
}

static mitome_status read_whole(slice json, writer *room, struct portal_model *ret, mitome_error *error)
{
        uint8_t *own = write_space(room, json.size), *certificates = write_space(room, json.size);
        struct texts texts = { .room = write_space(room, json.size), .room_size = json.size };
        uint8_t *aaguid = write_space(room, METADATA_AAGUID_SIZE);
        MITOME_TRY(slice_copy(json, "metadata statement", own, json.size, error));
        const slice kept = slice_of(own, json.size);
        MITOME_TRY(metadata_statement_read(kept, certificates, json.size, &ret->statement, error));
        MITOME_TRY(read_texts(kept, &texts, error));
        if (texts.icon.size)
                MITOME_TRY(check_icon(texts.icon, error));
        MITOME_TRY(slice_copy(SLICE(ret->statement.aaguid), "aaguid", aaguid, METADATA_AAGUID_SIZE, error));
        ret->aaguid = slice_of(aaguid, METADATA_AAGUID_SIZE);
        ret->description = texts.description;
        ret->icon = texts.icon;
        return ok();
}

mitome_status portal_model_read(slice json, struct model_memory *ret, mitome_error *error)
{
        struct model_memory read = { 0 };
        if (json.size == 0 || json.size > PORTAL_TRUST_FILE_MAX)
                return fail(error, MITOME_E_VALUE, "metadata statement", clause);
        read.bytes = malloc(room_for(json));
        if (!read.bytes)
                return fail(error, MITOME_E_NO_MEMORY, "metadata statement", NULL);
        writer room = writer_over(read.bytes, room_for(json));
        mitome_status status = read_whole(json, &room, &read.model, error);
        if (failed(status)) {
                free(read.bytes);
                return status;
        }
        *ret = read;
        return ok();
}

void portal_model_free(struct model_memory *model)
{
        free(model->bytes);
        *model = (struct model_memory){ 0 };
}
