import { execute, type GraphQLSchema } from 'graphql';
import type { Values } from './prepared.ts';
import { documentOf, prune, type Single } from './prune.ts';

/** Answers what a query asks of the schema itself; null when it asks nothing of the kind. */
export const introspectionOf = (
  schema: GraphQLSchema,
  single: Single,
): ((values: Values) => Record<string, unknown>) | null => {
  if (single.operation.operation !== 'query') return null;
  const root = schema.getQueryType();
  const isOther = (name: string) => name !== '__schema' && name !== '__type';
  const asked = prune(schema, single, (parent, { name }) => parent === root && isOther(name.value));
  if (!asked) return null;
  const document = documentOf(asked);
  return (variableValues) => {
    const result = execute({ schema, document, variableValues });
    if (!('data' in result) || !result.data) throw new Error('The schema does not know itself.');
    return result.data;
  };
};
