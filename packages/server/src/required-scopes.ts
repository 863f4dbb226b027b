import {
  type ConstDirectiveNode,
  defaultFieldResolver,
  GraphQLError,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  isInterfaceType,
  isObjectType,
  valueFromASTUntyped,
} from 'graphql';
import { z } from 'zod';
import { hasScope, isStranger, type Viewer } from './viewer.ts';

/** Any of the outer list, all of an inner list: `[["stock:read"], ["stock:reserve"]]`. */
type RequiredScopes = readonly (readonly string[])[];

type ViewerOf = (context: unknown) => Viewer;

const scopesArgument = z.object({ scopes: z.array(z.array(z.string()).min(1)).min(1) });

/** Federation prefixes directives that a schema does not import by name. */
const nameOf = (directive: ConstDirectiveNode): string => directive.name.value.replace(/^federation__/, '');

const scopesOf = (directives: readonly ConstDirectiveNode[], at: string): RequiredScopes | null => {
  const unsupported = directives.map(nameOf).find((name) => name === 'authenticated' || name === 'policy');
  if (unsupported)
    throw new Error(`${at} carries @${unsupported}, which nothing enforces: use @requiresScopes.`);
  const found = directives.find((directive) => nameOf(directive) === 'requiresScopes');
  if (!found) return null;
  const values = (found.arguments ?? []).map(({ name, value }) => [name.value, valueFromASTUntyped(value)]);
  return scopesArgument.parse(Object.fromEntries(values)).scopes;
};

const words = (scopes: RequiredScopes): string => scopes.map((all) => all.join(' and ')).join(', or ');

/** Why a viewer may not see what asks for scopes, in words and with a code; null when it may. */
export const whyDenied = (
  viewer: Viewer,
  scopes: RequiredScopes,
): { readonly message: string; readonly extensions: { readonly code: string } } | null => {
  if (isStranger(viewer)) {
    return { message: 'Sign in to see or do this: send a token.', extensions: { code: 'UNAUTHENTICATED' } };
  }
  if (scopes.length === 0 || scopes.some((all) => all.every((scope) => hasScope(viewer, scope)))) return null;
  const message = `Your token does not allow this. It needs ${words(scopes)}.`;
  const extensions = { code: 'FORBIDDEN', requiredScopes: scopes };
  return { message, extensions };
};

const check = (viewer: Viewer, scopes: RequiredScopes): void => {
  const denied = whyDenied(viewer, scopes);
  if (denied) throw new GraphQLError(denied.message, { extensions: denied.extensions });
};

/** Asks before anything of the field runs; a subscription is asked when it opens and again for each event. */
const guard = (field: GraphQLField<unknown, unknown>, scopes: RequiredScopes, viewerOf: ViewerOf): void => {
  const { resolve = defaultFieldResolver, subscribe } = field;
  field.resolve = (parent, args, context, info) => {
    check(viewerOf(context), scopes);
    return resolve(parent, args, context, info);
  };
  if (!subscribe) return;
  field.subscribe = (parent, args, context, info) => {
    check(viewerOf(context), scopes);
    return subscribe(parent, args, context, info);
  };
};

const directivesOfType = (type: GraphQLObjectType): ConstDirectiveNode[] =>
  [type.astNode, ...type.extensionASTNodes].flatMap((node) => node?.directives ?? []);

const guardObject = (type: GraphQLObjectType, viewerOf: ViewerOf): void => {
  const ofType = scopesOf(directivesOfType(type), type.name);
  for (const field of Object.values(type.getFields())) {
    const ofField = scopesOf(field.astNode?.directives ?? [], `${type.name}.${field.name}`);
    if (ofField) guard(field, ofField, viewerOf);
    if (ofType) guard(field, ofType, viewerOf);
  }
};

/**
 * Makes an executable schema enforce its `@requiresScopes`, on fields and on object types. A rule that stands
 * anywhere else stops the start: it would look like protection and be none.
 */
export const requireScopes = (schema: GraphQLSchema, viewerOf: ViewerOf): void => {
  for (const type of Object.values(schema.getTypeMap())) {
    if (isObjectType(type)) {
      guardObject(type, viewerOf);
      continue;
    }
    const fields = isInterfaceType(type) ? Object.values(type.getFields()) : [];
    const nodes = [type.astNode, ...type.extensionASTNodes, ...fields.map((field) => field.astNode)];
    if (
      scopesOf(
        nodes.flatMap((node) => node?.directives ?? []),
        type.name,
      )
    ) {
      throw new Error(
        `${type.name} carries @requiresScopes, but only object types and their fields are guarded.`,
      );
    }
  }
};
