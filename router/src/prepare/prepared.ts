import type { DocumentNode, OperationDefinitionNode } from 'graphql';
import type { GraphError } from '../run/answer.ts';

/** The variables of an operation, checked and with their defaults. */
export type Values = Readonly<Record<string, unknown>>;

/** How long an answer may be kept, and whether for everybody or for its viewer only. */
export type Caching = { readonly maxAgeSeconds: number; readonly scope: 'PUBLIC' | 'PRIVATE' };

/** An operation that was parsed, checked and planned once, to be run often. */
export type Prepared = {
  /** SHA-256 of the text, in hex: its persisted id as well. */
  readonly id: string;
  readonly kind: 'query' | 'mutation' | 'subscription';
  readonly name: string | null;
  readonly text: string;
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly coerce: (
    variables: Readonly<Record<string, unknown>>,
  ) => { readonly values: Values } | { readonly errors: readonly GraphError[] };
  /** Roughly, how many objects it asks for. */
  readonly cost: (values: Values) => number;
  /** Null where nothing may be kept. */
  readonly caching: Caching | null;
};
