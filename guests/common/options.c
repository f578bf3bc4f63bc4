#include "common/options.h"

char command_line[512];

void options_load(const char *text) {
  unsigned n = 0;
  if (text) {
    for (; text[n] && n < sizeof command_line - 1; n++) command_line[n] = text[n];
  }
  command_line[n] = 0;
}

const char *option(const char *key) {
  const char *found = 0;
  for (const char *word = command_line; *word;) {
    const char *k = key, *c = word;
    while (*k && *k == *c) k++, c++;
    if (!*k && *c == '=') found = c + 1;
    while (*word && *word != ' ') word++;
    while (*word == ' ') word++;
  }
  return found;
}

int option_is(const char *key, const char *word) {
  const char *value = option(key);
  if (!value) return 0;
  while (*word && *word == *value) word++, value++;
  return !*word && (!*value || *value == ' ');
}

uint32_t option_number(const char *key, uint32_t otherwise) {
  const char *c = option(key);
  if (!c || *c < '0' || *c > '9') return otherwise;
  uint32_t value = 0;
  for (; *c >= '0' && *c <= '9'; c++) value = value * 10 + (uint32_t)(*c - '0');
  return value;
}
