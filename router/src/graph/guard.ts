import { type Viewer, whyDenied } from '@storegraph/server';
import { type ConstDirectiveNode, valueFromASTUntyped } from 'graphql';
import { z } from 'zod';
import type { GraphError } from '../run/answer.ts';

/** Any of the outer list, all of an inner list; an empty outer list asks for nothing but a viewer who is known. */
export type Rule = readonly (readonly string[])[];

/** Every one of these rules must hold. */
export type Guard = readonly Rule[];

const scopesArgument = z.array(z.array(z.string()).min(1)).min(1);

const ruleOf = (directive: ConstDirectiveNode, at: string): Rule | null => {
  // A feature that is linked without being imported goes by its prefixed name.
  const name = directive.name.value.split('__').at(-1);
  if (name === 'policy')
    throw new Error(`${at} carries @policy, which nothing enforces: use @requiresScopes.`);
  if (name === 'authenticated') return [];
  if (name !== 'requiresScopes') return null;
  const [scopes] = directive.arguments ?? [];
  return scopesArgument.parse(scopes && valueFromASTUntyped(scopes.value));
};

/** What the directives of a field or a type ask of the viewer; null when nothing. */
export const guardOf = (directives: readonly ConstDirectiveNode[], at: string): Guard | null => {
  const rules = directives.flatMap((directive) => {
    const rule = ruleOf(directive, at);
    return rule ? [rule] : [];
  });
  return rules.length > 0 ? rules : null;
};

/** Why a viewer may not see what is guarded; null when it may. */
export const refusalOf = (
  guard: Guard,
  viewer: Viewer,
): Pick<GraphError, 'message' | 'extensions'> | null => {
  for (const rule of guard) {
    const denied = whyDenied(viewer, rule);
    if (denied) return denied;
  }
  return null;
};
