/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_H
#define CLI_H

/* The program's subcommands, a file each. Each takes its arguments as a program of its own would: argv[0] is
 * the subcommand's name. The answer is the exit status. */

int authenticator_main(int argc, char **argv);
int biometric_main(int argc, char **argv);
int card_main(int argc, char **argv);
int check_device_main(int argc, char **argv);
int element_main(int argc, char **argv);
int evaluate_main(int argc, char **argv);
int explain_main(int argc, char **argv);
int finger_main(int argc, char **argv);
int inspect_main(int argc, char **argv);
int journal_main(int argc, char **argv);
int judge_main(int argc, char **argv);
int metadata_main(int argc, char **argv);
int statement_main(int argc, char **argv);
int status_main(int argc, char **argv);
int verify_main(int argc, char **argv);

#endif
