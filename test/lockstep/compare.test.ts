import { expect, it } from 'vitest';
import { LAST_SAVED, SAVED_BYTES } from './support/compare.ts';

it('compares all that is saved of a vCPU by its bytes', () => expect(LAST_SAVED).toBeLessThan(SAVED_BYTES));
