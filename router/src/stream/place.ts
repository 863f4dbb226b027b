import { type FieldNode, Kind, visit } from 'graphql';
import { canonical } from '../front/kept-answers.ts';
import type { Prepared, Values } from '../prepare/prepared.ts';
import type { Answer } from '../run/answer.ts';

/**
 * A clean place in a stream of changes: everything up to it has been told, and nothing after it. Two readers at
 * the same clean place are owed the same. A cursor that is written otherwise than as a whole number is none.
 */
export type Place = number;

/** Where in its stream a reader of one subscription is. */
export type Places = {
  /** Where it begins by `after`; null when it begins with the state there is. */
  readonly startOf: (values: Values) => Place | null;
  /** Where an event leaves it; null when that is not a clean place, or its cursor was not asked for. */
  readonly placeOf: (event: Answer) => Place | null;
  /** The values as a text that is the same for all who follow the same, wherever they begin. */
  readonly subjectOf: (values: Values) => string;
};

const cleanPattern = /^\d{1,15}$/;

const asPlace = (cursor: unknown): Place | null =>
  (typeof cursor === 'string' && cleanPattern.test(cursor)) || Number.isSafeInteger(cursor)
    ? Number(cursor)
    : null;

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const keyOf = ({ alias, name }: FieldNode): string => (alias ?? name).value;

const alwaysThere = ({ directives = [] }: FieldNode): boolean => directives.length === 0;

const rootOf = ({ operation }: Prepared): FieldNode | null => {
  const [root] = operation.selectionSet.selections;
  return root?.kind === Kind.FIELD && alwaysThere(root) ? root : null;
};

const cursorIn = (root: FieldNode): FieldNode | null =>
  root.selectionSet?.selections.find(
    (one): one is FieldNode => one.kind === Kind.FIELD && one.name.value === 'cursor' && alwaysThere(one),
  ) ?? null;

const countUses = ({ document }: Prepared, variable: string): number => {
  let uses = 0;
  visit(document, {
    VariableDefinition: () => false,
    Variable: ({ name }) => {
      if (name.value === variable) uses += 1;
    },
  });
  return uses;
};

/** The variable that says nothing but where to begin. */
const afterVariable = (prepared: Prepared, root: FieldNode | null): string | null => {
  const after = root?.arguments?.find(({ name }) => name.value === 'after')?.value;
  if (after?.kind !== Kind.VARIABLE) return null;
  const variable = after.name.value;
  return countUses(prepared, variable) === 1 ? variable : null;
};

const placeReader = (root: FieldNode | null): Places['placeOf'] => {
  const cursor = root && cursorIn(root);
  if (!cursor) return () => null;
  const rootKey = keyOf(root);
  const cursorKey = keyOf(cursor);
  return ({ body }) => {
    const { data }: { data?: unknown } = JSON.parse(body);
    const event = isMap(data) ? data[rootKey] : null;
    return isMap(event) ? asPlace(event[cursorKey]) : null;
  };
};

/** Reads from an operation how places are told in its events and its values. */
export const placesOf = (prepared: Prepared): Places => {
  const root = rootOf(prepared);
  const variable = afterVariable(prepared, root);
  return {
    startOf: (values) => (variable === null ? null : asPlace(values[variable])),
    placeOf: placeReader(root),
    subjectOf: (values) => {
      if (variable === null) return canonical(values);
      const { [variable]: _start, ...subject } = values;
      return canonical(subject);
    },
  };
};
