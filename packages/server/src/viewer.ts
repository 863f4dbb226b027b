/** Who asks: nobody in particular, or a customer, a member of staff or another service with its scopes. */
export type Viewer =
  | { readonly kind: 'anonymous' }
  | {
      readonly kind: 'customer' | 'staff' | 'service';
      readonly id: string;
      readonly scopes: ReadonlySet<string>;
    };

/** What a person or a service is employed for; it decides the scopes of a token. */
export type Role = 'customer' | 'support' | 'merchandiser' | 'warehouse' | 'finance' | 'admin' | 'service';

export const anonymous: Viewer = { kind: 'anonymous' };

const allScopes = ['catalogue:write', 'stock:read', 'stock:reserve', 'stock:write'] as const;

const scopesByRole: Readonly<Record<Role, readonly string[]>> = {
  customer: [],
  support: ['stock:read'],
  merchandiser: ['catalogue:write'],
  warehouse: ['stock:read', 'stock:reserve', 'stock:write'],
  finance: [],
  admin: allScopes,
  service: allScopes,
};

/** The names of all roles, in the order they are documented. */
export const roles = Object.keys(scopesByRole) as readonly Role[]; // Object.keys forgets the key type

/** The scopes a role is given. */
export const scopesOfRole = (role: Role): readonly string[] => scopesByRole[role];

/** Customers and services have a role of their own name; everybody else works for the shop. */
export const kindOfRole = (role: Role): 'customer' | 'staff' | 'service' =>
  role === 'customer' || role === 'service' ? role : 'staff';

/** Whether the viewer may do what a scope stands for. */
export const hasScope = (viewer: Viewer, scope: string): boolean =>
  viewer.kind !== 'anonymous' && viewer.scopes.has(scope);

/** Under which name the viewer's idempotency keys are kept: `staff:ID`, `anonymous`. */
export const callerScope = (viewer: Viewer): string =>
  viewer.kind === 'anonymous' ? 'anonymous' : `${viewer.kind}:${viewer.id}`;
