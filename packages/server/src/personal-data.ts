import { GraphQLError } from 'graphql';
import type { Viewer } from './viewer.ts';

/** What one subgraph holds of a person; see PersonalData in schema/shared.graphql. */
export type PersonalData = { readonly items: number; readonly content: string };

/** How the erasure of one subgraph's part ended; see PersonalDataErased in schema/shared.graphql. */
export type PersonalDataErased = {
  readonly __typename: 'PersonalDataErased';
  readonly items: number;
  readonly kept: readonly { readonly what: string; readonly reason: string }[];
};

/** Stops everybody but the shop's own services: the public graph does not have these operations, a subgraph does. */
export const forServices = (viewer: Viewer): void => {
  if (viewer.kind === 'service') return;
  throw new GraphQLError('This is for the services of the shop alone.', {
    extensions: { code: 'FORBIDDEN' },
  });
};

type Asked = { readonly viewer: Viewer };

/** The resolvers of a subgraph that holds nothing of any person, and says so. */
export const noPersonalData = {
  Query: {
    personalData: (_parent: unknown, _args: unknown, { viewer }: Asked): PersonalData => {
      forServices(viewer);
      return { items: 0, content: '{}' };
    },
  },
  Mutation: {
    personalDataErase: (_parent: unknown, _args: unknown, { viewer }: Asked): PersonalDataErased => {
      forServices(viewer);
      return { __typename: 'PersonalDataErased', items: 0, kept: [] };
    },
  },
};
