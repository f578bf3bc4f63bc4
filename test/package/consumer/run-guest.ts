// What a user of the package writes: runs an image and gives what it said. Takes no host but what every JavaScript engine has.

import { bootTarget, createPc, loadImage } from 'tidemark';
import type { Exit } from 'tidemark';

export function runGuest(name: string, image: Uint8Array, append: string): { readonly text: string; readonly end: Exit['kind'] } {
  let text = '';
  const { vm } = createPc({ memory: 16 << 20, serial: (byte) => (text += String.fromCharCode(byte)) });
  loadImage(name, image, bootTarget(vm), { append });
  const { exit } = vm.runSlice();
  return { text, end: exit.kind };
}
