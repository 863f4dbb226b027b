import type { IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import type { ApolloServer as ApolloServerType } from '@apollo/server';
import type { DocumentNode, GraphQLSchema } from 'graphql';
import type { Call } from './call.ts';
import { withoutSuggestions } from './errors.ts';
import type { Log } from './log.ts';
import { maxDocumentTokens } from './prepare.ts';
import type { GraphResult } from './run.ts';

/** An operation that came in from outside and was validated against the schema. */
export type IncomingOperation = {
  readonly document: DocumentNode;
  readonly operationName: string | undefined;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly call: Call;
};

/** The answer to one HTTP request, to be written as it is. */
export type HttpAnswer = {
  readonly status: number;
  readonly headers: Iterable<[string, string]>;
  readonly body: string;
};

/** GraphQL over HTTP: methods, media types, status codes and the CSRF rule, with our own execution behind it. */
export type HttpProtocol = {
  readonly answer: (
    request: IncomingMessage,
    search: string,
    body: unknown,
    call: Call,
  ) => Promise<HttpAnswer>;
  readonly stop: () => Promise<void>;
};

export type HttpProtocolOptions = {
  readonly schema: GraphQLSchema;
  readonly execute: (operation: IncomingOperation) => Promise<GraphResult>;
  readonly production: boolean;
  readonly log: Log;
};

// As ES modules under tsx its 200 files take twice as long to load: that is 0.15 s of each start.
const load = createRequire(import.meta.url);

/** Nothing of this calls out of the process: no usage reports, no schema reports, no page from a content network. */
const loadApollo = () => {
  const { ApolloServer, HeaderMap } = load('@apollo/server') as typeof import('@apollo/server');
  const disabled = load('@apollo/server/plugin/disabled') as typeof import('@apollo/server/plugin/disabled');
  const plugins = [
    disabled.ApolloServerPluginUsageReportingDisabled(),
    disabled.ApolloServerPluginSchemaReportingDisabled(),
    disabled.ApolloServerPluginLandingPageDisabled(),
    disabled.ApolloServerPluginInlineTraceDisabled(),
    disabled.ApolloServerPluginCacheControlDisabled(),
  ];
  return { ApolloServer, HeaderMap, plugins };
};

/**
 * Speaks GraphQL over HTTP by `@apollo/server`. Its gateway interface is the door to an execution of one's own:
 * it parses and validates, and hands the document on.
 */
export const startHttpProtocol = async (options: HttpProtocolOptions): Promise<HttpProtocol> => {
  const { schema, execute, production, log } = options;
  const { ApolloServer, HeaderMap, plugins } = loadApollo();

  const apollo: ApolloServerType<Call> = new ApolloServer<Call>({
    gateway: {
      onSchemaLoadOrUpdate: (listener) => {
        listener({ apiSchema: schema, coreSupergraphSdl: '' });
        return () => undefined;
      },
      load: async () => ({
        executor: ({ document, request, context }) =>
          execute({
            document,
            operationName: request.operationName,
            variables: request.variables ?? {},
            // The interface's context type knows nothing of what executeHTTPGraphQLRequest is given below.
            call: context as Call,
          }),
      }),
      stop: async () => undefined,
    },
    plugins,
    csrfPrevention: true,
    introspection: !production,
    includeStacktraceInErrorResponses: false,
    persistedQueries: false,
    stopOnTerminationSignals: false,
    maxRecursiveSelections: true,
    parseOptions: { maxTokens: maxDocumentTokens },
    nodeEnv: production ? 'production' : 'development',
    logger: { debug: () => undefined, info: () => undefined, warn: log.warn, error: log.error },
    formatError: (formatted) =>
      production ? { ...formatted, message: withoutSuggestions(formatted.message) } : formatted,
  });
  await apollo.start();

  return {
    answer: async (request, search, body, call) => {
      const headers = new HeaderMap();
      for (const [header, value] of Object.entries(request.headers)) {
        if (value !== undefined) headers.set(header, Array.isArray(value) ? value.join(', ') : value);
      }
      const answer = await apollo.executeHTTPGraphQLRequest({
        httpGraphQLRequest: { method: request.method?.toUpperCase() ?? '', headers, search, body },
        context: async () => call,
      });
      if (answer.body.kind !== 'complete') throw new Error('An answer in parts was not asked for.');
      return { status: answer.status ?? 200, headers: answer.headers, body: answer.body.string };
    },
    stop: () => apollo.stop(),
  };
};
