/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"
#include "complain.h"
#include "inspect_input.h"

#include <mitome/metadata.h>

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A metadata BLOB is the longest of all. */
enum { INPUT_MAX = MITOME_METADATA_BLOB_MAX, FIRST_ROOM = 1 << 16, EXIT_REFUSED = 1, EXIT_USAGE = 2 };

static const char usage[] =
        "usage: mitome inspect [--as KIND] [FILE]\n\n"
        "Prints a structure for a person to read, and verifies nothing. FILE (or standard input) holds it as bytes,\n"
        "hexadecimal digits, base64, base64url, PEM, or as the JSON that it is. Without --as it is recognised by how\n"
        "it begins; the kinds are:\n";

static const char statuses[] =
        "\nExit status: 0 printed; 1 the input is not a structure of the kind (nothing is printed), or something\n"
        "within is not as it must be (said there, on a line that begins with \"!\"); 2 could not run.\n";

static void print_usage(FILE *out)
{
        const struct inspect_kind *kind;
        fputs(usage, out);
        for (size_t i = 0; (kind = inspect_kind_at(i)); i++)
                fprintf(out, "  %-24s %s\n", kind->name, kind->title);
        fputs(statuses, out);
}

/* ---- input ---- */

/* Reads up to a byte more than the most that is taken. */
static mitome_status read_all(FILE *file, uint8_t **memory, size_t *ret, mitome_error *error)
{
        size_t room = FIRST_ROOM, size = 0;
        for (;;) {
                uint8_t *more = realloc(*memory, room);
                if (!more)
                        return fail(error, MITOME_E_NO_MEMORY, "the input", NULL);
                *memory = more;
                size += fread(more + size, 1, room - size, file);
                if (size < room || size > INPUT_MAX)
                        break;
                room = 2 * room;
        }
        *ret = size;
        return size > INPUT_MAX ? fail(error, MITOME_E_TOO_LONG, "the input", NULL) : ok();
}

static mitome_status read_input(const char *path, uint8_t **memory, slice *ret, mitome_error *error)
{
        FILE *file = path ? fopen(path, "re") : stdin;
        size_t size;
        if (!file)
                return fail(error, MITOME_E_FILE_READ, path, NULL);
        mitome_status status = read_all(file, memory, &size, error);
        bool broken = ferror(file);
        if (path)
                fclose(file);
        MITOME_TRY(status);
        if (broken)
                return fail(error, MITOME_E_FILE_READ, path ? path : "standard input", NULL);
        *ret = slice_of(*memory, size);
        return ok();
}

static bool with_colours(void)
{
        const char *terminal = getenv("TERM");
        return isatty(STDOUT_FILENO) && !getenv("NO_COLOR") && terminal && strcmp(terminal, "dumb") != 0;
}

static int run(const struct inspect_kind *kind, const char *path)
{
        mitome_error error = { 0 };
        uint8_t *memory = NULL;
        slice input;
        int answer = EXIT_USAGE;
        if (!failed(read_input(path, &memory, &input, &error))) {
                mitome_status status = inspect_input(stdout, kind, input, with_colours(), &error);
                answer = failed(status) || error.code != MITOME_OK ? EXIT_REFUSED : 0;
        }
        if (error.code != MITOME_OK)
                complain("mitome inspect", &error);
        free(memory);
        return answer;
}

int inspect_main(int argc, char **argv)
{
        static const struct option known[] = {
                { "as", required_argument, NULL, 'a' },
                { "help", no_argument, NULL, 'h' },
                { 0 },
        };
        const struct inspect_kind *kind = NULL;
        for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) {
                if (option == 'h') {
                        print_usage(stdout);
                        return 0;
                }
                kind = option == 'a' ? inspect_kind_named(optarg) : NULL;
                if (!kind) {
                        print_usage(stderr);
                        return EXIT_USAGE;
                }
        }
        if (argc - optind > 1) {
                print_usage(stderr);
                return EXIT_USAGE;
        }
        return run(kind, optind < argc ? argv[optind] : NULL);
}
