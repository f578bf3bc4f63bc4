// Which engine a machine gets.

import type { Engine } from '../cpu/engine.ts';
import { deliverFault } from '../cpu/events/deliver.ts';
import { Interpreter } from '../cpu/interpreter/interpreter.ts';
import { Translator } from '../cpu/translator/translator.ts';
import type { MachineParts } from './machine-parts.ts';
import type { VmConfig } from './config.ts';

export function buildEngine(choice: NonNullable<VmConfig['engine']>, { physical, cpus, plan }: MachineParts): Engine {
  if (choice === 'interpreter') return new Interpreter({ physical, deliverFault });
  const parts = { physical, deliverFault, cpus, jumpCaches: plan['jump-cache']!.offset };
  return new Translator(choice === 'translator' ? { ...parts, threshold: 0 } : parts);
}
