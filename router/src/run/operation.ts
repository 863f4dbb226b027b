import { after, type Call, type Soon } from '@storegraph/server';
import type { Guard } from '../graph/guard.ts';
import type { Form } from '../prepare/forms.ts';
import type { Values } from '../prepare/prepared.ts';
import type { Transport } from '../reach/transport.ts';
import type { Answer } from './answer.ts';
import { finish } from './finish.ts';
import { createRun } from './run.ts';

/** What an operation is run with. */
export type Running = {
  readonly form: Form;
  readonly guards: readonly Guard[];
  readonly transports: ReadonlyMap<string, Transport>;
  readonly production: boolean;
};

/** Runs a query or a mutation. */
export const runOperation = (
  running: Running,
  { values, call, isKept }: { readonly values: Values; readonly call: Call; readonly isKept: boolean },
): Soon<Answer> => {
  const { form, guards, transports, production } = running;
  const run = createRun({ values, call, transports, production }, isKept);
  if (form.introspect) Object.assign(run.data, form.introspect(values));
  return after(form.step?.(run) ?? null, () => finish({ form, guards, run }));
};
