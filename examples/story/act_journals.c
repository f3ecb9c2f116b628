/* SPDX-License-Identifier: Apache-2.0 */

/* What everybody wrote down: the journals agree, and tell which party let it happen on which evidence. */

#include "tale.h"

#include <stdio.h>
#include <string.h>

enum { SAID_MAX = 262144, LINES = 40, LINE_MAX_SHOWN = 150, SETTLE_MS = 1500 };

/* `mitome journal` over all of them, and of `subject` what led to it; what it says is left in a file. */
static mitome_status read_journals(struct tale *tale, const char *what, const char *subject,
        const struct tale_journals *journals, char said[SAID_MAX], int *ret_exit, mitome_error *error)
{
        char log[TALE_PATH_MAX];
        size_t size;
        const char *words[TALE_WORDS_MAX + 1] = { "mitome", "journal", what, "--directory",
                tale->directory_path };
        size_t count = 5;
        if (subject) {
                words[count++] = "--subject";
                words[count++] = subject;
        }
        for (size_t i = 0; i < journals->count; i++)
                words[count++] = journals->paths[i];
        MITOME_TRY(tale_path(tale, log, error, "journal-%s.txt", what));
        MITOME_TRY(tale_run(tale, log, words, ret_exit, error));
        return tale_read(log, said, SAID_MAX, &size, error);
}

/* The last lines are the decisions on the subject: who made each, asked by whom, on what. */
static void print_end(struct stage *stage, char *said)
{
        char *lines[LINES], *rest = NULL;
        size_t count = 0;
        for (char *line = strtok_r(said, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
                lines[count++ % LINES] = line;
        for (size_t i = count > LINES ? count - LINES : 0; i < count; i++)
                stage_note(stage, "  | %.*s", (int)LINE_MAX_SHOWN, lines[i % LINES]);
}

/* Her first certificate: issued, replaced by the renewal's. */
static mitome_status show(
        struct tale *tale, const struct tale_journals *journals, char said[SAID_MAX], mitome_error *error)
{
        char subject[2 * TALE_SERIAL_MAX + 16] = "serial:";
        int code;
        tale_hex(&tale->first, subject + strlen(subject));
        MITOME_TRY(read_journals(tale, "show", subject, journals, said, &code, error));
        const bool told = code == 0 && strstr(said, "issue-certificate done") &&
                          strstr(said, "asked by sp-tsm") && strstr(said, "on application");
        stage_note(&tale->stage, "mitome journal show --subject %s: its end", subject);
        print_end(&tale->stage, said);
        stage_check(&tale->stage, "journals", told, "They tell who decided on a certificate, and on what",
                "the authority, asked by the SP-TSM, on her card's application");
        return ok();
}

mitome_status act_journals(struct tale *tale, mitome_error *error)
{
        static char said[SAID_MAX];
        struct tale_journals journals;
        int code;
        stage_step(&tale->stage, "What everybody wrote down");
        tale_pause(SETTLE_MS); /* what is still on its way arrives */
        for (unsigned i = TALE_SERVICES; i-- > 0;)
                tale_stop(tale, (enum tale_service)i);
        MITOME_TRY(tale_export(tale, &journals, error));
        MITOME_TRY(read_journals(tale, "verify", NULL, &journals, said, &code, error));
        stage_note(&tale->stage, "mitome journal verify, of %zu journals", journals.count);
        if (code != 0)
                print_end(&tale->stage, said);
        stage_check(&tale->stage, "journals", code == 0, "All journals are whole, signed, and fit each other",
                "mitome journal verify finds them sound");
        return show(tale, &journals, said, error);
}
