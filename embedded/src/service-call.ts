import { type MountedSubgraph, scopesOfRole, type Viewer } from '@storegraph/server';

/** A call of the house's own takes as long as it takes, but not for ever. */
const deadlineMs = 300_000;

const house: Viewer = { kind: 'service', id: 'shop', scopes: new Set(scopesOfRole('service')) };

/** Asks a subgraph in the name of the house; throws what it refuses. */
export const ask = async <Data>(
  subgraph: MountedSubgraph,
  query: string,
  variables: Readonly<Record<string, unknown>> = {},
): Promise<Data> => {
  const { data, errors } = await subgraph.execute({
    query,
    variables,
    viewer: house,
    deadlineAt: Date.now() + deadlineMs,
  });
  if (errors?.[0]) throw errors[0];
  // The caller knows the shape of what it asks for.
  return data as Data;
};
