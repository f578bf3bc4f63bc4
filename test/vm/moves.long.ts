// Guests that are saved and go on elsewhere, more often than in save.test.ts.

import { describeMoves } from './moves.ts';

describeMoves(10, 12);
