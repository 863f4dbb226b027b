import type { Viewer } from '@storegraph/server';
import { type Answer, key, type Mounted } from './mount.ts';

// biome-ignore lint/suspicious/noExplicitAny: an answer has the shape of its operation, which is text.
type Data = any;

const messagesOf = (errors: readonly { readonly message: string }[]): string =>
  errors.map(({ message }) => message).join(' ');

/** Asks a mounted subgraph in a viewer's name. */
export const createAsking = (
  { execute }: Pick<Mounted, 'execute'>,
  documentOf: (mutation: string) => string,
) => {
  /** Runs a mutation with a fresh key unless one is given, and answers everything of it. */
  const run = (viewer: Viewer | undefined, mutation: string, input: object): Promise<Answer> =>
    execute(documentOf(mutation), { input: { idempotencyKey: key(), ...input } }, viewer);
  return {
    run,
    /** The outcome alone; throws what was answered with errors. */
    change: async (viewer: Viewer | undefined, mutation: string, input: object = {}): Promise<Data> => {
      const { data, errors } = await run(viewer, mutation, input);
      if (errors) throw new Error(`${mutation}: ${messagesOf(errors)}`);
      return data[mutation];
    },
    /** The data alone; throws what was answered with errors. */
    ask: async (viewer: Viewer | undefined, query: string, variables: object = {}): Promise<Data> => {
      const { data, errors } = await execute(query, variables, viewer);
      if (errors) throw new Error(messagesOf(errors));
      return data;
    },
  };
};
