/**
 * Who asks: nobody in particular; a guest, who is not signed in but known by a signed token; or a customer, a member
 * of staff or another service with its scopes.
 */
export type Viewer =
  | { readonly kind: 'anonymous' }
  | {
      readonly kind: 'guest' | 'customer' | 'staff' | 'service';
      readonly id: string;
      readonly scopes: ReadonlySet<string>;
      /** The session the token was given out for, where there is one. */
      readonly sessionId?: string;
    };

/** What a person or a service is employed for; it decides the scopes of a token. */
export type Role =
  | 'guest'
  | 'customer'
  | 'support'
  | 'merchandiser'
  | 'warehouse'
  | 'finance'
  | 'admin'
  | 'service';

export const anonymous: Viewer = { kind: 'anonymous' };

const allScopes = [
  'account:read',
  'account:write',
  'audit:read',
  'cart:read',
  'catalogue:write',
  'price:write',
  'promotion:write',
  'staff:write',
  'stock:read',
  'stock:reserve',
  'stock:write',
] as const;

const scopesByRole: Readonly<Record<Role, readonly string[]>> = {
  guest: [],
  customer: [],
  support: ['account:read', 'account:write', 'cart:read', 'stock:read'],
  merchandiser: ['catalogue:write', 'price:write', 'promotion:write'],
  warehouse: ['stock:read', 'stock:reserve', 'stock:write'],
  finance: [],
  admin: allScopes,
  // Nobody of the staff: what is published is for the other parts of the shop.
  service: [...allScopes, 'facts:read'],
};

/** The names of all roles, in the order they are documented. */
export const roles = Object.keys(scopesByRole) as readonly Role[]; // Object.keys forgets the key type

/** The scopes a role is given. */
export const scopesOfRole = (role: Role): readonly string[] => scopesByRole[role];

/** Guests, customers and services have a role of their own name; everybody else works for the shop. */
export const kindOfRole = (role: Role): 'guest' | 'customer' | 'staff' | 'service' =>
  role === 'guest' || role === 'customer' || role === 'service' ? role : 'staff';

/** Whether nobody has signed in: a stranger or a guest. They see what everybody sees, and are counted by address. */
export const isStranger = (viewer: Viewer): boolean => viewer.kind === 'anonymous' || viewer.kind === 'guest';

/** Whether the viewer may do what a scope stands for. */
export const hasScope = (viewer: Viewer, scope: string): boolean =>
  viewer.kind !== 'anonymous' && viewer.scopes.has(scope);

/** Who a viewer is and what they may, as text: viewers of one text are given the same. Empty for nobody in particular. */
export const rightsOf = (viewer: Viewer): string =>
  viewer.kind === 'anonymous' ? '' : JSON.stringify([viewer.kind, viewer.id, [...viewer.scopes].sort()]);

/** Under which name the viewer's idempotency keys are kept: `staff:ID`, `anonymous`. */
export const callerScope = (viewer: Viewer): string =>
  viewer.kind === 'anonymous' ? 'anonymous' : `${viewer.kind}:${viewer.id}`;
