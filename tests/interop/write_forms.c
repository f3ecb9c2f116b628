/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the forms of a report for machines, as `mitome evaluate` does, for the validators of others.
 * usage: write_forms REPORT.json FOLDER [hostile] */
#include "report_junit.h"
#include "report_oscal.h"
#include "report_sarif.h"
#include "report_xccdf.h"

#include <stdio.h>
#include <string.h>

static const struct {
        const char *name;
        mitome_status (*draw)(const json_t *report, struct report_text *out, mitome_error *error);
} forms[] = {
        { "report.xccdf.xml", evaluation_xccdf },
        { "report.oscal.json", evaluation_oscal },
        { "report.junit.xml", evaluation_junit },
        { "report.sarif", evaluation_sarif },
};

/* What people, devices and files may say: markup, controls, what is a line's end elsewhere, blanks at the
 * ends. */
static const char hostile[] =
        "\xe3\x80\x80 a<b>&\"' ]]> \x01\x1b[2J\r\n\xef\xbf\xbe\xe2\x80\xa8 %s [a](javascript:b) {0} # _c_ \xf0\x9f\x94\x91 \xe6\x8c\x87 ";

/* Words that decide, and those that are compared, keep what they are. */
static int decides(const char *name)
{
        static const char *const words[] = { "at", "outcome", "result", "keyword", "level", "levels", "until",
                "id", "sha256" };
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
                if (strcmp(words[i], name) == 0)
                        return 1;
        return 0;
}

static void make_hostile(json_t *value)
{
        size_t i;
        const char *name;
        json_t *member;
        void *next;
        json_array_foreach(value, i, member) make_hostile(member);
        json_object_foreach_safe(value, next, name, member)
        {
                if (json_is_string(member) && !decides(name))
                        json_object_set_new(value, name, json_string(hostile));
                else
                        make_hostile(member);
        }
}

static int write_form(const json_t *report, const char *folder, size_t form)
{
        REPORT_TEXT(out);
        char path[4096];
        mitome_error error = { 0 };
        if (forms[form].draw(report, &out, &error).code != MITOME_OK) {
                fprintf(stderr, "write_forms: %s: %d %s\n", forms[form].name, (int)error.code,
                        error.field ? error.field : "");
                return 1;
        }
        snprintf(path, sizeof path, "%s/%s", folder, forms[form].name);
        FILE *file = fopen(path, "wb");
        size_t written = file ? fwrite(out.bytes, 1, out.size, file) : 0;
        if (!file || fclose(file) != 0 || written != out.size) {
                perror(path);
                return 1;
        }
        return 0;
}

int main(int argc, char **argv)
{
        json_error_t error;
        json_t *report = argc > 2 ? json_load_file(argv[1], 0, &error) : NULL;
        int status = 0;
        if (!report) {
                fprintf(stderr, "write_forms: no report\n");
                return 2;
        }
        if (argc > 3)
                make_hostile(report);
        for (size_t form = 0; form < sizeof forms / sizeof *forms; form++)
                status |= write_form(report, argv[2], form);
        json_decref(report);
        return status;
}
