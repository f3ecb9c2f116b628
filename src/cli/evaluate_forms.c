/* SPDX-License-Identifier: Apache-2.0 */
#include "evaluate_forms.h"

#include "report_html.h"
#include "report_junit.h"
#include "report_oscal.h"
#include "report_sarif.h"
#include "report_xccdf.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { PATH_SIZE = 4096 };

static bool write_durably(const char *path, slice content)
{
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        bool written = fd >= 0;
        reader r = reader_over(content, NULL, NULL);
        while (written && r.rest.size) {
                slice part;
                ssize_t count = write(fd, r.rest.data, r.rest.size);
                written = count > 0 && !failed(read_bytes(&r, "file", (size_t)count, &part));
        }
        written = written && fsync(fd) == 0;
        return fd >= 0 && close(fd) == 0 && written;
}

mitome_status evaluate_file_write(const char *folder, const char *name, slice content, mitome_error *error)
{
        char path[PATH_SIZE], fresh[PATH_SIZE];
        int size = snprintf(path, sizeof path, "%s/%s", folder, name);
        if (size < 0 || size >= PATH_SIZE - 8)
                return fail(error, MITOME_E_TOO_LONG, "--out", NULL);
        snprintf(fresh, sizeof fresh, "%s/.%s.new", folder, name);
        if (write_durably(fresh, content) && rename(fresh, path) == 0)
                return ok();
        unlink(fresh);
        return fail(error, MITOME_E_FILE_WRITE, name, NULL);
}

static const struct {
        const char *name;
        mitome_status (*draw)(const json_t *report, struct report_text *out, mitome_error *error);
} forms[] = {
        { "report.html", evaluation_html },
        { "report.xccdf.xml", evaluation_xccdf },
        { "report.oscal.json", evaluation_oscal },
        { "report.junit.xml", evaluation_junit },
        { "report.sarif", evaluation_sarif },
};

static mitome_status draw_form(const char *folder, size_t number, const json_t *report, mitome_error *error)
{
        REPORT_TEXT(text);
        slice content;
        MITOME_TRY(forms[number].draw(report, &text, error));
        MITOME_TRY(report_text_finish(&text, &content, error));
        return evaluate_file_write(folder, forms[number].name, content, error);
}

static mitome_status write_report(const char *folder, const json_t *report, mitome_error *error)
{
        REPORT_TEXT(text);
        slice content;
        report_text_file(&text, report);
        MITOME_TRY(report_text_finish(&text, &content, error));
        return evaluate_file_write(folder, "report.json", content, error);
}

mitome_status evaluate_forms_write(
        const char *folder, const json_t *report, bool drawn_only, mitome_error *error)
{
        if (!drawn_only)
                MITOME_TRY(write_report(folder, report, error));
        for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
                MITOME_TRY(draw_form(folder, i, report, error));
        return ok();
}
