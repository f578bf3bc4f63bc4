/* SHA-256 (FIPS 180-4) of a 64 KiB pseudo-random buffer taken `scale` times over: rotates, adds, little memory. */
#include "common/options.h"
#include "common/print.h"
#include "common/random.h"
#include "sha256/compress.h"

enum { BUFFER_WORDS = 16384, SCALE = 40 };

static uint32_t buffer[BUFFER_WORDS];

int main(void) {
  print("sha256: start\n");
  uint32_t scale = option_number("scale", SCALE), state = 1;
  if (scale < 1 || scale > 8191) {
    print("sha256: scale must be 1 to 8191\n"); /* the message's length in bits then fits 32 */
    return 1;
  }
  for (int n = 0; n < BUFFER_WORDS; n++) buffer[n] = random_next(&state);

  uint32_t h[8] = SHA256_START;
  for (uint32_t round = 0; round < scale; round++) {
    for (int n = 0; n < BUFFER_WORDS; n += 16) compress(h, buffer + n);
  }
  uint32_t padding[16] = { [0] = 0x80, [15] = __builtin_bswap32(scale * BUFFER_WORDS * 32) };
  compress(h, padding);

  print("sha256: ");
  for (int n = 0; n < 8; n++) print("%x", h[n]);
  print("\nsha256: done\n");
  return 0;
}
