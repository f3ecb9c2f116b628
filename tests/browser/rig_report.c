/* SPDX-License-Identifier: Apache-2.0 */
/* rig_report REPORT.JSON: the page that is drawn from a report, on standard output. */
#include "report_html.h"

#include <stdio.h>

int main(int argc, char **argv)
{
        REPORT_TEXT(out);
        json_error_t where;
        mitome_error error = { 0 };
        json_t *report = argc == 2 ? json_load_file(argv[1], JSON_REJECT_DUPLICATES, &where) : NULL;
        int result = 1;
        if (!report)
                (void)fprintf(stderr, "usage: rig_report REPORT.JSON\n");
        else if (failed(evaluation_html(report, &out, &error)))
                (void)fprintf(stderr, "%s is not as it must be\n", error.field ? error.field : "the report");
        else if (fwrite(out.bytes, 1, out.size, stdout) == out.size)
                result = 0;
        json_decref(report);
        return result;
}
