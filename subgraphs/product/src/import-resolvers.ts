import { GraphQLError } from 'graphql';
import type { Context } from './main.ts';
import type { Resolvers } from './schema.generated.ts';

/** The most errors a page holds. */
const maxErrors = 1_000;

const badInput = (message: string) => new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } });

const ofImport = {
  import: async ({ importId }: { importId: string }, _args: unknown, { imports }: Context) => {
    const row = await imports.byId(importId);
    if (!row) throw new Error(`Import ${importId} is gone.`);
    return row;
  },
};

/** Bulk imports: GraphQL in, one call, GraphQL out. */
export const importResolvers = {
  Query: {
    productImport: (_parent, { id }, { imports }) => imports.byId(id),
  },
  Mutation: {
    productImportCreate: (_parent, { input }, { imports, viewer }) => imports.create(viewer, input),
    productImportAppend: (_parent, { input }, { imports, viewer }) => imports.append(viewer, input),
    productImportRun: (_parent, { input }, { imports, viewer }) => imports.run(viewer, input),
  },
  Subscription: {
    productImportProgressed: {
      subscribe: async (_parent, { id, after }, { imports, signal }) => {
        const place = typeof after === 'string' ? Number(/^\d{1,15}$/.exec(after)?.[0]) : null;
        const steps = Number.isNaN(place) ? null : await imports.follow(id, place, signal());
        if (!steps) throw badInput('There is no such import, or `after` is no cursor of this subscription.');
        return steps;
      },
    },
  },
  ProductImport: {
    errors: ({ id }, { first, afterRow }, { imports }) => {
      if (first < 1 || first > maxErrors) throw badInput(`\`first\` must be 1 to ${maxErrors}.`);
      if (afterRow < 0) throw badInput('`afterRow` must not be negative.');
      return imports.errorsOf(id, { first, afterRow });
    },
  },
  ProductImportCreated: ofImport,
  ProductImportAppended: ofImport,
  ProductImportStarted: ofImport,
} satisfies Resolvers;
