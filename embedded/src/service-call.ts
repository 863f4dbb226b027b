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

type Outcome = { readonly __typename: string; readonly message?: string };

/** Sends a mutation with one input in the name of the house; throws when it is refused. */
export const command = async <Data extends Outcome>(
  subgraph: MountedSubgraph,
  {
    name,
    inputType,
    selection,
    input,
  }: { name: string; inputType: string; selection: string; input: object },
): Promise<Data> => {
  const query = `mutation ($input: ${inputType}!) {
    ${name}(input: $input) { __typename ${selection} ... on UserError { message } }
  }`;
  const outcome = (await ask<Record<string, Data>>(subgraph, query, { input }))[name];
  if (!outcome || outcome.message !== undefined) throw new Error(`${name}: ${outcome?.message}`);
  return outcome;
};
