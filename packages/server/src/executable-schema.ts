import { buildSubgraphSchema } from '@apollo/subgraph';
import { isReplay } from '@storegraph/idempotency';
import {
  type DocumentNode,
  defaultFieldResolver,
  type GraphQLFieldResolver,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  isObjectType,
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

type ResolveReference = (reference: object, context: unknown, info: GraphQLResolveInfo) => unknown;

const referenceResolverOf = (type: GraphQLObjectType): ResolveReference | undefined => {
  const { subgraph } = (type.extensions['apollo'] ?? {}) as {
    readonly subgraph?: { readonly resolveReference?: ResolveReference };
  };
  return subgraph?.resolveReference;
};

const ofType = (entity: unknown, name: string): unknown => {
  if (typeof entity !== 'object' || entity === null) return entity;
  if (!('__typename' in entity)) return Object.defineProperty(entity, '__typename', { value: name });
  return entity.__typename === name ? entity : { ...entity, __typename: name };
};

/**
 * Entities are resolved as `@apollo/subgraph` does, but in the same turn where their resolver answers at once: a
 * promise for each of 500 costs more than the entities.
 */
const resolveEntities = (schema: GraphQLSchema): void => {
  const field = schema.getQueryType()?.getFields()['_entities'];
  const { resolve: resolveByApollo } = field ?? {};
  if (!field || !resolveByApollo) return;
  field.resolve = (source, args, context, info) => {
    const representations: readonly { readonly __typename: string }[] = args['representations'];
    const types = representations.map(({ __typename: name }) => schema.getType(name));
    // Interfaces with keys, and types that are not there, are for Apollo to resolve or to refuse.
    if (!types.every(isObjectType)) return resolveByApollo(source, args, context, info);
    return representations.map((reference, at) => {
      const type = types[at] as GraphQLObjectType;
      const resolveReference = referenceResolverOf(type);
      const entity = resolveReference ? resolveReference(reference, context, info) : reference;
      return entity instanceof Promise
        ? entity.then((settled: unknown) => ofType(settled, type.name))
        : ofType(entity, type.name);
    });
  };
};

/** Builds the schema with its scalars, its scopes enforced and its replays noted. */
export const createExecutableSchema = ({ typeDefs, resolvers }: Subgraph): ExecutableSchema => {
  // A property of its own rather than a WeakMap, whose entries the garbage collector has to look through.
  const mark = Symbol('execution');

  const executionOf = (context: unknown): Execution => {
    const execution = (context as { readonly [mark]?: Execution } | null | undefined)?.[mark];
    if (!execution) throw new Error('An execution was started without its context being made known.');
    return execution;
  };

  const begin = (context: unknown, viewer: Viewer): Execution => {
    if (typeof context !== 'object' || context === null)
      throw new Error('A subgraph context must be an object.');
    // A context used twice would let one viewer's rights answer for another's.
    if (mark in context) throw new Error('A subgraph context must be a fresh object for each request.');
    const execution: Execution = { viewer, replayed: [] };
    (context as { [mark]?: Execution })[mark] = execution;
    return execution;
  };

  const schema = buildSubgraphSchema({ typeDefs, resolvers: { ...scalarsOf(typeDefs), ...resolvers } });
  resolveEntities(schema);
  noteReplays(schema, executionOf);
  requireScopes(schema, (context) => executionOf(context).viewer);
  return { schema, begin };
};
