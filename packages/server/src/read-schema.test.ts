import { Kind } from 'graphql';
import { expect, test } from 'vitest';
import { readSchema } from './read-schema.ts';

test('a schema is what all share and its own', () => {
  const names = readSchema('product').definitions.flatMap((node) =>
    node.kind === Kind.OBJECT_TYPE_DEFINITION ? [node.name.value] : [],
  );
  expect(names).toContain('InvalidInput');
  expect(names).toContain('ProductVariant');
});
