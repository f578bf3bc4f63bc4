/* The command line: words separated by blanks, of which those of the form key=value are options. */
#pragma once
#include <stdint.h>

extern char command_line[512];

/* Copies at most what fits; text may be null. Called before anything else is written, since a loader may put it anywhere. */
void options_load(const char *text);

/* What follows "key=" in the last word that begins so (ends at a blank or the end), or null. */
const char *option(const char *key);

/* Whether the value of `key` is exactly `word`. */
int option_is(const char *key, const char *word);

/* A decimal number, or `otherwise` when the option is absent. */
uint32_t option_number(const char *key, uint32_t otherwise);
