// A fortieth of the recorded vectors, by the translator; all of them are run by translated.long.ts.

import { describeTranslated } from './translated.ts';

describeTranslated(40);
