// Every recorded vector, by the translator.

import { describeTranslated } from './translated.ts';

describeTranslated(1);
