import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  NoSchemaIntrospectionCustomRule,
  parse,
  specifiedRules,
  validate,
} from 'graphql';
import { withoutSuggestions } from './errors.ts';

/** A document that was checked against a schema, or what is wrong with it. */
export type Prepared =
  | { readonly document: DocumentNode; readonly errors?: never }
  | { readonly errors: readonly GraphQLError[]; readonly document?: never };

/** Clients send few different documents; a thousand of them take a few megabytes. */
const maxRemembered = 1_000;

/** The largest operation of a real shop has a tenth of it; validation time grows faster than the tokens do. */
export const maxDocumentTokens = 15_000;

const withCode = (error: GraphQLError, code: string, production: boolean): GraphQLError =>
  new GraphQLError(production ? withoutSuggestions(error.message) : error.message, {
    extensions: { ...error.extensions, code },
    ...(error.source ? { source: error.source } : {}),
    ...(error.positions ? { positions: error.positions } : {}),
  });

const prepare = (schema: GraphQLSchema, text: string, production: boolean): Prepared => {
  try {
    const document = parse(text, { maxTokens: maxDocumentTokens });
    const rules = production ? [...specifiedRules, NoSchemaIntrospectionCustomRule] : specifiedRules;
    const errors = validate(schema, document, rules, { maxErrors: 20 });
    if (errors.length === 0) return { document };
    return { errors: errors.map((error) => withCode(error, 'GRAPHQL_VALIDATION_FAILED', production)) };
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    return { errors: [withCode(error, 'GRAPHQL_PARSE_FAILED', production)] };
  }
};

/** Parses and validates documents, each text once. In production nobody reads the schema by introspection. */
export const createPreparer = (
  schema: GraphQLSchema,
  { production }: { readonly production: boolean },
): ((text: string) => Prepared) => {
  const remembered = new Map<string, Prepared>();
  return (text) => {
    const known = remembered.get(text);
    if (known) {
      // A map keeps the order of insertion, so this makes it the last to be forgotten.
      remembered.delete(text);
      remembered.set(text, known);
      return known;
    }
    const prepared = prepare(schema, text, production);
    // What is wrong is not remembered: it would push out what is used.
    if (prepared.errors) return prepared;
    const oldest = remembered.size >= maxRemembered ? remembered.keys().next().value : undefined;
    if (oldest !== undefined) remembered.delete(oldest);
    remembered.set(text, prepared);
    return prepared;
  };
};
