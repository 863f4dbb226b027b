import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Category, inTreeOrder, pathUnder, placeProblem } from './category-domain.ts';

const category = (id: string, parent: Category | null = null, position = 0): Category => ({
  id,
  parentId: parent?.id ?? null,
  slug: id,
  names: { en: id },
  path: pathUnder(parent, id),
  position,
});
const a = category('a');
const b = category('b', a, 1);
const c = category('c', b);
const d = category('d', c);
const other = category('other', null, 1);

test('a category stands under no one below it, nor under itself', () => {
  expect(placeProblem(a, { category: a, deepest: 4 })).toBe('cycle');
  expect(placeProblem(d, { category: a, deepest: 4 })).toBe('cycle');
  expect(placeProblem(other, { category: b, deepest: 4 })).toBeNull();
});
test('there are four levels, counting all that moves along', () => {
  expect(placeProblem(c, null)).toBeNull();
  expect(placeProblem(d, null)).toBe('tooDeep');
  expect(placeProblem(other, { category: a, deepest: 4 })).toBe('tooDeep');
  expect(placeProblem(null, { category: b, deepest: 4 })).toBeNull();
});
test('the tree is read from the top, siblings by position', () => {
  const e = category('e', a, 0);
  const all = [d, c, b, e, other, a];
  expect(inTreeOrder(all).map(({ id }) => id)).toEqual(['a', 'e', 'b', 'c', 'd', 'other']);
  expect(inTreeOrder([d, c]).map(({ id }) => id)).toEqual(['c', 'd']);
});
test('whatever moves are allowed, the tree stays a tree of four levels', () => {
  const moves = fc.array(fc.tuple(fc.nat(7), fc.option(fc.nat(7))), { maxLength: 40 });
  fc.assert(
    fc.property(moves, (wishes) => {
      const nodes = new Map(Array.from({ length: 8 }, (_each, index) => [`${index}`, category(`${index}`)]));
      for (const [moved, under] of wishes) move(nodes, `${moved}`, under === null ? null : `${under}`);
      for (const node of nodes.values()) {
        expect(new Set(node.path).size).toBe(node.path.length);
        expect(node.path.length).toBeLessThanOrEqual(4);
        expect(node.path.at(-2) ?? null).toBe(node.parentId);
      }
    }),
  );
});

const move = (nodes: Map<string, Category>, id: string, parentId: string | null) => {
  const [moved, parent] = [nodes.get(id), parentId === null ? null : (nodes.get(parentId) ?? null)];
  if (!moved) return;
  const branch = [...nodes.values()].filter(({ path }) => path.includes(id));
  const deepest = Math.max(...branch.map(({ path }) => path.length));
  if (placeProblem(parent, { category: moved, deepest }) !== null) return;
  for (const node of branch) {
    const path = [...pathUnder(parent, id), ...node.path.slice(moved.path.length)];
    nodes.set(node.id, { ...node, path, parentId: node.id === id ? parentId : node.parentId });
  }
};
