import { type Guard, refusalOf } from '../graph/guard.ts';
import type { Form } from '../prepare/forms.ts';
import { traceText } from '../watch/trace.ts';
import type { Flaw } from '../write/writer.ts';
import type { Answer, GraphError } from './answer.ts';
import type { Run } from './run.ts';

export type Finishing = {
  readonly form: Form;
  readonly run: Run;
  readonly guards: readonly Guard[];
};

/** An error of a subgraph explains the nulls at its place, under it, and (it has made them) above it. */
const isExplained = (path: Flaw['path'], errors: readonly GraphError[]): boolean =>
  errors.some(({ path: place }) => !place || place.every((key, at) => at >= path.length || key === path[at]));

const errorOf = (flaw: Flaw, known: readonly GraphError[], { guards, run }: Finishing): GraphError | null => {
  const { path } = flaw;
  switch (flaw.kind) {
    case 'denied': {
      const guard = guards[flaw.guard];
      const refusal = guard && refusalOf(guard, run.call.viewer);
      return refusal ? { ...refusal, path } : null;
    }
    case 'missing':
      if (isExplained(path, known)) return null;
      return {
        message: `Cannot return null for non-nullable field ${flaw.field}.`,
        path,
        extensions: { code: 'SUBGRAPH_ERROR' },
      };
    case 'wrong':
      return {
        message: `The value of ${flaw.field} is not of its type.`,
        path,
        extensions: { code: 'SUBGRAPH_ERROR' },
      };
  }
};

const extensionsOf = ({ form, run }: Finishing): string => {
  const replayed = run.replayed.map(form.clientName);
  const idempotency = replayed.length > 0 ? `"idempotency":${JSON.stringify({ replayed })}` : '';
  const trace = run.trace
    ? `"trace":${traceText(run.trace, { plan: form.plan, statements: run.statements })}`
    : '';
  if (!idempotency && !trace) return '';
  return `,"extensions":{${[idempotency, trace].filter(Boolean).join(',')}}`;
};

/** The path as the client's own names have it. */
const inClientNames = (error: GraphError, clientName: Form['clientName']): GraphError =>
  error.path
    ? { ...error, path: error.path.map((key) => (typeof key === 'string' ? clientName(key) : key)) }
    : error;

/** Writes the answer of a run. */
export const finish = (finishing: Finishing): Answer => {
  const { form, run } = finishing;
  const { text, flaws } = form.write(run.data);
  const known = run.errors.map((error) => inClientNames(error, form.clientName));
  const errors = [...known, ...flaws.flatMap((flaw) => errorOf(flaw, known, finishing) ?? [])];
  const written = errors.length > 0 ? `,"errors":${JSON.stringify(errors)}` : '';
  return {
    body: `{"data":${text}${written}${extensionsOf(finishing)}}`,
    refusedWith: null,
    hasErrors: errors.length > 0,
    ...(run.tags && { tags: [...run.tags] }),
    ...(Number.isFinite(run.holdsUntil) && { holdsUntil: run.holdsUntil }),
  };
};
