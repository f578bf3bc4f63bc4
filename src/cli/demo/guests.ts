// The project's own guest programs: where their images are and how they are called.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InputError } from '../../base/errors.ts';
import { orNone } from '../or-none.ts';
import { didYouMean } from '../../base/near.ts';

export interface Guest {
  readonly name: string;
  readonly path: string;
}

/** Of files that are images: kernels, and disks to boot. */
const ENDINGS = ['.elf', '.img'];

/** guests/ in the package this module is in: a bundle and the sources lie at different depths. */
function guestsFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json')) && folder !== dirname(folder)) folder = dirname(folder);
  const guests = join(folder, 'guests');
  if (!existsSync(guests)) throw new InputError(`the built-in guests are missing: there is no folder '${guests}'`);
  return guests;
}

/** The benchmark's own guests have no demonstration. */
const BENCHMARK = 'bench';
/** Of guests of two widths: the name without it is of this one. */
const WIDE = '-64';

/** Every image under guests/, by its file's name without the ending. InputError if there is none. */
export function listGuests(folder: string = guestsFolder()): Guest[] {
  const folders = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory() && entry.name !== BENCHMARK);
  const guests = folders
    .flatMap(({ name }) =>
      readdirSync(join(folder, name))
        .filter((file) => ENDINGS.includes(extname(file)))
        .map((file) => ({ name: basename(file, extname(file)), path: join(folder, name, file) })),
    )
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  if (guests.length === 0) throw new InputError(`the built-in guests are missing: there is no image in '${folder}'`);
  return guests;
}

/** What the demo takes for a name; without the guests' folder there is only what needs none. */
export const demoNames = (guests: readonly Guest[] = orNone(() => listGuests())): string[] => [
  'compare',
  ...guests.flatMap(({ name }) => [...(name.endsWith(WIDE) ? [name.slice(0, -WIDE.length)] : []), name]),
];

/** The guest called `name`; where there are two widths, `name` alone means 64 bits. InputError, listing all, for any other. */
export function findGuest(name: string, guests: readonly Guest[] = listGuests()): Guest {
  const found = guests.find((guest) => guest.name === name) ?? guests.find((guest) => guest.name === name + WIDE);
  if (found) return found;
  const names = demoNames(guests);
  throw new InputError(`there is no guest '${name}'; there are ${names.join(', ')}${didYouMean(name, names)}`);
}

export const readGuest = ({ path }: Guest): Uint8Array => readFileSync(path);
