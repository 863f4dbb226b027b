import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { generatePersistedQueryIdsFromManifest } from '@apollo/persisted-query-lists';
import { OperationTypeNode } from 'graphql';
import { createClient } from 'graphql-ws';
import manifest from '../operations.json' with { type: 'json' };

const clientAwareness = { name: 'product-page', version: '1.0.0' };

/** A client of the shop that names its operations by the ids they were published under. */
export const createShopClient = (url: string): ApolloClient => {
  const byId = new PersistedQueryLink({
    ...generatePersistedQueryIdsFromManifest({ loadManifest: () => manifest }),
    // A GET can be answered by every cache on the way.
    useGETForHashedQueries: true,
  });
  const socket = createClient({
    url: url.replace(/^http/, 'ws'),
    // It would subscribe again with the place it began at; `followStock` goes on where it was.
    retryAttempts: 0,
    connectionParams: {
      'apollographql-client-name': clientAwareness.name,
      'apollographql-client-version': clientAwareness.version,
    },
  });
  const transport = ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
    new GraphQLWsLink(socket),
    new HttpLink({ uri: url }),
  );
  return new ApolloClient({
    cache: new InMemoryCache(),
    link: ApolloLink.from([byId, transport]),
    clientAwareness,
  });
};
