import {
  afterAll,
  argsOf,
  completeField,
  completeResolved,
  type Execution,
  failField,
  infoOf,
  type Path,
} from './compiled-fields.ts';
import type { FieldPlan } from './compiled-plan.ts';

export type Data = Record<string, unknown>;

/** Completes what is asked of an object that stands at a place. */
export type CompleteObject = (
  execution: Execution,
  source: unknown,
  path: Path | undefined,
) => Data | Promise<Data>;

/** Puts the values that are not there yet in their places when they come. */
const settle = async (data: Data): Promise<Data> => {
  const waiting = Object.entries(data).filter(([, value]) => value instanceof Promise);
  const put = async ([name, value]: [string, unknown]): Promise<void> => {
    data[name] = await value;
  };
  await Promise.all(waiting.map(put));
  return data;
};

const noObject: object = Object.freeze(Object.create(null));

/** What properties are read of: as graphql-js has it, a text has none. */
const asObject = (source: unknown): object =>
  typeof source === 'object' && source !== null ? source : noObject;

const tools = {
  ...{ afterAll, argsOf, asObject, completeField, completeResolved, failField, infoOf, settle },
};

/** How the value of a field comes about; the `v`, `f`, `p` and `r` of its number are variables of the text. */
const statementOf = ({ constant, resolve, plain, definition }: FieldPlan, n: number): string => {
  if (constant !== null) return `v${n} = ${JSON.stringify(constant)};`;
  const completed = `completeField(execution, f${n}, source, path)`;
  if (!resolve && !plain) return `v${n} = ${completed};`;
  if (!resolve) return `v${n} = p${n}(object.${definition.name}) ?? ${completed};`;
  const taken = plain ? `p${n}(resolved) ?? ` : '';
  return `
        try {
          const info = infoOf(execution, f${n}, path);
          resolved = r${n}(source, argsOf(execution, f${n}), execution.contextValue, info);
        } catch (error) {
          resolved = nothing;
          v${n} = failField(execution, f${n}, error, path);
        }
        if (resolved !== nothing) v${n} = ${taken}completeResolved(execution, f${n}, resolved, path);`;
};

/** An assignment to this name would be one of a prototype. */
const keyOf = ({ responseName }: FieldPlan): string =>
  responseName === '__proto__' ? '["__proto__"]' : responseName;

const textOf = (fields: readonly FieldPlan[]): string => {
  const numbers = [...fields.keys()];
  const values = numbers.map((n) => `v${n}`).join(', ');
  const pending = fields.flatMap(({ constant }, n) => (constant === null ? `v${n} instanceof Promise` : []));
  return `
    const { ${Object.keys(tools).join(', ')} } = tools;
    const [${numbers.map((n) => `f${n}`).join(', ')}] = fields;
    const [${numbers.map((n) => `p${n}`).join(', ')}] = fields.map(({ plain }) => plain);
    const [${numbers.map((n) => `r${n}`).join(', ')}] = fields.map(({ resolve }) => resolve);
    const nothing = Symbol();
    return (execution, source, path) => {
      let resolved, ${values};
      try {
        const object = asObject(source);
        ${fields.map(statementOf).join('\n        ')}
      } catch (error) {
        return afterAll([${values}], error);
      }
      const data = { ${fields.map((field, n) => `${keyOf(field)}: v${n}`).join(', ')} };
      return ${pending.join(' || ') || 'false'} ? settle(data) : data;
    };`;
};

/**
 * Writes out what a loop over the fields would do: an object that is made in one piece, and properties that are read
 * by their names, take a third of the time. Only names as GraphQL allows them get into the text.
 */
export const compileObject = (fields: readonly FieldPlan[]): CompleteObject =>
  fields.length === 0 ? () => ({}) : new Function('tools', 'fields', textOf(fields))(tools, fields);

/** Completes the fields of a mutation one after the other. */
export const completeInTurn = async (
  execution: Execution,
  fields: readonly FieldPlan[],
  source: unknown,
): Promise<Data> => {
  const data: Data = Object.create(null);
  for (const field of fields) {
    data[field.responseName] = await completeField(execution, field, source, undefined);
  }
  return data;
};
