import { expect, test } from 'vitest';
import {
  anonymous,
  callerScope,
  hasScope,
  isStranger,
  kindOfRole,
  roles,
  scopesOfRole,
  type Viewer,
} from './viewer.ts';

const everything = [
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
];

test('each role may do what its work needs, and no more', () => {
  expect(Object.fromEntries(roles.map((role) => [role, [...scopesOfRole(role)].sort()]))).toEqual({
    guest: [],
    customer: [],
    support: ['account:read', 'account:write', 'cart:read', 'stock:read'],
    merchandiser: ['catalogue:write', 'price:write', 'promotion:write'],
    warehouse: ['stock:read', 'stock:reserve', 'stock:write'],
    finance: [],
    admin: everything,
    service: [...everything, 'facts:read'].sort(),
  });
});

test('guests, customers and services are of their own kind, all others are staff', () => {
  expect(roles.filter((role) => kindOfRole(role) !== 'staff')).toEqual(['guest', 'customer', 'service']);
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

test('strangers and guests have not signed in, all others have', () => {
  const kinds = ['guest', 'customer', 'staff', 'service'] as const;
  const viewers = kinds.map((kind): Viewer => ({ kind, id: '1', scopes: new Set() }));
  expect([anonymous, ...viewers].filter(isStranger).map(({ kind }) => kind)).toEqual(['anonymous', 'guest']);
});
