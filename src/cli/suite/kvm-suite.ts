// kvm-unit-tests as a suite: what its runner (scripts/runtime.bash) makes of a section of unittests.cfg, on this machine.

import { existsSync, readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { InputError } from '../../base/errors.ts';
import { runOptions } from '../commands/run.ts';
import { debugExitStatus } from '../guest/outcome.ts';
import { shellWords } from './shell-words.ts';
import { PLAIN_TEST } from './suite-test.ts';
import type { SuiteTest } from './suite-test.ts';
import { parseCfg } from './unittests-cfg.ts';
import type { CfgSection } from './unittests-cfg.ts';

/** The guests' exit() writes its argument to the debug-exit port. Of 77, which says `skipped`, half is written. */
const PASSED = debugExitStatus(0);
const SKIPPED = debugExitStatus(77 >> 1);
const ARCH = 'x86_64';
/** What $MAX_SMP stands for. */
const MAX_SMP = 4;
const TIMEOUT_UNITS: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600 };
const KNOWN = ['file', 'smp', 'test_args', 'qemu_params', 'extra_params', 'arch', 'groups', 'accel', 'check', 'timeout'];
/** Parameters that are for other virtual machines, or choose among QEMU's machines. */
const OF_OTHERS = ['kvmtool_params', 'machine'];

/** The tests of the list `text`, the file at `path`, in `directory`. InputError that names the file and the line. */
export const kvmTests = (path: string, text: string, directory: string): SuiteTest[] =>
  parseCfg(path, text).map((section) => testOf(path, section, directory));

function testOf(path: string, { name, line, parameters }: CfgSection, directory: string): SuiteTest {
  const of = (key: string): string => parameters.get(key)?.text ?? '';
  const fail = (key: string, why: string): InputError =>
    new InputError(`${path}:${parameters.get(key)?.line ?? line}: test '${name}': ${why}`);
  const file = of('file');
  if (file === '') throw fail('file', 'the parameter file is missing');
  const groups = of('groups').split(/\s+/).filter(Boolean);
  const leftOut = skipReason(of);
  const image = resolve(directory, file);
  if (leftOut === null && !(existsSync(image) && statSync(image).isFile())) throw fail('file', `image '${file}': no such file`);
  const unknown = [...parameters.keys()].filter((key) => !KNOWN.includes(key) && !OF_OTHERS.includes(key));
  const test = { ...PLAIN_TEST, name, groups, leftOut, status: PASSED, skipStatus: SKIPPED, timeout: timeoutOf(of('timeout'), fail) };
  try {
    const { argv, ignored } = machineOf(of, directory, (why) => fail('smp', why));
    const whole = [image, ...argv];
    runOptions(whole);
    const notes = [...unknown.map((key) => `the parameter ${key}`), ...ignored];
    return { ...test, argv: whole, notes: notes.length > 0 ? [`not applied: ${notes.join(', ')}`] : [] };
  } catch (error) {
    // Of a machine that is not to be had, the test alone fails. What is wrong with the file says where.
    if (!(error instanceof InputError) || error.message.startsWith(path)) throw error;
    return { ...test, argv: [image], refused: error.message };
  }
}

/** By the file's own rules, in the order of kvm-unit-tests' runner; null for a test that is run. Groups are the caller's. */
function skipReason(of: (key: string) => string): string | null {
  const [arch, accel] = [of('arch'), of('accel')];
  if (arch !== '' && arch !== ARCH) return `${arch} only`;
  if (accel !== '') return `${accel} only`;
  const wrong = of('check')
    .split(/\s+/)
    .find((check) => check !== '' && !isAsChecked(check));
  return wrong === undefined ? null : `${wrong.replace('=', ' not equal to ')}`;
}

function isAsChecked(check: string): boolean {
  const at = check.indexOf('=');
  const path = check.slice(0, at);
  if (at < 0 || !existsSync(path) || !statSync(path).isFile()) return false;
  return readFileSync(path, 'utf8').trimEnd() === check.slice(at + 1);
}

function timeoutOf(text: string, fail: (key: string, why: string) => InputError): number | null {
  if (text === '') return null;
  const [, amount, unit] = /^(\d+(?:\.\d+)?)([smh]?)$/.exec(text) ?? [];
  if (amount === undefined || Number(amount) === 0) throw fail('timeout', `timeout '${text}' is no time such as 30, 90s or 2m`);
  return Number(amount) * TIMEOUT_UNITS[unit!]!;
}

interface MachineWords {
  readonly argv: readonly string[];
  /** What of QEMU's options has no counterpart here. */
  readonly ignored: readonly string[];
}

/** From QEMU's options to those of `run`. */
function machineOf(of: (key: string) => string, directory: string, fail: (why: string) => InputError): MachineWords {
  const argv: string[] = [];
  const ignored: string[] = [];
  const smp = of('smp').replace('$MAX_SMP', String(MAX_SMP)).replaceAll(/^"|"$/g, '');
  if (smp !== '' && !/^\d+(,.*)?$/.test(smp)) throw fail(`smp '${smp}' is no number of processors`);
  if (smp !== '') argv.push(`--cpus=${Number.parseInt(smp, 10)}`);
  const args = shellWords(of('test_args')).join(' ');
  if (args !== '') argv.push(`--append=${args}`);
  const words = shellWords(of('qemu_params') || of('extra_params'));
  for (let n = 0; n < words.length; n++) {
    const word = words[n]!;
    const value = words[n + 1];
    if (value === undefined || value.startsWith('-')) {
      ignored.push(word);
      continue;
    }
    n++;
    if (word === '-m') argv.push(`--memory=${memorySize(value)}`);
    else if (word === '-smp') argv.push(`--cpus=${Number.parseInt(value, 10)}`);
    else if (word === '-append') argv.push(`--append=${value}`);
    else if (word === '-initrd') argv.push(`--initrd=${resolve(directory, value)}`);
    else ignored.push(`${word} ${value}`);
  }
  return { argv, ignored };
}

/** QEMU counts in MiB where no unit is given. */
const memorySize = (text: string): string => (/^\d+$/.test(text) ? `${text}M` : text.replace(/^size=/, '').toUpperCase());
