/*
 * Dirties pages on purpose, for those who watch: the iteration number goes to the first word of pages of a region, in a
 * chosen pattern. The protocol is that of KVM's dirty_log_test; guests/README.md has the options and the control page.
 */
#include "dirtier/dirtier.h"

#include "common/options.h"
#include "common/print.h"
#include "common/random.h"

enum { FAIL_USAGE = 1 };

struct options {
  uint32_t pages, iterations, rate, group, self, first, count; /* patterns first … first + count - 1, in turn */
};

static int read_options(struct options *o) {
  o->self = option_number("self", 1);
  o->pages = option_number("pages", 256);
  o->iterations = option_number("iterations", o->self ? 56 : 0);
  o->rate = option_number("rate", 256);
  o->group = option_number("group", 8);
  o->first = 0, o->count = PATTERNS;
  if (option("pattern") && !option_is("pattern", "mixed")) {
    while (o->first < PATTERNS && !option_is("pattern", patterns[o->first].name)) o->first++;
    o->count = 1;
  }
  return o->first < PATTERNS && o->pages >= 1 && o->pages <= MAX_PAGES && o->rate && o->group;
}

static uint32_t region_checksum(uint32_t pages) {
  const uint32_t *word = (const uint32_t *)REGION;
  uint32_t hash = MIX_START;
  for (uint32_t n = 0; n < pages * (PAGE / 4); n++) hash = mix(hash, word[n]);
  return hash;
}

static void prepare(const struct options *o, struct run *run) {
  for (uint32_t at = CONTROL; at < CONTROL + PAGE; at += 4) *(volatile uint32_t *)(uintptr_t)at = 0;
  for (uint32_t n = 0; n < o->pages * (PAGE / 4); n++) ((volatile uint32_t *)REGION)[n] = 0;
  tables_enter(o->pages);
  run->pages = o->pages;
  run->random = option_number("seed", 1) * 2654435761u | 1; /* xorshift must not start from 0 */
  run->next = 0;
  struct control *c = CONTROL_PAGE;
  c->region.value = REGION;
  c->pages.value = o->pages;
  c->magic.value = 0x54524944;
  c->magic.zero = 0x31524549;
  c->state.value = RUNNING;
}

/* Groups of iterations, one pattern and one line each, until the count is reached or the host says stop. */
static void dirty(const struct options *o, struct run *run) {
  struct control *c = CONTROL_PAGE;
  uint32_t pass = 0, turn = 0;
  while (!c->stop.value && (!o->iterations || pass < o->iterations)) {
    uint32_t first_pass = pass + 1, before = c->writes.value;
    const struct pattern *pattern = &patterns[c->pattern.value = o->first + turn++ % o->count];
    for (uint32_t n = 0; n < o->group && (!o->iterations || pass < o->iterations) && !c->stop.value; n++) {
      pass++;
      if (o->self) c->iteration.value = pass;
      for (uint32_t w = 0; w < o->rate && !c->stop.value; w++) pattern->write(run);
    }
    if (o->self) print("dirtier: %u-%u %s writes=%u\n", first_pass, pass, pattern->name, c->writes.value - before);
  }
}

int main(void) {
  struct options o;
  struct run run;
  print("dirtier: start\n");
  if (!read_options(&o)) {
    print("dirtier: bad options\n");
    return FAIL_USAGE;
  }
  prepare(&o, &run);
  dirty(&o, &run);
  struct control *c = CONTROL_PAGE;
  c->checksum.value = region_checksum(o.pages);
  c->state.value = DONE;
  print("dirtier: iterations=%u writes=%u checksum=%x\n", c->iteration.value, c->writes.value, c->checksum.value);
  return 0;
}
