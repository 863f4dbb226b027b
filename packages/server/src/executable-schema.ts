import { buildSubgraphSchema } from '@apollo/subgraph';
import { isReplay } from '@storegraph/idempotency';
import {
  type DocumentNode,
  defaultFieldResolver,
  type GraphQLFieldResolver,
  type GraphQLSchema,
  Kind,
} from 'graphql';
import { requireScopes } from './required-scopes.ts';
import { scalarResolvers } from './scalars.ts';
import type { Subgraph } from './subgraph.ts';
import type { Viewer } from './viewer.ts';

/** What one execution keeps beside the context that the subgraph's resolvers see. */
type Execution = {
  readonly viewer: Viewer;
  /** The response names of mutations that gave an earlier outcome again. */
  readonly replayed: string[];
};

/** The schema of a subgraph, ready to be executed, with a way to begin an execution. */
export type ExecutableSchema = {
  readonly schema: GraphQLSchema;
  /** Makes a context known; an execution with an unknown context fails. */
  readonly begin: (context: unknown, viewer: Viewer) => Execution;
};

const scalarsOf = (typeDefs: DocumentNode): object => {
  const declared = typeDefs.definitions.flatMap((node) =>
    node.kind === Kind.SCALAR_TYPE_DEFINITION ? [node.name.value] : [],
  );
  return Object.fromEntries(Object.entries(scalarResolvers).filter(([name]) => declared.includes(name)));
};

const noteReplays = (schema: GraphQLSchema, executionOf: (context: unknown) => Execution): void => {
  for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) {
    const { resolve = defaultFieldResolver } = field;
    const noting: GraphQLFieldResolver<unknown, unknown> = async (parent, args, context, info) => {
      const outcome = await resolve(parent, args, context, info);
      if (isReplay(outcome)) executionOf(context).replayed.push(String(info.path.key));
      return outcome;
    };
    field.resolve = noting;
  }
};

/** Builds the schema with its scalars, its scopes enforced and its replays noted. */
export const createExecutableSchema = ({ typeDefs, resolvers }: Subgraph): ExecutableSchema => {
  const executions = new WeakMap<object, Execution>();

  const executionOf = (context: unknown): Execution => {
    const execution = typeof context === 'object' && context !== null ? executions.get(context) : undefined;
    if (!execution) throw new Error('An execution was started without its context being made known.');
    return execution;
  };

  const begin = (context: unknown, viewer: Viewer): Execution => {
    if (typeof context !== 'object' || context === null)
      throw new Error('A subgraph context must be an object.');
    // A context used twice would let one viewer's rights answer for another's.
    if (executions.has(context))
      throw new Error('A subgraph context must be a fresh object for each request.');
    const execution = { viewer, replayed: [] };
    executions.set(context, execution);
    return execution;
  };

  const schema = buildSubgraphSchema({ typeDefs, resolvers: { ...scalarsOf(typeDefs), ...resolvers } });
  noteReplays(schema, executionOf);
  requireScopes(schema, (context) => executionOf(context).viewer);
  return { schema, begin };
};
