import { abstract } from './cases-abstract.ts';
import { keys } from './cases-keys.ts';
import { nulls } from './cases-nulls.ts';
import { requires } from './cases-requires.ts';
import type { Graph } from './graph-case.ts';

/** Every graph of the suite. */
export const graphs: readonly Graph[] = [keys, requires, abstract, nulls];
