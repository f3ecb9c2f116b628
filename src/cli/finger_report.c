/* SPDX-License-Identifier: Apache-2.0 */
#include "finger_report.h"

#include "harmless_text.h"
#include "json.h"

#include <stdio.h>

enum { JSON_MAX = 8192, ID_TEXT_SIZE = 2 * MITOME_GATE_FINGER_ID_SIZE + 1 };

static void write_guidance(const struct finger_report *report, enum mitome_guidance state, unsigned number,
        char text[MITOME_GUIDANCE_MAX])
{
        text[0] = '\0';
        mitome_status status =
                mitome_guidance_write(state, report->language, number, text, MITOME_GUIDANCE_MAX, NULL);
        (void)status; /* without words there is nothing to say */
}

void finger_report_guide(const struct finger_report *report, enum mitome_guidance state, unsigned number)
{
        char text[MITOME_GUIDANCE_MAX];
        write_guidance(report, state, number, text);
        if (*text)
                fprintf(stderr, "mitome finger: %s\n", text);
}

/* ---- fingers ---- */

static void write_id(const struct mitome_gate_finger *finger, char text[ID_TEXT_SIZE])
{
        for (size_t i = 0; i < sizeof finger->id; i++)
                snprintf(&text[2 * i], 3, "%02x", finger->id[i]);
}

static void print_finger(const struct mitome_gate_finger *finger)
{
        uint8_t name[HARMLESS_SIZE_MAX];
        char id[ID_TEXT_SIZE];
        writer w = WRITER(name);
        write_id(finger, id);
        harmless_write(&w, slice_of(finger->name, finger->name_size), HARMLESS_BEGINNING);
        printf("%s%s%.*s\n", id, w.used ? " " : "", (int)w.used, (const char *)name);
}

static void write_finger(struct json_writer *json, const struct mitome_gate_finger *finger)
{
        char id[ID_TEXT_SIZE];
        write_id(finger, id);
        json_write_open_object(json, NULL);
        json_write_string(json, "id", id);
        json_write_text(json, "name", slice_of(finger->name, finger->name_size));
        json_write_close_object(json);
}

static void print_line(const writer *w)
{
        fwrite(w->data, 1, w->used, stdout);
        putchar('\n');
}

void finger_report_list(
        const struct finger_report *report, const struct mitome_gate_finger *fingers, size_t count)
{
        uint8_t bytes[JSON_MAX];
        writer w = WRITER(bytes);
        struct json_writer json = json_into(&w);
        if (!report->json) {
                for (size_t i = 0; i < count; i++)
                        print_finger(&fingers[i]);
                return;
        }
        json_write_open_object(&json, NULL);
        json_write_open_array(&json, "fingers");
        for (size_t i = 0; i < count; i++)
                write_finger(&json, &fingers[i]);
        json_write_close_array(&json);
        json_write_close_object(&json);
        print_line(&w);
}

void finger_report_finger(const struct finger_report *report, const struct mitome_gate_finger *finger)
{
        uint8_t bytes[JSON_MAX];
        writer w = WRITER(bytes);
        struct json_writer json = json_into(&w);
        if (!report->json) {
                print_finger(finger);
                return;
        }
        write_finger(&json, finger);
        print_line(&w);
}

/* ---- how it stands ---- */

/* By the FIDO registry's bits. */
static const char *modality_name(unsigned modality)
{
        static const struct {
                unsigned bit;
                const char *name;
        } names[] = { { 0x002, "fingerprint" }, { 0x010, "face" }, { 0x040, "iris" } };
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
                if (modality & names[i].bit)
                        return names[i].name;
        return "unknown";
}

static const char *tries(unsigned count)
{
        return count == 1 ? "try" : "tries";
}

static void print_state(const struct finger_report *report, const struct finger_state *state)
{
        char text[MITOME_GUIDANCE_MAX];
        if (state->sensor) {
                printf("Sensor: %s", modality_name(state->modality));
                printf(state->samples ? ", at most %u samples a finger\n" : "\n", state->samples);
                printf("Fingers: %s, %s; %u %s left; %u used since the PIN was entered last\n",
                        state->enrolled ? "enrolled" : "none is enrolled", state->open ? "open" : "closed",
                        state->uv_tries, tries(state->uv_tries), state->uv_count);
        } else {
                puts("Sensor: none");
        }
        if (state->pin_set)
                printf("PIN: set, %u %s left\n", state->pin_tries, tries(state->pin_tries));
        else
                puts("PIN: none is set");
        if (state->open)
                return;
        write_guidance(report, state->why, 0, text);
        printf("! %s\n", text);
}

static void write_state(struct json_writer *json, const struct finger_state *state)
{
        json_write_bool(json, "sensor", state->sensor);
        if (state->sensor) {
                json_write_string(json, "modality", modality_name(state->modality));
                json_write_int(json, "samples_max", state->samples);
                json_write_bool(json, "enrolled", state->enrolled);
                json_write_bool(json, "open", state->open);
                json_write_int(json, "uv_retries", state->uv_tries);
                json_write_int(json, "uv_since_pin", state->uv_count);
        }
        json_write_bool(json, "pin_set", state->pin_set);
        if (state->pin_set)
                json_write_int(json, "pin_retries", state->pin_tries);
}

static void print_json(const struct finger_report *report, const bool *recognised, enum mitome_guidance said,
        const struct finger_state *state)
{
        uint8_t bytes[JSON_MAX];
        char text[MITOME_GUIDANCE_MAX];
        writer w = WRITER(bytes);
        struct json_writer json = json_into(&w);
        json_write_open_object(&json, NULL);
        if (recognised)
                json_write_bool(&json, "recognised", *recognised);
        if (said != MITOME_GUIDANCE_NONE) {
                write_guidance(report, said, state->uv_tries, text);
                json_write_string(&json, "said", mitome_guidance_name(said));
                json_write_string(&json, "text", text);
        }
        write_state(&json, state);
        json_write_close_object(&json);
        print_line(&w);
}

void finger_report_state(const struct finger_report *report, const struct finger_state *state)
{
        if (report->json)
                print_json(report, NULL, state->open ? MITOME_GUIDANCE_NONE : state->why, state);
        else
                print_state(report, state);
}

void finger_report_verdict(
        const struct finger_report *report, enum mitome_guidance said, const struct finger_state *state)
{
        const bool recognised = said == MITOME_GUIDANCE_RECOGNISED;
        char text[MITOME_GUIDANCE_MAX];
        if (report->json) {
                print_json(report, &recognised, said, state);
                return;
        }
        write_guidance(report, said, state->uv_tries, text);
        puts(text);
}
