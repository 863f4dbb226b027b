import { randomUUID } from 'node:crypto';
import { type DocumentNode, GraphQLError, getOperationAST, type OperationTypeNode } from 'graphql';
import type { Prepared } from './prepare.ts';
import { after, type Soon } from './soon.ts';
import type { Trace } from './span.ts';
import { type PublicKeys, verifyToken } from './tokens.ts';
import { anonymous, type Viewer } from './viewer.ts';

/** One operation to run on a subgraph. */
export type Operation = {
  /** Text, or a document that was already validated against this subgraph's schema. */
  readonly query: string | DocumentNode;
  readonly variables?: Readonly<Record<string, unknown>> | undefined;
  readonly operationName?: string | undefined;
  /** The caller's access token; it is verified here again. */
  readonly token?: string | undefined;
  /** Instead of a token: the viewer, where a caller in this process is its own witness. */
  readonly viewer?: Viewer | undefined;
  readonly requestId?: string | undefined;
  /** Where the caller's request came from; what is counted by address is not counted without. */
  readonly address?: string | undefined;
  /** Epoch milliseconds; ten seconds from now when left out. */
  readonly deadlineAt?: number | undefined;
  /** Where in its caller's trace it is; it may begin one when left out. */
  readonly trace?: Trace | undefined;
};

/** An operation whose document and caller were checked. */
export type OpenedOperation = {
  readonly document: DocumentNode;
  readonly kind: OperationTypeNode;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly operationName: string | undefined;
  readonly viewer: Viewer;
  readonly requestId: string;
  readonly deadlineAt: number;
  readonly address?: string | undefined;
  readonly trace?: Trace | undefined;
};

/** The time limit of an operation whose caller names none. */
export const defaultDeadlineMs = 10_000;

const notNamed = (): GraphQLError =>
  new GraphQLError(
    'Name the operation to run in `operationName`: the document holds several, or none of that name.',
    {
      extensions: { code: 'OPERATION_RESOLUTION_FAILURE' },
    },
  );

const viewerOf = (
  { viewer, token }: Operation,
  keys: PublicKeys | undefined,
): Soon<Viewer | { readonly errors: readonly GraphQLError[] }> => {
  if (viewer) return viewer;
  if (token === undefined) return anonymous;
  return verifyToken(keys ?? { keys: [] }, token).then(
    (verified) => verified.viewer,
    (error: unknown) => {
      if (error instanceof GraphQLError) return { errors: [error] };
      throw error;
    },
  );
};

/** Checks who asks and what is asked; answers the errors of one or the other. */
export const openOperation = (
  operation: Operation & { readonly requestId: string },
  { prepare, keys }: { readonly prepare: (text: string) => Prepared; readonly keys: PublicKeys | undefined },
): Soon<OpenedOperation | { readonly errors: readonly GraphQLError[] }> => {
  const {
    query,
    operationName,
    variables = {},
    requestId,
    address,
    deadlineAt = Date.now() + defaultDeadlineMs,
    trace,
  } = operation;
  const prepared = typeof query === 'string' ? prepare(query) : { document: query };
  if (prepared.errors) return { errors: prepared.errors };
  const { document } = prepared;
  const kind = getOperationAST(document, operationName)?.operation;
  if (kind === undefined) return { errors: [notNamed()] };
  return after(viewerOf(operation, keys), (viewer) =>
    'errors' in viewer
      ? viewer
      : { document, kind, variables, operationName, viewer, requestId, deadlineAt, address, trace },
  );
};

/** A request's id where nobody outside has given one. */
export const newRequestId = (): string => randomUUID();
