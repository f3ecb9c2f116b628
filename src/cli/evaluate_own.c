/* SPDX-License-Identifier: Apache-2.0 */
#include "evaluate_own.h"

#include "evaluate_forms.h"
#include "get_info_json.h"
#include "hex_text.h"
#include "maker_statement.h"

#include <stdio.h>
#include <string.h>

enum { STATEMENT_MAX = 16384, INFO_MAX = 4096 };

/* Beside the statement: what a specimen is not, and nobody has certified. */
static const char evidence[] =
        "{\n"
        "  \"mitome_evidence\": 1,\n"
        "  \"items\": [\n"
        "    {\"kind\": \"metadata\", \"what\": \"this project's metadata statement (a phone without certificates has 8 PIN tries)\",\n"
        "     \"by\": \"Mitome\", \"document\": \"metadata.json\"},\n"
        "    {\"kind\": \"facts\", \"what\": \"what a specimen in software is not\", \"by\": \"Mitome\", \"facts\": {\n"
        "      \"pin.in_hardware\": false, \"model.sensor_known\": false, \"model.fido_level\": 0,\n"
        "      \"model.fido_biometric\": 0, \"model.ava_van\": 0, \"model.emv\": false, \"model.fips_overall\": 0,\n"
        "      \"model.fips_physical\": 0}}\n"
        "  ]\n"
        "}\n";

static slice decode(const json_t *object, const char *name, uint8_t *buffer, size_t capacity)
{
        const char *text = json_string_value(json_object_get(object, name));
        slice bytes;
        if (!text || failed(hex_text_decode(slice_text(text), name, buffer, capacity, &bytes, NULL)))
                return (slice){ 0 };
        return bytes;
}

/* The AAGUID of a report stands in groups, with hyphens. */
static const struct maker_class *class_of(const json_t *target)
{
        const char *text = json_string_value(json_object_get(target, "aaguid"));
        for (size_t i = 0; text && i < MAKER_CLASSES; i++) {
                char own[GET_INFO_AAGUID_TEXT];
                get_info_aaguid_text(maker_classes[i].aaguid, own);
                if (strcmp(own, text) == 0)
                        return &maker_classes[i];
        }
        return NULL;
}

mitome_status evaluate_own_write(
        const char *folder, const json_t *target, char ret_path[EVALUATE_OWN_PATH], mitome_error *error)
{
        const struct maker_class *class = class_of(target);
        uint8_t info[INFO_MAX], json[STATEMENT_MAX];
        writer w = WRITER(json);
        *ret_path = '\0';
        if (!class)
                return ok();
        MITOME_TRY(maker_write_statement(
                class, (slice){ 0 }, decode(target, "get_info", info, sizeof info), &w, error));
        MITOME_TRY(evaluate_file_write(folder, "metadata.json", writer_view(&w), error));
        MITOME_TRY(evaluate_file_write(folder, "evidence.json", slice_text(evidence), error));
        if (snprintf(ret_path, EVALUATE_OWN_PATH, "%s/evidence.json", folder) >= EVALUATE_OWN_PATH)
                return fail(error, MITOME_E_TOO_LONG, "--out", NULL);
        return ok();
}
