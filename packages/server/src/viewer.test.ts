import { expect, test } from 'vitest';
import { anonymous, callerScope, hasScope, kindOfRole, roles, scopesOfRole, type Viewer } from './viewer.ts';

test('each role may do what its work needs, and no more', () => {
  expect(Object.fromEntries(roles.map((role) => [role, [...scopesOfRole(role)].sort()]))).toEqual({
    customer: [],
    support: ['stock:read'],
    merchandiser: ['catalogue:write'],
    warehouse: ['stock:read', 'stock:reserve', 'stock:write'],
    finance: [],
    admin: ['catalogue:write', 'stock:read', 'stock:reserve', 'stock:write'],
    service: ['catalogue:write', 'stock:read', 'stock:reserve', 'stock:write'],
  });
});

test('customers and services are of their own kind, all others are staff', () => {
  expect(roles.filter((role) => kindOfRole(role) !== 'staff')).toEqual(['customer', 'service']);
});

test('viewers of different kinds never share a caller scope', () => {
  const viewer = (kind: 'customer' | 'staff'): Viewer => ({ kind, id: '1', scopes: new Set(['stock:read']) });
  expect([anonymous, viewer('customer'), viewer('staff')].map(callerScope)).toEqual([
    'anonymous',
    'customer:1',
    'staff:1',
  ]);
  expect(hasScope(viewer('staff'), 'stock:read')).toBe(true);
  expect(hasScope(anonymous, 'stock:read')).toBe(false);
});
