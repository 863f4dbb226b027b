import { abstract } from './cases-abstract.ts';
import { conditions } from './cases-conditions.ts';
import { failures } from './cases-failures.ts';
import { inputs } from './cases-inputs.ts';
import { keys } from './cases-keys.ts';
import { mutations } from './cases-mutations.ts';
import { names } from './cases-names.ts';
import { nulls } from './cases-nulls.ts';
import { overrides } from './cases-overrides.ts';
import { requires } from './cases-requires.ts';
import type { Graph } from './graph-case.ts';

/** Every graph of the suite. */
export const graphs: readonly Graph[] = [
  ...[keys, requires, abstract, nulls, names],
  ...[conditions, failures, inputs, overrides, mutations],
];
