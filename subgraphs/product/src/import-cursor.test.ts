import { sql } from 'drizzle-orm';
import { expect, test } from 'vitest';
import { boots, openImports } from './import-fixture.ts';
import { product } from './main.ts';
import { merchandiser } from './product-fixture.ts';

test('a cursor whose steps are deleted is refused at once, and says what to do', async () => {
  const catalogue = await openImports(product);
  try {
    const id = await catalogue.send(boots(2).join('\n'));
    await catalogue.ended(id);
    await catalogue.db.execute(sql`select prune_outbox('0 days', '0 days', 5000)`);
    const follow = (after?: string) =>
      catalogue.subscribe(
        'subscription ($id: ID!, $after: String) { productImportProgressed(id: $id, after: $after) { cursor } }',
        { id, after },
        merchandiser,
      );
    await expect(follow('1')).rejects.toThrow(/subscribe without `after`/);
    const { data } = (await (await follow()).next()).value;
    expect(data.productImportProgressed.cursor).toMatch(/^\d+$/);
  } finally {
    await catalogue.stop();
  }
});
