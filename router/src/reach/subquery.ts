import { type DocumentNode, parse } from 'graphql';
import type { Keeping, Subquery } from './transport.ts';

const notKept: Keeping = { caching: null, isOwn: false };

/** Makes a question to a subgraph ready to be asked often. */
export const createSubquery = (
  question: Pick<Subquery, 'subgraph' | 'text' | 'operationName' | 'kind'> &
    Partial<Pick<Subquery, 'entities' | 'keeping'>>,
): Subquery => {
  const { subgraph, text, operationName, kind, entities = null, keeping = notKept } = question;
  const named = operationName === undefined ? '' : `,"operationName":${JSON.stringify(operationName)}`;
  let document: DocumentNode | null = null;
  return {
    subgraph,
    text,
    operationName,
    kind,
    entities,
    keeping,
    wire: `{"query":${JSON.stringify(text)}${named}`,
    document: () => {
      document ??= parse(text, { noLocation: true });
      return document;
    },
  };
};
