import type { Rewrite } from '../plan/planner.ts';
import { type Data, isData } from './walk.ts';

const apply = (value: unknown, rewrite: Rewrite, at: number): void => {
  if (!isData(value)) return;
  if (Array.isArray(value)) {
    for (const element of value) apply(element, rewrite, at);
    return;
  }
  const step = rewrite.path[at];
  if (!step) return;
  if (step.kind === 'types') {
    const type = value['__typename'];
    if (type === undefined || step.names.includes(String(type))) apply(value, rewrite, at + 1);
    return;
  }
  if (at < rewrite.path.length - 1) apply(value[step.name], rewrite, at + 1);
  else change(value, step.name, rewrite);
};

const change = (value: Data, name: string, rewrite: Rewrite): void => {
  if (rewrite.kind === 'set') {
    value[name] = rewrite.value;
    return;
  }
  if (!Object.hasOwn(value, name)) return;
  value[rewrite.to] = value[name];
  delete value[name];
};

/** Changes what is sent or received in place. */
export const applyRewrites = (value: unknown, rewrites: readonly Rewrite[]): void => {
  for (const rewrite of rewrites) apply(value, rewrite, 0);
};
