/* SPDX-License-Identifier: Apache-2.0 */
/* `mitome journal`: several parties' journals, verified against each other, as one time line. */
#include "cli.h"
#include "complain.h"
#include "journal_print.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_SOUND = 0, EXIT_UNSOUND = 1, EXIT_NOT_RUN = 2, SUBJECTS_MAX = 32 };

static const char usage[] =
        "Usage: mitome journal verify [--directory FILE] [--json] FILE..\n"
        "       mitome journal show [--directory FILE] [--subject SUBJECT].. [--json] FILE..\n"
        "Reads the journals that the parties of the life cycle have exported. verify: whether each is whole, in\n"
        "its order, signed by its party, and what the others saw of it. show: one time line of all, in the order\n"
        "of cause; of a subject, all that led to it, and which party decided it on what. docs/journal.md tells the\n"
        "form. Exit status: 0 sound, 1 not (or, by verify, not shown to be), 2 could not run.\n"
        "\n"
        "  --directory FILE  the parties' names and keys; without it nobody's signature can be checked\n"
        "  --subject SUBJECT what it is about: serial:HEX, device:IDENTITY, person:HEX, order:HEX ..; may stand\n"
        "                    several times, for all that is one person's\n"
        "  --json            one JSON object a line: parties, findings, entries, the verdict\n"
        "  --help            this text\n";

struct journal_run {
        const char *directory_file;
        const char *subjects[SUBJECTS_MAX];
        size_t subject_count;
        bool json, show, help;
        struct directory directory;
        struct journal_merge *merge;
        mitome_error error;
};

static ptrdiff_t read_file(void *context, uint8_t *bytes, size_t size)
{
        FILE *file = context;
        size_t count = fread(bytes, 1, size, file);
        return count == 0 && ferror(file) ? -1 : (ptrdiff_t)count;
}

static mitome_status add_file(struct journal_run *run, const char *name)
{
        FILE *file = fopen(name, "rb");
        if (!file)
                return fail(&run->error, MITOME_E_FILE_READ, name, NULL);
        mitome_status status =
                journal_merge_add(run->merge, name, (struct journal_source){ file, read_file }, &run->error);
        fclose(file);
        return status;
}

static mitome_status merge_files(struct journal_run *run, int count, char **names)
{
        struct journal_merge_config config = { .every_signature = !run->show };
        if (run->directory_file) {
                MITOME_TRY(directory_read(run->directory_file, &run->directory, &run->error));
                config.directory = &run->directory;
        }
        MITOME_TRY(journal_merge_new(&config, &run->merge, &run->error));
        for (int i = 0; i < count; i++)
                MITOME_TRY(add_file(run, names[i]));
        return journal_merge_finish(run->merge, &run->error);
}

/* What is printed on a phone may have a space in it, and stands escaped in journals (journal_subject_text);
 * as it stands there it is taken as well. */
static slice subject_of(const char *given, char buffer[JOURNAL_SUBJECT_BUFFER])
{
        char kind[LETTER_KIND_MAX + 1];
        reader r = reader_over(slice_text(given), NULL, NULL);
        writer w = writer_over((uint8_t *)kind, sizeof kind - 1);
        bool as_it_stands = true;
        uint8_t c = 0;
        for (size_t i = 0; given[i]; i++)
                as_it_stands &= given[i] > ' ' && given[i] <= '~';
        while (!as_it_stands && c != ':' && !failed(read_u8(&r, "subject", &c)))
                if (c != ':')
                        write_u8(&w, c);
        kind[w.used] = 0;
        return c == ':' ? journal_subject_text(buffer, kind, read_rest(&r)) : slice_text(given);
}

/* How each place belongs to the subjects: to whichever of them it belongs most. */
static mitome_status relate(struct journal_run *run, uint8_t *relations, uint8_t *of_one)
{
        size_t count = journal_merge_count(run->merge);
        for (size_t i = 0; i < run->subject_count; i++) {
                char buffer[JOURNAL_SUBJECT_BUFFER];
                MITOME_TRY(journal_merge_about(
                        run->merge, subject_of(run->subjects[i], buffer), of_one, &run->error));
                for (size_t place = 0; place < count; place++)
                        if (of_one[place] > relations[place])
                                relations[place] = of_one[place];
        }
        return ok();
}

static mitome_status print_line(struct journal_run *run, struct journal_print *print)
{
        if (!run->subject_count) {
                journal_print_line(print);
                return ok();
        }
        uint8_t *relations = calloc(journal_merge_count(run->merge) + 1, 2);
        if (!relations)
                return fail(&run->error, MITOME_E_NO_MEMORY, "journal", NULL);
        mitome_status status = relate(run, relations, relations + journal_merge_count(run->merge) + 1);
        print->relations = relations;
        if (!failed(status)) {
                journal_print_line(print);
                if (!run->json)
                        journal_print_causes(print);
        }
        print->relations = NULL;
        free(relations);
        return status;
}

static int answer(struct journal_run *run)
{
        struct journal_print print = { .merge = run->merge,
                .json = run->json,
                .keys_known = run->directory_file != NULL,
                .out = stdout };
        if (run->show && failed(print_line(run, &print)))
                return complain("mitome journal", &run->error);
        if (!run->show || run->json)
                journal_print_parties(&print);
        /* What a time line is drawn from is told apart from it. */
        if (run->show && !run->json) {
                fflush(stdout);
                print.out = stderr;
        }
        journal_print_findings(&print);
        journal_print_verdict(&print);
        bool shown = run->show || (print.keys_known && journal_merge_count(run->merge) > 0);
        return journal_merge_is_sound(run->merge) && shown ? EXIT_SOUND : EXIT_UNSOUND;
}

static bool take_options(struct journal_run *run, int argc, char **argv)
{
        static const struct option options[] = {
                { "directory", required_argument, NULL, 'd' },
                { "subject", required_argument, NULL, 's' },
                { "json", no_argument, NULL, 'j' },
                { "help", no_argument, NULL, 'h' },
                { 0 },
        };
        optind = 0;
        for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
                if (option == 'd')
                        run->directory_file = optarg;
                else if (option == 's' && run->subject_count < SUBJECTS_MAX)
                        run->subjects[run->subject_count++] = optarg;
                else if (option == 'j')
                        run->json = true;
                else if (option == 'h')
                        run->help = true;
                else
                        return false;
        }
        return true;
}

int journal_main(int argc, char **argv)
{
        struct journal_run run = { 0 };
        if (!take_options(&run, argc, argv) || (!run.help && argc - optind < 2)) {
                fputs(usage, stderr);
                return EXIT_NOT_RUN;
        }
        if (run.help) {
                fputs(usage, stdout);
                return EXIT_SOUND;
        }
        const char *what = argv[optind];
        run.show = strcmp(what, "show") == 0;
        if ((!run.show && strcmp(what, "verify") != 0) || (run.subject_count && !run.show)) {
                fputs(usage, stderr);
                return EXIT_NOT_RUN;
        }
        int result = failed(merge_files(&run, argc - optind - 1, argv + optind + 1))
                             ? complain("mitome journal", &run.error)
                             : answer(&run);
        journal_merge_free(run.merge);
        return result;
}
