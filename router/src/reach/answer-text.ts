import type { SubgraphAnswer } from './transport.ts';

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isErrors = (value: unknown): value is NonNullable<SubgraphAnswer['errors']> =>
  Array.isArray(value) && value.every(isObject);

/** What came from a subgraph, when it has the form of an answer; null when it does not. */
export const asAnswer = (value: unknown): SubgraphAnswer | null => {
  if (!isObject(value)) return null;
  const { data, errors, extensions } = value;
  if (errors != null && !isErrors(errors)) return null;
  if (data != null && !isObject(data)) return null;
  // Null without an error would be shown as if nothing were there.
  if (data == null && (errors == null || errors.length === 0)) return null;
  if (errors === undefined && extensions === undefined) return { data };
  return {
    ...(data !== undefined && { data }),
    ...(errors != null && { errors }),
    ...(isObject(extensions) && { extensions }),
  };
};

/** Reads an answer from its text; null when it is none. */
export const readAnswer = (text: string): SubgraphAnswer | null => {
  try {
    return asAnswer(JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
};
